// SPDX-License-Identifier: Apache-2.0
#include "psarchive/roster.h"
#include "archive_fix.h"
#include "psarchive/map.h"
#include "psarchive/purge.h"

#define RUN(spec, more)                                                                             \
    "{\"schedule\":{\"start\":\"2016-07-29T16:47:31Z\",\"duration\":\"PT1M\"},\"participants\":"    \
    "[\"192.0.2.1\"],\"tool\":{\"name\":\"powstream\"},\"test\":{\"type\":\"latencybg\",\"spec\":{" \
    "\"source\":\"192.0.2.1\",\"dest\":\"192.0.2.2\"" spec "}}" more                                \
    ",\"result\":{\"succeeded\":true,\"packets-sent\":600}}"
#define HREF ",\"run\":{\"href\":\"https://h/1\"}"
#define STREAM(stream, dest)                                                                           \
    "{\"type\":\"measurement\",\"stream\":\"" stream                                                   \
    "\",\"start\":\"2016-07-29T16:47:31Z\",\"start-ntp\":1,"                                           \
    "\"source\":{\"address\":\"192.0.2.1\"},\"dest\":{\"address\":\"" dest "\"},\"direction\":\"to\"," \
    "\"packets-sent\":600,\"finished\":true}"

static struct put *map_document(struct fix *f, struct roster *r, const char *json)
{
    struct ps_jdoc *doc;
    struct es_map m;
    struct put *p;
    assert_int_equal(ps_jdoc_parse_foreign(&doc, NULL, json, strlen(json), &f->fault), 0);
    assert_int_equal(es_map_begin(&m, ps_jdoc_root(doc), &f->fault), 0);
    assert_int_equal(map_make(&m, r, &p, &f->fault), 0);
    ps_jdoc_free(doc);
    p->done = fix_done;
    p->ctx = f;
    return p;
}

static int purge_steps(void *ctx, struct store *s)
{
    int got = 1;
    while (got > 0)
        got = purge_step(ctx, s);
    return got;
}

static void purged(void *ctx, int err)
{
    (void)ctx;
    assert_int_equal(err, 0);
}

static void purge_all(struct fix *f)
{
    static const char json[] = "{\"policies\":[{\"event_type\":\"*\",\"summary_type\":\"*\","
                               "\"summary_window\":\"*\",\"expire\":\"1\"}]}";
    struct retention *policy;
    struct purge p;
    assert_int_equal(retention_parse(&policy, "p", json, sizeof json - 1, &f->fault), 0);
    purge_begin(&p, policy, INT64_C(1) << 33); // long after
    assert_int_equal(port_call(f->port, purge_steps, purged, &p), 0);
    port_wait(f->port, 0);
    purge_end(&p);
    retention_free(policy);
}

// Maps it and has it written: the id of its meta.
static int64_t write_document(struct fix *f, struct roster *r, const char *json)
{
    struct put *p = map_document(f, r, json);
    assert_int_equal(put_through(f, p), 0);
    int64_t id = p->meta->id;
    put_free(p);
    return id;
}

static void a_document_that_implies_the_same_again_makes_no_registration(void **state)
{
    struct fix *f = *state;
    struct roster *r;
    assert_int_equal(roster_new(&r, store_catalog(f->store)), 0);
    int64_t id = write_document(f, r, RUN("", HREF));
    struct put *p = map_document(f, r, RUN("", HREF)); // made, and found in the catalog
    assert_non_null(p->meta);
    assert_int_equal(p->meta->id, id);
    put_free(p);
    p = map_document(f, r, RUN("", HREF)); // known
    assert_non_null(p->meta);
    assert_int_equal(p->reg.nparams, 0);
    assert_int_equal(put_through(f, p), 0);
    assert_int_equal(p->meta->id, id);
    put_free(p);
    roster_free(r);
}

