// SPDX-License-Identifier: Apache-2.0
#include "archive_fix.h"
#include "psarchive/spark.h"
#include "psarchive/when.h"

static void heights_are_between_the_least_and_the_greatest(void **state)
{
    char out[100];
    (void)state;
    assert_string_equal(spark_line((const double[]){0, 7, 3.5, 1}, 4, 80, out), "▁█▅▂");
    assert_string_equal(spark_line((const double[]){5, 5, 5}, 3, 80, out), "▁▁▁");
    assert_string_equal(spark_line(NULL, 0, 80, out), "");
}

static void a_peak_is_seen_where_places_are_shared(void **state)
{
    double v[1000] = {0};
    char out[61];
    (void)state;
    v[501] = 1;
    assert_string_equal(spark_line(v, 1000, 4, out), "▁▁█▁");
}

static void times_have_many_forms(void **state)
{
    static const struct {
        const char *text;
        int64_t ts;
    } all[] = {
        {"1700000000", 1700000000},           {"90s", 1800000000 - 90},    {"10m", 1800000000 - 600},
        {"6h", 1800000000 - 21600},           {"7d", 1800000000 - 604800}, {"2w", 1800000000 - 1209600},
        {"2023-11-14T22:13:20Z", 1700000000}, {"2023-11-14", 1699920000},
    };
    static const char *const wrong[] = {
        "", "h", "6x", "-5m", "2023-13-01", "2023-11-14x", "99999999999999999999d"};
    char out[WHEN_SIZE];
    int64_t ts;
    (void)state;
    for (size_t i = 0; i < COUNT(all); i++) {
        assert_int_equal(when_parse(all[i].text, 1800000000, &ts), 0);
        assert_int_equal(ts, all[i].ts);
    }
    for (size_t i = 0; i < COUNT(wrong); i++)
        assert_int_equal(when_parse(wrong[i], 1800000000, &ts), PS_ESYNTAX);
    assert_string_equal(when_text(1700000000, out), "2023-11-14T22:13:20Z");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(heights_are_between_the_least_and_the_greatest),
        cmocka_unit_test(a_peak_is_seen_where_places_are_shared),
        cmocka_unit_test(times_have_many_forms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
