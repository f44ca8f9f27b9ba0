// SPDX-License-Identifier: Apache-2.0
// The runs of a task, as they come.
#pragma once
#include "psched/cli_link.h"
#include "psched/cli_result.h"

struct cli_watch_conf {
    struct cli_result_conf result;
    bool first;    // from the task's first run, else from the next one
    uint64_t runs; // so many at most; 0: all
};
// Waits for runs of a task and prints what came of each. What is waited for is shown, with a countdown on a terminal,
// unless the result's conf says quiet. CLI_DONE: all that were seen succeeded. CLI_NO: one did not, or there was none.
int cli_watch(struct cli_link *l, const struct cli_watch_conf *c, const char *task_url);
