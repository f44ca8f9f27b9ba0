// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "base/ps_opt.h"
#include "psarchive/serve_impl.h"

enum { OPT_LISTEN = 256, OPT_DATA, OPT_SPOOL, OPT_RETENTION };

static const struct ps_opt table[] = {
    {'c', "config", "FILE", "read FILE, see psarchive.conf(5)", NULL},
    {OPT_DATA, "data", "DIR", "keep the database in DIR (" SETTINGS_DATA ")", NULL},
    {OPT_LISTEN, "listen", "ADDR:PORT",
     "serve HTTP there: ADDR, ADDR:PORT, [V6]:PORT or :PORT (127.0.0.1:8085); may be given again", NULL},
    {OPT_SPOOL, "spool", "DIR", "take result documents from this spool; may be given again", NULL},
    {OPT_RETENTION, "retention", "FILE", "how long what is kept: the policies, as esmond has them", NULL},
    {'n', "check", NULL, "check the configuration, say what is wrong and where, and exit", NULL},
    {'g', "loglevel", "LEVEL", "none, fatal, warning, info, debug or all (info)", NULL},
    {'h', "help", NULL, "this text", NULL},
    {'V', "version", NULL, "the version", NULL},
    {0, NULL, NULL, NULL, NULL},
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
    "Exit status: 0 ended by a signal; 2 usage; 4 it cannot serve.\n"
    "See psarchive-serve(1), psarchive.conf(5).",
    table,
};

static int complain(const char *what, const char *value, const char *wants)
{
    fprintf(stderr, "psarchive serve: %s: '%s': %s\n", what, value, wants);
    return PS_ESYNTAX;
}

static int set_option(struct serve_options *o, int letter, const char *v)
{
    switch (letter) {
    case 'c':
        o->file = v;
        return 0;
    case OPT_DATA:
        o->data = v;
        return strlen(v) < PATH_MAX && *v ? 0 : complain("--data", v, "wants a folder");
    case OPT_RETENTION:
        o->retention = v;
        return strlen(v) < PATH_MAX && *v ? 0 : complain("--retention", v, "wants a file");
    case OPT_LISTEN:
        if (o->nlisten == SETTINGS_LISTENS)
            return complain("--listen", v, "too many");
        o->listen[o->nlisten++] = v;
        return 0;
    case OPT_SPOOL:
        if (o->nspool == SETTINGS_SPOOLS || strlen(v) >= PATH_MAX || !*v)
            return complain("--spool", v, "wants a folder, 16 at most");
        o->spool[o->nspool++] = v;
        return 0;
    case 'n':
        o->check = true;
        return 0;
    default:
        return ps_log_parse_level(v, &o->level) == 0
                   ? 0
                   : complain("-g, --loglevel", v, "wants none, fatal, warning, info, debug or all");
    }
}

static enum serve_next read_all(struct serve_options *o, struct ps_opt_iter *it, int argc)
{
    int letter;

    while ((letter = ps_opt_next(it)) != -1) {
        if (letter == 'h')
            ps_opt_help(&prog, stdout);
        else if (letter == 'V')
            ps_opt_version(&prog, stdout);
        if (letter == 'h' || letter == 'V')
            return SERVE_DONE;
        if (letter == '?' || set_option(o, letter, it->value))
            return SERVE_USAGE;
    }
    if (ps_opt_index(it) == argc)
        return SERVE_RUN;
    fprintf(stderr, "psarchive serve: takes no operands, see psarchive serve --help\n");
    return SERVE_USAGE;
}

enum serve_next serve_options_read(struct serve_options *o, int argc, char **argv)
{
    struct ps_opt_iter it;
    enum serve_next next = SERVE_USAGE;

    *o = (struct serve_options){.level = PS_LOG_INFO};
    if (ps_opt_begin(&it, &prog, argc, argv, false)) {
        fprintf(stderr, "psarchive serve: out of memory\n");
        return next;
    }
    next = read_all(o, &it, argc);
    ps_opt_end(&it);
    return next;
}

// --- with the file

static int read_file(struct settings *s, const char *path, struct ps_fault *fault)
{
    char *text;
    size_t len;
    int err = ps_conf_load(path, SETTINGS_FILE_MAX, &text, &len);

    if (err) {
        ps_fault_set(fault, path, 0, "cannot be read: %s", ps_strerror(err));
        return err;
    }
    err = settings_parse(s, path, text, len, fault);
    if (err == -ENOMEM)
        ps_fault_set(fault, path, 0, "cannot be read: %s", ps_strerror(err));
    free(text);
    return err;
}

static int set_listen(struct settings *s, const struct serve_options *o, struct ps_fault *fault)
{
    if (o->nlisten)
        s->nlistens = 0;
    for (size_t i = 0; i < o->nlisten; i++) {
        if (settings_listen(s, o->listen[i], false) == 0)
            continue;
        ps_fault_set(fault, NULL, 0, "--listen: '%.100s': wants ADDR, ADDR:PORT, [V6]:PORT or :PORT",
                     o->listen[i]);
        return PS_ESYNTAX;
    }
    if (!s->nlistens && !s->unix_path[0] && !o->file)
        return settings_listen(s, "127.0.0.1", false);
    return 0;
}

int serve_settings(struct settings *s, const struct serve_options *o, struct ps_fault *fault)
{
    int err;

    settings_init(s);
    err = o->file ? read_file(s, o->file, fault) : 0;
    if (err)
        return err;
    if (o->data)
        snprintf(s->data, sizeof s->data, "%s", o->data);
    if (o->retention)
        snprintf(s->retention, sizeof s->retention, "%s", o->retention);
    if (o->nspool)
        s->nspools = 0;
    for (size_t i = 0; i < o->nspool; i++)
        snprintf(s->spools[s->nspools++], PATH_MAX, "%s", o->spool[i]);
    err = set_listen(s, o, fault);
    return err ? err : settings_check(s, fault);
}
