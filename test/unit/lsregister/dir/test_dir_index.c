// SPDX-License-Identifier: Apache-2.0
#include "dir_fix.h"
#include "base/ps_rand.h"
#include "lsregister/dir_terms.h"

#define NOW INT64_C(1700000000000)
#define LATER (NOW + 1000)

static int setup(void **state)
{
    return dir_index_new((struct dir_index **)state);
}

static int teardown(void **state)
{
    dir_index_free(*state);
    return 0;
}

// The ids of what a query finds, as "1 2 3".
static const char *find(struct dir_index *ix, const char *text)
{
    static char got[4096];
    struct ps_query params;
    struct dir_query q;
    struct dir_hits hits;
    struct ps_fault fault;
    const struct dir_rec *rec;
    size_t n = 0;

    assert_int_equal(ps_query_parse(&params, text, strlen(text)), 0);
    assert_int_equal(dir_query_read(&q, &params, &fault), 0);
    assert_int_equal(dir_index_search(ix, &q, NOW, &hits), 0);
    got[0] = '\0';
    while ((rec = dir_hits_next(ix, &hits, NOW)))
        n += (size_t)snprintf(got + n, sizeof got - n, "%s%d", n ? " " : "", (int)rec->id);
    dir_hits_fini(&hits);
    dir_query_fini(&q);
    ps_query_fini(&params);
    return got;
}

static void fill(struct dir_index *ix)
{
    fix_add(
        ix, 1,
        "{\"type\":\"host\",\"host-name\":[\"a.example.net\",\"192.0.2.1\"],\"location-city\":\"New York\"}",
        LATER);
    fix_add(ix, 2,
            "{\"type\":\"host\",\"host-name\":\"B.example.NET\",\"group-communities\":[\"LHC\",\"ESnet\"]}",
            LATER);
    fix_add(ix, 3, "{\"type\":\"service\",\"service-type\":\"owamp\",\"group-communities\":\"LHC\"}", LATER);
    fix_add(ix, 4, "{\"type\":\"service\",\"service-type\":\"twamp\",\"empty\":[]}", LATER);
}

static void queries_find_what_they_say(void **state)
{
    struct dir_index *ix = *state;
    static const struct {
        const char *query, *ids;
    } cases[] = {{"", "1 2 3 4"},
                 {"type=host", "1 2"},
                 {"TYPE=host", ""},
                 {"type=HOST", "1 2"},
                 {"host-name=b.example.net", "2"},
                 {"host-name=*.example.net", "1 2"},
                 {"host-name=192.0.2.1,a.example.net", "1"},
                 {"host-name=192.0.2.1,b.example.net", ""},
                 {"host-name=192.0.2.1,b.example.net&host-name-operator=any", "1 2"},
                 {"type=service&service-type=owamp,twamp&service-type-operator=any", "3 4"},
                 {"type=service&group-communities=LHC", "3"},
                 {"type=host&service-type=owamp&operator=any", "1 2 3"},
                 {"group-communities=LHC,ESnet", "2"},
                 {"group-communities=*", "2 3"},
                 {"location-city=New", ""},
                 {"nothing=*", ""},
                 {"empty=*", ""},
                 {"state=registered", "1 2 3 4"},
                 {"state=renewed", ""},
                 {"type=host&maxresults=1", "1"},
                 {"type=host&skip=1", "2"},
                 {"skip=1&maxresults=2", "2 3"},
                 {"skip=9", ""},
                 {"maxresults=0", ""}};

    fill(ix);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (strcmp(find(ix, cases[i].query), cases[i].ids) != 0)
            fail_msg("%s: got '%s', wanted '%s'", cases[i].query, find(ix, cases[i].query), cases[i].ids);
}

