// SPDX-License-Identifier: Apache-2.0
// What a tool is made of. For lib/tool alone.
#pragma once
#include "tool/tl_answer.h"
#include "tool/tl_argv.h"
#include "tool/tl_names.h"
#include "tool/tl_tool.h"

// What is to be made a command line of.
struct tl_job {
    const struct tl_site *site;
    struct tl_test test;
    // This end and the other one, see tl_spec_near: addresses, as far as they had to be resolved; near may be NULL.
    const char *near, *far;
    // Behind the first participant this end, where far is an address that this host has, else NULL.
    const char *here;
    int family; // 4, 6, or 0: as the name has it
    ps_ns duration;
    unsigned participant;
    struct ps_jnode parts; // what participants have told, an array
    unsigned port; // where the other half on this host listens; the next port is free, too; 0: there is none
};

// What a program needs that nobody is to read on its command line.
#define TL_SECRETS 2
struct tl_secrets {
    size_t n;
    struct tl_secret {
        const char *name, *text;
    } files[TL_SECRETS];       // in the run's directory, where the program is started
    struct tl_secret variable; // of its environment; name NULL: none
};

// What came of it.
struct tl_said {
    struct tl_test test;
    const char *out, *err; // NUL behind
    size_t out_len, err_len;
    int status; // exit status, -1: killed
    unsigned participant;
};

struct tl_tool {
    const char *name, *description;
    const char *tests[3];
    int preference;
    enum tl_program program;
    bool multi;
    bool flat;  // a participant's result is the object itself, without "result" around it
    bool mute;  // its output is not for the diagnostics
    bool probe; // it is of ps-probe, which speaks the protocol of plug-ins
    void (*can_run)(const struct tl_site *site, const struct tl_test *test, struct tl_reasons *why);
    void (*duration)(const struct tl_test *test, struct tl_span *out);
    // The command line behind the program's name.
    void (*command)(const struct tl_job *job, struct tl_argv *argv);
    // What is told in no command line, all zeros before; NULL: nothing.
    void (*secrets)(const struct tl_job *job, struct tl_secrets *out);
    // Reads what it wrote; called again when names are known. Leaves a in one of its two ends.
    void (*parse)(const struct tl_said *said, struct tl_names *names, struct tl_answer *a);
    // How long after the run's time this end begins, so that the other one is ready; NULL: not at all.
    ps_ns (*lag)(const struct tl_job *job);
    // The program's other half, on this host too, for "loopback": it is started first, and listens on job->port.
    void (*partner)(const struct tl_job *job, struct tl_argv *argv);
    void (*data)(const struct tl_site *site, const struct tl_test *test, unsigned participant, unsigned port,
                 struct ps_json *j);
    void (*merge)(const struct tl_test *test, struct ps_jnode results, struct ps_json *j);
};

extern const struct tl_tool tl_ping, tl_owping, tl_powstream, tl_traceroute, tl_tracepath, tl_iperf3,
    tl_nuttcp;
extern const struct tl_tool tl_sleep, tl_snooze, tl_sleepbgm, tl_psclock, tl_pstimer, tl_simplestreamer,
    tl_fwmtu, tl_dnspy, tl_curl, tl_passthrough;

void tl_reason(struct tl_reasons *why, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
// A reason for each of these keys (ends with NULL) that the spec has.
void tl_reason_keys(struct tl_reasons *why, const struct tl_test *test, const char *const *keys);
// A reason when the spec's "schema" is higher.
void tl_reason_schema(struct tl_reasons *why, const struct tl_test *test, unsigned max);
// A reason when the test is from a host that it does not name.
void tl_reason_flip(struct tl_reasons *why, const struct tl_test *test);
// The last line of what a program wrote on standard error, else of its output, as the reason why it failed.
void tl_answer_blame(struct tl_answer *a, const struct tl_said *said, const char *program);

// Lines of an output: cuts the next one off *p (which has a NUL at its end); NULL when there is none. out is the line
// without its newline, cut off at size.
#define TL_LINE 1024
const char *tl_line(const char **p, char out[TL_LINE]);
// Milliseconds in decimals to ns: exactly what is written. false: no number.
bool tl_millis(const char *text, const char **end, ps_ns *out);
