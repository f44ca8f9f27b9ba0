// SPDX-License-Identifier: Apache-2.0
// The archiver "esmond", against a server that answers as the test says. How it goes with our own archive:
// test/tool/psched_esmond.t.
#include "deliver_fix.h"

#define ONCE_MORE "'retry-policy':[{'attempts':1,'wait':'PT7S'}]"
#define URL "'url':'http://$/archive'"
#define DOCUMENT(type, spec, result)                                                                        \
    "{\"schedule\":{\"start\":\"2026-01-02T03:04:05Z\",\"duration\":\"PT5S\"},"                             \
    "\"participants\":[\"192.0.2.9\"],\"tool\":{\"name\":\"ping\"},\"run\":{\"href\":\"https://h/run/1\"}," \
    "\"test\":{\"type\":\"" type "\",\"spec\":{" spec "}},\"result\":" result "}"
#define RTT                                                                \
    DOCUMENT("rtt", "\"source\":\"192.0.2.1\",\"dest\":\"192.0.2.2\"",     \
             "{\"succeeded\":true,\"sent\":5,\"lost\":1,\"duplicates\":0," \
             "\"roundtrips\":[{\"rtt\":\"PT0.012S\"},{\"rtt\":\"PT0.012S\"}]}")
#define KEY "{\"metadata-key\":\"k-1\"}"

// What the server answers, in turn; behind the last one 201 with a key.
struct answer {
    int status;
    const char *body;
};

struct archive {
    const struct answer *answers;
    size_t n;
    size_t requests;
    char log[2048]; // "METHOD PATH;" of each
    char auth[64];
    char bodies[8][4096];
};
static struct archive archive;

static void on_request(void *ctx, struct ps_http_req *req)
{
    static const struct answer good = {201, KEY};
    const struct answer *a = archive.requests < archive.n ? &archive.answers[archive.requests] : &good;
    size_t len, at = strlen(archive.log);

    (void)ctx;
    assert_true(archive.requests < 8);
    snprintf(archive.log + at, sizeof archive.log - at, "%s %s;", ps_http_method_of(req), ps_http_path(req));
    fix_note(archive.auth, sizeof archive.auth, ps_http_header(req, "Authorization"));
    fix_note(archive.bodies[archive.requests], sizeof archive.bodies[0], ps_http_body(req, &len));
    archive.requests++;
    if (a->status == 302)
        ps_http_add(req, "Location", "https://elsewhere.example/");
    ps_http_reply(req, a->status, "application/json", a->body, strlen(a->body));
}

static int begin(void **state)
{
    static const char *const patterns[] = {"/archive/", "/archive/{key}/"};

    if (setup(state))
        return 1;
    for (size_t i = 0; i < 2; i++) {
        struct ps_http_route r = {.methods = PS_HTTP_PUT | PS_HTTP_POST,
                                  .pattern = patterns[i],
                                  .handler = on_request,
                                  .body_max = 4095};
        assert_int_equal(ps_httpd_route(((struct fix *)*state)->httpd, &r), 0);
    }
    memset(&archive, 0, sizeof archive);
    return 0;
}

#undef TEST
#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, teardown)

static void answers(const struct answer *list, size_t n)
{
    archive.answers = list;
    archive.n = n;
    archive.requests = 0;
    archive.log[0] = '\0';
}
#define ANSWERS(...)                                       \
    do {                                                   \
        static const struct answer list[] = {__VA_ARGS__}; \
        answers(list, sizeof list / sizeof list[0]);       \
    } while (0)

static void delivers(struct fix *f, const char *data, const char *doc, struct outcome *r)
{
    struct ps_deliver_job job = fix_job(f, "esmond", data, doc);

    fix_run(f, &job, r);
}

