// SPDX-License-Identifier: Apache-2.0
// getaddrinfo and getnameinfo are this program's own, so that names need no network.
#include <errno.h>
#include <netdb.h>
#include <signal.h>
#include <unistd.h>
#include "base/ps_err.h"
#include "loop_fix.h"

// names

static struct addrinfo *fake_entry(const char *text, struct addrinfo *next)
{
    struct addrinfo *ai = calloc(1, sizeof *ai);
    struct ps_addr *a = calloc(1, sizeof *a);

    if (!ai || !a || ps_addr_parse(text, 0, a))
        abort();
    ai->ai_family = a->sa.sa_family;
    ai->ai_addr = &a->sa;
    ai->ai_addrlen = a->len;
    ai->ai_next = next;
    return ai;
}

static bool family_wanted(int asked, const char *text)
{
    bool is_v6 = strchr(text, ':') != NULL;

    return asked == AF_UNSPEC || (asked == AF_INET6) == is_v6;
}

// "two.test": an address of each family, IPv4 first. "many.test": a hundred. The rest: nothing.
int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **res)
{
    static const char *const two[] = {"2001:db8::1", "192.0.2.1"};
    bool many = strcmp(node, "many.test") == 0;

    (void)service;
    *res = NULL;
    if (!many && strcmp(node, "two.test") != 0)
        return EAI_NONAME;
    for (int i = 0; i < (many ? 100 : 2); i++)
        if (family_wanted(hints->ai_family, two[i % 2]))
            *res = fake_entry(two[i % 2], *res);
    return 0;
}

void freeaddrinfo(struct addrinfo *ai)
{
    while (ai) {
        struct addrinfo *next = ai->ai_next;

        free(ai->ai_addr);
        free(ai);
        ai = next;
    }
}

// 192.0.2.1 has a name.
int getnameinfo(const struct sockaddr *sa, socklen_t len, char *host, socklen_t host_len, char *serv,
                socklen_t serv_len, int flags)
{
    struct ps_addr a;

    (void)flags;
    if (ps_addr_from_sockaddr(sa, len, &a) || ps_addr_version(&a) != 4)
        return EAI_AGAIN;
    strncpy(host, "two.test", host_len);
    if (serv_len)
        serv[0] = '\0';
    return 0;
}

// the loop

static void a_loop_without_anything_to_do_returns(void **state)
{
    struct fix *f = *state;

    assert_int_equal(ps_loop_run(f->loop), 0);
}

static void freeing_nothing_is_fine(void **state)
{
    (void)state;
    ps_loop_free(NULL);
    ps_timer_free(NULL);
}

static void a_write_to_a_closed_pipe_does_not_kill(void **state)
{
    int fds[2];

    (void)state;
    assert_int_equal(pipe(fds), 0);
    close(fds[0]);
    assert_int_equal(write(fds[1], "x", 1), -1);
    assert_int_equal(errno, EPIPE);
    close(fds[1]);
}

// signals

static void signal_came(void *ctx, int signum)
{
    struct fix *f = ctx;

    f->err = signum;
    ps_loop_stop(f->loop);
}

static void a_signal_reaches_its_callback_on_the_loop(void **state)
{
    struct fix *f = *state;

    assert_int_equal(ps_signal_add(f->loop, SIGUSR1, signal_came, f), 0);
    raise(SIGUSR1);
    assert_int_equal(f->err, 0);
    run_guarded(f);
    assert_int_equal(f->err, SIGUSR1);
}

static void a_signal_watch_does_not_keep_the_loop_alive(void **state)
{
    struct fix *f = *state;

    assert_int_equal(ps_signal_add(f->loop, SIGUSR2, signal_came, f), 0);
    ps_loop_run(f->loop);
    assert_int_equal(f->err, 0);
}

static void a_signal_that_cannot_be_caught_is_an_error(void **state)
{
    struct fix *f = *state;

    assert_int_equal(ps_signal_add(f->loop, SIGKILL, signal_came, f), -EINVAL);
}

// deferred calls

static void deferred_calls_come_later_and_in_order(void **state)
{
    struct fix *f = *state;

    assert_int_equal(ps_defer(f->loop, note_a, f), 0);
    assert_int_equal(ps_defer(f->loop, note_b, f), 0);
    assert_int_equal(ps_defer(f->loop, note_a, f), 0);
    assert_string_equal(f->order, "");
    ps_loop_run(f->loop);
    assert_string_equal(f->order, "aba");
}

static void note_and_defer_again(void *ctx)
{
    struct fix *f = ctx;

    strcat(f->order, "x");
    if (++f->count < 3)
        assert_int_equal(ps_defer(f->loop, note_and_defer_again, f), 0);
}

static void what_is_deferred_meanwhile_waits_for_the_next_turn(void **state)
{
    struct fix *f = *state;

    assert_int_equal(ps_defer(f->loop, note_and_defer_again, f), 0);
    assert_int_equal(ps_defer(f->loop, note_a, f), 0);
    ps_loop_poll(f->loop);
    assert_string_equal(f->order, "xa");
    ps_loop_run(f->loop);
    assert_string_equal(f->order, "xaxx");
}

static void freeing_the_loop_makes_the_deferred_calls_first(void **state)
{
    struct fix *f = *state;
    struct ps_loop *l;

    assert_int_equal(ps_loop_new(&l), 0);
    assert_int_equal(ps_defer(l, note_a, f), 0);
    ps_loop_free(l);
    assert_string_equal(f->order, "a");
}

// work

