// SPDX-License-Identifier: Apache-2.0
#include "ctl_fix.h"

static void a_line_is_answered_by_a_line(void **state)
{
    struct fix *f = *state;
    int fd = client(f);

    say(fd, "{\"verb\":\"status\"}\n");
    POLL_UNTIL(f, f->n == 1);
    assert_string_equal(f->line, "{\"verb\":\"status\"}");
    assert_int_equal(f->len, 17);
    assert_int_equal(ps_ctl_reply(f->reqs[0], "{\"ok\":true}", 11), 0);
    check_heard(f, fd, "{\"ok\":true}\n");
    close(fd);
}

static void a_line_may_come_in_pieces_and_blank_ones_mean_nothing(void **state)
{
    struct fix *f = *state;
    int fd = client(f);

    f->echo = true;
    say(fd, "\n \t\r\n\nab");
    POLL_UNTIL(f, ps_ctl_conns(f->ctl) == 1);
    ps_loop_poll(f->loop);
    say(fd, "cd\n");
    check_heard(f, fd, "abcd\n");
    assert_int_equal(f->n, 1);
    close(fd);
}

static void lines_of_a_connection_are_answered_one_after_the_other(void **state)
{
    struct fix *f = *state;
    int fd = client(f);

    say(fd, "one\ntwo\nthree\n");
    POLL_UNTIL(f, f->n == 1);
    assert_string_equal(f->line, "one");
    ps_loop_poll(f->loop);
    assert_int_equal(f->n, 1); // the second waits for the first one's answer
    ps_ctl_reply(f->reqs[0], "1", 1);
    POLL_UNTIL(f, f->n == 2);
    assert_string_equal(f->line, "two");
    f->echo = true;
    ps_ctl_reply(f->reqs[1], "2", 1);
    check_heard(f, fd, "1\n2\nthree\n");
    close(fd);
}

static void a_second_reply_to_a_request_is_dropped(void **state)
{
    struct fix *f = *state;
    int fd = client(f);

    say(fd, "one\ntwo\n");
    POLL_UNTIL(f, f->n == 1);
    ps_ctl_reply(f->reqs[0], "1", 1);
    assert_int_equal(ps_ctl_reply(f->reqs[0], "again", 5), 0);
    POLL_UNTIL(f, f->n == 2);
    assert_int_equal(ps_ctl_reply(f->reqs[0], "again", 5), 0);
    ps_ctl_reply(f->reqs[1], "2", 1);
    check_heard(f, fd, "1\n2\n");
    assert_int_equal(ps_ctl_reply((struct ps_ctl_request){f->ctl, 0}, "x", 1), 0);
    close(fd);
}

static void a_reply_to_a_client_that_has_gone_is_dropped(void **state)
{
    struct fix *f = *state;
    int fd = client(f);

    say(fd, "one\n");
    POLL_UNTIL(f, f->n == 1);
    close(fd);
    ps_loop_poll(f->loop);
    ps_ctl_reply(f->reqs[0], "1", 1);
    POLL_UNTIL(f, ps_ctl_conns(f->ctl) == 0);
    assert_int_equal(ps_ctl_reply(f->reqs[0], "1", 1), 0);
}

static void a_client_that_has_said_all_still_gets_its_answers(void **state)
{
    struct fix *f = *state;
    int fd = client(f);

    f->echo = true;
    say(fd, "one\ntwo\ncut off");
    shutdown(fd, SHUT_WR);
    check_heard(f, fd, "one\ntwo\ncut off\n");
    check_ended(f, fd);
    assert_int_equal(f->n, 3);
    close(fd);
}

static void newlines_in_a_reply_become_blanks(void **state)
{
    struct fix *f = *state;
    int fd = client(f);

    say(fd, "one\ntwo\n");
    POLL_UNTIL(f, f->n == 1);
    ps_ctl_reply(f->reqs[0], "{\n \"a\":\n1}\n", 11);
    POLL_UNTIL(f, f->n == 2);
    ps_ctl_reply(f->reqs[1], "", 0);
    check_heard(f, fd, "{  \"a\": 1}\n\n");
    close(fd);
}

static void requests_of_several_clients_are_told_apart(void **state)
{
    struct fix *f = *state;
    int a = client(f), b = client(f);

    say(a, "a\n");
    POLL_UNTIL(f, f->n == 1);
    say(b, "b\n");
    POLL_UNTIL(f, f->n == 2);
    ps_ctl_reply(f->reqs[1], "to b", 4);
    ps_ctl_reply(f->reqs[0], "to a", 4);
    check_heard(f, a, "to a\n");
    check_heard(f, b, "to b\n");
    close(a);
    close(b);
}