static void a_result_is_registered_and_then_written(void **state)
{
    struct fix *f = *state;
    struct outcome r;

    delivers(f, "{" URL ",'_auth-token':'sesame'}", RTT, &r);
    assert_string_equal(r.text, "");
    assert_int_equal(r.end, PS_DELIVER_DONE);
    assert_string_equal(archive.log, "POST /archive/;PUT /archive/k-1/;");
    assert_string_equal(archive.auth, "Token sesame");
    assert_non_null(strstr(archive.bodies[0], "\"source\":\"192.0.2.1\""));
    assert_non_null(strstr(archive.bodies[0], "\"measurement-agent\":\"192.0.2.9\""));
    assert_non_null(strstr(archive.bodies[0],
                           "{\"event-type\":\"histogram-rtt\",\"summaries\":[{\"summary-type\":"
                           "\"aggregation\",\"summary-window\":3600}"));
    assert_string_equal(
        archive.bodies[1],
        "{\"data\":[{\"ts\":1767323045,\"val\":[{\"event-type\":\"packet-count-sent\",\"val\":5},"
        "{\"event-type\":\"packet-count-lost-bidir\",\"val\":1},"
        "{\"event-type\":\"packet-duplicates-bidir\",\"val\":0},"
        "{\"event-type\":\"packet-loss-rate-bidir\",\"val\":{\"numerator\":1,\"denominator\":5}},"
        "{\"event-type\":\"histogram-rtt\",\"val\":{\"12.00\":2}},"
        "{\"event-type\":\"pscheduler-run-href\",\"val\":{\"href\":\"https://h/run/1\"}}]}]}");
}

static void a_registration_is_remembered_for_each_archive(void **state)
{
    struct fix *f = *state;
    struct outcome r;

    delivers(f, "{" URL "}", RTT, &r);
    delivers(f, "{'url':'http://$/archive/'}", RTT, &r); // the same place
    assert_string_equal(archive.log, "POST /archive/;PUT /archive/k-1/;PUT /archive/k-1/;");
    delivers(f, "{" URL ",'measurement-agent':'192.0.2.77'}", RTT, &r);
    assert_string_equal(archive.log, "POST /archive/;PUT /archive/k-1/;PUT /archive/k-1/;"
                                     "POST /archive/;PUT /archive/k-1/;");
    assert_non_null(strstr(archive.bodies[3], "\"measurement-agent\":\"192.0.2.77\""));
}

static void metadata_that_are_gone_are_registered_again(void **state)
{
    struct fix *f = *state;
    struct outcome r;

    delivers(f, "{" URL "}", RTT, &r);
    ANSWERS({404, "{\"detail\":\"Not found.\"}"});
    delivers(f, "{" URL "}", RTT, &r);
    assert_int_equal(r.end, PS_DELIVER_DONE);
    assert_string_equal(archive.log, "PUT /archive/k-1/;POST /archive/;PUT /archive/k-1/;");
    ANSWERS({404, ""}, {201, KEY}, {404, ""}); // for ever
    delivers(f, "{" URL "," ONCE_MORE "}", RTT, &r);
    assert_int_equal(r.end, PS_DELIVER_AGAIN);
    assert_non_null(strstr(r.text, "answers 404"));
}

// esmond stores some of them before it says so.
static void what_is_there_already_does_not_hide_what_is_not(void **state)
{
    struct fix *f = *state;
    struct outcome r;

    ANSWERS({201, KEY}, {409, "{}"}, {409, "{}"}, {201, "\"\""});
    delivers(
        f, "{" URL "}",
        DOCUMENT("rtt", "\"source\":\"192.0.2.1\",\"dest\":\"192.0.2.2\"", "{\"succeeded\":true,\"sent\":5}"),
        &r);
    assert_int_equal(r.end, PS_DELIVER_DONE);
    assert_string_equal(archive.log, "POST /archive/;PUT /archive/k-1/;PUT /archive/k-1/;PUT /archive/k-1/;");
    assert_string_equal(
        archive.bodies[2],
        "{\"data\":[{\"ts\":1767323045,\"val\":[{\"event-type\":\"packet-count-sent\",\"val\":5}]}]}");
    assert_non_null(strstr(archive.bodies[3], "pscheduler-run-href"));
    assert_null(strstr(archive.bodies[3], "packet-count-sent"));
}

