// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "base/ps_err.h"
#include "loop/ps_ctl.h"
#include "loop/ps_stream.h"
#include "lsregister/probe.h"

struct fix {
    struct ps_loop *loop;
    struct ps_listener *listener;
    struct ps_stream *stream;
    const char *greeting; // NULL: none
    size_t len;
    const char *page; // the answer to whoever asks; NULL: none
    bool closes;
    bool up;
    size_t where; // addresses
    uint16_t port;
    char why[600], version[50], how[600], first[60]; // first: of where
};

static void got(void *ctx, const uint8_t *data, size_t n)
{
    struct fix *f = ctx;
    (void)data;
    (void)n;
    if (f->page)
        ps_stream_write(f->stream, f->page, strlen(f->page));
}

static void over(void *ctx, int err)
{
    struct fix *f = ctx;
    (void)err;
    ps_stream_close(f->stream, 0);
    f->stream = NULL;
}

static void accepted(void *ctx, struct ps_stream *s)
{
    static const struct ps_stream_ops ops = {got, over, NULL};
    struct fix *f = ctx;
    f->stream = s;
    ps_stream_start(s, &ops, f);
    if (f->len)
        ps_stream_write(s, f->greeting, f->len);
    if (f->closes)
        over(f, 0);
}

static void answered(void *ctx, const struct probe_answer *a)
{
    struct fix *f = ctx;
    f->up = a->up;
    f->where = a->where->n;
    f->port = a->port;
    snprintf(f->why, sizeof f->why, "%s", a->why);
    snprintf(f->how, sizeof f->how, "%s", a->how);
    snprintf(f->first, sizeof f->first, "%s", a->where->n ? a->where->at[0] : "");
    snprintf(f->version, sizeof f->version, "%s", a->version ? a->version : "");
    ps_loop_stop(f->loop);
}

static void ask(struct fix *f, struct plan_service *s, const char *address)
{
    char *copy = strdup(address);
    struct words addresses = {&copy, 1};
    struct probe *p;
    assert_int_equal(probe_start(f->loop, s, &addresses, answered, f, &p), 0);
    ps_loop_run(f->loop);
    free(copy);
}

static void probe_a(struct fix *f, enum plan_kind kind)
{
    struct ps_addr any;
    struct plan_service s = {.kind = kind};
    assert_int_equal(ps_loop_new(&f->loop), 0);
    ps_addr_parse("127.0.0.1", 0, &any);
    assert_int_equal(ps_listen(f->loop, &any, NULL, 8, accepted, f, &f->listener), 0);
    s.port = ps_addr_port(ps_listener_addr(f->listener));
    ask(f, &s, "127.0.0.1");
    ps_stream_close(f->stream, 0);
    ps_listener_close(f->listener);
    ps_loop_free(f->loop);
}

static void who_takes_a_connection_is_up(void **state)
{
    struct fix f = {0};
    (void)state;
    probe_a(&f, PLAN_GRIDFTP);
    assert_true(f.up);
    assert_string_equal(f.how, "asked by TCP");
}

static void an_owamp_server_has_to_greet_with_a_mode(void **state)
{
    static const struct {
        const char *greeting;
        size_t len;
        bool closes, up;
        const char *why;
    } cases[] = {
        {"psE1\0\0\0\0\0\0\0\0\0\0\0\7", 16, false, true, ""},
        {"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16, false, false, "takes no sessions"},
        {"psE1", 4, true, false, "closed the connection"},
    };
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct fix f = {.greeting = cases[i].greeting, .len = cases[i].len, .closes = cases[i].closes};
        probe_a(&f, PLAN_OWAMP);
        assert_int_equal(f.up, cases[i].up);
        assert_non_null(strstr(f.why, cases[i].why));
    }
}

static void who_is_not_there_is_down(void **state)
{
    struct fix f = {0};
    struct plan_service s = {.kind = PLAN_TWAMP, .port = 1};
    (void)state;
    assert_int_equal(ps_loop_new(&f.loop), 0);
    ask(&f, &s, "127.0.0.1");
    assert_false(f.up);
    assert_non_null(strstr(f.why, "127.0.0.1 port 1: "));
    ps_loop_free(f.loop);
}

