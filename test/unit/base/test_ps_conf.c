// SPDX-License-Identifier: Apache-2.0
#include "base_test.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/ps_conf.h"
#include "base/ps_err.h"

struct line {
    int number;
    const char *text;
};

// Holds the logical lines of a text to those expected, the last of which has number 0.
static void check_lines(const char *text, const struct line *expected)
{
    struct ps_conf c;
    struct ps_fault fault;

    ps_conf_init(&c, "f.conf", text, strlen(text));
    for (; expected->number; expected++) {
        assert_int_equal(ps_conf_next(&c, &fault), 1);
        assert_string_equal(c.buf, expected->text);
        assert_int_equal(c.line, expected->number);
    }
    assert_int_equal(ps_conf_next(&c, &fault), 0);
    assert_int_equal(ps_conf_next(&c, &fault), 0);
    ps_conf_fini(&c);
}

static void check_fault(const char *text, size_t len, int err, const char *message)
{
    struct ps_conf c;
    struct ps_fault fault;
    int got;

    ps_conf_init(&c, "f.conf", text, len);
    while ((got = ps_conf_next(&c, &fault)) == 1)
        ;
    assert_int_equal(got, err);
    assert_string_equal(fault.text, message);
    ps_conf_fini(&c);
}

static void an_empty_file_has_no_lines(void **state)
{
    static const struct line none[] = {{0, NULL}};
    struct ps_conf c;
    struct ps_fault fault;

    (void)state;
    check_lines("", none);
    check_lines("\n\n  \t\n", none);
    check_lines("# only\n   # comments", none);
    check_lines("#", none);
    ps_conf_init(&c, "f", NULL, 0);
    assert_int_equal(ps_conf_next(&c, &fault), 0);
    ps_conf_fini(&c);
}

static void comments_and_blank_lines_count_but_do_not_show(void **state)
{
    (void)state;
    check_lines("# a\n\nuser owamp\n  #b \\ c\\\n\tgroup  owamp # here\n",
                (const struct line[]){{3, "user owamp"}, {5, "group  owamp # here"}, {0, NULL}});
}

static void the_last_line_needs_no_newline(void **state)
{
    (void)state;
    check_lines("a\nb", (const struct line[]){{1, "a"}, {2, "b"}, {0, NULL}});
}

static void trailing_blanks_and_carriage_returns_go(void **state)
{
    (void)state;
    check_lines("a b \t\r\n\r\nc\r\n", (const struct line[]){{1, "a b"}, {3, "c"}, {0, NULL}});
}

static void a_backslash_joins_lines(void **state)
{
    (void)state;
    check_lines("limit root with \\\n  disk=1,\\\nbandwidth=2\nnext\n",
                (const struct line[]){{1, "limit root with   disk=1,bandwidth=2"}, {4, "next"}, {0, NULL}});
}

static void a_hash_in_a_joined_line_belongs_to_it(void **state)
{
    (void)state;
    check_lines("a\\\n#b\nc\n", (const struct line[]){{1, "a#b"}, {3, "c"}, {0, NULL}});
}

static void joining_before_anything_was_said_says_nothing(void **state)
{
    (void)state;
    check_lines("\\\n\\\n  # comment\n \\\n\nx\n", (const struct line[]){{6, "x"}, {0, NULL}});
}

static void any_other_backslash_is_an_error_with_its_place(void **state)
{
    static const char *const texts[] = {"a\n b\\c\n", "a\nb\\", "a\n\\ \n"};

    (void)state;
    for (size_t i = 0; i < 3; i++)
        check_fault(texts[i], strlen(texts[i]), PS_ESYNTAX,
                    "f.conf:2: a backslash that is not at the end of the line");
}

static void the_place_of_a_fault_is_the_physical_line(void **state)
{
    const char *text = "a\\\nb\\\nc\\d\n";

    (void)state;
    check_fault(text, strlen(text), PS_ESYNTAX, "f.conf:3: a backslash that is not at the end of the line");
}

static void an_octet_of_zero_is_malformed(void **state)
{
    (void)state;
    check_fault("a\nb\0c\n", 6, PS_EMALFORMED, "f.conf:2: an octet of value 0");
}

static void a_very_long_line_is_one_line(void **state)
{
    size_t n = 1 << 20;
    char *text = malloc(n);
    struct ps_conf c;
    struct ps_fault fault;

    (void)state;
    assert_non_null(text);
    memset(text, 'x', n);
    ps_conf_init(&c, "f", text, n);
    assert_int_equal(ps_conf_next(&c, &fault), 1);
    assert_int_equal(strlen(c.buf), n);
    assert_int_equal(ps_conf_next(&c, &fault), 0);
    ps_conf_fini(&c);
    free(text);
}

