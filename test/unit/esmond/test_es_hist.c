// SPDX-License-Identifier: Apache-2.0
#include "es_fix.h"
#include <math.h>
#include "base/ps_rand.h"

static void keys_are_read_back_as_they_were(void **state)
{
    static const char *const keys[] = {"41.10",
                                       "41.1",
                                       "0",
                                       "-3",
                                       "0.00",
                                       "-0.5",
                                       "007",
                                       ".5",
                                       "1.",
                                       "1e3",
                                       "-0",
                                       "-0.0",
                                       "",
                                       "foo",
                                       "99999999999999999",
                                       "999999999999999999",
                                       "0.123456789012345",
                                       "0.1234567890123456",
                                       "1.2.3",
                                       "00.1",
                                       "12.x"};
    struct es_hist h;
    char out[ES_HIST_KEY_MAX + 1];
    (void)state;
    for (size_t i = 0; i < COUNT(keys); i++) {
        es_hist_init(&h);
        assert_int_equal(es_hist_add(&h, keys[i], 5), 0);
        assert_string_equal(es_hist_key(&h.at[0], out), keys[i]);
        es_hist_fini(&h);
    }
}

static void buckets_are_sorted_and_joined(void **state)
{
    struct es_hist h;
    char words[200];
    (void)state;
    hist_of(&h, "b:1 10.5:2 9.5:3 10:4 a:5 10.5:6 -1.5:7");
    hist_words(&h, words, sizeof words);
    assert_string_equal(words, "10:4 -1.5:7 9.5:3 10.5:8 a:5 b:1");
    es_hist_fini(&h);
}

static void bounds_are_kept(void **state)
{
    struct es_hist h;
    char key[ES_HIST_KEY_MAX + 2];
    (void)state;
    es_hist_init(&h);
    memset(key, 'x', sizeof key);
    key[ES_HIST_KEY_MAX + 1] = '\0';
    assert_int_equal(es_hist_add(&h, key, 1), PS_ELIMIT);
    assert_int_equal(es_hist_add(&h, "1", ES_HIST_COUNT_MAX + 1), PS_ERANGE);
    assert_int_equal(es_hist_add(&h, "1", ES_HIST_COUNT_MAX), 0);
    assert_int_equal(es_hist_add(&h, "1", 1), 0);
    assert_int_equal(es_hist_settle(&h), PS_ERANGE);
    es_hist_fini(&h);
}

static void merging_adds_and_takes_away(void **state)
{
    struct es_hist a, b;
    char words[200];
    (void)state;
    hist_of(&a, "1.5:1 2.5:2 x:3");
    hist_of(&b, "2.5:10 3.5:1 0.5:7 9.5:0 y:1");
    assert_int_equal(es_hist_merge(&a, &b, false), 0);
    hist_words(&a, words, sizeof words);
    assert_string_equal(words, "0.5:7 1.5:1 2.5:12 3.5:1 x:3 y:1");
    assert_int_equal(es_hist_merge(&a, &b, true), 0);
    hist_words(&a, words, sizeof words);
    assert_string_equal(words, "1.5:1 2.5:2 x:3");
    assert_int_equal(es_hist_merge(&a, &b, true), PS_ERANGE);
    hist_words(&a, words, sizeof words);
    assert_string_equal(words, "1.5:1 2.5:2 x:3");
    es_hist_fini(&a);
    es_hist_fini(&b);
}

static void close_to(double got, double wanted)
{
    if (fabs(got - wanted) > 1e-6)
        fail_msg("got %.9f, wanted %.9f", got, wanted);
}

static void statistics_are_those_of_the_vectors(void **state)
{
    struct es_hist h;
    struct es_hist_stats s;
    (void)state;
    hist_of(&h, "41.00:98 41.10:98 41.20:3 50.0:1");
    assert_int_equal(es_hist_statistics(&h, &s), 0);
    assert_true(s.defined);
    close_to(s.mean, 41.097);
    close_to(s.median, 41.1);
    close_to(s.percentile_25, 41.0);
    close_to(s.percentile_75, 41.1);
    close_to(s.percentile_95, 41.1);
    close_to(s.minimum, 41);
    close_to(s.maximum, 50);
    close_to(s.variance, 0.401091);
    close_to(s.standard_deviation, 0.633317);
    assert_int_equal(s.nmodes, 2);
    close_to(s.modes[0], 41.0);
    close_to(s.modes[1], 41.1);
    es_hist_stats_fini(&s);
    es_hist_fini(&h);
    hist_of(&h, "41.00:196 41.10:100 41.20:3 50.0:1");
    assert_int_equal(es_hist_statistics(&h, &s), 0);
    close_to(s.mean, 41.065333333);
    close_to(s.median, 41.0);
    close_to(s.variance, 0.269465);
    close_to(s.standard_deviation, 0.519100);
    assert_int_equal(s.nmodes, 1);
    es_hist_stats_fini(&s);
    es_hist_fini(&h);
}

static void nothing_and_what_is_no_number_have_no_statistics(void **state)
{
    static const char *const all[] = {"", "5:0 6:0", "5:1 x:1"};
    (void)state;
    for (size_t i = 0; i < COUNT(all); i++) {
        struct es_hist h;
        struct es_hist_stats s;
        hist_of(&h, all[i]);
        assert_int_equal(es_hist_statistics(&h, &s), 0);
        assert_false(s.defined);
        es_hist_stats_fini(&s);
        es_hist_fini(&h);
    }
}

// Samples written out one by one, by the formula of NIST 7.2.5.2.
static double by_formula(const double *x, size_t n, unsigned p)
{
    size_t k = (n + 1) * p / 100;
    double d = (double)((n + 1) * p % 100) / 100;
    if (k == 0)
        return x[0];
    return k >= n ? x[n - 1] : x[k - 1] + d * (x[k] - x[k - 1]);
}

static void percentiles_are_those_of_the_samples(void **state)
{
    struct ps_rand rand;
    (void)state;
    ps_rand_seed(&rand, 3);
    for (int round = 0; round < 500; round++) {
        struct es_hist h;
        struct es_hist_stats s;
        double x[600];
        size_t n = 0;
        es_hist_init(&h);
        for (int i = 0; i < 20; i++) {
            char key[16];
            unsigned count = (unsigned)(ps_rand_u64(&rand) % 30);
            snprintf(key, sizeof key, "%d.%d", i, (int)(ps_rand_u64(&rand) % 10));
            assert_int_equal(es_hist_add(&h, key, count), 0);
            for (; count > 0; count--)
                x[n++] = strtod(key, NULL);
        }
        assert_int_equal(es_hist_settle(&h), 0);
        assert_int_equal(es_hist_statistics(&h, &s), 0);
        close_to(s.percentile_25, by_formula(x, n, 25));
        close_to(s.median, by_formula(x, n, 50));
        close_to(s.percentile_95, by_formula(x, n, 95));
        es_hist_stats_fini(&s);
        es_hist_fini(&h);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_are_read_back_as_they_were),
        cmocka_unit_test(buckets_are_sorted_and_joined),
        cmocka_unit_test(bounds_are_kept),
        cmocka_unit_test(merging_adds_and_takes_away),
        cmocka_unit_test(statistics_are_those_of_the_vectors),
        cmocka_unit_test(nothing_and_what_is_no_number_have_no_statistics),
        cmocka_unit_test(percentiles_are_those_of_the_samples),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
