// SPDX-License-Identifier: Apache-2.0
// What the parts of ow_report share.
#pragma once
#include <inttypes.h>
#include "base/ps_addr.h"
#include "owamp/ow_test.h"
#include "report/ow_report.h"

// Worst clock of each end over the records counted.
struct report_clock {
    bool any, synced;
    double error; // seconds
};
void report_clock_note(struct report_clock *c, uint16_t err);

struct report {
    struct ow_file *file;
    const struct ow_file_head *head;
    const struct ow_report_opts *opts;
    const struct ow_report_extra *extra;
    struct ps_fault *fault;
    FILE *out;
    struct ps_json *json;
    const char *from_host, *to_host;
    struct ps_addr from, to;
    char sid[2 * OW_SID_LEN + 1];
    double factor;    // seconds to the unit of human output
    const char *unit; // "ms"
    uint64_t records; // how many of the file's are read
    bool foreign;     // some are of packets that the session does not have
    struct ow_stats *stats;
    struct ow_summary sum; // of the range counted last
    struct report_clock sender, receiver;
};

// Says what is wrong, and returns err.
int report_tell(const struct report *r, int err, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

// A range of packets, and the records of the file between which all of theirs are.
struct report_part {
    uint32_t first, end;
    uint64_t from, to;
};
// The parts of -N, in an array to be freed.
int report_parts(struct report *r, struct report_part **parts, size_t *n);
// Counts one part into r->sum and the clocks; lines: a line per record goes there, NULL: none.
int report_count(struct report *r, const struct report_part *part, FILE *lines);
// All of the session.
struct report_part report_whole(const struct report *r);

// "***" where there is no address.
const char *report_address(const struct ps_addr *a, char out[PS_ADDR_STRLEN]);
double report_unix(ps_ntp t);

void report_human_head(const struct report *r, FILE *out);
void report_human_record(const struct report *r, const struct ow_rec *rec, FILE *out);
void report_human(const struct report *r, FILE *out);
void report_machine(const struct report *r, FILE *out);
int report_raw(struct report *r);
int report_json(struct report *r);