static void a_value_that_fails_fails_the_job(void **state)
{
    struct fix *f = *state;
    struct outcome r;

    ANSWERS({201, KEY}, {409, "{}"}, {201, "\"\""}, {500, "{}"});
    delivers(f, "{" URL "," ONCE_MORE "}", RTT, &r);
    assert_int_equal(r.end, PS_DELIVER_AGAIN);
    assert_int_equal(archive.requests, 4);
}

// The document is at fault in the first ones, who we are and whom we ask in the others.
static void only_what_the_archive_itself_does_not_want_is_refused_for_good(void **state)
{
    static const struct {
        struct answer answer;
        enum ps_deliver_end end;
    } cases[] = {
        {{400, "{\"detail\":\"no such event type\"}"}, PS_DELIVER_REFUSED},
        {{422, "{\"detail\":\"no\"}"}, PS_DELIVER_REFUSED},
        {{413, "<html>too large</html>"}, PS_DELIVER_REFUSED},
        {{400, "<html>plain HTTP to an HTTPS port</html>"}, PS_DELIVER_AGAIN},
        {{401, "{\"detail\":\"Invalid token.\"}"}, PS_DELIVER_AGAIN},
        {{403, "{\"detail\":\"no\"}"}, PS_DELIVER_AGAIN},
        {{404, "nothing here"}, PS_DELIVER_AGAIN},
        {{302, ""}, PS_DELIVER_AGAIN},
        {{500, "{\"detail\":\"no\"}"}, PS_DELIVER_AGAIN},
        {{201, "{\"key\":1}"}, PS_DELIVER_AGAIN},
        {{201, "{\"metadata-key\":\"../..\"}"}, PS_DELIVER_AGAIN},
        {{201, "[]"}, PS_DELIVER_AGAIN},
    };
    struct fix *f = *state;
    struct outcome r;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        answers(&cases[i].answer, 1);
        delivers(f, "{" URL ",'_auth-token':'hush'," ONCE_MORE "}", RTT, &r);
        if (r.end != cases[i].end)
            fail_msg("%d %s: %d", cases[i].answer.status, cases[i].answer.body, (int)r.end);
        assert_non_null(strstr(r.text, "/archive: "));
        assert_null(strstr(r.text, "hush"));
        assert_int_equal(archive.requests, 1);
    }
}

static void a_document_that_is_no_result_is_refused_unasked(void **state)
{
    static const char *const documents[] = {
        "\"made by a transform\"",
        "{\"a\":",
        "{}",
        "{\"schedule\":{},\"test\":{\"type\":\"rtt\",\"spec\":{}},\"result\":{}}",
        DOCUMENT("rtt", "\"source\":\"192.0.2.1\",\"dest\":\"192.0.2.2\"",
                 "{\"succeeded\":true,\"sent\":5,\"lost\":7}"),
    };
    struct fix *f = *state;
    struct outcome r;

    for (size_t i = 0; i < sizeof documents / sizeof documents[0]; i++) {
        delivers(f, "{" URL "," ONCE_MORE "}", documents[i], &r);
        assert_int_equal(r.end, PS_DELIVER_REFUSED);
        assert_true(r.text[0] != '\0');
    }
    assert_int_equal(archive.requests, 0);
}

static void a_name_without_an_address_may_have_one_later(void **state)
{
    struct fix *f = *state;
    struct outcome r;

    delivers(f, "{" URL "," ONCE_MORE "}",
             DOCUMENT("rtt", "\"dest\":\"nowhere.invalid\"", "{\"succeeded\":true,\"sent\":5}"), &r);
    assert_int_equal(r.end, PS_DELIVER_AGAIN);
    assert_non_null(strstr(r.text, "no address is found for 'nowhere.invalid'"));
    assert_int_equal(archive.requests, 0);
    delivers(f, "{" URL "}",
             DOCUMENT("rtt", "\"dest\":\"localhost\",\"ip-version\":4", "{\"succeeded\":true,\"sent\":5}"),
             &r);
    assert_int_equal(r.end, PS_DELIVER_DONE);
    assert_non_null(strstr(archive.bodies[0], "\"destination\":\"127.0.0.1\""));
    assert_non_null(strstr(archive.bodies[0], "\"input-destination\":\"localhost\""));
}

