// SPDX-License-Identifier: Apache-2.0
#include "lsregister/wishes.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

void wishes_pop(struct wishes *w)
{
    struct wish *last = &w->at[--w->n];
    for (size_t l = 0; l < last->nlinks; l++) {
        free(last->links[l].key);
        words_fini(&last->links[l].ids);
    }
    free(last->links);
    free(last->id);
    record_fini(&last->record);
}

void wishes_fini(struct wishes *w)
{
    while (w->n)
        wishes_pop(w);
    free(w->at);
    *w = (struct wishes){0};
}

int wishes_add(struct wishes *w, const char *id, struct wish **out)
{
    struct wish *at = realloc(w->at, (w->n + 1) * sizeof *at);
    if (!at)
        return -ENOMEM;
    w->at = at;
    *out = &at[w->n];
    **out = (struct wish){.id = strdup(id)};
    if (!(*out)->id)
        return -ENOMEM;
    w->n++;
    return 0;
}

static struct wish_link *find_link(const struct wish *w, const char *key)
{
    for (size_t i = 0; i < w->nlinks; i++)
        if (strcmp(w->links[i].key, key) == 0)
            return &w->links[i];
    return NULL;
}

int wish_link(struct wish *w, const char *key, const char *id)
{
    struct wish_link *l = find_link(w, key);
    if (l)
        return words_add_new(&l->ids, id);
    l = realloc(w->links, (w->nlinks + 1) * sizeof *l);
    if (!l)
        return -ENOMEM;
    w->links = l;
    l[w->nlinks] = (struct wish_link){.key = strdup(key)};
    if (!l[w->nlinks].key)
        return -ENOMEM;
    w->nlinks++;
    return words_add(&l[w->nlinks - 1].ids, id);
}

struct wish *wishes_find(const struct wishes *w, const char *id)
{
    for (size_t i = 0; i < w->n; i++)
        if (strcmp(w->at[i].id, id) == 0)
            return &w->at[i];
    return NULL;
}

static int copy_wish(struct wishes *to, const struct wish *from)
{
    struct wish *w;
    int err = wishes_add(to, from->id, &w);
    if (!err)
        err = record_copy(&w->record, &from->record);
    for (size_t l = 0; l < from->nlinks; l++)
        for (size_t i = 0; i < from->links[l].ids.n && !err; i++)
            err = wish_link(w, from->links[l].key, from->links[l].ids.at[i]);
    return err;
}

int wishes_copy(struct wishes *to, const struct wishes *from)
{
    int err = 0;
    for (size_t i = 0; i < from->n && !err; i++)
        err = copy_wish(to, &from->at[i]);
    return err;
}

bool wish_same(const struct wish *a, const struct wish *b)
{
    if (a->nlinks != b->nlinks || !record_same(&a->record, &b->record))
        return false;
    for (size_t l = 0; l < a->nlinks; l++) {
        const struct wish_link *other = find_link(b, a->links[l].key);
        if (!other || other->ids.n != a->links[l].ids.n)
            return false;
        for (size_t i = 0; i < other->ids.n; i++)
            if (!words_has(&a->links[l].ids, other->ids.at[i]))
                return false;
    }
    return true;
}
