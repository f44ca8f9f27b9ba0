// SPDX-License-Identifier: Apache-2.0
// The engine in this process (with programs that do it no harm), and the modules that it comes with.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "jq/ps_jqengine.h"

#define OUTPUT_MAX 2000
#define FRAME_MAX 8000

static struct ps_jqengine *engine;
static struct ps_buf answer; // the last one

static void no_memory(void *ctx)
{
    (void)ctx;
    abort();
}

static int setup(void **state)
{
    const char *top = getenv("top_srcdir");
    char library[1024];

    (void)state;
    snprintf(library, sizeof library, "%s/lib/jq", top ? top : ".");
    ps_buf_init(&answer, 0);
    return ps_jqengine_new(library, OUTPUT_MAX, no_memory, &engine);
}

static int teardown(void **state)
{
    (void)state;
    ps_jqengine_free(engine);
    ps_buf_fini(&answer);
    return 0;
}

// What is answered to a frame; the frame is freed.
static struct ps_jqframe ask(struct ps_buf *in)
{
    struct ps_jqframe f;

    assert_int_equal(ps_jqframe_next(in, FRAME_MAX, &f), 1);
    ps_buf_clear(&answer);
    assert_int_equal(ps_jqengine_answer(engine, &f, &answer), 0);
    assert_int_equal(ps_jqframe_next(&answer, FRAME_MAX, &f), 1);
    assert_int_equal(f.whole, ps_buf_len(&answer));
    ps_buf_fini(in);
    return f;
}

static struct ps_jqframe compile(unsigned slot, const char *text)
{
    const struct ps_jqframe_program p = {.slot = slot, .text = {text, strlen(text)}, .prelude = {"", 0}};
    struct ps_buf in;

    ps_buf_init(&in, 0);
    assert_int_equal(ps_jqframe_put_program(&in, &p), 0);
    return ask(&in);
}

static struct ps_jqframe run(unsigned slot, const char *input)
{
    const struct ps_jqframe_run r = {.slot = slot, .input = {input, strlen(input)}};
    struct ps_buf in;

    ps_buf_init(&in, 0);
    assert_int_equal(ps_jqframe_put_run(&in, &r), 0);
    return ask(&in);
}

static void claim_run(unsigned slot, const char *input, const char *wanted)
{
    struct ps_jqframe f = run(slot, input);
    struct ps_jq_output out;
    size_t n = 0;

    assert_int_equal(f.type, PS_JQFRAME_DONE);
    assert_int_equal(ps_jqframe_get_done(&f, &n), 0);
    assert_int_equal(n, 1);
    ps_jqframe_outputs(&f, &out, 1);
    assert_string_equal(out.text, wanted);
}

static void claim_fault(struct ps_jqframe f, int err, unsigned line, const char *why)
{
    struct ps_jqframe_fault fault;

    assert_int_equal(f.type, PS_JQFRAME_FAULT);
    assert_int_equal(ps_jqframe_get_fault(&f, &fault), 0);
    assert_string_equal(fault.why.text, why);
    assert_int_equal(fault.err, err);
    assert_int_equal(fault.line, line);
}

static void claim(const char *program, const char *input, const char *wanted)
{
    assert_int_equal(compile(0, program).type, PS_JQFRAME_COMPILED);
    claim_run(0, input, wanted);
}

static void slots_hold_programs_apart(void **state)
{
    (void)state;
    assert_int_equal(compile(3, ". + 1").type, PS_JQFRAME_COMPILED);
    assert_int_equal(compile(127, ". + 2").type, PS_JQFRAME_COMPILED);
    claim_run(3, "1", "2");
    claim_run(127, "1", "3");
    claim_run(3, "2", "3");
    assert_int_equal(compile(3, ". + 5").type, PS_JQFRAME_COMPILED);
    claim_run(3, "1", "6");
}

