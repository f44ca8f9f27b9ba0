// SPDX-License-Identifier: Apache-2.0
// The command lines of owping, owstats, owfetch and owup: one table, each program takes its part.
#pragma once
#include "base/ps_addr.h"
#include "owamp/ow_sched.h"
#include "owamp/ow_test.h"
#include "report/ow_report.h"

enum program { PROGRAM_OWPING = 1, PROGRAM_OWFETCH = 2, PROGRAM_OWUP = 4, PROGRAM_OWSTATS = 8 };

#define OPTIONS_SLOTS 16

struct options {
    enum program program;
    // connection
    int family;     // AF_UNSPEC, AF_INET, AF_INET6
    uint32_t modes; // acceptable
    bool modes_given;
    const char *pfs_path, *identity, *source, *device, *hw; // NULL: not given
    // test
    uint32_t count;
    struct ow_slot slots[OPTIONS_SLOTS];
    uint32_t nslots;
    bool timeout_given;
    double timeout; // seconds
    uint32_t padding;
    uint8_t dscp;
    bool dscp_given;
    struct ps_portrange ports;
    double delay, enddelay; // seconds
    bool to, from;
    const char *to_file, *from_file;
    // output
    struct ow_report_opts report;
    bool save; // -p
    const char *out_dir;
    // operands
    int noperands;
    char **operands;
};

enum options_next { OPTIONS_RUN, OPTIONS_DONE, OPTIONS_USAGE };
// Reads and checks the command line; says itself what is wrong. DONE: help or version was printed.
enum options_next options_read(struct options *o, enum program program, int argc, char **argv);
// "owping" ...
const char *options_name(const struct options *o);
// Whether results are for machines alone: no estimate line before them.
bool options_silent(const struct options *o);