static void a_line_longer_than_the_bound_is_refused(void **state)
{
    struct fix *f = *state;
    size_t n = PS_CTL_LINE_MAX + 1, sent = 0;
    char *text = malloc(n);
    int fd = client(f);

    assert_non_null(text);
    memset(text, 'x', n);
    while (sent < n) {
        ssize_t s = send(fd, text + sent, n - sent, MSG_NOSIGNAL);
        if (s > 0)
            sent += (size_t)s;
        ps_loop_poll(f->loop);
    }
    check_heard(f, fd, "{\"ok\":false,\"error\":\"the request is too long\"}\n");
    check_ended(f, fd);
    assert_int_equal(f->n, 0);
    free(text);
    close(fd);
}

static void a_line_of_just_the_bound_is_taken(void **state)
{
    struct fix *f = *state;
    size_t n = PS_CTL_LINE_MAX + 1, sent = 0;
    char *text = malloc(n);
    int fd = client(f);

    assert_non_null(text);
    memset(text, 'x', n);
    text[n - 1] = '\n';
    while (sent < n) {
        ssize_t s = send(fd, text + sent, n - sent, MSG_NOSIGNAL);
        if (s > 0)
            sent += (size_t)s;
        ps_loop_poll(f->loop);
    }
    POLL_UNTIL(f, f->n == 1);
    assert_int_equal(f->len, PS_CTL_LINE_MAX);
    free(text);
    close(fd);
}

static void a_large_reply_arrives_whole(void **state)
{
    struct fix *f = *state;
    size_t n = (size_t)3 << 20;
    char *text = malloc(n), *got = malloc(n + 2);
    int fd = client(f);

    assert_non_null(text);
    assert_non_null(got);
    memset(text, 'x', n);
    say(fd, "one\ntwo\n");
    POLL_UNTIL(f, f->n == 1);
    ps_ctl_reply(f->reqs[0], text, n);
    ps_loop_poll(f->loop);
    assert_int_equal(f->n, 1); // the reply has not left yet
    assert_int_equal(hear(f, fd, got, n + 1), n + 1);
    assert_memory_equal(got, text, n);
    assert_int_equal(got[n], '\n');
    POLL_UNTIL(f, f->n == 2);
    free(text);
    free(got);
    close(fd);
}

static void a_reply_longer_than_the_bound_ends_the_connection(void **state)
{
    struct fix *f = *state;
    int fd = client(f);

    say(fd, "one\n");
    POLL_UNTIL(f, f->n == 1);
    assert_int_equal(ps_ctl_reply(f->reqs[0], "", PS_CTL_REPLY_MAX + 1), PS_ELIMIT);
    check_ended(f, fd);
    close(fd);
}

static void an_idle_connection_is_closed(void **state)
{
    struct fix *f = *state;
    int fd = client(f);

    POLL_UNTIL(f, ps_ctl_conns(f->ctl) == 1);
    ps_ctl_set_idle(f->ctl, PS_MSEC);
    check_ended(f, fd);
    close(fd);
}

static void a_connection_that_waits_for_its_answer_is_not_idle(void **state)
{
    struct fix *f = *state;
    int waits = client(f), idle;

    say(waits, "one\n");
    POLL_UNTIL(f, f->n == 1);
    ps_ctl_set_idle(f->ctl, PS_MSEC);
    idle = client(f);
    check_ended(f, idle);
    assert_int_equal(ps_ctl_conns(f->ctl), 1);
    ps_ctl_set_idle(f->ctl, GUARD);
    ps_ctl_reply(f->reqs[0], "1", 1);
    check_heard(f, waits, "1\n");
    close(waits);
    close(idle);
}

static void a_client_that_does_not_read_its_reply_is_closed(void **state)
{
    struct fix *f = *state;
    size_t n = (size_t)3 << 20;
    char *text = calloc(1, n);
    int fd = client(f);

    assert_non_null(text);
    say(fd, "one\n");
    POLL_UNTIL(f, f->n == 1);
    ps_ctl_set_idle(f->ctl, PS_MSEC);
    ps_ctl_reply(f->reqs[0], text, n);
    free(text);
    POLL_UNTIL(f, ps_ctl_conns(f->ctl) == 0);
    close(fd);
}

