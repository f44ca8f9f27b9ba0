// SPDX-License-Identifier: Apache-2.0
#include "dns_fix.h"
#include <unistd.h>
#include "loop/ps_dns_impl.h"

#define A PS_DNS_A

static struct heard h, h2;

static void assert_addr(const struct ps_addr *a, const char *expected)
{
    char host[PS_ADDR_STRLEN];

    assert_string_equal(ps_addr_host(a, host), expected);
    assert_int_equal(ps_addr_port(a), 0);
}

// --- answers

static void addresses_of_both_families_come(void **state)
{
    struct dns_fix *f = *state;

    zone(f, "host.example A 300 192.0.2.1");
    zone(f, "host.example A 100 192.0.2.2");
    zone(f, "host.example AAAA 300 2001:db8::1");
    ask(f, A, "host.example", &h);
    assert_int_equal(h.err, 0);
    assert_string_equal(h.why, "");
    assert_int_equal(h.n, 2);
    assert_addr(&h.addrs[0], "192.0.2.1");
    assert_addr(&h.addrs[1], "192.0.2.2");
    assert_false(h.cached);
    assert_true(h.left == 100 * PS_SEC);
    ask(f, PS_DNS_AAAA, "host.example", &h);
    assert_int_equal(h.n, 1);
    assert_addr(&h.addrs[0], "2001:db8::1");
}

static void names_and_texts_come(void **state)
{
    struct dns_fix *f = *state;
    char line[600], want[401];

    memset(want, 'x', 400);
    want[400] = '\0';
    snprintf(line, sizeof line, "long.example TXT 60 %s", want);
    zone(f, line);
    zone(f, "1.2.0.192.in-addr.arpa PTR 60 Host.Example");
    zone(f, "text.example TXT 60 64500 | 192.0.2.0/24 | ZZ");
    ask(f, PS_DNS_PTR, "1.2.0.192.in-addr.arpa", &h);
    assert_int_equal(h.n, 1);
    assert_string_equal(h.texts[0], "host.example");
    ask(f, PS_DNS_TXT, "text.example", &h);
    assert_int_equal(h.n, 1);
    assert_string_equal(h.texts[0], "64500 | 192.0.2.0/24 | ZZ");
    ask(f, PS_DNS_TXT, "long.example", &h); // two strings in one record
    assert_int_equal(h.n, 1);
    assert_int_equal(h.lens[0], 400);
    assert_string_equal(h.texts[0], want);
}

static void another_name_for_it_is_followed(void **state)
{
    struct dns_fix *f = *state;

    zone(f, "www.example CNAME 30 host.example");
    zone(f, "host.example A 300 192.0.2.1");
    ask(f, A, "www.example", &h);
    assert_int_equal(h.n, 1);
    assert_addr(&h.addrs[0], "192.0.2.1");
    assert_true(h.left == 30 * PS_SEC);
}

static void what_does_not_exist_is_told_with_the_reason(void **state)
{
    struct dns_fix *f = *state;

    zone(f, "empty.example A !nodata");
    zone(f, "bare.example PTR !bare");
    ask(f, A, "none.example", &h);
    assert_int_equal(h.err, PS_ENOTFOUND);
    assert_string_equal(h.why, "none.example: there is no such name");
    assert_int_equal(h.n, 0);
    assert_true(h.left == DNS_SOA_TTL * PS_SEC);
    ask(f, A, "empty.example", &h);
    assert_int_equal(h.err, PS_ENOTFOUND);
    assert_string_equal(h.why, "empty.example: it has no such address");
    ask(f, PS_DNS_PTR, "bare.example", &h);
    assert_int_equal(h.err, PS_ENOTFOUND);
    assert_string_equal(h.why, "bare.example: it has no such record");
    assert_true(h.left == 5 * PS_SEC); // nothing says how long
}

static void what_is_no_name_is_not_asked_for(void **state)
{
    struct dns_fix *f = *state;

    ask(f, A, "a..b", &h);
    assert_int_equal(h.err, PS_ESYNTAX);
    assert_string_equal(h.why, "a..b: this is no name");
    ask(f, A, "a b\n", &h);
    assert_string_equal(h.why, "a?b?: this is no name");
    assert_int_equal(f->server.asked, 0);
}

