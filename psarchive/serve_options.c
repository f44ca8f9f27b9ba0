// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_list.h"
#include "psarchive/serve_impl.h"

enum { OPT_SPOOL = PS_FRONT_OPT_OWN, OPT_RETENTION };

#define SPOOL_WANTS "wants a folder, 16 at most"

static const struct ps_opt table[] = {
    {'c', "config", "FILE", "read FILE, see psarchive.conf(5)", NULL},
    {PS_FRONT_OPT_DATA, "data", "DIR", "keep the database in DIR (" SETTINGS_DATA ")", NULL},
    {PS_FRONT_OPT_LISTEN, "listen", "ADDR:PORT",
     "serve HTTP there: ADDR, ADDR:PORT, [V6]:PORT or :PORT (127.0.0.1:8085); may be given again", NULL},
    {OPT_SPOOL, "spool", "DIR", "take result documents from this spool; may be given again", NULL},
    {OPT_RETENTION, "retention", "FILE", "how long what is kept: the policies, as esmond has them", NULL},
    PS_FRONT_OPT_END,
};

static const struct ps_opt_prog prog = {
    "psarchive serve",
    "[options]",
    "Serves the archive over HTTP: esmond's REST API at /esmond/perfsonar/archive/, result documents at "
    "/results and "
    "/logstash, metrics at /metrics.",
    "Example:\n"
    "  psarchive serve --data /tmp/archive --listen 127.0.0.1:8085\n"
    "Signals: HUP reads the configuration and the certificate anew, TERM ends.\n"
    "Exit status: 0 ended by a signal, or checked and good; 1 the configuration is faulty; 2 usage; 4 it "
    "cannot "
    "serve.\n"
    "See psarchive-serve(1), psarchive.conf(5).",
    table,
};

static int set_own(struct ps_front_options *front, int letter, const char *v)
{
    struct serve_options *o = PS_CONTAINER(front, struct serve_options, front);

    if (letter == OPT_RETENTION)
        return ps_front_take_path(front, &o->retention, "--retention", v, "wants a file");
    if (o->nspool == SETTINGS_SPOOLS)
        return ps_front_complain(front, "--spool", v, SPOOL_WANTS);
    return ps_front_take_path(front, &o->spool[o->nspool++], "--spool", v, SPOOL_WANTS);
}

enum ps_opt_next serve_options_read(struct serve_options *o, int argc, char **argv)
{
    *o = (struct serve_options){
        .front = {.prog = &prog, .data_wants = "wants a folder", .own = set_own},
    };
    return ps_front_options_read(&o->front, argc, argv);
}

// --- with the file

// Who is told nothing at all listens at the usual place.
static int set_places(struct settings *s, const struct serve_options *o, struct ps_fault *fault)
{
    int err = ps_places_replace(&s->front.places, o->front.listen, o->front.nlisten, false, fault);

    return !err && !s->front.places.n && !s->front.unix_path[0] && !o->front.file
               ? ps_places_add(&s->front.places, "127.0.0.1", false)
               : err;
}

int serve_settings(struct settings *s, const struct serve_options *o, struct ps_fault *fault)
{
    int err;

    settings_init(s);
    err = o->front.file ? settings_load(s, o->front.file, fault) : 0;
    if (err)
        return err;
    if (o->front.data)
        snprintf(s->data, sizeof s->data, "%s", o->front.data);
    if (o->retention)
        snprintf(s->retention, sizeof s->retention, "%s", o->retention);
    if (o->nspool)
        s->nspools = 0;
    for (size_t i = 0; i < o->nspool; i++)
        snprintf(s->spools[s->nspools++], PATH_MAX, "%s", o->spool[i]);
    err = set_places(s, o, fault);
    return err ? err : settings_check(s, fault);
}
