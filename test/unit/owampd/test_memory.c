// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <unistd.h>
#include "owampd/memory.h"

#define MIB (UINT64_C(1) << 20)

static void without_a_bound_everything_is_promised(void **state)
{
    struct memory m;
    (void)state;
    memory_init(&m, 0);
    assert_true(memory_take(&m, UINT64_C(1) << 50));
    assert_true(memory_used(&m) >= UINT64_C(1) << 50);
    memory_fini(&m);
}

static void a_bound_below_what_the_process_has_is_hopeless(void **state)
{
    struct memory m;
    (void)state;
    memory_init(&m, 1);
    assert_true(memory_hopeless(&m));
    assert_false(memory_take(&m, MEMORY_CONNECTION));
    memory_fini(&m);
    memory_init(&m, 1u << 20);
    assert_false(memory_hopeless(&m));
    memory_fini(&m);
    memory_init(&m, 0);
    assert_false(memory_hopeless(&m));
    memory_fini(&m);
}

static void what_is_promised_counts_until_it_is_given_back(void **state)
{
    struct memory m;
    (void)state;
    memory_init(&m, 1u << 20); // a TiB: more than any sanitizer holds
    assert_true(memory_take(&m, 700000 * MIB));
    assert_false(memory_take(&m, 400000 * MIB));
    assert_true(memory_take(&m, 300000 * MIB));
    memory_give(&m, 700000 * MIB);
    assert_true(memory_take(&m, 400000 * MIB));
    memory_give(&m, UINT64_MAX);
    assert_int_equal(m.promised, 0);
    memory_fini(&m);
}

static void what_is_resident_counts_too(void **state)
{
    struct memory m;
    (void)state;
    memory_init(&m, 1);
    if (m.statm < 0) {
        print_message("# not tried: there is no /proc\n");
        return;
    }
    assert_true(memory_used(&m) > MIB);
    assert_false(memory_take(&m, 1));
    memory_fini(&m);
    assert_int_equal(memory_used(&m), 0);
    assert_true(memory_take(&m, MIB));
    assert_false(memory_take(&m, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_bound_everything_is_promised),
        cmocka_unit_test(a_bound_below_what_the_process_has_is_hopeless),
        cmocka_unit_test(what_is_promised_counts_until_it_is_given_back),
        cmocka_unit_test(what_is_resident_counts_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
