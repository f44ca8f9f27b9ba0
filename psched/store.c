// SPDX-License-Identifier: Apache-2.0
#include "psched/store_impl.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/ps_err.h"
#include "psched/store_schema.h"

// --- its life

// NOLINTBEGIN(bugprone-suspicious-missing-comma): statements of several lines
static const char *const texts[STORE_STATEMENTS] = {
    [STORE_TASK_PUT] = "INSERT INTO tasks(id,doc,detail,added,anchor,planned,runs,skipped,cancelled,over)"
                       " VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10)",
    [STORE_TASK_MARK] =
        "UPDATE tasks SET anchor=?5,planned=?6,runs=?7,skipped=?8,cancelled=?9,over=?10 WHERE id=?1",
    [STORE_TASK_GONE] = "DELETE FROM tasks WHERE id=?1",
    [STORE_TASK_ALL] =
        "SELECT id,doc,detail,added,anchor,planned,runs,skipped,cancelled,over FROM tasks ORDER BY added",
    [STORE_TASK_IDS] = "SELECT id FROM tasks",
    [STORE_RUN_PUT] =
        "INSERT INTO runs(id,task,due,start,stop,priority,state,reason,sentence,record,expires,added,placed)"
        " VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13) ON CONFLICT(id) DO UPDATE SET due=?3,start=?4,"
        "stop=?5,priority=?6,state=?7,reason=?8,sentence=?9,record=?10,expires=?11,placed=?13",
    [STORE_RUN_RESULT] =
        "UPDATE runs SET local=coalesce(?2,local),merged=coalesce(?3,merged),parts=coalesce(?4,parts) WHERE "
        "id=?1",
    [STORE_RUN_DIAGS] = "UPDATE runs SET diags=?2 WHERE id=?1",
    [STORE_RUN_GONE] = "DELETE FROM runs WHERE id=?1",
    [STORE_RUN_ALL] =
        "SELECT id,task,due,start,stop,priority,state,reason,sentence,record,expires,placed FROM runs "
        "ORDER BY start",
    [STORE_RUN_IDS] = "SELECT id FROM runs",
    [STORE_RUN_TEXTS] = "SELECT local,merged,parts,diags,added FROM runs WHERE id=?1",
    [STORE_SKIP_PUT] =
        "INSERT INTO skips(task,first,last,count,reason,sentence,noted) VALUES(?1,?2,?3,?4,?5,?6,?7)",
    [STORE_SKIP_ALL] = "SELECT first,last,count,reason,sentence FROM skips WHERE task=?1 ORDER BY first",
    [STORE_SKIP_GONE] = "DELETE FROM skips WHERE task=?1",
    [STORE_NOTE_PUT] = "INSERT INTO notes(name,value) VALUES(?1,?2) ON CONFLICT(name) DO UPDATE SET value=?2",
    [STORE_NOTE_GET] = "SELECT value FROM notes WHERE name=?1",
};
// NOLINTEND(bugprone-suspicious-missing-comma)

static int make_folder(const char *dir, struct ps_fault *fault)
{
    if (mkdir(dir, 0750) == 0 || errno == EEXIST)
        return 0;
    ps_fault_set(fault, dir, 0, "cannot be made: %s", strerror(errno));
    return -errno;
}

static int prepare(struct store *s)
{
    int err = 0;

    for (int i = 0; !err && i < STORE_STATEMENTS; i++)
        err = ps_stmt_new(&s->st[i], s->db, texts[i]);
    return err;
}

static void guard(const char *path, const char *end)
{
    char name[PATH_MAX + 32];
    struct stat st;

    snprintf(name, sizeof name, "%s%s", path, end);
    if (stat(name, &st) == 0 && st.st_mode & S_IRWXO)
        (void)chmod(name, st.st_mode & 0770);
}

