// SPDX-License-Identifier: Apache-2.0
// An archive of its own for each test, registrations and values that are short to write.
#pragma once
#include "../esmond/es_fix.h"
#include <unistd.h>
#include "base/ps_rand.h"
#include "psarchive/series.h"
#include "psarchive/writer.h"

struct fix {
    char dir[64];
    struct store *store;
    struct writer *writer;
    struct port *port;
    struct reader *reader;
    struct ps_fault fault;
    int done;
};

FIX void fix_open(struct fix *f)
{
    struct store_conf conf = {.dir = f->dir, .check = true};
    f->fault.text[0] = '\0';
    if (store_open(&f->store, &conf, &f->fault) != 0)
        fail_msg("%s", f->fault.text);
    assert_int_equal(writer_start(&f->writer, f->store, &f->fault), 0);
    assert_int_equal(port_new(&f->port, f->writer), 0);
    assert_int_equal(reader_new(&f->reader, f->store, &f->fault), 0);
}

FIX void fix_close(struct fix *f)
{
    reader_free(f->reader);
    port_free(f->port);
    writer_stop(f->writer);
    store_close(f->store);
    f->reader = NULL;
    f->port = NULL;
    f->writer = NULL;
    f->store = NULL;
}

FIX int fix_setup(void **state)
{
    struct fix *f = calloc(1, sizeof *f);
    assert_non_null(f);
    snprintf(f->dir, sizeof f->dir, "%s/test_archive.XXXXXX",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    assert_non_null(mkdtemp(f->dir));
    fix_open(f);
    *state = f;
    return 0;
}

FIX int fix_teardown(void **state)
{
    struct fix *f = *state;
    fix_close(f);
    assert_int_equal(setenv("D", f->dir, 1), 0);
    assert_int_equal(system("rm -rf \"$D\""), 0);
    free(f);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fix_setup, fix_teardown)

// --- registrations

FIX int ev(const char *name)
{
    int event = es_event_find(name);
    assert_true(event >= 0);
    return event;
}

FIX void reg_set(struct es_reg *r, const char *key, const char *value)
{
    assert_int_equal(es_reg_set(r, key, value), 0);
}

FIX void reg_summary(struct es_reg *r, const char *event, enum es_summary_type type, uint32_t window)
{
    assert_int_equal(es_reg_summary(r, ev(event), type, window), 0);
}

FIX void reg_windows(struct es_reg *r, const char *event, enum es_summary_type type)
{
    static const uint32_t windows[] = {300, 3600, 86400};
    for (size_t i = 0; i < COUNT(windows); i++)
        reg_summary(r, event, type, windows[i]);
}

// A path of latencybg with esmond's default summaries, n being in its source's address; not checked yet.
FIX void reg_path(struct es_reg *r, unsigned n)
{
    char source[32];
    static const char *const plain[] = {"failures",        "histogram-ttl",        "packet-duplicates",
                                        "packet-reorders", "time-error-estimates", "pscheduler-run-href"};
    es_reg_init(r);
    snprintf(source, sizeof source, "10.%u.%u.%u", n >> 16 & 255, n >> 8 & 255, n & 255);
    reg_set(r, "subject-type", "point-to-point");
    reg_set(r, "source", source);
    reg_set(r, "destination", "192.0.2.1");
    reg_set(r, "measurement-agent", source);
    reg_set(r, "tool-name", "pscheduler/powstream");
    reg_set(r, "input-source", "source.example.net");
    reg_set(r, "input-destination", "destination.example.net");
    reg_set(r, "time-duration", "60");
    for (size_t i = 0; i < COUNT(plain); i++)
        assert_int_equal(es_reg_event(r, ev(plain[i])), 0);
    reg_windows(r, "packet-count-sent", ES_SUMMARY_AGGREGATION);
    reg_windows(r, "packet-count-lost", ES_SUMMARY_AGGREGATION);
    reg_windows(r, "packet-loss-rate", ES_SUMMARY_AGGREGATION);
    reg_windows(r, "histogram-owdelay", ES_SUMMARY_AGGREGATION);
    reg_windows(r, "histogram-owdelay", ES_SUMMARY_STATISTICS);
    reg_summary(r, "histogram-owdelay", ES_SUMMARY_STATISTICS, 0);
}

FIX void reg_check(struct es_reg *r)
{
    struct ps_fault fault = {""};
    if (es_reg_check(r, &fault) != 0)
        fail_msg("%s", fault.text);
}

FIX struct meta *meta_of(struct es_reg *r)
{
    struct meta *m;
    reg_check(r);
    assert_int_equal(meta_new(r, 1, 0, &m), 0);
    es_reg_fini(r);
    return m;
}

// --- puts

FIX void fix_done(void *ctx, struct put *p)
{
    (void)p;
    ((struct fix *)ctx)->done++;
}

FIX struct put *put_to(struct fix *f, const struct meta *m)
{
    struct put *p = put_new(m);
    assert_non_null(p);
    p->done = fix_done;
    p->ctx = f;
    return p;
}

FIX void put_one(struct put *p, int64_t ts, const char *event, struct es_value v)
{
    assert_int_equal(put_value(p, ts, ev(event), &v), 0);
}

// Gives it to the writer and waits for the answer.
FIX int put_through(struct fix *f, struct put *p)
{
    assert_int_equal(port_put(f->port, p), 0);
    port_wait(f->port, 0);
    return p->err;
}

// Registers; the caller's reference.
FIX const struct meta *put_registration(struct fix *f, struct es_reg *r)
{
    struct put *p = put_to(f, NULL);
    reg_check(r);
    put_register(p, r);
    assert_int_equal(put_through(f, p), 0);
    const struct meta *m = meta_ref(p->meta);
    put_free(p);
    return m;
}

// One value by itself: the put's error.
FIX int put_alone(struct fix *f, const struct meta *m, int64_t ts, const char *event, struct es_value v)
{
    struct put *p = put_to(f, m);
    put_one(p, ts, event, v);
    int err = put_through(f, p);
    put_free(p);
    return err;
}
