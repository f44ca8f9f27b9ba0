// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "base/ps_err.h"
#include "psarchive/ask.h"
#include "psarchive/put.h"

#define NOW 1700000000

// What was asked, with the query that its texts belong to.
struct asked {
    struct ps_query q;
    struct ask f;
    struct ps_fault fault;
};

static int ask(struct asked *a, const char *text)
{
    memset(a, 0, sizeof *a);
    assert_int_equal(ps_query_parse(&a->q, text, strlen(text)), 0);
    return ask_parse(&a->f, &a->q, NOW, &a->fault);
}

static void refused(const char *text, int err, const char *words)
{
    struct asked a;

    assert_int_equal(ask(&a, text), err);
    assert_string_equal(a.fault.text, words);
    ps_query_fini(&a.q);
}

// The values that a parameter may have, as "a|b"; "" : any.
static const char *values(const struct asked *a, const char *key)
{
    static char text[256];

    text[0] = '\0';
    for (size_t i = 0; i < a->f.filter.nparams; i++) {
        const struct filter_param *p = &a->f.filter.params[i];
        for (size_t k = 0; strcmp(p->key, key) == 0 && k < p->nvalues; k++)
            snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s", k ? "|" : "", p->values[k]);
    }
    return text;
}

static void nothing_asked_is_everything(void **state)
{
    struct asked a;

    (void)state;
    assert_int_equal(ask(&a, ""), 0);
    assert_int_equal(a.f.filter.nparams, 0);
    assert_false(a.f.filter.by_event || a.f.filter.by_summary || a.f.filter.by_window || a.f.filter.by_time);
    assert_false(a.f.nothing);
    assert_int_equal(a.f.limit, ASK_LIMIT);
    assert_int_equal(a.f.offset, 0);
    ps_query_fini(&a.q);
}

static void every_name_has_its_place(void **state)
{
    struct asked a;

    (void)state;
    assert_int_equal(ask(&a, "source=192.0.2.1&destination=2001:DB8::1&measurement-agent=::ffff:192.0.2.3&"
                             "tool-name=pscheduler/iperf3&event-type=throughput&metadata-key=k&"
                             "summary-type=average&summary-window=86400&time-range=60&limit=10&offset=20&"
                             "format=json&ip-transport-protocol=tcp"),
                     0);
    assert_int_equal(a.f.filter.nparams, 6);
    assert_string_equal(values(&a, "source"), "192.0.2.1");
    assert_string_equal(values(&a, "destination"), "2001:db8::1");
    assert_string_equal(values(&a, "measurement-agent"), "192.0.2.3");
    assert_string_equal(values(&a, "tool-name"), "pscheduler/iperf3");
    assert_string_equal(values(&a, "metadata-key"), "k");
    assert_string_equal(values(&a, "ip-transport-protocol"), "tcp");
    assert_true(a.f.filter.by_event && a.f.filter.by_summary && a.f.filter.by_window && a.f.filter.by_time);
    assert_int_equal(a.f.filter.event, es_event_find("throughput"));
    assert_int_equal(a.f.filter.summary, ES_SUMMARY_AVERAGE);
    assert_int_equal(a.f.filter.window, 86400);
    assert_int_equal(a.f.filter.from, NOW - 60);
    assert_int_equal(a.f.filter.to, INT64_MAX);
    assert_int_equal(a.f.limit, 10);
    assert_int_equal(a.f.offset, 20);
    ps_query_fini(&a.q);
}

static void the_last_of_a_name_counts(void **state)
{
    struct asked a;

    (void)state;
    assert_int_equal(ask(&a, "ip-tos=1&source=nohost.invalid&ip-tos=2&source=192.0.2.2&summary-window=x&"
                             "summary-window=0&tool-name=a&tool-name=b"),
                     0);
    assert_int_equal(a.f.filter.nparams, 3);
    assert_string_equal(values(&a, "ip-tos"), "2");
    assert_string_equal(values(&a, "source"), "192.0.2.2");
    assert_int_equal(a.f.filter.window, 0);
    assert_false(a.f.nothing);
    assert_string_equal(values(&a, "tool-name"), "b");
    ps_query_fini(&a.q);
}

static void what_cannot_be_matches_nothing(void **state)
{
    static const char *const queries[] = {"event-type=x", "summary-type=sum", "summary-window=day",
                                          "summary-window=-1"};
    struct asked a;

    (void)state;
    for (size_t i = 0; i < sizeof queries / sizeof queries[0]; i++) {
        assert_int_equal(ask(&a, queries[i]), 0);
        assert_true(a.f.nothing);
        ps_query_fini(&a.q);
    }
}

static void limits_that_say_nothing_are_the_default(void **state)
{
    static const char *const queries[] = {"limit=0", "limit=x", "limit=-5", "limit="};
    struct asked a;

    (void)state;
    for (size_t i = 0; i < sizeof queries / sizeof queries[0]; i++) {
        assert_int_equal(ask(&a, queries[i]), 0);
        assert_int_equal(a.f.limit, ASK_LIMIT);
        ps_query_fini(&a.q);
    }
}

