// SPDX-License-Identifier: Apache-2.0
#include "jq_fix.h"
#include <errno.h>

static const struct ps_jq_conf plain;

// what programs give

static void outputs_come_in_their_order(void **state)
{
    struct fix *f = *state;

    open_jq(f, plain);
    claim_outputs(f, ".a, .b[]", "{\"a\":1,\"b\":[true,null,\"x\\u00e9\\n\"]}",
                  "1 true null \"x\xc3\xa9\\n\"");
    assert_int_equal(f->noutputs, 4);
    claim_outputs(f, "empty", "1", "");
    assert_int_equal(f->noutputs, 0);
    claim_outputs(f, "range(1000)|select(. % 250 == 0)", "null", "0 250 500 750");
    claim_outputs(f, "[range(1000)]|length, add", "null", "1000 499500");
}

static void a_program_may_be_empty_or_definitions_alone(void **state)
{
    struct fix *f = *state;

    open_jq(f, plain);
    claim_outputs(f, "", "[1]", "[1]");
    claim_outputs(f, "# nothing\n", "[1]", "[1]");
    claim_outputs(f, "def f: 1;", "[1]", "[1]");
}

static void run_with(struct fix *f, const struct ps_jq_source *s, const char *input, const char *a,
                     const char *b)
{
    const struct ps_jq_value in = value(input), args[] = {value(a), value(b)};
    struct ps_jq_program *p;

    assert_int_equal(ps_jq_program_new(f->jq, s, &p), 0);
    for (int i = 0; i < 2; i++) { // the second time it is known to a worker
        f->pending++;
        assert_int_equal(ps_jq_run(p, &in, args, note, f, NULL), 0);
        await_answers(f);
        assert_string_equal(f->why, "");
    }
    ps_jq_program_free(p);
}

static void arguments_are_bound_anew_for_each_run(void **state)
{
    const char *names[] = {"hints", "task"};
    struct ps_jq_source s = {.text = "[., $hints.x, $task]", .names = names, .nnames = 2};
    struct fix *f = *state;
    struct ps_jq_stats stats;

    open_jq(f, (struct ps_jq_conf){.workers = 1});
    s.len = strlen(s.text);
    run_with(f, &s, "{\"i\":1}", "{\"x\":\"h\"}", "5");
    assert_string_equal(f->outputs, "[{\"i\":1},\"h\",5]");
    ps_jq_stats(f->jq, &stats);
    assert_int_equal(stats.compiled, 1);
    assert_int_equal(stats.asked, 2);
}

static void a_prelude_can_use_the_arguments(void **state)
{
    const char *names[] = {"hints", "unused"};
    struct ps_jq_source s = {
        .text = "import \"pscheduler/si\" as si;\n.\n| [hint(\"r\"), si::as_integer(\"1k\")]",
        .prelude = "def hint($n): $hints[$n];",
        .names = names,
        .nnames = 2};
    struct fix *f = *state;

    open_jq(f, plain);
    s.len = strlen(s.text);
    run_with(f, &s, "0", "{\"r\":\"192.0.2.1\"}", "null");
    assert_string_equal(f->outputs, "[\"192.0.2.1\",1000]");
}

static void what_programs_see_of_the_host_is_little(void **state)
{
    struct fix *f = *state;

    assert_int_equal(setenv("PS_JQ_TEST", "secret", 1), 0);
    open_jq(f, plain);
    claim_outputs(f, "env, $ENV", "1", "{} {}");
    claim_outputs(f, "(now > 1.7e9), (now|localtime|length)", "1", "true 8");
    claim_outputs(f, "[input?], input_filename", "1", "[] null");
}

// what they fail with

