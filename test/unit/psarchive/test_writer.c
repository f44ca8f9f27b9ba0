// SPDX-License-Identifier: Apache-2.0
#include "archive_fix.h"
#include <poll.h>
#include <sys/stat.h>
#include <time.h>
#include "psarchive/verify.h"

#define TS 1700000400
#define HOUR (TS - TS % 3600)

static const struct meta *path(struct fix *f)
{
    struct es_reg r;
    reg_path(&r, 1);
    const struct meta *m = put_registration(f, &r);
    es_reg_fini(&r);
    return m;
}

static size_t points(struct fix *f, const struct meta *m, const char *event)
{
    struct series *s;
    const struct point *p;
    size_t n = 0;
    assert_int_equal(series_open(&s, f->reader, m, ev(event), ES_SUMMARY_BASE, 0, 0, INT64_MAX), 0);
    while (series_next(s, &p) > 0)
        n++;
    series_close(s);
    return n;
}

static void a_put_is_all_or_nothing(void **state)
{
    struct fix *f = *state;
    const struct meta *m = path(f);
    assert_int_equal(put_alone(f, m, TS + 60, "packet-count-lost", number(3)), 0);
    struct put *p = put_to(f, m);
    put_one(p, TS, "packet-count-lost", number(1));
    put_one(p, TS + 60, "packet-count-lost", number(4)); // has 3
    put_one(p, TS + 120, "packet-count-lost", number(5));
    assert_int_equal(put_through(f, p), PS_EDUPLICATE);
    assert_int_equal(p->conflict_event, ev("packet-count-lost"));
    assert_int_equal(p->conflict_ts, TS + 60);
    put_free(p);
    assert_int_equal(points(f, m, "packet-count-lost"), 1);
    meta_unref(m);
}

static void two_numbers_for_one_place_are_a_conflict_also_within_a_put(void **state)
{
    struct fix *f = *state;
    struct es_reg r;
    struct put *p = put_to(f, NULL);
    reg_path(&r, 1);
    reg_check(&r);
    put_register(p, &r);
    put_one(p, TS, "packet-count-lost", number(1));
    put_one(p, TS, "packet-count-lost", number(2));
    assert_int_equal(put_through(f, p), PS_EDUPLICATE);
    put_free(p);
    assert_int_equal(catalog_count(store_catalog(f->store)), 0); // not even registered
}

static void what_is_there_already_is_counted_and_left(void **state)
{
    struct fix *f = *state;
    const struct meta *m = path(f);
    for (int again = 0; again < 2; again++) {
        struct put *p = put_to(f, m);
        put_one(p, TS, "packet-count-lost", number(1));
        put_one(p, TS, "packet-count-lost", number(1));
        put_one(p, TS, "histogram-owdelay", hist("1.5:3"));
        assert_int_equal(put_through(f, p), 0);
        assert_int_equal(p->created, again == 0 ? 2 : 0);
        assert_int_equal(p->same, again == 0 ? 1 : 3);
        assert_int_equal(p->replaced, 0);
        put_free(p);
    }
    meta_unref(m);
}

#define RUN_1 "{\"href\":\"https://h/run/1\"}"
#define RUN_1_SPACED "{ \"href\": \"https://h/run/1\"\n}"
#define RUN_2 "{\"href\":\"https://h/run/2\"}"

// A failure of a run, either of which may be NULL: the put's error.
static int fail_of(struct fix *f, const struct meta *m, const char *run, const char *why,
                   const char *document)
{
    struct put *p = put_to(f, m);
    if (run != NULL)
        put_one(p, TS, "pscheduler-run-href", text(run));
    if (why != NULL)
        put_one(p, TS, "failures", text(why));
    if (document != NULL)
        assert_int_equal(put_document(p, TS, document, strlen(document)), 0);
    int err = put_through(f, p);
    put_free(p);
    return err;
}

static void check_failure(struct fix *f, const struct meta *m, const char *why)
{
    struct series *s;
    const struct point *p;
    assert_int_equal(series_open(&s, f->reader, m, ev("failures"), ES_SUMMARY_BASE, 0, 0, INT64_MAX), 0);
    assert_int_equal(series_next(s, &p), 1);
    assert_int_equal(p->value.json.len, strlen(why));
    assert_memory_equal(p->value.json.text, why, strlen(why));
    series_close(s);
}

