// SPDX-License-Identifier: Apache-2.0
// The archivers without HTTP: tcp, udp, syslog, bitbucket and failer.
#include "deliver_fix.h"
#include <arpa/inet.h>
#include <fcntl.h>
#include <sys/socket.h>

// A socket of this host that does not block; its port is in *port.
static int open_socket(int type, unsigned *port)
{
    struct sockaddr_in sa = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof sa;
    int fd = socket(AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&sa, sizeof sa), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&sa, &len), 0);
    *port = ntohs(sa.sin_port);
    return fd;
}

static struct ps_deliver_job job_to(struct fix *f, const char *kind, unsigned port, const char *more,
                                    const char *doc)
{
    char data[256];

    snprintf(data, sizeof data, "{'host':'127.0.0.1','port':%u%s}", port, more);
    return fix_job(f, kind, data, doc);
}

static void tcp_is_a_connection_with_the_document(void **state)
{
    struct fix *f = *state;
    struct outcome r = {0};
    unsigned port;
    int fd = open_socket(SOCK_STREAM, &port), peer;
    char got[64];
    struct ps_deliver_job job = job_to(f, "tcp", port, "", "{\"a\":1}");
    ssize_t n = -1;

    assert_int_equal(listen(fd, 1), 0);
    fix_run(f, &job, &r);
    assert_int_equal(r.end, PS_DELIVER_DONE);
    peer = accept(fd, NULL, NULL);
    assert_true(peer >= 0);
    n = recv(peer, got, sizeof got, 0);
    assert_int_equal(n, 7);
    assert_memory_equal(got, "{\"a\":1}", 7);
    fcntl(peer, F_SETFL, O_NONBLOCK);
    POLL_UNTIL(f, (n = recv(peer, got, sizeof got, 0)) >= 0);
    assert_int_equal(n, 0); // and nothing behind it
    close(peer);
    close(fd);
}

static void tcp_without_a_listener_is_tried_again_as_its_policy_says(void **state)
{
    struct fix *f = *state;
    struct outcome r = {0};
    unsigned port;
    int fd = open_socket(SOCK_STREAM, &port); // bound, not listening
    struct ps_deliver_job job = job_to(f, "tcp", port, ",'retry-policy':[{'attempts':1,'wait':'PT7S'}]", "1");

    fix_run(f, &job, &r);
    assert_int_equal(r.end, PS_DELIVER_AGAIN);
    assert_int_equal(r.wait, 7 * PS_SEC);
    assert_non_null(strstr(r.text, "127.0.0.1 port"));
    close(fd);
}

static void udp_is_a_datagram(void **state)
{
    struct fix *f = *state;
    struct outcome r = {0};
    unsigned port;
    int fd = open_socket(SOCK_DGRAM, &port);
    char got[64];
    struct ps_deliver_job job = job_to(f, "udp", port, "", "[1,2]");
    ssize_t n = -1;

    fix_run(f, &job, &r);
    assert_int_equal(r.end, PS_DELIVER_DONE);
    POLL_UNTIL(f, recv(fd, got, sizeof got, MSG_PEEK) >= 0);
    n = recv(fd, got, sizeof got, 0);
    assert_int_equal(n, 5);
    assert_memory_equal(got, "[1,2]", 5);
    close(fd);
}

static void udp_does_not_cut_a_document(void **state)
{
    struct fix *f = *state;
    struct outcome r = {0};
    struct ps_deliver_job job = job_to(f, "udp", 9, ",'payload-size':4", "[1,2]");

    assert_int_equal(ps_deliver_send(f->deliver, &job, fix_ended, &r, NULL, &f->fault), PS_EREFUSED);
    assert_non_null(strstr(f->fault.text, "5 octets, payload-size allows 4"));
}

static void a_look_up_may_be_cancelled(void **state)
{
    struct fix *f = *state;
    struct outcome r = {0}, other;
    struct ps_deliver_call *call;
    struct ps_deliver_job job = job_to(f, "tcp", 9, "", "1");

    assert_int_equal(ps_deliver_send(f->deliver, &job, fix_ended, &r, &call, &f->fault), 0);
    ps_deliver_cancel(call);
    assert_int_equal(ps_deliver_calls(f->deliver), 0);
    job = job_to(f, "tcp", 9, "", "1");
    fix_run(f, &job, &other); // its look-up is behind the first one
    assert_int_equal(r.calls, 0);
}

static void a_bitbucket_takes_all(void **state)
{
    struct fix *f = *state;
    struct outcome r = {0};
    struct ps_deliver_job job = fix_job(f, "bitbucket", "{}", "1");

    fix_run(f, &job, &r);
    assert_int_equal(r.end, PS_DELIVER_DONE);
}

static void a_failer_fails_as_probably_as_it_is_told(void **state)
{
    struct fix *f = *state;
    struct outcome r = {0};
    struct ps_deliver_job job = fix_job(f, "failer", "{'fail':0}", "1");

    fix_run(f, &job, &r);
    assert_int_equal(r.end, PS_DELIVER_DONE);
    job = fix_job(f, "failer", "{'fail':1,'retry':0}", "1");
    fix_run(f, &job, &r);
    assert_int_equal(r.end, PS_DELIVER_GIVE_UP);
    job = fix_job(f, "failer", "{'schema':2,'fail':1,'retry':1,'badly':true}", "1");
    fix_run(f, &job, &r);
    assert_int_equal(r.end, PS_DELIVER_AGAIN);
    assert_int_equal(r.wait, 10 * PS_SEC);
}

static void a_line_goes_to_the_logger_if_there_is_one(void **state)
{
    struct fix *f = *state;
    struct outcome r = {0};
    struct ps_deliver_job job = fix_job(f, "syslog", "{'facility':'local3','priority':'debug'}", "1");

    fix_run(f, &job, &r);
    if (r.end != PS_DELIVER_DONE)
        assert_non_null(strstr(r.text, "/dev/log"));
}

static void check_refused(struct fix *f, const char *kind, const char *data, const char *words)
{
    const struct ps_deliver_job job = fix_job(f, kind, data, "1");

    f->fault.text[0] = '\0';
    assert_true(ps_deliver_check(job.kind, job.data, &f->fault) != 0);
    if (!strstr(f->fault.text, words))
        fail_msg("got '%s', wanted '%s' in it", f->fault.text, words);
}

static void bad_data_are_refused(void **state)
{
    struct fix *f = *state;

    check_refused(f, "tcp", "{'port':1}", "host");
    check_refused(f, "tcp", "{'host':'h','port':65536}", "port");
    check_refused(f, "tcp", "{'host':'h','port':1,'ip-version':5}", "4 or 6");
    check_refused(f, "udp", "{'host':'h','port':1,'bind':'nohost'}", "bind");
    check_refused(f, "tcp", "{'host':'h','port':1,'payload-size':9}", "payload-size");
    check_refused(f, "syslog", "{'facility':'local9'}", "none that syslog knows");
    check_refused(f, "failer", "{'fail':2}", "fail");
    check_refused(f, "failer", "{'badly':true}", "not known before schema 2");
    check_refused(f, "bitbucket", "{'x':1}", "x");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(tcp_is_a_connection_with_the_document),
        TEST(tcp_without_a_listener_is_tried_again_as_its_policy_says),
        TEST(udp_is_a_datagram),
        TEST(udp_does_not_cut_a_document),
        TEST(a_look_up_may_be_cancelled),
        TEST(a_bitbucket_takes_all),
        TEST(a_failer_fails_as_probably_as_it_is_told),
        TEST(a_line_goes_to_the_logger_if_there_is_one),
        TEST(bad_data_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
