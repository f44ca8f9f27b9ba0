// SPDX-License-Identifier: Apache-2.0
#include "psarchive/phrase.h"
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "psarchive/uuid_holes.h"
#include "zstd/ps_zstd.h"

#define TEXT_MAX 1024 // of a phrase
#define SHORT 48      // what is shorter is not worth compressing
#define PHRASE_MIN 8
#define HOLES_MAX 8
#define SLOTS 4096 // of what is remembered, a power of two
#define DAY 86400
#define ORDER_LEN 8
#define ORDER_ID 8
#define BITS_FORM 2

enum { FORM_PLAIN, FORM_PHRASE, FORM_PACKED };

struct phrase {
    int64_t id;
    int64_t used; // ts of a point that uses it; none uses it that is a day newer
    size_t len;
    char text[];
};

struct phrases {
    struct ps_db *db;
    struct ps_zstd *zstd;
    struct ps_stmt *find, *by_id, *add, *touch;
    struct phrase *by_text[SLOTS]; // place: the text's hash
    struct phrase *ids[SLOTS];     // place: the identifier
    uint64_t seen[SLOTS];          // hashes of texts that came once
};

int phrases_new(struct phrases **out, struct ps_db *db)
{
    struct phrases *p = calloc(1, sizeof *p);
    if (p == NULL)
        return -ENOMEM;
    p->db = db;
    int err = ps_zstd_new(&p->zstd);
    if (err == 0)
        err = ps_stmt_new(&p->find, db, "SELECT id, used FROM phrase WHERE text = ?1");
    if (err == 0)
        err = ps_stmt_new(&p->by_id, db, "SELECT text, used FROM phrase WHERE id = ?1");
    if (err == 0)
        err = ps_stmt_new(&p->add, db, "INSERT INTO phrase (text, used) VALUES (?1, ?2) RETURNING id");
    if (err == 0)
        err = ps_stmt_new(&p->touch, db, "UPDATE phrase SET used = ?2 WHERE id = ?1");
    if (err != 0)
        phrases_free(p);
    else
        *out = p;
    return err;
}

void phrases_forget(struct phrases *p)
{
    for (size_t i = 0; i < SLOTS; i++) {
        free(p->by_text[i]);
        free(p->ids[i]);
        p->by_text[i] = p->ids[i] = NULL;
    }
}

void phrases_free(struct phrases *p)
{
    if (p == NULL)
        return;
    phrases_forget(p);
    ps_stmt_free(p->find);
    ps_stmt_free(p->by_id);
    ps_stmt_free(p->add);
    ps_stmt_free(p->touch);
    ps_zstd_free(p->zstd);
    free(p);
}

static struct phrase *remember(struct phrase **slot, int64_t id, int64_t used, const char *text, size_t len)
{
    struct phrase *ph = malloc(sizeof *ph + len);
    free(*slot);
    *slot = ph;
    if (ph == NULL)
        return NULL;
    *ph = (struct phrase){.id = id, .used = used, .len = len};
    memcpy(ph->text, text, len);
    return ph;
}

// --- from text to phrase

static uint64_t hash(const char *text, size_t len)
{
    uint64_t h = UINT64_C(14695981039346656037); // FNV-1a, eight octets at a time
    for (; len >= 8; len -= 8, text += 8) {
        uint64_t word;
        memcpy(&word, text, 8);
        h = (h ^ word) * UINT64_C(1099511628211);
        h ^= h >> 29;
    }
    for (; len > 0; len--, text++)
        h = (h ^ (uint8_t)*text) * UINT64_C(1099511628211);
    return h ^ h >> 32;
}

// 1 with the phrase, 0: it is none, or an error.
static int find(struct phrases *p, uint64_t h, const char *text, size_t len, struct phrase **out)
{
    struct phrase **slot = &p->by_text[h % SLOTS];
    if (*slot != NULL && (*slot)->len == len && memcmp((*slot)->text, text, len) == 0) {
        *out = *slot;
        return 1;
    }
    ps_stmt_blob(p->find, 1, text, len);
    int got = ps_stmt_step(p->find);
    if (got <= 0)
        return got;
    *out = remember(slot, ps_stmt_col_i64(p->find, 0), ps_stmt_col_i64(p->find, 1), text, len);
    ps_stmt_reset(p->find);
    return *out != NULL ? 1 : -ENOMEM;
}