static void another_run_in_the_same_second_is_refused(void **state)
{
    struct fix *f = *state;
    const struct meta *m = path(f);
    assert_int_equal(fail_of(f, m, RUN_1, "{\"error\":\"a\"}", NULL), 0);
    assert_int_equal(fail_of(f, m, RUN_2, "{\"error\":\"b\"}", NULL), PS_EDUPLICATE);
    assert_int_equal(fail_of(f, m, RUN_2, "{\"error\":\"a\"}", NULL), PS_EDUPLICATE);
    assert_int_equal(fail_of(f, m, RUN_2, NULL, NULL), PS_EDUPLICATE);
    assert_int_equal(fail_of(f, m, NULL, "{\"error\":\"b\"}", NULL), PS_EDUPLICATE);
    check_failure(f, m, "{\"error\":\"a\"}");
    assert_int_equal(put_alone(f, m, TS, "histogram-owdelay", hist("1.5:3")), 0);
    assert_int_equal(put_alone(f, m, TS, "histogram-owdelay", hist("1.5:4")), PS_EDUPLICATE);
    meta_unref(m);
}

static void a_run_repeats_completes_and_corrects_itself(void **state)
{
    struct fix *f = *state;
    const struct meta *m = path(f);
    assert_int_equal(fail_of(f, m, RUN_1, "{\"error\":\"a\"}", NULL), 0);
    assert_int_equal(fail_of(f, m, RUN_1, "{\"error\":\"a\"}", NULL), 0);
    assert_int_equal(fail_of(f, m, NULL, "{\"error\":\"a\"}", NULL), 0);
    assert_int_equal(fail_of(f, m, RUN_1_SPACED, "{\"error\":\"b\"}", NULL), 0);
    check_failure(f, m, "{\"error\":\"b\"}");
    assert_int_equal(put_alone(f, m, TS, "histogram-owdelay", hist("1.5:3")), 0);
    assert_int_equal(put_alone(f, m, TS, "packet-count-lost", number(3)), 0);
    meta_unref(m);
}

static void another_document_in_the_same_second_is_refused(void **state)
{
    struct fix *f = *state;
    const struct meta *m = path(f);
    struct put *p = put_to(f, m);
    assert_int_equal(fail_of(f, m, NULL, "{\"error\":\"a\"}", "first"), 0);
    assert_int_equal(fail_of(f, m, NULL, "{\"error\":\"a\"}", "first"), 0);
    assert_int_equal(fail_of(f, m, NULL, "{\"error\":\"a\"}", "second"), PS_EDUPLICATE); // says the same
    assert_int_equal(fail_of(f, m, NULL, NULL, "second"), PS_EDUPLICATE);
    assert_int_equal(fail_of(f, m, NULL, NULL, "first"), 0);
    put_one(p, TS, "packet-count-lost", number(3));
    assert_int_equal(put_document(p, TS, "second", 6), 0);
    assert_int_equal(put_through(f, p), PS_EDUPLICATE);
    put_free(p);
    assert_int_equal(points(f, m, "packet-count-lost"), 0);
    meta_unref(m);
}

static void a_put_that_cannot_be_is_told_when_it_is_made(void **state)
{
    struct fix *f = *state;
    const struct meta *m = path(f);
    struct put *p = put_to(f, m);
    struct es_value v = number(1);
    assert_int_equal(put_value(p, TS, ev("throughput"), &v), PS_EUNKNOWN); // not registered
    v = number(1);
    assert_int_equal(put_value(p, -1, ev("packet-count-lost"), &v), PS_ERANGE);
    v = number(1);
    assert_int_equal(put_value(p, PUT_TS_MAX + 1, ev("packet-count-lost"), &v), PS_ERANGE);
    v = hist("1:1");
    assert_int_equal(put_value(p, TS, ev("packet-count-lost"), &v), PS_EMALFORMED);
    assert_int_equal(v.form, ES_VALUE_NONE);
    assert_int_equal(p->nvalues, 0);
    put_free(p);
    meta_unref(m);
}

static void what_is_far_ahead_is_refused_alone(void **state)
{
    struct fix *f = *state;
    const struct meta *m = path(f);
    char why[PUT_WHY_SIZE];
    struct put *p = put_to(f, m), *good = put_to(f, m);
    put_one(p, TS, "packet-count-lost", number(1));
    put_one(p, INT64_C(4102444800), "packet-count-lost", number(1));
    put_one(good, (int64_t)time(NULL) + PUT_AHEAD / 2, "packet-count-lost", number(1));
    assert_int_equal(port_put(f->port, p), 0);
    assert_int_equal(port_put(f->port, good), 0);
    port_wait(f->port, 0);
    assert_int_equal(p->err, PS_ERANGE);
    assert_string_equal(put_why(p, why),
                        "the time 4102444800 (2100-01-01T00:00:00Z) is more than a day ahead of "
                        "the archive's clock");
    assert_int_equal(good->err, 0);
    assert_int_equal(points(f, m, "packet-count-lost"), 1);
    put_free(p);
    put_free(good);
    meta_unref(m);
}

