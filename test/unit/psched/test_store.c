// SPDX-License-Identifier: Apache-2.0
#include "psched/store.h"
#include "psched_fix.h"
#include "psched/store_schema.h"

#define BEGIN (INT64_C(1800000000) * PS_SEC)
#define TASK "00000000-0000-4000-8000-000000000001"
#define RUN "00000000-0000-4000-8000-0000000000a1"

static struct store *store(struct fix *f)
{
    struct store *s = NULL;
    char dir[128];

    snprintf(dir, sizeof dir, "%s/data", f->dir);
    if (store_open(&s, dir, &f->fault) != 0)
        fail_msg("%s", f->fault.text);
    return s;
}

static struct sch_task task_with(const char *id, ps_ns added)
{
    struct sch_task t = {
        .conf = {.added = added},
        .mark = {.anchor = added + 1, .planned = added + 2, .runs = 3, .skipped = 4, .over = SCH_NEVER}};

    snprintf(t.conf.id, sizeof t.conf.id, "%s", id);
    return t;
}

static struct sch_run run_of(const struct sch_task *t, const char *id)
{
    struct sch_run r = {.task = t,
                        .due = BEGIN,
                        .start = BEGIN + PS_SEC,
                        .end = BEGIN + 3 * PS_SEC,
                        .priority = -5,
                        .state = SCH_PENDING,
                        .reason = SCH_NO_REASON,
                        .sentence = "",
                        .expires = SCH_NEVER};

    snprintf(r.id, sizeof r.id, "%s", id);
    return r;
}

// --- tasks

struct seen {
    size_t n;
    int stop; // what the callback returns
    char ids[256];
    struct sch_mark mark;
    ps_ns added;
    char doc[64], detail[64];
};

static int see_task(void *ctx, const struct store_task *t)
{
    struct seen *seen = ctx;
    size_t len = strlen(seen->ids);

    seen->n++;
    snprintf(seen->ids + len, sizeof seen->ids - len, "%s ", t->id + 35); // its last digit
    seen->mark = t->mark;
    seen->added = t->added;
    snprintf(seen->doc, sizeof seen->doc, "%s", t->doc);
    snprintf(seen->detail, sizeof seen->detail, "%s", t->detail);
    return seen->stop;
}

static void a_task_outlives_the_process(void **state)
{
    struct fix *f = *state;
    struct store *s = store(f);
    struct sch_task t = task_with(TASK, BEGIN);
    struct seen seen = {.n = 0};

    assert_int_equal(store_task_put(s, &t, "{\"a\":1}", "{}"), 0);
    t.mark.runs = 9;
    t.mark.cancelled = true;
    t.mark.over = BEGIN + 77;
    assert_int_equal(store_task_mark(s, &t), 0);
    store_close(s);
    s = store(f);
    assert_int_equal(store_tasks(s, see_task, &seen), 0);
    assert_int_equal(seen.n, 1);
    assert_true(seen.added == BEGIN);
    assert_string_equal(seen.doc, "{\"a\":1}");
    assert_string_equal(seen.detail, "{}");
    assert_true(seen.mark.anchor == BEGIN + 1 && seen.mark.planned == BEGIN + 2);
    assert_true(seen.mark.runs == 9 && seen.mark.skipped == 4);
    assert_true(seen.mark.cancelled && seen.mark.over == BEGIN + 77);
    store_close(s);
}

static void put_task(struct store *s, char last, ps_ns added)
{
    struct sch_task t = task_with(TASK, added);

    t.conf.id[35] = last;
    assert_int_equal(store_task_put(s, &t, "{}", "{}"), 0);
}

static void tasks_come_in_the_order_in_which_they_were_added(void **state)
{
    struct fix *f = *state;
    struct store *s = store(f);
    struct seen seen = {.n = 0}, stopped = {.stop = PS_ELIMIT};

    put_task(s, '1', BEGIN + 3);
    put_task(s, '2', BEGIN + 1);
    put_task(s, '3', BEGIN + 2);
    assert_int_equal(store_tasks(s, see_task, &seen), 0);
    assert_string_equal(seen.ids, "2 3 1 ");
    assert_int_equal(store_tasks(s, see_task, &stopped), PS_ELIMIT);
    assert_int_equal(stopped.n, 1);
    store_close(s);
}

