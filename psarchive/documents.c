// SPDX-License-Identifier: Apache-2.0
#include "psarchive/documents.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "psarchive/place.h"
#include "esmond/es_value.h"
#include "zstd/ps_zstd.h"

#define TEMPLATE_MAX 16384 // octets
#define SLOTS 1024         // templates in memory, a power of two
#define KEPT_OCTETS ((size_t)4 << 20)

struct template
{
    int64_t meta;
    size_t len;
    char text[];
};

struct documents {
    struct ps_db *db;
    struct ps_zstd *zstd;
    struct ps_stmt *template_get, *template_add, *get, *add;
    struct template *kept[SLOTS]; // place: the meta
    size_t octets;
};

int documents_new(struct documents **out, struct ps_db *db)
{
    struct documents *d = calloc(1, sizeof *d);
    if (d == NULL)
        return -ENOMEM;
    d->db = db;
    int err = ps_zstd_new(&d->zstd);
    if (err == 0)
        err = ps_stmt_new(&d->template_get, db, "SELECT body FROM template WHERE meta = ?1");
    if (err == 0)
        err = ps_stmt_new(&d->template_add, db, "INSERT INTO template (meta, body) VALUES (?1, ?2)");
    if (err == 0)
        err = ps_stmt_new(&d->get, db, "SELECT len, body FROM document WHERE place = ?1");
    if (err == 0)
        err =
            ps_stmt_new(&d->add, db, "INSERT OR IGNORE INTO document (place, len, body) VALUES (?1, ?2, ?3)");
    if (err != 0)
        documents_free(d);
    else
        *out = d;
    return err;
}

void documents_forget(struct documents *d)
{
    for (size_t i = 0; i < SLOTS; i++) {
        free(d->kept[i]);
        d->kept[i] = NULL;
    }
    d->octets = 0;
}

void documents_free(struct documents *d)
{
    if (d == NULL)
        return;
    documents_forget(d);
    ps_stmt_free(d->template_get);
    ps_stmt_free(d->template_add);
    ps_stmt_free(d->get);
    ps_stmt_free(d->add);
    ps_zstd_free(d->zstd);
    free(d);
}

// --- templates

static struct template *keep(struct documents *d, int64_t meta, const void *text, size_t len)
{
    if (d->octets + len > KEPT_OCTETS)
        documents_forget(d);
    struct template **slot = &d->kept[(uint64_t)meta % SLOTS];
    if (*slot != NULL)
        d->octets -= (*slot)->len;
    free(*slot);
    *slot = malloc(sizeof **slot + len);
    if (*slot == NULL)
        return NULL;
    **slot = (struct template){.meta = meta, .len = len};
    memcpy((*slot)->text, text, len);
    d->octets += len;
    return *slot;
}

// 1 with the template, 0: there is none, or an error.
static int find(struct documents *d, int64_t meta, struct template **out)
{
    *out = d->kept[(uint64_t)meta % SLOTS];
    if (*out != NULL && (*out)->meta == meta)
        return 1;
    ps_stmt_i64(d->template_get, 1, meta);
    int got = ps_stmt_step(d->template_get);
    if (got <= 0)
        return got;
    size_t len;
    const void *text = ps_stmt_col_blob(d->template_get, 0, &len);
    *out = keep(d, meta, text, len);
    ps_stmt_reset(d->template_get);
    return *out != NULL ? 1 : -ENOMEM;
}

static int make(struct documents *d, int64_t meta, const char *text, size_t len, struct template **out)
{
    size_t n = len < TEMPLATE_MAX ? len : TEMPLATE_MAX;
    ps_stmt_i64(d->template_add, 1, meta);
    ps_stmt_blob(d->template_add, 2, text, n);
    int err = ps_stmt_run(d->template_add);
    if (err != 0)
        return err;
    *out = keep(d, meta, text, n);
    return *out != NULL ? 1 : -ENOMEM;
}

// --- documents

int documents_add(struct documents *d, int64_t meta, int64_t ts, const char *text, size_t len)
{
    struct template *t;
    const uint8_t *packed;
    size_t n;
    int got = find(d, meta, &t);
    if (got == 0)
        got = make(d, meta, text, len, &t);
    if (got < 0)
        return got;
    int err = ps_zstd_pack(d->zstd, t->text, t->len, text, len, &packed, &n);
    if (err != 0)
        return err;
    ps_stmt_i64(d->add, 1, place_point(meta, ts));
    ps_stmt_i64(d->add, 2, (int64_t)len);
    ps_stmt_blob(d->add, 3, packed, n);
    return ps_stmt_run(d->add);
}

static int unpack(struct documents *d, const struct template *t, struct ps_stmt *row, char **text,
                  size_t *len)
{
    size_t n;
    int64_t want = ps_stmt_col_i64(row, 0);
    const void *packed = ps_stmt_col_blob(row, 1, &n);
    if (want <= 0 || want > ES_VALUE_TEXT_MAX)
        return PS_EMALFORMED;
    *text = malloc((size_t)want);
    if (*text == NULL)
        return -ENOMEM;
    *len = (size_t)want;
    int err = ps_zstd_unpack(d->zstd, t->text, t->len, packed, n, *text, *len);
    if (err != 0)
        free(*text);
    return err;
}

int documents_get(struct documents *d, int64_t meta, int64_t ts, char **text, size_t *len)
{
    struct template *t;
    int got = find(d, meta, &t);
    if (got <= 0)
        return got < 0 ? got : PS_ENOTFOUND;
    ps_stmt_i64(d->get, 1, place_point(meta, ts));
    got = ps_stmt_step(d->get);
    if (got <= 0)
        return got < 0 ? got : PS_ENOTFOUND;
    int err = unpack(d, t, d->get, text, len);
    ps_stmt_reset(d->get);
    return err;
}
