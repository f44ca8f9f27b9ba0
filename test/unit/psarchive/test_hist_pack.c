// SPDX-License-Identifier: Apache-2.0
#include "archive_fix.h"
#include "psarchive/hist_pack.h"

static void pack_and_compare(const struct es_hist *h, size_t *octets)
{
    struct bitput w;
    struct bitget r;
    struct es_hist back;
    bitput_init(&w);
    hist_pack(&w, h);
    assert_int_equal(bitput_end(&w), 0);
    bitget_init(&r, w.data, w.len);
    assert_int_equal(hist_unpack(&r, &back), 0);
    assert_int_equal(bitget_end(&r), 0);
    assert_true(es_hist_equal(h, &back));
    for (size_t cut = 0; cut < w.len; cut++) { // what is cut off is refused
        struct es_hist none;
        bitget_init(&r, w.data, cut);
        assert_int_not_equal(hist_unpack(&r, &none), 0);
        assert_null(none.at);
    }
    *octets = w.len;
    es_hist_fini(&back);
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
        struct es_hist h;
        hist_of(&h, all[i]);
        pack_and_compare(&h, &octets);
        es_hist_fini(&h);
    }
}

static void delays_of_a_minute_take_little_more_than_an_octet_a_bucket(void **state)
{
    struct es_hist h;
    size_t octets;
    (void)state;
    hist_of(&h, "34.40:3 34.41:11 34.42:38 34.43:81 34.44:119 34.45:121 34.46:98 34.47:61 34.48:35 34.49:17 "
                "34.50:8 34.51:4 34.52:1 34.55:1 34.61:1 35.02:1");
    pack_and_compare(&h, &octets);
    assert_true(octets <= 24);
    es_hist_fini(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(packed_histograms_come_back),
        cmocka_unit_test(delays_of_a_minute_take_little_more_than_an_octet_a_bucket),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
