// SPDX-License-Identifier: Apache-2.0
// What the OWAMP programs print of a session: human, machine (-M), raw (-R), per-packet (-v) and
// JSON (fact sheet 3.3 to 3.5).
//
// The JSON object of a session. Durations are seconds; an NTP time is a string of 20 decimal digits
// (64 bits, 2^-32 s since 1900); what is not known or not defined is null.
//
//   sid               32 hexadecimal digits
//   direction         "to", "from"
//   mode              "open", "authenticated", "encrypted"
//   from, to          {host, address, port}: sender and receiver of the test packets
//   dscp              0..63
//   padding           octets
//   timeout           after which a packet counts as lost
//   session_packets   in the whole session
//   finished          whether the session ended in the regular way
//   host_dropped      datagrams that this host's sockets dropped meanwhile
//   ignored           datagrams that came and were no valid packets of the session
//   clock_steps       how often this host's clock was set during the session
// and, in this object for the whole session and in each one of `samples` for its part:
//   first_seq, last_seq
//   sample_packets    in the schedule between them
//   start, end        {ntp, time}: when the first and the last were due; time as in RFC 3339
//   synced            no packet was stamped by an unsynchronised clock
//   max_error         greatest sum of both ends' error estimates
//   packets           {sent, received, lost, loss_ratio, duplicates, reordered}: reordered
//                     counts the arrivals that came next after a later packet
//   delay             {min, mean, median, max, p25, p75, p95, p99, percentiles}: exact, by nearest
//                     rank among all sent, where lost ones count as infinite; mean of those that
//                     came; percentiles [{percentile, value}] as asked for with -a
//   jitter            p95 - median
//   histogram         {bucket_width, buckets [{index, value, count}]}: value is index * width; a
//                     delay d > 0 is in the first bucket whose value is not below d, d < 0 in the
//                     first whose value is not above
//   hops              {min, max}
//   ttl               [{ttl, count}]
//   reordering        [{n, count}]: n-reordered arrivals, up to the first n with none
//   clock             {sender, receiver}, each {synced, error, bound, stamps, self_delay, clock_source}: greatest
//                     error estimate of each. The others are known of this host, and null of the other:
//                     the maximum error of its clock and stamps together; who made the stamps, "hardware",
//                     "kernel", "user" or several as in "kernel+user"; {samples, median, p99}: how late packets left behind theirs;
//                     {name, reference, stratum, synced, leap, error, bound}: the daemon that keeps the clock
//   records           with -R or -v: in order of arrival [{seq, lost, delay, send, send_synced,
//                     send_error, recv, recv_synced, recv_error, ttl}], send and recv as NTP times
//   samples           with -N: the parts
#pragma once
#include <stdio.h>
#include "data/ow_file.h"
#include "base/ps_out.h"
#include "owamp/ow_here.h"
#include "owamp/ow_stats.h"

#define OW_REPORT_PERCENTILES 64

struct ow_report_opts {
    bool quiet;            // -Q
    bool raw;              // -R
    bool machine;          // -M
    bool json;             // --json
    bool verbose;          // -v
    bool unix_times;       // -U
    uint64_t record_limit; // -vN: only the first N records are read; 0: all
    char unit;             // 'n' 'u' 'm' 's'
    double bucket_width;
    uint32_t first, end;                       // only the packets first..end-1; end 0: all
    uint32_t sub;                              // -N: a summary per so many packets; 0: one
    double percentiles[OW_REPORT_PERCENTILES]; // -a, 0..100
    uint32_t npercentiles;
    const char *out_dir; // -p with -d: each summary into a file there, its name printed; NULL: no
};

// Names of the two ends as they are to be printed. Ports and addresses come from the file.
struct ow_report_names {
    const char *from, *to;
};

// What is known beside the file; JSON tells it. Fields are NULL or negative when unknown.
struct ow_report_extra {
    const char *direction; // "to", "from" or NULL
    const char *mode;      // "open" ... or NULL
    int64_t host_dropped;  // datagrams that this host's sockets dropped meanwhile; -1: unknown
    int64_t ignored;       // datagrams counted and ignored; -1
    int64_t clock_steps;   // how often this host's clock was set meanwhile; -1. Human output tells it too
    struct ow_here here;   // of the end that this host is, by the direction
};

// Prints one session on out as the options say. json: the writer of the enclosing array; used with
// opts->json, else NULL. 0, with a remark in the fault when the file contradicts itself; an error with
// the fault told. *fault is empty before.
int ow_report(struct ow_file *file, const struct ow_report_opts *opts, const struct ow_report_names *names,
              const struct ow_report_extra *extra, FILE *out, struct ps_json *json, struct ps_fault *fault);

// "a,b,c" of 0..100. PS_ESYNTAX, PS_ERANGE, PS_ELIMIT.
int ow_report_percentiles(const char *text, struct ow_report_opts *opts);
