// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "base/ps_err.h"
#include "jq/ps_jqframe.h"

#define MAX 1000

static struct ps_jq_value value(const char *text)
{
    return (struct ps_jq_value){text, strlen(text)};
}

static void claim_text(struct ps_jq_value got, const char *wanted)
{
    assert_int_equal(got.len, strlen(wanted));
    assert_string_equal(got.text, wanted);
}

static struct ps_jqframe first(const struct ps_buf *b)
{
    struct ps_jqframe f;

    assert_int_equal(ps_jqframe_next(b, MAX, &f), 1);
    return f;
}

static void a_program_comes_through(void **state)
{
    struct ps_jqframe_program in = {.slot = 7,
                                    .text = value(".a"),
                                    .prelude = value("def f: 1;"),
                                    .nnames = 2},
                              out;
    struct ps_buf b;
    struct ps_jqframe f;

    (void)state;
    in.names[0] = value("hints");
    in.names[1] = value("x");
    ps_buf_init(&b, 0);
    assert_int_equal(ps_jqframe_put_program(&b, &in), 0);
    ps_jqframe_set_slot(ps_buf_head(&b), 90);
    f = first(&b);
    assert_int_equal(f.type, PS_JQFRAME_COMPILE);
    assert_int_equal(f.whole, ps_buf_len(&b));
    assert_int_equal(ps_jqframe_get_program(&f, &out), 0);
    assert_int_equal(out.slot, 90);
    assert_int_equal(out.nnames, 2);
    claim_text(out.names[0], "hints");
    claim_text(out.names[1], "x");
    claim_text(out.text, ".a");
    claim_text(out.prelude, "def f: 1;");
    ps_buf_fini(&b);
}

static void a_run_comes_through(void **state)
{
    struct ps_jqframe_run in = {.slot = 1, .input = value("{}"), .nargs = 1}, out;
    struct ps_buf b;
    struct ps_jqframe f;

    (void)state;
    in.args[0] = value("[1]");
    ps_buf_init(&b, 0);
    assert_int_equal(ps_jqframe_put_run(&b, &in), 0);
    f = first(&b);
    assert_int_equal(f.type, PS_JQFRAME_RUN);
    assert_int_equal(ps_jqframe_get_run(&f, &out), 0);
    assert_int_equal(out.slot, 1);
    assert_int_equal(out.nargs, 1);
    claim_text(out.args[0], "[1]");
    claim_text(out.input, "{}");
    ps_buf_fini(&b);
}

static void a_workers_answers_come_through(void **state)
{
    struct ps_jqframe_fault in = {PS_EREFUSED, 12, value("no")}, out;
    struct ps_buf b;
    struct ps_jqframe f;
    unsigned held = 0;

    (void)state;
    ps_buf_init(&b, 0);
    assert_int_equal(ps_jqframe_put_ready(&b, PS_JQFRAME_SECCOMP), 0);
    f = first(&b);
    assert_int_equal(ps_jqframe_get_ready(&f, &held), 0);
    assert_int_equal(held, PS_JQFRAME_SECCOMP);
    ps_buf_consume(&b, f.whole);
    assert_int_equal(ps_jqframe_put_compiled(&b), 0);
    f = first(&b);
    assert_int_equal(ps_jqframe_get_compiled(&f), 0);
    ps_buf_consume(&b, f.whole);
    assert_int_equal(ps_jqframe_put_fault(&b, &in), 0);
    f = first(&b);
    assert_int_equal(ps_jqframe_get_fault(&f, &out), 0);
    assert_int_equal(out.err, PS_EREFUSED);
    assert_int_equal(out.line, 12);
    claim_text(out.why, "no");
    ps_buf_fini(&b);
}

static void outputs_come_through(void **state)
{
    struct ps_jq_output out[3];
    struct ps_buf b;
    struct ps_jqframe f;
    size_t start, n;

    (void)state;
    ps_buf_init(&b, 0);
    assert_int_equal(ps_jqframe_begin(&b, PS_JQFRAME_DONE, &start), 0);
    assert_int_equal(ps_jqframe_text(&b, "1", 1), 0);
    assert_int_equal(ps_jqframe_text(&b, "", 0), 0);
    assert_int_equal(ps_jqframe_text(&b, "\"x\"", 3), 0);
    ps_jqframe_end(&b, start);
    ps_buf_head(&b)[PS_JQFRAME_FLAGS] = PS_JQFRAME_WORN;
    f = first(&b);
    assert_int_equal(f.flags, PS_JQFRAME_WORN);
    assert_int_equal(ps_jqframe_get_done(&f, &n), 0);
    assert_int_equal(n, 3);
    ps_jqframe_outputs(&f, out, n);
    assert_string_equal(out[0].text, "1");
    assert_int_equal(out[1].len, 0);
    assert_string_equal(out[2].text, "\"x\"");
    ps_buf_fini(&b);
}

static void a_fault_is_cut_to_what_may_be_sent(void **state)
{
    static char text[PS_JQ_WHY_MAX + 100];
    struct ps_jqframe_fault in = {PS_ESYNTAX, 0, {text, sizeof text}}, out;
    struct ps_jqframe f;
    struct ps_buf b;

    (void)state;
    memset(text, 'x', sizeof text);
    ps_buf_init(&b, 0);
    assert_int_equal(ps_jqframe_put_fault(&b, &in), 0);
    assert_int_equal(ps_jqframe_next(&b, 2 * PS_JQ_WHY_MAX, &f), 1);
    assert_int_equal(ps_jqframe_get_fault(&f, &out), 0);
    assert_int_equal(out.why.len, PS_JQ_WHY_MAX);
    ps_buf_fini(&b);
}

// octets that are amiss

