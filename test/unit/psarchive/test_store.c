// SPDX-License-Identifier: Apache-2.0
#include "archive_fix.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include "psarchive/purge.h"
#include "psarchive/store_impl.h"

#define TS 1700000400

static const struct meta *path(struct fix *f, unsigned n)
{
    struct es_reg r;
    reg_path(&r, n);
    const struct meta *m = put_registration(f, &r);
    es_reg_fini(&r);
    return m;
}

static void the_same_registration_is_the_same_meta_also_later(void **state)
{
    struct fix *f = *state;
    const struct meta *a = path(f, 1), *b = path(f, 1), *c = path(f, 2);
    assert_ptr_equal(a, b);
    assert_ptr_not_equal(a, c);
    uint8_t key[ES_REG_KEY_LEN];
    memcpy(key, a->key, sizeof key);
    meta_unref(a);
    meta_unref(b);
    meta_unref(c);
    fix_close(f);
    fix_open(f);
    assert_int_equal(catalog_count(store_catalog(f->store)), 2);
    a = path(f, 1);
    assert_memory_equal(a->key, key, sizeof key);
    assert_int_equal(catalog_count(store_catalog(f->store)), 2);
    meta_unref(a);
}

static void what_was_written_is_there_when_it_is_opened_again(void **state)
{
    struct fix *f = *state;
    const struct meta *m = path(f, 1);
    struct result r;
    assert_int_equal(put_alone(f, m, TS, "packet-count-lost", number(3)), 0);
    assert_int_equal(put_alone(f, m, TS + 60, "failures", text("{\"error\":\"x\"}")), 0);
    assert_true(meta_updated(m, ev("failures")) > 0);
    assert_int_equal(meta_updated(m, ev("packet-count-sent")), 0);
    int64_t when = meta_updated(m, -1);
    meta_unref(m);
    fix_close(f);
    fix_open(f);
    m = path(f, 1);
    assert_true(meta_updated(m, -1) == when);
    assert_int_equal(atomic_load(&m->newest), TS + 60);
    assert_int_equal(result_newest(f->reader, m, INT64_MAX, &r), 1);
    assert_int_equal(r.ts, TS + 60);
    assert_int_equal(r.row.n, 1);
    assert_int_equal(r.row.at[0].event, ev("failures"));
    result_fini(&r);
    meta_unref(m);
}

// As who opens it finds it, while it is written or after its writer was killed.
static void look_beside(struct fix *f, const char *event, int64_t *updated)
{
    struct store_conf conf = {.dir = f->dir, .read_only = true};
    static const struct filter all;
    struct search search;
    const struct meta *m;
    struct store *s;
    assert_int_equal(store_open(&s, &conf, &f->fault), 0);
    search_begin(&search, store_catalog(s), &all);
    assert_int_equal(search_next(&search, &m, 1), 1);
    *updated = meta_updated(m, ev(event));
    meta_unref(m);
    store_close(s);
}

static void when_something_was_first_written_outlives_a_writer_that_is_killed(void **state)
{
    struct fix *f = *state;
    const struct meta *m = path(f, 1);
    int64_t updated;
    assert_int_equal(put_alone(f, m, TS, "packet-count-lost", number(3)), 0);
    assert_int_equal(put_alone(f, m, TS, "failures", text("{}")), 0);
    look_beside(f, "failures", &updated);
    assert_true(updated > TS && updated == meta_updated(m, ev("failures")));
    look_beside(f, "packet-count-lost", &updated);
    assert_true(updated > TS && updated == meta_updated(m, ev("packet-count-lost")));
    look_beside(f, "packet-count-sent", &updated);
    assert_true(updated == 0);
    meta_unref(m);
}

static int forget_seen(void *ctx, struct store *s)
{
    (void)ctx;
    return ps_db_run(s->db, "DELETE FROM seen");
}

static void forgot(void *ctx, int err)
{
    (void)ctx;
    assert_int_equal(err, 0);
}