static void a_run_of_nothing_is_not_answered(void **state)
{
    const struct ps_jqframe_run r = {.slot = 4, .input = {"1", 1}};
    struct ps_jqframe f;
    struct ps_buf in;

    (void)state;
    ps_buf_init(&in, 0);
    assert_int_equal(ps_jqframe_put_run(&in, &r), 0);
    assert_int_equal(ps_jqframe_next(&in, FRAME_MAX, &f), 1);
    assert_int_equal(ps_jqengine_answer(engine, &f, &answer), PS_EPROTO);
    f.type = PS_JQFRAME_READY;
    assert_int_equal(ps_jqengine_answer(engine, &f, &answer), PS_EPROTO);
    claim_fault(compile(4, "1 +"), PS_ESYNTAX, 1, "syntax error, unexpected $end");
    f.type = PS_JQFRAME_RUN;
    assert_int_equal(ps_jqengine_answer(engine, &f, &answer), PS_EPROTO);
    ps_buf_fini(&in);
}

static void a_run_after_a_fault_is_like_any_other(void **state)
{
    (void)state;
    assert_int_equal(compile(0, "if . == 1 then error(\"one\") elif . == 2 then halt_error elif . == 3 then "
                                "range(1000) else . end")
                         .type,
                     PS_JQFRAME_COMPILED);
    claim_fault(run(0, "1"), PS_EREFUSED, 0, "one");
    claim_run(0, "7", "7");
    claim_fault(run(0, "3"), PS_ELIMIT, 0, "made more than 1 KiB of output");
    claim_run(0, "7", "7");
    claim_fault(run(0, "{"), PS_ESYNTAX, 0,
                "the input is not JSON: Unfinished JSON term at EOF at line 1, column 1");
    claim_run(0, "7", "7");
}

static void messages_are_one_line(void **state)
{
    (void)state;
    assert_int_equal(compile(0, "error(\"a\\nb\\u0007\")").type, PS_JQFRAME_COMPILED);
    claim_fault(run(0, "1"), PS_EREFUSED, 0, "a b ");
}

// the modules

struct vector {
    const char *in, *out; // NULL: refused
};

static void claim_vectors(const char *program, const char *complaint, const struct vector *v, size_t n)
{
    char why[256], input[256];
    struct ps_jqframe_fault fault;
    struct ps_jqframe f;

    assert_int_equal(compile(0, program).type, PS_JQFRAME_COMPILED);
    for (size_t i = 0; i < n; i++) {
        snprintf(input, sizeof input, "\"%s\"", v[i].in);
        if (v[i].out) {
            claim_run(0, input, v[i].out);
            continue;
        }
        f = run(0, input);
        assert_int_equal(f.type, PS_JQFRAME_FAULT);
        assert_int_equal(ps_jqframe_get_fault(&f, &fault), 0);
        snprintf(why, sizeof why, "%s '%s'", complaint, v[i].in);
        assert_string_equal(fault.why.text, why);
    }
}

#define CLAIM_VECTORS(program, complaint, v) claim_vectors(program, complaint, v, sizeof v / sizeof v[0])

static void durations_are_seconds(void **state)
{
    static const struct vector v[] = {
        {"PT1S", "1"},
        {"PT90M", "5400"},
        {"PT1H30M", "5400"},
        {"P1D", "86400"},
        {"P1DT2H", "93600"},
        {"P1W", "604800"},
        {"P1W2D", "777600"},
        {"PT0S", "0"},
        {"PT1.5S", "1.5"},
        {"PT0,25S", "0.25"},
        {"p1dt2h3m4s", "93784"},
        {"P2WT1S", "1209601"},
        {"PT600S", "600"},
        {"P", NULL},
        {"PT", NULL},
        {"P1DT", NULL},
        {"P1Y", NULL},
        {"P1M", NULL},
        {"1", NULL},
        {"", NULL},
        {"PT5", NULL},
        {"PT1S ", NULL},
        {"-PT1S", NULL},
        {"PT1.S", NULL},
        {"PT1M1H", NULL},
        {"XPT1S", NULL},
    };

    (void)state;
    CLAIM_VECTORS("import \"pscheduler/iso8601\" as iso; iso::duration_as_seconds(.)",
                  "Invalid ISO 8601 duration", v);
    claim("include \"pscheduler/iso8601\"; duration_as_seconds(.)", "\"PT2S\"", "2");
    claim("import \"pscheduler/iso8601\" as i; [i::duration_as_seconds(.[])]", "[\"PT1S\",\"P1D\"]",
          "[1,86400]");
    assert_int_equal(compile(0, "include \"pscheduler/iso8601\"; duration_as_seconds(.)").type,
                     PS_JQFRAME_COMPILED);
    claim_fault(run(0, "5"), PS_EREFUSED, 0, "Invalid ISO 8601 duration '5'");
    claim_fault(run(0, "null"), PS_EREFUSED, 0, "Invalid ISO 8601 duration 'null'");
    claim_fault(run(0, "\"PT1S\\nPT2S\""), PS_EREFUSED, 0, "Invalid ISO 8601 duration 'PT1S PT2S'");
}

