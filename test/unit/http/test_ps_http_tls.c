// SPDX-License-Identifier: Apache-2.0
// Server and client over TLS: who believes whom, and certificates that change.
#include "http_fix.h"
#include <fcntl.h>
#include <time.h>
#include "certs.h"
#include "http/ps_httpc.h"

struct tls {
    struct fix *f;
    struct ps_httpc *c;
    struct ps_timer *pace;
    struct ps_addr addr;
    struct ps_fault fault;
    char dir[32], cert[64], key[64], other[64];
    // what the client was told
    int calls, err, status;
    char why[512];
};

static void put(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
}

static int load(struct tls *t)
{
    return ps_httpd_tls(t->f->httpd, t->cert, t->key, &t->fault);
}

static void stop(void *ctx)
{
    struct tls *t = ctx;

    ps_loop_stop(t->f->loop);
}

static int setup_tls(void **state)
{
    const struct ps_httpc_conf conf = {.agent = NULL};
    struct tls *t = calloc(1, sizeof *t);
    struct ps_addr any;
    void *f;

    assert_non_null(t);
    setup(&f);
    t->f = f;
    strcpy(t->dir, "/tmp/ps_http_tls.XXXXXX");
    assert_non_null(mkdtemp(t->dir));
    snprintf(t->cert, sizeof t->cert, "%s/cert", t->dir);
    snprintf(t->key, sizeof t->key, "%s/key", t->dir);
    snprintf(t->other, sizeof t->other, "%s/other", t->dir);
    put(t->cert, cert_one);
    put(t->key, key_one);
    put(t->other, cert_two);
    assert_int_equal(load(t), 0);
    assert_int_equal(ps_addr_parse("127.0.0.1", 0, &any), 0);
    assert_int_equal(ps_httpd_listen(t->f->httpd, &any, true, &t->addr, &t->fault), 0);
    assert_int_equal(ps_httpc_new(t->f->loop, &conf, &t->c), 0);
    assert_int_equal(ps_timer_new(t->f->loop, &t->pace, stop, t), 0);
    *state = t;
    return 0;
}

static int teardown_tls(void **state)
{
    struct tls *t = *state;
    void *f = t->f;

    ps_httpc_free(t->c);
    ps_timer_free(t->pace);
    teardown(&f);
    unlink(t->cert);
    unlink(t->key);
    unlink(t->other);
    rmdir(t->dir);
    free(t);
    return 0;
}

static void done(void *ctx, const struct ps_httpc_answer *a)
{
    struct tls *t = ctx;

    t->calls++;
    t->err = a->err;
    t->status = a->status;
    snprintf(t->why, sizeof t->why, "%s", a->why);
}

static void begin(struct tls *t, struct ps_httpc_ask ask, const char *path)
{
    char url[100];

    snprintf(url, sizeof url, "https://127.0.0.1:%u%s", ps_addr_port(&t->addr), path);
    if (!ask.url)
        ask.url = url;
    ask.method = "GET";
    assert_int_equal(ps_httpc_ask(t->c, &ask, done, t, NULL), 0);
}

static void run(struct tls *t, struct ps_httpc_ask ask)
{
    int before = t->calls;

    begin(t, ask, "/hello");
    POLL_UNTIL(t->f, t->calls == before + 1);
}

// A client of its own, since connections that are open keep the certificate they began with.
static void run_fresh(struct tls *t, struct ps_httpc_ask ask)
{
    const struct ps_httpc_conf conf = {.agent = NULL};

    ps_httpc_free(t->c);
    assert_int_equal(ps_httpc_new(t->f->loop, &conf, &t->c), 0);
    run(t, ask);
}

static void a_certificate_that_is_trusted_is_taken(void **state)
{
    struct tls *t = *state;

    run(t, (struct ps_httpc_ask){.ca_file = t->cert});
    assert_int_equal(t->err, 0);
    assert_int_equal(t->status, 200);
}

static void a_certificate_that_nobody_knows_is_refused(void **state)
{
    struct tls *t = *state;

    run(t, (struct ps_httpc_ask){.url = NULL});
    assert_int_equal(t->err, PS_EAUTH);
    assert_non_null(strstr(t->why, "/hello: "));
    assert_non_null(strstr(t->why, "certificate"));
    run(t, (struct ps_httpc_ask){.ca_file = t->other});
    assert_int_equal(t->err, PS_EAUTH);
    assert_int_equal(t->f->requests, 0);
    run(t, (struct ps_httpc_ask){.ca_file = "/nonexistent/ca"});
    assert_int_equal(t->err, PS_EAUTH);
}

static void a_certificate_for_another_host_is_refused(void **state)
{
    struct tls *t = *state;
    char url[100];

    snprintf(url, sizeof url, "https://127.0.0.1.:%u/hello", ps_addr_port(&t->addr));
    run(t, (struct ps_httpc_ask){.ca_file = t->cert, .url = url, .proxy = NULL});
    assert_true(t->err == PS_EAUTH || t->err == PS_ERESOLVE || t->err == PS_ESYNTAX);
    assert_int_equal(t->f->requests, 0);
}

static void who_asks_for_it_is_not_told_of_bad_certificates(void **state)
{
    struct tls *t = *state;

    run(t, (struct ps_httpc_ask){.insecure = true});
    assert_int_equal(t->err, 0);
    assert_int_equal(t->status, 200);
}

