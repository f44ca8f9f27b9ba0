// SPDX-License-Identifier: Apache-2.0
// A document of our own server, which gives what the tests say, in a folder for each test.
#include "http_fix.h"
#include <fcntl.h>
#include <sys/stat.h>
#include "http/ps_mirror.h"

struct seen {
    struct fix *f;
    struct ps_httpc *http;
    struct ps_mirror *mirror;
    struct ps_mirror_conf conf;
    char dir[64], path[100], url[200];
    // the server
    int status;
    const char *body, *etag, *modified, *type;
    int asked;
    char condition[300], since[300]; // that came with the request
    bool holds;
    struct ps_http_req *held;
    // the user
    int taken, told;
    char doc[1000];
    bool from_disk;
    ps_ns fetched;
    int refuse;         // what take gives
    const char *reason; // and says
    bool frees;
};

static void give_list(void *ctx, struct ps_http_req *req)
{
    struct seen *s = ctx;
    const char *condition = ps_http_header(req, "If-None-Match");
    const char *since = ps_http_header(req, "If-Modified-Since");

    s->asked++;
    snprintf(s->condition, sizeof s->condition, "%s", condition ? condition : "");
    snprintf(s->since, sizeof s->since, "%s", since ? since : "");
    if (s->holds) {
        s->held = req;
        return;
    }
    if (s->etag)
        ps_http_add(req, "ETag", s->etag);
    if (s->modified)
        ps_http_add(req, "Last-Modified", s->modified);
    if (s->etag && condition && strcmp(condition, s->etag) == 0)
        ps_http_reply(req, 304, NULL, "", 0);
    else
        ps_http_reply(req, s->status, s->type, s->body, strlen(s->body));
}

static int take(void *ctx, const struct ps_mirror_doc *doc, char *why, size_t size)
{
    struct seen *s = ctx;

    s->taken++;
    assert_int_equal(doc->data[doc->len], 0);
    snprintf(s->doc, sizeof s->doc, "%s", doc->data);
    s->from_disk = doc->from_disk;
    s->fetched = doc->fetched;
    if (s->reason)
        snprintf(why, size, "%s", s->reason);
    return s->refuse;
}

static void told(void *ctx, struct ps_mirror *m)
{
    struct seen *s = ctx;

    s->told++;
    if (s->frees) {
        ps_mirror_free(m);
        s->mirror = NULL;
    }
}

static struct seen seen;

static int begin(void **state)
{
    struct ps_http_route route = {
        .methods = PS_HTTP_GET, .pattern = "/list", .handler = give_list, .ctx = &seen};
    struct fix *f;

    assert_int_equal(setup(state), 0);
    f = *state;
    seen =
        (struct seen){.f = f, .status = 200, .body = "192.0.2.0/24\n", .dir = "/tmp/test_ps_mirror.XXXXXX"};
    assert_int_equal(ps_httpd_route(f->httpd, &route), 0);
    assert_non_null(mkdtemp(seen.dir));
    snprintf(seen.path, sizeof seen.path, "%s/copy", seen.dir);
    snprintf(seen.url, sizeof seen.url, "http://127.0.0.1:%u/list", ps_addr_port(&f->addr));
    assert_int_equal(ps_httpc_new(f->loop, &(struct ps_httpc_conf){.conns_max = 4}, &seen.http), 0);
    seen.conf = (struct ps_mirror_conf){.url = seen.url,
                                        .update = 3600 * PS_SEC,
                                        .retry = 3600 * PS_SEC,
                                        .path = seen.path,
                                        .take = take,
                                        .told = told,
                                        .ctx = &seen};
    return 0;
}

static int end(void **state)
{
    char command[100];

    ps_mirror_free(seen.mirror);
    ps_httpc_free(seen.http);
    if (seen.held)
        ps_http_reply(seen.held, 200, NULL, "", 0);
    assert_int_equal(teardown(state), 0); // workers are done then
    snprintf(command, sizeof command, "rm -rf %s", seen.dir);
    assert_int_equal(system(command), 0);
    return 0;
}

