// SPDX-License-Identifier: Apache-2.0
#include "psarchive/meta.h"
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_buf.h"
#include "base/ps_err.h"
#include "base/ps_num.h"
#include "base/ps_wire.h"
#include "crypto/ps_crypto.h"

#define PACK_VERSION 1

// --- octets

static size_t packed_size(const struct es_reg *r)
{
    size_t n = 1 + 2 + 8 + 2 + r->nsummaries * 6;
    for (size_t i = 0; i < r->nparams; i++)
        n += 4 + strlen(r->params[i].key) + strlen(r->params[i].value);
    return n;
}

static void put_text(struct ps_wr *w, const char *text)
{
    ps_wr_u16(w, (uint16_t)strlen(text));
    ps_wr_bytes(w, text, strlen(text));
}

int meta_pack(const struct es_reg *r, uint8_t **out, size_t *len)
{
    struct ps_wr w;
    size_t size = packed_size(r);
    uint8_t *data = malloc(size);
    if (data == NULL)
        return -ENOMEM;
    ps_wr_init(&w, data, size);
    ps_wr_u8(&w, PACK_VERSION);
    ps_wr_u64(&w, r->events);
    ps_wr_u16(&w, (uint16_t)r->nparams);
    for (size_t i = 0; i < r->nparams; i++) {
        put_text(&w, r->params[i].key);
        put_text(&w, r->params[i].value);
    }
    ps_wr_u16(&w, (uint16_t)r->nsummaries);
    for (size_t i = 0; i < r->nsummaries; i++) {
        ps_wr_u8(&w, r->summaries[i].event);
        ps_wr_u8(&w, r->summaries[i].type);
        ps_wr_u32(&w, r->summaries[i].window);
    }
    *out = data;
    *len = ps_wr_len(&w);
    return w.err;
}

static void get_text(struct ps_rd *rd, size_t max, char *out)
{
    size_t n = ps_rd_u16(rd);
    if (n > max || n > ps_rd_left(rd))
        ps_rd_fail(rd, PS_EMALFORMED);
    else
        ps_rd_bytes(rd, out, n);
    out[rd->err == 0 ? n : 0] = '\0';
}

static void get_param(struct ps_rd *rd, struct es_reg *r)
{
    char key[ES_REG_NAME_MAX + 1], value[ES_REG_VALUE_MAX + 1];
    get_text(rd, ES_REG_NAME_MAX, key);
    get_text(rd, ES_REG_VALUE_MAX, value);
    int err = rd->err == 0 ? es_reg_set(r, key, value) : 0;
    if (err != 0)
        ps_rd_fail(rd, err);
}

static void get_summary(struct ps_rd *rd, struct es_reg *r)
{
    uint8_t event = ps_rd_u8(rd), type = ps_rd_u8(rd);
    uint32_t window = ps_rd_u32(rd);
    if (rd->err != 0)
        return;
    if (event >= ES_EVENT_COUNT || type == ES_SUMMARY_BASE || type > ES_SUMMARY_STATISTICS) {
        ps_rd_fail(rd, PS_EMALFORMED);
        return;
    }
    int err = es_reg_summary(r, event, (enum es_summary_type)type, window);
    if (err != 0)
        ps_rd_fail(rd, err == -ENOMEM ? err : PS_EMALFORMED);
}

int meta_unpack(const uint8_t *data, size_t len, struct es_reg *out)
{
    struct ps_rd rd;
    ps_rd_init(&rd, data, len);
    es_reg_init(out);
    if (ps_rd_u8(&rd) != PACK_VERSION)
        ps_rd_fail(&rd, PS_EVERSION);
    out->events = ps_rd_u64(&rd);
    if (out->events >> ES_EVENT_COUNT != 0)
        ps_rd_fail(&rd, PS_EMALFORMED);
    for (unsigned n = ps_rd_u16(&rd); n > 0 && rd.err == 0; n--)
        get_param(&rd, out);
    for (unsigned n = ps_rd_u16(&rd); n > 0 && rd.err == 0; n--)
        get_summary(&rd, out);
    if (rd.err == 0 && ps_rd_left(&rd) > 0)
        ps_rd_fail(&rd, PS_EMALFORMED);
    if (rd.err == 0)
        return 0;
    es_reg_fini(out);
    return rd.err == PS_ESHORT ? PS_EMALFORMED : rd.err;
}

// Of the packed form, without regard to case in what is text.
int registration_hash(const struct es_reg *r, uint8_t out[32])
{
    uint8_t *data;
    size_t len;
    int err = meta_pack(r, &data, &len);
    if (err != 0)
        return err;
    size_t at = 1 + 8 + 2;
    for (size_t i = 0; i < 2 * r->nparams; i++) {
        size_t n = (size_t)data[at] << 8 | data[at + 1];
        for (size_t k = at + 2; k < at + 2 + n; k++)
            data[k] = (uint8_t)tolower(data[k]);
        at += 2 + n;
    }
    err = ps_sha256(data, len, out);
    free(data);
    return err;
}

// --- in memory

static size_t text_octets(const struct es_reg *r)
{
    size_t n = 0;
    for (size_t i = 0; i < r->nparams; i++)
        n += strlen(r->params[i].key) + strlen(r->params[i].value) + 2;
    return n;
}

static char *copy_text(char **to, const char *text)
{
    size_t n = strlen(text) + 1;
    char *at = *to;
    memcpy(at, text, n);
    *to += n;
    return at;
}