static void errors_are_told_in_words_of_jq_and_the_program(void **state)
{
    struct fix *f = *state;

    open_jq(f, plain);
    claim_fault(f, ".[0]", PS_EREFUSED, "Cannot index object with number");
    claim_fault(f, "1, error(\"too \\(.a)\\nmuch\")", PS_EREFUSED, "too 1 much");
    claim_fault(f, "error({x:[1]})", PS_EREFUSED, "{\"x\":[1]}");
    claim_fault(f, "\"stop\"|halt_error", PS_EREFUSED, "stop");
    claim_outputs(f, "1, halt, 2", "0", "1");
    claim_outputs(f, ".", "0", "0"); // the worker is none the worse
}

static void claim_line(struct fix *f, const char *text, unsigned line, const char *why)
{
    claim_fault(f, text, PS_ESYNTAX, why);
    assert_int_equal(f->line, line);
}

static void what_does_not_compile_is_told_with_its_line(void **state)
{
    struct fix *f = *state;

    open_jq(f, plain);
    claim_line(f, ".a |\n\n.b c", 3, "syntax error, unexpected IDENT, expecting $end");
    claim_line(f, "1\n| foo(2)", 2, "foo/1 is not defined");
    claim_line(f, "$x", 1, "$x is not defined");
    claim_line(f, "import \"no/such\" as n; .", 0, "module not found: no/such");
    claim_line(f, ".\n| import \"../x\" as x; 1", 2,
               "a module is named by letters, digits, '_', '-' and '/' alone");
}

static void a_check_compiles_and_runs_nothing(void **state)
{
    struct fix *f = *state;
    struct ps_jq_program *good, *bad;
    struct ps_jq_stats stats;

    open_jq(f, (struct ps_jq_conf){.workers = 1});
    good = program(f, "error(\"ran\")");
    bad = program(f, "1 +");
    for (int i = 0; i < 2; i++) {
        f->pending++;
        assert_int_equal(ps_jq_check(good, note, f, NULL), 0);
        await_answers(f);
        assert_int_equal(f->err, 0);
        assert_string_equal(f->why, "");
    }
    f->pending++;
    assert_int_equal(ps_jq_check(bad, note, f, NULL), 0);
    await_answers(f);
    assert_int_equal(f->err, PS_ESYNTAX);
    assert_int_equal(f->line, 1);
    ps_jq_stats(f->jq, &stats);
    assert_int_equal(stats.compiled, 1);
    assert_int_equal(stats.failed, 1);
    ps_jq_program_free(good);
    ps_jq_program_free(bad);
}

static void an_input_that_is_not_json_is_a_fault(void **state)
{
    struct fix *f = *state;

    open_jq(f, plain);
    run_once(f, ".", "{\"a\":");
    assert_int_equal(f->err, PS_ESYNTAX);
    assert_memory_equal(f->why, "the input is not JSON: ", 23);
    run_once(f, ".", "");
    assert_string_equal(f->why, "the input is not JSON: Expected JSON value");
    run_once(f, ".", "1 2");
    assert_int_equal(f->err, PS_ESYNTAX);
}

// what is refused at once

static void a_source_is_bounded_and_its_names_are_names(void **state)
{
    const char *names[] = {"ok", "not ok"};
    struct ps_jq_source s = {.text = "a\0b", .len = 3, .names = names};
    struct fix *f = *state;
    struct ps_jq_program *p;

    open_jq(f, plain);
    assert_int_equal(ps_jq_program_new(f->jq, &s, &p), -EINVAL);
    s.len = 1;
    s.nnames = 2;
    assert_int_equal(ps_jq_program_new(f->jq, &s, &p), -EINVAL);
    s.nnames = PS_JQ_ARGS_MAX + 1;
    assert_int_equal(ps_jq_program_new(f->jq, &s, &p), PS_ELIMIT);
    s.nnames = 0;
    s.len = PS_JQ_PROGRAM_MAX + 1;
    assert_int_equal(ps_jq_program_new(f->jq, &s, &p), PS_ELIMIT);
    ps_jq_program_free(NULL);
}