static void asked(void *ctx, struct ps_ctl_request req, const char *line, size_t len)
{
    (void)len;
    assert_non_null(strstr(line, "status"));
    ps_ctl_reply(req, ctx, strlen(ctx));
}

static void a_daemon_of_the_suite_is_asked_at_its_socket(void **state)
{
    char path[] = "/tmp/test_probe.XXXXXX", socket_path[100];
    static char well[] = "{\"ok\":true,\"version\":\"1.2\",\"more\":{}}",
                ill[] = "{\"ok\":false,\"error\":\"disk\"}";
    (void)state;
    assert_non_null(mkdtemp(path));
    snprintf(socket_path, sizeof socket_path, "%s/sock", path);
    for (int i = 0; i < 2; i++) {
        struct fix f = {0};
        struct plan_service s = {.kind = PLAN_MA, .socket = socket_path};
        struct ps_ctl *ctl;
        struct ps_fault fault;
        assert_int_equal(ps_loop_new(&f.loop), 0);
        assert_int_equal(ps_ctl_listen(f.loop, socket_path, 0600, asked, i ? ill : well, &ctl, &fault), 0);
        ask(&f, &s, "127.0.0.1");
        assert_int_equal(f.up, !i);
        assert_string_equal(f.version, i ? "" : "1.2");
        assert_true(!i || strstr(f.why, "disk"));
        assert_non_null(strstr(f.how, "asked at /tmp/test_probe."));
        ps_ctl_close(ctl);
        ps_loop_free(f.loop);
    }
    rmdir(path);
}

// owampd's word on where it listens, held against the addresses that are to be registered.
struct offer {
    const char *listen;
    const char *named; // by the configuration; NULL: nothing
    bool up;
    size_t where;
    uint16_t port;
    const char *first, *why;
};

static void ask_of_offer(struct fix *f, const struct offer *o, const char *path)
{
    char first[] = "192.0.2.1", second[] = "2001:db8::1", third[] = "host.example",
         *all[] = {first, second, third};
    char reply[300], *named = o->named ? strdup(o->named) : NULL;
    struct words addresses = {all, 3};
    struct plan_service s = {
        .kind = PLAN_OWAMP, .socket = strdup(path), .addresses = {&named, named != NULL}};
    struct ps_fault fault;
    struct ps_ctl *ctl;
    struct probe *p;
    snprintf(reply, sizeof reply, "{\"ok\":true,\"listen\":%s}", o->listen);
    assert_int_equal(ps_loop_new(&f->loop), 0);
    assert_int_equal(ps_ctl_listen(f->loop, path, 0600, asked, reply, &ctl, &fault), 0);
    assert_int_equal(probe_start(f->loop, &s, &addresses, answered, f, &p), 0);
    ps_loop_run(f->loop);
    ps_ctl_close(ctl);
    ps_loop_free(f->loop);
    free(named);
    free(s.socket);
}

static void owampd_is_registered_where_it_says_that_it_listens(void **state)
{
    static const struct offer offers[] = {
        {"[\"[::]:861\"]", NULL, true, 3, 861, "192.0.2.1", ""},
        {"[\"0.0.0.0:8861\"]", NULL, true, 2, 8861, "192.0.2.1", ""},
        {"[\"[2001:db8::1]:9\"]", NULL, true, 2, 9, "2001:db8::1", ""},
        {"[\"192.0.2.1:1\",\"[2001:db8::1]:1\"]", NULL, true, 3, 1, "192.0.2.1", ""},
        {"[\"192.0.2.1:1\",\"[2001:db8::1]:2\"]", NULL, true, 2, 1, "192.0.2.1", ""},
        {"[\"10.0.0.1:861\"]", "2001:db8::1", true, 2, 861, "2001:db8::1", ""},
        {"[]", NULL, false, 0, 0, "", "listens nowhere"},
        {"[1,\"nonsense\"]", NULL, false, 0, 0, "", "listens nowhere"},
        {"{}", NULL, false, 0, 0, "", "listens nowhere"},
    };
    char dir[] = "/tmp/test_probe.XXXXXX", path[100];
    (void)state;
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/sock", dir);
    for (size_t i = 0; i < sizeof offers / sizeof *offers; i++) {
        struct fix f = {0};
        ask_of_offer(&f, &offers[i], path);
        assert_int_equal(f.up, offers[i].up);
        assert_int_equal(f.where, offers[i].where);
        assert_int_equal(f.port, offers[i].port);
        assert_string_equal(f.first, offers[i].first);
        assert_non_null(strstr(f.why, offers[i].why));
    }
    rmdir(dir);
}

