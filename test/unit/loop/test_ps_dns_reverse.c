// SPDX-License-Identifier: Apache-2.0
#include "dns_fix.h"

struct names {
    struct dns_fix *f;
    struct ps_dns_reverse *reverse;
    int times, err;
    char why[400];
    size_t n;
    char names[PS_DNS_NAMES][PS_DNSNAME_STRLEN];
    bool frees;
};

static void names_heard(void *ctx, const struct ps_dns_names *got)
{
    struct names *n = ctx;

    n->times++;
    n->err = got->err;
    snprintf(n->why, sizeof n->why, "%s", got->why);
    n->n = got->n;
    for (size_t i = 0; i < got->n; i++)
        snprintf(n->names[i], sizeof n->names[i], "%s", got->names[i]);
    ps_loop_stop(n->f->loop);
    if (n->frees) {
        ps_dns_free(n->f->dns);
        n->f->dns = NULL;
    }
}

static void begin(struct dns_fix *f, const char *addr, ps_ns patience, struct names *n)
{
    struct ps_addr a;

    *n = (struct names){.f = f, .frees = n->frees};
    assert_int_equal(ps_addr_parse(addr, 861, &a), 0);
    assert_int_equal(ps_dns_reverse(f->dns, &a, patience, names_heard, n, &n->reverse), 0);
    assert_int_equal(n->times, 0);
}

static void look_up(struct dns_fix *f, const char *addr, struct names *n)
{
    begin(f, addr, 0, n);
    dns_run(f);
    assert_int_equal(n->times, 1);
}

static void a_name_that_leads_back_is_confirmed(void **state)
{
    struct dns_fix *f = *state;
    struct names n = {.f = f};

    zone(f, "7.2.0.192.in-addr.arpa PTR 60 Host.Example.");
    zone(f, "host.example A 60 192.0.2.9");
    zone(f, "host.example A 60 192.0.2.7");
    look_up(f, "192.0.2.7", &n);
    assert_int_equal(n.err, 0);
    assert_string_equal(n.why, "");
    assert_int_equal(n.n, 1);
    assert_string_equal(n.names[0], "host.example");
    look_up(f, "::ffff:192.0.2.7", &n);
    assert_int_equal(n.n, 1);
}

static void an_ipv6_address_is_led_back_to_by_its_kind_of_record(void **state)
{
    struct dns_fix *f = *state;
    struct names n = {.f = f};

    zone(f, "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa PTR 60 host.example");
    zone(f, "host.example AAAA 60 2001:db8::1");
    look_up(f, "2001:db8::1", &n);
    assert_int_equal(n.n, 1);
    assert_string_equal(n.names[0], "host.example");
}

static void of_several_names_those_that_lead_back_are_told(void **state)
{
    struct dns_fix *f = *state;
    struct names n = {.f = f};

    zone(f, "7.2.0.192.in-addr.arpa PTR 60 a.example");
    zone(f, "7.2.0.192.in-addr.arpa PTR 60 www.bank.example");
    zone(f, "7.2.0.192.in-addr.arpa PTR 60 none.example");
    zone(f, "7.2.0.192.in-addr.arpa PTR 60 z.example");
    zone(f, "a.example A 60 192.0.2.7");
    zone(f, "www.bank.example A 60 198.51.100.1");
    zone(f, "z.example A 60 192.0.2.7");
    look_up(f, "192.0.2.7", &n);
    assert_int_equal(n.err, 0);
    assert_int_equal(n.n, 2);
    assert_string_equal(n.names[0], "a.example");
    assert_string_equal(n.names[1], "z.example");
}

static void a_name_that_leads_elsewhere_is_none(void **state)
{
    struct dns_fix *f = *state;
    struct names n = {.f = f};

    zone(f, "7.2.0.192.in-addr.arpa PTR 60 www.bank.example");
    zone(f, "www.bank.example A 60 198.51.100.1");
    look_up(f, "192.0.2.7", &n);
    assert_int_equal(n.err, PS_ENOTFOUND);
    assert_string_equal(n.why, "192.0.2.7: none of its names leads back to it");
    look_up(f, "192.0.2.8", &n);
    assert_int_equal(n.err, PS_ENOTFOUND);
    assert_string_equal(n.why, "192.0.2.8: it has no name");
}

