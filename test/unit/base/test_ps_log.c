// SPDX-License-Identifier: Apache-2.0
#include "base_test.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/ps_err.h"
#include "base/ps_log.h"

// A log into memory.
struct capture {
    struct ps_log log;
    char *text;
    size_t size;
};

static void capture_init(struct capture *c)
{
    ps_log_init(&c->log, "prog");
    c->log.file = open_memstream(&c->text, &c->size);
    assert_non_null(c->log.file);
}

static void capture_fini(struct capture *c)
{
    fclose(c->log.file);
    free(c->text);
}

static void a_line_is_prog_component_text(void **state)
{
    struct capture c;

    (void)state;
    capture_init(&c);
    ps_log(&c.log, PS_LOG_WARN, "spool", "%s: %d", "disk full", 7);
    ps_log(&c.log, PS_LOG_FATAL, NULL, "gone");
    assert_string_equal(c.text, "prog: spool: disk full: 7\nprog: gone\n");
    capture_fini(&c);
}

static void a_new_log_is_quiet_below_warn(void **state)
{
    struct capture c;

    (void)state;
    capture_init(&c);
    ps_log(&c.log, PS_LOG_INFO, NULL, "x");
    ps_log(&c.log, PS_LOG_NONE, NULL, "x");
    fflush(c.log.file);
    assert_int_equal(c.size, 0);
    c.log.level = PS_LOG_INFO;
    ps_log(&c.log, PS_LOG_INFO, NULL, "x");
    ps_log(&c.log, PS_LOG_DEBUG, NULL, "x");
    assert_string_equal(c.text, "prog: x\n");
    capture_fini(&c);
}

static void level_none_silences_everything(void **state)
{
    struct capture c;

    (void)state;
    capture_init(&c);
    c.log.level = PS_LOG_NONE;
    ps_log(&c.log, PS_LOG_FATAL, NULL, "x");
    fflush(c.log.file);
    assert_int_equal(c.size, 0);
    capture_fini(&c);
}

static void repetitions_are_counted_and_told_once(void **state)
{
    struct capture c;

    (void)state;
    capture_init(&c);
    for (int i = 0; i < 4; i++)
        ps_log(&c.log, PS_LOG_WARN, "a", "same");
    ps_log(&c.log, PS_LOG_WARN, "a", "other");
    ps_log(&c.log, PS_LOG_WARN, "a", "other");
    ps_log_flush(&c.log);
    ps_log_flush(&c.log);
    assert_string_equal(c.text, "prog: a: same\nprog: last line repeated 3 times\n"
                                "prog: a: other\nprog: last line repeated 1 time\n");
    capture_fini(&c);
}

static void counting_goes_on_after_a_flush(void **state)
{
    struct capture c;

    (void)state;
    capture_init(&c);
    ps_log(&c.log, PS_LOG_WARN, NULL, "x");
    ps_log(&c.log, PS_LOG_WARN, NULL, "x");
    ps_log_flush(&c.log);
    ps_log(&c.log, PS_LOG_WARN, NULL, "x");
    ps_log_flush(&c.log);
    assert_string_equal(c.text,
                        "prog: x\nprog: last line repeated 1 time\nprog: last line repeated 1 time\n");
    capture_fini(&c);
}

static void another_component_is_another_line(void **state)
{
    struct capture c;

    (void)state;
    capture_init(&c);
    ps_log(&c.log, PS_LOG_WARN, "a", "x");
    ps_log(&c.log, PS_LOG_WARN, "b", "x");
    assert_string_equal(c.text, "prog: a: x\nprog: b: x\n");
    capture_fini(&c);
}

static void a_text_cannot_start_a_line_of_its_own(void **state)
{
    struct capture c;

    (void)state;
    capture_init(&c);
    ps_log(&c.log, PS_LOG_WARN, NULL, "user %s\n", "x\nprog: forged\x1b[2J");
    assert_string_equal(c.text, "prog: user x?prog: forged?[2J\n");
    capture_fini(&c);
}