static void owampd_at_no_address_that_is_registered_is_none(void **state)
{
    static char reply[] = "{\"ok\":true,\"listen\":[\"127.0.0.1:861\"]}";
    char dir[] = "/tmp/test_probe.XXXXXX", path[100];
    struct fix f = {0};
    struct plan_service s = {.kind = PLAN_OWAMP, .socket = path};
    struct ps_fault fault;
    struct ps_ctl *ctl;
    (void)state;
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/sock", dir);
    assert_int_equal(ps_loop_new(&f.loop), 0);
    assert_int_equal(ps_ctl_listen(f.loop, path, 0600, asked, reply, &ctl, &fault), 0);
    ask(&f, &s, "192.0.2.1");
    assert_false(f.up);
    assert_non_null(strstr(f.why, "it listens on 127.0.0.1:861, which is no address that is registered"));
    ps_ctl_close(ctl);
    ps_loop_free(f.loop);
    rmdir(dir);
}

static void without_its_socket_owampd_is_asked_by_tcp(void **state)
{
    static const struct {
        const char *greeting;
        bool up;
    } cases[] = {{"psE1\0\0\0\0\0\0\0\0\0\0\0\7", true}, {"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", false}};
    char path[] = "/nowhere/owampd.sock";
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct fix f = {.greeting = cases[i].greeting, .len = 16};
        struct plan_service s = {.kind = PLAN_OWAMP, .socket = path};
        struct ps_addr any;
        assert_int_equal(ps_loop_new(&f.loop), 0);
        ps_addr_parse("127.0.0.1", 0, &any);
        assert_int_equal(ps_listen(f.loop, &any, NULL, 8, accepted, &f, &f.listener), 0);
        s.port = ps_addr_port(ps_listener_addr(f.listener));
        ask(&f, &s, "127.0.0.1");
        assert_int_equal(f.up, cases[i].up);
        assert_non_null(strstr(f.how, "asked by TCP, as /nowhere/owampd.sock: there is no such socket"));
        if (!f.up)
            assert_non_null(
                strstr(f.why, "owampd.sock: there is no such socket; is the daemon running?; by TCP: "));
        ps_stream_close(f.stream, 0);
        ps_listener_close(f.listener);
        ps_loop_free(f.loop);
    }
}

static void what_is_not_there_or_not_for_us_is_shut(void **state)
{
    (void)state;
    assert_true(probe_is_shut(-ENOENT) && probe_is_shut(-EACCES) && probe_is_shut(-ECONNREFUSED));
    assert_false(probe_is_shut(0) || probe_is_shut(PS_ETIMEOUT) || probe_is_shut(PS_ECLOSED) ||
                 probe_is_shut(PS_EMALFORMED));
}

static void what_a_daemon_says_of_its_tests_is_kept(void **state)
{
    static const char text[] = "{\"ok\":true,\"tests\":[\"rtt\",\"trace\",5],\"tools\":[\"ping\"],"
                               "\"listen\":[\"[::]:443\"]}";
    struct record r = {0};
    struct words listen = {0};
    struct ps_fault fault = {""};
    (void)state;
    assert_int_equal(probe_read_status(PLAN_PSCHEDULER, text, strlen(text), &r, &listen, &fault), 0);
    assert_string_equal(listen.at[0], "[::]:443");
    assert_int_equal(record_all(&r, "pscheduler-tests")->n, 2);
    assert_string_equal(record_get(&r, "pscheduler-tools"), "ping");
    record_fini(&r);
    assert_true(probe_read_status(PLAN_PSCHEDULER, "no", 2, &r, &listen, &fault) < 0);
    words_fini(&listen);
}