static void one_bad_put_does_not_spoil_the_others(void **state)
{
    struct fix *f = *state;
    const struct meta *m = path(f);
    struct put *puts[50];
    assert_int_equal(put_alone(f, m, TS, "packet-count-lost", number(0)), 0);
    for (int i = 0; i < 50; i++) {
        puts[i] = put_to(f, m);
        put_one(puts[i], TS + i * 60, "packet-count-lost", number(i == 0 ? 7 : i));
    }
    for (int i = 0; i < 50; i++)
        assert_int_equal(port_put(f->port, puts[i]), 0);
    port_wait(f->port, 0);
    for (int i = 0; i < 50; i++) {
        assert_int_equal(puts[i]->err, i == 0 ? PS_EDUPLICATE : 0);
        put_free(puts[i]);
    }
    assert_int_equal(points(f, m, "packet-count-lost"), 50);
    struct writer_state st;
    writer_look(f->writer, &st);
    assert_int_equal(st.conflicts, 1);
    assert_int_equal(st.waiting, 0);
    meta_unref(m);
}

static void who_asked_is_told_on_his_own_port(void **state)
{
    struct fix *f = *state;
    const struct meta *m = path(f);
    struct port *other;
    struct fix mine = {.done = 0};
    struct pollfd pfd;
    assert_int_equal(port_new(&other, f->writer), 0);
    pfd = (struct pollfd){.fd = port_fd(other), .events = POLLIN};
    assert_int_equal(poll(&pfd, 1, 0), 0);
    struct put *p = put_to(f, m);
    put_one(p, TS, "packet-count-lost", number(1));
    p->ctx = &mine;
    int before = f->done;
    assert_int_equal(port_put(other, p), 0);
    assert_int_equal(poll(&pfd, 1, 60000), 1);
    assert_int_equal(mine.done, 0); // not before it reaps
    assert_int_equal(port_reap(other), 1);
    assert_int_equal(mine.done, 1);
    assert_int_equal(f->done, before);
    assert_int_equal(poll(&pfd, 1, 0), 0);
    assert_int_equal(port_reap(other), 0);
    put_free(p);
    port_free(other);
    meta_unref(m);
}

static double aggregation(struct fix *f, const struct meta *m, const char *event, uint32_t window, int64_t ts)
{
    struct series *s;
    const struct point *p;
    double got = -1;
    assert_int_equal(series_open(&s, f->reader, m, ev(event), ES_SUMMARY_AGGREGATION, window, ts, ts), 0);
    if (series_next(s, &p) > 0)
        got = p->value.number;
    series_close(s);
    return got;
}

static int put_one_sum(struct fix *f, const struct meta *m, int64_t ts, double sum, struct put **out)
{
    struct es_value v = number(sum);
    *out = put_to(f, m);
    assert_int_equal(put_sum(*out, ts, ev("packet-count-lost"), 3600, &v), 0);
    return put_through(f, *out);
}

static void a_sum_takes_the_place_of_a_roll_up_and_bars_its_points(void **state)
{
    struct fix *f = *state;
    const struct meta *m = path(f);
    struct put *p;
    assert_int_equal(put_alone(f, m, TS + 60, "packet-count-lost", number(3)), 0);
    assert_int_equal(put_one_sum(f, m, HOUR, 100, &p), 0);
    assert_int_equal(p->created, 1);
    put_free(p);
    assert_true(aggregation(f, m, "packet-count-lost", 3600, HOUR) == 100);
    assert_true(aggregation(f, m, "packet-count-lost", 300, TS) == 3);
    assert_int_equal(put_one_sum(f, m, HOUR, 100, &p), 0);
    assert_int_equal(p->same, 1); // counts once
    put_free(p);
    p = put_to(f, m);
    put_one(p, TS + 60, "packet-count-lost", number(3));     // is there
    put_one(p, TS + 120, "packet-count-lost", number(5));    // may be in the sum
    put_one(p, HOUR + 3600, "packet-count-lost", number(7)); // is not
    assert_int_equal(put_through(f, p), 0);
    assert_int_equal(p->same, 1);
    assert_int_equal(p->purged, 1);
    assert_int_equal(p->created, 1);
    put_free(p);
    assert_true(aggregation(f, m, "packet-count-lost", 3600, HOUR) == 100);
    assert_true(aggregation(f, m, "packet-count-lost", 3600, HOUR + 3600) == 7);
    meta_unref(m);
}