static void times_come_apart(void **state)
{
    static const struct vector v[] = {
        {"2024-02-03", "{\"year\":\"2024\",\"month\":\"02\",\"day\":\"03\"}"},
        {"2024-2-3T4:05",
         "{\"year\":\"2024\",\"month\":\"2\",\"day\":\"3\",\"hour\":\"4\",\"minute\":\"05\"}"},
        {"2024-02-03T04:05:06Z",
         "{\"year\":\"2024\",\"month\":\"02\",\"day\":\"03\",\"hour\":\"04\",\"minute\":\"05\","
         "\"second\":\"06\",\"offset_hr\":\"0\",\"offset_min\":\"0\"}"},
        {"2024-02-03T04:05:06.5+01:30", "{\"year\":\"2024\",\"month\":\"02\",\"day\":\"03\",\"hour\":\"04\","
                                        "\"minute\":\"05\",\"second\":\"06.5\","
                                        "\"offset_hr\":\"+01\",\"offset_min\":\"30\"}"},
        {"2024-02-03T04:05-05", "{\"year\":\"2024\",\"month\":\"02\",\"day\":\"03\",\"hour\":\"04\","
                                "\"minute\":\"05\",\"offset_hr\":\"-05\"}"},
        {"2024-02", NULL},
        {"2024-02-03Tx", NULL},
        {"2024-02-03T04:05:06Zx", NULL},
        {"", NULL},
    };

    (void)state;
    CLAIM_VECTORS("import \"pscheduler/iso8601\" as iso; iso::timestamp_parsed(.)", "Invalid timestamp", v);
}

static void numbers_with_prefixes_are_whole(void **state)
{
    static const struct vector v[] = {
        {"1", "1"},
        {"1.5k", "1500"},
        {"10G", "10000000000"},
        {"10g", "10000000000"},
        {"64Ki", "65536"},
        {"1KI", "1024"},
        {"1.999", "1"},
        {"2.5M", "2500000"},
        {"1t", "1000000000000"},
        {"1Ti", "1099511627776"},
        {"0", "0"},
        {"1q", NULL},
        {"1ii", NULL},
        {"", NULL},
        {"k", NULL},
        {"-1", NULL},
        {"1 k", NULL},
        {"1e3", NULL},
        {".5", NULL},
    };

    (void)state;
    CLAIM_VECTORS("import \"pscheduler/si\" as si; si::as_integer(.)", "Invalid SI number", v);
    claim("include \"pscheduler/si\"; [as_integer(.[])]", "[5,1.5,\"1k\"]", "[5,1.5,1000]");
    claim("import \"pscheduler/si\" as si; si::as_integer(\"1y\") == 1e24", "0", "true");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(slots_hold_programs_apart, setup, teardown),
        cmocka_unit_test_setup_teardown(a_run_of_nothing_is_not_answered, setup, teardown),
        cmocka_unit_test_setup_teardown(a_run_after_a_fault_is_like_any_other, setup, teardown),
        cmocka_unit_test_setup_teardown(messages_are_one_line, setup, teardown),
        cmocka_unit_test_setup_teardown(durations_are_seconds, setup, teardown),
        cmocka_unit_test_setup_teardown(times_come_apart, setup, teardown),
        cmocka_unit_test_setup_teardown(numbers_with_prefixes_are_whole, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
