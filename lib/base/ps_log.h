// SPDX-License-Identifier: Apache-2.0
// Log lines: one line, one fact, "component: what: why". A line that repeats is counted and told
// once. The context is passed; nothing here is global except what syslog(3) itself keeps.
#pragma once
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include "base/ps_time.h"

enum ps_log_level { PS_LOG_NONE, PS_LOG_FATAL, PS_LOG_WARN, PS_LOG_INFO, PS_LOG_DEBUG, PS_LOG_ALL };

struct ps_log {
    const char *prog;
    enum ps_log_level level;
    FILE *file;    // NULL: none
    bool syslog;   // also to syslog(3)
    bool location; // lines begin with where in the source they were written: FILE=x, LINE=n,
    void (*hook)(void *ctx, enum ps_log_level level, const char *line); // tests, fuzzers
    void *hook_ctx;
    char last[512]; // the last line, to count repetitions
    enum ps_log_level last_level;
    unsigned repeated;
};

// Ready to use: lines of WARN and above to stderr.
void ps_log_init(struct ps_log *log, const char *prog);
// Opens syslog with a facility name ("daemon", "local0", ...). PS_EUNKNOWN for any other.
int ps_log_open_syslog(struct ps_log *log, const char *facility);
bool ps_log_facility_known(const char *name);
// "none" "fatal" "warn" "warning" "info" "debug" "all", any case. PS_EUNKNOWN.
int ps_log_parse_level(const char *name, enum ps_log_level *out);
// ps_log(log, level, component or NULL, format, ...)
#define ps_log(log, level, ...) ps_log_at((log), (level), __FILE__, __LINE__, __VA_ARGS__)
void ps_log_at(struct ps_log *log, enum ps_log_level level, const char *file, int line_number,
               const char *component, const char *fmt, ...) __attribute__((format(printf, 6, 7)));
// Tells how often the last line was repeated, if it was.
void ps_log_flush(struct ps_log *log);