static void start(void)
{
    assert_int_equal(ps_mirror_new(seen.f->loop, seen.http, &seen.conf, &seen.mirror), 0);
    assert_int_equal(ps_mirror_start(seen.mirror), 0);
}

// The state after so many attempts.
static struct ps_mirror_state after(int attempts)
{
    struct ps_mirror_state st;

    POLL_UNTIL(seen.f, seen.told >= attempts);
    assert_int_equal(seen.told, attempts);
    ps_mirror_get(seen.mirror, &st);
    return st;
}

static struct ps_mirror_state again(void)
{
    int before = seen.told;

    ps_mirror_refresh(seen.mirror);
    return after(before + 1);
}

static void restart(void)
{
    ps_mirror_free(seen.mirror);
    seen.told = seen.taken = 0;
    start();
}

static bool has_copy(void)
{
    return access(seen.path, F_OK) == 0;
}

static void wait_for_copy(void)
{
    POLL_UNTIL(seen.f, has_copy());
    for (int i = 0; i < 3; i++)
        ps_loop_poll(seen.f->loop);
}

static char *why_of(const char *cause)
{
    static char why[400];

    snprintf(why, sizeof why, "%s: %s", seen.url, cause);
    return why;
}

static void put_copy(const char *text)
{
    FILE *out = fopen(seen.path, "w");

    assert_non_null(out);
    assert_true(fputs(text, out) >= 0);
    assert_int_equal(fclose(out), 0);
}

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

// --- the copy

static void the_copy_is_in_force_after_a_restart(void **state)
{
    struct ps_mirror_state st;
    struct stat file;

    (void)state;
    seen.etag = "\"v1\"";
    start();
    after(1);
    wait_for_copy();
    assert_int_equal(stat(seen.path, &file), 0);
    assert_int_equal(file.st_mode & 0777, 0600);
    seen.doc[0] = '\0';
    restart();
    assert_int_equal(seen.taken, 1); // at once
    assert_true(seen.from_disk);
    assert_string_equal(seen.doc, "192.0.2.0/24\n");
    ps_mirror_get(seen.mirror, &st);
    assert_true(st.in_force && st.from_disk);
    assert_true(st.fetched == file.st_mtim.tv_sec * PS_SEC + file.st_mtim.tv_nsec);
    st = after(1);
    assert_string_equal(seen.condition, "\"v1\"");
    assert_false(st.from_disk);
    assert_true(st.fetched > file.st_mtim.tv_sec * PS_SEC + file.st_mtim.tv_nsec);
    assert_int_equal(seen.taken, 1);
}

static void without_a_network_its_age_is_told(void **state)
{
    struct timespec old[2] = {{.tv_sec = 1700000000}, {.tv_sec = 1700000000}};
    struct ps_mirror_state st;

    (void)state;
    start();
    after(1);
    wait_for_copy();
    assert_int_equal(utimensat(AT_FDCWD, seen.path, old, 0), 0);
    seen.status = 503;
    restart();
    st = after(1);
    assert_true(st.in_force && st.from_disk);
    assert_true(st.fetched == INT64_C(1700000000) * PS_SEC);
    assert_true(st.age > INT64_C(94000000) * PS_SEC);
    assert_int_equal(st.err, PS_EREFUSED);
}

static void that_it_is_still_the_same_is_kept_on_disk(void **state)
{
    struct timespec old[2] = {{.tv_sec = 1700000000}, {.tv_sec = 1700000000}};
    struct stat st;

    (void)state;
    seen.etag = "\"v1\"";
    start();
    after(1);
    wait_for_copy();
    assert_int_equal(utimensat(AT_FDCWD, seen.path, old, 0), 0);
    again();
    POLL_UNTIL(seen.f, stat(seen.path, &st) == 0 && st.st_mtim.tv_sec > 1700000000);
    assert_int_equal(seen.taken, 1);
}

static void a_copy_that_was_removed_is_written_again(void **state)
{
    struct ps_mirror_state st;

    (void)state;
    seen.etag = "\"v1\"";
    start();
    after(1);
    wait_for_copy();
    assert_int_equal(unlink(seen.path), 0);
    again();
    POLL_UNTIL(seen.f, (ps_mirror_get(seen.mirror, &st), st.disk_err == -ENOENT));
    again();
    assert_string_equal(seen.condition, "");
    wait_for_copy();
}

