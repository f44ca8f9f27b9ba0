// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "base/ps_err.h"
#include "jq/ps_jqtext.h"

static struct ps_jqtext_fault fault;

static int compose(const char *text, const char *prelude, size_t nnames, struct ps_buf *out)
{
    static const struct ps_jq_value names[] = {{"a", 1}, {"long_1", 6}};
    const struct ps_jqtext_parts parts = {{text, strlen(text)}, {prelude, strlen(prelude)}, names, nnames};

    return ps_jqtext_compose(&parts, out, &fault);
}

static void claim_all(const char *text, const char *prelude, size_t nnames, const char *wanted)
{
    struct ps_buf out;

    ps_buf_init(&out, 0);
    assert_int_equal(compose(text, prelude, nnames, &out), 0);
    assert_string_equal((char *)ps_buf_head(&out), wanted);
    assert_int_equal(ps_buf_len(&out), strlen(wanted) + 1);
    ps_buf_fini(&out);
}

static void claim(const char *text, const char *wanted)
{
    claim_all(text, "", 0, wanted);
}

static void claim_refused(const char *text, unsigned line, const char *why)
{
    struct ps_buf out;

    ps_buf_init(&out, 0);
    assert_int_equal(compose(text, "", 0, &out), PS_ESYNTAX);
    assert_string_equal(fault.why, why);
    assert_int_equal(fault.line, line);
    ps_buf_fini(&out);
}

static void a_program_stays_as_it_is(void **state)
{
    (void)state;
    claim(".a | {b: .c}", " .a | {b: .c}");
    claim("\"\\(1 + (2)) #\" # ) \" \n| .", " \"\\(1 + (2)) #\" # ) \" \n| .");
    claim("\"a\\\"b\\\\\" + \"\\(\"in\\(\"\\\"\")\")\"", " \"a\\\"b\\\\\" + \"\\(\"in\\(\"\\\"\")\")\"");
}

static void arguments_and_prelude_stand_in_the_first_line(void **state)
{
    (void)state;
    claim_all(".\n| $a", "", 1, ".[0] as $a|.[1]| .\n| $a");
    claim_all(". + f", "def f: $a;", 2, ".[0] as $a|.[1] as $long_1|.[2]|def f: $a; . + f");
}

static void what_has_no_body_gets_one(void **state)
{
    (void)state;
    claim("", " \n.");
    claim("  # a comment; nothing", "   # a comment; nothing\n.");
    claim("def f: 1;", " def f: 1;\n.");
    claim("def f: 1; # end", " def f: 1; # end\n.");
    claim("import \"x\" as x;", "import \"x\" as x;                  \n.");
    claim("\";\"", " \";\"");
    claim("f(1;2)", " f(1;2)");
}

static void imports_go_to_the_front_and_lines_stay(void **state)
{
    (void)state;
    claim("import \"p/iso\" as i;\ni::f", "import \"p/iso\" as i;  "
                                          "                    \ni::f");
    claim("def x: 1;\ninclude\n\"y\" # why\n;\nx",
          "include \"y\"       ;  def x: 1;\n       \n         \n \nx");
    claim(". | import \"d\" as $d; $d", "import \"d\" as $d;  . |                   $d");
}

static void what_only_looks_like_an_import_stays(void **state)
{
    (void)state;
    claim(".import", " .import");
    claim(".import \"x\"", " .import \"x\"");
    claim("{import: 1, include: \"x\"}", " {import: 1, include: \"x\"}");
    claim("$import", " $import");
    claim("a::import \"x\"", " a::import \"x\"");
    claim("\"import \\\"x\\\" as x;\"", " \"import \\\"x\\\" as x;\"");
    claim("\"\\(import \"x\")\"", " \"\\(import \"x\")\"");
    claim("# import \"x\" as x;\n.", " # import \"x\" as x;\n.");
    claim("important \"x\"", " important \"x\"");
    claim("1import \"x\"", " 1import \"x\"");
    claim("import", " import");
}

static void a_module_outside_of_the_library_is_refused(void **state)
{
    static const char amiss[] = "a module is named by letters, digits, '_', '-' and '/' alone";

    (void)state;
    claim_refused("import \"/etc/x\" as x; .", 1, amiss);
    claim_refused(".\n| import \"../x\" as x; .", 2, amiss);
    claim_refused("import \"a//b\" as x; .", 1, amiss);
    claim_refused("import \"a/\" as x; .", 1, amiss);
    claim_refused("import \"\" as x; .", 1, amiss);
    claim_refused("include \"a\\u002f\"; .", 1, amiss);
    claim_refused("include \"\\(1)\"; .", 1, amiss);
    claim_refused("include \"abc", 1, amiss);
    claim_refused("import \"a\" as x {search: \"/etc\"}; .", 1, "a module cannot be given a search path");
    claim_refused("import \"a\" as x {\n\"search\": \"/etc\"}; .", 1,
                  "a module cannot be given a search path");
}

static void an_import_without_an_end_is_told(void **state)
{
    static const char amiss[] = "';' is missing after the name of a module";

    (void)state;
    claim_refused("import \"a\" as a\n\n. | a::f", 3, amiss);
    claim_refused("include \"a\"", 1, amiss);
}

// jq 1.7 and later read on in the next line.
static void a_comment_that_not_all_jq_read_alike_is_refused(void **state)
{
    (void)state;
    claim_refused("# \\\n\"\nimport \"x\" as x;", 1, "a comment must not end in a backslash");
    claim_refused(". # \\\r\n.", 1, "a comment must not end in a backslash");
    claim("# \\ \n.", " # \\ \n.");
}

static void strings_are_nested_as_deep_as_is_sane(void **state)
{
    char text[1024] = "";

    (void)state;
    for (int i = 0; i < 62; i++)
        strcat(text, "\"\\(");
    claim(text, strcat(memmove(text + 300, " ", 2), text)); // unterminated: jq will say so
    text[0] = '\0';
    for (int i = 0; i < 64; i++)
        strcat(text, "\"\\(");
    claim_refused(text, 1, "strings are nested too deep");
}

static void names_are_names(void **state)
{
    (void)state;
    assert_true(ps_jqtext_is_name("a", 1));
    assert_true(ps_jqtext_is_name("_B9", 3));
    assert_false(ps_jqtext_is_name("9a", 2));
    assert_false(ps_jqtext_is_name("", 0));
    assert_false(ps_jqtext_is_name("a b", 3));
    assert_false(ps_jqtext_is_name("a|halt", 6));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_program_stays_as_it_is),
        cmocka_unit_test(arguments_and_prelude_stand_in_the_first_line),
        cmocka_unit_test(what_has_no_body_gets_one),
        cmocka_unit_test(imports_go_to_the_front_and_lines_stay),
        cmocka_unit_test(what_only_looks_like_an_import_stays),
        cmocka_unit_test(a_module_outside_of_the_library_is_refused),
        cmocka_unit_test(an_import_without_an_end_is_told),
        cmocka_unit_test(a_comment_that_not_all_jq_read_alike_is_refused),
        cmocka_unit_test(strings_are_nested_as_deep_as_is_sane),
        cmocka_unit_test(names_are_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
