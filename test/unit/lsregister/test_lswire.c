// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/ps_err.h"
#include "lsregister/lswire.h"

static void read_as(enum lswire_verb verb, int status, const char *body, struct lswire_reply *r)
{
    assert_int_equal(lswire_read(verb, status, body, strlen(body), r), 0);
}

#define URI "lookup/host/7aa0cf88-9a49-4f4e-8b5e-5a1c4a9b2d11"

static void servers_are_known_by_several_forms_of_their_url(void **state)
{
    static const char *const forms[] = {"http://ls:8090", "http://ls:8090/", "http://LS:8090/lookup",
                                        "http://ls:8090/lookup/records", "http://ls:8090/lookup/records/"};
    char *server;
    (void)state;
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(lswire_server(forms[i], &server), 0);
        assert_string_equal(server, "http://ls:8090/");
        free(server);
    }
    assert_int_equal(lswire_server("https://[2001:db8::1]/a/lookup/records", &server), 0);
    assert_string_equal(server, "https://[2001:db8::1]/a/");
    free(server);
    assert_int_equal(lswire_server("ftp://ls/", &server), PS_EUNSUPPORTED);
    assert_int_equal(lswire_server("ls:8090", &server), PS_ESYNTAX);
}

static void requests_are_as_the_protocol_has_them(void **state)
{
    struct record record = {0};
    char *uri = URI;
    struct words uris = {&uri, 1};
    const struct {
        struct lswire_ask ask;
        const char *method, *url, *body;
    } cases[] = {
        {{LS_REGISTER, "http://ls/", &record, NULL, 7200 * PS_SEC, NULL, NULL},
         "POST",
         "http://ls/lookup/records",
         "{\"ttl\":[\"PT120M\"],\"type\":[\"host\"]}"},
        {{LS_REGISTER, "http://ls/", &record, NULL, 0, NULL, NULL},
         "POST",
         "http://ls/lookup/records",
         "{\"type\":[\"host\"]}"},
        {{LS_RENEW_ALL, "http://ls/", NULL, &uris, 0, NULL, NULL},
         "PUT",
         "http://ls/lookup/records",
         "{\"record-uris\":[\"" URI "\"]}"},
        {{LS_RENEW, "http://ls/", NULL, &uris, 90 * PS_SEC, NULL, NULL},
         "POST",
         "http://ls/" URI,
         "{\"ttl\":[\"PT2M\"]}"},
        {{LS_RENEW, "http://ls/", NULL, &uris, 0, NULL, "u"},
         "POST",
         "http://ls/" URI,
         "{\"client-uuid\":[\"u\"]}"},
        {{LS_DELETE, "http://ls/", NULL, &uris, 0, NULL, "u"},
         "DELETE",
         "http://ls/" URI,
         "{\"client-uuid\":[\"u\"]}"},
        {{LS_DELETE, "http://ls/", NULL, &uris, 0, NULL, NULL}, "DELETE", "http://ls/" URI, ""},
        {{LS_QUERY, "http://ls/", NULL, NULL, 0, "type=host", NULL},
         "GET",
         "http://ls/lookup/records?type=host",
         ""},
        {{LS_QUERY, "http://ls/", NULL, NULL, 0, "", NULL}, "GET", "http://ls/lookup/records", ""},
    };
    (void)state;
    record_set(&record, "type", "host");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct lswire_http h = {0};
        assert_int_equal(lswire_write(&cases[i].ask, &h), 0);
        assert_string_equal(h.method, cases[i].method);
        assert_string_equal((const char *)ps_buf_head(&h.url), cases[i].url);
        assert_int_equal(ps_buf_len(&h.body), strlen(cases[i].body));
        assert_memory_equal(cases[i].body, ps_buf_len(&h.body) ? ps_buf_head(&h.body) : (const uint8_t *)"",
                            ps_buf_len(&h.body));
        lswire_http_fini(&h);
    }
    record_fini(&record);
}

static void refusals_are_told_apart_with_what_the_server_said(void **state)
{
    static const struct {
        enum lswire_verb verb;
        int status;
        enum lswire_outcome outcome;
    } cases[] = {{LS_REGISTER, 403, LS_FORBIDDEN},
                 {LS_REGISTER, 400, LS_INVALID},
                 {LS_REGISTER, 415, LS_INVALID},
                 {LS_REGISTER, 500, LS_FAILING},
                 {LS_REGISTER, 503, LS_FAILING},
                 {LS_RENEW, 404, LS_ABSENT},
                 {LS_DELETE, 404, LS_ABSENT},
                 {LS_RENEW, 403, LS_FORBIDDEN},
                 // not a lookup server's
                 {LS_REGISTER, 302, LS_FAILING},
                 {LS_REGISTER, 404, LS_FAILING},
                 {LS_QUERY, 404, LS_FAILING},
                 {LS_RENEW, 401, LS_FAILING},
                 {LS_DELETE, 405, LS_FAILING},
                 {LS_RENEW, 429, LS_FAILING}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct lswire_reply r;
        read_as(cases[i].verb, cases[i].status, "The record\nalready exists\x1b[2J", &r);
        assert_int_equal(r.outcome, cases[i].outcome);
        assert_non_null(strstr(r.why, "The record already exists"));
        assert_null(strchr(r.why, '\x1b'));
        lswire_reply_fini(&r);
    }
}

