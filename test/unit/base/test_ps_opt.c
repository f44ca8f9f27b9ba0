// SPDX-License-Identifier: Apache-2.0
#include "base_test.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/ps_opt.h"

enum { OPT_JSON = 256, OPT_JOIN };

static const struct ps_opt opts[] = {
    {'c', "count", "N", "packets to send; this text is long enough that it has to be wrapped, and then some",
     "Test"},
    {'v', NULL, "[N]", "a line for each packet", NULL},
    {OPT_JSON, "json", NULL, "JSON on stdout", "Output"},
    {OPT_JOIN, "join-the-very-long-names", "FILE", "long label", NULL},
    {'x', "hidden", "[HOW]", NULL, NULL},
    {'4', NULL, NULL, "IPv4 only", NULL},
    {'h', "help", NULL, "this help", NULL},
    {0, NULL, NULL, NULL, NULL},
};

static const struct ps_opt_prog prog = {
    .name = "tool",
    .synopsis = "[options] host",
    .about =
        "Measures what is to be measured, and says so at such a length that the paragraph has to be broken.",
    .notes = "Examples:\n  tool   -c 3 host\n\nSee also tool(8).\n",
    .opts = opts,
};

// Runs one command line through and writes what came out as one string: "c=3 v h | host".
static void run(char *const *words, bool posix, char *out, size_t size)
{
    char *argv[16] = {0};
    struct ps_opt_iter it;
    int argc = 0, c;
    FILE *f = fmemopen(out, size, "w");

    for (; words[argc]; argc++)
        argv[argc] = words[argc];
    assert_int_equal(ps_opt_begin(&it, &prog, argc, argv, posix), 0);
    while ((c = ps_opt_next(&it)) != -1) {
        if (c < 256)
            fprintf(f, "%c", c);
        else
            fprintf(f, "%d", c);
        fprintf(f, it.value ? "=%s " : " ", it.value);
    }
    fputs("|", f);
    for (int i = ps_opt_index(&it); i < argc; i++)
        fprintf(f, " %s", argv[i]);
    fclose(f);
    ps_opt_end(&it);
}

#define WORDS(...) ((char *const[]){(char[]){"tool"}, __VA_ARGS__, NULL})
#define W(text) ((char[]){text})

static void options_have_letters_and_long_names(void **state)
{
    char got[200];

    (void)state;
    run(WORDS(W("-c"), W("3"), W("--count=4"), W("--count"), W("5"), W("-c6"), W("host")), false, got,
        sizeof got);
    assert_string_equal(got, "c=3 c=4 c=5 c=6 | host");
    run(WORDS(W("--json"), W("-4h")), false, got, sizeof got);
    assert_string_equal(got, "256 4 h |");
}

static void optional_arguments_are_attached(void **state)
{
    char got[200];

    (void)state;
    run(WORDS(W("-v"), W("7"), W("-v8"), W("--hidden"), W("--hidden=y")), false, got, sizeof got);
    assert_string_equal(got, "v v=8 x x=y | 7");
}

static void options_may_follow_operands_unless_posix(void **state)
{
    char got[200];

    (void)state;
    run(WORDS(W("host"), W("-h"), W("a")), false, got, sizeof got);
    assert_string_equal(got, "h | host a");
    run(WORDS(W("host"), W("-h"), W("a")), true, got, sizeof got);
    assert_string_equal(got, "| host -h a");
}

static void two_dashes_end_the_options(void **state)
{
    char got[200];

    (void)state;
    run(WORDS(W("-h"), W("--"), W("-h")), false, got, sizeof got);
    assert_string_equal(got, "h | -h");
    run(WORDS(W("-"), W("-h")), false, got, sizeof got);
    assert_string_equal(got, "h | -");
}

static void a_long_name_may_be_shortened(void **state)
{
    char got[200];

    (void)state;
    run(WORDS(W("--cou=1"), W("--js")), false, got, sizeof got);
    assert_string_equal(got, "c=1 256 |");
}

// What a command line prints on stderr; the results go to out.
static void run_stderr(char *const *words, char *out, size_t size, char *err, size_t err_size)
{
    FILE *f = tmpfile();
    int saved = dup(STDERR_FILENO);
    size_t n;

    assert_non_null(f);
    fflush(stderr);
    dup2(fileno(f), STDERR_FILENO);
    run(words, false, out, size);
    fflush(stderr);
    dup2(saved, STDERR_FILENO);
    close(saved);
    rewind(f);
    n = fread(err, 1, err_size - 1, f);
    err[n] = '\0';
    fclose(f);
}

static void check_complaint(char *const *words, const char *result, const char *message)
{
    char got[200], err[300];

    run_stderr(words, got, sizeof got, err, sizeof err);
    assert_string_equal(err, message);
    assert_string_equal(got, result);
}

static void unknown_options_are_named(void **state)
{
    (void)state;
    check_complaint(WORDS(W("-Y")), "? |", "tool: unknown option '-Y'; try 'tool --help'\n");
    check_complaint(WORDS(W("--json"), W("-hY4")), "256 h ? 4 |",
                    "tool: unknown option '-Y'; try 'tool --help'\n");
    check_complaint(WORDS(W("a"), W("--bogus=3"), W("b")), "? | a b",
                    "tool: unknown option '--bogus'; try 'tool --help'\n");
    check_complaint(WORDS(W("-\xc3")), "? |", "tool: unknown option '-\\xc3'; try 'tool --help'\n");
}

