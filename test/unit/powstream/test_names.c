// SPDX-License-Identifier: Apache-2.0
// getaddrinfo and getnameinfo are this program's own, so that names need no network.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <netdb.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "powstream/names.h"

static atomic_int asked; // look-ups so far
static atomic_bool fails;
static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER; // "slow.test" waits for it

static struct addrinfo *entry(const char *text)
{
    struct addrinfo *ai = calloc(1, sizeof *ai);
    struct ps_addr *a = calloc(1, sizeof *a);
    if (ai == NULL || a == NULL || ps_addr_parse(text, 0, a) != 0)
        abort();
    ai->ai_family = a->sa.sa_family;
    ai->ai_addr = &a->sa;
    ai->ai_addrlen = a->len;
    return ai;
}

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **res)
{
    (void)service;
    *res = NULL;
    asked++;
    if (strcmp(node, "slow.test") == 0) {
        pthread_mutex_lock(&gate);
        pthread_mutex_unlock(&gate);
    }
    if (fails)
        return EAI_NONAME;
    *res = entry(hints->ai_family == AF_INET6 ? "2001:db8::1" : "192.0.2.1");
    return 0;
}

void freeaddrinfo(struct addrinfo *ai)
{
    free(ai->ai_addr);
    free(ai);
}

int getnameinfo(const struct sockaddr *sa, socklen_t len, char *host, socklen_t host_len, char *serv,
                socklen_t serv_len, int flags)
{
    (void)sa;
    (void)len;
    (void)flags;
    asked++;
    strncpy(host, "one.test", host_len);
    if (serv_len > 0)
        serv[0] = '\0';
    return 0;
}

static struct ps_loop *loop;
static struct names *names;

struct asker {
    struct name_query *query, *other; // other: cancelled in the answer
    int answers, err;
    char text[PS_ADDR_STRLEN];
    char why[100];
};

static void on_answer(void *ctx, int err, const char *why, const struct ps_addr *addrs, size_t n)
{
    struct asker *a = ctx;
    a->query = NULL;
    a->answers++;
    a->err = err;
    if (n > 0)
        ps_addr_text(&addrs[0], a->text);
    if (err != 0)
        strncpy(a->why, why, sizeof a->why - 1);
    names_cancel(a->other);
    a->other = NULL;
}

static int begin(void **state)
{
    (void)state;
    asked = 0;
    fails = false;
    assert_int_equal(ps_loop_new(&loop), 0);
    assert_int_equal(names_new(&names, loop), 0);
    return 0;
}

static int end(void **state)
{
    (void)state;
    names_free(names);
    ps_loop_free(loop);
    return 0;
}

static void find(struct asker *a, const char *host, uint16_t port, int family)
{
    assert_int_equal(names_find(names, host, port, family, on_answer, a, &a->query), 0);
    assert_int_equal(a->answers, 0); // always later
}

static void one_look_up_answers_all_who_ask_meanwhile(void **state)
{
    struct asker a = {0}, b = {0};
    (void)state;
    find(&a, "one.test", 861, AF_UNSPEC);
    find(&b, "one.test", 8761, AF_UNSPEC);
    assert_int_equal(ps_loop_run(loop), 0);
    assert_int_equal(asked, 1);
    assert_int_equal(a.answers + b.answers, 2);
    assert_string_equal(a.text, "192.0.2.1:861");
    assert_string_equal(b.text, "192.0.2.1:8761");
}

static void an_answer_is_kept(void **state)
{
    struct asker a = {0}, b = {0};
    (void)state;
    find(&a, "one.test", 861, AF_UNSPEC);
    assert_int_equal(ps_loop_run(loop), 0);
    find(&b, "one.test", 861, AF_UNSPEC);
    assert_int_equal(ps_loop_run(loop), 0);
    assert_int_equal(asked, 1);
    assert_string_equal(b.text, "192.0.2.1:861");
}

static void families_are_looked_up_apart(void **state)
{
    struct asker a = {0}, b = {0};
    (void)state;
    find(&a, "one.test", 861, AF_INET);
    find(&b, "one.test", 861, AF_INET6);
    assert_int_equal(ps_loop_run(loop), 0);
    assert_int_equal(asked, 2);
    assert_string_equal(a.text, "192.0.2.1:861");
    assert_string_equal(b.text, "[2001:db8::1]:861");
}

static void a_failure_is_told_and_not_kept(void **state)
{
    struct asker a = {0}, b = {0};
    (void)state;
    fails = true;
    find(&a, "one.test", 861, AF_UNSPEC);
    assert_int_equal(ps_loop_run(loop), 0);
    assert_int_equal(a.answers, 1);
    assert_int_equal(a.err, PS_ERESOLVE);
    assert_string_not_equal(a.why, "");
    fails = false;
    find(&b, "one.test", 861, AF_UNSPEC);
    assert_int_equal(ps_loop_run(loop), 0);
    assert_int_equal(b.err, 0);
    assert_int_equal(asked, 2);
}