static void values_may_be_texts_or_arrays(void **state)
{
    static const char *const forms[] = {
        "{\"uri\":\"" URI
        "\",\"expires\":\"2026-01-02T03:04:05.678Z\",\"n\":5,\"a\":[\"x\",1,null,\"y\"],\"e\":[]}",
        "{\"uri\":[\"" URI "\"],\"expires\":[\"2026-01-02T04:04:05.678+01:00\"],\"a\":[\"x\",\"y\"]}"};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct lswire_reply r;
        read_as(LS_REGISTER, 200, forms[i], &r);
        assert_int_equal(r.outcome, LS_OK);
        assert_string_equal(record_get(&r.records[0], "uri"), URI);
        assert_int_equal(lswire_expires(&r.records[0]) / PS_SEC, 1767323045);
        assert_int_equal(record_all(&r.records[0], "a")->n, 2);
        lswire_reply_fini(&r);
    }
}

static void a_registration_without_a_usable_key_may_have_been_or_not(void **state)
{
    static const char *const bodies[] = {"",
                                         "ok",
                                         "{",
                                         "[]",
                                         "null",
                                         "{\"type\":[\"host\"]}",
                                         "{\"uri\":\"http://evil.example/x\"}",
                                         "{\"uri\":\"lookup/host/../../x\"}",
                                         "{\"uri\":\"lookup/host\"}",
                                         "{\"uri\":\"lookup/host/x?y\"}"};
    (void)state;
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        struct lswire_reply r;
        read_as(LS_REGISTER, 200, bodies[i], &r);
        assert_int_equal(r.outcome, LS_LOST);
        lswire_reply_fini(&r);
    }
}

static void summaries_of_renewals_are_read_in_all_their_forms(void **state)
{
    static const struct {
        const char *body;
        enum lswire_outcome outcome;
        size_t failed;
        const char *code;
    } cases[] = {
        {"{\"total\":\"2\",\"renewed\":\"2\",\"failure\":\"0\",\"failed-uris\":[]}", LS_OK, 0, NULL},
        {"{\"total\":\"2\",\"renewed\":\"null\",\"failure\":\"2\",\"failed-uris\":[\"a\",\"b\"],\"error-"
         "code\":[\"22\","
         "\"21\"],\"error-message\":[\"notfound\",\"expired\"]}",
         LS_OK, 2, "22"},
        {"{\"total\":[\"1\"],\"renewed\":[\"null\"],\"failure\":[\"1\"],\"failed-uris\":[\"a\"],\"error-"
         "code\":[\"21\"]}",
         LS_OK, 1, "21"},
        {"{\"total\":1,\"failure\":1,\"failed-uris\":\"a\",\"error-code\":\"22\"}", LS_OK, 1, "22"},
        {"{\"total\":\"3\",\"failure\":\"2\",\"failed-uris\":[\"a\"],\"error-code\":[\"22\"]}", LS_LOST, 1,
         "22"},
        {"{\"total\":3,\"failure\":2,\"failed-uris\":[]}", LS_LOST, 0, NULL},
        {"{}", LS_LOST, 0, NULL},
        {"renewed", LS_LOST, 0, NULL},
        {"[]", LS_LOST, 0, NULL},
        {"{\"total\":\"1\",\"failure\":\"null\",\"failed-uris\":[\"a\"]}", LS_OK, 1, ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct lswire_reply r;
        read_as(LS_RENEW_ALL, 200, cases[i].body, &r);
        assert_int_equal(r.outcome, cases[i].outcome);
        assert_int_equal(r.nfailed, cases[i].failed);
        if (r.nfailed)
            assert_string_equal(r.failed[0].code, cases[i].code);
        lswire_reply_fini(&r);
    }
}

static void what_is_no_record_in_an_answer_to_a_query_is_left_out(void **state)
{
    struct lswire_reply r;
    (void)state;
    read_as(LS_QUERY, 200, "[{\"type\":[\"host\"]},5,null,[\"x\"],{\"type\":\"person\"}]", &r);
    assert_int_equal(r.outcome, LS_OK);
    assert_int_equal(r.n, 2);
    lswire_reply_fini(&r);
    read_as(LS_QUERY, 200, " [ {\"a\":\"]},[\\\"\"} , {\"b\":[\"\xff\"]},{\"c\":{\"d\":[]}},{} ] ", &r);
    assert_int_equal(r.outcome, LS_OK);
    assert_int_equal(r.n, 4);
    assert_string_equal(record_get(&r.records[0], "a"), "]},[\"");
    assert_string_equal(record_get(&r.records[1], "b"), "\xef\xbf\xbd"); // was no UTF-8
    assert_int_equal(r.left_out, 0);
    lswire_reply_fini(&r);
    read_as(LS_QUERY, 200, "[{\"a\":\"Z\xfcrich\"},7,{\"a\" 1}]", &r);
    assert_int_equal(r.n, 1);
    assert_string_equal(record_get(&r.records[0], "a"), "Z\xef\xbf\xbdrich");
    assert_int_equal(r.left_out, 2);
    lswire_reply_fini(&r);
}

static void half_an_answer_is_none(void **state)
{
    static const char *const parts[] = {"",       "[",   "[{\"type\":[\"ho", "[{},", "[{}",
                                        "[{}] x", "[]]", "{\"a\"",           "[\"\\"};
    (void)state;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        struct lswire_reply r;
        read_as(LS_QUERY, 200, parts[i], &r);
        assert_int_equal(r.outcome, LS_LOST);
        lswire_reply_fini(&r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(servers_are_known_by_several_forms_of_their_url),
        cmocka_unit_test(requests_are_as_the_protocol_has_them),
        cmocka_unit_test(refusals_are_told_apart_with_what_the_server_said),
        cmocka_unit_test(values_may_be_texts_or_arrays),
        cmocka_unit_test(a_registration_without_a_usable_key_may_have_been_or_not),
        cmocka_unit_test(summaries_of_renewals_are_read_in_all_their_forms),
        cmocka_unit_test(half_an_answer_is_none),
        cmocka_unit_test(what_is_no_record_in_an_answer_to_a_query_is_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