static void add_window(struct meta *m, uint32_t window)
{
    size_t i = 0;
    while (i < m->nwindows && m->windows[i] < window)
        i++;
    if (window == 0 || (i < m->nwindows && m->windows[i] == window))
        return;
    memmove(&m->windows[i + 1], &m->windows[i], (m->nwindows - i) * sizeof m->windows[0]);
    m->windows[i] = window;
    m->nwindows++;
}

static size_t count_events(const struct es_reg *r)
{
    size_t n = 0;
    for (uint64_t left = r->events; left != 0; left &= left - 1)
        n++;
    return n;
}

static void fill(struct meta *m, const struct es_reg *r)
{
    const size_t nevents = count_events(r);
    char *const times = (char *)(m + 1);
    m->updated = (_Atomic int64_t *)(void *)times;
    m->purged = m->updated + nevents;
    struct es_summary *summaries = (struct es_summary *)(void *)(times + 2 * nevents * sizeof *m->updated);
    struct es_param *params = (struct es_param *)(void *)(summaries + r->nsummaries);
    char *text = (char *)(params + r->nparams);
    for (size_t i = 0; i < r->nparams; i++) {
        params[i].key = copy_text(&text, r->params[i].key);
        params[i].value = copy_text(&text, r->params[i].value);
    }
    if (r->nsummaries > 0)
        memcpy(summaries, r->summaries, r->nsummaries * sizeof *summaries);
    for (size_t i = 0; i < r->nsummaries; i++)
        add_window(m, summaries[i].window);
    for (int e = 0; e < ES_EVENT_COUNT; e++)
        if (r->events >> e & 1)
            m->event[m->nevents++] = (uint8_t)e;
    m->params = params;
    m->nparams = r->nparams;
    m->summaries = summaries;
    m->nsummaries = r->nsummaries;
    m->events = r->events;
}

int meta_new(const struct es_reg *r, int64_t id, int64_t created, struct meta **out)
{
    _Static_assert(sizeof(struct es_summary) == 8 && sizeof(struct meta) % 8 == 0 &&
                       sizeof(_Atomic int64_t) == 8,
                   "what follows is aligned");
    size_t size = sizeof(struct meta) + 2 * count_events(r) * sizeof *(*out)->updated +
                  (r->nsummaries + 1) * sizeof(struct es_summary) + r->nparams * sizeof(struct es_param) +
                  text_octets(r);
    struct meta *m = calloc(1, size);
    if (m == NULL)
        return -ENOMEM;
    int err = registration_hash(r, m->hash);
    if (err != 0) {
        free(m);
        return err;
    }
    memcpy(m->key, r->keyed ? r->key : m->hash, ES_REG_KEY_LEN);
    m->id = id;
    m->created = created;
    atomic_init(&m->refs, 1);
    atomic_init(&m->newest, -1);
    m->looked = INT64_MIN;
    fill(m, r);
    *out = m;
    return 0;
}

// Counting does not change what a meta is.
static struct meta *counted(const struct meta *m)
{
    union {
        const struct meta *given;
        struct meta *own;
    } u = {.given = m};
    return u.own;
}

void meta_registration(const struct meta *m, struct es_reg *out)
{
    es_reg_init(out);
    // Who takes a registration as const leaves alone what it points to.
    memcpy(&out->params, &m->params, sizeof out->params);
    memcpy(&out->summaries, &m->summaries, sizeof out->summaries);
    out->nparams = m->nparams;
    out->nsummaries = m->nsummaries;
    out->events = m->events;
    out->keyed = true;
    memcpy(out->key, m->key, ES_REG_KEY_LEN);
}

struct meta *meta_ref(const struct meta *m)
{
    struct meta *own = counted(m);
    (void)atomic_fetch_add_explicit(&own->refs, 1, memory_order_relaxed);
    return own;
}

void meta_unref(const struct meta *m)
{
    struct meta *own = counted(m);
    if (own != NULL && atomic_fetch_sub_explicit(&own->refs, 1, memory_order_acq_rel) == 1)
        free(own);
}

// --- questions

const char *meta_get(const struct meta *m, const char *key)
{
    size_t low = 0, high = m->nparams;
    while (low < high) {
        size_t mid = (low + high) / 2;
        int order = strcmp(m->params[mid].key, key);
        if (order == 0)
            return m->params[mid].value;
        if (order < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return NULL;
}

void meta_key_text(const struct meta *m, char out[2 * ES_REG_KEY_LEN + 1])
{
    ps_num_to_hex(m->key, ES_REG_KEY_LEN, out);
}

bool meta_has_event(const struct meta *m, int event)
{
    return event >= 0 && event < ES_EVENT_COUNT && (m->events >> event & 1);
}

bool meta_has_summary(const struct meta *m, int event, enum es_summary_type type, uint32_t window)
{
    if (type == ES_SUMMARY_BASE)
        return window == 0 && meta_has_event(m, event);
    for (size_t i = 0; i < m->nsummaries; i++)
        if (m->summaries[i].event == event && m->summaries[i].type == type &&
            m->summaries[i].window == window)
            return true;
    return false;
}

bool meta_rolls_up(const struct meta *m, int event, uint32_t window)
{
    for (size_t i = 0; i < m->nsummaries; i++)
        if (m->summaries[i].event == event && m->summaries[i].window == window)
            return true;
    return false;
}

int64_t meta_updated(const struct meta *m, int event)
{
    int64_t newest = 0;
    for (size_t i = 0; i < m->nevents; i++) {
        int64_t at = atomic_load_explicit(&m->updated[i], memory_order_relaxed);
        if ((event < 0 || m->event[i] == event) && at > newest)
            newest = at;
    }
    return newest;
}
