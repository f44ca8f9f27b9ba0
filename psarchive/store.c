// SPDX-License-Identifier: Apache-2.0
#include "psarchive/store.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include "base/ps_err.h"
#include "psarchive/marks.h"
#include "psarchive/place.h"
#include "psarchive/purged.h"
#include "psarchive/row.h"
#include "psarchive/schema.h"
#include "psarchive/store_impl.h"

#define WRITER_CACHE_KIB 8192
#define READER_CACHE_KIB 4096
#define WAL_PAGES 4096
#define CHECK_MAX (INT64_C(1) << 30) // octets of a database that is looked through at the start

// --- the catalog

// It is there, or is the successor of one that another process has purged.
static int replace_meta(struct store *s, struct meta *m)
{
    struct meta *old = catalog_find_hash(s->catalog, m->hash);
    int err = 0;
    if (old != NULL && old->id != m->id) {
        catalog_remove(s->catalog, old);
        err = catalog_add(s->catalog, m);
    }
    meta_unref(old);
    return err;
}

static int add_meta(struct store *s, struct ps_stmt *st)
{
    struct es_reg r;
    struct meta *m;
    size_t key_len, len;
    int64_t id = ps_stmt_col_i64(st, 0), created = ps_stmt_col_i64(st, 2);
    const void *key = ps_stmt_col_blob(st, 1, &key_len);
    const uint8_t *body = ps_stmt_col_blob(st, 3, &len);
    if (key_len != ES_REG_KEY_LEN)
        return PS_EMALFORMED;
    int err = meta_unpack(body, len, &r);
    if (err != 0)
        return err;
    r.keyed = true;
    memcpy(r.key, key, ES_REG_KEY_LEN);
    err = meta_new(&r, id, created, &m);
    es_reg_fini(&r);
    if (err != 0)
        return err;
    err = catalog_add(s->catalog, m);
    if (err == PS_EDUPLICATE)
        err = replace_meta(s, m);
    meta_unref(m);
    s->last_id = id > s->last_id ? id : s->last_id;
    return err;
}

// Those that are new, in the order of keys, so that at the start each one is the last.
static int load_metas(struct store *s)
{
    struct ps_stmt *st;
    int got = ps_stmt_new(&st, s->db, "SELECT id, key, created, body FROM meta WHERE id > ?1 ORDER BY key");
    if (got != 0)
        return got;
    ps_stmt_i64(st, 1, s->last_id);
    while ((got = ps_stmt_step(st)) > 0) {
        got = add_meta(s, st);
        if (got != 0)
            break;
    }
    ps_stmt_free(st);
    return got;
}

static _Atomic int64_t *updated(struct meta *m)
{
    return m->updated;
}

static int load_updated(struct store *s)
{
    return marks_load(s, "SELECT meta, body FROM seen", updated);
}

// Points may have been purged, and roll-ups that they were in be there yet: then the newest of those counts.
static int find_newest(struct ps_stmt *st, struct meta *m)
{
    int64_t newest = -1;
    for (size_t i = 0; i <= m->nwindows; i++) {
        bool point = i == m->nwindows;
        ps_stmt_i64(st, 1, point);
        ps_stmt_i64(st, 2, point ? place_point(m->id, 0) : place_rollup(m->id, (unsigned)i, 0));
        ps_stmt_i64(st, 3,
                    point ? place_point(m->id, INT64_MAX) : place_rollup(m->id, (unsigned)i, INT64_MAX));
        int got = ps_stmt_step(st);
        int64_t place = got > 0 ? ps_stmt_col_i64(st, 0) : -1;
        ps_stmt_reset(st);
        if (got < 0)
            return got;
        if (place >= 0 && place_ts(place) > newest)
            newest = place_ts(place);
    }
    atomic_store(&m->newest, newest);
    return 0;
}

int store_look_newest(struct store *s, struct meta *m)
{
    if (m->looked == s->version)
        return 0;
    int err =
        s->newest == NULL
            ? ps_stmt_new(
                  &s->newest, s->db,
                  "SELECT coalesce(iif(?1, (SELECT max(place) FROM point WHERE place BETWEEN ?2 AND ?3),"
                  " (SELECT max(place) FROM rollup WHERE place BETWEEN ?2 AND ?3)), -1)")
            : 0;
    if (err == 0)
        err = find_newest(s->newest, m);
    if (err == 0)
        m->looked = s->version;
    return err;
}

// What was written when is noted once a minute: a point that is newer than that was written at its ts at least. One
// that is ahead of our clock does not tell when that was, but for that it was after the registration.
static int catch_up(struct ps_stmt *get, struct meta *m)
{
    int64_t ts = atomic_load(&m->newest), now = (int64_t)time(NULL);
    uint64_t events = 0;
    size_t len;
    if (ts <= meta_updated(m, -1))
        return 0;
    ps_stmt_i64(get, 1, place_point(m->id, ts));
    int got = ps_stmt_step(get);
    if (got > 0) {
        const uint8_t *body = ps_stmt_col_blob(get, 0, &len);
        got = row_events(body, len, m, &events);
        ps_stmt_reset(get);
    }
    if (got == PS_EMALFORMED || got == PS_EVERSION) // who reads it is told
        got = 0;
    for (size_t i = 0; i < m->nevents; i++)
        if (events >> m->event[i] & 1 && ts <= now)
            atomic_store(&m->updated[i], ts);
        else if (events >> m->event[i] & 1 && atomic_load(&m->updated[i]) == 0)
            atomic_store(&m->updated[i], m->created);
    return got;
}