static void the_queue_is_bounded_in_number_and_size(void **state)
{
    struct fix *f = *state;
    struct ps_jq_program *p;
    struct ps_jq_value in = value("0");
    char *large = calloc(1, PS_JQ_INPUT_MAX + 1);

    assert_non_null(large);
    open_jq(f, (struct ps_jq_conf){.queue = 3, .queue_octets = 1000});
    p = program(f, ".");
    for (int i = 0; i < 3; i++)
        ask(f, p, "0");
    assert_int_equal(ps_jq_run(p, &in, NULL, note, f, NULL), PS_ELIMIT);
    assert_int_equal(ps_jq_check(p, note, f, NULL), PS_ELIMIT);
    await_answers(f);
    in = (struct ps_jq_value){large, 1001};
    assert_int_equal(ps_jq_run(p, &in, NULL, note, f, NULL), PS_ELIMIT);
    ps_jq_program_free(p);
    open_jq(f, plain);
    p = program(f, ".");
    in.len = PS_JQ_INPUT_MAX + 1;
    assert_int_equal(ps_jq_run(p, &in, NULL, note, f, NULL), PS_ELIMIT);
    ps_jq_program_free(p);
    free(large);
}

// many

static void a_large_input_and_a_large_output_pass(void **state)
{
    size_t size = (size_t)8 << 20;
    struct fix *f = *state;
    char *large = malloc(size + 1);

    assert_non_null(large);
    memset(large, 'x', size);
    large[0] = large[size - 1] = '"';
    large[size] = '\0';
    open_jq(f, (struct ps_jq_conf){.memory = (size_t)512 << 20});
    claim_outputs(f, "length", large, "8388606");
    run_once(f, ".[0:1000000]", large);
    assert_int_equal(f->err, 0);
    assert_int_equal(f->noutputs, 1);
    free(large);
}

static void more_programs_than_a_worker_keeps_are_served(void **state)
{
    struct fix *f = *state;
    struct ps_jq_program *all[140];
    struct ps_jq_stats stats;
    char text[16];

    open_jq(f, (struct ps_jq_conf){.workers = 1});
    for (int i = 0; i < 140; i++) {
        snprintf(text, sizeof text, ". + %d", i);
        all[i] = program(f, text);
        ask(f, all[i], "1");
    }
    await_answers(f);
    assert_string_equal(f->outputs, "140");
    ask(f, all[0], "7"); // it had to go
    await_answers(f);
    assert_string_equal(f->outputs, "7");
    ask(f, all[139], "7");
    await_answers(f);
    assert_string_equal(f->outputs, "146");
    ps_jq_stats(f->jq, &stats);
    assert_int_equal(stats.compiled, 141);
    for (int i = 0; i < 140; i++)
        ps_jq_program_free(all[i]);
}

static void ten_thousand_at_once_are_all_answered(void **state)
{
    struct fix *f = *state;
    struct ps_jq_program *p;
    struct ps_jq_stats stats;

    open_jq(f, plain);
    p = program(f, ". + 1");
    for (int i = 0; i < 10000; i++)
        ask(f, p, "41");
    ps_jq_stats(f->jq, &stats);
    assert_int_equal(stats.waiting, 10000);
    await_answers(f);
    assert_int_equal(f->answered, 10000);
    assert_string_equal(f->outputs, "42");
    ps_jq_stats(f->jq, &stats);
    assert_int_equal(stats.waiting + stats.running, 0);
    assert_int_equal(stats.workers, 2);
    ps_jq_program_free(p);
}

// asking and cancelling from callbacks

struct chain {
    struct fix *f;
    struct ps_jq_program *p;
    struct ps_jq_request *other;
    int left;
};

static void ask_again(void *ctx, const struct ps_jq_result *r)
{
    struct chain *c = ctx;
    struct ps_jq_value in;

    assert_int_equal(r->err, 0);
    in = (struct ps_jq_value){r->outputs[0].text, r->outputs[0].len};
    ps_jq_cancel(c->other);
    c->other = NULL;
    c->left--;
    if (c->left == 0)
        note(c->f, r);
    else
        assert_int_equal(ps_jq_run(c->p, &in, NULL, ask_again, c, NULL), 0);
}

