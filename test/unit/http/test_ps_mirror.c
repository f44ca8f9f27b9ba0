// SPDX-License-Identifier: Apache-2.0
// What is fetched, and what of it is in force. The copy on disk is in test_ps_mirror_copy.c.
#include "mirror_fix.h"

// --- what is good

static void a_document_is_fetched_and_taken_over(void **state)
{
    struct ps_mirror_state st;

    (void)state;
    start();
    st = after(1);
    assert_true(st.in_force);
    assert_false(st.from_disk);
    assert_int_equal(st.err, 0);
    assert_string_equal(st.why, "");
    assert_int_equal(st.len, strlen("192.0.2.0/24\n"));
    assert_true(st.fetched > 0 && st.age >= 0 && st.age < GUARD);
    assert_int_equal(st.attempts, 1);
    assert_int_equal(st.failures, 0);
    assert_int_equal(seen.taken, 1);
    assert_string_equal(seen.doc, "192.0.2.0/24\n");
    assert_false(seen.from_disk);
}

static void a_newer_one_takes_its_place(void **state)
{
    (void)state;
    start();
    after(1);
    seen.body = "198.51.100.0/24\n";
    again();
    assert_int_equal(seen.taken, 2);
    assert_string_equal(seen.doc, "198.51.100.0/24\n");
}

static void it_is_fetched_every_so_often(void **state)
{
    (void)state;
    seen.conf.update = 0; // a second, that is
    start();
    POLL_UNTIL(seen.f, seen.told == 3);
    assert_int_equal(seen.asked, 3);
}

static void one_that_is_the_same_is_not_sent_again(void **state)
{
    struct ps_mirror_state st, first;

    (void)state;
    seen.etag = "\"v1\"";
    seen.modified = "Thu, 26 Nov 2026 08:00:00 GMT";
    start();
    first = after(1);
    assert_string_equal(seen.condition, "");
    st = again();
    assert_string_equal(seen.condition, "\"v1\"");
    assert_string_equal(seen.since, "Thu, 26 Nov 2026 08:00:00 GMT");
    assert_int_equal(st.err, 0);
    assert_int_equal(seen.taken, 1);
    assert_true(st.fetched > first.fetched);
    seen.etag = "\"v2\"";
    seen.body = "198.51.100.0/24\n";
    again();
    assert_int_equal(seen.taken, 2);
}

// --- what is bad

static void assert_bad(int status, const char *body, int err, const char *cause)
{
    struct ps_mirror_state st;

    seen.status = status;
    seen.body = body;
    st = again();
    if (st.err != err || strcmp(st.why, why_of(cause)) != 0)
        fail_msg("%d, \"%s\" where \"%s\" was expected", st.err, st.why, why_of(cause));
    assert_true(st.in_force);
    assert_int_equal(seen.taken, 1);
}

static void what_is_bad_leaves_the_one_before_in_force(void **state)
{
    (void)state;
    seen.conf.max = 100;
    start();
    after(1);
    assert_bad(500, "x", PS_EREFUSED, "it was answered with status 500");
    assert_bad(404, "x", PS_EREFUSED, "it was answered with status 404");
    assert_bad(200, "", PS_EMALFORMED, "it is empty");
    assert_bad(200, "\xef\xbb\xbf\n <!DOCTYPE HTML><html>", PS_EMALFORMED, "it is a page of HTML");
    assert_bad(200, "<Html>", PS_EMALFORMED, "it is a page of HTML");
    assert_bad(200,
               "ten octets\nten octets\nten octets\nten octets\nten octets\n"
               "ten octets\nten octets\nten octets\nten octets\nten octets\n",
               PS_ELIMIT, "the answer is larger than 100 octets");
    assert_int_equal(seen.told, 7);
}

static void html_may_be_wanted(void **state)
{
    (void)state;
    seen.conf.html = true;
    seen.body = "<html></html>";
    start();
    after(1);
    assert_string_equal(seen.doc, "<html></html>");
}

static void its_type_does_not_matter(void **state)
{
    (void)state;
    seen.type = "text/html"; // what some servers say of everything
    start();
    assert_int_equal(after(1).err, 0);
}

static void what_the_user_refuses_is_not_in_force(void **state)
{
    struct ps_mirror_state st;

    (void)state;
    seen.refuse = PS_ESYNTAX;
    seen.reason = "line 7 is no network";
    start();
    st = after(1);
    assert_false(st.in_force);
    assert_int_equal(st.err, PS_ESYNTAX);
    assert_string_equal(st.why, why_of("line 7 is no network"));
    assert_true(st.fetched == 0 && st.age == 0);
    seen.reason = NULL;
    st = again();
    assert_string_equal(st.why, why_of(ps_strerror(PS_ESYNTAX)));
    assert_int_equal(st.failures, 2);
    seen.refuse = 0;
    st = again();
    assert_true(st.in_force);
    assert_int_equal(st.failures, 0);
    wait_for_copy();
}

static void one_that_was_refused_is_asked_for_whole_again(void **state)
{
    (void)state;
    seen.etag = "\"v1\"";
    seen.refuse = PS_ESYNTAX;
    start();
    after(1);
    again();
    assert_string_equal(seen.condition, "");
    assert_int_equal(seen.taken, 2);
}