static void what_is_rolled_back_was_not(void **state)
{
    struct fix *f = *state;
    struct store *s = store(f);
    struct seen seen = {.n = 0};

    put_task(s, '1', BEGIN);
    assert_int_equal(store_begin(s), 0);
    put_task(s, '2', BEGIN);
    assert_int_equal(store_task_gone(s, TASK), 0);
    store_rollback(s);
    assert_int_equal(store_tasks(s, see_task, &seen), 0);
    assert_string_equal(seen.ids, "1 ");
    assert_int_equal(store_begin(s), 0);
    assert_int_equal(store_task_gone(s, TASK), 0);
    assert_int_equal(store_commit(s), 0);
    assert_int_equal(store_tasks(s, see_task, &seen), 0);
    assert_int_equal(seen.n, 1);
    store_close(s);
}

// --- runs

struct seen_runs {
    size_t n;
    struct store_run last;
    char sentence[64];
};

static int see_run(void *ctx, const struct store_run *r)
{
    struct seen_runs *seen = ctx;

    seen->n++;
    seen->last = *r;
    snprintf(seen->sentence, sizeof seen->sentence, "%s", r->run.sentence);
    return 0;
}

static void a_run_is_read_back_as_it_was_last(void **state)
{
    struct fix *f = *state;
    struct store *s = store(f);
    const struct sch_task t = task_with(TASK, BEGIN);
    struct sch_run r = run_of(&t, RUN);
    struct seen_runs seen = {.n = 0};

    assert_int_equal(store_run_put(s, &r, BEGIN), 0);
    r.state = SCH_FAILED;
    r.reason = SCH_TOOL;
    r.sentence = "exit status 1";
    r.end = BEGIN + 2 * PS_SEC;
    r.expires = BEGIN + 99;
    r.record = r.placed = true;
    assert_int_equal(store_run_put(s, &r, BEGIN + 5), 0);
    assert_int_equal(store_runs(s, see_run, &seen), 0);
    assert_int_equal(seen.n, 1);
    assert_string_equal(seen.last.task, TASK);
    assert_string_equal(seen.last.run.id, RUN);
    assert_int_equal(seen.last.run.state, SCH_FAILED);
    assert_int_equal(seen.last.run.reason, SCH_TOOL);
    assert_string_equal(seen.sentence, "exit status 1");
    assert_true(seen.last.run.due == BEGIN && seen.last.run.start == BEGIN + PS_SEC);
    assert_true(seen.last.run.end == BEGIN + 2 * PS_SEC && seen.last.run.expires == BEGIN + 99);
    assert_true(seen.last.run.priority == -5 && seen.last.run.record && seen.last.run.placed);
    store_close(s);
}

static void every_state_and_reason_is_kept(void **state)
{
    struct fix *f = *state;
    struct store *s = store(f);
    const struct sch_task t = task_with(TASK, BEGIN);
    static const enum sch_state states[] = {SCH_SCHEDULING, SCH_PENDING,  SCH_ON_DECK,   SCH_RUNNING,
                                            SCH_CLEANUP,    SCH_FINISHED, SCH_OVERDUE,   SCH_MISSED,
                                            SCH_FAILED,     SCH_NONSTART, SCH_PREEMPTED, SCH_CANCELED};

    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++) {
        struct sch_run r = run_of(&t, RUN);
        struct seen_runs seen = {.n = 0};

        r.state = states[i];
        r.reason = i % 2 ? SCH_CLOCK : SCH_DOWN;
        assert_int_equal(store_run_put(s, &r, BEGIN), 0);
        assert_int_equal(store_runs(s, see_run, &seen), 0);
        assert_int_equal(seen.last.run.state, states[i]);
        assert_int_equal(seen.last.run.reason, r.reason);
    }
    store_close(s);
}