static int add(struct phrases *p, uint64_t h, int64_t ts, const char *text, size_t len, struct phrase **out)
{
    ps_stmt_blob(p->add, 1, text, len);
    ps_stmt_i64(p->add, 2, ts);
    int got = ps_stmt_step(p->add);
    if (got <= 0)
        return got < 0 ? got : PS_ESTATE;
    int64_t id = ps_stmt_col_i64(p->add, 0);
    ps_stmt_reset(p->add);
    *out = remember(&p->by_text[h % SLOTS], id, ts, text, len);
    return *out != NULL ? 1 : -ENOMEM;
}

static int touch(struct phrases *p, struct phrase *ph, int64_t ts)
{
    if (ts < ph->used + DAY)
        return 1;
    ps_stmt_i64(p->touch, 1, ph->id);
    ps_stmt_i64(p->touch, 2, ts);
    int err = ps_stmt_run(p->touch);
    if (err != 0)
        return err;
    ph->used = ts;
    return 1;
}

// 1 with a phrase that may be used; 0: there is none of this text, which is now known to have come.
static int get(struct phrases *p, int64_t ts, const char *text, size_t len, struct phrase **out)
{
    uint64_t h = hash(text, len);
    uint64_t *seen = &p->seen[(h >> 20) % SLOTS];
    int got = find(p, h, text, len, out);
    if (got == 0 && *seen == h)
        return add(p, h, ts, text, len, out);
    if (got == 0)
        *seen = h;
    return got > 0 ? touch(p, *out, ts) : got;
}

struct cut {
    const char *text;
    size_t len;
    size_t at[HOLES_MAX], n;
    size_t from; // the first hole
    char left[TEXT_MAX];
};

static int try_from(struct phrases *p, int64_t ts, struct cut *c, size_t from, struct phrase **out)
{
    c->from = from;
    size_t len = uuids_cut(c->text, c->len, c->at, from, c->n, c->left);
    return get(p, ts, c->left, len, out);
}

// A text of one task differs in the last UUID only, one of another in all.
static int find_phrase(struct phrases *p, int64_t ts, struct cut *c, struct phrase **out)
{
    if (c->len > TEXT_MAX || c->len < PHRASE_MIN)
        return 0;
    c->n = uuids_find(c->text, c->len, c->at, HOLES_MAX);
    int got = try_from(p, ts, c, c->n > 0 ? c->n - 1 : 0, out);
    if (got == 0 && c->n > 1)
        got = try_from(p, ts, c, 0, out);
    return got;
}

// --- bits

static void put_phrase(struct bitput *w, const struct phrase *ph, const struct cut *c)
{
    uint8_t uuid[UUID_LEN];
    bitput(w, FORM_PHRASE, BITS_FORM);
    bitput_golomb(w, (uint64_t)ph->id, ORDER_ID);
    for (size_t i = c->from; i < c->n; i++) {
        uuid_get(c->text + c->at[i], uuid);
        bitput_octets(w, uuid, UUID_LEN);
    }
}

static int put_text(struct phrases *p, struct bitput *w, const char *text, size_t len)
{
    const uint8_t *packed = NULL;
    size_t n = 0;
    int err = len >= SHORT ? ps_zstd_pack(p->zstd, NULL, 0, text, len, &packed, &n) : 0;
    if (err != 0)
        return err;
    bool smaller = packed != NULL && n + 2 < len;
    bitput(w, smaller ? FORM_PACKED : FORM_PLAIN, BITS_FORM);
    bitput_golomb(w, len, ORDER_LEN);
    if (smaller)
        bitput_golomb(w, n, ORDER_LEN);
    bitput_octets(w, smaller ? packed : (const void *)text, smaller ? n : len);
    return 0;
}

int phrase_pack(struct phrases *p, struct bitput *w, int64_t ts, const char *text, size_t len)
{
    struct cut c;
    struct phrase *ph = NULL;
    c.text = text;
    c.len = len;
    int got = find_phrase(p, ts, &c, &ph);
    if (got == 0)
        return put_text(p, w, text, len);
    if (got > 0)
        put_phrase(w, ph, &c);
    return got > 0 ? 0 : got;
}

// --- back