static void plain_and_tls_do_not_mix(void **state)
{
    struct tls *t = *state;
    char url[100];

    snprintf(url, sizeof url, "http://127.0.0.1:%u/hello", ps_addr_port(&t->addr));
    run(t, (struct ps_httpc_ask){.url = url});
    assert_true(t->err == PS_ECLOSED);
    snprintf(url, sizeof url, "https://127.0.0.1:%u/hello", ps_addr_port(&t->f->addr));
    run(t, (struct ps_httpc_ask){.url = url, .insecure = true});
    assert_true(t->err != 0);
    assert_int_equal(t->f->requests, 0);
}

static void new_connections_get_the_new_certificate(void **state)
{
    struct tls *t = *state;

    run(t, (struct ps_httpc_ask){.ca_file = t->cert});
    put(t->cert, cert_two);
    put(t->key, key_two);
    run_fresh(t, (struct ps_httpc_ask){.ca_file = t->other});
    assert_int_equal(t->err, PS_EAUTH); // not loaded yet
    assert_int_equal(load(t), 0);
    run_fresh(t, (struct ps_httpc_ask){.ca_file = t->other});
    assert_int_equal(t->err, 0);
}

static void what_is_under_way_goes_on_over_a_reload(void **state)
{
    struct tls *t = *state;

    begin(t, (struct ps_httpc_ask){.ca_file = t->cert}, "/later");
    POLL_UNTIL(t->f, t->f->nheld == 1);
    put(t->cert, cert_two);
    put(t->key, key_two);
    assert_int_equal(load(t), 0);
    for (int i = 0; i < 10; i++)
        ps_loop_poll(t->f->loop);
    ps_http_reply(t->f->held[0], 200, NULL, "x", 1);
    POLL_UNTIL(t->f, t->calls == 1);
    assert_int_equal(t->status, 200);
}

static void files_that_will_not_do_change_nothing(void **state)
{
    struct tls *t = *state;

    put(t->key, key_two); // of another certificate
    assert_int_equal(load(t), PS_EMALFORMED);
    assert_non_null(strstr(t->fault.text, t->cert));
    put(t->key, "nonsense");
    assert_int_equal(load(t), PS_EMALFORMED);
    put(t->cert, "");
    assert_true(load(t) != 0);
    unlink(t->key);
    assert_true(load(t) != 0);
    unlink(t->cert);
    assert_int_equal(load(t), -ENOENT);
    put(t->cert, cert_one);
    run(t, (struct ps_httpc_ask){.ca_file = t->cert});
    assert_int_equal(t->err, 0);
}

// The library wants to run all the time then.
static void a_handshake_that_does_not_go_on_costs_little(void **state)
{
    struct tls *t = *state;
    ps_ns end = ps_loop_mono() + 300 * PS_MSEC;
    struct ps_httpd_stats s;
    struct fix other = {.addr = t->addr};
    int fd = client(&other);
    clock_t busy;

    POLL_UNTIL(t->f, (ps_httpd_stats(t->f->httpd, &s), s.conns == 1));
    say(fd, "\x16\x03\x01");
    busy = clock();
    ps_timer_start(t->pace, 300 * PS_MSEC);
    ps_loop_run(t->f->loop);
    busy = clock() - busy;
    assert_true(ps_loop_mono() >= end);
    assert_true(busy < CLOCKS_PER_SEC / 10);
    close(fd);
}

static void listening_for_tls_needs_a_certificate(void **state)
{
    struct tls *t = *state;
    struct ps_httpd *h;
    struct ps_addr any;

    assert_int_equal(ps_httpd_new(t->f->loop, &ps_httpd_defaults, &h), 0);
    assert_int_equal(ps_addr_parse("127.0.0.1", 0, &any), 0);
    assert_int_equal(ps_httpd_listen(h, &any, true, NULL, &t->fault), PS_ESTATE);
    assert_string_equal(t->fault.text, "there is no certificate yet");
    ps_httpd_close(h);
}

static void an_address_that_is_taken_is_told(void **state)
{
    struct tls *t = *state;
    char text[128];

    snprintf(text, sizeof text, "cannot listen on 127.0.0.1:%u: Address already in use",
             ps_addr_port(&t->addr));
    assert_int_equal(ps_httpd_listen(t->f->httpd, &t->addr, false, NULL, &t->fault), -EADDRINUSE);
    assert_string_equal(t->fault.text, text);
}

int main(void)
{
#define TLS_TEST(f) cmocka_unit_test_setup_teardown(f, setup_tls, teardown_tls)
    const struct CMUnitTest tests[] = {
        TLS_TEST(a_certificate_that_is_trusted_is_taken),
        TLS_TEST(a_certificate_that_nobody_knows_is_refused),
        TLS_TEST(a_certificate_for_another_host_is_refused),
        TLS_TEST(who_asks_for_it_is_not_told_of_bad_certificates),
        TLS_TEST(plain_and_tls_do_not_mix),
        TLS_TEST(new_connections_get_the_new_certificate),
        TLS_TEST(what_is_under_way_goes_on_over_a_reload),
        TLS_TEST(files_that_will_not_do_change_nothing),
        TLS_TEST(a_handshake_that_does_not_go_on_costs_little),
        TLS_TEST(listening_for_tls_needs_a_certificate),
        TLS_TEST(an_address_that_is_taken_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
