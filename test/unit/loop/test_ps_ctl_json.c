// SPDX-License-Identifier: Apache-2.0
#include "loop/ps_ctl_json.h"
#include "ctl_fix.h"

static int say_it(void *ctx, struct ps_jget *args, struct ps_json *answer, struct ps_fault *fault)
{
    struct fix *f = ctx;
    const char *what = ps_jneed_str(args, "what", 1, 20);

    (void)fault;
    if (ps_jget_end(args))
        return args->err;
    f->n++;
    ps_json_put_str(answer, "said", what);
    return 0;
}

static int break_off(void *ctx, struct ps_jget *args, struct ps_json *answer, struct ps_fault *fault)
{
    (void)ctx, (void)args, (void)fault;
    ps_json_put_str(answer, "half", "written");
    return -ENOSPC;
}

static int explain(void *ctx, struct ps_jget *args, struct ps_json *answer, struct ps_fault *fault)
{
    (void)ctx, (void)args, (void)answer;
    ps_fault_set(fault, NULL, 0, "not \"today\"");
    return PS_ESTATE;
}

static int introduce(void *ctx, struct ps_jget *args, struct ps_json *answer, struct ps_fault *fault)
{
    (void)ctx, (void)args, (void)fault;
    ps_ctl_put_program(answer, "daemon");
    return 0;
}

static int nothing(void *ctx, struct ps_jget *args, struct ps_json *answer, struct ps_fault *fault)
{
    (void)ctx, (void)args, (void)answer, (void)fault;
    return 0;
}

static void obey(void *ctx, struct ps_ctl_request req, const char *line, size_t len)
{
    static const struct ps_ctl_verb verbs[] = {{"say", say_it, true},
                                               {"fail", break_off, false},
                                               {"explain", explain, false},
                                               {"rest", nothing, false},
                                               {"who", introduce, false}};

    ps_ctl_obey(verbs, 5, ctx, req, line, len);
}

static int setup_obey(void **state)
{
    struct fix *f;

    setup(state);
    f = *state;
    fix_close(f);
    assert_int_equal(ps_ctl_listen(f->loop, f->path, PS_CTL_MODE, obey, f, &f->ctl, &f->fault), 0);
    return 0;
}

static void check_answer(struct fix *f, const char *request, const char *answer)
{
    int fd = client(f);

    say(fd, request);
    say(fd, "\n");
    check_heard(f, fd, answer);
    check_heard(f, fd, "\n");
    close(fd);
}

static void an_answer_says_ok_and_what_the_verb_says(void **state)
{
    struct fix *f = *state;
    char who[200];

    check_answer(f, "{\"verb\":\"say\",\"what\":\"a\\\"b\"}", "{\"ok\":true,\"said\":\"a\\\"b\"}");
    check_answer(f, "{\"verb\":\"rest\"}", "{\"ok\":true}");
    snprintf(who, sizeof who, "{\"ok\":true,\"program\":\"daemon\",\"version\":\"%s\",\"pid\":%ld}",
             PACKAGE_VERSION, (long)getpid());
    check_answer(f, "{\"verb\":\"who\"}", who);
    assert_int_equal(f->n, 1);
}

static void a_failure_is_told_in_its_words_or_the_errors_own(void **state)
{
    struct fix *f = *state;

    check_answer(f, "{\"verb\":\"fail\"}", "{\"ok\":false,\"error\":\"No space left on device\"}");
    check_answer(f, "{\"verb\":\"explain\"}", "{\"ok\":false,\"error\":\"not \\\"today\\\"\"}");
}

static void what_is_no_request_is_refused_and_nothing_is_done(void **state)
{
    static const struct {
        const char *request, *why;
    } cases[] = {
        {"[]", "the document: wants an object; got an array"},
        {"{}", "verb: is missing"},
        {"{\"verb\":\"sing\"}", "verb: wants one of \\\"say\\\", \\\"fail\\\", \\\"explain\\\", "
                                "\\\"rest\\\", \\\"who\\\"; got \\\"sing\\\""},
        {"{\"verb\":\"say\"}", "what: is missing"},
        {"{\"verb\":\"say\",\"what\":\"a\",\"loud\":1}", "loud: is not known here"},
        {"{\"verb\":\"rest\",\"what\":\"a\"}", "what: is not known here"},
    };
    struct fix *f = *state;
    char answer[256];
    int fd = client(f);

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        snprintf(answer, sizeof answer, "{\"ok\":false,\"error\":\"%s\"}", cases[i].why);
        check_answer(f, cases[i].request, answer);
    }
    say(fd, "say\n");
    check_heard(f, fd, "{\"ok\":false,\"error\":\"");
    close(fd);
    assert_int_equal(f->n, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_answer_says_ok_and_what_the_verb_says, setup_obey, teardown),
        cmocka_unit_test_setup_teardown(a_failure_is_told_in_its_words_or_the_errors_own, setup_obey,
                                        teardown),
        cmocka_unit_test_setup_teardown(what_is_no_request_is_refused_and_nothing_is_done, setup_obey,
                                        teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
