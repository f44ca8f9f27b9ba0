// SPDX-License-Identifier: Apache-2.0
// A loop, workers from the build tree, and what was answered last.
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "jq/ps_jq.h"

#define GUARD (60 * PS_SEC)
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

struct fix {
    struct ps_loop *loop;
    struct ps_timer *guard;
    struct ps_jq *jq;
    char worker[1024], library[1024];
    size_t pending; // the loop stops when it comes to 0
    size_t answered;
    int err;
    unsigned line;
    char why[512];
    size_t noutputs;
    char outputs[1024]; // a blank between them
};

static inline void too_late(void *ctx)
{
    (void)ctx;
    fail_msg("nothing was answered within the guard time");
}

static inline const char *top(const char *variable)
{
    const char *dir = getenv(variable);

    return dir ? dir : ".";
}

static inline int setup(void **state)
{
    struct fix *f = calloc(1, sizeof *f);

    assert_non_null(f);
    assert_int_equal(ps_loop_new(&f->loop), 0);
    assert_int_equal(ps_timer_new(f->loop, &f->guard, too_late, f), 0);
    snprintf(f->worker, sizeof f->worker, "%s/lib/jq/ps-jq-worker", top("top_builddir"));
    snprintf(f->library, sizeof f->library, "%s/lib/jq", top("top_srcdir"));
    *state = f;
    return 0;
}

static inline int teardown(void **state)
{
    struct fix *f = *state;

    ps_jq_free(f->jq);
    ps_timer_free(f->guard);
    ps_loop_free(f->loop);
    free(f);
    return 0;
}

// Workers as conf says, but for the paths.
static inline void open_jq(struct fix *f, struct ps_jq_conf conf)
{
    if (!conf.worker)
        conf.worker = f->worker;
    if (!conf.library)
        conf.library = f->library;
    if (!conf.run_time)
        conf.run_time = GUARD / 2; // for busy machines; the tests of the limit say so
    if (!conf.compile_time)
        conf.compile_time = GUARD / 2;
    if (!conf.wait_time)
        conf.wait_time = GUARD;
    ps_jq_free(f->jq);
    assert_int_equal(ps_jq_new(f->loop, &conf, &f->jq), 0);
}

static inline void note(void *ctx, const struct ps_jq_result *r)
{
    struct fix *f = ctx;

    f->err = r->err;
    f->line = r->line;
    snprintf(f->why, sizeof f->why, "%s", r->why);
    f->noutputs = r->noutputs;
    f->outputs[0] = '\0';
    for (size_t i = 0; i < r->noutputs; i++) {
        size_t len = strlen(f->outputs);
        assert_int_equal(r->outputs[i].len, strlen(r->outputs[i].text));
        snprintf(f->outputs + len, sizeof f->outputs - len, "%s%s", i ? " " : "", r->outputs[i].text);
    }
    f->answered++;
    if (--f->pending == 0)
        ps_loop_stop(f->loop);
}

static inline void await_answers(struct fix *f)
{
    ps_timer_start(f->guard, GUARD);
    if (f->pending > 0)
        ps_loop_run(f->loop);
    ps_timer_stop(f->guard);
    assert_int_equal(f->pending, 0);
}

static inline struct ps_jq_program *program(struct fix *f, const char *text)
{
    const struct ps_jq_source s = {.text = text, .len = strlen(text)};
    struct ps_jq_program *p = NULL;

    assert_int_equal(ps_jq_program_new(f->jq, &s, &p), 0);
    return p;
}

static inline struct ps_jq_value value(const char *text)
{
    return (struct ps_jq_value){text, strlen(text)};
}

static inline void ask(struct fix *f, struct ps_jq_program *p, const char *input)
{
    const struct ps_jq_value in = value(input);

    f->pending++;
    assert_int_equal(ps_jq_run(p, &in, NULL, note, f, NULL), 0);
}

// Runs a program of which nothing is kept.
static inline void run_once(struct fix *f, const char *text, const char *input)
{
    struct ps_jq_program *p = program(f, text);

    ask(f, p, input);
    ps_jq_program_free(p);
    await_answers(f);
}

static inline void claim_outputs(struct fix *f, const char *text, const char *input, const char *wanted)
{
    run_once(f, text, input);
    assert_string_equal(f->why, "");
    assert_int_equal(f->err, 0);
    assert_string_equal(f->outputs, wanted);
}

static inline void claim_fault(struct fix *f, const char *text, int err, const char *why)
{
    run_once(f, text, "{\"a\":1}");
    assert_string_equal(f->why, why);
    assert_int_equal(f->err, err);
    assert_int_equal(f->noutputs, 0);
}
