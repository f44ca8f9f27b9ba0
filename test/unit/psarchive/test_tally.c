// SPDX-License-Identifier: Apache-2.0
// Against a histogram that the same is merged into.
#include "archive_fix.h"
#include "psarchive/hist_pack.h"
#include "psarchive/tally.h"

struct pair {
    struct tally tally;
    struct es_hist hist;
    struct ps_rand rand;
};

static uint64_t below(struct pair *p, uint64_t n)
{
    return ps_rand_u64(&p->rand) % n;
}

// kind 0: keys close together; 1: some of them far away; 2: of other forms, too.
static void random_hist(struct pair *p, unsigned kind, struct es_hist *h)
{
    char key[32];
    es_hist_init(h);
    for (uint64_t n = below(p, 30); n > 0; n--) {
        snprintf(key, sizeof key, "41.%02d", (int)below(p, 70));
        if (kind > 0 && below(p, 20) == 0)
            snprintf(key, sizeof key, "%d.%02d", (int)below(p, 100000), (int)below(p, 100));
        if (kind > 1 && below(p, 20) == 0)
            snprintf(key, sizeof key, below(p, 2) ? "k%d" : "-%d.5", (int)below(p, 4));
        assert_int_equal(es_hist_add(h, key, below(p, 5) * below(p, 200)), 0);
    }
    assert_int_equal(es_hist_settle(h), 0);
}

static void packed(const struct pair *p, struct bitput *tally, struct bitput *hist)
{
    bitput_init(tally);
    bitput_init(hist);
    tally_pack(tally, &p->tally);
    hist_pack(hist, &p->hist);
    assert_int_equal(bitput_end(tally), 0);
    assert_int_equal(bitput_end(hist), 0);
}

static void assert_same(struct pair *p)
{
    struct bitput a, b;
    struct bitget g;
    struct tally again;
    packed(p, &a, &b);
    assert_int_equal(a.len, b.len);
    if (a.len > 0)
        assert_memory_equal(a.data, b.data, a.len);
    bitget_init(&g, a.data, a.len);
    assert_int_equal(tally_unpack(&g, &again), 0);
    assert_true(tally_equal(&p->tally, &again));
    assert_true(tally_equal(&again, &p->tally));
    tally_fini(&again);
    bitput_fini(&a);
    bitput_fini(&b);
}

static void begin(struct pair *p, uint64_t seed)
{
    *p = (struct pair){0};
    ps_rand_seed(&p->rand, seed);
}

static void end(struct pair *p)
{
    tally_fini(&p->tally);
    es_hist_fini(&p->hist);
}

static void change(struct pair *p, const struct es_hist *h, bool minus)
{
    int err = es_hist_merge(&p->hist, h, minus);
    assert_int_equal(tally_add(&p->tally, h, minus), err);
    assert_same(p);
}

static void any_additions_come_to_what_merging_comes_to(void **state)
{
    (void)state;
    for (unsigned seed = 0; seed < 300; seed++) {
        struct pair p;
        struct es_hist were[8];
        begin(&p, seed);
        for (unsigned i = 0; i < 40; i++) {
            struct es_hist *h = &were[i % 8];
            if (i >= 8) {
                if (below(&p, 3) == 0)
                    change(&p, h, true); // it was added before: or an error, the same of both
                es_hist_fini(h);
            }
            random_hist(&p, seed % 3, h);
            change(&p, h, below(&p, 9) == 0);
        }
        for (unsigned i = 0; i < 8; i++)
            es_hist_fini(&were[i]);
        end(&p);
    }
}

static void what_is_taken_away_and_not_there_changes_nothing(void **state)
{
    struct pair p;
    struct es_hist h, more;
    (void)state;
    begin(&p, 1);
    hist_of(&h, "41.01:3 41.02:4");
    change(&p, &h, false);
    hist_of(&more, "41.01:1 41.02:5");
    assert_int_equal(tally_add(&p.tally, &more, true), PS_ERANGE);
    assert_same(&p);
    es_hist_fini(&more);
    hist_of(&more, "41.01:1 99.02:1");
    assert_int_equal(tally_add(&p.tally, &more, true), PS_ERANGE);
    assert_same(&p);
    es_hist_fini(&more);
    es_hist_fini(&h);
    end(&p);
}

static void counts_have_a_bound(void **state)
{
    struct pair p;
    struct es_hist h;
    (void)state;
    begin(&p, 1);
    hist_of(&h, "1.0:1 1.1:1");
    h.at[1].count = ES_HIST_TOTAL_MAX;
    change(&p, &h, false);
    h.at[1].count = 1;
    assert_int_equal(tally_add(&p.tally, &h, false), PS_ERANGE);
    assert_same(&p);
    es_hist_fini(&h);
    end(&p);
}

static void keys_far_apart_take_no_room_between_them(void **state)
{
    struct pair p;
    struct es_hist h;
    (void)state;
    begin(&p, 1);
    hist_of(&h, "1.00:1 1.01:1");
    change(&p, &h, false);
    es_hist_fini(&h);
    hist_of(&h, "1.00:1 90000000000.00:1");
    change(&p, &h, false);
    assert_true(tally_octets(&p.tally) < 1000);
    es_hist_fini(&h);
    end(&p);
}

static void it_becomes_a_histogram_again(void **state)
{
    struct pair p;
    (void)state;
    begin(&p, 7);
    for (unsigned i = 0; i < 10; i++) {
        struct es_hist h;
        random_hist(&p, 0, &h);
        change(&p, &h, false);
        es_hist_fini(&h);
    }
    assert_int_equal(tally_settle(&p.tally), 0);
    assert_true(es_hist_equal(&p.tally.hist, &p.hist));
    assert_same(&p);
    end(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_additions_come_to_what_merging_comes_to),
        cmocka_unit_test(what_is_taken_away_and_not_there_changes_nothing),
        cmocka_unit_test(counts_have_a_bound),
        cmocka_unit_test(keys_far_apart_take_no_room_between_them),
        cmocka_unit_test(it_becomes_a_histogram_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
