// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "loop/ps_flowtab.h"

#define N 5000

static struct ps_addr address(const char *text)
{
    struct ps_addr a;

    assert_int_equal(ps_addr_parse(text, 0, &a), 0);
    return a;
}

static unsigned with_hash(const struct ps_flowtab *t, uint32_t hash, const struct ps_flowtab_node *wanted)
{
    unsigned found = 0;

    for (struct ps_flowtab_node *n = ps_flowtab_first(t, hash); n; n = ps_flowtab_next(n)) {
        assert_int_equal(n->hash, hash);
        found += n == wanted;
    }
    return found;
}

static void what_was_entered_is_found_until_removed(void **state)
{
    static struct ps_flowtab_node n[N];
    struct ps_flowtab t;

    (void)state;
    assert_int_equal(ps_flowtab_init(&t), 0);
    for (uint32_t i = 0; i < N; i++)
        ps_flowtab_add(&t, &n[i], i / 3 * UINT32_C(2654435761));
    for (uint32_t i = 0; i < N; i += 2)
        ps_flowtab_remove(&t, &n[i]);
    for (uint32_t i = 0; i < N; i++)
        assert_int_equal(with_hash(&t, i / 3 * UINT32_C(2654435761), &n[i]), i % 2);
    assert_int_equal(t.count, N / 2);
    ps_flowtab_fini(&t);
}

static void an_empty_table_finds_nothing(void **state)
{
    struct ps_flowtab t;

    (void)state;
    assert_int_equal(ps_flowtab_init(&t), 0);
    assert_null(ps_flowtab_first(&t, 0));
    ps_flowtab_fini(&t);
}

static void socket_address_and_port_each_change_the_hash_and_the_scope_does_not(void **state)
{
    struct ps_addr a = address("fe80::1"), b = a, c = address("fe80::2"), v4 = address("127.0.0.1");
    struct ps_flowtab_key key;
    uint32_t h;

    (void)state;
    assert_int_equal(ps_flowtab_key_init(&key), 0);
    h = ps_flowtab_hash(&key, 1, &a, 861);
    ps_addr_set_scope(&b, 7);
    assert_int_equal(ps_flowtab_hash(&key, 1, &b, 861), h);
    assert_int_not_equal(ps_flowtab_hash(&key, 2, &a, 861), h);
    assert_int_not_equal(ps_flowtab_hash(&key, 1, &a, 862), h);
    assert_int_not_equal(ps_flowtab_hash(&key, 1, &c, 861), h);
    assert_int_not_equal(ps_flowtab_hash(&key, 1, &v4, 861), h);
}

static void two_keys_hash_differently(void **state)
{
    struct ps_addr a = address("192.0.2.1");
    struct ps_flowtab_key one, two;

    (void)state;
    assert_int_equal(ps_flowtab_key_init(&one), 0);
    assert_int_equal(ps_flowtab_key_init(&two), 0);
    assert_int_not_equal(ps_flowtab_hash(&one, 1, &a, 861), ps_flowtab_hash(&two, 1, &a, 861));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_entered_is_found_until_removed),
        cmocka_unit_test(an_empty_table_finds_nothing),
        cmocka_unit_test(socket_address_and_port_each_change_the_hash_and_the_scope_does_not),
        cmocka_unit_test(two_keys_hash_differently),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