static int load_newest(struct store *s)
{
    static const struct filter all;
    struct search search;
    struct ps_stmt *get;
    const struct meta *found[64];
    size_t n;
    int err = ps_stmt_new(&get, s->db, "SELECT body FROM point WHERE place = ?1");
    if (err != 0)
        return err;
    search_begin(&search, s->catalog, &all);
    while (err == 0 && (n = search_next(&search, found, 64)) > 0) {
        for (size_t i = 0; i < n; i++) {
            struct meta *m = meta_ref(found[i]);
            err = err == 0 ? store_look_newest(s, m) : err;
            err = err == 0 ? catch_up(get, m) : err;
            meta_unref(m);
            meta_unref(found[i]);
        }
    }
    ps_stmt_free(get);
    return err;
}

// What is in the catalog, and no longer in the database.
static int drop_metas(struct store *s)
{
    static const struct filter all;
    struct ps_stmt *st;
    struct search search;
    const struct meta *found[64];
    size_t n;
    int64_t rows = 0;
    int got = ps_db_number(s->db, "SELECT count(*) FROM meta", &rows);
    if (got != 0 || (uint64_t)rows == catalog_count(s->catalog))
        return got;
    got = ps_stmt_new(&st, s->db, "SELECT 1 FROM meta WHERE id = ?1");
    if (got != 0)
        return got;
    search_begin(&search, s->catalog, &all);
    while (got >= 0 && (n = search_next(&search, found, 64)) > 0) {
        for (size_t i = 0; i < n; i++) {
            ps_stmt_i64(st, 1, found[i]->id);
            int there = got >= 0 ? ps_stmt_step(st) : got;
            ps_stmt_reset(st);
            got = there < 0 ? there : got;
            if (there == 0)
                catalog_remove(s->catalog, found[i]);
            meta_unref(found[i]);
        }
    }
    ps_stmt_free(st);
    return got < 0 ? got : 0;
}

int store_refresh(struct store *s)
{
    int64_t version;
    int err = ps_db_version(s->db, &version);
    if (err != 0 || version == s->version)
        return err;
    err = load_metas(s);
    if (err == 0)
        err = drop_metas(s);
    if (err == 0)
        err = load_updated(s);
    if (err == 0)
        err = purged_load(s);
    if (err == 0)
        s->version = version;
    return err;
}

// --- opening

// A path that is mistyped is not made an archive, but by who may begin one.
static int look_for_archive(struct store *s, const struct store_conf *conf, struct ps_fault *fault)
{
    struct stat st;
    int err = stat(s->path, &st) != 0 ? -errno : 0;
    s->made = err == -ENOENT && !conf->read_only && !conf->existing;
    if (s->made || err == 0)
        return 0;
    ps_fault_set(fault, conf->dir, 0, "there is no archive: " STORE_FILE ": %s%s", ps_strerror(err),
                 err == -ENOENT ? ": --data names the folder of another one" : "");
    return err;
}

static int make_dir(const char *dir, struct ps_fault *fault)
{
    struct stat st;
    if (mkdir(dir, 0750) != 0 && errno != EEXIST) {
        int err = -errno;
        ps_fault_set(fault, dir, 0, "data directory cannot be made: %s", ps_strerror(err));
        return err;
    }
    int err = stat(dir, &st) != 0 ? -errno : S_ISDIR(st.st_mode) ? 0 : -ENOTDIR;
    if (err != 0)
        ps_fault_set(fault, dir, 0, "data directory: %s", ps_strerror(err));
    return err;
}

static int check_damage(struct store *s, struct ps_fault *fault)
{
    struct stat st;
    if (stat(s->path, &st) != 0 || st.st_size > CHECK_MAX)
        return 0;
    return ps_db_check(s->db, fault);
}

// One that SQLite was making when it was interrupted has a journal.
static bool is_emptied(const struct store *s)
{
    char journal[4096];
    struct stat st;
    if (stat(s->path, &st) != 0 || st.st_size > 0)
        return false;
    snprintf(journal, sizeof journal, "%s-journal", s->path);
    return stat(journal, &st) != 0;
}

