// SPDX-License-Identifier: Apache-2.0
// The command line's way to a scheduler's REST API: one request at a time, waited for. This host's is reached by its
// Unix socket, others by HTTPS.
#pragma once
#include <stdbool.h>
#include "base/ps_buf.h"
#include "base/ps_opt.h"
#include "base/ps_time.h"
#include "json/ps_jdoc.h"
#include "psched/settings.h"

#define CLI_SOCKET SETTINGS_UNIX
#define CLI_SOCKET_ENV "PSCHED_SOCKET" // another path
#define CLI_LOCAL "localhost"          // the host that the socket leads to
#define CLI_TIMEOUT (30 * PS_SEC)

// Exit statuses of all verbs.
enum { CLI_DONE, CLI_NO, CLI_USAGE, CLI_PEER, CLI_SYSTEM };

// Where to, as options say.
struct cli_where {
    const char *host;   // "name[:port]" or a URL; NULL: this one
    const char *socket; // of this host; NULL: that of the environment, or CLI_SOCKET
    const char *bind;   // the address to connect from; NULL: the kernel's choice
    const char *ca;     // PEM file of whom to trust; NULL: the system's
    bool verify;        // certificates have to be good
};

// Rows of an option table; the letters are those of struct cli_where.
enum { CLI_OPT_HOST = 900, CLI_OPT_SOCKET, CLI_OPT_BIND, CLI_OPT_CA, CLI_OPT_VERIFY };
#define CLI_WHERE_ROWS                                                                                       \
    {CLI_OPT_SOCKET, "socket", "PATH", "this host's socket (" CLI_SOCKET ")", "Connection"},                 \
        {CLI_OPT_BIND, "bind", "ADDR", "the address to connect from", NULL},                                 \
        {CLI_OPT_VERIFY, "verify", NULL, "the server's certificate has to be good", NULL},                   \
    {                                                                                                        \
        CLI_OPT_CA, "ca", "FILE", "certificates to trust, in place of the system's (implies --verify)", NULL \
    }
#define CLI_HOST_ROW                                                                    \
    {                                                                                   \
        CLI_OPT_HOST, "host", "HOST[:PORT]", "the scheduler to ask (this host's)", NULL \
    }
// False: it is none of these options.
bool cli_where_option(struct cli_where *w, int letter, const char *value);

struct cli_link;
// verb stands in messages. Failures of this and of what follows are told on stderr. 0 or an exit status.
int cli_link_new(struct cli_link **out, const char *verb, const struct cli_where *w);
void cli_link_free(struct cli_link *l); // NULL is fine
// The root of the API: "https://localhost/pscheduler".
const char *cli_link_root(const struct cli_link *l);

// What came of a request, until cli_answer_fini.
struct cli_answer {
    int err;    // of ps_httpc_answer; 0: there is an answer
    int status; // of HTTP
    char *body; // ends with a NUL
    size_t len;
    char why[400]; // of an error
    char type[80]; // Content-Type
};
void cli_answer_fini(struct cli_answer *a);

// Asks, and tells nothing. url is one, or a path below the API's root ("/tasks"). A body is JSON. timeout 0:
// CLI_TIMEOUT.
void cli_ask(struct cli_link *l, const char *method, const char *url, const char *body, ps_ns timeout,
             struct cli_answer *a);
// While a request is waited for, tick is called each second. NULL: no more.
void cli_link_tick(struct cli_link *l, void (*tick)(void *ctx), void *ctx);

// A scheduler that does not answer any more, as while it is restarted, is asked again for so long; 0: it is not.
void cli_link_patience(struct cli_link *l, ps_ns patience);

// Waits.
void cli_link_wait(struct cli_link *l, ps_ns d);

// Asks for a document. Anything but 200 with JSON is told, with what the server says. 0 or an exit status.
int cli_get(struct cli_link *l, const char *url, ps_ns timeout, struct ps_jdoc **out);
// The same of what may not be there: status 404 is told to nobody, *out is NULL and the answer 0.
int cli_get_maybe(struct cli_link *l, const char *url, ps_ns timeout, struct ps_jdoc **out);
// Tells what became of a request for url that had not the answer that was wanted. Returns an exit status.
int cli_tell(const struct cli_link *l, const char *url, const struct cli_answer *a);
// "psched VERB: ..." on stderr. Returns status.
int cli_fail(const struct cli_link *l, int status, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

// "https://HOST/pscheduler" for a host as people and documents name it ("name", "[v6]:port", a URL). 0, PS_ESYNTAX.
int cli_host_root(const char *host, struct ps_buf *out);
// The URL of a task or run, of which text is one, or a task's UUID. NUL-terminated. 0 or an exit status.
int cli_link_place(const struct cli_link *l, const char *text, struct ps_buf *out);
// printf into a URL: "%s" of what is to be escaped comes as cli_escape made it.
int cli_escape(struct ps_buf *out, const char *text);
