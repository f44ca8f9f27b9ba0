// SPDX-License-Identifier: Apache-2.0
// Many questions at a time, and what is done from inside answers. The answers themselves are in test_ps_dns.c.
#include "dns_fix.h"

#define A PS_DNS_A

static struct heard h, h2, h3;

// --- many at a time

static void the_same_question_is_asked_once(void **state)
{
    struct dns_fix *f = *state;

    zone(f, "host.example A !held");
    zone(f, "host.example A 60 192.0.2.1");
    ask_for(f, A, "host.example", 0, &h);
    ask_for(f, A, "host.example", 0, &h2);
    ask_for(f, A, "HOST.EXAMPLE", 0, &h3);
    assert_int_equal(stats(f).waiting, 3);
    DNS_UNTIL(f, f->server.nheld == 1);
    dns_release(&f->server);
    dns_run(f);
    assert_int_equal(h.n + h2.n + h3.n, 3);
    assert_int_equal(stats(f).sent, 1);
    assert_int_equal(stats(f).waiting, 0);
}

static void each_has_a_deadline_of_its_own(void **state)
{
    struct dns_fix *f = *state;

    zone(f, "host.example A !held");
    zone(f, "host.example A 60 192.0.2.1");
    ask_for(f, A, "host.example", 20 * PS_MSEC, &h);
    f->wanted = 1;
    ask_for(f, A, "host.example", GUARD, &h2);
    f->wanted = 1;
    dns_run(f);
    assert_int_equal(h.err, PS_ETIMEOUT);
    assert_int_equal(h2.times, 0);
    DNS_UNTIL(f, f->server.nheld == 1);
    dns_release(&f->server);
    DNS_UNTIL(f, h2.times == 1);
    assert_int_equal(h2.err, 0);
    assert_int_equal(h.times, 1);
}

static void who_is_late_for_one_finds_the_answer_next_time(void **state)
{
    struct dns_fix *f = *state;

    zone(f, "host.example A !held");
    zone(f, "host.example A 60 192.0.2.1");
    ask_for(f, A, "host.example", 20 * PS_MSEC, &h);
    dns_run(f);
    assert_int_equal(h.err, PS_ETIMEOUT);
    assert_int_equal(stats(f).under_way, 1);
    DNS_UNTIL(f, f->server.nheld == 1);
    dns_release(&f->server);
    DNS_UNTIL(f, stats(f).cached == 1);
    ask(f, A, "host.example", &h);
    assert_true(h.cached);
    assert_int_equal(h.n, 1);
}

static void so_many_are_under_way_and_the_others_wait(void **state)
{
    struct dns_fix *f = *state;
    static struct heard all[10];
    char name[40], line[80];

    f->conf.under_way_max = 3;
    dns_open_with(f);
    for (int i = 0; i < 10; i++) {
        snprintf(name, sizeof name, "host%d.example", i);
        snprintf(line, sizeof line, "%s A !held", name);
        zone(f, line);
        snprintf(line, sizeof line, "%s A 60 192.0.2.%d", name, i);
        zone(f, line);
        ask_for(f, A, name, 0, &all[i]);
    }
    assert_int_equal(stats(f).under_way, 3);
    assert_int_equal(stats(f).queued, 7);
    while (stats(f).waiting > 0) {
        DNS_UNTIL(f, f->server.nheld == stats(f).under_way);
        assert_true(f->server.nheld <= 3);
        dns_release(&f->server);
        DNS_UNTIL(f, f->server.nheld > 0 || stats(f).waiting == 0);
    }
    for (int i = 0; i < 10; i++)
        assert_int_equal(all[i].n, 1);
}