static void a_newer_point_counts_when_that_was_not_noted(void **state)
{
    struct fix *f = *state;
    const struct meta *m = path(f, 1);
    int64_t updated;
    assert_int_equal(put_alone(f, m, TS, "packet-count-lost", number(3)), 0);
    assert_int_equal(put_alone(f, m, TS + 60, "failures", text("{}")), 0);
    assert_int_equal(port_call(f->port, forget_seen, forgot, NULL), 0);
    port_wait(f->port, 0);
    look_beside(f, "failures", &updated);
    assert_true(updated == TS + 60);
    int64_t ahead = (int64_t)time(NULL) + PUT_AHEAD / 2;
    assert_int_equal(put_alone(f, m, ahead, "failures", text("{}")), 0);
    assert_int_equal(port_call(f->port, forget_seen, forgot, NULL), 0);
    port_wait(f->port, 0);
    look_beside(f, "failures", &updated);
    assert_int_equal(updated, m->created); // the future is none of it, nor the present
    meta_unref(m);
}

static void a_database_of_another_kind_or_version_is_left_alone(void **state)
{
    struct fix *f = *state;
    struct store *s = NULL;
    struct store_conf conf = {.dir = f->dir};
    char path_db[100];
    fix_close(f);
    snprintf(path_db, sizeof path_db, "%s/%s", f->dir, STORE_FILE);
    struct ps_db_conf db_conf = {.application = 0x70734172};
    struct ps_db *db;
    assert_int_equal(ps_db_open(&db, path_db, &db_conf, &f->fault), 0);
    assert_int_equal(ps_db_run(db, "PRAGMA user_version = 99"), 0);
    ps_db_close(db);
    assert_int_equal(store_open(&s, &conf, &f->fault), PS_EVERSION);
    assert_non_null(strstr(f->fault.text, "newer than this program"));
    int fd = open(path_db, O_WRONLY | O_TRUNC);
    assert_int_equal(
        write(fd,
              "scribbled over, and longer than the head of a database: a hundred octets at least "
              "and these are enough ......",
              110),
        110);
    close(fd);
    assert_int_equal(store_open(&s, &conf, &f->fault), PS_EMALFORMED);
    assert_non_null(strstr(f->fault.text, "put a backup in its place"));
    assert_null(s);
    assert_int_equal(unlink(path_db), 0);
    fix_open(f);
}

static void nothing_is_written_under_the_floor_and_reading_goes_on(void **state)
{
    struct fix *f = *state;
    const struct meta *m = path(f, 1);
    struct store_state st;
    struct result r;
    assert_int_equal(put_alone(f, m, TS, "packet-count-lost", number(3)), 0);
    meta_unref(m);
    fix_close(f);
    struct store_conf conf = {.dir = f->dir, .floor = UINT64_MAX};
    assert_int_equal(store_open(&f->store, &conf, &f->fault), 0);
    assert_int_equal(writer_start(&f->writer, f->store, &f->fault), 0);
    assert_int_equal(port_new(&f->port, f->writer), 0);
    assert_int_equal(reader_new(&f->reader, f->store, &f->fault), 0);
    const struct meta *out[2];
    static const struct filter all;
    struct search s;
    search_begin(&s, store_catalog(f->store), &all);
    assert_int_equal(search_next(&s, out, 2), 1);
    assert_int_equal(put_alone(f, out[0], TS + 60, "packet-count-lost", number(4)), -ENOSPC);
    assert_int_equal(store_look(f->reader, &st), 0);
    assert_true(st.under_floor);
    assert_int_equal(st.metas, 1);
    assert_int_equal(result_newest(f->reader, out[0], INT64_MAX, &r), 1);
    assert_int_equal(r.ts, TS);
    result_fini(&r);
    meta_unref(out[0]);
}

static void another_process_that_writes_is_seen(void **state)
{
    struct fix *f = *state, other = *f;
    const struct meta *m = path(f, 1);
    assert_int_equal(put_alone(f, m, TS, "packet-count-lost", number(3)), 0);
    other.fault.text[0] = '\0';
    fix_open(&other); // the same directory
    const struct meta *n = path(&other, 1);
    assert_int_equal(put_alone(&other, n, TS + 60, "packet-count-lost", number(4)), 0);
    meta_unref(path(&other, 2));
    // The roll-up that this one remembers has changed; the conflict is noticed; the new meta is known.
    assert_int_equal(put_alone(f, m, TS + 60, "packet-count-lost", number(5)), PS_EDUPLICATE);
    assert_int_equal(put_alone(f, m, TS + 120, "packet-count-lost", number(5)), 0);
    assert_int_equal(catalog_count(store_catalog(f->store)), 2);
    struct series *s;
    const struct point *p;
    assert_int_equal(
        series_open(&s, f->reader, m, ev("packet-count-lost"), ES_SUMMARY_AGGREGATION, 300, 0, INT64_MAX), 0);
    assert_int_equal(series_next(s, &p), 1);
    assert_true(p->value.number == 12);
    series_close(s);
    meta_unref(n);
    meta_unref(m);
    fix_close(&other);
}

