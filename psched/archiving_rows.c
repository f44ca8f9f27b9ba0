// SPDX-License-Identifier: Apache-2.0
// Archives and what waits for them, in the store.
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "psched/archiving_impl.h"
#include "psched/show.h"
#include "spec/sp_json.h"

static const char *const texts[ARCHIVING_STATEMENTS] = {
    [ARCHIVING_ARCHIVE_ADD] = "INSERT INTO archives(hash,spec,archived,failed,dropped) VALUES(?1,?2,0,0,0)",
    [ARCHIVING_ARCHIVE_ID] = "SELECT id FROM archives WHERE hash=?1",
    [ARCHIVING_ARCHIVE_ALL] =
        "SELECT id,spec,archived,failed,dropped,last_success,last_failure,last_error FROM archives",
    [ARCHIVING_ARCHIVE_COUNT] =
        "UPDATE archives SET archived=?2,failed=?3,dropped=?4,last_success=?5,last_failure=?6,"
        "last_error=?7 WHERE id=?1",
    [ARCHIVING_ADD] = "INSERT OR IGNORE INTO "
                      "archivings(run,place,archive,begun,octets,attempts,next_attempt,archived,diags)"
                      " VALUES(?1,?2,?3,?4,?5,0,?4,0,'')",
    [ARCHIVING_DUE] = "SELECT run,place,attempts,begun,last_attempt,doc FROM archivings WHERE archive=?1 AND "
                      "next_attempt<=?2"
                      " ORDER BY next_attempt LIMIT ?3",
    [ARCHIVING_NEXT] =
        "SELECT min(next_attempt) FROM archivings WHERE archive=?1 AND next_attempt IS NOT NULL",
    [ARCHIVING_DONE] =
        "UPDATE archivings SET attempts=?3,last_attempt=?4,next_attempt=?5,archived=?6,diags=diags||?7"
        " WHERE run=?1 AND place=?2",
    [ARCHIVING_OF_RUN] =
        "SELECT a.spec,g.attempts,g.last_attempt,g.next_attempt,g.archived,g.diags FROM archivings g"
        " JOIN archives a ON a.id=g.archive WHERE g.run=?1 ORDER BY g.place",
    [ARCHIVING_OPEN] = "SELECT count(*) FROM archivings WHERE run=?1 AND next_attempt IS NOT NULL",
    [ARCHIVING_KEEP] = "UPDATE archivings SET doc=?2 WHERE run=?1 AND next_attempt IS NOT NULL",
    [ARCHIVING_KEEP_FOR] =
        "UPDATE archivings SET doc=?2 WHERE run=?1 AND archive=?3 AND next_attempt IS NOT NULL",
    [ARCHIVING_GONE] = "DELETE FROM archivings WHERE run=?1",
    // What is over, of runs that are no more.
    [ARCHIVING_OVER] = "DELETE FROM archivings WHERE run=?1 AND next_attempt IS NULL AND doc IS NOT NULL",
    [ARCHIVING_OLDEST] =
        "SELECT run,place,octets,begun FROM archivings WHERE archive=?1 AND next_attempt IS NOT NULL"
        " ORDER BY begun LIMIT 1000",
    [ARCHIVING_OCTETS] = "SELECT count(*),coalesce(sum(octets),0) FROM archivings WHERE archive=?1 AND "
                         "next_attempt IS NOT NULL",
    [ARCHIVING_TOTAL] = "SELECT count(*) FROM archivings WHERE next_attempt>?1",
};

int archiving_prepare(struct archiving *a)
{
    int err = 0;

    for (int i = 0; !err && i < ARCHIVING_STATEMENTS; i++)
        err = ps_stmt_new(&a->st[i], store_db(a->site->store), texts[i]);
    return err;
}

// --- archives

// The same specification in whatever order of keys.
static char *canonical(const char *spec, size_t len, size_t *out_len)
{
    struct ps_jdoc *doc;
    struct ps_text t;

    if (ps_jdoc_parse_foreign(&doc, NULL, spec, len, NULL))
        return NULL;
    sp_json_put(ps_text_open(&t), ps_jdoc_root(doc), SP_JSON_SORT | SP_JSON_UNCOMMENT);
    ps_jdoc_free(doc);
    return ps_text_close(&t, out_len);
}

static struct queue *find(struct archiving *a, const char *spec)
{
    PS_LIST_EACH(it, &a->queues) {
        struct queue *q = PS_CONTAINER(it, struct queue, link);

        if (strcmp(q->spec, spec) == 0)
            return q;
    }
    return NULL;
}

