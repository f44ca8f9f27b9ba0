// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/ps_err.h"
#include "owamp/ow_pfs.h"

static struct ow_pfs *parse(const char *text)
{
    struct ps_fault fault;
    struct ow_pfs *p = NULL;
    int rc = ow_pfs_parse(&p, "t.pfs", text, strlen(text), &fault);
    if (rc)
        print_message("%s\n", fault.text);
    assert_int_equal(rc, 0);
    return p;
}

static void refuses_n(const char *text, size_t len, int expected, const char *said)
{
    struct ps_fault fault;
    struct ow_pfs *p = NULL;
    assert_int_equal(ow_pfs_parse(&p, "t.pfs", text, len, &fault), expected);
    assert_null(p);
    if (!strstr(fault.text, said))
        assert_string_equal(fault.text, said);
}

static void refuses(const char *text, int expected, const char *said)
{
    refuses_n(text, strlen(text), expected, said);
}

static void holds(const struct ow_pfs *p, const char *identity, const char *pass)
{
    const uint8_t *got;
    size_t len;
    assert_true(ow_pfs_find(p, identity, &got, &len));
    assert_int_equal(len, strlen(pass));
    assert_memory_equal(got, pass, len);
}

static void lacks(const struct ow_pfs *p, const char *identity)
{
    const uint8_t *got;
    size_t len;
    assert_false(ow_pfs_find(p, identity, &got, &len));
}

static void a_line_of_identity_blank_and_hex_is_found(void **state)
{
    (void)state;
    struct ow_pfs *p = parse("user\t7365637265742d70617373706872617365\n");
    assert_int_equal(ow_pfs_count(p), 1);
    assert_string_equal(ow_pfs_identity(p, 0), "user");
    assert_null(ow_pfs_identity(p, 1));
    holds(p, "user", "secret-passphrase");
    ow_pfs_free(p);
}

static void comments_empty_lines_blanks_and_a_missing_last_newline_are_taken(void **state)
{
    (void)state;
    struct ow_pfs *p = parse("# one\n\n   # two\n \t \nb  \t 62626262  \r\na 6161\n\nc 4A4b");
    assert_int_equal(ow_pfs_count(p), 3);
    assert_string_equal(ow_pfs_identity(p, 0), "b");
    assert_string_equal(ow_pfs_identity(p, 2), "c");
    holds(p, "a", "aa");
    holds(p, "b", "bbbb");
    holds(p, "c", "JK");
    ow_pfs_free(p);
}

static void an_empty_text_has_nobody(void **state)
{
    (void)state;
    struct ow_pfs *p = parse("");
    assert_int_equal(ow_pfs_count(p), 0);
    lacks(p, "");
    lacks(p, "a");
    ow_pfs_free(p);
}

static void a_name_is_matched_whole_and_by_case(void **state)
{
    (void)state;
    struct ow_pfs *p = parse("joey 01\njo 02\njoe 03\n");
    holds(p, "joe", "\x03");
    holds(p, "jo", "\x02");
    holds(p, "joey", "\x01");
    lacks(p, "j");
    lacks(p, "joeyy");
    lacks(p, "Joe");
    ow_pfs_free(p);
}

static void many_identities_are_all_found(void **state)
{
    (void)state;
    char *text = malloc(64000), *at = text;
    for (int i = 0; i < 2000; i++)
        at += sprintf(at, "id%d %04x\n", i * 7919 % 2000, i * 7919 % 2000 + 0x1000);
    struct ow_pfs *p = parse(text);
    for (int i = 0; i < 2000; i++) {
        char name[16];
        const uint8_t *pass;
        size_t len;
        sprintf(name, "id%d", i);
        assert_true(ow_pfs_find(p, name, &pass, &len));
        assert_int_equal(pass[0] << 8 | pass[1], i + 0x1000);
    }
    ow_pfs_free(p);
    free(text);
}

static void a_pass_phrase_of_3000_octets_is_kept(void **state)
{
    (void)state;
    char *text = malloc(6100);
    memset(text, '4', 6100);
    memcpy(text, "long ", 5);
    text[6005] = '\0';
    struct ow_pfs *p = parse(text);
    const uint8_t *pass;
    size_t len;
    assert_true(ow_pfs_find(p, "long", &pass, &len));
    assert_int_equal(len, 3000);
    assert_int_equal(pass[2999], 0x44);
    ow_pfs_free(p);
    free(text);
}

static void faults_name_file_line_and_cause(void **state)
{
    (void)state;
    refuses("a 61\nb\n", PS_ESYNTAX, "t.pfs:2: the pass-phrase is missing");
    refuses("b \t\n", PS_ESYNTAX, "t.pfs:1: the pass-phrase is missing");
    refuses("\n\nb 616\n", PS_ESYNTAX, "t.pfs:3: the pass-phrase has an odd number");
    refuses("b 61zz\n", PS_ESYNTAX, "t.pfs:1: the pass-phrase is not all hexadecimal");
    refuses("b 6161 61\n", PS_ESYNTAX, "t.pfs:1: there is something behind");
    refuses("b 6161 # no\n", PS_ESYNTAX, "t.pfs:1: there is something behind");
    refuses(" b 6161\n", PS_ESYNTAX, "t.pfs:1: a line with an identity begins in the first column");
    refuses("b 61\nc 62\nb 63\n", PS_EDUPLICATE, "t.pfs:3: identity \"b\" is on line 1 already");
}

static void no_fault_repeats_a_secret(void **state)
{
    (void)state;
    struct ps_fault fault;
    struct ow_pfs *p = NULL;
    const char *text = "b 736563726574xx\n";
    assert_int_equal(ow_pfs_parse(&p, "t.pfs", text, strlen(text), &fault), PS_ESYNTAX);
    assert_null(strstr(fault.text, "7365"));
}