static void a_record_is_found_by_its_uri(void **state)
{
    static const char uri[] = "lookup/host/00000000-0000-0000-0000-000001000000";
    struct dir_index *ix = *state;
    char text[DIR_URI_MAX], query[128];
    struct dir_rec *rec;

    fill(ix);
    rec = dir_index_by_uri(ix, uri);
    assert_non_null(rec);
    assert_int_equal(rec->id, 1);
    assert_string_equal(dir_index_uri(ix, rec, text), uri);
    assert_ptr_equal(dir_index_by_uri(ix, "/lookup/host/00000000-0000-0000-0000-000001000000"), rec);
    assert_ptr_equal(dir_index_by_uri(ix, "http://x:8090/lookup/host/00000000-0000-0000-0000-000001000000"),
                     rec);
    assert_null(dir_index_by_uri(ix, "lookup/service/00000000-0000-0000-0000-000001000000"));
    assert_null(dir_index_by_uri(ix, "lookup/host/"));
    assert_null(dir_index_by_uri(ix, "lookup/host"));
    assert_null(dir_index_by_uri(ix, "lookup/"));
    assert_null(dir_index_by_uri(ix, "http://x"));
    assert_null(dir_index_by_uri(ix, ""));
    snprintf(query, sizeof query, "uri=%s", uri);
    assert_string_equal(find(ix, query), "1");
    assert_string_equal(find(ix, "uri=lookup/host/*"), "1 2");
}

static void what_nobody_may_see_is_not_found(void **state)
{
    struct dir_index *ix = *state;

    fill(ix);
    dir_index_by_uri(ix, "lookup/host/00000000-0000-0000-0000-000001000000")->pending = true;
    dir_index_by_uri(ix, "lookup/host/00000000-0000-0000-0000-000002000000")->expires_ms = NOW;
    assert_string_equal(find(ix, ""), "3 4");
    assert_null(dir_index_by_uri(ix, "lookup/host/00000000-0000-0000-0000-000001000000"));
}

struct shown {
    struct dir_index *ix;
    const struct dir_rec *rec;
};

static void write_record(const void *what, struct ps_json *j)
{
    const struct shown *s = what;

    dir_index_write(s->ix, s->rec, NULL, j);
}

static void a_record_is_written_as_it_was_registered(void **state)
{
    struct dir_index *ix = *state;
    struct dir_rec *rec =
        fix_add(ix, 7, "{\"b\":[\"2\",\"1\",\"2\"],\"type\":[\"t\",\"u\"],\"e\":[],\"s\":[\"\"]}", LATER);
    struct shown s = {ix, rec};
    char *text;

    rec->renewed = true;
    rec->ttl_s = 7200;
    text = fix_text(write_record, &s);
    assert_string_equal(text,
                        "{\"b\":[\"2\",\"1\",\"2\"],\"type\":[\"t\",\"u\"],\"e\":[],\"s\":[\"\"],"
                        "\"uri\":\"lookup/t/00000000-0000-0000-0000-000007000000\","
                        "\"expires\":\"2023-11-14T22:13:21.000Z\",\"state\":\"renewed\",\"ttl\":[\"PT2H\"]}");
    free(text);
}

static void a_uuid_is_taken_once_and_identity_leads_to_the_newest(void **state)
{
    struct dir_index *ix = *state;
    uint8_t uuid[DIR_UUID] = {0};
    struct dir_rec *a = fix_add(ix, 1, "{\"type\":\"h\",\"x\":\"1\"}", LATER), *b, *none;
    struct fix_draft f;

    uuid[12] = 1;
    assert_int_equal(fix_read(&f, "{\"type\":\"h\"}"), 0);
    assert_int_equal(dir_index_add(ix, &f.d, uuid, &none), PS_EDUPLICATE);
    fix_free(&f);
    assert_ptr_equal(dir_index_by_identity(ix, a->identity), a);
    b = fix_add(ix, 2, "{\"x\":[\"1\"],\"type\":\"h\"}", LATER);
    assert_ptr_equal(dir_index_by_identity(ix, b->identity), b);
    dir_index_remove(ix, a);
    assert_ptr_equal(dir_index_by_identity(ix, b->identity), b);
    assert_int_equal(dir_index_count(ix), 1);
}