static void a_sum_that_cannot_be_is_told_when_it_is_made(void **state)
{
    struct fix *f = *state;
    const struct meta *m = path(f);
    struct put *p = put_to(f, m);
    struct es_value v = number(1);
    assert_int_equal(put_sum(p, HOUR + 1, ev("packet-count-lost"), 3600, &v),
                     PS_ERANGE); // no window's beginning
    v = number(1);
    assert_int_equal(put_sum(p, HOUR, ev("packet-count-lost"), 60, &v), PS_EUNKNOWN);
    v = number(1);
    assert_int_equal(put_sum(p, HOUR, ev("packet-reorders"), 3600, &v), PS_EUNKNOWN);
    v = hist("1:1");
    assert_int_equal(put_sum(p, HOUR, ev("packet-count-lost"), 3600, &v), PS_EMALFORMED);
    put_free(p);
    meta_unref(m);
}

static int count_call(void *ctx, struct store *s)
{
    assert_non_null(s);
    ++*(int *)ctx;
    return PS_ESTATE;
}

static void called(void *ctx, int err)
{
    assert_int_equal(err, PS_ESTATE);
    ++*(int *)ctx;
}

static void a_call_runs_between_transactions(void **state)
{
    struct fix *f = *state;
    int n = 0;
    assert_int_equal(port_call(f->port, count_call, called, &n), 0);
    port_wait(f->port, 0);
    assert_int_equal(n, 2);
}

static struct es_value wide(unsigned n)
{
    struct es_value v = {.form = ES_VALUE_HIST};
    char key[16];
    for (unsigned i = 0; i < 100; i++) {
        snprintf(key, sizeof key, "%u.%02u", 10 + n % 3, i);
        assert_int_equal(es_hist_add(&v.hist, key, 1 + n % 7), 0);
    }
    assert_int_equal(es_hist_settle(&v.hist), 0);
    return v;
}

// A point in each of 400 hours, from that hour on, in one transaction.
static void put_hours(struct fix *f, const struct meta *m, unsigned first, int64_t second)
{
    struct put *p = put_to(f, m);
    for (unsigned i = first; i < first + 400; i++)
        put_one(p, HOUR - (int64_t)i * 3600 + second, "histogram-owdelay", wide(i));
    assert_int_equal(put_through(f, p), 0);
    assert_int_equal(p->created, 400);
    put_free(p);
}

static void tell_fault(void *ctx, const char *line)
{
    (void)ctx;
    fail_msg("%s", line);
}

// More roll-ups than stay in memory, and each is changed a second time.
static void roll_ups_that_left_the_memory_are_added_to(void **state)
{
    struct fix *f = *state;
    const struct meta *m = path(f);
    struct verify v = {.tell = tell_fault};
    for (int64_t second = 0; second < 2; second++)
        for (unsigned first = 0; first < 8000; first += 400)
            put_hours(f, m, first, second);
    assert_int_equal(verify_run(&v, f->reader), 0);
    assert_int_equal(v.faults, 0);
    assert_int_equal(v.results, 16000);
    assert_true(v.rollups >= 2 * 8000 + 8000 / 24);
    meta_unref(m);
}

static void the_log_is_emptied_when_nothing_is_written(void **state)
{
    static const struct timespec moment = {.tv_nsec = 20 * 1000 * 1000};
    struct fix *f = *state;
    const struct meta *m = path(f);
    char log[100];
    struct stat st;
    assert_int_equal(put_alone(f, m, TS, "packet-count-lost", number(1)), 0);
    snprintf(log, sizeof log, "%s/%s-wal", f->dir, STORE_FILE);
    assert_int_equal(stat(log, &st), 0);
    for (int i = 0; i < 3000 && st.st_size > 0; i++) {
        nanosleep(&moment, NULL);
        assert_int_equal(stat(log, &st), 0);
    }
    assert_int_equal(st.st_size, 0);
    assert_int_equal(put_alone(f, m, TS + 60, "packet-count-lost", number(1)), 0);
    assert_int_equal(points(f, m, "packet-count-lost"), 2);
    meta_unref(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_put_is_all_or_nothing),
        TEST(two_numbers_for_one_place_are_a_conflict_also_within_a_put),
        TEST(what_is_there_already_is_counted_and_left),
        TEST(another_run_in_the_same_second_is_refused),
        TEST(a_run_repeats_completes_and_corrects_itself),
        TEST(another_document_in_the_same_second_is_refused),
        TEST(a_put_that_cannot_be_is_told_when_it_is_made),
        TEST(what_is_far_ahead_is_refused_alone),
        TEST(one_bad_put_does_not_spoil_the_others),
        TEST(who_asked_is_told_on_his_own_port),
        TEST(a_sum_takes_the_place_of_a_roll_up_and_bars_its_points),
        TEST(a_sum_that_cannot_be_is_told_when_it_is_made),
        TEST(a_call_runs_between_transactions),
        TEST(roll_ups_that_left_the_memory_are_added_to),
        TEST(the_log_is_emptied_when_nothing_is_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