static int next_of(const char *octets, size_t n)
{
    struct ps_jqframe f;
    struct ps_buf b;
    int rc;

    ps_buf_init(&b, 0);
    assert_int_equal(ps_buf_append(&b, octets, n), 0);
    rc = ps_jqframe_next(&b, MAX, &f);
    ps_buf_fini(&b);
    return rc;
}

static void a_frame_is_waited_for_until_all_of_it_is_there(void **state)
{
    static const char octets[] = "\0\0\0\4\3\0\1\3";

    (void)state;
    for (size_t n = 0; n < 8; n++)
        assert_int_equal(next_of(octets, n), 0);
    assert_int_equal(next_of(octets, 8), 1);
    assert_int_equal(next_of(octets, 9), 1); // the next one begins
}

static void what_is_no_frame_is_noticed_at_its_head(void **state)
{
    (void)state;
    assert_int_equal(next_of("\0\0\3\351\1\0", 6), PS_ELIMIT); // 1001
    assert_int_equal(next_of("\0\0\3\350\1\0", 6), 0);         // 1000
    assert_int_equal(next_of("\377\377\377\377\1\0", 6), PS_ELIMIT);
    assert_int_equal(next_of("\0\0\0\1\1\0", 6), PS_EMALFORMED);
    assert_int_equal(next_of("\0\0\0\4\0\0", 6), PS_EMALFORMED);
    assert_int_equal(next_of("\0\0\0\4\7\0", 6), PS_EMALFORMED);
}

// With every octet cut off, and with one too many.
static void claim_exact(const struct ps_buf *b, int (*get)(const struct ps_jqframe *f))
{
    struct ps_jqframe f = first(b);
    size_t len = f.len;

    assert_int_equal(get(&f), 0);
    for (f.len = 0; f.len < len; f.len++)
        assert_int_equal(get(&f), PS_EMALFORMED);
    f.len = len + 1;
    assert_int_equal(get(&f), PS_EMALFORMED);
}

static int get_program(const struct ps_jqframe *f)
{
    struct ps_jqframe_program p;

    return ps_jqframe_get_program(f, &p);
}

static int get_run(const struct ps_jqframe *f)
{
    struct ps_jqframe_run r;

    return ps_jqframe_get_run(f, &r);
}

static int get_fault(const struct ps_jqframe *f)
{
    struct ps_jqframe_fault fault;

    return ps_jqframe_get_fault(f, &fault);
}

static int get_ready(const struct ps_jqframe *f)
{
    unsigned held;

    return ps_jqframe_get_ready(f, &held);
}

static void a_frame_that_is_too_short_or_too_long_is_refused(void **state)
{
    struct ps_jqframe_program p = {.text = value("."), .prelude = value(""), .nnames = 1};
    struct ps_jqframe_run r = {.input = value("1"), .nargs = 0};
    struct ps_jqframe_fault fault = {PS_ELIMIT, 1, value("x")};
    struct ps_buf b[4];

    (void)state;
    p.names[0] = value("a");
    for (int i = 0; i < 4; i++)
        ps_buf_init(&b[i], 0);
    assert_int_equal(ps_jqframe_put_program(&b[0], &p) | ps_jqframe_put_run(&b[1], &r), 0);
    assert_int_equal(ps_jqframe_put_fault(&b[2], &fault) | ps_jqframe_put_ready(&b[3], 0), 0);
    for (int i = 0; i < 4; i++)
        assert_int_equal(ps_buf_append(&b[i], "", 1), 0); // an octet behind each
    claim_exact(&b[0], get_program);
    claim_exact(&b[1], get_run);
    claim_exact(&b[2], get_fault);
    claim_exact(&b[3], get_ready);
    for (int i = 0; i < 4; i++)
        ps_buf_fini(&b[i]);
}

static struct ps_jqframe frame(const char *octets, size_t n)
{
    return (struct ps_jqframe){.data = (const uint8_t *)octets, .len = n};
}

static void what_a_frame_says_is_bounded(void **state)
{
    struct ps_jqframe f = frame("\0\200\0\0\0\0\1x\0", 9); // slot 128
    size_t n;

    (void)state;
    assert_int_equal(get_run(&f), PS_EMALFORMED);
    f = frame("\0\0\21\0\0\0\1x\0", 9); // 17 arguments
    assert_int_equal(get_run(&f), PS_EMALFORMED);
    f = frame("\0\0\0\377\377\377\377x\0", 9); // a long text
    assert_int_equal(get_run(&f), PS_EMALFORMED);
    f = frame("\0\0\0\0\0\0\1xx", 9); // without its NUL
    assert_int_equal(get_run(&f), PS_EMALFORMED);
    f = frame("\0\0\0\0\0\0\1x\0", 9);
    assert_int_equal(get_run(&f), 0);
    f = frame("\0\0\0\1\0\0\0\0\0\0\0\0\0", 13); // an error of no such number
    assert_int_equal(get_fault(&f), PS_EMALFORMED);
    f = frame("\2\3", 2); // the next version
    assert_int_equal(get_ready(&f), PS_EVERSION);
    f = frame("\0\0\0\1x\0\0", 7); // an output and a half
    assert_int_equal(ps_jqframe_get_done(&f, &n), PS_EMALFORMED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_program_comes_through),
        cmocka_unit_test(a_run_comes_through),
        cmocka_unit_test(a_workers_answers_come_through),
        cmocka_unit_test(outputs_come_through),
        cmocka_unit_test(a_fault_is_cut_to_what_may_be_sent),
        cmocka_unit_test(a_frame_is_waited_for_until_all_of_it_is_there),
        cmocka_unit_test(what_is_no_frame_is_noticed_at_its_head),
        cmocka_unit_test(a_frame_that_is_too_short_or_too_long_is_refused),
        cmocka_unit_test(what_a_frame_says_is_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
