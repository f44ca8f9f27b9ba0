// SPDX-License-Identifier: Apache-2.0
// psarchive backup and restore.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/ps_err.h"
#include "db/ps_db.h"
#include "psarchive/schema.h"
#include "psarchive/settings.h"
#include "psarchive/verb_options.h"
#include "psarchive/verbs.h"
#include "psarchive/workplace.h"

enum { OPT_FORCE = VERB_OWN };

struct options {
    const char *data, *file;
    bool force;
};

static const struct ps_opt backup_table[] = {
    {VERB_DATA, "data", "DIR", "the archive's directory (" SETTINGS_DATA ")", NULL},
    {'h', "help", NULL, "this text", NULL},
    {'V', "version", NULL, "the version", NULL},
    {0, NULL, NULL, NULL, NULL},
};

static const struct ps_opt_prog backup_prog = {
    "psarchive backup",
    "[options] FILE",
    "Copies the whole archive into FILE, also while it is in use. FILE appears when it is complete.",
    "Exit status: 0 done; 2 usage; 4 it failed, and FILE is as it was.\nSee psarchive(1).",
    backup_table,
};

static const struct ps_opt restore_table[] = {
    {VERB_DATA, "data", "DIR", "the archive's directory (" SETTINGS_DATA ")", NULL},
    {OPT_FORCE, "force", NULL,
     "in place of an archive that is there, which becomes archive.db.old (.old.2, ...)", NULL},
    {'h', "help", NULL, "this text", NULL},
    {'V', "version", NULL, "the version", NULL},
    {0, NULL, NULL, NULL, NULL},
};

static const struct ps_opt_prog restore_prog = {
    "psarchive restore",
    "[options] FILE",
    "Brings an archive back from FILE, which `psarchive backup` made, when FILE has been looked through. No "
    "process may be "
    "using the archive.",
    "Exit status: 0 done; 2 usage; 4 it failed, and the archive is as it was.\nSee psarchive(1).",
    restore_table,
};

static int set_own(void *ctx, int letter, const char *value)
{
    struct options *o = ctx;
    (void)letter; // there is but one
    (void)value;
    o->force = true;
    return 0;
}

// -1: go on; else the exit status.
static int read_options(struct options *o, const struct ps_opt_prog *prog, int argc, char **argv)
{
    struct verb_options v = {.own = set_own, .ctx = o};
    *o = (struct options){0};
    int status = verb_options_read(&v, prog, argc, argv);
    if (status >= 0)
        return status;
    o->data = v.data;
    if (v.argc == 1)
        o->file = v.argv[0];
    else
        fprintf(stderr, "%s: wants one file; --help tells more\n", prog->name);
    return v.argc == 1 ? -1 : EXIT_USAGE;
}

static bool show_progress(void *ctx, int left, int total)
{
    int percent = total > 0 ? (int)(100 - 100LL * left / total) : 100;
    int *shown = ctx;
    if (percent != *shown)
        fprintf(stderr, "\r%3d %%%s", percent, percent == 100 ? "\n" : "");
    *shown = percent;
    return true;
}

static int copy(struct ps_db *db, const char *verb, const char *to)
{
    struct ps_fault fault = {""};
    int shown = -1;
    int err = ps_db_backup(db, to, isatty(STDERR_FILENO) ? show_progress : NULL, &shown, &fault);
    if (err == 0)
        return EXIT_DONE;
    return workplace_fail(verb, err == PS_EDUPLICATE ? EXIT_USAGE : EXIT_SYSTEM, "%s", fault.text);
}

static int open_file(struct ps_db **db, const char *verb, const char *path)
{
    struct ps_db_conf conf = {.read_only = true, .application = SCHEMA_APPLICATION};
    struct ps_fault fault = {""};
    if (ps_db_open(db, path, &conf, &fault) == 0)
        return 0;
    return workplace_fail(verb, EXIT_SYSTEM, "%s", fault.text);
}

static int path_in(const char *data, char *out, size_t size)
{
    int n = snprintf(out, size, "%s/%s", data != NULL ? data : SETTINGS_DATA, STORE_FILE);
    return n > 0 && (size_t)n < size ? 0 : -ENAMETOOLONG;
}

int backup_main(int argc, char **argv)
{
    struct options o;
    struct ps_db *db;
    char from[4096];
    int status = read_options(&o, &backup_prog, argc, argv);
    if (status >= 0)
        return status;
    if (path_in(o.data, from, sizeof from) != 0)
        return workplace_fail("backup", EXIT_USAGE, "--data is too long");
    status = open_file(&db, "backup", from);
    if (status != 0)
        return status;
    status = copy(db, "backup", o.file);
    ps_db_close(db);
    return status;
}

// --- restore

static int restore(const struct options *o, const char *to)
{
    struct ps_fault fault = {""};
    int shown = -1;
    int err = ps_db_restore(o->file, to, SCHEMA_APPLICATION, SCHEMA_VERSION, o->force,
                            isatty(STDERR_FILENO) ? show_progress : NULL, &shown, &fault);
    if (err == PS_EDUPLICATE)
        return workplace_fail("restore", EXIT_SYSTEM, "%s: there is an archive: --force puts it aside", to);
    return err == 0 ? EXIT_DONE : workplace_fail("restore", EXIT_SYSTEM, "%s", fault.text);
}

int restore_main(int argc, char **argv)
{
    struct options o;
    char to[4096];
    int status = read_options(&o, &restore_prog, argc, argv);
    if (status >= 0)
        return status;
    const char *data = o.data != NULL ? o.data : SETTINGS_DATA;
    if (path_in(o.data, to, sizeof to) != 0)
        return workplace_fail("restore", EXIT_USAGE, "--data is too long");
    if (mkdir(data, 0750) != 0 && errno != EEXIST)
        return workplace_fail("restore", EXIT_SYSTEM, "%s: %s", data, ps_strerror(-errno));
    return restore(&o, to);
}
