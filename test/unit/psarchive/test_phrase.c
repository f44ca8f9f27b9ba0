// SPDX-License-Identifier: Apache-2.0
#include "archive_fix.h"
#include "psarchive/phrase.h"
#include "psarchive/store_impl.h"

#define HREF "{\"href\":\"https://a.example/pscheduler/tasks/%s/runs/%s\"}"
#define TASK "0a1b2c3d-0000-1111-2222-333344445555"

static void run_id(unsigned n, char out[37])
{
    snprintf(out, 37, "%08x-aaaa-bbbb-cccc-%012x", n * 2654435761u, n);
}

static size_t round_trip(struct phrases *p, int64_t ts, const char *json)
{
    struct bitput w;
    struct bitget r;
    struct es_value v;
    bitput_init(&w);
    assert_int_equal(phrase_pack(p, &w, ts, json, strlen(json)), 0);
    assert_int_equal(bitput_end(&w), 0);
    bitget_init(&r, w.data, w.len);
    assert_int_equal(phrase_unpack(p, &r, &v), 0);
    assert_int_equal(bitget_end(&r), 0);
    assert_int_equal(v.json.len, strlen(json));
    assert_memory_equal(v.json.text, json, v.json.len);
    size_t len = w.len;
    es_value_fini(&v);
    bitput_fini(&w);
    return len;
}

static struct phrases *phrases_of(struct fix *f)
{
    struct phrases *p;
    assert_int_equal(phrases_new(&p, f->store->db), 0);
    return p;
}

static int64_t count(struct fix *f)
{
    int64_t n = -1;
    assert_int_equal(ps_db_number(f->store->db, "SELECT count(*) FROM phrase", &n), 0);
    return n;
}

static void runs_of_one_task_take_little_more_than_their_own_number(void **state)
{
    struct fix *f = *state;
    struct phrases *p = phrases_of(f);
    char run[37], json[200];
    size_t len = 0;
    for (unsigned i = 0; i < 10; i++) {
        run_id(i, run);
        snprintf(json, sizeof json, HREF, TASK, run);
        len = round_trip(p, 1000 + i, json);
    }
    assert_true(len <= 19);
    // The text with both holes was met twice before the one with the task in it was.
    assert_true(count(f) >= 1 && count(f) <= 2);
    phrases_free(p);
}

static void what_comes_once_makes_no_phrase(void **state)
{
    struct fix *f = *state;
    struct phrases *p = phrases_of(f);
    char json[100];
    for (unsigned i = 0; i < 100; i++) {
        snprintf(json, sizeof json, "{\"error\":\"%u is a number of its own, more or less, and %u as well\"}",
                 i, i * 7919);
        (void)round_trip(p, 1000, json);
    }
    assert_int_equal(count(f), 0);
    assert_true(round_trip(p, 1000, json) < 5); // a second time
    assert_int_equal(count(f), 1);
    phrases_free(p);
}

static void texts_of_any_length_come_back(void **state)
{
    struct fix *f = *state;
    struct phrases *p = phrases_of(f);
    char *json = malloc(100001);
    assert_non_null(json);
    for (size_t len = 1; len <= 100000; len = len * 3 + 1) {
        for (size_t i = 0; i < len; i++)
            json[i] = (char)('a' + i * i % 23);
        json[len] = '\0';
        size_t packed = round_trip(p, 1000, json);
        assert_true(packed <= len + 5);
    }
    free(json);
    phrases_free(p);
}

static void what_is_no_longer_used_goes(void **state)
{
    struct fix *f = *state;
    struct phrases *p = phrases_of(f);
    static const char old[] = "{\"error\":\"an old one\"}", young[] = "{\"error\":\"a young one\"}";
    for (int i = 0; i < 2; i++) {
        (void)round_trip(p, 1000, old);
        (void)round_trip(p, 1000, young);
    }
    assert_int_equal(count(f), 2);
    (void)round_trip(p, 1000 + 10 * 86400, young);
    assert_int_equal(phrases_purge(p, 1000 + 5 * 86400), 0);
    assert_int_equal(count(f), 1);
    assert_true(round_trip(p, 1000 + 10 * 86400, young) < 5);
    assert_int_equal(count(f), 1);
    phrases_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(runs_of_one_task_take_little_more_than_their_own_number),
        TEST(what_comes_once_makes_no_phrase),
        TEST(texts_of_any_length_come_back),
        TEST(what_is_no_longer_used_goes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