static void never(void *ctx, const struct ps_jq_result *r)
{
    (void)ctx;
    (void)r;
    fail_msg("what was cancelled was answered");
}

static void asking_and_cancelling_is_fine_from_a_callback(void **state)
{
    struct fix *f = *state;
    struct chain c = {.f = f, .left = 100};
    struct ps_jq_value in = value("0");

    open_jq(f, (struct ps_jq_conf){.workers = 1});
    c.p = program(f, ". + 1");
    f->pending++;
    assert_int_equal(ps_jq_run(c.p, &in, NULL, ask_again, &c, NULL), 0);
    assert_int_equal(ps_jq_run(c.p, &in, NULL, never, NULL, &c.other), 0);
    await_answers(f);
    assert_string_equal(f->outputs, "100");
    ps_jq_program_free(c.p);
}

static void what_is_cancelled_is_not_answered(void **state)
{
    struct fix *f = *state;
    struct ps_jq_program *p, *q;
    struct ps_jq_request *r[2];
    struct ps_jq_value in = value("0");

    open_jq(f, (struct ps_jq_conf){.workers = 1});
    claim_outputs(f, ".", "1", "1"); // there is an idle worker
    p = program(f, ". + 1");
    q = program(f, ". + 2");
    assert_int_equal(ps_jq_run(p, &in, NULL, never, NULL, &r[0]), 0); // under way
    assert_int_equal(ps_jq_run(p, &in, NULL, never, NULL, &r[1]), 0); // waits
    ps_jq_cancel(r[0]);
    ps_jq_cancel(r[1]);
    ps_jq_cancel(NULL);
    ask(f, q, "0");
    await_answers(f);
    assert_string_equal(f->outputs, "2");
    assert_int_equal(ps_jq_run(p, &in, NULL, never, NULL, NULL), 0);
    ps_jq_program_free(p);
    ps_jq_program_free(q);
    ps_jq_free(f->jq); // and what was asked is forgotten
    f->jq = NULL;
    ps_jq_free(NULL);
}

// programs out of hand

// The order in which requests were answered, a letter each.
static char order[64];

static void note_order(struct fix *f, char letter, const struct ps_jq_result *r)
{
    size_t n = strlen(order);

    assert_true(n + 1 < sizeof order);
    order[n] = letter;
    order[n + 1] = '\0';
    note(f, r);
}

static void bad_one(void *ctx, const struct ps_jq_result *r)
{
    assert_int_equal(r->err, r->why[0] == 'w' ? PS_ESTATE : PS_ETIMEOUT);
    note_order(ctx, r->why[0] == 'w' ? 'w' : 'b', r);
}

static void good_one(void *ctx, const struct ps_jq_result *r)
{
    assert_int_equal(r->err, 0);
    note_order(ctx, 'g', r);
}

static void run_noted(struct fix *f, struct ps_jq_program *p, const char *input, ps_jq_cb cb)
{
    const struct ps_jq_value in = value(input);

    f->pending++;
    assert_int_equal(ps_jq_run(p, &in, NULL, cb, f, NULL), 0);
}

#define LOOPS_AT_1 "if . == 1 then def f: f; f else . end"

static void others_go_before_a_program_out_of_hand(void **state)
{
    struct fix *f = *state;
    struct ps_jq_program *bad, *good;

    order[0] = '\0';
    open_jq(f, (struct ps_jq_conf){.workers = 1, .run_time = 400 * PS_MSEC});
    bad = program(f, LOOPS_AT_1);
    good = program(f, ".");
    for (int i = 0; i < 3; i++)
        run_noted(f, bad, "1", bad_one);
    for (int i = 0; i < 3; i++)
        run_noted(f, good, "2", good_one);
    await_answers(f);
    assert_string_equal(order, "bgggbb");
    ps_jq_program_free(bad);
    ps_jq_program_free(good);
}

