// SPDX-License-Identifier: Apache-2.0
// One session, or a range of its packets, as a document in the shape of pScheduler's result of
// latency and latencybg; and documents for the time that was not measured. A line of JSON each when
// the ps_json is not pretty; the caller ends it with ps_json_end().
//
// What all have. An NTP time is an integer of 64 bits (2^-32 s since 1900); other times are in UTC as
// in RFC 3339; durations are seconds; what is not known or not defined is null.
//
//   type                 "measurement", "gap", "step"
//   schema               1, of pScheduler's results
//   succeeded            true in a measurement, false in the others
//   stream               the stream's name, or null
//   start, end           times; of a measurement when its first and its last packet were due
//   start-ntp, end-ntp   the same as NTP times
//   source, dest         {host, address, port}: sender and receiver of the test packets; in a gap and
//                        a step {host} alone
//   direction            "to", "from"
//
// A measurement also has, as pScheduler's results do and counted in its way: what is told of packets
// that came is told of the first copy of each,
//
//   packets-sent         different packets recorded; those that the sender skipped are not among them
//   packets-received     sent - lost
//   packets-lost
//   packets-duplicated   arrivals of a packet that had arrived before
//   packets-reordered    of those that came, with a lower sequence number than the one before
//   max-clock-error      milliseconds, two decimals: greatest sum of both ends' error estimates; left
//                        out when nothing came
//   histogram-latency    {"bucket": packets}: delay / bucket-width rounded to two decimals, from the
//                        exact delay
//   histogram-ttl        {"ttl": packets}
//   raw-packets          only on demand: each record in order of arrival as {seq-num, src-ts,
//                        src-clock-sync, src-clock-err, dst-ts, dst-clock-sync, dst-clock-err,
//                        ip-ttl}, NTP times and seconds; dst-ts is 0 where the packet is lost
//
// and beside it
//
//   sid                  32 hexadecimal digits
//   session-packets      in the whole session
//   first-seq, last-seq  of the packets asked for
//   packets-skipped      of these, those that the sender did not send and said so
//   packets-unrecorded   of these, those of which the file tells nothing: not yet, or never
//   mode                 "open", "authenticated", "encrypted"
//   dscp, padding, timeout   0..63, octets, seconds
//   bucket-width         seconds
//   delay                {min, mean, median, max, p25, p75, p95, p99}: seconds. Percentiles by nearest
//                        rank among all sent, where lost ones count as infinite; mean of those that
//                        came, once each; min and max of all that came
//   synced               no packet was stamped by an unsynchronised clock
//   clock                {source, dest}, each {synced, error, bound, stamps, self-delay, clock-source}:
//                        greatest error estimate of each; the others as in ow_report.h, of this host alone
//   finished             the session has ended in the regular way; false while it runs
//   complete             no packet of these is unrecorded
//   reason               why it ended early, or null
//   host-dropped         datagrams that this host's sockets dropped meanwhile
//   ignored              datagrams that came and were no valid packets of the session
//   clock-steps          how often this host's clock was set since the session was started
//
// A gap is time in which a stream measured nothing:
//   seconds              end - start
//   reason               why
//
// A step is the clock's jump, which explains times that overlap or lie apart:
//   start, end           the clock before and behind it
//   step                 end - start, seconds; negative when it was set back
//   reason               what is known of it, or null
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "base/ps_conf.h"
#include "base/ps_out.h"
#include "base/ps_time.h"
#include "data/ow_file.h"
#include "owamp/ow_here.h"

#define OW_RESULT_BUCKET_WIDTH 0.001 // pScheduler's

// What is known beside the file. Texts may be NULL and counts negative: not known.
struct ow_result_meta {
    const char *stream;
    const char *from_host, *to_host; // names of the test packets' sender and receiver
    const char *direction;           // "to", "from"
    const char *mode;                // "open", "authenticated", "encrypted"
    const char *reason;              // why it ended early; NULL: it did not
    int64_t host_dropped, ignored, clock_steps;
    struct ow_here here;  // of the end that this host is, by the direction
    bool raw;             // with raw-packets
    double bucket_width;  // seconds, > 0
    uint64_t from_record; // those before it are of other packets, and are not read; 0: all are
};

// Writes the measurement of the packets first <= seq < end. The file may hold records of others, may be
// cut off, and may still be written to. Nothing is written on an error, unless reading fails midway in
// the raw packets: then what was written is well-formed and yet no result. PS_EVERSION: the file tells
// nothing of its session; PS_ERANGE: the session has no such packets; PS_EMALFORMED, PS_ELIMIT, or an
// error of reading. The fault tells (without the file's name).
int ow_result_write(struct ow_file *file, uint32_t first, uint32_t end, const struct ow_result_meta *meta,
                    struct ps_json *json, struct ps_fault *fault);

// Time of a stream that was not measured, from <= to; and a jump of the clock from one time to the
// other. Of meta the texts are used.
void ow_result_gap(struct ps_json *json, const struct ow_result_meta *meta, ps_ntp from, ps_ntp to);
void ow_result_step(struct ps_json *json, const struct ow_result_meta *meta, ps_ntp from, ps_ntp to);
