// SPDX-License-Identifier: Apache-2.0
#include <string.h>
#include "base/ps_list.h"
#include "psched/serve_impl.h"

enum { OPT_LIMITS = PS_FRONT_OPT_OWN, OPT_UNIX, OPT_CONTROL };

#define PATH_WANTS "wants a path"

static const struct ps_opt table[] = {
    {'c', "config", "FILE", "read FILE, see psched.conf(5)", NULL},
    {PS_FRONT_OPT_DATA, "data", "DIR", "keep everything in DIR (" SETTINGS_DATA ")", NULL},
    {PS_FRONT_OPT_LISTEN, "listen", "ADDR:PORT",
     "serve HTTPS there: ADDR, ADDR:PORT, [V6]:PORT or :PORT; may be given again", NULL},
    {OPT_UNIX, "listen-unix", "SOCKET", "serve HTTP there, for this host's command line (" SETTINGS_UNIX ")",
     NULL},
    {OPT_CONTROL, "control", "SOCKET", "answer requests about the daemon there (" SETTINGS_CONTROL ")", NULL},
    {OPT_LIMITS, "limits", "SOCKET", "ask pslimits there (" SETTINGS_LIMITS "); none: everything is allowed",
     NULL},
    PS_FRONT_OPT_END,
};

static const struct ps_opt_prog prog = {
    "psched serve",
    "[options]",
    "Decides when each test runs, runs it, and sees its result into every archive. Serves pScheduler's REST "
    "API.",
    "Example:\n"
    "  psched serve --data /tmp/psched --listen 127.0.0.1:8443 --listen-unix /tmp/psched.sock --limits none\n"
    "Signals: HUP reads the configuration, the certificate and the archives anew, TERM ends.\n"
    "Exit status: 0 ended by a signal, or checked and good; 1 the configuration is faulty; 2 usage; 4 it "
    "cannot "
    "serve.\n"
    "See psched-serve(1), psched.conf(5).",
    table,
};

static int set_own(struct ps_front_options *front, int letter, const char *v)
{
    struct serve_options *o = PS_CONTAINER(front, struct serve_options, front);

    switch (letter) {
    case OPT_LIMITS:
        return ps_front_take_path(front, &o->limits, "--limits", v, PATH_WANTS);
    case OPT_UNIX:
        return ps_front_take_path(front, &o->unix_path, "--listen-unix", v, PATH_WANTS);
    default:
        return ps_front_take_path(front, &o->control, "--control", v, PATH_WANTS);
    }
}

enum ps_opt_next serve_options_read(struct serve_options *o, int argc, char **argv)
{
    *o = (struct serve_options){
        .front = {.prog = &prog, .data_wants = PATH_WANTS, .own = set_own},
    };
    return ps_front_options_read(&o->front, argc, argv);
}

// --- with the file

// A path, or none.
static void take(char *out, const char *v)
{
    if (v)
        snprintf(out, PATH_MAX, "%s", strcmp(v, "none") == 0 ? "" : v);
}

int serve_settings(struct settings *s, const struct serve_options *o, struct ps_fault *fault)
{
    int err;

    settings_init(s);
    err = o->front.file ? settings_load(s, o->front.file, fault) : 0;
    if (err)
        return err;
    take(s->data, o->front.data);
    take(s->front.unix_path, o->unix_path);
    take(s->front.control, o->control);
    take(s->limits, o->limits);
    err = ps_places_replace(&s->front.places, o->front.listen, o->front.nlisten, true, fault);
    return err ? err : settings_check(s, fault);
}