static void what_another_process_purged_and_registered_anew_is_seen(void **state)
{
    struct fix *f = *state, other = *f;
    const struct meta *m = path(f, 1), *n;
    assert_int_equal(put_alone(f, m, TS, "packet-count-lost", number(3)), 0);
    fix_open(&other);
    assert_int_equal(ps_db_run(other.store->db, "DELETE FROM meta; DELETE FROM point; DELETE FROM rollup"),
                     0);
    fix_close(&other);
    fix_open(&other);
    n = path(&other, 1);
    assert_int_not_equal(m->id, n->id);
    assert_int_equal(put_alone(&other, n, TS, "packet-count-lost", number(5)), 0);
    assert_int_equal(put_alone(f, m, TS + 60, "packet-count-lost", number(4)), PS_ENOTFOUND);
    meta_unref(m);
    m = path(f, 1);
    assert_int_equal(m->id, n->id);
    assert_int_equal(catalog_count(store_catalog(f->store)), 1);
    assert_int_equal(put_alone(f, m, TS, "packet-count-lost", number(3)), PS_EDUPLICATE); // it has 5
    meta_unref(m);
    meta_unref(n);
    fix_close(&other);
}

static int purge_all(void *ctx, struct store *s)
{
    int got;
    do
        got = purge_step(ctx, s);
    while (got > 0);
    return got;
}

static void purged(void *ctx, int err)
{
    (void)ctx;
    assert_int_equal(err, 0);
}

static bool comes_to(struct fix *f, size_t metas)
{
    for (int i = 0; i < 2000 && catalog_count(store_catalog(f->store)) != metas; i++)
        usleep(10000);
    return catalog_count(store_catalog(f->store)) == metas;
}

static int forget_all(void *ctx, struct store *s)
{
    (void)ctx;
    return ps_db_run(s->db, "DELETE FROM meta");
}

static void what_another_process_did_is_seen_without_a_write(void **state)
{
    struct fix *f = *state, other = *f;
    const struct meta *m = path(f, 1), *n;
    fix_open(&other);
    n = path(&other, 2);
    fix_close(&other);
    assert_true(comes_to(f, 2));
    fix_open(&other);
    assert_int_equal(port_call(other.port, forget_all, purged, NULL), 0);
    fix_close(&other);
    assert_true(comes_to(f, 0));
    assert_int_equal(put_alone(f, m, TS, "packet-count-lost", number(3)), PS_ENOTFOUND);
    meta_unref(n);
    meta_unref(m);
}

static void a_meta_that_was_purged_is_gone_and_comes_again(void **state)
{
    static const char json[] =
        "{\"policies\":[{\"event_type\":\"*\",\"summary_type\":\"*\",\"summary_window\":\"*\","
        "\"expire\":\"1\"}]}";
    struct fix *f = *state;
    struct retention *policy;
    struct purge p;
    const struct meta *m = path(f, 1);
    uint8_t key[ES_REG_KEY_LEN];
    memcpy(key, m->key, sizeof key);
    assert_int_equal(put_alone(f, m, TS, "histogram-owdelay", hist("1.5:3")), 0);
    assert_int_equal(put_alone(f, m, TS, "failures", text("{\"error\":\"x\"}")), 0);
    assert_int_equal(retention_parse(&policy, NULL, json, sizeof json - 1, &f->fault), 0);
    purge_begin(&p, policy, INT64_C(1) << 33); // long after
    assert_int_equal(port_call(f->port, purge_all, purged, &p), 0);
    port_wait(f->port, 0);
    purge_end(&p);
    assert_int_equal(p.points, 1);
    assert_int_equal(p.rollups, 3);
    assert_int_equal(p.metas, 1);
    assert_int_equal(catalog_count(store_catalog(f->store)), 0);
    assert_int_equal(put_alone(f, m, TS, "packet-count-lost", number(1)), PS_ENOTFOUND);
    meta_unref(m);
    m = path(f, 1);
    assert_memory_equal(m->key, key, sizeof key);
    assert_int_equal(put_alone(f, m, TS, "histogram-owdelay", hist("1.5:4")), 0);
    // What is too old is not stored, and said to be.
    atomic_store(&f->store->retention, policy);
    struct put *put = put_to(f, m);
    put_one(put, TS + 60, "packet-count-lost", number(1));
    assert_int_equal(put_through(f, put), 0);
    assert_int_equal(put->expired, 1);
    assert_int_equal(put->created, 0);
    put_free(put);
    atomic_store(&f->store->retention, NULL);
    meta_unref(m);
    retention_free(policy);
}