static void what_nobody_waits_for_gives_way(void **state)
{
    struct dns_fix *f = *state;

    f->conf.under_way_max = 1;
    dns_open_with(f);
    zone(f, "silent.example A !silent");
    zone(f, "host.example A 60 192.0.2.1");
    ask_for(f, A, "silent.example", 0, &h);
    ps_dns_cancel(h.query);
    assert_int_equal(stats(f).under_way, 1);
    f->wanted = 0;
    ask(f, A, "host.example", &h2);
    assert_int_equal(h2.err, 0);
    assert_int_equal(h.times, 0);
    assert_int_equal(stats(f).cached, 1); // nothing is known of the other
}

static void who_gives_up_lets_the_next_begin(void **state)
{
    struct dns_fix *f = *state;

    f->conf.under_way_max = 1;
    dns_open_with(f);
    zone(f, "silent.example A !silent");
    zone(f, "host.example A 60 192.0.2.1");
    ask_for(f, A, "silent.example", 0, &h);
    ask_for(f, A, "host.example", 0, &h2);
    ask_for(f, A, "other.example", 0, &h3);
    assert_int_equal(stats(f).queued, 2);
    ps_dns_cancel(h3.query);
    assert_int_equal(stats(f).queued, 1);
    ps_dns_cancel(h.query);
    assert_int_equal(stats(f).queued, 0);
    f->wanted = 1;
    dns_run(f);
    assert_int_equal(h2.err, 0);
    assert_int_equal(h.times + h3.times, 0);
}

static void who_comes_on_top_of_too_many_is_told(void **state)
{
    struct dns_fix *f = *state;

    f->conf.waiting_max = 2;
    dns_open_with(f);
    zone(f, "silent.example A !silent");
    ask_for(f, A, "silent.example", 0, &h);
    ask_for(f, A, "silent.example", 0, &h2);
    f->wanted = 0;
    ask_for(f, A, "host.example", 0, &h3);
    dns_run(f);
    assert_int_equal(h3.err, PS_ELIMIT);
    assert_string_equal(h3.why, "host.example: too many wait for an answer");
    ps_dns_cancel(h2.query);
    ask(f, A, "host.example", &h3);
    assert_int_equal(h3.err, PS_ENOTFOUND);
}

static void count(void *ctx, const struct ps_dns_answer *a)
{
    struct dns_fix *f = ctx;

    assert_int_equal(a->err, PS_ETIMEOUT);
    if (++f->heard == f->wanted)
        ps_loop_stop(f->loop);
}

static void when_no_server_answers_ten_thousand_are_told_so(void **state)
{
    struct dns_fix *f = *state;
    char name[40];

    zone(f, "host.example A 60 192.0.2.1");
    f->server.deaf = true;
    f->wanted = 10000;
    for (unsigned i = 0; i < f->wanted; i++) {
        snprintf(name, sizeof name, "host%u.example", i);
        assert_int_equal(ps_dns_ask(f->dns, A, name, 50 * PS_MSEC, count, f, NULL), 0);
    }
    dns_run(f);
    assert_int_equal(stats(f).waiting, 0);
    assert_int_equal(stats(f).queued, 0);
    f->server.deaf = false;
    ask(f, A, "host.example", &h); // those that nobody waits for give way
    assert_int_equal(h.err, 0);
}

static void each_question_has_a_port_of_its_own(void **state)
{
    struct dns_fix *f = *state;
    static struct heard all[8];
    char name[40], line[80];
    size_t different = 0;

    for (int i = 0; i < 8; i++) {
        snprintf(name, sizeof name, "host%d.example", i);
        snprintf(line, sizeof line, "%s A !held", name);
        zone(f, line);
        ask_for(f, A, name, 0, &all[i]);
    }
    DNS_UNTIL(f, f->server.nheld == 8);
    for (int i = 0; i < 8; i++)
        for (int j = 0; j < i; j++)
            different += ps_addr_port(&f->server.held[i].from) != ps_addr_port(&f->server.held[j].from);
    assert_int_equal(different, 8 * 7 / 2);
}

// --- from inside

static void cancel_both(struct heard *it)
{
    (void)it;
    ps_dns_cancel(h2.query);
    ps_dns_cancel(h3.query);
}