static void the_policy_says_what_becomes_of_a_result(void **state)
{
#define OTHER DOCUMENT("idle", "\"duration\":\"PT1S\"", "{\"succeeded\":true}")
    static const struct {
        const char *policy, *doc;
        bool mapped, raw;
    } cases[] = {
        {"prefer-mapped", RTT, true, false},   {"mapped-and-raw", RTT, true, true},
        {"mapped-only", RTT, true, false},     {"raw-only", RTT, false, true},
        {"prefer-mapped", OTHER, false, true}, {"mapped-only", OTHER, false, false},
    };
    struct fix *f = *state;
    struct outcome r;
    char data[200];

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        answers(NULL, 0);
        memset(archive.bodies, 0, sizeof archive.bodies);
        snprintf(data, sizeof data, "{" URL ",'data-formatting-policy':'%s'}", cases[i].policy);
        delivers(f, data, cases[i].doc, &r);
        assert_int_equal(r.end, PS_DELIVER_DONE);
        assert_int_equal(!!strstr(archive.bodies[0], "packet-count-sent"), cases[i].mapped);
        assert_int_equal(!!strstr(archive.bodies[0], "pscheduler-raw"), cases[i].raw);
        assert_int_equal(!!strstr(archive.bodies[1], "\"pscheduler-raw\",\"val\":{\"succeeded\":true"),
                         cases[i].raw);
    }
    assert_int_equal(archive.requests, 0); // the last one is nothing to it
}

static void summaries_of_ones_own_are_in_place_of_all(void **state)
{
    struct fix *f = *state;
    struct outcome r;

    delivers(f,
             "{" URL
             ",'summaries':[{'event-type':'packet-count-sent','summary-type':'aggregation','summary-window':"
             "'60'},{'event-type':'packet-count-sent','summary-type':'base','summary-window':0}]}",
             RTT, &r);
    assert_non_null(strstr(archive.bodies[0],
                           "{\"event-type\":\"packet-count-sent\",\"summaries\":[{\"summary-type\":"
                           "\"aggregation\",\"summary-window\":60}]}"));
    assert_non_null(strstr(archive.bodies[0], "{\"event-type\":\"histogram-rtt\",\"summaries\":[]}"));
    answers(NULL, 0);
    delivers(f, "{" URL ",'summaries':[]}", RTT, &r);
    assert_null(strstr(archive.bodies[0], "summary-type"));
}

static void nobody_listening_is_told(void **state)
{
    struct fix *f = *state;
    struct outcome r;
    char data[200];

    // The server is gone, and its port free.
    snprintf(data, sizeof data, "{'url':'http://127.0.0.1:%u/archive'," ONCE_MORE "}",
             ps_addr_port(&f->addr));
    ps_httpd_close(f->httpd);
    assert_int_equal(ps_httpd_new(f->loop, &ps_httpd_defaults, &f->httpd), 0);
    delivers(f, data, RTT, &r);
    assert_int_equal(r.end, PS_DELIVER_AGAIN);
    assert_non_null(strstr(r.text, "/archive: "));
}

static void a_job_is_cancelled_wherever_it_is(void **state)
{
    static const char *const documents[] = {
        RTT, DOCUMENT("rtt", "\"dest\":\"localhost\"", "{\"succeeded\":true,\"sent\":5}")};
    struct fix *f = *state;
    struct outcome r = {.calls = 0};

    for (int polls = 0; polls < 6; polls++) {
        struct ps_deliver_job job = fix_job(f, "esmond", "{" URL "}", documents[polls % 2]);
        struct ps_deliver_call *call;

        assert_int_equal(ps_deliver_send(f->deliver, &job, fix_ended, &r, &call, &f->fault), 0);
        for (int i = 0; i < polls / 2 && r.calls == 0; i++)
            ps_loop_poll(f->loop);
        if (r.calls == 0)
            ps_deliver_cancel(call);
        r.calls = 0;
        archive.requests = 0;
    }
    assert_int_equal(ps_deliver_calls(f->deliver), 0);
}