static void a_copy_of_another_url_does_not_count(void **state)
{
    struct ps_mirror_state st;

    (void)state;
    put_copy("psuite-mirror 1\nurl: http://elsewhere.example/list\n\n0.0.0.0/0\n");
    seen.status = 500;
    start();
    assert_int_equal(seen.taken, 0);
    st = after(1);
    assert_false(st.in_force);
    assert_int_equal(st.disk_err, 0);
}

static void a_copy_that_is_damaged_is_told_and_written_over(void **state)
{
    struct ps_mirror_state st;
    char text[400];

    (void)state;
    put_copy("psuite-mirror 1\nurl: http");
    start();
    assert_int_equal(seen.taken, 0);
    ps_mirror_get(seen.mirror, &st);
    assert_int_equal(st.disk_err, PS_EMALFORMED);
    after(1);
    POLL_UNTIL(seen.f, (ps_mirror_get(seen.mirror, &st), st.disk_err == 0));
    snprintf(text, sizeof text, "psuite-mirror 1\nurl: %s\n\n", seen.url); // empty, as no document may be
    put_copy(text);
    restart();
    ps_mirror_get(seen.mirror, &st);
    assert_int_equal(st.disk_err, PS_EMALFORMED);
    after(1);
}

static void a_copy_that_the_user_refuses_is_not_in_force(void **state)
{
    struct ps_mirror_state st;

    (void)state;
    start();
    after(1);
    wait_for_copy();
    seen.refuse = PS_ESYNTAX;
    restart();
    ps_mirror_get(seen.mirror, &st);
    assert_false(st.in_force);
    assert_int_equal(st.disk_err, PS_ESYNTAX);
    assert_string_equal(seen.condition, "");
    after(1);
}

static void a_copy_may_be_put_off(void **state)
{
    struct ps_mirror_state st;

    (void)state;
    start();
    after(1);
    wait_for_copy();
    seen.refuse = PS_MIRROR_LATER;
    restart();
    for (int i = 0; i < 10; i++)
        ps_loop_poll(seen.f->loop);
    assert_int_equal(seen.asked, 1); // it waits
    seen.refuse = 0;
    ps_mirror_decide(seen.mirror, 0, NULL);
    ps_mirror_get(seen.mirror, &st);
    assert_true(st.in_force && st.from_disk);
    after(1);
}

static void a_folder_that_is_not_there_is_told(void **state)
{
    struct ps_mirror_state st;

    (void)state;
    seen.conf.path = "/nonexistent/folder/copy";
    start();
    st = after(1);
    assert_true(st.in_force);
    POLL_UNTIL(seen.f, (ps_mirror_get(seen.mirror, &st), st.disk_err == -ENOENT));
}

static void without_a_path_nothing_is_written(void **state)
{
    (void)state;
    seen.conf.path = NULL;
    start();
    assert_true(after(1).in_force);
    assert_false(has_copy());
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

#define SEEN_TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

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
        SEEN_TEST(the_copy_is_in_force_after_a_restart),
        SEEN_TEST(without_a_network_its_age_is_told),
        SEEN_TEST(that_it_is_still_the_same_is_kept_on_disk),
        SEEN_TEST(a_copy_that_was_removed_is_written_again),
        SEEN_TEST(a_copy_of_another_url_does_not_count),
        SEEN_TEST(a_copy_that_is_damaged_is_told_and_written_over),
        SEEN_TEST(a_copy_that_the_user_refuses_is_not_in_force),
        SEEN_TEST(a_copy_may_be_put_off),
        SEEN_TEST(a_folder_that_is_not_there_is_told),
        SEEN_TEST(without_a_path_nothing_is_written),
        SEEN_TEST(it_may_be_freed_when_told),
        SEEN_TEST(it_may_be_freed_at_any_time),
        SEEN_TEST(what_is_no_url_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