static int by_id(struct phrases *p, int64_t id, struct phrase **out)
{
    struct phrase **slot = &p->ids[(uint64_t)id % SLOTS];
    if (*slot != NULL && (*slot)->id == id) {
        *out = *slot;
        return 0;
    }
    ps_stmt_i64(p->by_id, 1, id);
    int got = ps_stmt_step(p->by_id);
    if (got <= 0)
        return got < 0 ? got : PS_EMALFORMED;
    size_t len;
    const char *text = ps_stmt_col_blob(p->by_id, 0, &len);
    *out = remember(slot, id, ps_stmt_col_i64(p->by_id, 1), text, len);
    ps_stmt_reset(p->by_id);
    return *out != NULL ? 0 : -ENOMEM;
}

static size_t count_holes(const struct phrase *ph)
{
    size_t n = 0;
    for (size_t i = 0; i < ph->len; i++)
        n += ph->text[i] == UUID_HOLE;
    return n;
}

static int fill_holes(struct bitget *r, const struct phrase *ph, struct es_value *out)
{
    uint8_t uuid[UUID_LEN];
    size_t n = count_holes(ph), to = 0;
    if (n > HOLES_MAX)
        return PS_EMALFORMED;
    char *text = malloc(ph->len + n * UUID_TEXT + 1);
    if (text == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < ph->len; i++) {
        if (ph->text[i] != UUID_HOLE) {
            text[to++] = ph->text[i];
            continue;
        }
        bitget_octets(r, uuid, UUID_LEN);
        uuid_put(uuid, text + to);
        to += UUID_TEXT;
    }
    out->form = ES_VALUE_JSON;
    out->json.text = text;
    out->json.len = to;
    return 0;
}

static int get_phrase(struct phrases *p, struct bitget *r, struct es_value *out)
{
    struct phrase *ph;
    int64_t id = (int64_t)bitget_golomb(r, ORDER_ID);
    if (r->err != 0)
        return r->err;
    int err = p == NULL ? PS_EMALFORMED : by_id(p, id, &ph);
    return err == 0 ? fill_holes(r, ph, out) : err;
}

static int unpack(struct phrases *p, struct bitget *r, size_t n, char *text, size_t len)
{
    uint8_t *packed = malloc(n + 1);
    if (packed == NULL)
        return -ENOMEM;
    bitget_octets(r, packed, n);
    int err = p == NULL ? PS_EMALFORMED : ps_zstd_unpack(p->zstd, NULL, 0, packed, n, text, len);
    free(packed);
    return err;
}

static int get_text(struct phrases *p, struct bitget *r, bool packed, struct es_value *out)
{
    size_t len = (size_t)bitget_golomb(r, ORDER_LEN);
    size_t n = packed ? (size_t)bitget_golomb(r, ORDER_LEN) : len;
    if (r->err != 0 || len == 0 || len > ES_VALUE_TEXT_MAX || n > bitget_left(r))
        return PS_EMALFORMED;
    char *text = malloc(len);
    if (text == NULL)
        return -ENOMEM;
    int err = 0;
    if (packed)
        err = unpack(p, r, n, text, len);
    else
        bitget_octets(r, text, len);
    if (err != 0) {
        free(text);
        return err;
    }
    out->form = ES_VALUE_JSON;
    out->json.text = text;
    out->json.len = len;
    return 0;
}

int phrase_unpack(struct phrases *p, struct bitget *r, struct es_value *out)
{
    *out = (struct es_value){0};
    int err = PS_EMALFORMED;
    unsigned form = (unsigned)bitget(r, BITS_FORM);
    if (form == FORM_PHRASE)
        err = get_phrase(p, r, out);
    else if (form == FORM_PLAIN || form == FORM_PACKED)
        err = get_text(p, r, form == FORM_PACKED, out);
    if (err == 0)
        err = r->err;
    if (err != 0) {
        bitget_fail(r, err);
        es_value_fini(out);
    }
    return err;
}

int phrases_purge(struct phrases *p, int64_t ts)
{
    struct ps_stmt *st;
    int err = ps_stmt_new(&st, p->db, "DELETE FROM phrase WHERE used < ?1");
    if (err != 0)
        return err;
    ps_stmt_i64(st, 1, ts - DAY);
    err = ps_stmt_run(st);
    ps_stmt_free(st);
    phrases_forget(p);
    return err;
}