static void an_identity_has_at_most_80_octets(void **state)
{
    (void)state;
    char text[200];
    memset(text, 'x', 80);
    strcpy(text + 80, " 61\n");
    struct ow_pfs *p = parse(text);
    assert_int_equal(strlen(ow_pfs_identity(p, 0)), 80);
    ow_pfs_free(p);
    memset(text, 'x', 81);
    strcpy(text + 81, " 61\n");
    refuses(text, PS_ELIMIT, "t.pfs:1: the identity has 81 octets");
}

static void control_octets_in_an_identity_are_refused(void **state)
{
    (void)state;
    refuses("a\x01 61\n", PS_ESYNTAX, "not printable");
    refuses("a\x7f 61\n", PS_ESYNTAX, "not printable");
    refuses_n("a\0b 61\n", 7, PS_ESYNTAX, "not printable");
    refuses_n("a 6\0\n", 5, PS_ESYNTAX, "hexadecimal");
}

static void identities_are_checked(void **state)
{
    (void)state;
    char text[82];
    assert_int_equal(ow_pfs_check_identity("alice"), 0);
    assert_int_equal(ow_pfs_check_identity("al#ice"), 0);
    assert_int_equal(ow_pfs_check_identity("J\xc3\xbcrgen"), 0);
    assert_int_equal(ow_pfs_check_identity(""), PS_ESYNTAX);
    assert_int_equal(ow_pfs_check_identity("#a"), PS_ESYNTAX);
    assert_int_equal(ow_pfs_check_identity("a b"), PS_ESYNTAX);
    assert_int_equal(ow_pfs_check_identity("a\tb"), PS_ESYNTAX);
    assert_int_equal(ow_pfs_check_identity("a\n"), PS_ESYNTAX);
    memset(text, 'x', 81);
    text[81] = '\0';
    assert_int_equal(ow_pfs_check_identity(text), PS_ELIMIT);
    text[80] = '\0';
    assert_int_equal(ow_pfs_check_identity(text), 0);
}

static void edits_to(const char *text, const char *identity, const char *pass, const char *expected)
{
    char *out = NULL;
    size_t len = 0;
    assert_int_equal(
        ow_pfs_edit(text, strlen(text), identity, (const uint8_t *)pass, pass ? strlen(pass) : 0, &out, &len),
        0);
    assert_string_equal(out, expected);
    assert_int_equal(len, strlen(expected));
    free(out);
}

static void setting_replaces_in_place_or_appends(void **state)
{
    (void)state;
    edits_to("", "a", "hi", "a\t6869\n");
    edits_to("# c\nb 62\n", "a", "hi", "# c\nb 62\na\t6869\n");
    edits_to("# c\na   62 \n\nb 62", "a", "hi", "# c\na\t6869\n\nb 62\n");
    edits_to("ab 61\n", "a", "hi", "ab 61\na\t6869\n");
    edits_to("# a 61\n", "a", "\xff", "# a 61\na\tff\n");
}

static void removing_takes_every_line_of_the_identity_and_no_other(void **state)
{
    (void)state;
    edits_to("a 61\n", "a", NULL, "");
    edits_to("# a\nb 62\na 61\n  # x\na 63\nab 64\n", "a", NULL, "# a\nb 62\n  # x\nab 64\n");
}

static void an_edit_that_cannot_be_is_refused(void **state)
{
    (void)state;
    char *out = NULL;
    size_t len;
    assert_int_equal(ow_pfs_edit("b 62\n", 5, "a", NULL, 0, &out, &len), PS_ENOTFOUND);
    assert_int_equal(ow_pfs_edit("b 62\n", 5, "a b", (const uint8_t *)"x", 1, &out, &len), PS_ESYNTAX);
    assert_int_equal(ow_pfs_edit("b 62\n", 5, "a", (const uint8_t *)"", 0, &out, &len), PS_ESYNTAX);
    assert_null(out);
}

static void what_was_edited_is_parsed_again(void **state)
{
    (void)state;
    char pass[3001], *out;
    size_t len;
    memset(pass, 0xe4, sizeof(pass));
    assert_int_equal(ow_pfs_edit("x 61", 4, "long", (const uint8_t *)pass, 3000, &out, &len), 0);
    struct ow_pfs *p = parse(out);
    const uint8_t *got;
    size_t got_len;
    assert_true(ow_pfs_find(p, "long", &got, &got_len));
    assert_int_equal(got_len, 3000);
    assert_memory_equal(got, pass, 3000);
    ow_pfs_free(p);
    free(out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_of_identity_blank_and_hex_is_found),
        cmocka_unit_test(comments_empty_lines_blanks_and_a_missing_last_newline_are_taken),
        cmocka_unit_test(an_empty_text_has_nobody),
        cmocka_unit_test(a_name_is_matched_whole_and_by_case),
        cmocka_unit_test(many_identities_are_all_found),
        cmocka_unit_test(a_pass_phrase_of_3000_octets_is_kept),
        cmocka_unit_test(faults_name_file_line_and_cause),
        cmocka_unit_test(no_fault_repeats_a_secret),
        cmocka_unit_test(an_identity_has_at_most_80_octets),
        cmocka_unit_test(control_octets_in_an_identity_are_refused),
        cmocka_unit_test(identities_are_checked),
        cmocka_unit_test(setting_replaces_in_place_or_appends),
        cmocka_unit_test(removing_takes_every_line_of_the_identity_and_no_other),
        cmocka_unit_test(an_edit_that_cannot_be_is_refused),
        cmocka_unit_test(what_was_edited_is_parsed_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