static void the_one_idle_for_longest_makes_room(void **state)
{
    struct fix *f = *state;
    int fds[PS_CTL_CONNS + 1];

    f->echo = true;
    for (size_t i = 0; i < PS_CTL_CONNS; i++) {
        fds[i] = client(f);
        POLL_UNTIL(f, ps_ctl_conns(f->ctl) == i + 1);
    }
    say(fds[0], "still here\n");
    check_heard(f, fds[0], "still here\n");
    fds[PS_CTL_CONNS] = client(f);
    check_ended(f, fds[1]);
    say(fds[PS_CTL_CONNS], "new\n");
    check_heard(f, fds[PS_CTL_CONNS], "new\n");
    say(fds[0], "and still\n");
    check_heard(f, fds[0], "and still\n");
    assert_int_equal(ps_ctl_conns(f->ctl), PS_CTL_CONNS);
    for (size_t i = 0; i <= PS_CTL_CONNS; i++)
        close(fds[i]);
}

static void when_all_wait_for_answers_a_new_one_is_refused(void **state)
{
    struct fix *f = *state;
    int fds[PS_CTL_CONNS], late;

    for (size_t i = 0; i < PS_CTL_CONNS; i++) {
        fds[i] = client(f);
        say(fds[i], "x\n");
        POLL_UNTIL(f, f->n == i + 1);
    }
    late = client(f);
    check_heard(f, late, "{\"ok\":false,\"error\":\"too many connections wait for their answers\"}\n");
    check_ended(f, late);
    ps_ctl_reply(f->reqs[0], "1", 1);
    check_heard(f, fds[0], "1\n");
    close(late);
    for (size_t i = 0; i < PS_CTL_CONNS; i++)
        close(fds[i]);
}

static void how_many_there_may_be_can_be_told(void **state)
{
    struct fix *f = *state;
    int fds[PS_CTL_CONNS + 1], late;

    ps_ctl_set_conns(f->ctl, PS_CTL_CONNS + 1);
    for (size_t i = 0; i <= PS_CTL_CONNS; i++) {
        fds[i] = client(f);
        POLL_UNTIL(f, ps_ctl_conns(f->ctl) == i + 1);
    }
    ps_ctl_set_conns(f->ctl, 1);
    late = client(f);
    check_ended(f, fds[0]);
    close(late);
    for (size_t i = 0; i <= PS_CTL_CONNS; i++)
        close(fds[i]);
}

static void the_socket_may_be_closed_from_a_request(void **state)
{
    struct fix *f = *state;
    int fd = client(f);
    struct stat st;

    f->echo = true;
    f->stop = "stop";
    say(fd, "stop\nnever\n");
    check_heard(f, fd, "stop\n");
    check_ended(f, fd);
    assert_int_equal(f->n, 1);
    assert_int_equal(lstat(f->path, &st), -1);
    close(fd);
}

static void closing_forgets_what_was_not_answered(void **state)
{
    struct fix *f = *state;
    int fd = client(f);

    say(fd, "one\n");
    POLL_UNTIL(f, f->n == 1);
    fix_close(f);
    check_ended(f, fd);
    ps_ctl_close(NULL);
    close(fd);
}

static void which_process_asks_is_known(void **state)
{
    struct fix *f = *state;
    int fd = client(f);

    say(fd, "one\n");
    POLL_UNTIL(f, f->n == 1);
    assert_int_equal(ps_ctl_peer(f->reqs[0]), getpid());
    assert_int_equal(ps_ctl_reply(f->reqs[0], "x", 1), 0);
    assert_int_equal(ps_ctl_peer(f->reqs[0]), 0);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_line_is_answered_by_a_line),
        TEST(a_line_may_come_in_pieces_and_blank_ones_mean_nothing),
        TEST(lines_of_a_connection_are_answered_one_after_the_other),
        TEST(a_second_reply_to_a_request_is_dropped),
        TEST(a_reply_to_a_client_that_has_gone_is_dropped),
        TEST(a_client_that_has_said_all_still_gets_its_answers),
        TEST(newlines_in_a_reply_become_blanks),
        TEST(requests_of_several_clients_are_told_apart),
        TEST(a_line_longer_than_the_bound_is_refused),
        TEST(a_line_of_just_the_bound_is_taken),
        TEST(a_large_reply_arrives_whole),
        TEST(a_reply_longer_than_the_bound_ends_the_connection),
        TEST(an_idle_connection_is_closed),
        TEST(a_connection_that_waits_for_its_answer_is_not_idle),
        TEST(a_client_that_does_not_read_its_reply_is_closed),
        TEST(the_one_idle_for_longest_makes_room),
        TEST(when_all_wait_for_answers_a_new_one_is_refused),
        TEST(how_many_there_may_be_can_be_told),
        TEST(the_socket_may_be_closed_from_a_request),
        TEST(closing_forgets_what_was_not_answered),
        TEST(which_process_asks_is_known),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
