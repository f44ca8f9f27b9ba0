// SPDX-License-Identifier: Apache-2.0
// psched(1): a verb, and what it does.
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "base/ps_near.h"
#include "base/ps_opt.h"
#include "psched/cli.h"
#include "psched/plan.h"
#include "psched/serve.h"

static const struct verb {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *help;
} verbs[] = {
    {"serve", serve_main, "schedule and run tests, archive results, serve the REST API"},
    {"task", cli_task_main, "have a test done, once or again and again"},
    {"watch", cli_watch_main, "wait for the runs of a task and show what came of them"},
    {"result", cli_result_main, "show what came of a run"},
    {"cancel", cli_cancel_main, "end a task"},
    {"schedule", cli_schedule_main, "list what ran and what will"},
    {"monitor", cli_monitor_main, "show that as it changes"},
    {"free", cli_free_main, "tell when such a test could run"},
    {"ping", cli_ping_main, "tell whether a scheduler answers"},
    {"clock", cli_clock_main, "compare the clocks of two hosts"},
    {"plugins", cli_plugins_main, "list tests, tools, archivers and contexts"},
    {"status", cli_status_main, "tell how the daemon on this host is"},
    {"troubleshoot", cli_troubleshoot_main, "try what a scheduler does, step by step"},
    {"archiving", cli_archiving_main, "show each archive: backlog, successes and errors"},
    {"pause", cli_pause_main, "start no runs for a time"},
    {"resume", cli_resume_main, "go on"},
    {"purge", cli_purge_main, "drop a task with its runs"},
    {"plan", plan_main, "tell what a file of tasks would do to this host"},
    {"backup", cli_backup_main, "copy the daemon's state into a file, while it is in use"},
    {"restore", cli_restore_main, "bring it back from such a file"},
};
#define VERBS (sizeof verbs / sizeof verbs[0])

static const struct ps_opt table[] = {
    {'h', "help", NULL, "this text; after a verb, its own", NULL},
    {'V', "version", NULL, "the version", NULL},
    {0, NULL, NULL, NULL, NULL},
};

static const struct ps_opt_prog prog = {
    "psched",
    "VERB [options]",
    "Decides when each test runs, runs it, and sees its result into every archive. Speaks pScheduler's REST "
    "API.",
    NULL,
    table,
};

static void help(void)
{
    ps_opt_help(&prog, stdout);
    printf("\nVerbs:\n");
    for (size_t i = 0; i < VERBS; i++)
        printf("  %-14s%s\n", verbs[i].name, verbs[i].help);
    printf("\nSee psched(1), psched-serve(1), psched.conf(5).\n");
}

static int unknown(const char *text)
{
    const char *names[VERBS];
    char hint[PS_NEAR_HINT];

    for (size_t i = 0; i < VERBS; i++)
        names[i] = verbs[i].name;
    if (text)
        fprintf(stderr, "psched: '%s' is no verb%s; --help lists them\n", text,
                ps_near_hint(text, names, VERBS, hint));
    else
        fprintf(stderr, "psched: wants a verb; --help lists them\n");
    return 2;
}

static int run(int argc, char **argv)
{
    const char *word = argc > 1 ? argv[1] : NULL;

    for (size_t i = 0; word && i < VERBS; i++)
        if (strcmp(word, verbs[i].name) == 0)
            return verbs[i].run(argc - 1, argv + 1);
    if (word && (strcmp(word, "-h") == 0 || strcmp(word, "--help") == 0))
        help();
    else if (word && (strcmp(word, "-V") == 0 || strcmp(word, "--version") == 0))
        ps_opt_version(&prog, stdout);
    else
        return unknown(word);
    return 0;
}

// An answer that cannot be written is none; a reader that went away wanted no more.
int main(int argc, char **argv)
{
    int status = run(argc, argv);

    errno = 0;
    if ((fflush(stdout) == 0 && !ferror(stdout)) || status > 1)
        return status;
    if (errno != EPIPE)
        fprintf(stderr, "psched: the output cannot be written: %s\n", strerror(errno ? errno : EIO));
    return 4;
}