// Takes over spec.
static struct queue *add(struct archiving *a, char *spec)
{
    const struct archive_env env = {a->site, a->deliver};
    struct queue *q = calloc(1, sizeof *q);
    struct ps_fault fault = {""};

    if (!q) {
        free(spec);
        return NULL;
    }
    q->of = a;
    q->spec = spec;
    ps_list_append(&a->queues, &q->link);
    if (archive_new(&q->archive, &env, spec, strlen(spec), &fault)) {
        q->archive = NULL;
        snprintf(q->last_error, sizeof q->last_error, "%.*s", (int)sizeof q->last_error - 1, fault.text);
    }
    return q;
}

static int find_row(struct archiving *a, const uint8_t hash[PS_SHA256_LEN], int64_t *id)
{
    struct ps_stmt *st = a->st[ARCHIVING_ARCHIVE_ID];
    int err;

    ps_stmt_blob(st, 1, hash, PS_SHA256_LEN);
    err = ps_stmt_step(st);
    if (err != 1)
        return err ? err : PS_ENOTFOUND;
    *id = ps_stmt_col_i64(st, 0);
    ps_stmt_reset(st);
    return 0;
}

static int make_row(struct archiving *a, struct queue *q)
{
    struct ps_stmt *st = a->st[ARCHIVING_ARCHIVE_ADD];
    uint8_t hash[PS_SHA256_LEN];
    int err = ps_sha256(q->spec, strlen(q->spec), hash);

    if (!err)
        err = find_row(a, hash, &q->id);
    if (err != PS_ENOTFOUND)
        return err;
    ps_stmt_blob(st, 1, hash, sizeof hash);
    ps_stmt_text(st, 2, q->spec);
    err = ps_stmt_run(st);
    return err ? err : find_row(a, hash, &q->id);
}

struct queue *archiving_queue(struct archiving *a, const char *spec, size_t len, int *err)
{
    size_t n;
    char *text = canonical(spec, len, &n);
    struct queue *q = text ? find(a, text) : NULL;

    if (!text || q) {
        *err = text ? 0 : -ENOMEM;
        free(text);
    } else {
        q = add(a, text);
        *err = q ? 0 : -ENOMEM;
    }
    // Looked up each time: the transaction that made the row may have been rolled back.
    if (q)
        *err = make_row(a, q);
    return *err ? NULL : q;
}

static void read_row(struct ps_stmt *st, struct queue *q)
{
    const char *error = ps_stmt_col_text(st, 7);

    q->id = ps_stmt_col_i64(st, 0);
    q->archived = (uint64_t)ps_stmt_col_i64(st, 2);
    q->failed = (uint64_t)ps_stmt_col_i64(st, 3);
    q->dropped = (uint64_t)ps_stmt_col_i64(st, 4);
    q->last_success = ps_stmt_col_i64(st, 5);
    q->last_failure = ps_stmt_col_i64(st, 6);
    if (error && !q->last_error[0])
        snprintf(q->last_error, sizeof q->last_error, "%s", error);
}

int archiving_load(struct archiving *a)
{
    struct ps_stmt *st = a->st[ARCHIVING_ARCHIVE_ALL];
    int err;

    while ((err = ps_stmt_step(st)) == 1) {
        const char *spec = ps_stmt_col_text(st, 1);
        char *copy = spec ? strdup(spec) : NULL;
        struct queue *q = copy ? add(a, copy) : NULL;

        if (!q) {
            ps_stmt_reset(st);
            return -ENOMEM;
        }
        read_row(st, q);
    }
    return err;
}

// --- what is told

static void put_diags(struct ps_json *j, const char *text)
{
    size_t len = strlen(text);

    ps_json_key(j, "diags"); // kept as objects with a comma behind each
    ps_json_open(j, '[');
    if (len > 1)
        ps_json_raw(j, text, len - 1);
    ps_json_close(j, ']');
}

static void put_archiver(struct ps_json *j, const char *name)
{
    ps_json_put_open(j, "archiver", '{');
    ps_json_put_str(j, "name", name);
    ps_json_close(j, '}');
}