static void another_daemon_at_the_socket_is_not_taken_for_it(void **state)
{
    static const struct {
        enum plan_kind kind;
        const char *program, *why;
    } cases[] = {
        {PLAN_OWAMP, "owampd", NULL},
        {PLAN_OWAMP, "powstream", "it is powstream who answers there, not owampd"},
        {PLAN_PSCHEDULER, "psched", NULL},
        {PLAN_PSCHEDULER, "pslimits", "it is pslimits who answers there, not psched"},
        {PLAN_MA, "psarchive", NULL},
        {PLAN_MA, "lsregister directory", "it is lsregister directory who answers there, not psarchive"},
        {PLAN_TWAMP, "owampd", NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct record r = {0};
        struct words listen = {0};
        struct ps_fault fault = {""};
        char text[100];
        snprintf(text, sizeof text, "{\"ok\":true,\"program\":\"%s\"}", cases[i].program);
        assert_int_equal(probe_read_status(cases[i].kind, text, strlen(text), &r, &listen, &fault) != 0,
                         cases[i].why != NULL);
        assert_string_equal(fault.text, cases[i].why ? cases[i].why : "");
        record_fini(&r);
        words_fini(&listen);
    }
}

static void what_answers_without_ok_is_no_daemon(void **state)
{
    struct record r = {0};
    struct words listen = {0};
    struct ps_fault fault = {""};
    (void)state;
    assert_true(probe_read_status(PLAN_OWAMP, "{}", 2, &r, &listen, &fault) < 0);
    assert_string_equal(fault.text, "its answer has no \"ok\": is it a daemon of this suite?");
}

#define PAGE "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: "

static void a_guess_has_to_say_what_it_is_at_each_address(void **state)
{
    static const struct {
        enum plan_kind kind;
        const char *page;
        bool up;
    } cases[] = {
        {PLAN_PSCHEDULER, PAGE "4\r\n\r\n\"pS\"", true},  {PLAN_PSCHEDULER, PAGE "2\r\n\r\n[]", false},
        {PLAN_PSCHEDULER, PAGE "6\r\n\r\n<html>", false}, {PLAN_MA, PAGE "2\r\n\r\n[]", true},
        {PLAN_MA, PAGE "4\r\n\r\n\"pS\"", false},
    };
    char first[] = "127.0.0.1", second[] = "127.0.0.2", *both[] = {second, first};
    struct words addresses = {both, 2};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct fix f = {.page = cases[i].page};
        struct plan_service s = {.kind = cases[i].kind, .optional = true};
        struct ps_addr any;
        struct probe *p;
        assert_int_equal(ps_loop_new(&f.loop), 0);
        ps_addr_parse(first, 0, &any);
        assert_int_equal(ps_listen(f.loop, &any, NULL, 8, accepted, &f, &f.listener), 0);
        s.http_port = ps_addr_port(ps_listener_addr(f.listener));
        assert_int_equal(probe_start(f.loop, &s, &addresses, answered, &f, &p), 0);
        ps_loop_run(f.loop);
        assert_int_equal(f.up, cases[i].up);
        assert_int_equal(f.where, cases[i].up);
        assert_true(f.up || strstr(f.why, "is no "));
        ps_stream_close(f.stream, 0);
        ps_listener_close(f.listener);
        ps_loop_free(f.loop);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_takes_a_connection_is_up),
        cmocka_unit_test(an_owamp_server_has_to_greet_with_a_mode),
        cmocka_unit_test(who_is_not_there_is_down),
        cmocka_unit_test(a_daemon_of_the_suite_is_asked_at_its_socket),
        cmocka_unit_test(owampd_is_registered_where_it_says_that_it_listens),
        cmocka_unit_test(owampd_at_no_address_that_is_registered_is_none),
        cmocka_unit_test(without_its_socket_owampd_is_asked_by_tcp),
        cmocka_unit_test(what_is_not_there_or_not_for_us_is_shut),
        cmocka_unit_test(a_guess_has_to_say_what_it_is_at_each_address),
        cmocka_unit_test(what_a_daemon_says_of_its_tests_is_kept),
        cmocka_unit_test(another_daemon_at_the_socket_is_not_taken_for_it),
        cmocka_unit_test(what_answers_without_ok_is_no_daemon),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
