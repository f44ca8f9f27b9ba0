// SPDX-License-Identifier: Apache-2.0
#include "psarchive/octets.h"
#include "psarchive/place.h"
#include "psarchive/store_impl.h"

#define METAS 200 // of a kind; of each the newest 500 rows of a table

struct tally {
    double rows, octets;
};

struct measure {
    struct ps_stmt *points, *documents, *rollups;
    uint64_t metas[SIZING_TESTS];
    struct tally row[SIZING_TESTS], document[SIZING_TESTS], rollup[SIZING_TESTS][SIZING_WINDOWS];
};

// Who registered it may not have said what kind of test it is.
static enum sizing_test test_of(const struct meta *m)
{
    static const struct {
        const char *event;
        enum sizing_test test;
    } signs[] = {{"histogram-owdelay", SIZING_LATENCYBG},
                 {"histogram-rtt", SIZING_RTT},
                 {"packet-trace", SIZING_TRACE},
                 {"throughput", SIZING_THROUGHPUT}};
    const char *type = meta_get(m, "pscheduler-test-type");
    if (type != NULL)
        return (enum sizing_test)sizing_find(type);
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
        if (meta_has_event(m, es_event_find(signs[i].event)))
            return signs[i].test;
    return SIZING_OTHER;
}

static int add(struct ps_stmt *st, int64_t first, int64_t last, struct tally *t)
{
    ps_stmt_i64(st, 1, first);
    ps_stmt_i64(st, 2, last);
    int got = ps_stmt_step(st);
    if (got == 1) {
        t->rows += (double)ps_stmt_col_i64(st, 0);
        t->octets += (double)ps_stmt_col_i64(st, 1);
    }
    ps_stmt_reset(st);
    return got < 0 ? got : 0;
}

static int add_rollups(struct measure *x, const struct meta *m, struct tally *all)
{
    int err = 0;
    for (size_t i = 0; err == 0 && i < m->nwindows; i++)
        for (int w = 0; err == 0 && w < SIZING_WINDOWS; w++)
            if (m->windows[i] == sizing_window(w))
                err = add(x->rollups, place_rollup(m->id, (unsigned)i, 0),
                          place_rollup(m->id, (unsigned)i, PLACE_TS_MAX), &all[w]);
    return err;
}

static int look(struct measure *x, const struct meta *m)
{
    enum sizing_test test = test_of(m);
    if (x->metas[test]++ >= METAS)
        return 0;
    int64_t first = place_point(m->id, 0), last = place_point(m->id, PLACE_TS_MAX);
    int err = add(x->points, first, last, &x->row[test]);
    if (err == 0)
        err = add(x->documents, first, last, &x->document[test]);
    return err != 0 ? err : add_rollups(x, m, x->rollup[test]);
}

static int look_at_all(struct measure *x, struct store *s)
{
    static const struct filter every;
    struct search search;
    const struct meta *found[64];
    int err = 0;
    search_begin(&search, store_catalog(s), &every);
    for (size_t n; (n = search_next(&search, found, 64)) > 0;)
        for (size_t i = 0; i < n; i++) {
            err = err == 0 ? look(x, found[i]) : err;
            meta_unref(found[i]);
        }
    return err;
}

// The newest of a meta.
#define SAMPLE(table)                                                      \
    "SELECT count(*), total(n) FROM (SELECT length(body) AS n FROM " table \
    " WHERE place BETWEEN ?1 AND ?2 ORDER BY place DESC LIMIT 500)"

static double mean(const struct tally *t, double otherwise)
{
    return t->rows > 0 ? t->octets / t->rows : otherwise;
}

static void conclude(const struct measure *x, int test, struct octets *out)
{
    const struct sizing_octets *known = sizing_measured((enum sizing_test)test);
    out->rows = (uint64_t)x->row[test].rows;
    out->documents = (uint64_t)x->document[test].rows;
    out->octets = *known;
    out->octets.row = mean(&x->row[test], known->row);
    out->octets.document = mean(&x->document[test], known->document);
    for (int w = 0; w < SIZING_WINDOWS; w++)
        out->octets.rollup[w] = mean(&x->rollup[test][w], known->rollup[w]);
}

int octets_measure(struct store *s, struct octets *all)
{
    struct measure x = {0};
    int err = ps_stmt_new(&x.points, s->db, SAMPLE("point"));
    if (err == 0)
        err = ps_stmt_new(&x.documents, s->db, SAMPLE("document"));
    if (err == 0)
        err = ps_stmt_new(&x.rollups, s->db, SAMPLE("rollup"));
    if (err == 0)
        err = look_at_all(&x, s);
    ps_stmt_free(x.points);
    ps_stmt_free(x.documents);
    ps_stmt_free(x.rollups);
    for (int t = 0; err == 0 && t < SIZING_TESTS; t++)
        conclude(&x, t, &all[t]);
    return err;
}
