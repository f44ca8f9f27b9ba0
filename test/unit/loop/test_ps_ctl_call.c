// SPDX-License-Identifier: Apache-2.0
#include "ctl_fix.h"
#include <poll.h>
#include <pthread.h>

// The call blocks, so that it has a thread of its own while the loop turns here.
struct call {
    pthread_t thread;
    const char *path, *line;
    ps_ns timeout;
    int err;
    char *reply;
    size_t len;
    struct ps_fault fault;
    int done[2]; // a pipe that the call closes when it is over
};

static void *call_run(void *arg)
{
    struct call *c = arg;

    c->err = ps_ctl_call(c->path, c->line, c->timeout, &c->reply, &c->len, &c->fault);
    close(c->done[1]);
    return NULL;
}

static void call_start(struct call *c, const struct fix *f, const char *line)
{
    *c = (struct call){.path = f->path, .line = line, .timeout = GUARD};
    assert_int_equal(pipe2(c->done, O_CLOEXEC), 0);
    assert_int_equal(pthread_create(&c->thread, NULL, call_run, c), 0);
}

static bool call_over(const struct call *c)
{
    struct pollfd p = {.fd = c->done[0]};

    return poll(&p, 1, 0) == 1;
}

static void call_end(struct fix *f, struct call *c)
{
    POLL_UNTIL(f, call_over(c));
    pthread_join(c->thread, NULL);
    close(c->done[0]);
}

static void check_failed(struct fix *f, const char *line, ps_ns timeout, int err, const char *text)
{
    char expected[256], *reply = NULL;
    size_t len;

    assert_int_equal(ps_ctl_call(f->path, line, timeout, &reply, &len, &f->fault), err);
    snprintf(expected, sizeof expected, "%s: %s", f->path, text);
    assert_string_equal(f->fault.text, expected);
    assert_null(reply);
}

static void a_call_gets_its_answer(void **state)
{
    struct fix *f = *state;
    struct call c;

    f->echo = true;
    call_start(&c, f, "{\"verb\":\"list\"}");
    call_end(f, &c);
    assert_int_equal(c.err, 0);
    assert_string_equal(c.reply, "{\"verb\":\"list\"}");
    assert_int_equal(c.len, 15);
    free(c.reply);
}

static void a_call_gets_a_long_answer_whole(void **state)
{
    struct fix *f = *state;
    size_t n = (size_t)5 << 20;
    char *text = malloc(n);
    struct call c;

    assert_non_null(text);
    memset(text, 'x', n);
    call_start(&c, f, "list");
    POLL_UNTIL(f, f->n == 1);
    ps_ctl_reply(f->reqs[0], text, n);
    call_end(f, &c);
    assert_int_equal(c.err, 0);
    assert_int_equal(c.len, n);
    assert_memory_equal(c.reply, text, n);
    assert_int_equal(c.reply[n], 0);
    free(text);
    free(c.reply);
}

static void a_line_too_long_for_the_daemon_gets_the_daemons_words(void **state)
{
    struct fix *f = *state;
    size_t n = 4 * PS_CTL_LINE_MAX;
    char *line = malloc(n + 1);
    struct call c;

    assert_non_null(line);
    memset(line, 'x', n);
    line[n] = '\0';
    call_start(&c, f, line);
    call_end(f, &c);
    assert_string_equal(c.fault.text, "");
    assert_int_equal(c.err, 0);
    assert_string_equal(c.reply, "{\"ok\":false,\"error\":\"the request is too long\"}");
    free(line);
    free(c.reply);
}

static void a_daemon_that_closes_without_an_answer_is_told(void **state)
{
    struct fix *f = *state;
    struct call c;

    f->stop = "stop";
    call_start(&c, f, "stop");
    call_end(f, &c);
    assert_int_equal(c.err, PS_ECLOSED);
    assert_non_null(strstr(c.fault.text, ": the daemon closed the connection without a whole answer"));
    assert_null(c.reply);
}

static void a_daemon_that_does_not_answer_is_not_waited_for_for_ever(void **state)
{
    // The kernel takes the connection and the line; the loop does not turn.
    check_failed(*state, "status", 20 * PS_MSEC, PS_ETIMEOUT, "no answer in time");
}

static void a_daemon_that_takes_no_connection_is_not_waited_for_for_ever(void **state)
{
    struct fix *f = *state;
    struct sockaddr_un sa = address(f->path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), first;

    fix_close(f);
    assert_int_equal(bind(fd, (struct sockaddr *)&sa, sizeof sa), 0);
    assert_int_equal(listen(fd, 0), 0);
    first = client(f); // fills the queue
    check_failed(f, "status", 20 * PS_MSEC, PS_ETIMEOUT, "the daemon takes no connection");
    close(first);
    close(fd);
}

static void without_a_daemon_the_reason_is_told(void **state)
{
    struct fix *f = *state;
    struct sockaddr_un sa = address(f->path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    fix_close(f);
    check_failed(f, "status", GUARD, -ENOENT, "there is no such socket; is the daemon running?");
    assert_int_equal(bind(fd, (struct sockaddr *)&sa, sizeof sa), 0);
    close(fd);
    check_failed(f, "status", GUARD, -ECONNREFUSED,
                 "nobody listens on this socket; the daemon that made it is gone");
}

static void a_request_is_one_line(void **state)
{
    check_failed(*state, "a\nb", GUARD, -EINVAL, "a request is one line");
    check_failed(*state, "", GUARD, -EINVAL, "a request is one line");
}

static void a_path_that_is_too_long_is_told(void **state)
{
    struct fix *f = *state;
    char path[200], *reply;
    size_t len;

    memset(path, 'x', sizeof path);
    path[108] = '\0';
    assert_int_equal(ps_ctl_call(path, "status", GUARD, &reply, &len, &f->fault), -ENAMETOOLONG);
    assert_string_equal(f->fault.text + 108, ": a socket's path has at most 107 octets; this one has 108");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_call_gets_its_answer),
        TEST(a_call_gets_a_long_answer_whole),
        TEST(a_line_too_long_for_the_daemon_gets_the_daemons_words),
        TEST(a_daemon_that_closes_without_an_answer_is_told),
        TEST(a_daemon_that_does_not_answer_is_not_waited_for_for_ever),
        TEST(a_daemon_that_takes_no_connection_is_not_waited_for_for_ever),
        TEST(without_a_daemon_the_reason_is_told),
        TEST(a_request_is_one_line),
        TEST(a_path_that_is_too_long_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
