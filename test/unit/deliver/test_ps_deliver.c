// SPDX-License-Identifier: Apache-2.0
// Jobs, whatever their kind: outcomes, bounds, ends.
#include "deliver_fix.h"

// Attempts made before this try, and what the policy of scheduler.md 4.2 makes of its failure.
static void the_policy_says_when_to_try_again(void **state)
{
    static const struct {
        uint64_t attempts;
        ps_ns wait; // -1: given up
    } cases[] = {{0, 1 * PS_SEC},   {1, 60 * PS_SEC}, {2, 60 * PS_SEC}, {3, 60 * PS_SEC},
                 {4, 600 * PS_SEC}, {5, -1},          {6, -1},          {UINT64_MAX, -1}};
    struct fix *f = *state;
    struct ps_deliver_job job = fix_job(f, "http",
                                        "{'_url':'http://$/in','retry-policy':[{'attempts':1,'wait':'PT1S'},"
                                        "{'attempts':3,'wait':'PT1M'},{'attempts':1,'wait':'PT10M'}]}",
                                        "1");
    struct outcome r;

    f->status = 500;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        job.attempts = cases[i].attempts;
        fix_run(f, &job, &r);
        assert_int_equal(r.end, cases[i].wait < 0 ? PS_DELIVER_GIVE_UP : PS_DELIVER_AGAIN);
        assert_int_equal(r.wait, cases[i].wait < 0 ? 0 : cases[i].wait);
    }
}

static void a_time_to_live_ends_the_policy(void **state)
{
    struct fix *f = *state;
    struct ps_deliver_job job =
        fix_job(f, "http", "{'_url':'http://$/in','retry-policy':[{'attempts':9,'wait':'PT10S'}]}", "1");
    struct outcome r;

    f->status = 500;
    job.ttl = 100 * PS_SEC;
    job.elapsed = 90 * PS_SEC;
    fix_run(f, &job, &r);
    assert_int_equal(r.end, PS_DELIVER_AGAIN);
    job.elapsed++;
    fix_run(f, &job, &r);
    assert_int_equal(r.end, PS_DELIVER_GIVE_UP);
}

static void without_a_policy_a_failure_is_the_end(void **state)
{
    struct fix *f = *state;
    struct ps_deliver_job job = fix_job(f, "http", "{'_url':'http://$/in'}", "1");
    struct outcome r;

    f->status = 500;
    fix_run(f, &job, &r);
    assert_int_equal(r.end, PS_DELIVER_GIVE_UP);
    assert_non_null(strstr(r.text, "answers 500"));
}

static void bad_data_send_nothing(void **state)
{
    struct fix *f = *state;
    struct ps_deliver_job job = fix_job(f, "http", "{'_url':'http://$/in','extra':1}", "1");
    struct outcome r = {0};

    assert_int_equal(ps_deliver_send(f->deliver, &job, fix_ended, &r, NULL, &f->fault), PS_EUNKNOWN);
    assert_non_null(strstr(f->fault.text, "extra: is not known here"));
    assert_int_equal(ps_deliver_calls(f->deliver), 0);
    assert_int_equal(r.calls, 0);
}

static void many_are_on_their_way_at_a_time(void **state)
{
    struct fix *f = *state;
    struct ps_deliver_job job = fix_job(f, "http", "{'_url':'http://$/in'}", "1");
    struct outcome r = {0};

    f->hold = true;
    for (int i = 0; i < 8; i++)
        fix_start(f, &job, &r);
    assert_int_equal(ps_deliver_calls(f->deliver), 8);
    POLL_UNTIL(f, f->nheld == 8);
    while (f->nheld > 0)
        ps_http_reply(f->held[--f->nheld], 200, NULL, "", 0);
    POLL_UNTIL(f, r.calls == 8);
    assert_int_equal(ps_deliver_calls(f->deliver), 0);
}

static void what_is_on_its_way_is_bounded(void **state)
{
    const struct ps_deliver_conf conf = {.calls_max = 2, .octets_max = 100};
    struct fix *f = *state;
    struct ps_deliver_job job = fix_job(f, "http", "{'_url':'http://$/in'}", "1");
    struct outcome r = {0};

    f->hold = true;
    ps_deliver_free(f->deliver);
    assert_int_equal(ps_deliver_new(f->loop, &conf, &f->deliver), 0);
    fix_start(f, &job, &r);
    job.len = 100;
    job.doc = "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123"
              "456789";
    assert_int_equal(ps_deliver_send(f->deliver, &job, fix_ended, &r, NULL, &f->fault), PS_ELIMIT);
    assert_non_null(strstr(f->fault.text, "100 are allowed"));
    job.len = 99;
    fix_start(f, &job, &r);
    job.len = 0;
    assert_int_equal(ps_deliver_send(f->deliver, &job, fix_ended, &r, NULL, &f->fault), PS_ELIMIT);
    assert_non_null(strstr(f->fault.text, "2 documents are on their way already"));
    POLL_UNTIL(f, f->nheld == 2);
    while (f->nheld > 0)
        ps_http_reply(f->held[--f->nheld], 200, NULL, "", 0);
    POLL_UNTIL(f, r.calls == 2);
    f->hold = false;
    fix_run(f, &job, &r); // there is room again
}

static void a_cancelled_job_is_not_told(void **state)
{
    struct fix *f = *state;
    struct ps_deliver_job job = fix_job(f, "http", "{'_url':'http://$/in'}", "1");
    struct ps_deliver_call *call;
    struct outcome r = {0}, other = {0};

    f->hold = true;
    assert_int_equal(ps_deliver_send(f->deliver, &job, fix_ended, &r, &call, &f->fault), 0);
    fix_start(f, &job, &other);
    POLL_UNTIL(f, f->nheld == 2);
    ps_deliver_cancel(call);
    ps_deliver_cancel(NULL);
    assert_int_equal(ps_deliver_calls(f->deliver), 1);
    while (f->nheld > 0)
        ps_http_reply(f->held[--f->nheld], 200, NULL, "", 0);
    POLL_UNTIL(f, other.calls == 1);
    assert_int_equal(r.calls, 0);
}

static void all_may_be_freed_from_inside_a_callback(void **state)
{
    static const char *const data[] = {"{'_url':'http://$/in'}", "{'directory':'~/spool'}"};
    static const char *const kind[] = {"http", "spool"};
    const struct ps_deliver_conf conf = {0};
    struct fix *f = *state;

    for (size_t i = 0; i < 2; i++) {
        struct ps_deliver_job job = fix_job(f, kind[i], data[i], "1");
        struct outcome r = {.free_inside = f->deliver}, other = {0};
        fix_start(f, &job, &r);
        fix_start(f, &job, &other);
        POLL_UNTIL(f, r.calls == 1 || other.calls == 1);
        f->deliver = NULL;
        if (!r.calls)
            ps_deliver_free(r.free_inside);
        assert_int_equal(ps_deliver_new(f->loop, &conf, &f->deliver), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_policy_says_when_to_try_again),     TEST(a_time_to_live_ends_the_policy),
        TEST(without_a_policy_a_failure_is_the_end), TEST(bad_data_send_nothing),
        TEST(many_are_on_their_way_at_a_time),       TEST(what_is_on_its_way_is_bounded),
        TEST(a_cancelled_job_is_not_told),           TEST(all_may_be_freed_from_inside_a_callback),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