static void a_large_answer_comes_by_tcp(void **state)
{
    struct dns_fix *f = *state;

    zone(f, "big.example TXT !truncate");
    zone(f, "big.example TXT !many 50");
    ask(f, PS_DNS_TXT, "big.example", &h);
    assert_int_equal(h.err, 0);
    assert_int_equal(h.n, 50);
    assert_string_equal(h.texts[49], "host-0049.many.example");
    assert_int_equal(f->server.asked_tcp, 1);
}

static void of_too_many_records_the_first_are_taken(void **state)
{
    struct dns_fix *f = *state;

    zone(f, "many.example PTR !truncate");
    zone(f, "many.example PTR !many 1000");
    ask(f, PS_DNS_PTR, "many.example", &h);
    assert_int_equal(h.err, 0);
    assert_int_equal(h.n, PS_DNS_RECORDS);
}

// --- servers that do not what they should

static void a_server_that_fails_is_told_as_such(void **state)
{
    struct dns_fix *f = *state;

    zone(f, "fail.example A !servfail");
    zone(f, "not.example A !refuse");
    ask(f, A, "fail.example", &h);
    assert_int_equal(h.err, PS_EREFUSED);
    assert_non_null(strstr(h.why, "fail.example: the server")); // versions of c-ares differ in the rest
    ask(f, A, "not.example", &h);
    assert_int_equal(h.err, PS_EREFUSED);
    assert_non_null(strstr(h.why, "not.example: the server"));
}

static void a_server_that_never_answers_costs_the_patience(void **state)
{
    struct dns_fix *f = *state;

    zone(f, "silent.example A !silent");
    ask_for(f, A, "silent.example", 30 * PS_MSEC, &h);
    dns_run(f);
    assert_int_equal(h.err, PS_ETIMEOUT);
    assert_string_equal(h.why, "silent.example: no server answered in time");
    assert_int_equal(stats(f).late, 1);
}

static void a_question_is_given_up_and_that_is_kept(void **state)
{
    struct dns_fix *f = *state;

    f->conf.try_for = 5 * PS_MSEC;
    f->conf.give_up = 60 * PS_MSEC;
    dns_open_with(f);
    zone(f, "silent.example A !silent");
    ask_for(f, A, "silent.example", GUARD, &h);
    dns_run(f);
    assert_int_equal(h.err, PS_ETIMEOUT);
    assert_string_equal(h.why, "silent.example: no server answered");
    ask(f, A, "silent.example", &h);
    assert_int_equal(h.err, PS_ETIMEOUT);
    assert_true(h.cached);
    assert_int_equal(stats(f).sent, 1);
}

static void tcp_that_leads_to_nothing_is_given_up(void **state)
{
    struct dns_fix *f = *state;

    f->conf.try_for = 20 * PS_MSEC;
    f->conf.give_up = 200 * PS_MSEC;
    dns_open_with(f);
    zone(f, "stuck.example A !stuck");
    zone(f, "half.example A !half");
    zone(f, "half.example A 60 192.0.2.1");
    ask_for(f, A, "stuck.example", GUARD, &h);
    dns_run(f);
    assert_int_equal(h.err, PS_ETIMEOUT);
    ask_for(f, A, "half.example", GUARD, &h);
    dns_run(f);
    assert_true(h.err == PS_ETIMEOUT || h.err == PS_EREFUSED); // versions of c-ares try it more than once
    ask(f, A, "none.example", &h);
    assert_int_equal(h.err, PS_ENOTFOUND);
}

static void nobody_there_is_told(void **state)
{
    struct dns_fix *f = *state;

    dns_close(&f->server); // its port answers that it is closed
    f->conf.servers = &(struct ps_addr){.len = 0};
    assert_int_equal(ps_dns_new(f->loop, &f->conf, &f->dns), PS_EUNSUPPORTED);
    ask(f, A, "host.example", &h);
    assert_int_equal(h.err, PS_EREFUSED);
    assert_string_equal(h.why, "host.example: the servers cannot be reached, fail or refuse");
}

static void the_next_server_is_asked(void **state)
{
    struct dns_fix *f = *state;
    struct dns_server second;
    struct ps_addr both[2];

    assert_true(dns_serve(&second, f->loop));
    assert_true(dns_add(&second, "host.example A 60 192.0.2.1"));
    zone(f, "host.example A !servfail");
    both[0] = f->server.addr;
    both[1] = second.addr;
    f->conf.servers = both;
    f->conf.nservers = 2;
    dns_open_with(f);
    ask(f, A, "host.example", &h);
    assert_int_equal(h.err, 0);
    assert_int_equal(f->server.asked, 1);
    dns_close(&second);
}

