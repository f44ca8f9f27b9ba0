// SPDX-License-Identifier: Apache-2.0
// The archiver "http", against our own server.
#include "deliver_fix.h"
#include <netinet/in.h>
#include <sys/socket.h>

#define ONCE_MORE "'retry-policy':[{'attempts':1,'wait':'PT7S'}]"

static void a_document_is_posted_as_json(void **state)
{
    struct fix *f = *state;
    struct ps_deliver_job job = fix_job(f, "http", "{'_url':'http://$/in'}", "{\"a\":1}");
    struct outcome r;

    fix_run(f, &job, &r);
    assert_int_equal(r.end, PS_DELIVER_DONE);
    assert_string_equal(r.text, "");
    assert_string_equal(f->method, "POST");
    assert_string_equal(f->type, "application/json");
    assert_string_equal(f->body, "{\"a\":1}");
    assert_string_equal(f->auth, "(none)");
}

static void op_put_puts_and_credentials_are_sent(void **state)
{
    struct fix *f = *state;
    struct ps_deliver_job job = fix_job(f, "http", "{'_url':'http://me:pw@$/in','op':'put'}", "1");
    struct outcome r;

    fix_run(f, &job, &r);
    assert_int_equal(r.end, PS_DELIVER_DONE);
    assert_string_equal(f->method, "PUT");
    assert_string_equal(f->auth, "Basic bWU6cHc=");
}

static void headers_are_sent_and_empty_ones_left_out(void **state)
{
    struct fix *f = *state;
    struct ps_deliver_job job = fix_job(
        f, "http", "{'schema':2,'_url':'http://$/in','_headers':{'x-extra':7,'content-type':'text/x'}}", "1");
    struct outcome r;

    fix_run(f, &job, &r);
    assert_string_equal(f->extra, "7");
    assert_string_equal(f->type, "text/x");
    job = fix_job(f, "http", "{'schema':2,'_url':'http://$/in','_headers':{'X-Extra':'','Content-Type':''}}",
                  "1");
    fix_run(f, &job, &r);
    assert_int_equal(r.end, PS_DELIVER_DONE);
    assert_string_equal(f->extra, "(none)");
    assert_string_equal(f->type, "(none)");
}

static void every_2xx_is_success(void **state)
{
    static const int good[] = {200, 201, 202, 204, 207};
    struct fix *f = *state;
    struct ps_deliver_job job = fix_job(f, "http", "{'_url':'http://$/in'}", "1");
    struct outcome r;

    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        f->status = good[i];
        fix_run(f, &job, &r);
        assert_int_equal(r.end, PS_DELIVER_DONE);
    }
}

static void a_refusal_is_told_with_what_the_server_says(void **state)
{
    struct fix *f = *state;
    struct ps_deliver_job job =
        fix_job(f, "http", "{'_url':'http://me:hush@$/in?key=hush'," ONCE_MORE "}", "1");
    struct outcome r;

    f->status = 403;
    f->answer = "no\n  \x01 entry";
    fix_run(f, &job, &r);
    assert_int_equal(r.end, PS_DELIVER_AGAIN);
    assert_int_equal(r.wait, 7 * PS_SEC);
    assert_non_null(strstr(r.text, "/in: answers 403: no entry"));
    assert_null(strstr(r.text, "hush"));
}

static void a_redirect_is_no_success(void **state)
{
    struct fix *f = *state;
    struct ps_deliver_job job = fix_job(f, "http", "{'_url':'http://$/in'}", "1");
    struct outcome r;

    f->status = 302;
    f->header = "Location";
    f->value = "https://elsewhere.example/in";
    fix_run(f, &job, &r);
    assert_int_equal(r.end, PS_DELIVER_GIVE_UP);
    assert_non_null(strstr(r.text, "refers to \"https://elsewhere.example/in\""));
    assert_int_equal(f->requests, 1);
}

static void a_server_may_ask_for_a_longer_wait(void **state)
{
    struct fix *f = *state;
    struct ps_deliver_job job = fix_job(f, "http", "{'_url':'http://$/in'," ONCE_MORE "}", "1");
    static const struct {
        const char *value;
        ps_ns wait;
    } cases[] = {{"60", 60 * PS_SEC}, {"3", 7 * PS_SEC}, {"999999", 3600 * PS_SEC}, {"-1", 7 * PS_SEC}};
    struct outcome r;

    f->status = 503;
    f->header = "Retry-After";
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        f->value = cases[i].value;
        fix_run(f, &job, &r);
        assert_int_equal(r.end, PS_DELIVER_AGAIN);
        assert_int_equal(r.wait, cases[i].wait);
    }
    f->value = "60";
    job.ttl = 30 * PS_SEC;
    fix_run(f, &job, &r);
    assert_int_equal(r.end, PS_DELIVER_GIVE_UP);
}

static void silence_ends_with_the_timeout(void **state)
{
    struct fix *f = *state;
    struct ps_deliver_job job =
        fix_job(f, "http", "{'schema':4,'_url':'http://$/in','timeout':'PT0.05S'," ONCE_MORE "}", "1");
    struct outcome r;

    f->hold = true;
    fix_run(f, &job, &r);
    assert_int_equal(r.end, PS_DELIVER_AGAIN);
    assert_non_null(strstr(r.text, "/in: "));
}

// A port that was free a moment ago.
static void nobody_listening_is_told(void **state)
{
    struct fix *f = *state;
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof a;
    struct ps_deliver_job job;
    struct outcome r;
    char data[128];
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    assert_int_equal(bind(fd, (struct sockaddr *)&a, len), 0); // bound and not listening: refused
    assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &len), 0);
    snprintf(data, sizeof data, "{'_url':'http://127.0.0.1:%u/in?hush'," ONCE_MORE "}", ntohs(a.sin_port));
    job = fix_job(f, "http", data, "1");
    fix_run(f, &job, &r);
    close(fd);
    assert_int_equal(r.end, PS_DELIVER_AGAIN);
    assert_non_null(strstr(r.text, "refused"));
    assert_null(strstr(r.text, "hush"));
}

static void an_address_that_is_not_ours_cannot_be_bound(void **state)
{
    struct fix *f = *state;
    struct ps_deliver_job job = fix_job(f, "http", "{'_url':'http://$/in','bind':'192.0.2.77'}", "1");
    struct outcome r;

    fix_run(f, &job, &r);
    assert_int_equal(r.end, PS_DELIVER_GIVE_UP);
    assert_int_equal(f->requests, 0);
    job = fix_job(f, "http", "{'_url':'http://$/in','bind':'127.0.0.1'}", "1");
    fix_run(f, &job, &r);
    assert_int_equal(r.end, PS_DELIVER_DONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_document_is_posted_as_json),
        TEST(op_put_puts_and_credentials_are_sent),
        TEST(headers_are_sent_and_empty_ones_left_out),
        TEST(every_2xx_is_success),
        TEST(a_refusal_is_told_with_what_the_server_says),
        TEST(a_redirect_is_no_success),
        TEST(a_server_may_ask_for_a_longer_wait),
        TEST(silence_ends_with_the_timeout),
        TEST(nobody_listening_is_told),
        TEST(an_address_that_is_not_ours_cannot_be_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
