// SPDX-License-Identifier: Apache-2.0
#include "json_fix.h"

static void good(const char *text)
{
    ps_jdoc_free(doc_of(text));
}

static void every_form_of_value_is_taken(void **state)
{
    (void)state;
    good("null");
    good(" \t\r\n true \n");
    good("false");
    good("0");
    good("-0");
    good("-12.5e+10");
    good("1E-3");
    good("\"\"");
    good("[]");
    good("{}");
    good("[ ]");
    good("{ }");
    good("[[],{},[[]],\"x\",1]");
    good("{\"\":{\"a\":[{\"b\":null}]}}");
    good("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\\u00e9\\ud83d\\uDE00\"");
    good("\"\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80 \x7f\"");
}

// An octet at each place of strings of each length: it is taken, ends the string or is refused there.
static void a_string_is_what_it_says_wherever_its_octets_stand(void **state)
{
    static const char ends[] = {'"', '\\', '\n', 0x1f, 0x20, '!', '#', '[', ']', 0x7f};

    (void)state;
    for (size_t len = 1; len < 20; len++)
        for (size_t at = 0; at < len; at++)
            for (size_t k = 0; k < sizeof ends; k++) {
                char text[32] = "\"", inside[32] = "";
                struct ps_jdoc *doc = NULL;
                const char *got = NULL;
                bool good = (unsigned char)ends[k] >= 0x20 && ends[k] != '"' && ends[k] != '\\';
                memset(inside, 'a', len);
                inside[at] = ends[k];
                strcat(strcat(text, inside), "\"");
                int err = ps_jdoc_parse(&doc, NULL, text, strlen(text), NULL);
                assert_int_equal(err == 0, good);
                if (good) {
                    assert_int_equal(ps_jnode_str(ps_jdoc_root(doc), 1, SIZE_MAX, &got, NULL), 0);
                    assert_string_equal(got, inside);
                }
                ps_jdoc_free(doc);
            }
}

static void a_byte_order_mark_is_passed_over(void **state)
{
    struct ps_jdoc *doc = doc_of("\xef\xbb\xbf{\"a\":1}");
    size_t len;

    (void)state;
    assert_string_equal(ps_jnode_raw(ps_jdoc_root(doc), &len), "{\"a\":1}");
    ps_jdoc_free(doc);
    REFUSED("\xef\xbb\xbf", PS_ESYNTAX, "1: wants a JSON document; got nothing");
}

static void an_empty_document_is_refused(void **state)
{
    (void)state;
    REFUSED("", PS_ESYNTAX, "1: wants a JSON document; got nothing");
    REFUSED("\n \n", PS_ESYNTAX, "3: wants a JSON document; got nothing");
}

static void what_follows_the_document_is_refused(void **state)
{
    (void)state;
    REFUSED("{}\n}", PS_ESYNTAX, "2: wants nothing more behind the document; got '}'");
    REFUSED("1 2", PS_ESYNTAX, "1: wants nothing more behind the document; got '2'");
    REFUSED("truefalse", PS_ESYNTAX, "1: wants a value; got 'truefalse'");
    REFUSED("1x", PS_ESYNTAX, "1: wants nothing more behind the document; got 'x'");
}

static void faults_of_structure_name_the_line_and_what_was_wanted(void **state)
{
    (void)state;
    REFUSED("{\n\"a\" 1}", PS_ESYNTAX, "2: wants ':' behind a key; got '1'");
    REFUSED("{\"a\":1\n\"b\":2}", PS_ESYNTAX, "2: wants ',' or '}' behind a member; got '\"'");
    REFUSED("[1 2]", PS_ESYNTAX, "1: wants ',' or ']' behind a member; got '2'");
    REFUSED("[1}", PS_ESYNTAX, "1: wants ',' or ']' behind a member; got '}'");
    REFUSED("[1,\n]", PS_ESYNTAX, "2: a comma too many behind the last member");
    REFUSED("{\"a\":1,}", PS_ESYNTAX, "1: a comma too many behind the last member");
    REFUSED("[,1]", PS_ESYNTAX, "1: wants a value; got ','");
    REFUSED("{a:1}", PS_ESYNTAX, "1: wants a key in double quotes; got 'a'");
    REFUSED("{'a':1}", PS_ESYNTAX, "1: wants a key in double quotes; got '''");
    REFUSED("{\"a\":}", PS_ESYNTAX, "1: wants a value; got '}'");
    REFUSED("{\"a\":", PS_ESYNTAX, "1: wants a value; got the end");
    REFUSED("{", PS_ESYNTAX, "1: wants a key in double quotes; got the end");
}

