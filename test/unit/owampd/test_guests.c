// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "owampd/guests.h"

struct house {
    struct guests guests;
    struct guest who[16];
    struct ps_addr a, b, c;
};

static int house_new(void **state)
{
    struct house *h = calloc(1, sizeof *h);
    assert_non_null(h);
    assert_int_equal(guests_init(&h->guests), 0);
    assert_int_equal(ps_addr_parse("192.0.2.1", 1, &h->a), 0);
    assert_int_equal(ps_addr_parse("192.0.2.2", 1, &h->b), 0);
    assert_int_equal(ps_addr_parse("192.0.2.3", 1, &h->c), 0);
    *state = h;
    return 0;
}

static int house_free(void **state)
{
    struct house *h = *state;
    guests_fini(&h->guests);
    free(h);
    return 0;
}

static void enter(struct house *h, int from, int to, const struct ps_addr *addr)
{
    for (int i = from; i < to; i++)
        assert_int_equal(guests_enter(&h->guests, &h->who[i], addr), 0);
}

static void in_an_empty_house_nobody_gives_way(void **state)
{
    struct house *h = *state;
    assert_null(guests_yielding(&h->guests, NULL));
    assert_null(guests_yielding(&h->guests, &h->a));
    assert_int_equal(guests_from(&h->guests, &h->a), 0);
    guests_leave(&h->guests, &h->who[0]);
}

static void the_oldest_of_the_address_with_most_gives_way(void **state)
{
    struct house *h = *state;
    enter(h, 0, 1, &h->a);
    enter(h, 1, 4, &h->b);
    enter(h, 4, 6, &h->c);
    assert_ptr_equal(guests_yielding(&h->guests, NULL), &h->who[1]);
    guests_leave(&h->guests, &h->who[1]);
    guests_leave(&h->guests, &h->who[2]);
    assert_ptr_equal(guests_yielding(&h->guests, NULL), &h->who[4]);
    assert_ptr_equal(guests_yielding(&h->guests, &h->a), &h->who[0]);
    assert_int_equal(guests_from(&h->guests, &h->c), 2);
}

static void who_is_busy_counts_but_does_not_give_way(void **state)
{
    struct house *h = *state;
    enter(h, 0, 3, &h->a);
    enter(h, 3, 4, &h->b);
    guests_set(&h->guests, &h->who[0], GUEST_BUSY);
    guests_set(&h->guests, &h->who[1], GUEST_BUSY);
    guests_set(&h->guests, &h->who[1], GUEST_BUSY);
    assert_ptr_equal(guests_yielding(&h->guests, &h->a), &h->who[2]);
    guests_set(&h->guests, &h->who[2], GUEST_BUSY);
    assert_null(guests_yielding(&h->guests, &h->a));
    assert_ptr_equal(guests_yielding(&h->guests, NULL), &h->who[3]);
    assert_int_equal(guests_from(&h->guests, &h->a), 3);
    assert_int_equal(guests_weight(&h->guests, &h->a), 0);
    for (int i = 0; i < 4; i++)
        guests_leave(&h->guests, &h->who[i]);
    assert_int_equal(guests_from(&h->guests, &h->a), 0);
    assert_null(guests_yielding(&h->guests, NULL));
}

static void who_has_done_its_work_is_the_newest_to_wait(void **state)
{
    struct house *h = *state;
    enter(h, 0, 2, &h->a);
    guests_set(&h->guests, &h->who[0], GUEST_BUSY);
    guests_set(&h->guests, &h->who[0], GUEST_WAITING);
    assert_ptr_equal(guests_yielding(&h->guests, NULL), &h->who[1]);
    assert_int_equal(guests_weight_beside(&h->who[0]), 2 * GUEST_WAITING);
}

static void of_addresses_with_equally_many_the_oldest_gives_way(void **state)
{
    struct house *h = *state;
    enter(h, 0, 1, &h->c);
    enter(h, 1, 2, &h->a);
    enter(h, 2, 3, &h->b);
    assert_ptr_equal(guests_yielding(&h->guests, NULL), &h->who[0]);
    guests_leave(&h->guests, &h->who[0]);
    enter(h, 0, 1, &h->c);
    assert_ptr_equal(guests_yielding(&h->guests, NULL), &h->who[1]);
}

static void who_waits_for_us_gives_way_last(void **state)
{
    struct house *h = *state;
    enter(h, 0, 1, &h->a);
    enter(h, 1, 2, &h->b);
    enter(h, 2, 4, &h->c);
    guests_set(&h->guests, &h->who[0], GUEST_DERIVING);
    guests_set(&h->guests, &h->who[2], GUEST_DERIVING);
    assert_ptr_equal(guests_yielding(&h->guests, NULL), &h->who[3]);
    guests_leave(&h->guests, &h->who[3]);
    assert_ptr_equal(guests_yielding(&h->guests, NULL), &h->who[1]);
    guests_leave(&h->guests, &h->who[1]);
    assert_ptr_equal(guests_yielding(&h->guests, NULL), &h->who[0]);
}

static void all_ports_and_an_ipv6_network_are_one_address(void **state)
{
    struct house *h = *state;
    struct ps_addr x;
    enter(h, 0, 1, &h->a);
    assert_int_equal(ps_addr_parse("::ffff:192.0.2.1", 99, &x), 0);
    assert_int_equal(guests_from(&h->guests, &x), 1);
    assert_int_equal(ps_addr_parse("2001:db8::1", 1, &x), 0);
    enter(h, 1, 2, &x);
    assert_int_equal(ps_addr_parse("2001:db8::ffff:0:0:1", 1, &x), 0);
    assert_int_equal(guests_from(&h->guests, &x), 1);
    assert_int_equal(ps_addr_parse("2001:db8:0:1::1", 1, &x), 0);
    assert_int_equal(guests_from(&h->guests, &x), 0);
}

static void neighbours_on_a_link_are_told_apart(void **state)
{
    struct house *h = *state;
    struct ps_addr x;
    assert_int_equal(ps_addr_parse("fe80::1", 1, &x), 0);
    enter(h, 0, 1, &x);
    assert_int_equal(ps_addr_parse("fe80::2", 1, &x), 0);
    assert_int_equal(guests_from(&h->guests, &x), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, house_new, house_free)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(in_an_empty_house_nobody_gives_way),
        TEST(the_oldest_of_the_address_with_most_gives_way),
        TEST(who_is_busy_counts_but_does_not_give_way),
        TEST(who_has_done_its_work_is_the_newest_to_wait),
        TEST(of_addresses_with_equally_many_the_oldest_gives_way),
        TEST(who_waits_for_us_gives_way_last),
        TEST(all_ports_and_an_ipv6_network_are_one_address),
        TEST(neighbours_on_a_link_are_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
