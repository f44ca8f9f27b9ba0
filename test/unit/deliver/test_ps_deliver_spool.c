// SPDX-License-Identifier: Apache-2.0
// The archiver "spool".
#include "deliver_fix.h"
#include <sys/stat.h>
#include "spool/ps_spool.h"

#define MANY 200

static struct ps_spool_reader *reader(struct fix *f, const char *name)
{
    struct ps_spool_reader *r;
    char path[128];

    snprintf(path, sizeof path, "%s/%s", f->dir, name);
    if (ps_spool_reader_open(&r, path, &f->fault))
        fail_msg("%s", f->fault.text);
    return r;
}

static void a_document_comes_out_of_the_spool_with_its_identity(void **state)
{
    struct fix *f = *state;
    struct ps_deliver_job job = fix_job(f, "spool", "{'directory':'~/sp'}", "{\"a\":1}");
    const struct ps_spool_record *rec;
    struct ps_spool_reader *sp;
    struct outcome r;

    memset(job.id, 0xa5, sizeof job.id);
    fix_run(f, &job, &r);
    assert_int_equal(r.end, PS_DELIVER_DONE);
    assert_string_equal(r.text, "");
    sp = reader(f, "sp");
    assert_int_equal(ps_spool_next(sp, &rec), 1);
    assert_int_equal(rec->len, 7);
    assert_memory_equal(rec->data, "{\"a\":1}", 7);
    assert_memory_equal(rec->id, job.id, sizeof job.id);
    assert_int_equal(ps_spool_done(sp, rec), 0);
    assert_int_equal(ps_spool_next(sp, &rec), 0);
    ps_spool_reader_close(sp);
}

// The order is that of asking, though they are written in batches.
static void many_documents_keep_their_order(void **state)
{
    struct fix *f = *state;
    struct ps_deliver_job job = fix_job(f, "spool", "{'directory':'~/sp'}", "");
    const struct ps_spool_record *rec;
    struct ps_spool_reader *sp;
    struct outcome r = {0};
    char doc[16];

    for (int i = 0; i < MANY; i++) {
        job.len = (size_t)snprintf(doc, sizeof doc, "%d", i);
        job.doc = doc;
        fix_start(f, &job, &r);
    }
    POLL_UNTIL(f, r.calls == MANY);
    assert_int_equal(r.end, PS_DELIVER_DONE);
    sp = reader(f, "sp");
    for (int i = 0; i < MANY; i++) {
        assert_int_equal(ps_spool_next(sp, &rec), 1);
        assert_int_equal(snprintf(doc, sizeof doc, "%d", i), rec->len);
        assert_memory_equal(rec->data, doc, rec->len);
        assert_int_equal(ps_spool_done(sp, rec), 0);
    }
    ps_spool_reader_close(sp);
}

static void a_spool_that_cannot_be_written_is_told_and_tried_again(void **state)
{
    struct fix *f = *state;
    struct ps_deliver_job job =
        fix_job(f, "spool", "{'directory':'~/no/sp','retry-policy':[{'attempts':2,'wait':'PT9S'}]}", "1");
    struct outcome r;
    char path[128];

    fix_run(f, &job, &r);
    assert_int_equal(r.end, PS_DELIVER_AGAIN);
    assert_int_equal(r.wait, 9 * PS_SEC);
    assert_non_null(strstr(r.text, "/no/sp: "));
    snprintf(path, sizeof path, "%s/no", f->dir);
    assert_int_equal(mkdir(path, 0700), 0);
    job.attempts = 1;
    fix_run(f, &job, &r);
    assert_int_equal(r.end, PS_DELIVER_DONE);
}

// As after a restart of whoever reads: the old one is gone with all its files.
static void a_spool_that_was_replaced_is_found_anew(void **state)
{
    struct fix *f = *state;
    struct ps_deliver_job job = fix_job(f, "spool", "{'directory':'~/sp'}", "1");
    struct outcome r;
    char command[128];

    fix_run(f, &job, &r);
    assert_int_equal(r.end, PS_DELIVER_DONE);
    snprintf(command, sizeof command, "rm -rf '%s/sp'", f->dir);
    assert_int_equal(system(command), 0);
    fix_run(f, &job, &r);
    fix_run(f, &job, &r); // at the latest the one after
    assert_int_equal(r.end, PS_DELIVER_DONE);
}

static void a_document_that_is_too_large_is_refused_at_once(void **state)
{
    struct fix *f = *state;
    struct ps_deliver_job job = fix_job(f, "spool", "{'directory':'~/sp','max-octets':1048576}", "");
    struct outcome r = {0};
    char *doc = calloc(1, 1 << 20);

    assert_non_null(doc);
    job.doc = doc;
    job.len = (1 << 20) - 83;
    assert_int_equal(ps_deliver_send(f->deliver, &job, fix_ended, &r, NULL, &f->fault), PS_EREFUSED);
    assert_non_null(strstr(f->fault.text, "1048492 are taken at most"));
    job.len--;
    fix_run(f, &job, &r);
    assert_int_equal(r.end, PS_DELIVER_DONE);
    free(doc);
}

static void a_job_that_waits_for_a_worker_can_be_cancelled(void **state)
{
    struct fix *f = *state;
    struct ps_deliver_job job = fix_job(f, "spool", "{'directory':'~/sp'}", "1");
    struct ps_deliver_call *second;
    const struct ps_spool_record *rec;
    struct ps_spool_reader *sp;
    struct outcome r = {0}, cancelled = {0};

    fix_start(f, &job, &r); // a worker has it at once: what follows waits
    job.doc = "2";
    assert_int_equal(ps_deliver_send(f->deliver, &job, fix_ended, &cancelled, &second, &f->fault), 0);
    ps_deliver_cancel(second);
    job.doc = "3";
    fix_start(f, &job, &r);
    POLL_UNTIL(f, r.calls == 2);
    assert_int_equal(cancelled.calls, 0);
    sp = reader(f, "sp");
    assert_int_equal(ps_spool_next(sp, &rec), 1);
    assert_memory_equal(rec->data, "1", 1);
    assert_int_equal(ps_spool_done(sp, rec), 0);
    assert_int_equal(ps_spool_next(sp, &rec), 1);
    assert_memory_equal(rec->data, "3", 1);
    assert_int_equal(ps_spool_done(sp, rec), 0);
    ps_spool_reader_close(sp);
}

static void more_spools_than_are_kept_open_can_be_used(void **state)
{
    struct fix *f = *state;
    struct outcome r;
    char data[64];

    for (int i = 0; i < 40; i++) {
        snprintf(data, sizeof data, "{'directory':'~/sp%d'}", i);
        struct ps_deliver_job job = fix_job(f, "spool", data, "1");
        fix_run(f, &job, &r);
        assert_int_equal(r.end, PS_DELIVER_DONE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_document_comes_out_of_the_spool_with_its_identity),
        TEST(many_documents_keep_their_order),
        TEST(a_spool_that_cannot_be_written_is_told_and_tried_again),
        TEST(a_spool_that_was_replaced_is_found_anew),
        TEST(a_document_that_is_too_large_is_refused_at_once),
        TEST(a_job_that_waits_for_a_worker_can_be_cancelled),
        TEST(more_spools_than_are_kept_open_can_be_used),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