static void lies_are_not_believed(void **state)
{
    struct dns_fix *f = *state;

    zone(f, "spoof.example A !spoofed");
    zone(f, "spoof.example A 60 192.0.2.1");
    zone(f, "id.example A !wrong-id");
    zone(f, "id.example A 60 192.0.2.2");
    zone(f, "strange.example A !stranger");
    ask(f, A, "spoof.example", &h);
    assert_int_equal(h.n, 1);
    assert_addr(&h.addrs[0], "192.0.2.1");
    ask(f, A, "id.example", &h);
    assert_int_equal(h.n, 1);
    assert_addr(&h.addrs[0], "192.0.2.2");
    ask(f, A, "strange.example", &h);
    assert_int_equal(h.err, PS_ENOTFOUND);
}

static void what_cannot_be_read_is_told(void **state)
{
    struct dns_fix *f = *state;

    zone(f, "garbage.example A !garbage");
    zone(f, "cut.example A !cut");
    zone(f, "cut.example A 60 192.0.2.1");
    ask(f, A, "garbage.example", &h);
    assert_int_equal(h.err, PS_EMALFORMED);
    assert_string_equal(h.why, "garbage.example: the reply cannot be read");
    ask(f, A, "cut.example", &h);
    assert_int_equal(h.err, PS_EMALFORMED);
}

// --- what is kept

static void an_answer_is_kept(void **state)
{
    struct dns_fix *f = *state;

    zone(f, "host.example A 300 192.0.2.1");
    ask(f, A, "host.example", &h);
    ask(f, A, "HOST.example.", &h);
    assert_true(h.cached);
    assert_int_equal(h.n, 1);
    assert_true(h.left > 0 && h.left <= 300 * PS_SEC);
    ask(f, PS_DNS_AAAA, "host.example", &h); // another question
    assert_false(h.cached);
    assert_int_equal(f->server.asked, 2);
    assert_int_equal(stats(f).from_cache, 1);
    assert_int_equal(stats(f).cached, 2);
}

static void that_there_is_nothing_is_kept(void **state)
{
    struct dns_fix *f = *state;

    ask(f, A, "none.example", &h);
    ask(f, A, "none.example", &h);
    assert_int_equal(h.err, PS_ENOTFOUND);
    assert_string_equal(h.why, "none.example: there is no such name");
    assert_true(h.cached);
    assert_int_equal(f->server.asked, 1);
}

static void nothing_is_kept_for_longer_than_configured(void **state)
{
    struct dns_fix *f = *state;

    f->conf.keep_max = 7 * PS_SEC;
    f->conf.keep_none_max = 3 * PS_SEC;
    f->conf.keep_failure = PS_SEC;
    dns_open_with(f);
    zone(f, "host.example A 4294967295 192.0.2.1"); // RFC 2181: not that long
    zone(f, "long.example A 2147483647 192.0.2.1");
    zone(f, "fail.example A !servfail");
    ask(f, A, "long.example", &h);
    assert_true(h.left == 7 * PS_SEC);
    ask(f, A, "host.example", &h);
    assert_true(h.left == PS_SEC);
    ask(f, A, "none.example", &h);
    assert_true(h.left == 3 * PS_SEC);
    ask(f, A, "fail.example", &h);
    assert_true(h.left == PS_SEC);
}

static void an_answer_that_is_too_old_is_asked_for_again(void **state)
{
    struct dns_fix *f = *state;

    f->conf.keep_max = 1; // a nanosecond
    dns_open_with(f);
    zone(f, "host.example A 300 192.0.2.1");
    ask(f, A, "host.example", &h);
    ask(f, A, "host.example", &h);
    assert_false(h.cached);
    assert_int_equal(f->server.asked, 2);
}

static void what_is_kept_has_a_bound(void **state)
{
    struct dns_fix *f = *state;
    char name[40], line[80];

    f->conf.cache_max = 20000;
    dns_open_with(f);
    for (int i = 0; i < 100; i++) {
        snprintf(name, sizeof name, "host%d.example", i);
        snprintf(line, sizeof line, "%s A 300 192.0.2.1", name);
        zone(f, line);
        ask(f, A, name, &h);
        assert_true(stats(f).cached_octets <= 20000);
        ask(f, A, "host0.example", &h); // used last, so it stays
        assert_true(h.cached);
    }
    assert_true(stats(f).cached > 5 && stats(f).cached < 100);
    ask(f, A, "host1.example", &h);
    assert_false(h.cached);
    ps_dns_forget(f->dns);
    assert_int_equal(stats(f).cached, 0);
    assert_int_equal(stats(f).cached_octets, 0);
}

