// SPDX-License-Identifier: Apache-2.0
#include "lsregister/directory_impl.h"

static const struct ps_opt table[] = {
    {'c', "config", "FILE", "read FILE (JSON), see lsregister-directory(1)", NULL},
    {PS_FRONT_OPT_DATA, "data", "FILE", "keep the records in FILE (" DIR_DATA ")", NULL},
    {PS_FRONT_OPT_LISTEN, "listen", "ADDR:PORT",
     "serve HTTP there: ADDR, ADDR:PORT, [V6]:PORT or :PORT (127.0.0.1:8090); may be given again", NULL},
    PS_FRONT_OPT_END,
};

static const struct ps_opt_prog prog = {
    "lsregister directory",
    "[options]",
    "A lookup server: hosts register with it at /lookup/records, and are found there.",
    "Example:\n"
    "  lsregister directory --data /tmp/directory.db --listen :8090\n"
    "Signals: HUP reads the configuration and the certificate anew, TERM ends.\n"
    "Exit status: 0 ended by a signal, or checked and good; 1 the configuration is faulty; 2 usage; 4 it "
    "cannot "
    "serve.\n"
    "See lsregister-directory(1).",
    table,
};

enum ps_opt_next directory_options_read(struct ps_front_options *o, int argc, char **argv)
{
    *o = (struct ps_front_options){.prog = &prog, .data_wants = "wants a file"};
    return ps_front_options_read(o, argc, argv);
}

// --- with the file

// Who is told no place listens at the usual one.
static int set_places(struct dir_settings *s, const struct ps_front_options *o, struct ps_fault *fault)
{
    int err = ps_places_replace(&s->front.places, o->listen, o->nlisten, false, fault);

    return !err && !s->front.places.n && !s->front.unix_path[0]
               ? ps_places_add(&s->front.places, "127.0.0.1", false)
               : err;
}

int directory_settings(struct dir_settings *s, const struct ps_front_options *o, struct ps_fault *fault)
{
    int err;

    dir_settings_init(s);
    err = o->file ? dir_settings_load(s, o->file, fault) : 0;
    if (err)
        return err;
    if (o->data)
        snprintf(s->data, sizeof s->data, "%s", o->data);
    err = set_places(s, o, fault);
    return err ? err : dir_settings_check(s, fault);
}
