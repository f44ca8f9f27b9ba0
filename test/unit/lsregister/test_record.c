// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "lsregister/record.h"

static void make(struct record *r, const char *const *pairs)
{
    for (; *pairs; pairs += 2)
        assert_int_equal(record_add(r, pairs[0], pairs[1]), 0);
}

#define PAIRS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void order_is_no_matter(void **state)
{
    struct record a = {0}, b = {0};
    (void)state;
    make(&a, PAIRS("x", "1", "x", "2", "y", "3"));
    make(&b, PAIRS("y", "3", "x", "2", "x", "1"));
    assert_true(record_same(&a, &b));
    assert_true(record_sum(&a) == record_sum(&b));
    record_fini(&a);
    record_fini(&b);
}

static void what_the_server_adds_is_no_difference(void **state)
{
    struct record a = {0}, b = {0};
    (void)state;
    make(&a, PAIRS("x", "1"));
    make(&b, PAIRS("x", "1", "uri", "u", "expires", "e", "state", "s", "ttl", "t", "_lastUpdated", "z"));
    assert_true(record_same(&a, &b));
    assert_true(record_sum(&a) == record_sum(&b));
    record_fini(&a);
    record_fini(&b);
}

static void values_and_keys_do_not_run_together(void **state)
{
    const char *const *const pairs[] = {PAIRS("ab", "c"),          PAIRS("a", "bc"),
                                        PAIRS("a", "b", "c", ""),  PAIRS("a", "b", "a", "c"),
                                        PAIRS("a", "c", "b", "a"), PAIRS("a", "b", "c", "a")};
    struct record r[6] = {0};
    (void)state;
    for (size_t i = 0; i < 6; i++)
        make(&r[i], pairs[i]);
    for (size_t i = 0; i < 6; i++)
        for (size_t k = 0; k < i; k++) {
            assert_false(record_same(&r[i], &r[k]));
            assert_true(record_sum(&r[i]) != record_sum(&r[k]));
        }
    for (size_t i = 0; i < 6; i++)
        record_fini(&r[i]);
}

static void a_record_covers_what_has_less(void **state)
{
    struct record a = {0}, b = {0};
    (void)state;
    make(&a, PAIRS("x", "1", "x", "2", "y", "3"));
    make(&b, PAIRS("x", "2"));
    assert_true(record_covers(&a, &b));
    assert_false(record_covers(&b, &a));
    record_fini(&a);
    record_fini(&b);
}

static void keys_can_be_put_and_dropped(void **state)
{
    struct record r = {0};
    (void)state;
    make(&r, PAIRS("b", "1", "a", "2", "c", "3", "b", "1"));
    assert_int_equal(record_all(&r, "b")->n, 1); // no value twice
    record_drop(&r, "b");
    assert_null(record_all(&r, "b"));
    assert_string_equal(record_get(&r, "c"), "3");
    record_set(&r, "c", "4");
    assert_int_equal(record_all(&r, "c")->n, 1);
    assert_true(record_has(&r, "c", "4"));
    record_drop(&r, "nothing");
    assert_int_equal(r.n, 2);
    record_fini(&r);
}

static void too_much_of_a_record_is_refused(void **state)
{
    struct record r = {0};
    struct ps_jdoc *doc;
    char *text = malloc(40 * RECORD_KEYS + 100), *p = text;
    (void)state;
    p += sprintf(p, "{\"a\":[]");
    for (int i = 0; i < RECORD_KEYS; i++)
        p += sprintf(p, ",\"k%d\":[\"v\"]", i);
    strcpy(p, "}");
    assert_int_equal(ps_jdoc_parse(&doc, NULL, text, strlen(text), NULL), 0);
    assert_true(record_read(&r, ps_jdoc_root(doc)) < 0);
    record_fini(&r);
    ps_jdoc_free(doc);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(order_is_no_matter),
        cmocka_unit_test(what_the_server_adds_is_no_difference),
        cmocka_unit_test(values_and_keys_do_not_run_together),
        cmocka_unit_test(a_record_covers_what_has_less),
        cmocka_unit_test(keys_can_be_put_and_dropped),
        cmocka_unit_test(too_much_of_a_record_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