static void make_first_version(struct fix *f)
{
    const struct ps_db_conf conf = {.application = STORE_APPLICATION};
    struct ps_db *db = NULL;
    char path[160];

    store_close(store(f));
    snprintf(path, sizeof path, "%s/data/" STORE_FILE, f->dir);
    assert_int_equal(ps_db_open(&db, path, &conf, &f->fault), 0);
    assert_int_equal(ps_db_run(db, "ALTER TABLE runs DROP COLUMN parts"), 0);
    assert_int_equal(ps_db_run(db, "PRAGMA user_version=1"), 0);
    ps_db_close(db);
}

static void a_database_of_the_first_version_is_taken_on(void **state)
{
    struct fix *f = *state;
    struct sch_task t = task_with(TASK, BEGIN);
    struct sch_run r = run_of(&t, RUN);
    struct store_texts texts;
    struct store *s;

    make_first_version(f);
    s = store(f);
    assert_int_equal(store_run_put(s, &r, BEGIN), 0);
    assert_int_equal(store_run_result(s, RUN, &(struct store_result){.parts = "[{}]"}), 0);
    assert_int_equal(store_run_texts(s, RUN, &texts), 0);
    assert_string_equal(texts.parts, "[{}]");
    store_texts_free(&texts);
    store_close(s);
}

static void results_stay_when_the_run_changes(void **state)
{
    struct fix *f = *state;
    struct store *s = store(f);
    const struct sch_task t = task_with(TASK, BEGIN);
    struct sch_run r = run_of(&t, RUN);
    struct store_texts texts;

    assert_int_equal(store_run_texts(s, RUN, &texts), PS_ENOTFOUND);
    assert_int_equal(store_run_put(s, &r, BEGIN + 5), 0);
    assert_int_equal(store_run_texts(s, RUN, &texts), 0);
    assert_null(texts.local);
    assert_null(texts.merged);
    assert_null(texts.diags);
    assert_true(texts.added == BEGIN + 5);
    assert_int_equal(store_run_result(s, RUN, &(struct store_result){.local = "{\"l\":1}", .parts = "[{}]"}),
                     0);
    assert_int_equal(store_run_result(s, RUN, &(struct store_result){.merged = "{\"m\":2}"}), 0);
    assert_int_equal(store_run_diags(s, RUN, "said no"), 0);
    r.state = SCH_FINISHED;
    assert_int_equal(store_run_put(s, &r, BEGIN + 9), 0);
    assert_int_equal(store_run_texts(s, RUN, &texts), 0);
    assert_string_equal(texts.local, "{\"l\":1}");
    assert_string_equal(texts.merged, "{\"m\":2}");
    assert_string_equal(texts.parts, "[{}]");
    assert_string_equal(texts.diags, "said no");
    assert_true(texts.added == BEGIN + 5);
    store_texts_free(&texts);
    assert_int_equal(store_run_gone(s, RUN), 0);
    assert_int_equal(store_run_texts(s, RUN, &texts), PS_ENOTFOUND);
    store_close(s);
}

// --- what the engine does not know

static struct sch_engine *engine_with(const char *task)
{
    struct sch_engine *e = NULL;
    struct sch_task_conf c = {.cls = SCH_BACKGROUND,
                              .duration = PS_SEC,
                              .schedule = {.repeat = 60 * PS_SEC, .until = SCH_NEVER},
                              .participants = 1,
                              .added = BEGIN};
    const struct sch_task *t;
    struct ps_fault fault;

    assert_int_equal(sch_engine_new(&e, &sch_conf_default), 0);
    snprintf(c.id, sizeof c.id, "%s", task);
    assert_int_equal(sch_engine_add(e, &c, NULL, BEGIN, &t, &fault), 0);
    assert_int_equal(sch_engine_step(e, BEGIN), 0);
    return e;
}

