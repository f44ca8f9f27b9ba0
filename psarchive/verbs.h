// SPDX-License-Identifier: Apache-2.0
// What psarchive(1) does besides serving. Each reads its own options, of which argv[0] is the verb, and returns the exit
// status: 0 done, 1 done and the answer is no, 2 usage, 3 network, 4 system.
#pragma once

int backup_main(int argc, char **argv);
int export_main(int argc, char **argv);
int get_main(int argc, char **argv);
int import_main(int argc, char **argv);
int intake_main(int argc, char **argv);
int purge_main(int argc, char **argv);
int restore_main(int argc, char **argv);
int size_main(int argc, char **argv);
int status_main(int argc, char **argv);
int token_main(int argc, char **argv);
int verify_main(int argc, char **argv);
