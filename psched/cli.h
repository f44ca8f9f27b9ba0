// SPDX-License-Identifier: Apache-2.0
// psched's verbs but for serve. Each takes its own name as argv[0] and returns the exit status: 0 done, 1 the
// answer is no, 2 usage, 3 network or peer, 4 system.
#pragma once

int cli_task_main(int argc, char **argv);
int cli_watch_main(int argc, char **argv);
int cli_result_main(int argc, char **argv);
int cli_cancel_main(int argc, char **argv);
int cli_ping_main(int argc, char **argv);
int cli_clock_main(int argc, char **argv);
int cli_schedule_main(int argc, char **argv);
int cli_monitor_main(int argc, char **argv);
int cli_plugins_main(int argc, char **argv);
int cli_status_main(int argc, char **argv);
int cli_troubleshoot_main(int argc, char **argv);
int cli_archiving_main(int argc, char **argv);
int cli_pause_main(int argc, char **argv);
int cli_resume_main(int argc, char **argv);
int cli_purge_main(int argc, char **argv);
int cli_free_main(int argc, char **argv);
// keep.c: the daemon's state, which need not be running
int cli_backup_main(int argc, char **argv);
int cli_restore_main(int argc, char **argv);
