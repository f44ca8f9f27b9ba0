// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "base/ps_near.h"

static const char *const names[] = {"disk", "bandwidth", "diskfudge", "user"};

static const char *near(const char *word)
{
    return ps_near(word, names, 4);
}

static void distance_counts_single_mistakes(void **state)
{
    (void)state;
    assert_int_equal(ps_near_distance("", ""), 0);
    assert_int_equal(ps_near_distance("abc", ""), 3);
    assert_int_equal(ps_near_distance("", "abc"), 3);
    assert_int_equal(ps_near_distance("kitten", "sitting"), 3);
    assert_int_equal(ps_near_distance("ABC", "abc"), 0);
    assert_int_equal(ps_near_distance("abc", "acb"), 1);
    assert_int_equal(ps_near_distance("ca", "abc"), 3);
}

static void a_typo_finds_its_word(void **state)
{
    (void)state;
    assert_string_equal(near("bandwith"), "bandwidth");
    assert_string_equal(near("BANDWITDH"), "bandwidth");
    assert_string_equal(near("dsik"), "disk");
    assert_string_equal(near("usr"), "user");
    assert_string_equal(near("disk_fudge"), "diskfudge");
}

static void what_is_far_finds_nothing(void **state)
{
    (void)state;
    assert_null(near("frequency"));
    assert_null(near(""));
    assert_null(near("x"));
    assert_null(ps_near("disk", names, 0));
}

static void a_hint_ends_a_sentence_or_is_empty(void **state)
{
    (void)state;
    char out[PS_NEAR_HINT];
    assert_string_equal(ps_near_hint("usr", names, 4, out), "; did you mean \"user\"?");
    assert_string_equal(ps_near_hint("frequency", names, 4, out), "");
}

static void a_word_without_bounds_is_like_nothing(void **state)
{
    (void)state;
    char word[4096];
    memset(word, 'd', sizeof(word) - 1);
    word[sizeof(word) - 1] = '\0';
    assert_null(near(word));
    assert_true(ps_near_distance(word, "disk") == SIZE_MAX);
    word[PS_NEAR_MAX] = '\0';
    assert_int_equal(ps_near_distance(word, "disk"), PS_NEAR_MAX - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(distance_counts_single_mistakes),
        cmocka_unit_test(a_typo_finds_its_word),
        cmocka_unit_test(what_is_far_finds_nothing),
        cmocka_unit_test(a_hint_ends_a_sentence_or_is_empty),
        cmocka_unit_test(a_word_without_bounds_is_like_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
