// SPDX-License-Identifier: Apache-2.0
// psched(1): a verb, and what it does.
#include "base/ps_verbs.h"
#include "psched/cli.h"
#include "psched/plan.h"
#include "psched/serve.h"

static const struct ps_verb verbs[] = {
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

int main(int argc, char **argv)
{
    static const struct ps_verbs program = {
        .program = "psched",
        .about = "Decides when each test runs, runs it, and sees its result into every archive. Speaks "
                 "pScheduler's REST "
                 "API.",
        .at = verbs,
        .n = sizeof verbs / sizeof verbs[0],
        .see = "psched(1), psched-serve(1), psched.conf(5)",
    };

    return ps_verbs_main(&program, argc, argv);
}