// Keys and passwords are in there: it is nobody else's, whatever the folder lets pass. What SQLite puts beside it has
// its mode.
static void make_private(const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0640);

    if (fd >= 0)
        close(fd);
    guard(path, "");
    guard(path, "-wal");
    guard(path, "-shm");
}

static int note_file(struct store *s)
{
    struct stat st;

    if (stat(s->path, &st) != 0)
        return -errno;
    s->device = st.st_dev;
    s->inode = st.st_ino;
    return 0;
}

int store_open(struct store **out, const char *dir, struct ps_fault *fault)
{
    static const struct ps_db_conf conf = {.application = STORE_APPLICATION, .cache_kib = 4096};
    struct store *s = calloc(1, sizeof *s);
    int err = s ? make_folder(dir, fault) : -ENOMEM;

    if (!err) {
        snprintf(s->path, sizeof s->path, "%s/" STORE_FILE, dir);
        make_private(s->path);
        err = ps_db_open(&s->db, s->path, &conf, fault);
    }
    if (!err)
        err = ps_db_migrate(s->db, store_migrations, store_version, fault);
    if (!err)
        err = prepare(s);
    if (!err)
        err = note_file(s);
    if (err) {
        if (!fault->text[0])
            ps_fault_set(fault, dir, 0, "cannot be used: %s", ps_strerror(err));
        store_close(s);
        return err;
    }
    *out = s;
    return 0;
}

void store_close(struct store *s)
{
    if (!s)
        return;
    for (int i = 0; i < STORE_STATEMENTS; i++)
        ps_stmt_free(s->st[i]);
    if (s->db)
        ps_db_close(s->db);
    free(s);
}

struct ps_db *store_db(struct store *s)
{
    return s->db;
}

int store_look(const struct store *s)
{
    struct stat st;

    return stat(s->path, &st) == 0 && st.st_dev == s->device && st.st_ino == s->inode ? 0 : -ENOENT;
}

void store_say(const struct store *s, int err, struct ps_fault *fault)
{
    if (store_look(s))
        ps_fault_set(fault, s->path, 0,
                     "is not there any more: stop psched, bring its folder or a backup back, and start it");
    else
        ps_db_say(s->db, err, fault);
}

int store_begin(struct store *s)
{
    return ps_db_begin(s->db);
}

int store_commit(struct store *s)
{
    return ps_db_commit(s->db);
}

void store_rollback(struct store *s)
{
    ps_db_rollback(s->db);
}

void store_relieve(struct store *s)
{
    (void)ps_db_checkpoint_now(s->db);
}

// --- tasks

static void bind_mark(struct ps_stmt *st, const struct sch_task *t)
{
    ps_stmt_text(st, 1, t->conf.id);
    ps_stmt_i64(st, 5, t->mark.anchor);
    ps_stmt_i64(st, 6, t->mark.planned);
    ps_stmt_i64(st, 7, (int64_t)t->mark.runs);
    ps_stmt_i64(st, 8, (int64_t)t->mark.skipped);
    ps_stmt_i64(st, 9, t->mark.cancelled);
    ps_stmt_i64(st, 10, t->mark.over);
}

int store_task_put(struct store *s, const struct sch_task *t, const char *doc, const char *detail)
{
    struct ps_stmt *st = s->st[STORE_TASK_PUT];

    bind_mark(st, t);
    ps_stmt_text(st, 2, doc);
    ps_stmt_text(st, 3, detail);
    ps_stmt_i64(st, 4, t->conf.added);
    return ps_stmt_run(st);
}

int store_task_mark(struct store *s, const struct sch_task *t)
{
    bind_mark(s->st[STORE_TASK_MARK], t);
    return ps_stmt_run(s->st[STORE_TASK_MARK]);
}

static int run_with_id(struct ps_stmt *st, const char *id)
{
    ps_stmt_text(st, 1, id);
    return ps_stmt_run(st);
}