static void what_could_not_be_checked_is_told(void **state)
{
    struct dns_fix *f = *state;
    struct names n = {.f = f};

    zone(f, "7.2.0.192.in-addr.arpa PTR !servfail");
    zone(f, "8.2.0.192.in-addr.arpa PTR 60 cut.example");
    zone(f, "cut.example A !garbage");
    look_up(f, "192.0.2.7", &n);
    assert_int_equal(n.err, PS_EREFUSED);
    assert_non_null(strstr(n.why, "192.0.2.7: 7.2.0.192.in-addr.arpa: the server"));
    look_up(f, "192.0.2.8", &n);
    assert_int_equal(n.err, PS_EMALFORMED);
    assert_string_equal(n.why, "192.0.2.8: cut.example: the reply cannot be read");
}

static void when_patience_ends_what_is_confirmed_counts(void **state)
{
    struct dns_fix *f = *state;
    struct names n = {.f = f};
    static struct heard known;

    zone(f, "7.2.0.192.in-addr.arpa PTR 60 a.example");
    zone(f, "7.2.0.192.in-addr.arpa PTR 60 silent.example");
    zone(f, "a.example A 60 192.0.2.7");
    zone(f, "silent.example A !silent");
    zone(f, "8.2.0.192.in-addr.arpa PTR !silent");
    ask(f, PS_DNS_PTR, "7.2.0.192.in-addr.arpa", &known);
    ask(f, PS_DNS_A, "a.example", &known); // so that no answer can be late
    begin(f, "192.0.2.7", 20 * PS_MSEC, &n);
    dns_run(f);
    assert_int_equal(n.err, 0);
    assert_int_equal(n.n, 1);
    assert_string_equal(n.why, "192.0.2.7: silent.example: no server answered in time");
    begin(f, "192.0.2.8", 20 * PS_MSEC, &n);
    dns_run(f);
    assert_int_equal(n.err, PS_ETIMEOUT);
    assert_int_equal(n.n, 0);
}

static void so_many_names_are_checked_and_no_more(void **state)
{
    struct dns_fix *f = *state;
    struct names n = {.f = f};

    zone(f, "7.2.0.192.in-addr.arpa PTR !truncate");
    zone(f, "7.2.0.192.in-addr.arpa PTR !many 60");
    look_up(f, "192.0.2.7", &n);
    assert_int_equal(n.err, PS_ENOTFOUND);
    assert_int_equal(f->server.asked, 1 + PS_DNS_NAMES);
}

static void it_can_be_cancelled_at_any_time(void **state)
{
    struct dns_fix *f = *state;
    struct names n = {.f = f};
    struct ps_dns_stats s;

    zone(f, "7.2.0.192.in-addr.arpa PTR 60 held.example");
    zone(f, "held.example A !held");
    begin(f, "192.0.2.7", 0, &n);
    ps_dns_reverse_cancel(n.reverse);
    begin(f, "192.0.2.7", 0, &n);
    DNS_UNTIL(f, f->server.nheld == 1);
    ps_dns_reverse_cancel(n.reverse);
    ps_dns_reverse_cancel(NULL);
    ps_dns_stats(f->dns, &s);
    assert_int_equal(s.waiting, 0);
    dns_release(&f->server);
    DNS_UNTIL(f, (ps_dns_stats(f->dns, &s), s.cached == 2));
    assert_int_equal(n.times, 0);
}

static void it_ends_with_the_whole(void **state)
{
    struct dns_fix *f = *state;
    struct names n = {.f = f}, other = {.f = f};

    zone(f, "7.2.0.192.in-addr.arpa PTR 60 silent.example");
    zone(f, "silent.example A !silent");
    begin(f, "192.0.2.7", 0, &n);
    begin(f, "192.0.2.9", 0, &other);
    other.frees = true; // in its callback
    dns_run(f);
    assert_int_equal(other.times, 1);
    assert_int_equal(n.times, 0);
    assert_null(f->dns);
}

static void no_address_has_no_name(void **state)
{
    struct dns_fix *f = *state;
    struct names n = {.f = f};
    struct ps_addr none = {.len = 0};

    assert_int_equal(ps_dns_reverse(f->dns, &none, 0, names_heard, &n, NULL), 0);
    dns_run(f);
    assert_int_equal(n.err, PS_ESYNTAX);
    assert_int_equal(f->server.asked, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        DNS_TEST(a_name_that_leads_back_is_confirmed),
        DNS_TEST(an_ipv6_address_is_led_back_to_by_its_kind_of_record),
        DNS_TEST(of_several_names_those_that_lead_back_are_told),
        DNS_TEST(a_name_that_leads_elsewhere_is_none),
        DNS_TEST(what_could_not_be_checked_is_told),
        DNS_TEST(when_patience_ends_what_is_confirmed_counts),
        DNS_TEST(so_many_names_are_checked_and_no_more),
        DNS_TEST(it_can_be_cancelled_at_any_time),
        DNS_TEST(it_ends_with_the_whole),
        DNS_TEST(no_address_has_no_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
