// SPDX-License-Identifier: Apache-2.0
// What lsregister(1) does. Each reads its own options, of which argv[0] is the verb, and returns the exit status.
#pragma once

int check_main(int argc, char **argv);
int communities_main(int argc, char **argv);
int find_main(int argc, char **argv);
int off_main(int argc, char **argv);
int on_main(int argc, char **argv);
int once_main(int argc, char **argv);
int record_main(int argc, char **argv);
int serve_main(int argc, char **argv);
int status_main(int argc, char **argv);
int verify_main(int argc, char **argv);
int withdraw_main(int argc, char **argv);
int directory_main(int argc, char **argv);