static void one_that_is_too_slow_is_given_up(void **state)
{
    struct ps_mirror_state st;

    (void)state;
    seen.conf.timeout = 50 * PS_MSEC;
    seen.holds = true;
    start();
    st = after(1);
    assert_int_equal(st.err, PS_ETIMEOUT);
    assert_false(st.in_force);
}

static void nobody_there_is_told_and_tried_again(void **state)
{
    struct ps_mirror_state st;

    (void)state;
    seen.conf.retry = 0; // a second, that is
    ps_httpd_close(seen.f->httpd);
    seen.f->httpd = NULL;
    start();
    st = after(1);
    assert_int_equal(st.err, PS_EREFUSED);
    assert_true(strncmp(st.why, seen.url, strlen(seen.url)) == 0);
    POLL_UNTIL(seen.f, seen.told == 2);
}

static void a_password_is_not_told(void **state)
{
    char url[200];
    FILE *in;
    char text[200] = "";

    (void)state;
    snprintf(url, sizeof url, "http://me:secret@127.0.0.1:%u/list", ps_addr_port(&seen.f->addr));
    seen.conf.url = url;
    start();
    after(1);
    wait_for_copy();
    seen.status = 500;
    assert_null(strstr(again().why, "secret"));
    in = fopen(seen.path, "r");
    assert_non_null(in);
    assert_true(fread(text, 1, sizeof text - 1, in) > 0);
    fclose(in);
    assert_null(strstr(text, "secret"));
    assert_non_null(strstr(text, "192.0.2.0/24"));
}

// --- put off

static void what_is_put_off_is_decided_later(void **state)
{
    struct ps_mirror_state st;

    (void)state;
    seen.refuse = PS_MIRROR_LATER;
    start();
    POLL_UNTIL(seen.f, seen.taken == 1);
    ps_mirror_refresh(seen.mirror); // not now
    ps_loop_poll(seen.f->loop);
    assert_int_equal(seen.told, 0);
    ps_mirror_decide(seen.mirror, 0, NULL);
    st = after(1);
    assert_true(st.in_force);
    ps_mirror_decide(seen.mirror, PS_ESYNTAX, "too late"); // there is nothing to decide
    ps_mirror_refresh(seen.mirror);
    POLL_UNTIL(seen.f, seen.taken == 2);
    ps_mirror_decide(seen.mirror, PS_ESYNTAX, "jq says no");
    st = after(2);
    assert_true(st.in_force);
    assert_string_equal(st.why, why_of("jq says no"));
    assert_int_equal(seen.asked, 2);
}

static void what_is_put_off_may_be_left(void **state)
{
    (void)state;
    seen.refuse = PS_MIRROR_LATER;
    start();
    POLL_UNTIL(seen.f, seen.taken == 1);
}

// --- the rest

static void it_may_be_freed_when_told(void **state)
{
    (void)state;
    seen.frees = true;
    start();
    POLL_UNTIL(seen.f, seen.told == 1);
    assert_null(seen.mirror);
}

static void it_may_be_freed_at_any_time(void **state)
{
    (void)state;
    start();
    ps_mirror_free(seen.mirror);
    seen.holds = true;
    start();
    POLL_UNTIL(seen.f, seen.held);
    ps_mirror_free(seen.mirror);
    seen.mirror = NULL;
    ps_mirror_free(NULL);
    assert_int_equal(seen.told, 0);
}

static void what_is_no_url_is_refused(void **state)
{
    struct ps_mirror *m;

    (void)state;
    seen.conf.url = "not a url";
    assert_int_equal(ps_mirror_new(seen.f->loop, seen.http, &seen.conf, &m), PS_ESYNTAX);
    seen.conf.url = "ftp://host.example/list";
    assert_int_equal(ps_mirror_new(seen.f->loop, seen.http, &seen.conf, &m), PS_EUNSUPPORTED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SEEN_TEST(a_document_is_fetched_and_taken_over),
        SEEN_TEST(a_newer_one_takes_its_place),
        SEEN_TEST(it_is_fetched_every_so_often),
        SEEN_TEST(one_that_is_the_same_is_not_sent_again),
        SEEN_TEST(what_is_bad_leaves_the_one_before_in_force),
        SEEN_TEST(html_may_be_wanted),
        SEEN_TEST(its_type_does_not_matter),
        SEEN_TEST(what_the_user_refuses_is_not_in_force),
        SEEN_TEST(one_that_was_refused_is_asked_for_whole_again),
        SEEN_TEST(one_that_is_too_slow_is_given_up),
        SEEN_TEST(nobody_there_is_told_and_tried_again),
        SEEN_TEST(a_password_is_not_told),
        SEEN_TEST(what_is_put_off_is_decided_later),
        SEEN_TEST(what_is_put_off_may_be_left),
        SEEN_TEST(it_may_be_freed_when_told),
        SEEN_TEST(it_may_be_freed_at_any_time),
        SEEN_TEST(what_is_no_url_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