static void wrong_requests_are_refused_in_words(void **state)
{
    (void)state;
    refused("dns-match-rule=v5", PS_EUNKNOWN,
            "dns-match-rule wants v4v6, only-v4, only-v6, prefer-v4 or prefer-v6; got v5");
    refused("source=192.0.2.1&dns-match-rule=only-v6", PS_ERESOLVE,
            "Unable to find address for host 192.0.2.1");
    refused("destination=", PS_ERESOLVE, "Unable to find address for host ");
    refused("time-start=x", PS_ESYNTAX, "Time parameter must be an integer: time-start");
}

static void rules_choose_among_the_addresses_of_a_name(void **state)
{
    static const struct {
        const char *rule, *values;
    } want[] = {
        {"v4v6", "192.0.2.1|2001:db8::1"}, {"only-v4", "192.0.2.1"},     {"only-v6", "2001:db8::1"},
        {"prefer-v4", "192.0.2.1"},        {"prefer-v6", "2001:db8::1"},
    };
    struct ps_addr addrs[4];
    char text[80];
    struct asked a;

    (void)state;
    assert_int_equal(ps_addr_parse("2001:db8::1", 0, &addrs[0]), 0);
    assert_int_equal(ps_addr_parse("2001:db8::2", 0, &addrs[1]), 0);
    assert_int_equal(ps_addr_parse("192.0.2.1", 0, &addrs[2]), 0);
    assert_int_equal(ps_addr_parse("192.0.2.2", 0, &addrs[3]), 0);
    for (size_t i = 0; i < sizeof want / sizeof want[0]; i++) {
        snprintf(text, sizeof text, "source=host.example.org&dns-match-rule=%s", want[i].rule);
        assert_int_equal(ask(&a, text), 0);
        assert_false(a.f.host[ASK_SOURCE].known);
        assert_int_equal(ask_found(&a.f, ASK_SOURCE, addrs, 4, &a.fault), 0);
        assert_string_equal(values(&a, "source"), want[i].values);
        ps_query_fini(&a.q);
    }
    assert_int_equal(ask(&a, "source=host.example.org&dns-match-rule=prefer-v6"), 0);
    assert_int_equal(ask_found(&a.f, ASK_SOURCE, addrs + 2, 2, &a.fault), 0);
    assert_string_equal(values(&a, "source"), "192.0.2.1");
    ps_query_fini(&a.q);
    assert_int_equal(ask(&a, "source=host.example.org&dns-match-rule=only-v6"), 0);
    assert_int_equal(ask_found(&a.f, ASK_SOURCE, addrs + 2, 2, &a.fault), PS_ERESOLVE);
    ps_query_fini(&a.q);
}

static void the_number_of_parameters_is_bounded(void **state)
{
    char text[2000] = "";
    struct asked a;

    (void)state;
    for (int i = 0; i <= FILTER_PARAMS_MAX; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "p%d=1&", i);
    refused(text, PS_ELIMIT, "too many parameters: 64 at most");
    text[strlen(text) - 6] = '\0';
    assert_int_equal(ask(&a, text), 0);
    ps_query_fini(&a.q);
}

static void pages_of_a_series(void **state)
{
    struct ask_page p;
    struct ps_fault fault = {""};
    struct ps_query q;
    static const struct {
        const char *query;
        int64_t from, to;
        size_t limit, offset;
    } want[] = {
        {"", 0, NOW + PUT_AHEAD, SIZE_MAX, 0},
        {"time-start=5", 5, NOW + PUT_AHEAD, SIZE_MAX, 0},
        {"time-start=5&time-end=7&limit=1000&offset=3", 5, 7, 1000, 3},
        {"limit=0", 0, NOW + PUT_AHEAD, ASK_LIMIT, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof want / sizeof want[0]; i++) {
        assert_int_equal(ps_query_parse(&q, want[i].query, strlen(want[i].query)), 0);
        assert_int_equal(ask_page_parse(&p, &q, NOW, &fault), 0);
        assert_int_equal(p.time.from, want[i].from);
        assert_int_equal(p.time.to, want[i].to);
        assert_int_equal(p.limit, want[i].limit);
        assert_int_equal(p.offset, want[i].offset);
        ps_query_fini(&q);
    }
    assert_int_equal(ps_query_parse(&q, "limit=ten", 9), 0);
    assert_int_equal(ask_page_parse(&p, &q, NOW, &fault), PS_ESYNTAX);
    assert_string_equal(fault.text, "limit wants a whole number, 0 or more; got ten");
    ps_query_fini(&q);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_asked_is_everything),
        cmocka_unit_test(every_name_has_its_place),
        cmocka_unit_test(the_last_of_a_name_counts),
        cmocka_unit_test(what_cannot_be_matches_nothing),
        cmocka_unit_test(limits_that_say_nothing_are_the_default),
        cmocka_unit_test(wrong_requests_are_refused_in_words),
        cmocka_unit_test(rules_choose_among_the_addresses_of_a_name),
        cmocka_unit_test(the_number_of_parameters_is_bounded),
        cmocka_unit_test(pages_of_a_series),
    };
    return cmocka_run_group_tests_name("ask", tests, NULL, NULL);
}