static void work_on_thread(void *ctx)
{
    struct fix *f = ctx;

    f->thread = pthread_self();
    f->count++;
}

static void work_runs_elsewhere_and_ends_on_the_loop(void **state)
{
    struct fix *f = *state;

    assert_int_equal(ps_work_run(f->loop, work_on_thread, count_and_stop, f), 0);
    run_guarded(f);
    assert_int_equal(f->count, 2);
    assert_false(pthread_equal(f->thread, pthread_self()));
}

static void freeing_the_loop_waits_for_work(void **state)
{
    struct fix *f = *state;
    struct ps_loop *l;

    assert_int_equal(ps_loop_new(&l), 0);
    assert_int_equal(ps_work_run(l, work_on_thread, note_a, f), 0);
    ps_loop_free(l);
    assert_int_equal(f->count, 1);
    assert_string_equal(f->order, "a");
}

// names

static void resolved(void *ctx, int err, const char *why, const struct ps_addr *addrs, size_t n)
{
    struct fix *f = ctx;

    f->count++;
    f->err = err;
    f->n = n;
    strncpy(f->text, why, sizeof f->text - 1);
    assert_in_range(n, 0, 64);
    if (n)
        memcpy(f->addrs, addrs, n * sizeof *addrs);
    ps_loop_stop(f->loop);
}

static void resolve(struct fix *f, const char *host, int family)
{
    assert_int_equal(ps_resolve(f->loop, host, 861, family, resolved, f), 0);
    assert_int_equal(f->count, 0);
    run_guarded(f);
    assert_int_equal(f->count, 1);
}

static void assert_address(const struct ps_addr *a, const char *want)
{
    char got[PS_ADDR_STRLEN];

    assert_string_equal(ps_addr_text(a, got), want);
}

static void a_name_gives_its_addresses_ipv6_first_with_the_port(void **state)
{
    struct fix *f = *state;

    resolve(f, "two.test", AF_UNSPEC);
    assert_int_equal(f->err, 0);
    assert_int_equal(f->n, 2);
    assert_address(&f->addrs[0], "[2001:db8::1]:861");
    assert_address(&f->addrs[1], "192.0.2.1:861");
}

static void a_family_asked_for_is_the_only_one(void **state)
{
    struct fix *f = *state;

    resolve(f, "two.test", AF_INET);
    assert_int_equal(f->n, 1);
    assert_address(&f->addrs[0], "192.0.2.1:861");
}

static void a_name_with_very_many_addresses_is_cut(void **state)
{
    struct fix *f = *state;

    resolve(f, "many.test", AF_UNSPEC);
    assert_int_equal(f->err, 0);
    assert_in_range(f->n, 2, 64);
    assert_int_equal(ps_addr_version(&f->addrs[0]), 6);
}

static void an_unknown_name_does_not_resolve_and_says_why(void **state)
{
    struct fix *f = *state;

    resolve(f, "nowhere.test", AF_UNSPEC);
    assert_int_equal(f->err, PS_ERESOLVE);
    assert_int_equal(f->n, 0);
    assert_true(f->text[0] != '\0');
}

static void a_name_of_absurd_length_does_not_resolve(void **state)
{
    struct fix *f = *state;
    char name[5000];

    memset(name, 'a', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    resolve(f, name, AF_UNSPEC);
    assert_int_equal(f->err, PS_ERESOLVE);
}

static void named(void *ctx, const char *name)
{
    struct fix *f = ctx;

    strncpy(f->text, name, sizeof f->text - 1);
    ps_loop_stop(f->loop);
}

static void reverse(struct fix *f, const char *addr)
{
    struct ps_addr a;

    assert_int_equal(ps_addr_parse(addr, 861, &a), 0);
    assert_int_equal(ps_reverse(f->loop, &a, named, f), 0);
    run_guarded(f);
}

static void an_address_gives_its_name(void **state)
{
    struct fix *f = *state;

    reverse(f, "192.0.2.1");
    assert_string_equal(f->text, "two.test");
}

static void an_address_without_a_name_is_told_in_digits(void **state)
{
    struct fix *f = *state;

    reverse(f, "2001:db8::1");
    assert_string_equal(f->text, "2001:db8::1");
}

static void no_address_has_no_name(void **state)
{
    struct fix *f = *state;
    struct ps_addr none = {.len = 0};

    assert_int_equal(ps_reverse(f->loop, &none, named, f), -EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_loop_without_anything_to_do_returns),
        TEST(freeing_nothing_is_fine),
        TEST(a_write_to_a_closed_pipe_does_not_kill),
        TEST(a_signal_reaches_its_callback_on_the_loop),
        TEST(a_signal_watch_does_not_keep_the_loop_alive),
        TEST(a_signal_that_cannot_be_caught_is_an_error),
        TEST(deferred_calls_come_later_and_in_order),
        TEST(what_is_deferred_meanwhile_waits_for_the_next_turn),
        TEST(freeing_the_loop_makes_the_deferred_calls_first),
        TEST(work_runs_elsewhere_and_ends_on_the_loop),
        TEST(freeing_the_loop_waits_for_work),
        TEST(a_name_gives_its_addresses_ipv6_first_with_the_port),
        TEST(a_family_asked_for_is_the_only_one),
        TEST(a_name_with_very_many_addresses_is_cut),
        TEST(an_unknown_name_does_not_resolve_and_says_why),
        TEST(a_name_of_absurd_length_does_not_resolve),
        TEST(an_address_gives_its_name),
        TEST(an_address_without_a_name_is_told_in_digits),
        TEST(no_address_has_no_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