static void a_sweep_takes_what_the_engine_does_not_know(void **state)
{
    struct fix *f = *state;
    struct store *s = store(f);
    struct sch_engine *e = engine_with(TASK);
    const struct sch_task *t = sch_engine_task(e, TASK);
    struct sch_run stranger = run_of(t, RUN);
    struct seen seen = {.n = 0};
    struct seen_runs runs = {.n = 0};

    assert_true(t->nruns > 0);
    assert_int_equal(store_task_put(s, t, "{}", "{}"), 0);
    put_task(s, '7', BEGIN);
    assert_int_equal(store_run_put(s, sch_task_run(t, 0), BEGIN), 0);
    assert_int_equal(store_run_put(s, &stranger, BEGIN), 0);
    assert_int_equal(store_sweep(s, e), 0);
    assert_int_equal(store_tasks(s, see_task, &seen), 0);
    assert_string_equal(seen.ids, "1 ");
    assert_int_equal(store_runs(s, see_run, &runs), 0);
    assert_int_equal(runs.n, 1);
    assert_string_equal(runs.last.run.id, sch_task_run(t, 0)->id);
    sch_engine_free(e);
    store_close(s);
}

// --- skips and notes

static int see_skip(void *ctx, const struct sch_skip *skip)
{
    struct sch_skip *out = ctx;

    out->count += skip->count; // of all
    out->first = out->first ? out->first : skip->first;
    out->last = skip->last;
    out->reason = skip->reason;
    memcpy(out->sentence, skip->sentence, sizeof out->sentence);
    return 0;
}

static void skips_go_with_their_task(void **state)
{
    struct fix *f = *state;
    struct store *s = store(f);
    const struct sch_skip late = {BEGIN + 5, BEGIN + 9, 3, SCH_DOWN, "it was not running"},
                          early = {BEGIN, BEGIN, 1, SCH_CLOCK, "the clock was set"};
    struct sch_skip seen = {.count = 0};

    put_task(s, '1', BEGIN);
    assert_int_equal(store_skip_put(s, TASK, &late, BEGIN), 0);
    assert_int_equal(store_skip_put(s, TASK, &early, BEGIN), 0);
    assert_int_equal(store_skips(s, RUN, see_skip, &seen), 0);
    assert_true(seen.count == 0);
    assert_int_equal(store_skips(s, TASK, see_skip, &seen), 0);
    assert_true(seen.count == 4 && seen.first == BEGIN && seen.last == BEGIN + 9);
    assert_int_equal(seen.reason, SCH_DOWN);
    assert_string_equal(seen.sentence, "it was not running");
    assert_int_equal(store_task_gone(s, TASK), 0);
    seen.count = 0;
    assert_int_equal(store_skips(s, TASK, see_skip, &seen), 0);
    assert_true(seen.count == 0);
    store_close(s);
}

static void a_note_is_its_last_value(void **state)
{
    struct fix *f = *state;
    struct store *s = store(f);
    int64_t v = 7;

    assert_int_equal(store_note_get(s, "x", &v), PS_ENOTFOUND);
    assert_true(v == 7);
    assert_int_equal(store_note_put(s, "x", INT64_MAX), 0);
    assert_int_equal(store_note_put(s, "x", INT64_MIN), 0);
    store_close(s);
    s = store(f);
    assert_int_equal(store_note_get(s, "x", &v), 0);
    assert_true(v == INT64_MIN);
    store_close(s);
    store_close(NULL);
}

// --- opening

static void what_cannot_be_opened_is_named(void **state)
{
    struct fix *f = *state;
    struct store *s = NULL;
    char dir[128];

    snprintf(dir, sizeof dir, "%s/none/data", f->dir);
    assert_true(store_open(&s, dir, &f->fault) < 0);
    fix_has(f->fault.text, dir);
    fix_file(f, "psched.db",
             "This is a text and no database, however long it is made by going on and on.\n"
             "A database has a header of a hundred octets, and this has none of them.\n");
    f->fault.text[0] = '\0';
    assert_int_equal(store_open(&s, f->dir, &f->fault), PS_EMALFORMED);
    fix_has(f->fault.text, "psched.db");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_task_outlives_the_process),       TEST(tasks_come_in_the_order_in_which_they_were_added),
        TEST(what_is_rolled_back_was_not),       TEST(a_run_is_read_back_as_it_was_last),
        TEST(every_state_and_reason_is_kept),    TEST(a_database_of_the_first_version_is_taken_on),
        TEST(results_stay_when_the_run_changes), TEST(a_sweep_takes_what_the_engine_does_not_know),
        TEST(skips_go_with_their_task),          TEST(a_note_is_its_last_value),
        TEST(what_cannot_be_opened_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
