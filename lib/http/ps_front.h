// SPDX-License-Identifier: Apache-2.0
// The front of a daemon that serves HTTP: where it listens and for whom, the options of its command line that are about
// that, its control socket, its signals, and how it comes and goes. What it serves is its own. So are its settings, of
// which struct ps_front_conf is a member.
#pragma once
#include <limits.h>
#include "base/ps_keys.h"
#include "base/ps_netset.h"
#include "base/ps_opt.h"
#include "base/ps_places.h"
#include "http/ps_httpd.h"
#include "loop/ps_ctl_json.h"
#include "loop/ps_hold.h"

// --- settings

struct ps_front_conf {
    struct ps_places places;                            // where it listens
    char unix_path[PATH_MAX];                           // "": none
    unsigned unix_mode;                                 // of it
    char certificate[PATH_MAX], key[PATH_MAX];          // "": none
    char control[PATH_MAX];                             // "": none
    char user[PS_KEY_NAME_MAX], group[PS_KEY_NAME_MAX]; // whom root becomes; "": nobody, the user's own
    unsigned connections, connections_per_net;
    unsigned rate;             // requests a second from one address; 0: no bound
    struct ps_netset *proxies; // who may say for whom it asks; NULL: nobody
    bool proxy_unix;           // and so may who comes by the Unix socket
};

// What of it a running daemon cannot change: rows of a table for ps_keys_keep, of settings that have it as `front`.
#define PS_FRONT_FIXED(type)                                                                            \
    PS_KEY_SPAN(type, "listen", front.places, front.places),                                            \
        PS_KEY_SPAN(type, "listen-unix", front.unix_path, front.unix_mode),                             \
        PS_KEY_SPAN(type, "control", front.control, front.control),                                     \
        PS_KEY_SPAN(type, "user", front.user, front.user),                                              \
        PS_KEY_SPAN(type, "group", front.group, front.group),                                           \
        PS_KEY_SPAN(type, "connections", front.connections, front.connections),                         \
        PS_KEY_SPAN(type, "connections-per-net", front.connections_per_net, front.connections_per_net), \
        PS_KEY_SPAN(type, "request-rate", front.rate, front.rate)

void ps_front_conf_fini(struct ps_front_conf *c);
// What cannot be as a whole, of a daemon that makes no certificate itself. 0 or PS_ESTATE, told.
int ps_front_conf_check(const struct ps_front_conf *c, struct ps_fault *fault);
// Whether what this peer says of whom it asks for is believed (len 0: it comes by the Unix socket).
bool ps_front_trusts(const struct ps_front_conf *c, const struct ps_addr *peer);

// `read` of keys whose place is a struct ps_front_conf: where to listen for HTTP, for HTTPS, and on a Unix socket, with
// its mode if that is said.
int ps_front_key_plain(struct ps_key_line *l);
int ps_front_key_tls(struct ps_key_line *l);
int ps_front_key_unix(struct ps_key_line *l);

// --- the command line

enum {
    PS_FRONT_OPT_LISTEN = 256,
    PS_FRONT_OPT_DATA,
    PS_FRONT_OPT_OWN = 300, // letters of a daemon's own begin here
};

// The end of a table of options; -c, --data and --listen the daemon describes itself.
#define PS_FRONT_OPT_END                                                                          \
    {'n', "check", NULL, "check the configuration, say what is wrong and where, and exit", NULL}, \
        {'g', "loglevel", "LEVEL", "none, fatal, warning, info, debug or all (info)", NULL},      \
        {'h', "help", NULL, "this text", NULL}, {'V', "version", NULL, "the version", NULL},      \
    {                                                                                             \
        0, NULL, NULL, NULL, NULL                                                                 \
    }

struct ps_front_options {
    const struct ps_opt_prog *prog;
    const char *data_wants; // for messages: "wants a folder"
    // Gets the letters that are not told of here: 0, or what ps_front_complain returned. NULL: there are none.
    int (*own)(struct ps_front_options *o, int letter, const char *value);

    // What was read.
    const char *file;                  // configuration; NULL: none
    const char *data;                  // NULL: what the file says
    const char *listen[PS_PLACES_MAX]; // instead of what the file says, if any
    size_t nlisten;
    enum ps_log_level level;
    bool check;
};

