// SPDX-License-Identifier: Apache-2.0
// What the reader has in hand: files, and which of their records it was given, has acted on, or keeps.
#include "spool/ps_spool_hand.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>
#include "base/ps_err.h"

#define LEFTOVERS_MAX 256 // what is forgotten comes again as a whole

// Of a file that was kept: which of its records are gone.
struct leftover {
    struct ps_list link;
    char name[SPOOL_NAME_SIZE];
    uint64_t gone;
};

void spool_hand_init(struct spool_hand *h)
{
    *h = (struct spool_hand){0};
    ps_list_init(&h->items);
    ps_list_init(&h->leftovers);
}

struct spool_item *spool_item_new(const char *name, size_t n)
{
    struct spool_item *i = calloc(1, sizeof *i + n * sizeof i->records[0]);
    if (i == NULL)
        return NULL;
    i->fd = -1;
    i->n = i->left = n;
    snprintf(i->name, sizeof i->name, "%s", name);
    for (size_t k = 0; k < n; k++)
        i->records[k].rec.name = i->name;
    return i;
}

void spool_item_free(struct spool_item *i)
{
    if (i == NULL)
        return;
    if (i->fd >= 0) {
        (void)flock(i->fd, LOCK_UN); // also where a child has the descriptor
        close(i->fd);
    }
    free(i->file);
    free(i);
}

void spool_hand_take(struct spool_hand *h, struct spool_item *i)
{
    ps_list_append(&h->items, &i->link);
    h->files++;
}

void spool_hand_drop(struct spool_hand *h, struct spool_item *i)
{
    ps_list_remove(&i->link);
    h->files--;
}

bool spool_hand_has(const struct spool_hand *h, const char *name)
{
    PS_LIST_EACH(l, &h->items)
        if (strcmp(PS_CONTAINER(l, struct spool_item, link)->name, name) == 0)
            return true;
    return false;
}

// Of a record that was given: its file.
static struct spool_item *find(struct spool_hand *h, const struct ps_spool_record *rec, size_t *place)
{
    PS_LIST_EACH(l, &h->items) {
        struct spool_item *i = PS_CONTAINER(l, struct spool_item, link);
        uintptr_t from = (uintptr_t)i->records, at = (uintptr_t)rec;
        if (at < from || at >= from + i->n * sizeof i->records[0])
            continue;
        *place = (at - from) / sizeof i->records[0];
        return &i->records[*place].rec == rec && i->records[*place].state == GIVEN ? i : NULL;
    }
    return NULL;
}

void spool_hand_remember(struct spool_hand *h, const struct spool_item *i)
{
    struct leftover *left = h->nleftovers < LEFTOVERS_MAX
                                ? calloc(1, sizeof *left)
                                : PS_CONTAINER(h->leftovers.next, struct leftover, link);
    if (left == NULL)
        return;
    if (h->nleftovers == LEFTOVERS_MAX)
        ps_list_remove(&left->link);
    else
        h->nleftovers++;
    memcpy(left->name, i->name, sizeof left->name);
    left->gone = i->gone;
    ps_list_append(&h->leftovers, &left->link);
}

// What of it is gone already; that is forgotten.
uint64_t spool_hand_recall(struct spool_hand *h, const char *name)
{
    PS_LIST_EACH(l, &h->leftovers) {
        struct leftover *left = PS_CONTAINER(l, struct leftover, link);
        uint64_t gone = left->gone;
        if (strcmp(left->name, name) != 0)
            continue;
        ps_list_remove(l);
        h->nleftovers--;
        free(left);
        return gone;
    }
    return 0;
}

void spool_hand_fini(struct spool_hand *h)
{
    PS_LIST_EACH_SAFE(l, &h->items)
        spool_item_free(PS_CONTAINER(l, struct spool_item, link));
    PS_LIST_EACH_SAFE(l, &h->leftovers)
        free(PS_CONTAINER(l, struct leftover, link));
}

// A record leaves the reader's hands. Its file if that does, too; it is to be removed if all of it is gone.
struct spool_item *spool_hand_release(struct spool_hand *h, const struct ps_spool_record *rec,
                                      enum spool_given_state state, bool *found)
{
    size_t place;
    struct spool_item *i = find(h, rec, &place);
    *found = i != NULL;
    if (i == NULL)
        return NULL;
    i->records[place].state = state;
    i->gone |= state == GONE ? UINT64_C(1) << place : 0;
    i->left--;
    h->n--;
    if (i->left > 0)
        return NULL;
    spool_hand_drop(h, i);
    return i;
}

bool spool_item_all_gone(const struct spool_item *i)
{
    for (size_t k = 0; k < i->n; k++)
        if (i->records[k].state != GONE)
            return false;
    return true;
}

// Of a file that is still in hand.
void spool_hand_rewind(struct spool_hand *h)
{
    PS_LIST_EACH(l, &h->items) {
        struct spool_item *i = PS_CONTAINER(l, struct spool_item, link);
        for (size_t k = 0; k < i->n; k++) {
            if (i->records[k].state != KEPT)
                continue;
            i->records[k].state = WAITING;
            i->left++;
        }
    }
}

void spool_hand_ready(struct spool_item **items, size_t n)
{
    for (size_t m = 0; m < n; m++) {
        struct spool_item *i = items[m];
        for (size_t k = 0; i != NULL && k < i->n; k++)
            if (i->gone >> k & 1) {
                i->records[k].state = GONE;
                i->left--;
            }
        if (i != NULL)
            i->ready = true;
    }
}

// Those that wait in files that were read, up to max.
void spool_hand_give(struct spool_hand *h, const struct ps_spool_record **recs, size_t max, size_t *n)
{
    PS_LIST_EACH(l, &h->items) {
        struct spool_item *i = PS_CONTAINER(l, struct spool_item, link);
        for (size_t k = 0; i->ready && k < i->n && *n < max && h->n < PS_SPOOL_HAND_MAX; k++) {
            if (i->records[k].state != WAITING)
                continue;
            i->records[k].state = GIVEN;
            recs[(*n)++] = &i->records[k].rec;
            h->n++;
        }
    }
}

static void fill(struct spool_item *i, size_t k, const uint8_t *data, size_t len, ps_ns time)
{
    struct ps_spool_record *rec = &i->records[k].rec;
    rec->time = time;
    rec->data = data;
    rec->len = len;
}

static int read_several(struct spool_item *i, const struct spool_name *n)
{
    const uint8_t *at = i->file + SPOOL_HEAD_LEN, *end = at + n->len;
    for (size_t k = 0; k < i->n; k++) {
        size_t len;
        if (!spool_line_get(&at, end, i->records[k].rec.id, &len))
            return PS_EMALFORMED;
        fill(i, k, at - len, len, n->time);
    }
    return at == end ? 0 : PS_EMALFORMED;
}

int spool_item_read(struct spool_item *i)
{
    struct spool_name n;
    if (i->records[0].rec.kind == PS_SPOOL_TOMBSTONE)
        return 0;
    (void)spool_name_get(i->name, SPOOL_REC, &n);
    int err = spool_load(i->fd, &n, NULL, &i->file);
    if (err == 0 && n.count > 1)
        return read_several(i, &n);
    if (err != 0)
        return err;
    memcpy(i->records[0].rec.id, n.id, sizeof n.id);
    fill(i, 0, i->file + SPOOL_HEAD_LEN, n.len, n.time);
    return 0;
}
