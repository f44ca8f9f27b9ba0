// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "base/ps_err.h"
#include "loop/ps_ctl.h"
#include "loop/ps_stream.h"
#include "lsregister/survey.h"

struct fix {
    struct ps_loop *loop;
    struct ps_listener *listener;
    struct survey *survey;
    struct plan plan;
    struct record names;
    uint16_t port;
    bool was, there;
    size_t notes;
    char asked[500], locator[100];
    const char *id; // of the service; NULL: gridftp's
};

static int one_address(struct discovered *out)
{
    struct discover_interface *i = discover_interface(out, "lo");
    return i ? ps_addr_parse("127.0.0.1", 0, &i->addrs[i->naddrs++]) : -ENOMEM;
}

static void accepted(void *ctx, struct ps_stream *s)
{
    (void)ctx;
    ps_stream_close(s, 0);
}

static void surveyed(void *ctx, const struct survey_result *r)
{
    struct fix *f = ctx;
    assert_int_equal(r->err, 0);
    assert_non_null(wishes_find(r->wishes, "host/0"));
    const struct wish *w = wishes_find(r->wishes, f->id ? f->id : "service/0/gridftp/0");
    const char *locator = w ? record_get(&w->record, "service-locator") : NULL;
    f->there = w != NULL;
    f->notes = r->notes->n;
    snprintf(f->asked, sizeof f->asked, "%s", r->asked->n ? r->asked->at[0] : "");
    snprintf(f->locator, sizeof f->locator, "%s", locator ? locator : "");
    ps_loop_stop(f->loop);
}

static bool was_there(void *ctx, const char *id)
{
    const struct fix *f = ctx;
    assert_string_equal(id, f->id ? f->id : "service/0/gridftp/0");
    return f->was;
}

static bool look(struct fix *f)
{
    assert_int_equal(survey_start(f->survey, &f->plan, was_there), 0);
    assert_int_equal(survey_start(f->survey, &f->plan, was_there), -EBUSY);
    ps_loop_run(f->loop);
    return f->there;
}

static void listen_again(struct fix *f)
{
    struct ps_addr at;
    ps_addr_parse("127.0.0.1", f->port, &at);
    assert_int_equal(ps_listen(f->loop, &at, NULL, 8, accepted, f, &f->listener), 0);
    f->port = ps_addr_port(ps_listener_addr(f->listener));
}

static void hang_up(struct fix *f)
{
    ps_listener_close(f->listener);
    f->listener = NULL;
}

static void begin(struct fix *f, bool patient)
{
    struct ps_fault fault = {""};
    char config[300];
    *f = (struct fix){0};
    assert_int_equal(ps_loop_new(&f->loop), 0);
    listen_again(f);
    snprintf(config, sizeof config,
             "{\"private-addresses\":true,\"services\":[{\"type\":\"gridftp\",\"port\":%u}]}",
             (unsigned)f->port);
    assert_int_equal(plan_init(&f->plan), 0);
    assert_int_equal(plan_read_any(&f->plan, "f", config, strlen(config), &fault), 0);
    struct survey_conf conf = {f->loop, NULL, "/nowhere", one_address, &f->names, patient};
    assert_int_equal(survey_new(&conf, surveyed, f, &f->survey), 0);
}

static void end(struct fix *f)
{
    survey_free(f->survey);
    hang_up(f);
    ps_loop_free(f->loop);
    plan_fini(&f->plan);
    record_fini(&f->names);
}

static void a_service_that_answers_is_there(void **state)
{
    struct fix f;
    (void)state;
    begin(&f, true);
    assert_true(look(&f));
    assert_int_equal(f.notes, 0);
    assert_string_equal(f.asked, "service/0/gridftp/0: answers, asked by TCP");
    end(&f);
}

static void a_service_that_restarts_is_not_gone(void **state)
{
    struct fix f;
    (void)state;
    begin(&f, true);
    assert_true(look(&f));
    hang_up(&f);
    for (int i = 0; i < SURVEY_GRACE; i++)
        assert_true(look(&f));
    listen_again(&f);
    assert_true(look(&f));
    hang_up(&f);
    for (int i = 0; i < SURVEY_GRACE; i++)
        assert_true(look(&f));
    assert_false(look(&f));
    assert_int_equal(f.notes, 1);
    end(&f);
}

static void what_was_registered_before_is_waited_for_after_a_start(void **state)
{
    struct fix f;
    (void)state;
    begin(&f, true);
    f.was = true;
    hang_up(&f);
    for (int i = 0; i < SURVEY_GRACE; i++)
        assert_true(look(&f));
    assert_false(look(&f));
    end(&f);
}

static void what_was_never_there_is_not_waited_for(void **state)
{
    struct fix f;
    (void)state;
    begin(&f, true);
    hang_up(&f);
    assert_false(look(&f));
    assert_int_equal(f.notes, 1);
    end(&f);
}

static void without_patience_what_does_not_answer_is_gone(void **state)
{
    struct fix f;
    (void)state;
    begin(&f, false);
    assert_true(look(&f));
    hang_up(&f);
    assert_false(look(&f));
    end(&f);
}

static void says(void *ctx, struct ps_ctl_request req, const char *line, size_t len)
{
    const bool *well = ctx;
    const char *reply = *well ? "{\"ok\":true,\"listen\":[\"127.0.0.1:8861\"]}" : "{\"ok\":false}";
    (void)line;
    (void)len;
    ps_ctl_reply(req, reply, strlen(reply));
}

static void what_a_daemon_said_holds_for_as_long_as_it_is_waited_for(void **state)
{
    char dir[] = "/tmp/test_survey.XXXXXX", path[100];
    struct ps_fault fault;
    struct ps_ctl *ctl;
    struct fix f;
    bool well = true;
    (void)state;
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/sock", dir);
    begin(&f, true);
    f.id = "service/0/owamp/0";
    struct plan_service *s = &f.plan.hosts[0].services[0];
    s->kind = PLAN_OWAMP;
    s->port = 0;
    s->socket = strdup(path);
    assert_int_equal(ps_ctl_listen(f.loop, path, 0600, says, &well, &ctl, &fault), 0);
    assert_true(look(&f));
    assert_string_equal(f.locator, "tcp://127.0.0.1:8861");
    assert_non_null(strstr(f.asked, "service/0/owamp/0: answers, asked at /tmp/"));
    well = false;
    for (int i = 0; i < SURVEY_GRACE; i++) {
        assert_true(look(&f));
        assert_string_equal(f.locator, "tcp://127.0.0.1:8861");
        assert_string_equal(f.asked, "");
    }
    assert_false(look(&f));
    assert_int_equal(f.notes, 1);
    s->optional = true;
    assert_false(look(&f));
    assert_int_equal(f.notes, 0);
    assert_non_null(strstr(f.asked, "it says that it is not well: "));
    ps_ctl_close(ctl);
    rmdir(dir);
    end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_service_that_answers_is_there),
        cmocka_unit_test(a_service_that_restarts_is_not_gone),
        cmocka_unit_test(what_was_registered_before_is_waited_for_after_a_start),
        cmocka_unit_test(what_was_never_there_is_not_waited_for),
        cmocka_unit_test(what_a_daemon_said_holds_for_as_long_as_it_is_waited_for),
        cmocka_unit_test(without_patience_what_does_not_answer_is_gone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