static void a_long_line_is_cut_and_shows_it(void **state)
{
    char text[2000], component[2000];
    struct capture c;

    (void)state;
    capture_init(&c);
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = '\0';
    memset(component, 'c', sizeof component);
    component[sizeof component - 1] = '\0';
    ps_log(&c.log, PS_LOG_WARN, "a", "%s", text);
    assert_int_equal(c.size, strlen("prog: ") + sizeof c.log.last - 1 + 1);
    assert_string_equal(c.text + c.size - 5, "x...\n");
    ps_log(&c.log, PS_LOG_WARN, component, "%s", text);
    assert_string_equal(c.text + c.size - 5, "c...\n");
    capture_fini(&c);
}

static void errno_survives(void **state)
{
    struct capture c;

    (void)state;
    capture_init(&c);
    errno = ENOENT;
    ps_log(&c.log, PS_LOG_WARN, NULL, "x");
    assert_int_equal(errno, ENOENT);
    capture_fini(&c);
}

static void count_line(void *ctx, enum ps_log_level level, const char *line)
{
    assert_int_equal(level, PS_LOG_FATAL);
    assert_string_equal(line, "c: text");
    ++*(int *)ctx;
}

static void the_hook_gets_the_line_without_prog(void **state)
{
    struct ps_log log;
    int calls = 0;

    (void)state;
    ps_log_init(&log, "prog");
    log.file = NULL;
    log.hook = count_line;
    log.hook_ctx = &calls;
    ps_log(&log, PS_LOG_FATAL, "c", "text");
    assert_int_equal(calls, 1);
}

static void location_puts_file_and_line_in_front(void **state)
{
    char expected[64];
    struct capture c;

    (void)state;
    capture_init(&c);
    c.log.location = true;
    int line = __LINE__ + 1;
    ps_log(&c.log, PS_LOG_WARN, "a", "x");
    snprintf(expected, sizeof expected, "prog: FILE=test_ps_log.c, LINE=%d, a: x\n", line);
    assert_string_equal(c.text, expected);
    capture_fini(&c);
}

static void levels_have_names_in_any_case(void **state)
{
    static const struct {
        const char *name;
        enum ps_log_level level;
    } cases[] = {{"none", PS_LOG_NONE},    {"FATAL", PS_LOG_FATAL}, {"warn", PS_LOG_WARN},
                 {"WARNING", PS_LOG_WARN}, {"Info", PS_LOG_INFO},   {"debug", PS_LOG_DEBUG},
                 {"aLL", PS_LOG_ALL}};
    enum ps_log_level level;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(ps_log_parse_level(cases[i].name, &level), 0);
        assert_int_equal(level, cases[i].level);
    }
    assert_int_equal(ps_log_parse_level("", &level), PS_EUNKNOWN);
    assert_int_equal(ps_log_parse_level("warnings", &level), PS_EUNKNOWN);
}

static void facilities_are_those_of_syslog(void **state)
{
    struct ps_log log;

    (void)state;
    assert_true(ps_log_facility_known("kern"));
    assert_true(ps_log_facility_known("daemon"));
    assert_true(ps_log_facility_known("LOCAL7"));
    assert_false(ps_log_facility_known("local8"));
    assert_false(ps_log_facility_known(""));
    ps_log_init(&log, "prog");
    assert_int_equal(ps_log_open_syslog(&log, "nonsense"), PS_EUNKNOWN);
    assert_false(log.syslog);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_is_prog_component_text),
        cmocka_unit_test(a_new_log_is_quiet_below_warn),
        cmocka_unit_test(level_none_silences_everything),
        cmocka_unit_test(repetitions_are_counted_and_told_once),
        cmocka_unit_test(counting_goes_on_after_a_flush),
        cmocka_unit_test(another_component_is_another_line),
        cmocka_unit_test(a_text_cannot_start_a_line_of_its_own),
        cmocka_unit_test(a_long_line_is_cut_and_shows_it),
        cmocka_unit_test(errno_survives),
        cmocka_unit_test(the_hook_gets_the_line_without_prog),
        cmocka_unit_test(location_puts_file_and_line_in_front),
        cmocka_unit_test(levels_have_names_in_any_case),
        cmocka_unit_test(facilities_are_those_of_syslog),
    };
    return cmocka_run_group_tests_name("ps_log", tests, NULL, NULL);
}
