// SPDX-License-Identifier: Apache-2.0
#include "psched/task.h"
#include "psched_fix.h"

static struct task_detail sample(void)
{
    struct task_detail d = {
        .requester = "2001:db8::7",
        .tool_version = "1.2",
        .hints = strdup("{\"requester\":\"2001:db8::7\"}"),
        .diags = strdup("Limit \"x\" passed\n\ttab"),
        .cli = strdup("[\"rtt\",\"--dest\",\"h\"]"),
        .participants = strdup("[\"a\",null]"),
        .cls = SCH_NORMAL,
        .duration = 11 * PS_SEC,
        .post = -1,
        .priority = INT64_MIN,
        .resource = "eth0",
        .lead = 2 * PS_SEC,
        .childless = true,
    };

    assert_true(d.hints && d.diags && d.cli && d.participants);
    return d;
}

static char *written(const struct task_detail *d)
{
    char *text = task_detail_write(d);

    assert_non_null(text);
    return text;
}

static void what_is_written_is_read_back(void **state)
{
    struct fix *f = *state;
    struct task_detail d = sample(), got;
    char *text = written(&d);

    assert_int_equal(task_detail_read(&got, text, &f->fault), 0);
    assert_string_equal(got.requester, d.requester);
    assert_string_equal(got.tool_version, d.tool_version);
    assert_string_equal(got.hints, d.hints);
    assert_string_equal(got.diags, d.diags);
    assert_string_equal(got.cli, d.cli);
    assert_string_equal(got.participants, d.participants);
    assert_int_equal(got.cls, d.cls);
    assert_true(got.duration == d.duration);
    assert_true(got.post == -1);
    assert_true(got.priority == INT64_MIN);
    assert_string_equal(got.resource, "eth0");
    assert_true(got.lead == d.lead);
    assert_true(got.childless);
    free(text);
    task_detail_fini(&d);
    task_detail_fini(&got);
    task_detail_fini(&got); // all zeros
}

static void each_class_is_kept(void **state)
{
    struct fix *f = *state;

    for (int cls = SCH_EXCLUSIVE; cls <= SCH_BACKGROUND_MULTI; cls++) {
        struct task_detail d = sample(), got;
        char *text;

        d.cls = (enum sch_class)cls;
        text = written(&d);
        assert_int_equal(task_detail_read(&got, text, &f->fault), 0);
        assert_int_equal(got.cls, cls);
        free(text);
        task_detail_fini(&d);
        task_detail_fini(&got);
    }
}

// The sample with one text in place of another.
static char *spoilt(const char *what, const char *by)
{
    struct task_detail d = sample();
    char *text = written(&d), *at = strstr(text, what), *out = NULL;

    if (!at)
        fail_msg("'%s' is not in %s", what, text);
    assert_true(asprintf(&out, "%.*s%s%s", (int)(at - text), text, by, at + strlen(what)) > 0);
    free(text);
    task_detail_fini(&d);
    return out;
}

static void what_is_damaged_is_refused_and_named(void **state)
{
    static const struct {
        const char *what, *by, *words;
    } cases[] = {
        {"\"requester\"", "\"x\"", "requester"},
        {"\"duration\":11000000000", "\"duration\":5", "duration"},
        {"\"duration\":11000000000", "\"duration\":\"PT11S\"", "duration"},
        {"\"lead\":2", "\"lead\":-2", "lead"},
        {"\"post\":-1", "\"post\":-2", "post"},
        {"\"childless\":true", "\"childless\":1", "childless"},
        {"[\"a\",null]", "\"a\"", "participants"},
        {"\"eth0\"", "\"a-name-of-an-interface-that-is-longer-than-anything-that-a-name-may-be-here-is\"",
         "resource"},
    };
    struct fix *f = *state;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct task_detail got;
        char *text = spoilt(cases[i].what, cases[i].by);

        f->fault.text[0] = '\0';
        if (task_detail_read(&got, text, &f->fault) == 0)
            fail_msg("this is taken: %s", text);
        fix_has(f->fault.text, cases[i].words);
        assert_null(got.hints);
        free(text);
    }
}

static void a_class_that_there_is_not_is_refused(void **state)
{
    struct fix *f = *state;
    struct task_detail got;
    char was[64], *text;

    snprintf(was, sizeof was, "\"class\":\"%s\"", sch_class_word(SCH_NORMAL));
    text = spoilt(was, "\"class\":\"first\"");
    assert_int_equal(task_detail_read(&got, text, &f->fault), PS_EUNKNOWN);
    fix_has(f->fault.text, "is no class");
    free(text);
    assert_true(task_detail_read(&got, "{", &f->fault) < 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_written_is_read_back),
        TEST(each_class_is_kept),
        TEST(what_is_damaged_is_refused_and_named),
        TEST(a_class_that_there_is_not_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