static void purge_points_of(struct fix *f, int64_t now)
{
    static const char json[] =
        "{\"policies\":[{\"event_type\":\"*\",\"summary_type\":\"base\",\"summary_window\":\"*\","
        "\"expire\":\"0\"}]}";
    struct retention *policy;
    struct purge p;
    assert_int_equal(retention_parse(&policy, NULL, json, sizeof json - 1, &f->fault), 0);
    purge_begin(&p, policy, now);
    assert_int_equal(port_call(f->port, purge_all, purged, &p), 0);
    port_wait(f->port, 0);
    purge_end(&p);
    retention_free(policy);
}

static double sum_of(struct fix *f, const struct meta *m, const char *event)
{
    struct series *s;
    const struct point *p;
    double sum = 0;
    assert_int_equal(series_open(&s, f->reader, m, ev(event), ES_SUMMARY_AGGREGATION, 86400, 0, INT64_MAX),
                     0);
    while (series_next(s, &p) > 0)
        sum += p->value.number;
    series_close(s);
    return sum;
}

static void put_again(struct fix *f, const struct meta *m, int64_t ts, size_t gone, size_t created)
{
    struct put *p = put_to(f, m);
    put_one(p, ts, "packet-count-lost", number(3));
    assert_int_equal(put_through(f, p), 0);
    assert_int_equal(p->purged, gone);
    assert_int_equal(p->created, created);
    put_free(p);
}

static void what_was_purged_is_not_counted_again(void **state)
{
    struct fix *f = *state;
    const struct meta *m = path(f, 1);
    put_again(f, m, TS, 0, 1);
    put_again(f, m, TS + 60, 0, 1);
    purge_points_of(f, TS + 60);
    put_again(f, m, TS, 1, 0);
    assert_int_equal(put_alone(f, m, TS, "failures", text("{}")), 0); // is in no roll-up
    put_again(f, m, TS + 60, 0, 0);                                   // is there yet
    put_again(f, m, TS + 120, 0, 1);
    assert_true(sum_of(f, m, "packet-count-lost") == 9);
    meta_unref(m);
    fix_close(f);
    fix_open(f);
    m = path(f, 1);
    put_again(f, m, TS, 1, 0);
    assert_true(sum_of(f, m, "packet-count-lost") == 9);
    purge_points_of(f, TS + 1000);
    put_again(f, m, TS + 120, 1, 0);
    assert_true(sum_of(f, m, "packet-count-lost") == 9);
    meta_unref(m);
}

static void what_another_process_purged_is_not_counted_again(void **state)
{
    struct fix *f = *state, other = *f;
    const struct meta *m = path(f, 1);
    put_again(f, m, TS, 0, 1);
    other.fault.text[0] = '\0';
    fix_open(&other);
    purge_points_of(&other, TS + 60);
    fix_close(&other);
    put_again(f, m, TS, 1, 0);
    assert_true(sum_of(f, m, "packet-count-lost") == 3);
    meta_unref(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_same_registration_is_the_same_meta_also_later),
        TEST(what_was_written_is_there_when_it_is_opened_again),
        TEST(when_something_was_first_written_outlives_a_writer_that_is_killed),
        TEST(a_newer_point_counts_when_that_was_not_noted),
        TEST(a_database_of_another_kind_or_version_is_left_alone),
        TEST(nothing_is_written_under_the_floor_and_reading_goes_on),
        TEST(another_process_that_writes_is_seen),
        TEST(what_another_process_purged_and_registered_anew_is_seen),
        TEST(what_another_process_did_is_seen_without_a_write),
        TEST(a_meta_that_was_purged_is_gone_and_comes_again),
        TEST(what_was_purged_is_not_counted_again),
        TEST(what_another_process_purged_is_not_counted_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
