// SPDX-License-Identifier: Apache-2.0
// A query to a lookup server, which is then asked of a few records: what the index finds is what each record, looked at
// alone, says.
#include <stdlib.h>
#include <string.h>
#include "fuzz.h"
#include "lsregister/dir_index.h"

#define NOW INT64_C(1700000000000)

static const char *const texts[] = {
    "{\"type\":\"host\",\"host-name\":[\"a.example.net\",\"192.0.2.1\"],\"group-communities\":[\"A\",\"B\"]}",
    "{\"type\":\"service\",\"service-type\":\"owamp\",\"group-communities\":[\"A\"],\"empty\":[]}",
    "{\"type\":[\"person\",\"\"],\"person-name\":\"Ada *\"}",
};

static struct dir_index *make(void)
{
    struct dir_index *ix;

    if (dir_index_new(&ix))
        abort();
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct ps_fault fault;
        struct ps_jdoc *doc;
        struct dir_draft d = {0};
        struct dir_rec *rec;
        uint8_t uuid[DIR_UUID] = {(uint8_t)i};

        if (ps_jdoc_parse(&doc, NULL, texts[i], strlen(texts[i]), &fault) ||
            dir_draft_read(&d, ps_jdoc_root(doc), &fault) || dir_index_add(ix, &d, uuid, &rec))
            abort();
        rec->expires_ms = NOW + 1;
        dir_draft_fini(&d);
        ps_jdoc_free(doc);
    }
    return ix;
}

// Of the i-th record: whether one of its values is what is wanted.
static bool has(size_t i, const char *key, const char *value)
{
    struct ps_fault fault;
    struct ps_jdoc *doc;
    struct dir_draft d = {0};
    bool is = false;

    if (ps_jdoc_parse(&doc, NULL, texts[i], strlen(texts[i]), &fault) ||
        dir_draft_read(&d, ps_jdoc_root(doc), &fault))
        abort();
    for (size_t k = 0; k < d.n; k++)
        is |= d.pairs[k].value && strcmp(d.pairs[k].key, key) == 0 && dir_query_fits(value, d.pairs[k].value);
    dir_draft_fini(&d);
    ps_jdoc_free(doc);
    return is;
}

static bool meets_clause(const struct dir_clause *c, size_t i)
{
    size_t n = 0;

    for (size_t k = 0; k < c->n; k++)
        n += has(i, c->key, c->values[k]);
    return c->any ? n > 0 : n == c->n;
}

static bool meets(const struct dir_query *q, size_t i)
{
    size_t n = 0;

    for (size_t k = 0; k < q->n; k++)
        n += meets_clause(&q->clauses[k], i);
    return q->n == 0 || (q->any ? n > 0 : n == q->n);
}

static bool asks_for_own(const struct dir_query *q)
{
    for (size_t i = 0; i < q->n; i++)
        if (strcmp(q->clauses[i].key, "uri") == 0 || strcmp(q->clauses[i].key, "state") == 0)
            return true;
    return false;
}

static void compare(struct dir_index *ix, const struct dir_query *q)
{
    struct dir_hits hits;
    bool found[sizeof texts / sizeof texts[0]] = {false};
    const struct dir_rec *rec;

    if (dir_index_search(ix, q, NOW, &hits))
        abort();
    while ((rec = dir_hits_next(ix, &hits, NOW)))
        found[rec->uuid[0]] = true;
    dir_hits_fini(&hits);
    for (size_t i = 0; !q->skip && q->max >= 3 && !asks_for_own(q) && i < sizeof texts / sizeof texts[0]; i++)
        if (found[i] != meets(q, i))
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct dir_query q = {.n = 0};
    struct ps_fault fault = {""};
    struct ps_query params;
    static struct dir_index *ix; // made once

    if (!ix)
        ix = make();
    if (ps_query_parse(&params, (const char *)data, size))
        return 0;
    if (dir_query_read(&q, &params, &fault) == 0) {
        compare(ix, &q);
    } else if (!fault.text[0]) {
        abort();
    }
    dir_query_fini(&q);
    ps_query_fini(&params);
    return 0;
}