static int open_db(struct store *s, const struct store_conf *conf, struct ps_fault *fault)
{
    struct ps_db_conf db = {.read_only = conf->read_only,
                            .application = SCHEMA_APPLICATION,
                            .cache_kib = WRITER_CACHE_KIB,
                            .wal_pages = WAL_PAGES};
    if (is_emptied(s)) {
        ps_fault_set(
            fault, s->path, 0,
            "damaged: it is empty: psarchive restore --force brings a backup back; without any, move the "
            "file away, and a new archive is begun");
        return PS_EMALFORMED;
    }
    int err = ps_db_open(&s->db, s->path, &db, fault);
    if (err == 0 && conf->check)
        err = check_damage(s, fault);
    if (err == 0)
        err = ps_db_migrate(s->db, schema, SCHEMA_VERSION, fault);
    return err;
}

static int load(struct store *s, struct ps_fault *fault)
{
    int err = catalog_new(&s->catalog);
    if (err == 0)
        err = ps_db_version(s->db, &s->version);
    if (err == 0)
        err = load_metas(s);
    if (err == 0)
        err = load_updated(s);
    if (err == 0)
        err = purged_load(s);
    if (err == 0)
        err = load_newest(s);
    if (err != 0)
        ps_fault_set(fault, s->path, 0, "metadata cannot be read: %s%s", ps_strerror(err),
                     err == PS_EMALFORMED ? ": put a backup in its place" : "");
    return err;
}

int store_open(struct store **out, const struct store_conf *conf, struct ps_fault *fault)
{
    struct store *s = calloc(1, sizeof *s);
    if (s == NULL || (s->dir = strdup(conf->dir)) == NULL ||
        asprintf(&s->path, "%s/%s", conf->dir, STORE_FILE) < 0) {
        ps_fault_set(fault, conf->dir, 0, "%s", ps_strerror(-ENOMEM));
        store_close(s);
        return -ENOMEM;
    }
    s->floor = conf->floor;
    s->read_only = conf->read_only;
    int err = look_for_archive(s, conf, fault);
    if (err == 0 && s->made)
        err = make_dir(s->dir, fault);
    if (err == 0)
        err = open_db(s, conf, fault);
    if (err == 0)
        err = load(s, fault);
    if (err != 0)
        store_close(s);
    else
        *out = s;
    return err;
}

void store_close(struct store *s)
{
    if (s == NULL)
        return;
    catalog_free(s->catalog);
    ps_stmt_free(s->newest);
    ps_db_close(s->db);
    free(s->dir);
    free(s->path);
    free(s);
}

struct catalog *store_catalog(struct store *s)
{
    return s->catalog;
}

const char *store_path(const struct store *s)
{
    return s->path;
}

bool store_was_made(const struct store *s)
{
    return s->made;
}

uint64_t store_room(const struct store *s, uint64_t *disk_free)
{
    struct statvfs v;
    *disk_free = 0;
    if (statvfs(s->dir, &v) != 0)
        return UINT64_MAX; // let the writing tell
    *disk_free = (uint64_t)v.f_bavail * v.f_frsize;
    return *disk_free > s->floor ? *disk_free - s->floor : 0;
}

uint64_t store_log_octets(const struct store *s)
{
    char name[4096];
    struct stat st;
    snprintf(name, sizeof name, "%s-wal", s->path);
    return stat(name, &st) == 0 ? (uint64_t)st.st_size : 0;
}

int store_empty_log(struct store *s)
{
    if (store_log_octets(s) == 0)
        return 0;
    int err = ps_db_checkpoint_now(s->db);
    return err == 0 ? 1 : err;
}

// --- readers

int reader_new(struct reader **out, struct store *s, struct ps_fault *fault)
{
    static const struct ps_db_conf conf = {
        .read_only = true, .application = SCHEMA_APPLICATION, .cache_kib = READER_CACHE_KIB};
    struct reader *r = calloc(1, sizeof *r);
    if (r == NULL) {
        ps_fault_set(fault, s->path, 0, "%s", ps_strerror(-ENOMEM));
        return -ENOMEM;
    }
    r->store = s;
    int err = ps_db_open(&r->db, s->path, &conf, fault);
    if (err == 0 && (err = phrases_new(&r->phrases, r->db)) != 0)
        ps_fault_set(fault, s->path, 0, "%s (%s)", ps_strerror(err), ps_db_words(r->db));
    if (err != 0)
        reader_free(r);
    else
        *out = r;
    return err;
}

void reader_free(struct reader *r)
{
    if (r == NULL)
        return;
    phrases_free(r->phrases);
    documents_free(r->documents);
    ps_stmt_free(r->points);
    ps_stmt_free(r->rollups);
    ps_stmt_free(r->newest);
    ps_stmt_free(r->token);
    ps_db_close(r->db);
    free(r);
}

int store_look(struct reader *r, struct store_state *out)
{
    struct ps_db_size size = {0};
    const struct store *s = r->store;
    *out = (struct store_state){0};
    int err = ps_db_size(r->db, &size);
    out->metas = catalog_count(s->catalog);
    out->octets = (uint64_t)(size.pages * size.page_octets);
    out->wal_octets = store_log_octets(s);
    out->free_octets = (uint64_t)(size.unused * size.page_octets);
    out->under_floor = store_room(s, &out->disk_free) == 0;
    return err;
}