static void others_may_be_cancelled_from_inside(void **state)
{
    struct dns_fix *f = *state;

    zone(f, "host.example A 60 192.0.2.1");
    h.then = cancel_both;
    ask_for(f, A, "host.example", 0, &h);
    ask_for(f, A, "host.example", 0, &h2);
    ask_for(f, A, "other.example", 0, &h3);
    f->wanted = 1;
    dns_run(f);
    h.then = NULL;
    for (int i = 0; i < 10; i++)
        ps_loop_poll(f->loop);
    assert_int_equal(h.times, 1);
    assert_int_equal(h2.times + h3.times, 0);
    assert_int_equal(stats(f).waiting, 0);
}

static void ask_again(struct heard *it)
{
    it->then = NULL;
    ask_for(it->f, A, "host.example", 0, &h2);
    ps_dns_forget(it->f->dns);
}

static void more_may_be_asked_from_inside(void **state)
{
    struct dns_fix *f = *state;

    zone(f, "host.example A 60 192.0.2.1");
    h.then = ask_again;
    ask_for(f, A, "host.example", 0, &h);
    dns_run(f);
    DNS_UNTIL(f, h2.times == 1);
    assert_int_equal(h2.n, 1); // forgotten behind it, but it was promised
}

static void free_all(struct heard *it)
{
    it->then = NULL;
    ps_dns_free(it->f->dns);
    it->f->dns = NULL;
}

static void all_may_be_freed_from_inside(void **state)
{
    struct dns_fix *f = *state;

    zone(f, "host.example A 60 192.0.2.1");
    zone(f, "silent.example A !silent");
    h.then = free_all;
    ask_for(f, A, "host.example", 0, &h);
    ask_for(f, A, "host.example", 0, &h2);
    ask_for(f, A, "silent.example", 0, &h3);
    f->wanted = 1;
    dns_run(f);
    assert_int_equal(h.times, 1);
    assert_int_equal(h2.times + h3.times, 0);
    assert_null(f->dns);
}

static void all_may_be_freed_from_a_deadline_and_from_what_is_known(void **state)
{
    struct dns_fix *f = *state;

    zone(f, "host.example A 60 192.0.2.1");
    zone(f, "silent.example A !silent");
    h.then = free_all;
    ask_for(f, A, "silent.example", PS_MSEC, &h);
    dns_run(f);
    assert_null(f->dns);
    dns_open_with(f);
    ask(f, A, "host.example", &h2);
    h.then = free_all;
    assert_true(ps_dns_known(f->dns, A, "host.example", dns_heard, &h));
    assert_null(f->dns);
}

static void what_is_under_way_may_be_left(void **state)
{
    struct dns_fix *f = *state;

    zone(f, "silent.example A !silent");
    zone(f, "host.example A 60 192.0.2.1");
    ask(f, A, "host.example", &h2);
    ask_for(f, A, "silent.example", 0, &h);
    ask_for(f, A, "host.example", 0, &h2); // answered, and not told yet
    ask_for(f, A, "..", 0, &h3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        DNS_TEST(the_same_question_is_asked_once),
        DNS_TEST(each_has_a_deadline_of_its_own),
        DNS_TEST(who_is_late_for_one_finds_the_answer_next_time),
        DNS_TEST(so_many_are_under_way_and_the_others_wait),
        DNS_TEST(what_nobody_waits_for_gives_way),
        DNS_TEST(who_gives_up_lets_the_next_begin),
        DNS_TEST(who_comes_on_top_of_too_many_is_told),
        DNS_TEST(when_no_server_answers_ten_thousand_are_told_so),
        DNS_TEST(each_question_has_a_port_of_its_own),
        DNS_TEST(others_may_be_cancelled_from_inside),
        DNS_TEST(more_may_be_asked_from_inside),
        DNS_TEST(all_may_be_freed_from_inside),
        DNS_TEST(all_may_be_freed_from_a_deadline_and_from_what_is_known),
        DNS_TEST(what_is_under_way_may_be_left),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
