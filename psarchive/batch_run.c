// SPDX-License-Identifier: Apache-2.0
// Two results in one second: whether they are of one run, which may complete and correct itself, or the later one is
// refused.
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "psarchive/batch_impl.h"

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static size_t skip_blanks(const struct es_value *v, size_t at)
{
    while (at < v->json.len && is_blank(v->json.text[at]))
        at++;
    return at;
}

// Hrefs have none of their own; programs write the JSON around them differently.
static bool same_but_blanks(const struct es_value *a, const struct es_value *b)
{
    size_t i = skip_blanks(a, 0), k = skip_blanks(b, 0);
    while (i < a->json.len && k < b->json.len && a->json.text[i] == b->json.text[k]) {
        i = skip_blanks(a, i + 1);
        k = skip_blanks(b, k + 1);
    }
    return i == a->json.len && k == b->json.len;
}

int batch_other_document(struct batch *b, const struct put *p, int64_t meta, int64_t ts, bool *other)
{
    char *text;
    size_t len;
    if (p->document.text == NULL || p->document.ts != ts)
        return 0;
    int err = documents_get(b->documents, meta, ts, &text, &len);
    if (err != 0)
        return err == PS_ENOTFOUND ? 0 : err;
    *other = len != p->document.len || memcmp(text, p->document.text, len) != 0;
    free(text);
    return 0;
}

int batch_kin(struct batch *b, const struct put *p, const struct plan *pl, int64_t meta, enum kin *out)
{
    int href = es_event_find("pscheduler-run-href");
    const struct es_value *theirs = row_find(pl->old, href), *ours = NULL;
    bool other = false;
    for (size_t i = pl->from; i < pl->to; i++)
        if (p->values[i].event == href)
            ours = &p->values[i].value;
    if (theirs != NULL && ours != NULL) {
        *out = same_but_blanks(theirs, ours) ? KIN_SAME : KIN_OTHER;
        return 0;
    }
    int err = batch_other_document(b, p, meta, pl->ts, &other);
    *out = other ? KIN_OTHER : KIN_UNKNOWN;
    return err;
}