static void what_goes_leaves_no_term_behind(void **state)
{
    struct dir_index *ix = *state;
    size_t before = dir_terms_count(dir_index_terms(ix));
    struct dir_rec *recs[100];

    for (uint32_t i = 0; i < 100; i++) {
        char text[200];

        snprintf(text, sizeof text, "{\"type\":\"h\",\"k%u\":\"v\",\"n\":[\"%u\",\"%u\"]}", i, i, i);
        recs[i] = fix_add(ix, i, text, LATER);
    }
    assert_int_equal(dir_terms_count(dir_index_terms(ix)), before + 201);
    for (uint32_t i = 0; i < 100; i++)
        dir_index_remove(ix, recs[(i * 37) % 100]);
    assert_int_equal(dir_terms_count(dir_index_terms(ix)), before);
    assert_string_equal(find(ix, "n=*"), "");
}

static void too_many_keys_are_refused_and_leave_nothing(void **state)
{
    struct dir_index *ix = *state;
    struct fix_draft f;
    struct dir_rec *rec;
    uint8_t uuid[DIR_UUID] = {9};
    size_t terms;

    for (uint32_t i = 0; i < DIR_KEYS_ALL / 128; i++) {
        char text[8192];
        size_t n = (size_t)sprintf(text, "{\"type\":\"h\"");

        for (uint32_t k = i == 0 ? 1 : 0; k < 128; k++)
            n += (size_t)sprintf(text + n, ",\"k%u-%u\":\"v\"", i, k);
        (void)sprintf(text + n, "}");
        fix_add(ix, i, text, LATER);
    }
    terms = dir_terms_count(dir_index_terms(ix));
    assert_int_equal(fix_read(&f, "{\"type\":\"other\",\"k1-1\":\"w\",\"one-more\":\"1\"}"), 0);
    assert_int_equal(dir_index_add(ix, &f.d, uuid, &rec), PS_ERANGE);
    fix_free(&f);
    assert_int_equal(dir_terms_count(dir_index_terms(ix)), terms);
    fix_add(ix, 5000, "{\"type\":\"other\",\"k1-1\":\"w\"}", LATER);
}

// --- against the plain way

struct model {
    bool there;
    unsigned color, size;
};

static void agree(struct dir_index *ix, const struct model *m, size_t n)
{
    char query[64], wanted[4096];

    for (unsigned color = 0; color < 3; color++) {
        size_t at = 0;

        wanted[0] = '\0';
        for (size_t i = 0; i < n; i++)
            if (m[i].there && m[i].color == color && m[i].size == 1)
                at += (size_t)snprintf(wanted + at, sizeof wanted - at, "%s%zu", at ? " " : "", i);
        snprintf(query, sizeof query, "color=c%u&size=s1", color);
        assert_string_equal(find(ix, query), wanted);
    }
}

// So many come and go that places are given anew several times.
static void after_long_coming_and_going_all_is_found(void **state)
{
    enum { SLOTS = 200, ROUNDS = 400000 };
    struct dir_index *ix = *state;
    static struct model m[SLOTS];
    static struct dir_rec *recs[SLOTS];
    struct fix_draft drafts[3][2];
    struct ps_rand r;

    ps_rand_seed(&r, 42);
    for (int c = 0; c < 3; c++) {
        for (int s = 0; s < 2; s++) {
            char text[100];

            snprintf(text, sizeof text, "{\"type\":\"h\",\"color\":\"c%d\",\"size\":\"s%d\"}", c, s);
            assert_int_equal(fix_read(&drafts[c][s], text), 0);
        }
    }
    for (uint32_t i = 0; i < ROUNDS; i++) {
        size_t slot = ps_rand_u64(&r) % SLOTS;
        uint8_t uuid[DIR_UUID] = {1};

        if (m[slot].there) {
            dir_index_remove(ix, recs[slot]);
            m[slot].there = false;
            continue;
        }
        memcpy(uuid + 12, &i, sizeof i);
        m[slot] = (struct model){true, (unsigned)(ps_rand_u64(&r) % 3), (unsigned)(ps_rand_u64(&r) % 2)};
        assert_int_equal(dir_index_add(ix, &drafts[m[slot].color][m[slot].size].d, uuid, &recs[slot]), 0);
        recs[slot]->id = (int64_t)slot;
        recs[slot]->expires_ms = LATER;
    }
    assert_true(dir_index_top(ix) < ROUNDS / 2); // places were given anew
    // Those that are left, in the order of registration.
    for (int c = 0; c < 3; c++)
        for (int s = 0; s < 2; s++)
            fix_free(&drafts[c][s]);
    for (size_t slot = 0; slot < SLOTS; slot++) {
        if (!m[slot].there)
            continue;
        dir_index_remove(ix, recs[slot]);
    }
    for (uint32_t slot = 0; slot < SLOTS; slot++) {
        char text[100];

        if (!m[slot].there)
            continue;
        snprintf(text, sizeof text, "{\"type\":\"h\",\"color\":\"c%u\",\"size\":\"s%u\"}", m[slot].color,
                 m[slot].size);
        recs[slot] = fix_add(ix, slot, text, LATER);
    }
    agree(ix, m, SLOTS);
}

