// SPDX-License-Identifier: Apache-2.0
// What a worker and the process that has started it read of each other: a stream of frames. What was read of
// one and is written again has to read the same.
#include "fuzz.h"
#include <stdlib.h>
#include <string.h>
#include "jq/ps_jqframe.h"

#define MAX ((size_t)1 << 16)
#define TEXTS 64

static void want(int condition)
{
    if (!condition)
        abort();
}

static int same(struct ps_jq_value a, struct ps_jq_value b)
{
    return a.len == b.len && memcmp(a.text, b.text, a.len) == 0 && a.text[a.len] == '\0';
}

static struct ps_jqframe written(const struct ps_buf *b)
{
    struct ps_jqframe f;
    want(ps_jqframe_next(b, MAX, &f) == 1 && f.whole == ps_buf_len(b));
    return f;
}

static void read_program(const struct ps_jqframe *f, struct ps_buf *again)
{
    struct ps_jqframe_program p, q;
    if (ps_jqframe_get_program(f, &p) != 0 || ps_jqframe_put_program(again, &p) != 0)
        return;
    struct ps_jqframe g = written(again);
    want(ps_jqframe_get_program(&g, &q) == 0 && q.slot == p.slot && q.nnames == p.nnames);
    for (size_t i = 0; i < p.nnames; i++)
        want(same(p.names[i], q.names[i]));
    want(same(p.text, q.text) && same(p.prelude, q.prelude));
}

static void read_run(const struct ps_jqframe *f, struct ps_buf *again)
{
    struct ps_jqframe_run r, q;
    if (ps_jqframe_get_run(f, &r) != 0 || ps_jqframe_put_run(again, &r) != 0)
        return;
    struct ps_jqframe g = written(again);
    want(ps_jqframe_get_run(&g, &q) == 0 && q.slot == r.slot && q.nargs == r.nargs && same(r.input, q.input));
    for (size_t i = 0; i < r.nargs; i++)
        want(same(r.args[i], q.args[i]));
}

static void read_fault(const struct ps_jqframe *f, struct ps_buf *again)
{
    struct ps_jqframe_fault a, b;
    if (ps_jqframe_get_fault(f, &a) != 0 || ps_jqframe_put_fault(again, &a) != 0)
        return;
    struct ps_jqframe g = written(again);
    want(ps_jqframe_get_fault(&g, &b) == 0 && a.err == b.err && a.line == b.line && same(a.why, b.why));
}

static void read_done(const struct ps_jqframe *f)
{
    struct ps_jq_output out[TEXTS];
    size_t n;
    if (ps_jqframe_get_done(f, &n) != 0)
        return;
    n = n < TEXTS ? n : TEXTS;
    ps_jqframe_outputs(f, out, n);
    for (size_t i = 0; i < n; i++)
        want(out[i].text[out[i].len] == '\0');
}

static void read_one(const struct ps_jqframe *f)
{
    struct ps_buf again;
    unsigned held;
    ps_buf_init(&again, MAX);
    switch (f->type) {
    case PS_JQFRAME_COMPILE:
        read_program(f, &again);
        break;
    case PS_JQFRAME_RUN:
        read_run(f, &again);
        break;
    case PS_JQFRAME_READY:
        (void)ps_jqframe_get_ready(f, &held);
        break;
    case PS_JQFRAME_COMPILED:
        (void)ps_jqframe_get_compiled(f);
        break;
    case PS_JQFRAME_DONE:
        read_done(f);
        break;
    case PS_JQFRAME_FAULT:
        read_fault(f, &again);
    }
    ps_buf_fini(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ps_jqframe f;
    struct ps_buf in;
    ps_buf_init(&in, 0);
    if (ps_buf_append(&in, data, size) == 0) {
        while (ps_jqframe_next(&in, MAX, &f) == 1) {
            read_one(&f);
            ps_buf_consume(&in, f.whole);
        }
    }
    ps_buf_fini(&in);
    return 0;
}
