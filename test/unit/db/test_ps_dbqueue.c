// SPDX-License-Identifier: Apache-2.0
#include "db_fix.h"
#include <poll.h>
#include "db/ps_dbqueue.h"

struct job {
    struct ps_dbjob job;
    int n;       // what it inserts
    int outcome; // what it returns in place of 0
    int *order;  // of those told
    int *told;
};

static int write_job(struct ps_dbjob *job, void *ctx)
{
    struct job *j = PS_CONTAINER(job, struct job, job);
    char sql[64];
    int err;

    if (j->outcome == PS_ENOTFOUND || j->outcome == PS_EDUPLICATE)
        return j->outcome;
    snprintf(sql, sizeof sql, "INSERT INTO t (n) VALUES (%d)", j->n);
    err = ps_db_run(ctx, sql);
    return err ? err : j->outcome;
}

static void done_job(struct ps_dbjob *job)
{
    struct job *j = PS_CONTAINER(job, struct job, job);

    j->order[(*j->told)++] = j->n;
}

static struct ps_dbqueue *start(struct fix *f)
{
    struct ps_dbqueue *q;

    assert_int_equal(ps_db_run(f->db, "CREATE TABLE t (n INTEGER PRIMARY KEY)"), 0);
    assert_int_equal(ps_dbqueue_new(&q, f->db, f->db, 1000, &f->fault), 0);
    return q;
}

static void wait_for(struct ps_dbqueue *q, const int *told, int n)
{
    struct pollfd p = {.fd = ps_dbqueue_fd(q), .events = POLLIN};

    while (*told < n) {
        assert_int_equal(poll(&p, 1, -1), 1);
        (void)ps_dbqueue_reap(q);
    }
}

static int64_t rows(struct fix *f, const char *where)
{
    char sql[100];
    int64_t n;

    snprintf(sql, sizeof sql, "SELECT count(*) FROM t WHERE %s", where);
    assert_int_equal(ps_db_number(f->db, sql, &n), 0);
    return n;
}

static void jobs_are_written_and_told_in_their_order(void **state)
{
    struct fix *f = *state;
    struct ps_dbqueue *q = start(f);
    struct job jobs[50];
    int order[50], told = 0;
    struct ps_dbqueue_state st;

    for (int i = 0; i < 50; i++) {
        jobs[i] = (struct job){.job = {.write = write_job, .done = done_job, .octets = 10},
                               .n = i,
                               .order = order,
                               .told = &told};
        assert_int_equal(ps_dbqueue_put(q, &jobs[i].job), 0);
    }
    wait_for(q, &told, 50);
    for (int i = 0; i < 50; i++)
        assert_int_equal(order[i], i);
    ps_dbqueue_look(q, &st);
    assert_int_equal(st.jobs, 50);
    assert_int_equal(st.waiting, 0);
    assert_in_range(st.transactions, 1, 50);
    ps_dbqueue_free(q);
    assert_int_equal(rows(f, "1"), 50);
}

static void who_fails_fails_alone(void **state)
{
    struct fix *f = *state;
    struct ps_dbqueue *q = start(f);
    static const int outcomes[] = {0, PS_ENOTFOUND, PS_ESTATE, 0, PS_EDUPLICATE, PS_EMALFORMED, 0};
    struct job jobs[7];
    int order[7], told = 0;
    struct ps_dbqueue_state st;

    for (int i = 0; i < 7; i++) {
        jobs[i] = (struct job){.job = {.write = write_job, .done = done_job},
                               .n = i,
                               .outcome = outcomes[i],
                               .order = order,
                               .told = &told};
        assert_int_equal(ps_dbqueue_put(q, &jobs[i].job), 0);
    }
    wait_for(q, &told, 7);
    for (int i = 0; i < 7; i++)
        assert_int_equal(jobs[i].job.err, outcomes[i]);
    ps_dbqueue_look(q, &st);
    assert_int_equal(st.jobs, 3);
    assert_int_equal(st.refused, 2);
    assert_int_equal(st.failed, 2);
    ps_dbqueue_free(q);
    assert_int_equal(rows(f, "1"), 3);
    assert_int_equal(rows(f, "n IN (0, 3, 6)"), 3);
}

static void what_waits_has_a_bound(void **state)
{
    struct fix *f = *state;
    struct ps_dbqueue *q = start(f);
    struct job jobs[3];
    int order[3], told = 0;

    for (int i = 0; i < 3; i++)
        jobs[i] = (struct job){.job = {.write = write_job, .done = done_job, .octets = 600},
                               .n = i,
                               .order = order,
                               .told = &told};
    assert_int_equal(ps_dbqueue_put(q, &jobs[0].job), 0);
    assert_int_equal(ps_dbqueue_put(q, &jobs[1].job), PS_ELIMIT); // until it is told, it counts
    wait_for(q, &told, 1);
    assert_int_equal(ps_dbqueue_put(q, &jobs[1].job), 0);
    wait_for(q, &told, 2);
    jobs[2].job.octets = 5000; // alone, one may be larger
    assert_int_equal(ps_dbqueue_put(q, &jobs[2].job), 0);
    wait_for(q, &told, 3);
    ps_dbqueue_free(q);
}

static void the_end_writes_and_tells_what_waits(void **state)
{
    struct fix *f = *state;
    struct ps_dbqueue *q = start(f);
    struct job jobs[20];
    int order[20], told = 0;

    for (int i = 0; i < 20; i++) {
        jobs[i] = (struct job){
            .job = {.write = write_job, .done = done_job}, .n = i, .order = order, .told = &told};
        assert_int_equal(ps_dbqueue_put(q, &jobs[i].job), 0);
    }
    ps_dbqueue_free(q);
    assert_int_equal(told, 20);
    assert_int_equal(rows(f, "1"), 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(jobs_are_written_and_told_in_their_order, fix_setup, fix_teardown),
        cmocka_unit_test_setup_teardown(who_fails_fails_alone, fix_setup, fix_teardown),
        cmocka_unit_test_setup_teardown(what_waits_has_a_bound, fix_setup, fix_teardown),
        cmocka_unit_test_setup_teardown(the_end_writes_and_tells_what_waits, fix_setup, fix_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
