// SPDX-License-Identifier: Apache-2.0
#include "dir_fix.h"
#include "lsregister/dir_query.h"

struct asked {
    struct ps_query params;
    struct dir_query q;
    struct ps_fault fault;
};

static int ask(struct asked *a, const char *text)
{
    memset(a, 0, sizeof *a);
    assert_int_equal(ps_query_parse(&a->params, text, strlen(text)), 0);
    return dir_query_read(&a->q, &a->params, &a->fault);
}

static void done(struct asked *a)
{
    dir_query_fini(&a->q);
    ps_query_fini(&a->params);
}

// A query as "all: type=all(service) service-type=any(owamp|twamp)".
static void means(const char *text, const char *wanted)
{
    char got[1024];
    struct asked a;
    size_t n;

    assert_int_equal(ask(&a, text), 0);
    n = (size_t)sprintf(got, "%s:", a.q.any ? "any" : "all");
    for (size_t i = 0; i < a.q.n; i++) {
        const struct dir_clause *c = &a.q.clauses[i];

        n += (size_t)sprintf(got + n, " %s=%s(", c->key, c->any ? "any" : "all");
        for (size_t k = 0; k < c->n; k++)
            n += (size_t)sprintf(got + n, "%s%s", k ? "|" : "", c->values[k]);
        n += (size_t)sprintf(got + n, ")");
    }
    assert_string_equal(got, wanted);
    done(&a);
}

static void refused(const char *text, int err, const char *words)
{
    struct asked a;

    assert_int_equal(ask(&a, text), err);
    assert_string_equal(a.fault.text, words);
    done(&a);
}

static void parameters_are_met_together_or_one_of_them(void **state)
{
    (void)state;
    means("", "all:");
    means("type=host&location-country=CH", "all: type=all(host) location-country=all(CH)");
    means("type=host&location-country=CH&operator=ANY", "any: type=any(host) location-country=any(CH)");
    means("operator=all&type=host", "all: type=all(host)");
}

static void commas_make_lists_with_operators_of_their_own(void **state)
{
    (void)state;
    means("type=service&service-type=owamp,twamp&service-type-operator=any",
          "all: type=all(service) service-type=any(owamp|twamp)");
    means("a=1,2&b=3&operator=any&a-operator=all", "any: a=all(1|2) b=any(3)");
    means("a=1,,2", "all: a=all(1||2)");
    means("a=", "all: a=all()");
}

static void of_a_parameter_that_comes_again_the_first_counts(void **state)
{
    (void)state;
    means("a=1&b=2&a=3", "all: a=all(1) b=all(2)");
}

static void what_has_operator_in_its_name_is_no_key(void **state)
{
    (void)state;
    means("my-operator-id=7&type=host", "all: type=all(host)");
}

static void a_part_of_the_answer_can_be_asked_for(void **state)
{
    struct asked a;

    (void)state;
    assert_int_equal(ask(&a, "skip=5&maxresults=10&type=host"), 0);
    assert_int_equal(a.q.skip, 5);
    assert_int_equal(a.q.max, 10);
    assert_int_equal(a.q.n, 1);
    done(&a);
    assert_int_equal(ask(&a, ""), 0);
    assert_int_equal(a.q.skip, 0);
    assert_true(a.q.max == SIZE_MAX);
    done(&a);
}

static void what_is_wrong_is_named(void **state)
{
    (void)state;
    refused("operator=some", PS_ESYNTAX, "operator wants any or all; got 'some'");
    refused("a=1&a-operator=", PS_ESYNTAX, "a-operator wants any or all; got ''");
    refused("skip=-1", PS_ESYNTAX, "skip wants a whole number; got '-1'");
    refused("maxresults=ten", PS_ESYNTAX, "maxresults wants a whole number; got 'ten'");
    refused("a=*,*,*,*,*,*,*,*,*", PS_ELIMIT, "the query has more than 8 values with '*'");
}

static void bounds_are_kept(void **state)
{
    char text[4096] = "a=*";
    size_t n = 3;

    (void)state;
    memset(text + n, 'x', DIR_QUERY_PATTERN);
    refused(text, PS_ELIMIT, "a value with '*' is longer than 128 octets");
    n = (size_t)sprintf(text, "a=");
    for (int i = 0; i < DIR_QUERY_VALUES; i++)
        n += (size_t)sprintf(text + n, ",1");
    refused(text, PS_ELIMIT, "the query has more than 256 values");
    n = 0;
    for (int i = 0; i <= DIR_QUERY_CLAUSES; i++)
        n += (size_t)sprintf(text + n, "k%d=1&", i);
    refused(text, PS_ELIMIT, "the query has more than 64 keys");
}

static void a_value_is_compared_whole_in_any_case(void **state)
{
    static const struct {
        const char *value, *text;
        bool fits;
    } cases[] = {{"GridFTP", "gridftp", true},
                 {"New", "New York", false},
                 {"new*", "New York", true},
                 {"*york", "New York", true},
                 {"*w*k", "New York", true},
                 {"*", "", true},
                 {"**", "x", true},
                 {"", "", true},
                 {"", "x", false},
                 {"x", "", false},
                 {"a*b*c", "aXbYbZc", true},
                 {"a*b*c", "aXbYbZ", false},
                 {"*.example.net", "host.example.network", false},
                 {"*ab", "aaab", true},
                 {"a.c", "abc", false},
                 {"[a]", "a", false},
                 {"Z\xc3\x9c*", "z\xc3\x9crich", true},
                 {"\xc3\xbc", "\xc3\x9c", false}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (dir_query_fits(cases[i].value, cases[i].text) != cases[i].fits)
            fail_msg("'%s' and '%s'", cases[i].value, cases[i].text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parameters_are_met_together_or_one_of_them),
        cmocka_unit_test(commas_make_lists_with_operators_of_their_own),
        cmocka_unit_test(of_a_parameter_that_comes_again_the_first_counts),
        cmocka_unit_test(what_has_operator_in_its_name_is_no_key),
        cmocka_unit_test(a_part_of_the_answer_can_be_asked_for),
        cmocka_unit_test(what_is_wrong_is_named),
        cmocka_unit_test(bounds_are_kept),
        cmocka_unit_test(a_value_is_compared_whole_in_any_case),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