static void what_delivers_may_go_in_its_callback(void **state)
{
    struct fix *f = *state;
    struct ps_deliver_job job = fix_job(f, "esmond", "{" URL "}", RTT);
    struct outcome r = {.free_inside = f->deliver};

    fix_start(f, &job, &r);
    POLL_UNTIL(f, r.calls == 1);
    f->deliver = NULL;
    assert_int_equal(r.end, PS_DELIVER_DONE);
}

static void bad_data_are_told_without_what_is_secret(void **state)
{
    static const struct {
        const char *data, *fault;
    } cases[] = {
        {"{}", "url: is missing"},
        {"{'url':'ftp://h/'}", "url: wants a URL of http or https"},
        {"{'url':'http://h/?a=1'}", "url: wants a URL without a query, below which the archive's API is"},
        {"{'url':'http://h/','_auth-token':7}",
         "_auth-token: wants a token in one line of at most 1024 octets"},
        {"{'url':'http://h/','_auth-token':'hush\\n'}",
         "_auth-token: wants a token in one line of at most 1024 octets"},
        {"{'url':'http://h/','_auth-tokn':'hush'}",
         "_auth-tokn: is not known here; did you mean \"_auth-token\"?"},
        {"{'url':'http://h/','schema':2}", "schema: wants an integer from 1 to 1; got 2"},
        {"{'url':'http://h/','data-formatting-policy':'raw'}",
         "data-formatting-policy: wants one of \"prefer-mapped\", \"mapped-and-raw\", \"mapped-only\", "
         "\"raw-only\"; got \"raw\""},
        {"{'url':'http://h/','summaries':[{'event-type':'throughput'}]}",
         "summaries[0].summary-type: is missing"},
        {"{'url':'http://h/','summaries':[{'event-type':'x','summary-type':'average','summary-window':1}]}",
         "summaries[0].event-type: is none that there is; got \"x\""},
        {"{'url':'http://h/"
         "','summaries':[{'event-type':'throughput','summary-type':'statistics','summary-window':1}]}",
         "summaries[0].summary-type: is none that throughput has"},
        {"{'url':'http://h/"
         "','summaries':[{'event-type':'throughput','summary-type':'average','summary-window':'1d'}]}",
         "summaries[0].summary-window: wants seconds from 0 to 31622400"},
    };
    struct fix *f = *state;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ps_jnode data = fix_data(f, cases[i].data);

        assert_int_not_equal(ps_deliver_check(ps_deliver_kind("esmond"), data, &f->fault), 0);
        assert_string_equal(f->fault.text, cases[i].fault);
    }
    assert_int_equal(
        ps_deliver_check(ps_deliver_kind("esmond"),
                         fix_data(f,
                                  "{'schema':1,'url':'https://h/esmond/perfsonar/archive','_auth-token':'t',"
                                  "'measurement-agent':'h','verify-ssl':true,'bind':'127.0.0.1',"
                                  "'data-formatting-policy':'raw-only','summaries':[]," ONCE_MORE "}"),
                         &f->fault),
        0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_result_is_registered_and_then_written),
        TEST(a_registration_is_remembered_for_each_archive),
        TEST(metadata_that_are_gone_are_registered_again),
        TEST(what_is_there_already_does_not_hide_what_is_not),
        TEST(a_value_that_fails_fails_the_job),
        TEST(only_what_the_archive_itself_does_not_want_is_refused_for_good),
        TEST(a_document_that_is_no_result_is_refused_unasked),
        TEST(a_name_without_an_address_may_have_one_later),
        TEST(the_policy_says_what_becomes_of_a_result),
        TEST(summaries_of_ones_own_are_in_place_of_all),
        TEST(nobody_listening_is_told),
        TEST(a_job_is_cancelled_wherever_it_is),
        TEST(what_delivers_may_go_in_its_callback),
        TEST(bad_data_are_told_without_what_is_secret),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
