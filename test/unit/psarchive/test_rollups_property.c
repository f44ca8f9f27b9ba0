// SPDX-License-Identifier: Apache-2.0
// Whatever the order in which points come, however they are put together and however often they come again: the
// roll-ups are those that are computed from the points at once.
#include "archive_fix.h"
#include "psarchive/rollup.h"

#define METAS 3
#define POINTS 400 // of a meta
#define START 1700000000
#define SPREAD 90000 // seconds: more than a day

static const char *const events[] = {"packet-count-sent", "packet-count-lost", "packet-loss-rate",
                                     "histogram-owdelay", "time-error-estimates"};

struct given {
    unsigned meta;
    int64_t ts;
    size_t event;
    struct es_value value;
};

struct world {
    struct ps_rand rand;
    const struct meta *metas[METAS];
    struct given at[METAS * POINTS * COUNT(events)];
    size_t n;
};

static uint64_t below(struct world *w, uint64_t n)
{
    return ps_rand_u64(&w->rand) % n;
}

static void random_hist(struct world *w, struct es_hist *h)
{
    char key[32];
    bool close = below(w, 2) == 0; // as those of one path are
    es_hist_init(h);
    for (uint64_t n = below(w, 12); n > 0; n--) {
        if (close)
            snprintf(key, sizeof key, "7.%02d", (int)below(w, 100));
        else if (below(w, 20) == 0)
            snprintf(key, sizeof key, "k%d", (int)below(w, 4));
        else
            snprintf(key, sizeof key, "%d.%0*d", (int)below(w, 40), below(w, 9) == 0 ? 1 : 2,
                     (int)below(w, 10));
        assert_int_equal(es_hist_add(h, key, below(w, 300)), 0);
    }
    assert_int_equal(es_hist_settle(h), 0);
}

static struct es_value random_value(struct world *w, size_t event)
{
    struct es_value v = {0};
    switch (event) {
    case 0:
        return number((double)below(w, 600));
    case 1:
        return number((double)below(w, 1000) * 0.37);
    case 2:
        return ratio(below(w, 600), 600);
    case 3:
        v.form = ES_VALUE_HIST;
        random_hist(w, &v.hist);
        return v;
    default:
        return number((double)below(w, 1000000) / 3 - 1000);
    }
}

static struct es_value copy_of(const struct es_value *v)
{
    struct es_value copy = *v;
    if (v->form == ES_VALUE_HIST)
        assert_int_equal(es_hist_copy(&copy.hist, &v->hist), 0);
    return copy;
}

static void make_world(struct fix *f, struct world *w, uint64_t seed)
{
    ps_rand_seed(&w->rand, seed);
    for (unsigned m = 0; m < METAS; m++) {
        struct es_reg r;
        reg_path(&r, m);
        reg_windows(&r, "time-error-estimates", ES_SUMMARY_AVERAGE);
        reg_summary(&r, "packet-count-lost", ES_SUMMARY_AVERAGE, 60 * (m + 7));
        w->metas[m] = put_registration(f, &r);
        es_reg_fini(&r);
        for (unsigned i = 0; i < POINTS; i++)
            for (size_t e = 0; e < COUNT(events); e++)
                if (below(w, 5) > 0)
                    w->at[w->n++] = (struct given){m, START + i * (SPREAD / POINTS), e, random_value(w, e)};
    }
}

static void shuffle(struct world *w)
{
    for (size_t i = w->n - 1; i > 0; i--) {
        size_t k = below(w, i + 1);
        struct given at = w->at[i];
        w->at[i] = w->at[k];
        w->at[k] = at;
    }
}

static void done(void *ctx, struct put *p)
{
    (void)ctx;
    assert_int_equal(p->err, 0);
    put_free(p);
}

// Puts of up to 20 values, some of which were given before, and up to 50 puts that the writer may take at once.
static void give_all(struct fix *f, struct world *w)
{
    for (size_t i = 0; i < w->n;) {
        unsigned m = w->at[i].meta;
        struct put *p = put_to(f, w->metas[m]);
        p->done = done;
        for (uint64_t n = 1 + below(w, 20); n > 0 && i < w->n && w->at[i].meta == m; n--, i++) {
            struct es_value v = copy_of(&w->at[i].value);
            put_one(p, w->at[i].ts, events[w->at[i].event], v);
        }
        for (uint64_t n = below(w, 4); n > 0; n--) {
            const struct given *again = &w->at[below(w, i)];
            if (again->meta == m)
                put_one(p, again->ts, events[again->event], copy_of(&again->value));
        }
        assert_int_equal(port_put(f->port, p), 0);
        port_wait(f->port, 50);
        if (below(w, 100) == 0) { // what is remembered between transactions goes
            port_wait(f->port, 0);
            fix_close(f);
            fix_open(f);
        }
    }
    port_wait(f->port, 0);
}

