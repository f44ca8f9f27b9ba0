// SPDX-License-Identifier: Apache-2.0
// psched backup and restore: the daemon's state as one file.
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/ps_err.h"
#include "db/ps_db.h"
#include "psched/cli.h"
#include "psched/cli_verb.h"
#include "psched/settings.h"
#include "psched/store_schema.h"

enum { OPT_DATA = 940, OPT_FORCE };

static const struct ps_opt backup_table[] = {
    {OPT_DATA, "data", "DIR", "the daemon's directory (" SETTINGS_DATA ")", NULL},
    {'h', "help", NULL, "this text", NULL},
    {0, NULL, NULL, NULL, NULL},
};

static const struct ps_opt_prog backup_prog = {
    "psched backup",
    "[options] FILE",
    "Copies tasks, runs, results and what is to be archived into FILE, also while the daemon is at work. "
    "FILE appears "
    "when it is complete.",
    NULL,
    backup_table,
};

static const struct ps_opt restore_table[] = {
    {OPT_DATA, "data", "DIR", "the daemon's directory (" SETTINGS_DATA ")", NULL},
    {OPT_FORCE, "force", NULL, "in place of a state that is there, which becomes " STORE_FILE ".old", NULL},
    {'h', "help", NULL, "this text", NULL},
    {0, NULL, NULL, NULL, NULL},
};

static const struct ps_opt_prog restore_prog = {
    "psched restore",
    "[options] FILE",
    "Brings the state back from FILE, which psched backup made, when FILE has been looked through. The "
    "daemon may not "
    "be running; be its user.",
    NULL,
    restore_table,
};

struct place {
    const char *data;
    bool force;
};

static int read_option(void *ctx, int letter, const char *value)
{
    struct place *p = ctx;

    if (letter == OPT_DATA)
        p->data = value;
    else if (letter == OPT_FORCE)
        p->force = true;
    return -1;
}

static const struct cli_verb backup_verb = {"backup", &backup_prog, read_option, false, 1, 1, "one file"};
static const struct cli_verb restore_verb = {"restore", &restore_prog, read_option, false, 1, 1, "one file"};

static int fail(const struct cli_verb *v, const char *what, const char *why)
{
    fprintf(stderr, "psched %s: %s%s%s\n", v->name, what, *what ? ": " : "", why);
    return CLI_SYSTEM;
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

// -1: go on; else the exit status. path is the state's file.
static int begin(const struct cli_verb *v, int argc, char **argv, struct place *p, char path[PATH_MAX],
                 int *at)
{
    struct cli_where where; // which these verbs have no options for

    *p = (struct place){.data = SETTINGS_DATA};
    int status = cli_verb_begin(v, argc, argv, &where, p, at);
    if (status < 0 && (size_t)snprintf(path, PATH_MAX, "%s/%s", p->data, STORE_FILE) >= PATH_MAX)
        return fail(v, "--data", ps_strerror(-ENAMETOOLONG));
    return status;
}

int cli_backup_main(int argc, char **argv)
{
    const struct ps_db_conf conf = {.read_only = true, .application = STORE_APPLICATION};
    bool (*progress)(void *, int, int) = isatty(STDERR_FILENO) ? show_progress : NULL;
    struct ps_fault fault = {""};
    struct ps_db *db;
    struct place p;
    char path[PATH_MAX];
    int at, shown = -1;

    int status = begin(&backup_verb, argc, argv, &p, path, &at);
    if (status >= 0)
        return status;
    if (strcmp(argv[at], "-") == 0) {
        fprintf(stderr, "psched backup: '-': a backup is written to a file, not to standard output\n");
        return CLI_USAGE;
    }
    if (ps_db_open(&db, path, &conf, &fault) != 0)
        return fail(&backup_verb, "", fault.text);
    int err = ps_db_backup(db, argv[at], progress, &shown, &fault);
    ps_db_close(db);
    return err ? fail(&backup_verb, "", fault.text) : CLI_DONE;
}

int cli_restore_main(int argc, char **argv)
{
    bool (*progress)(void *, int, int) = isatty(STDERR_FILENO) ? show_progress : NULL;
    struct ps_fault fault = {""};
    struct place p;
    char path[PATH_MAX];
    int at, shown = -1;

    int status = begin(&restore_verb, argc, argv, &p, path, &at);
    if (status >= 0)
        return status;
    if (mkdir(p.data, 0750) != 0 && errno != EEXIST)
        return fail(&restore_verb, p.data, ps_strerror(-errno));
    int err =
        ps_db_restore(argv[at], path, STORE_APPLICATION, store_version, p.force, progress, &shown, &fault);
    if (err == PS_EDUPLICATE)
        return fail(&restore_verb, path, "there is a state already: --force puts it aside");
    return err ? fail(&restore_verb, "", fault.text) : CLI_DONE;
}