static void what_is_known_is_told_at_once(void **state)
{
    struct dns_fix *f = *state;

    zone(f, "host.example A 300 192.0.2.1");
    memset(&h, 0, sizeof h);
    h.f = f;
    assert_false(ps_dns_known(f->dns, A, "host.example", dns_heard, &h));
    assert_false(ps_dns_known(f->dns, A, "..", dns_heard, &h));
    ask(f, A, "host.example", &h2);
    assert_true(ps_dns_known(f->dns, A, "Host.example", dns_heard, &h));
    assert_int_equal(h.times, 1);
    assert_true(h.cached);
    assert_addr(&h.addrs[0], "192.0.2.1");
}

// --- which servers

static void write_servers(const char *path, const struct ps_addr *server)
{
    FILE *out = fopen(path, "w");
    char host[PS_ADDR_STRLEN];

    assert_non_null(out);
    fprintf(out, "# a comment\nsearch example.org\n");
    if (server)
        fprintf(out, "nameserver %s\n", ps_addr_host(server, host));
    assert_int_equal(fclose(out), 0);
}

static void servers_are_read_from_a_file_and_again_when_it_changes(void **state)
{
    struct ps_dns_servers s;
    struct ps_addr one, two;
    char path[] = "/tmp/test_ps_dns.XXXXXX";
    int fd = mkstemp(path);

    (void)state;
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(ps_addr_parse("192.0.2.53", 0, &one), 0);
    assert_int_equal(ps_addr_parse("2001:db8::53", 0, &two), 0);
    write_servers(path, &one);
    assert_int_equal(ps_dns_servers_init(&s, &(struct ps_dns_conf){.resolv_conf = path}), 0);
    assert_int_equal(s.n, 1);
    assert_true(ps_addr_same_host(&s.addrs[0], &one));
    write_servers(path, &two);
    ps_dns_servers_look(&s); // too soon
    assert_true(ps_addr_same_host(&s.addrs[0], &one));
    s.looked_at -= 3 * PS_SEC;
    ps_dns_servers_look(&s);
    assert_int_equal(s.n, 1);
    assert_true(ps_addr_same_host(&s.addrs[0], &two));
    unlink(path);
    s.looked_at -= 3 * PS_SEC;
    ps_dns_servers_look(&s);
    assert_int_equal(s.n, 1);
    assert_int_equal(ps_addr_parse("127.0.0.1", 0, &one), 0);
    assert_true(ps_addr_same_host(&s.addrs[0], &one));
    ps_dns_servers_fini(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        DNS_TEST(addresses_of_both_families_come),
        DNS_TEST(names_and_texts_come),
        DNS_TEST(another_name_for_it_is_followed),
        DNS_TEST(what_does_not_exist_is_told_with_the_reason),
        DNS_TEST(what_is_no_name_is_not_asked_for),
        DNS_TEST(a_large_answer_comes_by_tcp),
        DNS_TEST(of_too_many_records_the_first_are_taken),
        DNS_TEST(a_server_that_fails_is_told_as_such),
        DNS_TEST(a_server_that_never_answers_costs_the_patience),
        DNS_TEST(a_question_is_given_up_and_that_is_kept),
        DNS_TEST(tcp_that_leads_to_nothing_is_given_up),
        DNS_TEST(nobody_there_is_told),
        DNS_TEST(the_next_server_is_asked),
        DNS_TEST(lies_are_not_believed),
        DNS_TEST(what_cannot_be_read_is_told),
        DNS_TEST(an_answer_is_kept),
        DNS_TEST(that_there_is_nothing_is_kept),
        DNS_TEST(nothing_is_kept_for_longer_than_configured),
        DNS_TEST(an_answer_that_is_too_old_is_asked_for_again),
        DNS_TEST(what_is_kept_has_a_bound),
        DNS_TEST(what_is_known_is_told_at_once),
        cmocka_unit_test(servers_are_read_from_a_file_and_again_when_it_changes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