// Each of them three times, so that the last ones come from the roster, and without it: the same metas.
static void what_changes_the_registration_leads_to_another_meta(void **state)
{
    static const char *const documents[] = {
        RUN("", ""),
        RUN("", HREF),
        RUN(",\"packet-count\":600", HREF),
        RUN(",\"packet-count\":60", HREF),
        RUN("", ",\"reference\":{\"by\":\"me\"}"),
        RUN("", ",\"reference\":{\"by\":\"you\"}"),
        RUN("", ",\"task\":{\"reference\":{\"by\":\"us\"}}"),
        STREAM("a", "192.0.2.2"),
        STREAM("b", "192.0.2.2"),
        STREAM("a", "192.0.2.3"),
    };
    struct fix *f = *state;
    struct roster *r;
    int64_t ids[COUNT(documents)];
    assert_int_equal(roster_new(&r, store_catalog(f->store)), 0);
    for (size_t i = 0; i < COUNT(documents); i++) {
        ids[i] = write_document(f, NULL, documents[i]);
        for (size_t k = 0; k < i; k++)
            assert_int_not_equal(ids[i], ids[k]);
    }
    for (size_t i = 0; i < 3 * COUNT(documents); i++)
        assert_int_equal(write_document(f, r, documents[i % COUNT(documents)]), ids[i % COUNT(documents)]);
    assert_int_equal(catalog_count(store_catalog(f->store)), COUNT(documents));
    roster_free(r);
}

static void a_meta_that_was_purged_meanwhile_is_registered_again_with_its_key(void **state)
{
    struct fix *f = *state;
    struct roster *r;
    assert_int_equal(roster_new(&r, store_catalog(f->store)), 0);
    int64_t id = write_document(f, r, RUN("", HREF));
    (void)write_document(f, r, RUN("", HREF));
    struct put *p = map_document(f, r, RUN("", HREF));
    uint8_t key[ES_REG_KEY_LEN];
    memcpy(key, p->meta->key, sizeof key);
    purge_all(f);
    assert_int_equal(catalog_count(store_catalog(f->store)), 0);
    assert_int_equal(put_through(f, p), 0);
    assert_int_equal(p->created, 2); // the count, and the href
    assert_true(p->registered);
    assert_int_not_equal(p->meta->id, id);
    assert_memory_equal(p->meta->key, key, sizeof key);
    id = p->meta->id;
    put_free(p);
    for (int i = 0; i < 2; i++) // by a roster that knows the purged one alone
        assert_int_equal(write_document(f, r, RUN("", HREF)), id);
    assert_int_equal(catalog_count(store_catalog(f->store)), 1);
    roster_free(r);
}

#define GAP(stream, source, dest)                                                                     \
    "{\"type\":\"gap\",\"stream\":\"" stream "\",\"start\":\"2016-07-29T16:48:31Z\",\"start-ntp\":1," \
    "\"source\":{\"host\":" source "},\"dest\":{\"host\":" dest "},\"direction\":\"to\",\"reason\":\"no\"}"

static void a_gap_is_its_streams(void **state)
{
    struct fix *f = *state;
    struct roster *r;
    assert_int_equal(roster_new(&r, store_catalog(f->store)), 0);
    int64_t early = write_document(f, r, GAP("a", "null", "\"192.0.2.2\"")); // nothing is known of it yet
    assert_int_equal(write_document(f, r, GAP("a", "null", "\"192.0.2.2\"")), early);
    int64_t a = write_document(f, r, STREAM("a", "192.0.2.2"));
    int64_t b = write_document(f, r, STREAM("b", "192.0.2.2"));
    assert_int_not_equal(a, early);
    assert_int_equal(write_document(f, r, GAP("a", "null", "\"192.0.2.2\"")), a);
    assert_int_equal(write_document(f, r, GAP("b", "null", "\"192.0.2.2\"")), b);
    assert_int_equal(write_document(f, r, GAP("b", "\"192.0.2.1\"", "\"192.0.2.2\"")), b);
    int64_t other =
        write_document(f, r, GAP("a", "null", "\"192.0.2.3\"")); // the name is another server's now
    assert_int_not_equal(other, a);
    assert_int_not_equal(other, early);
    roster_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_document_that_implies_the_same_again_makes_no_registration),
        TEST(what_changes_the_registration_leads_to_another_meta),
        TEST(a_gap_is_its_streams),
        TEST(a_meta_that_was_purged_meanwhile_is_registered_again_with_its_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