static void an_address_asks_nobody(void **state)
{
    struct asker a = {0}, b = {0};
    (void)state;
    find(&a, "192.0.2.7", 861, AF_UNSPEC);
    find(&b, "2001:db8::7", 861, AF_INET6);
    assert_int_equal(ps_loop_run(loop), 0);
    assert_int_equal(asked, 0);
    assert_string_equal(a.text, "192.0.2.7:861");
    assert_string_equal(b.text, "[2001:db8::7]:861");
}

static void a_slow_name_holds_up_no_other(void **state)
{
    struct asker slow = {0}, quick = {0};
    (void)state;
    pthread_mutex_lock(&gate);
    find(&slow, "slow.test", 861, AF_UNSPEC);
    find(&quick, "one.test", 861, AF_UNSPEC);
    while (quick.answers == 0)
        ps_loop_poll(loop);
    assert_int_equal(slow.answers, 0);
    pthread_mutex_unlock(&gate);
    assert_int_equal(ps_loop_run(loop), 0);
    assert_int_equal(slow.answers, 1);
}

static void what_is_cancelled_is_not_answered(void **state)
{
    struct asker a = {0}, b = {0}, known = {0};
    (void)state;
    find(&a, "one.test", 861, AF_UNSPEC);
    find(&b, "one.test", 861, AF_UNSPEC);
    names_cancel(a.query);
    assert_int_equal(ps_loop_run(loop), 0);
    assert_int_equal(a.answers, 0);
    assert_int_equal(b.answers, 1);
    find(&known, "one.test", 861, AF_UNSPEC);
    names_cancel(known.query);
    assert_int_equal(ps_loop_run(loop), 0);
    assert_int_equal(known.answers, 0);
    names_cancel(NULL);
}

static void an_answer_may_cancel_the_next(void **state)
{
    struct asker a = {0}, b = {0}, c = {0};
    (void)state;
    find(&a, "one.test", 861, AF_UNSPEC);
    find(&b, "one.test", 861, AF_UNSPEC);
    find(&c, "one.test", 861, AF_UNSPEC);
    a.other = b.query;
    assert_int_equal(ps_loop_run(loop), 0);
    assert_int_equal(a.answers, 1);
    assert_int_equal(b.answers, 0);
    assert_int_equal(c.answers, 1);
}

static void names_may_go_while_a_look_up_is_under_way(void **state)
{
    struct asker a = {0};
    (void)state;
    pthread_mutex_lock(&gate);
    find(&a, "slow.test", 861, AF_UNSPEC);
    names_free(names);
    names = NULL;
    pthread_mutex_unlock(&gate);
    assert_int_equal(ps_loop_run(loop), 0);
    assert_int_equal(a.answers, 0);
}

static void an_address_is_its_name_as_soon_as_that_is_known(void **state)
{
    struct ps_addr addr;
    (void)state;
    assert_int_equal(ps_addr_parse("192.0.2.1", 861, &addr), 0);
    const char *name = names_of(names, &addr);
    assert_string_equal(name, "192.0.2.1");
    assert_int_equal(ps_loop_run(loop), 0);
    ps_addr_set_port(&addr, 7);
    assert_ptr_equal(names_of(names, &addr), name);
    assert_string_equal(name, "one.test");
    assert_int_equal(asked, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(one_look_up_answers_all_who_ask_meanwhile, begin, end),
        cmocka_unit_test_setup_teardown(an_answer_is_kept, begin, end),
        cmocka_unit_test_setup_teardown(families_are_looked_up_apart, begin, end),
        cmocka_unit_test_setup_teardown(a_failure_is_told_and_not_kept, begin, end),
        cmocka_unit_test_setup_teardown(an_address_asks_nobody, begin, end),
        cmocka_unit_test_setup_teardown(a_slow_name_holds_up_no_other, begin, end),
        cmocka_unit_test_setup_teardown(what_is_cancelled_is_not_answered, begin, end),
        cmocka_unit_test_setup_teardown(an_answer_may_cancel_the_next, begin, end),
        cmocka_unit_test_setup_teardown(names_may_go_while_a_look_up_is_under_way, begin, end),
        cmocka_unit_test_setup_teardown(an_address_is_its_name_as_soon_as_that_is_known, begin, end),
    };
    return cmocka_run_group_tests_name("powstream names", tests, NULL, NULL);
}
