// SPDX-License-Identifier: Apache-2.0
#include "psched/cli_print.h"
#include "../spec/spec_fix.h"

static void expect_put(const char *text, const char *want)
{
    char *got = NULL;
    size_t len;
    FILE *f = open_memstream(&got, &len);

    assert_non_null(f);
    cli_put(f, text);
    fclose(f);
    assert_string_equal(got, want);
    free(got);
}

static void what_controls_terminals_is_not_printed(void **state)
{
    (void)state;
    expect_put("plain \xc3\xa4\n\ttext", "plain \xc3\xa4\n\ttext");
    expect_put("a\033[2Jb\rc\x7f", "a?[2Jb?c?");
    expect_put("csi \xc2\x9b!", "csi ?!");
    expect_put("\xc2", "\xc2");
}

static void spans_are_told_in_two_units_at_most(void **state)
{
    static const struct {
        ps_ns d;
        const char *want;
    } cases[] = {
        {0, "0 s"},
        {1, "1 s"},
        {59 * PS_SEC, "59 s"},
        {60 * PS_SEC, "1 min"},
        {125 * PS_SEC, "2 min 5 s"},
        {3600 * PS_SEC + 59 * PS_SEC, "1 h"},
        {3 * 3600 * PS_SEC + 240 * PS_SEC, "3 h 4 min"},
        {90000 * PS_SEC, "1 d 1 h"},
    };
    char span[CLI_SPAN];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_string_equal(cli_span(cases[i].d, span), cases[i].want);
}

static void expect_list(void (*put)(FILE *, struct ps_jnode), const char *json, const char *want)
{
    struct ps_jdoc *doc = doc_of(json);
    char *got = NULL;
    size_t len;
    FILE *f = open_memstream(&got, &len);

    assert_non_null(f);
    put(f, ps_jdoc_root(doc));
    fclose(f);
    assert_string_equal(got, want);
    free(got);
    ps_jdoc_free(doc);
}

static void put_names(FILE *f, struct ps_jnode n)
{
    cli_put_names(f, n, "here");
}

static void words_are_quoted_for_a_shell(void **state)
{
    (void)state;
    expect_list(cli_put_words, "['rtt','--dest','h-1.example','--count','5']",
                "rtt --dest h-1.example --count 5");
    expect_list(cli_put_words, "['--data','{\\'a\\':1}','','a b','it\\u0027s']",
                "--data '{\"a\":1}' '' 'a b' 'it'\\''s'");
    expect_list(cli_put_words, "['$(reboot)',5]", "'$(reboot)'");
    expect_list(cli_put_words, "{}", "");
}

static void names_are_put_into_a_sentence(void **state)
{
    (void)state;
    expect_list(put_names, "['a']", "a");
    expect_list(put_names, "[null,'b']", "here and b");
    expect_list(put_names, "['a','b','c']", "a, b and c");
    expect_list(put_names, "[]", "");
}

static void members_of_another_type_are_not_there(void **state)
{
    struct ps_jdoc *doc = doc_of("{'text':'x','time':'2026-01-01T00:00:00Z','yes':true,'odd':[1]}");
    struct ps_jnode n = ps_jdoc_root(doc);
    ps_ns t = 7;

    (void)state;
    assert_string_equal(cli_str(n, "text", "?"), "x");
    assert_string_equal(cli_str(n, "odd", "?"), "?");
    assert_null(cli_str(n, "none", NULL));
    assert_true(cli_bool(n, "yes"));
    assert_false(cli_bool(n, "text"));
    assert_false(cli_time(n, "text", &t));
    assert_true(t == 7);
    assert_true(cli_time(n, "time", &t));
    assert_true(t == INT64_C(1767225600) * PS_SEC);
    ps_jdoc_free(doc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_controls_terminals_is_not_printed),
        cmocka_unit_test(spans_are_told_in_two_units_at_most),
        cmocka_unit_test(words_are_quoted_for_a_shell),
        cmocka_unit_test(names_are_put_into_a_sentence),
        cmocka_unit_test(members_of_another_type_are_not_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