int store_task_gone(struct store *s, const char *id)
{
    int err = run_with_id(s->st[STORE_TASK_GONE], id);

    return err ? err : run_with_id(s->st[STORE_SKIP_GONE], id);
}

static void read_task(struct ps_stmt *st, struct store_task *t)
{
    t->id = ps_stmt_col_text(st, 0);
    t->doc = ps_stmt_col_text(st, 1);
    t->detail = ps_stmt_col_text(st, 2);
    t->added = ps_stmt_col_i64(st, 3);
    t->mark = (struct sch_mark){
        .anchor = ps_stmt_col_i64(st, 4),
        .planned = ps_stmt_col_i64(st, 5),
        .runs = (uint64_t)ps_stmt_col_i64(st, 6),
        .skipped = (uint64_t)ps_stmt_col_i64(st, 7),
        .cancelled = ps_stmt_col_i64(st, 8) != 0,
        .over = ps_stmt_col_i64(st, 9),
    };
}

int store_tasks(struct store *s, int (*each)(void *ctx, const struct store_task *t), void *ctx)
{
    struct ps_stmt *st = s->st[STORE_TASK_ALL];
    struct store_task t;
    int err;

    while ((err = ps_stmt_step(st)) == 1) {
        read_task(st, &t);
        err = each(ctx, &t);
        if (err) {
            ps_stmt_reset(st);
            return err;
        }
    }
    return err;
}

// --- skips

int store_skip_put(struct store *s, const char *task, const struct sch_skip *skip, ps_ns now)
{
    struct ps_stmt *st = s->st[STORE_SKIP_PUT];

    ps_stmt_text(st, 1, task);
    ps_stmt_i64(st, 2, skip->first);
    ps_stmt_i64(st, 3, skip->last);
    ps_stmt_i64(st, 4, (int64_t)skip->count);
    ps_stmt_text(st, 5, sch_reason_word(skip->reason));
    ps_stmt_text(st, 6, skip->sentence);
    ps_stmt_i64(st, 7, now);
    return ps_stmt_run(st);
}

static void read_skip(struct ps_stmt *st, struct sch_skip *skip)
{
    const char *reason = ps_stmt_col_text(st, 3), *sentence = ps_stmt_col_text(st, 4);

    *skip = (struct sch_skip){
        .first = ps_stmt_col_i64(st, 0),
        .last = ps_stmt_col_i64(st, 1),
        .count = (uint64_t)ps_stmt_col_i64(st, 2),
    };
    if (!reason || sch_reason_from_word(reason, &skip->reason))
        skip->reason = SCH_NO_REASON;
    snprintf(skip->sentence, sizeof skip->sentence, "%s", sentence ? sentence : "");
}

int store_skips(struct store *s, const char *task, int (*each)(void *ctx, const struct sch_skip *skip),
                void *ctx)
{
    struct ps_stmt *st = s->st[STORE_SKIP_ALL];
    struct sch_skip skip;
    int err;

    ps_stmt_text(st, 1, task);
    while ((err = ps_stmt_step(st)) == 1) {
        read_skip(st, &skip);
        err = each(ctx, &skip);
        if (err) {
            ps_stmt_reset(st);
            return err;
        }
    }
    return err;
}

// --- notes

int store_note_put(struct store *s, const char *name, int64_t value)
{
    struct ps_stmt *st = s->st[STORE_NOTE_PUT];

    ps_stmt_text(st, 1, name);
    ps_stmt_i64(st, 2, value);
    return ps_stmt_run(st);
}

int store_note_get(struct store *s, const char *name, int64_t *out)
{
    struct ps_stmt *st = s->st[STORE_NOTE_GET];
    int err;

    ps_stmt_text(st, 1, name);
    err = ps_stmt_step(st);
    if (err == 1) {
        *out = ps_stmt_col_i64(st, 0);
        ps_stmt_reset(st);
        return 0;
    }
    return err ? err : PS_ENOTFOUND;
}