static struct rollup *from_scratch(const struct world *w, unsigned m, uint32_t window, int64_t ts)
{
    struct rollup *r;
    assert_int_equal(rollup_new(&r, w->metas[m], window), 0);
    for (size_t i = 0; i < w->n; i++)
        if (w->at[i].meta == m && w->at[i].ts - w->at[i].ts % window == ts)
            assert_int_equal(rollup_add(r, ev(events[w->at[i].event]), &w->at[i].value, false), 0);
    return r;
}

static void compare_value(struct rollup_sum *wanted, enum es_summary_type type, const struct es_value *got)
{
    struct es_value v;
    assert_int_equal(rollup_value(wanted, type, &v), 0);
    if (type != ES_SUMMARY_STATISTICS)
        assert_true(es_value_equal(&v, got));
    else {
        assert_int_equal(v.stats->defined, got->stats->defined);
        assert_true(v.stats->median == got->stats->median && v.stats->variance == got->stats->variance);
    }
    es_value_fini(&v);
}

static size_t check_summary(struct fix *f, const struct world *w, unsigned m, const struct es_summary *s)
{
    struct series *cursor;
    const struct point *p;
    size_t n = 0;
    int got;
    assert_int_equal(series_open(&cursor, f->reader, w->metas[m], s->event, (enum es_summary_type)s->type,
                                 s->window, 0, INT64_MAX),
                     0);
    while ((got = series_next(cursor, &p)) > 0) {
        if (s->window > 0) {
            struct rollup *r = from_scratch(w, m, s->window, p->ts);
            compare_value(rollup_find(r, s->event), (enum es_summary_type)s->type, &p->value);
            rollup_free(r);
        }
        n++;
    }
    assert_int_equal(got, 0);
    series_close(cursor);
    return n;
}

static size_t windows_with_points(const struct world *w, unsigned m, const struct es_summary *s)
{
    int64_t last = -1;
    size_t n = 0;
    for (int64_t ts = START; ts < START + SPREAD; ts++) {
        int64_t at = s->window > 0 ? ts - ts % s->window : ts;
        if (at == last)
            continue;
        last = at;
        for (size_t i = 0; i < w->n; i++) {
            const struct given *g = &w->at[i];
            if (g->meta == m && ev(events[g->event]) == s->event &&
                (s->window > 0 ? g->ts - g->ts % s->window : g->ts) == at) {
                n++;
                break;
            }
        }
    }
    return n;
}

static void check_world(struct fix *f, const struct world *w)
{
    for (unsigned m = 0; m < METAS; m++)
        for (size_t i = 0; i < w->metas[m]->nsummaries; i++) {
            const struct es_summary *s = &w->metas[m]->summaries[i];
            size_t n = check_summary(f, w, m, s);
            assert_true(n > 0);
            if (s->window >= 300)
                assert_int_equal(n, windows_with_points(w, m, s));
        }
}

static void free_world(struct world *w)
{
    for (size_t i = 0; i < w->n; i++)
        es_value_fini(&w->at[i].value);
    for (unsigned m = 0; m < METAS; m++)
        meta_unref(w->metas[m]);
    free(w);
}

static void any_order_batching_and_repetition_gives_the_same_rollups(void **state)
{
    struct fix *f = *state;
    struct world *w = calloc(1, sizeof *w);
    assert_non_null(w);
    make_world(f, w, 11);
    shuffle(w);
    give_all(f, w);
    check_world(f, w);
    shuffle(w);
    give_all(f, w); // all of it again
    check_world(f, w);
    free_world(w);
}

static int put_of_run(struct fix *f, const struct world *w, size_t i)
{
    const struct given *g = &w->at[i];
    struct put *p = put_to(f, w->metas[g->meta]);
    put_one(p, g->ts, events[g->event], copy_of(&g->value));
    put_one(p, g->ts, "pscheduler-run-href", text("{}"));
    int err = put_through(f, p);
    put_free(p);
    return err;
}

static void a_histogram_that_is_replaced_leaves_nothing_of_itself(void **state)
{
    struct fix *f = *state;
    struct world *w = calloc(1, sizeof *w);
    assert_non_null(w);
    make_world(f, w, 12);
    shuffle(w);
    give_all(f, w);
    for (size_t i = 0; i < w->n; i++)
        assert_int_equal(put_of_run(f, w, i), 0);
    for (size_t i = 0; i < w->n; i += 3)
        if (w->at[i].event == 3) {
            es_value_fini(&w->at[i].value);
            w->at[i].value = random_value(w, 3);
        }
    for (size_t i = 0; i < w->n; i++)
        assert_int_equal(put_of_run(f, w, i), 0);
    check_world(f, w);
    free_world(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(any_order_batching_and_repetition_gives_the_same_rollups),
        TEST(a_histogram_that_is_replaced_leaves_nothing_of_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
