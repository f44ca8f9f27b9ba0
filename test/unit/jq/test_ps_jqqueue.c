// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "jq/ps_jqqueue.h"

#define MOST 16

struct item {
    struct ps_jqwait wait;
    char name;
};

struct fix {
    struct ps_jqqueue a, b;
    struct item item[MOST];
    size_t n;
};

static char name_of(struct ps_jqwait *w)
{
    return w ? PS_CONTAINER(w, struct item, wait)->name : '-';
}

// "A1B1A2": items A and 2 of asker 1, B of asker 2, ...
static void fill(struct fix *f, struct ps_jqqueue *q, const char *pairs)
{
    for (; *pairs; pairs += 2) {
        struct item *it = &f->item[f->n++];
        assert_true(f->n <= MOST);
        *it = (struct item){.name = pairs[0]};
        assert_int_equal(ps_jqqueue_add(q, (uint64_t)(pairs[1] - '0'), &it->wait), 0);
    }
}

static void claim_order(struct ps_jqqueue *q, const char *want)
{
    char got[MOST + 1] = "";
    struct ps_jqwait *w;

    for (size_t n = 0; (w = ps_jqqueue_next(q)); n++) {
        got[n] = name_of(w);
        ps_jqqueue_take(w);
    }
    assert_string_equal(got, want);
}

static int set_up(void **state)
{
    static struct fix f;

    memset(&f, 0, sizeof f);
    *state = &f;
    return ps_jqqueue_init(&f.a, false) || ps_jqqueue_init(&f.b, true);
}

static int tear_down(void **state)
{
    struct fix *f = *state;

    for (size_t i = 0; i < f->n; i++)
        ps_jqqueue_remove(&f->item[i].wait);
    ps_jqqueue_fini(&f->a);
    ps_jqqueue_fini(&f->b);
    return 0;
}

static void one_askers_are_taken_in_their_order(void **state)
{
    struct fix *f = *state;

    fill(f, &f->a, "A1B1C1");
    assert_int_equal(ps_jqqueue_count(&f->a, 1), 3);
    claim_order(&f->a, "ABC");
    assert_int_equal(ps_jqqueue_count(&f->a, 1), 0);
    assert_null(ps_jqqueue_next(&f->a));
}

static void askers_take_turns(void **state)
{
    struct fix *f = *state;

    fill(f, &f->a, "A1B1C1D1X2Y2P3");
    claim_order(&f->a, "AXPBYCD");
}

#define GROUP (UINT64_C(1) << 32)

static void groups_take_turns_and_their_askers_within(void **state)
{
    static const uint64_t askers[] = {GROUP + 1, GROUP + 1,     GROUP + 1, GROUP + 2,
                                      GROUP + 3, 2 * GROUP + 1, 1};
    struct fix *f = *state;

    fill(f, &f->b, "A0B0C0P0X0Y0D0");
    for (size_t i = 0; i < sizeof askers / sizeof *askers; i++) {
        ps_jqqueue_remove(&f->item[i].wait);
        assert_int_equal(ps_jqqueue_add(&f->a, askers[i], &f->item[i].wait), 0);
    }
    assert_int_equal(ps_jqqueue_count(&f->a, GROUP + 1), 3);
    assert_int_equal(ps_jqqueue_count_group(&f->a, GROUP + 7), 5);
    assert_int_equal(ps_jqqueue_count_group(&f->a, 1), 1);
    claim_order(&f->a, "AYDPXBC");
    assert_int_equal(ps_jqqueue_count_group(&f->a, GROUP), 0);
}

static void who_comes_again_does_not_come_first_again(void **state)
{
    struct fix *f = *state;

    fill(f, &f->a, "A1B1X2");
    ps_jqqueue_take(ps_jqqueue_next(&f->a)); // A
    fill(f, &f->a, "C1Y2");
    claim_order(&f->a, "XBYC");
}

static void where_the_newest_come_first_askers_still_take_turns(void **state)
{
    struct fix *f = *state;

    fill(f, &f->b, "A1B2C3D3");
    ps_jqqueue_take(ps_jqqueue_next(&f->b)); // D
    fill(f, &f->b, "E3F3X4");
    claim_order(&f->b, "XBAFEC");
}

static void what_is_removed_takes_no_turn(void **state)
{
    struct fix *f = *state;

    fill(f, &f->a, "A1X2B1");
    ps_jqqueue_remove(&f->item[0].wait);
    ps_jqqueue_remove(&f->item[0].wait); // it is in no queue
    claim_order(&f->a, "BX");
}

static bool is_upper_half(struct ps_jqwait *w, const void *ctx)
{
    return name_of(w) >= *(const char *)ctx;
}

static void some_can_be_moved_with_their_askers(void **state)
{
    struct fix *f = *state;

    fill(f, &f->a, "A1M1N1X2Y2B3");
    fill(f, &f->b, "P1");
    ps_jqqueue_move(&f->a, &f->b, is_upper_half, "M");
    assert_int_equal(ps_jqqueue_count(&f->a, 2), 0);
    assert_int_equal(ps_jqqueue_count(&f->b, 1), 3);
    assert_ptr_equal(f->item[1].wait.queue, &f->b);
    claim_order(&f->a, "AB");
    claim_order(&f->b, "YNXMP");
}

static enum ps_jqseek seek(struct ps_jqwait *w, const void *ctx)
{
    const char *words = ctx; // the one that is wanted, and one that ends the search

    return name_of(w) == words[0] ? PS_JQSEEK_FOUND : name_of(w) == words[1] ? PS_JQSEEK_END : PS_JQSEEK_NEXT;
}

static void a_search_ends_for_each_asker_where_it_is_told_to(void **state)
{
    struct fix *f = *state;

    fill(f, &f->a, "A1B1C1X2Y2");
    assert_int_equal(name_of(ps_jqqueue_seek(&f->a, seek, "C ")), 'C');
    assert_int_equal(name_of(ps_jqqueue_seek(&f->a, seek, "CB")), '-');
    assert_int_equal(name_of(ps_jqqueue_seek(&f->a, seek, "YB")), 'Y');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(one_askers_are_taken_in_their_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(askers_take_turns, set_up, tear_down),
        cmocka_unit_test_setup_teardown(groups_take_turns_and_their_askers_within, set_up, tear_down),
        cmocka_unit_test_setup_teardown(who_comes_again_does_not_come_first_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(where_the_newest_come_first_askers_still_take_turns, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_is_removed_takes_no_turn, set_up, tear_down),
        cmocka_unit_test_setup_teardown(some_can_be_moved_with_their_askers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_search_ends_for_each_asker_where_it_is_told_to, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