static void what_is_never_closed_is_told_where_it_began(void **state)
{
    (void)state;
    REFUSED("{\"s\":\n[1,\n2\n\n", PS_ESYNTAX, "2: the '[' is never closed");
    REFUSED("\n{\"s\":1\n\n", PS_ESYNTAX, "2: the '{' is never closed");
    REFUSED("[\n\"abc\n\"]", PS_ESYNTAX, "2: the string is not closed on its line");
    REFUSED("\"abc", PS_ESYNTAX, "1: the string is not closed on its line");
    REFUSED("\"abc\\\"", PS_ESYNTAX, "1: the string is not closed on its line");
}

static void a_comment_is_told_what_to_do_instead(void **state)
{
    (void)state;
    REFUSED("{ // x\n}", PS_ESYNTAX, "1: JSON has no comments; a key that begins with '#' can hold one");
    REFUSED("[1 /* x */]", PS_ESYNTAX, "1: JSON has no comments; a key that begins with '#' can hold one");
}

static void words_that_json_does_not_have_are_refused(void **state)
{
    (void)state;
    REFUSED("True", PS_ESYNTAX, "1: wants a value; got 'True'; did you mean \"true\"?");
    REFUSED("[nul]", PS_ESYNTAX, "1: wants a value; got 'nul'; did you mean \"null\"?");
    REFUSED("NaN", PS_ESYNTAX, "1: wants a value; got 'NaN'");
    REFUSED("aaaaaaaaaabbbbbbbbbbccccccccccdddddddddd", PS_ESYNTAX,
            "1: wants a value; got 'aaaaaaaaaabbbbbbbbbb...'");
}

static void numbers_follow_the_grammar(void **state)
{
    (void)state;
    REFUSED("01", PS_ESYNTAX, "1: a number has no zeros in front");
    REFUSED("-01", PS_ESYNTAX, "1: a number has no zeros in front");
    REFUSED("1.", PS_ESYNTAX, "1: wants a digit; got the end");
    REFUSED("[1.]", PS_ESYNTAX, "1: wants a digit; got ']'");
    REFUSED("1e", PS_ESYNTAX, "1: wants a digit; got the end");
    REFUSED("1e+", PS_ESYNTAX, "1: wants a digit; got the end");
    REFUSED("-", PS_ESYNTAX, "1: wants a digit; got the end");
    REFUSED("+1", PS_ESYNTAX, "1: wants a value; got '+'");
    REFUSED(".5", PS_ESYNTAX, "1: wants a value; got '.'");
    REFUSED("0x10", PS_ESYNTAX, "1: wants nothing more behind the document; got 'x10'");
}

static void a_number_may_have_sixty_characters(void **state)
{
    char text[PS_JDOC_NUMBER + 2];

    (void)state;
    memset(text, '7', sizeof text);
    text[PS_JDOC_NUMBER] = '\0';
    good(text);
    text[PS_JDOC_NUMBER] = '7';
    check_refused(text, PS_JDOC_NUMBER + 1, PS_ELIMIT, "f.json:1: a number is too long");
}

static void escapes_follow_the_grammar(void **state)
{
    (void)state;
    REFUSED("\"\\x\"", PS_ESYNTAX, "1: a backslash in a string wants one of \" \\ / b f n r t u behind it");
    REFUSED("\"\\", PS_ESYNTAX, "1: a backslash in a string wants one of \" \\ / b f n r t u behind it");
    REFUSED("\"\\u12\"", PS_ESYNTAX, "1: \\u wants four hexadecimal digits");
    REFUSED("\"\\u12g4\"", PS_ESYNTAX, "1: \\u wants four hexadecimal digits");
    REFUSED("\"\\u", PS_ESYNTAX, "1: \\u wants four hexadecimal digits");
    REFUSED("\"\\ud83d\"", PS_EMALFORMED, "1: half a character: \\ud800 to \\udfff come in pairs");
    REFUSED("\"\\ude00\"", PS_EMALFORMED, "1: half a character: \\ud800 to \\udfff come in pairs");
    REFUSED("\"\\ud83d\\u0041\"", PS_EMALFORMED, "1: half a character: \\ud800 to \\udfff come in pairs");
    REFUSED("\"a\tb\"", PS_ESYNTAX, "1: a tab in a string is written \\t");
    REFUSED("\"a\x01\"", PS_ESYNTAX, "1: a control character in a string is written \\u and four digits");
}