static void put_one(const struct show *s, struct ps_json *j, struct ps_stmt *st)
{
    const char *spec = ps_stmt_col_text(st, 0), *diags = ps_stmt_col_text(st, 5), *name = "";
    bool over = ps_stmt_col_i64(st, 3) == 0;
    int64_t last = ps_stmt_col_i64(st, 2);
    struct ps_jdoc *doc = NULL;
    char place[ARCHIVE_PLACE];

    if (!spec || ps_jdoc_parse_foreign(&doc, NULL, spec, strlen(spec), NULL))
        return;
    (void)ps_jnode_str(ps_jnode_member(ps_jdoc_root(doc), "archiver"), 0, 255, &name, NULL);
    ps_json_open(j, '{');
    ps_json_key(j, "spec");
    sp_json_put(j, ps_jdoc_root(doc), s->secrets ? 0 : SP_JSON_SANITISE);
    put_archiver(j, name);
    ps_json_key(j, "archiver_data");
    sp_json_put(j, ps_jnode_member(ps_jdoc_root(doc), "data"), s->secrets ? 0 : SP_JSON_SANITISE);
    ps_json_put_str(j, "place", archive_place(ps_jnode_member(ps_jdoc_root(doc), "data"), place));
    ps_json_put_bool(j, "completed", over);
    ps_json_put_bool(j, "archived", ps_stmt_col_i64(st, 4) != 0);
    ps_json_put_u64(j, "attempts", (uint64_t)ps_stmt_col_i64(st, 1));
    show_time(j, "last_attempt", last ? last : SCH_NEVER);
    put_diags(j, diags ? diags : "");
    ps_json_close(j, '}');
    ps_jdoc_free(doc);
}

void archiving_show(const struct show *s, struct ps_json *j, const char *run)
{
    struct ps_stmt *st = s->site->archiving->st[ARCHIVING_OF_RUN];

    ps_json_put_open(j, "archivings", '[');
    ps_stmt_text(st, 1, run);
    while (ps_stmt_step(st) == 1)
        put_one(s, j, st);
    ps_json_close(j, ']');
}

static void count(struct archiving *a, const struct queue *q, int64_t *items, int64_t *octets)
{
    struct ps_stmt *st = a->st[ARCHIVING_OCTETS];

    *items = *octets = 0;
    ps_stmt_i64(st, 1, q->id);
    if (ps_stmt_step(st) != 1)
        return;
    *items = ps_stmt_col_i64(st, 0);
    *octets = ps_stmt_col_i64(st, 1);
    ps_stmt_reset(st);
}

static void put_spec(struct ps_json *j, const struct queue *q)
{
    char place[ARCHIVE_PLACE];
    struct ps_jdoc *doc;

    if (ps_jdoc_parse_foreign(&doc, NULL, q->spec, strlen(q->spec), NULL))
        doc = NULL;
    ps_json_put_str(j, "place", archive_place(ps_jnode_member(ps_jdoc_root(doc), "data"), place));
    ps_json_key(j, "spec");
    sp_json_put(j, ps_jdoc_root(doc), SP_JSON_SANITISE);
    ps_jdoc_free(doc);
}

static void put_queue(struct archiving *a, struct ps_json *j, const struct queue *q)
{
    int64_t items, octets;

    count(a, q, &items, &octets);
    ps_json_open(j, '{');
    ps_json_put_u64(j, "id", (uint64_t)q->id);
    ps_json_put_str(j, "label", q->archive ? archive_label(q->archive) : NULL);
    put_spec(j, q);
    ps_json_put_u64(j, "backlog", (uint64_t)items);
    ps_json_put_u64(j, "backlog-octets", (uint64_t)octets);
    ps_json_put_u64(j, "archived", q->archived);
    ps_json_put_u64(j, "failed", q->failed);
    ps_json_put_u64(j, "dropped", q->dropped);
    show_time(j, "last-success", q->last_success ? q->last_success : SCH_NEVER);
    show_time(j, "last-failure", q->last_failure ? q->last_failure : SCH_NEVER);
    ps_json_put_str(j, "last-error", q->last_error[0] ? q->last_error : NULL);
    ps_json_close(j, '}');
}

void archiving_status(struct archiving *a, struct ps_json *j)
{
    ps_json_open(j, '[');
    PS_LIST_EACH(it, &a->queues)
        put_queue(a, j, PS_CONTAINER(it, struct queue, link));
    ps_json_close(j, ']');
}

int archiving_backlog(struct archiving *a, bool upcoming, int64_t *out)
{
    struct ps_stmt *st = a->st[ARCHIVING_TOTAL];
    int err;

    ps_stmt_i64(st, 1, upcoming ? site_now(a->site) : INT64_MIN);
    err = ps_stmt_step(st);
    if (err != 1)
        return err ? err : PS_ENOTFOUND;
    *out = ps_stmt_col_i64(st, 0);
    ps_stmt_reset(st);
    return 0;
}