static void of_its_own_the_newest_goes_first(void **state)
{
    struct fix *f = *state;
    struct ps_jq_program *bad;

    order[0] = '\0';
    open_jq(f, (struct ps_jq_conf){.workers = 1, .run_time = 400 * PS_MSEC});
    bad = program(f, LOOPS_AT_1);
    for (int i = 0; i < 3; i++)
        run_noted(f, bad, "1", bad_one);
    run_noted(f, bad, "2", good_one);
    await_answers(f);
    assert_string_equal(order, "bgbb");
    ps_jq_program_free(bad);
}

static void who_waits_too_long_is_told_so(void **state)
{
    struct fix *f = *state;
    struct ps_jq_program *bad;

    order[0] = '\0';
    open_jq(f, (struct ps_jq_conf){.workers = 1, .run_time = 2 * PS_SEC, .wait_time = 1 * PS_MSEC});
    bad = program(f, LOOPS_AT_1);
    for (int i = 0; i < 4; i++)
        run_noted(f, bad, "1", bad_one);
    await_answers(f);
    assert_non_null(strstr(order, "www"));
    ps_jq_program_free(bad);
}

static void note_crowd(void *ctx, const struct ps_jq_result *r)
{
    note_order(ctx, 'c', r);
}

static void note_single(void *ctx, const struct ps_jq_result *r)
{
    note_order(ctx, 's', r);
}

static void an_asker_with_many_requests_keeps_no_other_waiting(void **state)
{
    const struct ps_jq_value in = value("1");
    struct fix *f = *state;
    struct ps_jq_program *p;

    order[0] = '\0';
    open_jq(f, (struct ps_jq_conf){.workers = 1, .queue = 40});
    p = program(f, ".");
    for (f->pending = 0; f->pending < 20; f->pending++)
        assert_int_equal(ps_jq_run_for(p, 7, &in, NULL, note_crowd, f, NULL), 0);
    // Neither one that asks alone nor its group fills the queue for the others.
    assert_int_equal(ps_jq_run_for(p, 7, &in, NULL, note_crowd, f, NULL), PS_ELIMIT);
    for (; f->pending < 30; f->pending++)
        assert_int_equal(ps_jq_run_for(p, 9, &in, NULL, note_crowd, f, NULL), 0);
    assert_int_equal(ps_jq_run_for(p, 9, &in, NULL, note_crowd, f, NULL), PS_ELIMIT);
    for (int i = 0; i < 2; i++, f->pending++)
        assert_int_equal(ps_jq_run_for(p, (UINT64_C(1) << 32) + 8, &in, NULL, note_single, f, NULL), 0);
    await_answers(f);
    assert_string_equal(order, "cscscccccccccccccccccccccccccccc");
    ps_jq_program_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(outputs_come_in_their_order),
        TEST(a_program_may_be_empty_or_definitions_alone),
        TEST(arguments_are_bound_anew_for_each_run),
        TEST(a_prelude_can_use_the_arguments),
        TEST(what_programs_see_of_the_host_is_little),
        TEST(errors_are_told_in_words_of_jq_and_the_program),
        TEST(what_does_not_compile_is_told_with_its_line),
        TEST(a_check_compiles_and_runs_nothing),
        TEST(an_input_that_is_not_json_is_a_fault),
        TEST(a_source_is_bounded_and_its_names_are_names),
        TEST(the_queue_is_bounded_in_number_and_size),
        TEST(a_large_input_and_a_large_output_pass),
        TEST(more_programs_than_a_worker_keeps_are_served),
        TEST(ten_thousand_at_once_are_all_answered),
        TEST(asking_and_cancelling_is_fine_from_a_callback),
        TEST(what_is_cancelled_is_not_answered),
        TEST(others_go_before_a_program_out_of_hand),
        TEST(of_its_own_the_newest_goes_first),
        TEST(who_waits_too_long_is_told_so),
        TEST(an_asker_with_many_requests_keeps_no_other_waiting),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