static void an_answer_goes_on_over_new_places(void **state)
{
    struct dir_index *ix = *state;
    struct dir_query q = {.max = SIZE_MAX};
    struct dir_hits hits;
    struct dir_rec *rec;

    for (uint32_t i = 0; i < 10; i++)
        fix_add(ix, i, "{\"type\":\"h\"}", LATER);
    for (uint32_t i = 10; i < 70010; i++)
        dir_index_remove(ix, fix_add(ix, i, "{\"type\":\"gone\"}", LATER));
    fix_add(ix, 70010, "{\"type\":\"h\"}", LATER);
    assert_int_equal(dir_index_search(ix, &q, NOW, &hits), 0);
    assert_int_equal(hits.n, 11);
    for (int i = 0; i < 3; i++)
        assert_int_equal(dir_hits_next(ix, &hits, NOW)->id, i);
    rec = dir_index_by_uri(ix, "lookup/h/00000000-0000-0000-0000-000004000000");
    dir_index_remove(ix, rec);
    for (uint32_t i = 70011; dir_index_top(ix) > 70000; i++)
        dir_index_remove(ix, fix_add(ix, i, "{\"type\":\"gone\"}", LATER));
    assert_int_equal(dir_hits_next(ix, &hits, NOW)->id, 3);
    assert_int_equal(dir_hits_next(ix, &hits, NOW)->id, 5);
    for (int i = 6; i < 10; i++)
        assert_int_equal(dir_hits_next(ix, &hits, NOW)->id, i);
    assert_int_equal(dir_hits_next(ix, &hits, NOW)->id, 70010);
    assert_null(dir_hits_next(ix, &hits, NOW));
    dir_hits_fini(&hits);
}

static void those_whose_lease_ended_are_told_in_steps(void **state)
{
    struct dir_index *ix = *state;
    struct dir_rec *recs[2];
    uint32_t at = 0;

    for (uint32_t i = 0; i < 5; i++)
        fix_add(ix, i, "{\"type\":\"h\"}", i == 2 ? LATER : NOW);
    assert_int_equal(dir_index_ended(ix, &at, NOW, recs, 2), 2);
    assert_int_equal(recs[1]->id, 1);
    assert_int_equal(dir_index_ended(ix, &at, NOW, recs, 2), 2);
    assert_int_equal(recs[0]->id, 3);
    assert_int_equal(dir_index_ended(ix, &at, NOW, recs, 2), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(queries_find_what_they_say, setup, teardown),
        cmocka_unit_test_setup_teardown(a_record_is_found_by_its_uri, setup, teardown),
        cmocka_unit_test_setup_teardown(what_nobody_may_see_is_not_found, setup, teardown),
        cmocka_unit_test_setup_teardown(a_record_is_written_as_it_was_registered, setup, teardown),
        cmocka_unit_test_setup_teardown(a_uuid_is_taken_once_and_identity_leads_to_the_newest, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(what_goes_leaves_no_term_behind, setup, teardown),
        cmocka_unit_test_setup_teardown(too_many_keys_are_refused_and_leave_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(after_long_coming_and_going_all_is_found, setup, teardown),
        cmocka_unit_test_setup_teardown(an_answer_goes_on_over_new_places, setup, teardown),
        cmocka_unit_test_setup_teardown(those_whose_lease_ended_are_told_in_steps, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