static void ambiguous_long_names_are_told(void **state)
{
    (void)state;
    check_complaint(WORDS(W("--h")), "? |", "tool: ambiguous option '--h'; try 'tool --help'\n");
}

static void missing_arguments_are_named(void **state)
{
    (void)state;
    check_complaint(WORDS(W("-c")), "? |", "tool: option '-c' needs a value (N); try 'tool --help'\n");
    check_complaint(WORDS(W("-hc")), "h ? |", "tool: option '-c' needs a value (N); try 'tool --help'\n");
    check_complaint(WORDS(W("a"), W("--count")), "? | a",
                    "tool: option '--count' needs a value (N); try 'tool --help'\n");
}

static void a_value_nobody_asked_for_is_told(void **state)
{
    (void)state;
    check_complaint(WORDS(W("--help=me")), "? |",
                    "tool: option '--help' takes no value; try 'tool --help'\n");
    check_complaint(WORDS(W("--json=1")), "? |", "tool: option '--json' takes no value; try 'tool --help'\n");
}

static char *help_text(void)
{
    char *text;
    size_t size;
    FILE *f = open_memstream(&text, &size);

    ps_opt_help(&prog, f);
    fclose(f);
    return text;
}

static void the_help_is_grouped_wrapped_and_complete(void **state)
{
    char *text = help_text();

    (void)state;
    assert_string_equal(text,
                        "Usage: tool [options] host\n"
                        "Measures what is to be measured, and says so at such a length that the\n"
                        "paragraph has to be broken.\n"
                        "\n"
                        "Test:\n"
                        "  -c, --count=N   packets to send; this text is long enough that it has to be\n"
                        "                  wrapped, and then some\n"
                        "  -v[N]           a line for each packet\n"
                        "\n"
                        "Output:\n"
                        "      --json      JSON on stdout\n"
                        "      --join-the-very-long-names=FILE\n"
                        "                  long label\n"
                        "  -4              IPv4 only\n"
                        "  -h, --help      this help\n"
                        "\n"
                        "Examples:\n"
                        "  tool   -c 3 host\n"
                        "\n"
                        "See also tool(8).\n");
    free(text);
}

static void a_word_wider_than_the_line_stands_alone(void **state)
{
    char help[200], *text;
    struct ps_opt one[] = {{'a', NULL, "FILE", help, NULL}, {0, NULL, NULL, NULL, NULL}};
    struct ps_opt_prog p = {"p", "", NULL, NULL, one};
    size_t size;
    FILE *f = open_memstream(&text, &size);

    (void)state;
    memset(help, 'w', sizeof help);
    help[2] = ' ';
    help[150] = ' ';
    help[152] = '\0';
    ps_opt_help(&p, f);
    fclose(f);
    assert_non_null(strstr(text, "\nOptions:\n  -a FILE   ww\n            wwwww"));
    assert_non_null(strstr(text, "w\n            w\n"));
    free(text);
}

static void the_version_names_suite_and_licence(void **state)
{
    char text[200] = "";
    FILE *f = fmemopen(text, sizeof text, "w");

    (void)state;
    ps_opt_version(&prog, f);
    fclose(f);
    assert_memory_equal(text, "tool (psuite) ", 14);
    assert_non_null(strstr(text, "Apache License"));
}

static int note(void *ctx, int letter, const char *value)
{
    char *seen = ctx;

    snprintf(seen + strlen(seen), 20, "%c=%s ", letter, value ? value : "");
    return value && strcmp(value, "bad") == 0;
}

static void expect_read(char *const *words, enum ps_opt_next next, const char *want)
{
    char *argv[16] = {0}, seen[200] = "";
    int argc = 0;

    for (; words[argc]; argc++)
        argv[argc] = words[argc];
    assert_int_equal(ps_opt_read(&prog, argc, argv, note, seen), next);
    assert_string_equal(seen, want);
}

static void a_command_line_of_options_alone_is_read_whole(void **state)
{
    (void)state;
    expect_read(WORDS(W("-c"), W("3"), W("-4")), PS_OPT_RUN, "c=3 4= ");
    expect_read(WORDS(W("-4"), W("host")), PS_OPT_USAGE, "4= ");
    expect_read(WORDS(W("-c"), W("bad"), W("-4")), PS_OPT_USAGE, "c=bad ");
    expect_read(WORDS(W("--nosuch"), W("-4")), PS_OPT_USAGE, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_have_letters_and_long_names),
        cmocka_unit_test(optional_arguments_are_attached),
        cmocka_unit_test(options_may_follow_operands_unless_posix),
        cmocka_unit_test(two_dashes_end_the_options),
        cmocka_unit_test(a_long_name_may_be_shortened),
        cmocka_unit_test(unknown_options_are_named),
        cmocka_unit_test(ambiguous_long_names_are_told),
        cmocka_unit_test(missing_arguments_are_named),
        cmocka_unit_test(a_value_nobody_asked_for_is_told),
        cmocka_unit_test(the_help_is_grouped_wrapped_and_complete),
        cmocka_unit_test(a_word_wider_than_the_line_stands_alone),
        cmocka_unit_test(the_version_names_suite_and_licence),
        cmocka_unit_test(a_command_line_of_options_alone_is_read_whole),
    };
    // It would stop the options at the first operand.
    unsetenv("POSIXLY_CORRECT");
    return cmocka_run_group_tests_name("ps_opt", tests, NULL, NULL);
}