static void words_are_cut_at_blanks(void **state)
{
    char line[] = "  one\ttwo   three ", *rest = line;

    (void)state;
    assert_string_equal(ps_conf_word(&rest), "one");
    assert_string_equal(ps_conf_word(&rest), "two");
    assert_string_equal(ps_conf_word(&rest), "three");
    assert_null(ps_conf_word(&rest));
    assert_null(ps_conf_word(&rest));
}

static void a_fault_without_a_line_names_the_file(void **state)
{
    char huge[2000];
    struct ps_fault f;

    (void)state;
    ps_fault_set(&f, "a.conf", 0, "cannot read: %s", "no");
    assert_string_equal(f.text, "a.conf: cannot read: no");
    memset(huge, 'x', sizeof huge - 1);
    huge[sizeof huge - 1] = '\0';
    ps_fault_set(&f, NULL, 0, "refused: %s", "no");
    assert_string_equal(f.text, "refused: no");
    ps_fault_set(&f, huge, 12, "%s", huge);
    assert_int_equal(strlen(f.text), sizeof f.text - 1);
    assert_non_null(strstr(f.text, "x:12: x"));
}

// Loads a file of these octets.
static int load(const void *data, size_t n, size_t max, char **text, size_t *len)
{
    char path[] = "/tmp/test_ps_conf.XXXXXX";
    int err, fd = mkstemp(path);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, data, n), n);
    close(fd);
    err = ps_conf_load(path, max, text, len);
    unlink(path);
    return err;
}

static void a_file_loads_whole_and_terminated(void **state)
{
    static char big[100000];
    char *text;
    size_t len;

    (void)state;
    assert_int_equal(load("", 0, 0, &text, &len), 0);
    assert_int_equal(len, 0);
    assert_string_equal(text, "");
    free(text);
    memset(big, 'y', sizeof big);
    assert_int_equal(load(big, sizeof big, sizeof big, &text, &len), 0);
    assert_int_equal(len, sizeof big);
    assert_int_equal(strlen(text), sizeof big);
    free(text);
}

static void a_file_over_the_limit_is_refused(void **state)
{
    char *text;
    size_t len;

    (void)state;
    assert_int_equal(load("abc", 3, 2, &text, &len), PS_ELIMIT);
    assert_int_equal(ps_conf_load("/dev/zero", 1000, &text, &len), PS_ELIMIT);
    assert_int_equal(load("abc", 3, SIZE_MAX, &text, &len), 0);
    free(text);
}

static void a_file_with_zeros_is_malformed(void **state)
{
    char *text;
    size_t len;

    (void)state;
    assert_int_equal(load("a\0b", 3, 100, &text, &len), PS_EMALFORMED);
}

static void what_cannot_be_read_gives_its_errno(void **state)
{
    char *text;
    size_t len;

    (void)state;
    assert_int_equal(ps_conf_load("/no/such/file", 100, &text, &len), -ENOENT);
    assert_int_equal(ps_conf_load("/", 100, &text, &len), -EISDIR);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_file_has_no_lines),
        cmocka_unit_test(comments_and_blank_lines_count_but_do_not_show),
        cmocka_unit_test(the_last_line_needs_no_newline),
        cmocka_unit_test(trailing_blanks_and_carriage_returns_go),
        cmocka_unit_test(a_backslash_joins_lines),
        cmocka_unit_test(a_hash_in_a_joined_line_belongs_to_it),
        cmocka_unit_test(joining_before_anything_was_said_says_nothing),
        cmocka_unit_test(any_other_backslash_is_an_error_with_its_place),
        cmocka_unit_test(the_place_of_a_fault_is_the_physical_line),
        cmocka_unit_test(an_octet_of_zero_is_malformed),
        cmocka_unit_test(a_very_long_line_is_one_line),
        cmocka_unit_test(words_are_cut_at_blanks),
        cmocka_unit_test(a_fault_without_a_line_names_the_file),
        cmocka_unit_test(a_file_loads_whole_and_terminated),
        cmocka_unit_test(a_file_over_the_limit_is_refused),
        cmocka_unit_test(a_file_with_zeros_is_malformed),
        cmocka_unit_test(what_cannot_be_read_gives_its_errno),
    };
    return cmocka_run_group_tests_name("ps_conf", tests, NULL, NULL);
}