static void a_nul_that_others_wrote_is_read_as_a_replacement(void **state)
{
    static const char text[] = "{\"a\\u0000\":\"b\\u0000\\\\u0000\",\"c\":1}";
    struct ps_fault fault;
    struct ps_jdoc *doc;
    const char *s;

    (void)state;
    assert_int_equal(ps_jdoc_parse_foreign(&doc, NULL, text, strlen(text), &fault), 0);
    struct ps_jnode n = ps_jnode_member(ps_jdoc_root(doc), "a\xef\xbf\xbd");
    assert_int_equal(ps_jnode_str(n, 0, 100, &s, &fault), 0);
    assert_string_equal(s, "b\xef\xbf\xbd\\u0000");
    ps_jdoc_free(doc);
    assert_int_equal(ps_jdoc_parse_foreign(&doc, NULL, "[\"\\", 3, &fault), PS_ESYNTAX);
    assert_int_equal(ps_jdoc_parse_foreign(&doc, NULL, "[\"\\u0000", 8, &fault), PS_ESYNTAX);
}

static void nul_is_refused_wherever_it_stands(void **state)
{
    (void)state;
    REFUSED("[\"a\\u0000b\"]", PS_EMALFORMED, "1: a string cannot hold \\u0000");
    REFUSED("{\"a\\u0000\":1}", PS_EMALFORMED, "1: a string cannot hold \\u0000");
    REFUSED("[\n\"a\0b\"]", PS_EMALFORMED, "2: an octet of value 0");
    REFUSED("{}\0", PS_EMALFORMED, "1: an octet of value 0");
}

static void octets_that_are_not_utf8_are_refused(void **state)
{
    (void)state;
    REFUSED("\n\"\xff\"", PS_EMALFORMED, "2: octet 0xff is not UTF-8");
    REFUSED("\"\x80\"", PS_EMALFORMED, "1: octet 0x80 is not UTF-8");
    REFUSED("\"\xc0\xaf\"", PS_EMALFORMED, "1: octet 0xc0 is not UTF-8");
    REFUSED("\"\xe0\x80\xaf\"", PS_EMALFORMED, "1: octet 0xe0 is not UTF-8");
    REFUSED("\"\xed\xa0\x80\"", PS_EMALFORMED, "1: octet 0xed is not UTF-8");
    REFUSED("\"\xf0\x80\x80\xaf\"", PS_EMALFORMED, "1: octet 0xf0 is not UTF-8");
    REFUSED("\"\xf4\x90\x80\x80\"", PS_EMALFORMED, "1: octet 0xf4 is not UTF-8");
    REFUSED("\"\xe2\x82", PS_EMALFORMED, "1: octet 0xe2 is not UTF-8");
}

static void depth_is_bounded(void **state)
{
    char text[2 * PS_JDOC_DEPTH + 2];

    (void)state;
    memset(text, '[', PS_JDOC_DEPTH);
    memset(text + PS_JDOC_DEPTH, ']', PS_JDOC_DEPTH);
    text[2 * PS_JDOC_DEPTH] = '\0';
    good(text);
    memset(text, '[', PS_JDOC_DEPTH + 1);
    check_refused(text, PS_JDOC_DEPTH + 1, PS_ELIMIT,
                  "f.json:1: too many arrays and objects inside each other");
}

static void the_number_of_values_is_bounded(void **state)
{
    size_t len = 2 * (size_t)PS_JDOC_VALUES + 1;
    char *text = malloc(len);

    (void)state;
    assert_non_null(text);
    for (size_t i = 0; i < len; i++)
        text[i] = i % 2 ? '1' : ',';
    text[0] = '[';
    text[len - 1] = ']';
    check_refused(text, len, PS_ELIMIT, "f.json:1: too many values");
    free(text);
}

static void what_is_shown_of_foreign_text_controls_no_terminal(void **state)
{
    (void)state;
    REFUSED("\x1b[31m", PS_ESYNTAX, "1: wants a value; got '?'");
    REFUSED("\xc2\x9b[31m", PS_ESYNTAX, "1: wants a value; got '?\?'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_form_of_value_is_taken),
        TEST(a_string_is_what_it_says_wherever_its_octets_stand),
        TEST(a_byte_order_mark_is_passed_over),
        TEST(an_empty_document_is_refused),
        TEST(what_follows_the_document_is_refused),
        TEST(faults_of_structure_name_the_line_and_what_was_wanted),
        TEST(what_is_never_closed_is_told_where_it_began),
        TEST(a_comment_is_told_what_to_do_instead),
        TEST(words_that_json_does_not_have_are_refused),
        TEST(numbers_follow_the_grammar),
        TEST(a_number_may_have_sixty_characters),
        TEST(escapes_follow_the_grammar),
        TEST(nul_is_refused_wherever_it_stands),
        TEST(a_nul_that_others_wrote_is_read_as_a_replacement),
        TEST(octets_that_are_not_utf8_are_refused),
        TEST(depth_is_bounded),
        TEST(the_number_of_values_is_bounded),
        TEST(what_is_shown_of_foreign_text_controls_no_terminal),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