// With prog, data_wants and own set.
enum ps_opt_next ps_front_options_read(struct ps_front_options *o, int argc, char **argv);
// Tells on standard error what is wrong with an option's value, and returns an error.
int ps_front_complain(const struct ps_front_options *o, const char *option, const char *value,
                      const char *wrong);
// The value goes into *place; what is no path is complained of.
int ps_front_take_path(const struct ps_front_options *o, const char **place, const char *option,
                       const char *value, const char *wrong);

// For the check of a configuration: whether there are the user and the group, whom root then becomes, as a start does once
// it listens, so that what is looked at from here on is looked at by him. As ps_daemon_check_who and ps_daemon_become.
int ps_front_check_user(const struct ps_front_conf *c, struct ps_fault *fault);
// Behind it: what he would have to read for a reload and may not is a warning on standard error.
void ps_front_warn_of_reload(const struct ps_front_conf *c, const struct ps_front_options *o);

// --- the life

// What its exit status says.
enum {
    PS_FRONT_DONE = 0,   // ended by a signal; looked at and good
    PS_FRONT_FAULTY = 1, // the configuration, or what it names
    PS_FRONT_USAGE = 2,
    PS_FRONT_SYSTEM = 4, // it cannot serve
};

// What the daemon does itself, each with the front's ctx.
struct ps_front_own {
    int (*settings)(void *ctx,
                    struct ps_fault *fault); // file and options as one: those in force from the start
    int (*check)(void *ctx,
                 struct ps_fault *fault); // -n: what a start would meet, as far as it can be seen without one
    int (*start)(void *ctx, struct ps_fault *fault); // all of it, from the loop on
    void (*stop)(void *ctx); // behind the loop, or a start that failed: frees all of it, the loop too
    int (*reload)(void *ctx, struct ps_fault *fault); // SIGHUP
    const char *stays;                                // of a reload that fails: "all stays as it is"
    void (*end)(void *ctx);                           // SIGTERM and SIGINT, each time
    const struct ps_ctl_verb *verbs;                  // of the control socket
    size_t nverbs;
};

struct ps_front {
    const struct ps_front_own *own;
    void *ctx;
    const struct ps_front_conf *conf; // that is in force
    const char *data;                 // where it keeps what it keeps
    struct ps_log *log;

    struct ps_loop *loop;
    struct ps_httpd *httpd;
    struct ps_ctl *ctl;                  // NULL: none
    struct ps_addr bound[PS_PLACES_MAX]; // where it listens, as the settings' places
    char confined[PS_HOLD_TEXT];         // what holds; "": nothing
    bool ending;
    bool failed; // it could not start; the daemon sets it where that shows when the loop is running
};

// All of it, once the options are read: reads the settings, and looks at them, or starts, runs until the loop is stopped,
// and stops. The exit status; what is wrong with the settings is told, why it cannot start is logged.
int ps_front_run(struct ps_front *f, const struct ps_front_options *o);

// Pieces of a start. With the loop there, the server: conf's bounds and whom it trusts stand in place of those of http.
int ps_front_open(struct ps_front *f, const struct ps_httpd_conf *http);
// Loads the certificate that conf, the present or the next one, names; none is fine.
int ps_front_certificate(struct ps_front *f, const struct ps_front_conf *conf, struct ps_fault *fault);
// Listens at all places and on both sockets. What TLS needs is loaded.
int ps_front_listen(struct ps_front *f, struct ps_fault *fault);
// All of these, and the loop. Root then becomes the user, and nobody gains anything from there on.
int ps_front_start(struct ps_front *f, const struct ps_httpd_conf *http, struct ps_fault *fault);
// From here on signals do what own says. A reload is told to systemd.
int ps_front_signals(struct ps_front *f);
// Logs where it listens.
void ps_front_tell(const struct ps_front *f);

// Pieces of an end. Tells the log and systemd of it; false: that was done already.
bool ps_front_end(struct ps_front *f);
// Neither listens nor answers from here on.
void ps_front_close(struct ps_front *f);

// Of the status: connections and requests, as members of an object that is open.
void ps_front_put_http(const struct ps_front *f, struct ps_json *j);
