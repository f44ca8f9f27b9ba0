// SPDX-License-Identifier: Apache-2.0
#include "archive_fix.h"
#include <math.h>
#include "psarchive/hist_pack.h"

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
    struct hist h;
    char out[HIST_KEY_MAX + 1];
    (void)state;
    for (size_t i = 0; i < COUNT(keys); i++) {
        hist_init(&h);
        assert_int_equal(hist_add(&h, keys[i], 5), 0);
        assert_string_equal(hist_key(&h.at[0], out), keys[i]);
        hist_fini(&h);
    }
}

static void buckets_are_sorted_and_joined(void **state)
{
    struct hist h;
    char words[200];
    (void)state;
    hist_of(&h, "b:1 10.5:2 9.5:3 10:4 a:5 10.5:6 -1.5:7");
    hist_words(&h, words, sizeof words);
    assert_string_equal(words, "10:4 -1.5:7 9.5:3 10.5:8 a:5 b:1");
    hist_fini(&h);
}

static void bounds_are_kept(void **state)
{
    struct hist h;
    char key[HIST_KEY_MAX + 2];
    (void)state;
    hist_init(&h);
    memset(key, 'x', sizeof key);
    key[HIST_KEY_MAX + 1] = '\0';
    assert_int_equal(hist_add(&h, key, 1), PS_ELIMIT);
    assert_int_equal(hist_add(&h, "1", HIST_COUNT_MAX + 1), PS_ERANGE);
    assert_int_equal(hist_add(&h, "1", HIST_COUNT_MAX), 0);
    assert_int_equal(hist_add(&h, "1", 1), 0);
    assert_int_equal(hist_settle(&h), PS_ERANGE);
    hist_fini(&h);
}

static void merging_adds_and_takes_away(void **state)
{
    struct hist a, b;
    char words[200];
    (void)state;
    hist_of(&a, "1.5:1 2.5:2 x:3");
    hist_of(&b, "2.5:10 3.5:1 0.5:7 9.5:0 y:1");
    assert_int_equal(hist_merge(&a, &b, false), 0);
    hist_words(&a, words, sizeof words);
    assert_string_equal(words, "0.5:7 1.5:1 2.5:12 3.5:1 x:3 y:1");
    assert_int_equal(hist_merge(&a, &b, true), 0);
    hist_words(&a, words, sizeof words);
    assert_string_equal(words, "1.5:1 2.5:2 x:3");
    assert_int_equal(hist_merge(&a, &b, true), PS_ERANGE);
    hist_words(&a, words, sizeof words);
    assert_string_equal(words, "1.5:1 2.5:2 x:3");
    hist_fini(&a);
    hist_fini(&b);
}

static void pack_and_compare(const struct hist *h, size_t *octets)
{
    struct bitput w;
    struct bitget r;
    struct hist back;
    bitput_init(&w);
    hist_pack(&w, h);
    assert_int_equal(bitput_end(&w), 0);
    bitget_init(&r, w.data, w.len);
    assert_int_equal(hist_unpack(&r, &back), 0);
    assert_int_equal(bitget_end(&r), 0);
    assert_true(hist_equal(h, &back));
    for (size_t cut = 0; cut < w.len; cut++) { // what is cut off is refused
        struct hist none;
        bitget_init(&r, w.data, cut);
        assert_int_not_equal(hist_unpack(&r, &none), 0);
        assert_null(none.at);
    }
    *octets = w.len;
    hist_fini(&back);
    bitput_fini(&w);
}

static void packed_histograms_come_back(void **state)
{
    static const char *const all[] = {"",
                                      "1:0",
                                      "250:600",
                                      "41.00:98 41.10:98 41.20:3 50.00:1",
                                      "41.1:5 41.10:6 x:7 y:8",
                                      "-5:1 99999999999999999:70368744177664",
                                      "0.00:600 0.01:0 1000000.00:1"};
    size_t octets;
    (void)state;
    for (size_t i = 0; i < COUNT(all); i++) {
        struct hist h;
        hist_of(&h, all[i]);
        pack_and_compare(&h, &octets);
        hist_fini(&h);
    }
}

static void delays_of_a_minute_take_little_more_than_an_octet_a_bucket(void **state)
{
    struct hist h;
    size_t octets;
    (void)state;
    hist_of(&h, "34.40:3 34.41:11 34.42:38 34.43:81 34.44:119 34.45:121 34.46:98 34.47:61 34.48:35 34.49:17 "
                "34.50:8 34.51:4 34.52:1 34.55:1 34.61:1 35.02:1");
    pack_and_compare(&h, &octets);
    assert_true(octets <= 24);
    hist_fini(&h);
}

static void close_to(double got, double wanted)
{
    if (fabs(got - wanted) > 1e-6)
        fail_msg("got %.9f, wanted %.9f", got, wanted);
}

static void statistics_are_those_of_the_vectors(void **state)
{
    struct hist h;
    struct hist_stats s;
    (void)state;
    hist_of(&h, "41.00:98 41.10:98 41.20:3 50.0:1");
    assert_int_equal(hist_statistics(&h, &s), 0);
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
    hist_stats_fini(&s);
    hist_fini(&h);
    hist_of(&h, "41.00:196 41.10:100 41.20:3 50.0:1");
    assert_int_equal(hist_statistics(&h, &s), 0);
    close_to(s.mean, 41.065333333);
    close_to(s.median, 41.0);
    close_to(s.variance, 0.269465);
    close_to(s.standard_deviation, 0.519100);
    assert_int_equal(s.nmodes, 1);
    hist_stats_fini(&s);
    hist_fini(&h);
}

static void nothing_and_what_is_no_number_have_no_statistics(void **state)
{
    static const char *const all[] = {"", "5:0 6:0", "5:1 x:1"};
    (void)state;
    for (size_t i = 0; i < COUNT(all); i++) {
        struct hist h;
        struct hist_stats s;
        hist_of(&h, all[i]);
        assert_int_equal(hist_statistics(&h, &s), 0);
        assert_false(s.defined);
        hist_stats_fini(&s);
        hist_fini(&h);
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
        struct hist h;
        struct hist_stats s;
        double x[600];
        size_t n = 0;
        hist_init(&h);
        for (int i = 0; i < 20; i++) {
            char key[16];
            unsigned count = (unsigned)(ps_rand_u64(&rand) % 30);
            snprintf(key, sizeof key, "%d.%d", i, (int)(ps_rand_u64(&rand) % 10));
            assert_int_equal(hist_add(&h, key, count), 0);
            for (; count > 0; count--)
                x[n++] = strtod(key, NULL);
        }
        assert_int_equal(hist_settle(&h), 0);
        assert_int_equal(hist_statistics(&h, &s), 0);
        close_to(s.percentile_25, by_formula(x, n, 25));
        close_to(s.median, by_formula(x, n, 50));
        close_to(s.percentile_95, by_formula(x, n, 95));
        hist_stats_fini(&s);
        hist_fini(&h);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_are_read_back_as_they_were),
        cmocka_unit_test(buckets_are_sorted_and_joined),
        cmocka_unit_test(bounds_are_kept),
        cmocka_unit_test(merging_adds_and_takes_away),
        cmocka_unit_test(packed_histograms_come_back),
        cmocka_unit_test(delays_of_a_minute_take_little_more_than_an_octet_a_bucket),
        cmocka_unit_test(statistics_are_those_of_the_vectors),
        cmocka_unit_test(nothing_and_what_is_no_number_have_no_statistics),
        cmocka_unit_test(percentiles_are_those_of_the_samples),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
