// SPDX-License-Identifier: Apache-2.0
// How a pump comes and goes, and what it keeps.
#include "pump_fix.h"
#include "loop/ps_pump_impl.h"

static void free_the_pump(void *ctx)
{
    struct fix *f = ctx;

    ps_pump_free(f->a);
    f->a = NULL;
}

static void a_pump_can_be_freed_by_its_last_flow(void **state)
{
    struct fix *f = *state;
    struct ps_flow_conf conf = {.local = address("127.0.0.1", 0), .peer = address("127.0.0.2", 9), .ctx = f};
    struct ps_flow *flow;

    assert_int_equal(ps_flow_open(f->a, &conf, &flow), 0);
    ps_flow_close(flow, free_the_pump);
    UNTIL(f, f->a == NULL);
}

static void a_pump_keeps_the_loop_going_only_while_it_has_flows(void **state)
{
    struct fix *f = *state;
    struct end e = {0};

    assert_int_equal(ps_loop_run(f->loop), 0);
    assert_int_equal(end_open(&e, f->a, address("127.0.0.1", 0), address("127.0.0.2", 9)), 0);
    ps_flow_close(e.flow, end_closed);
    assert_int_equal(ps_loop_run(f->loop), 0);
    assert_int_equal(e.closed, 1);
}

static void a_pump_comes_and_goes_without_having_been_used(void **state)
{
    struct fix *f = *state;

    for (int i = 0; i < 20; i++)
        ps_pump_free(pump_with(f, (struct ps_portrange){0, 0}));
    ps_pump_free(NULL);
}

// Twenty flows a millisecond apart, and one whose packets are due closer together than any wake.
static void precise_sends_are_never_early_and_all_leave(void **state)
{
    struct fix *f = *state;
    struct ps_pump_conf conf = {.loop = f->loop, .clock = f->clock, .precise = true};
    struct end s[21] = {0}, r[21] = {0};

    ps_pump_free(f->a);
    assert_int_equal(ps_pump_new(&f->a, &conf), 0);
    for (uint32_t i = 0; i < 21; i++) {
        pair_open(f, &s[i], "127.0.0.1", &r[i], "127.0.0.2");
        r[i].expect_id = i;
        end_plan(&s[i], f, i, 100, i < 20 ? PS_MSEC : 5 * PS_USEC);
        assert_int_equal(ps_flow_send(s[i].flow, &end_ops), 0);
    }
    for (uint32_t i = 0; i < 21; i++) {
        UNTIL(f, s[i].stopped && r[i].arrivals == 100);
        assert_int_equal(s[i].early, 0);
        assert_int_equal(r[i].wrong, 0);
    }
    ends_close(f, s, 21);
    ends_close(f, r, 21);
}

static void a_flow_is_small(void **state)
{
    (void)state;
    assert_true(sizeof(struct ps_flow) < 500);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fix_setup, fix_teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_pump_can_be_freed_by_its_last_flow),
        TEST(a_pump_keeps_the_loop_going_only_while_it_has_flows),
        TEST(a_pump_comes_and_goes_without_having_been_used),
        TEST(precise_sends_are_never_early_and_all_leave),
        cmocka_unit_test(a_flow_is_small),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
