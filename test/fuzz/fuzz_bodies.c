// SPDX-License-Identifier: Apache-2.0
// What is written to an archive: registrations, points, result documents, and what another archive answers to whom it
// is sent. The first octet says which of them it is. What is sent to another archive of a document is what ours takes.
#include <stdlib.h>
#include <string.h>
#include "fuzz.h"
#include "esmond/es_body.h"
#include "esmond/es_param.h"
#include "psarchive/map.h"
#include "psarchive/meta.h"
#include "psarchive/points.h"

static struct ps_fault fault;

static void read_registration(struct ps_jnode root)
{
    struct es_reg r;

    es_reg_init(&r);
    if (es_param_registration(&r, root, &fault) == 0)
        (void)es_reg_check(&r, &fault);
    es_reg_fini(&r);
}

// For a put of all event types.
static void read_points(struct ps_jnode root)
{
    struct es_reg r;
    struct meta *meta = NULL;
    struct put *p;

    es_reg_init(&r);
    es_reg_set(&r, "subject-type", "network-element");
    es_reg_set(&r, "source", "192.0.2.1");
    for (int i = 0; i < ES_EVENT_COUNT; i++)
        es_reg_event(&r, i);
    if (meta_new(&r, 1, 0, &meta) == 0 && (p = put_new(meta))) {
        (void)points_bulk(p, root, &fault);
        (void)points_single(p, 0, root, &fault);
        put_free(p);
    }
    meta_unref(meta);
    es_reg_fini(&r);
}

// The registration and the values as they are sent are read as they were.
static void send_document(const struct es_map *m)
{
    struct es_reg reg, back;
    struct es_body body;
    struct ps_jdoc *doc = NULL, *values = NULL;
    char *text = NULL, *put_text = NULL;
    size_t len, put_len;
    struct meta *meta = NULL;
    struct put *p = NULL;

    es_reg_init(&reg);
    es_reg_init(&back);
    es_body_init(&body);
    if (es_map_register(m, &reg, &fault) == 0 && es_map_values(m, es_body_take, &body, &fault) == 0) {
        if (es_body_registration(&reg, &text, &len) || ps_jdoc_parse(&doc, NULL, text, len, &fault) ||
            es_param_registration(&back, ps_jdoc_root(doc), &fault) || es_reg_check(&back, &fault) ||
            back.events != reg.events || back.nsummaries != reg.nsummaries || meta_new(&back, 1, 0, &meta) ||
            !(p = put_new(meta)))
            abort();
        if (es_body_values(&body, 0, body.n, &put_text, &put_len) ||
            ps_jdoc_parse(&values, NULL, put_text, put_len, &fault) ||
            points_bulk(p, ps_jdoc_root(values), &fault) || p->nvalues != body.n)
            abort();
    }
    put_free(p);
    meta_unref(meta);
    ps_jdoc_free(doc);
    ps_jdoc_free(values);
    free(text);
    free(put_text);
    es_body_fini(&body);
    es_reg_fini(&reg);
    es_reg_fini(&back);
}

static void read_answer(const char *text, size_t len)
{
    char key[ES_BODY_KEY_MAX + 1];

    if (es_body_key(text, len, key) == 0 && (!key[0] || strchr(key, '/') || strcmp(key, "..") == 0))
        abort();
    (void)es_body_is_error(text, len);
}

static void read_document(struct ps_jnode root)
{
    static const enum es_map_form forms[] = {ES_MAP_MAPPED, ES_MAP_BOTH, ES_MAP_RAW};
    struct ps_addr addr;
    struct put *p = NULL;
    struct es_map m;

    if (es_map_begin(&m, root, &fault))
        return;
    ps_addr_parse("192.0.2.1", 0, &addr);
    for (int i = 0; i < ES_MAP_ROLES; i++)
        if (!m.hosts[i].known)
            es_map_found(&m.hosts[i], &addr, 1);
    if (map_make(&m, NULL, &p, &fault) == 0)
        put_free(p);
    for (size_t i = 0; i < 3 && m.kind != ES_MAP_STEP && m.ts >= 0 && m.ts <= PUT_TS_MAX; i++) {
        m.form = forms[i];
        send_document(&m);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ps_jdoc *doc;

    if (size > 0 && data[0] == 'a')
        read_answer((const char *)data + 1, size - 1);
    if (size < 1 || ps_jdoc_parse(&doc, NULL, (const char *)data + 1, size - 1, &fault))
        return 0;
    if (data[0] == 'r')
        read_registration(ps_jdoc_root(doc));
    else if (data[0] == 'p')
        read_points(ps_jdoc_root(doc));
    else
        read_document(ps_jdoc_root(doc));
    ps_jdoc_free(doc);
    return 0;
}
