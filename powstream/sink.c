// SPDX-License-Identifier: Apache-2.0
#include "powstream/sink.h"
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "powstream/sink_impl.h"

#define RETRY_S 2
#define LAST_S 10
#define BUCKETS 256

struct sink {
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t more;
    struct ps_list buckets[BUCKETS]; // targets by their names
    struct ps_list ready;
    struct sink_end end;
    bool broken;
    uint64_t dropped, evicted;
    void (*on_broken)(void *ctx);
    void *ctx;
};

// --- the queue; with the mutex

static void item_free(struct item *it)
{
    free(it->line);
    free(it->text);
    free(it);
}

static struct ps_list *bucket_of(struct sink *s, const char *dir)
{
    uint32_t h = 2166136261u; // FNV-1a
    for (const char *p = dir; *p != '\0'; p++)
        h = (h ^ (uint8_t)*p) * 16777619u;
    return &s->buckets[h % BUCKETS];
}

static struct target *target_of(struct sink *s, const char *dir)
{
    struct ps_list *bucket = bucket_of(s, dir);
    PS_LIST_EACH(it, bucket) {
        struct target *t = PS_CONTAINER(it, struct target, node);
        if (strcmp(t->dir, dir) == 0)
            return t;
    }
    struct target *t = calloc(1, sizeof *t + strlen(dir) + 1);
    if (t == NULL)
        return NULL;
    memcpy(t->dir, dir, strlen(dir) + 1);
    ps_list_init(&t->items);
    ps_list_init(&t->ready);
    ps_list_append(bucket, &t->node);
    return t;
}

static struct target *next_target(struct sink *s, time_t now)
{
    PS_LIST_EACH(it, &s->ready) {
        struct target *t = PS_CONTAINER(it, struct target, ready);
        if (t->not_before > now)
            continue;
        ps_list_remove(&t->ready); // to the end: each gets its turn
        ps_list_append(&s->ready, &t->ready);
        return t;
    }
    return NULL;
}

static bool anything_waits(const struct sink *s)
{
    return !ps_list_empty(&s->ready);
}

// The first items of a target, of one kind.
static size_t take(struct target *t, struct item *items[SINK_BATCH])
{
    size_t n = 0;
    PS_LIST_EACH(it, &t->items) {
        struct item *item = PS_CONTAINER(it, struct item, node);
        if (n == SINK_BATCH || (n > 0 && item->kind != items[0]->kind))
            break;
        items[n++] = item;
    }
    return n;
}

static void remove_done(struct target *t, struct item **items, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        ps_list_remove(&items[i]->node);
        t->waiting -= items[i]->len;
        item_free(items[i]);
    }
    if (ps_list_empty(&t->items))
        ps_list_remove(&t->ready);
}

static void drop_all(struct sink *s, struct target *t)
{
    while (!ps_list_empty(&t->items)) {
        struct item *it = PS_CONTAINER(t->items.next, struct item, node);
        remove_done(t, &it, 1);
        s->dropped++;
    }
}

static void failed(struct sink *s, struct target *t, int err)
{
    t->err = err;
    if (t->dir[0] != '\0') {
        t->not_before = sink_seconds() + RETRY_S;
        return;
    }
    drop_all(s, t); // a reader that has gone does not come back
    if (!s->broken) {
        s->broken = true;
        s->on_broken(s->ctx);
    }
}

static void count_evicted(struct sink *s, struct target *t)
{
    uint64_t evicted = t->spool != NULL ? ps_spool_dropped(t->spool) : 0;
    s->evicted += evicted - t->evicted;
    t->evicted = evicted;
}

static int enqueue(struct sink *s, const char *dir, struct item *it);

static void print_lines(struct sink *s, struct item **items, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct item *line = items[i]->line != NULL ? calloc(1, sizeof *line + 1) : NULL;
        if (line == NULL)
            continue;
        line->kind = ITEM_LINE;
        line->text = items[i]->line;
        line->len = strlen(line->text);
        items[i]->line = NULL;
        if (enqueue(s, "", line) != 0)
            item_free(line);
    }
}

static void work_on(struct sink *s, struct target *t)
{
    struct item *items[SINK_BATCH] = {NULL};
    size_t n = take(t, items), done = 0;
    pthread_mutex_unlock(&s->mutex);
    int err = sink_write(&s->end, t, items, n, &done);
    pthread_mutex_lock(&s->mutex);
    print_lines(s, items, done);
    remove_done(t, items, done);
    count_evicted(s, t);
    if (err != 0)
        failed(s, t, err);
    else
        t->err = 0;
}

static void wait_for_more(struct sink *s)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    ts.tv_sec += 1;
    if (anything_waits(s))
        pthread_cond_timedwait(&s->more, &s->mutex, &ts);
    else if (!s->end.near)
        pthread_cond_wait(&s->more, &s->mutex);
}

static void *run(void *ctx)
{
    struct sink *s = ctx;
    pthread_mutex_lock(&s->mutex);
    while (!s->end.near || (anything_waits(s) && sink_seconds() <= s->end.by)) {
        struct target *t = next_target(s, sink_seconds());
        if (t != NULL)
            work_on(s, t);
        else
            wait_for_more(s);
    }
    pthread_mutex_unlock(&s->mutex);
    return NULL;
}

int sink_new(struct sink **out, void (*on_broken)(void *ctx), void *ctx)
{
    pthread_condattr_t attr;
    struct sink *s = calloc(1, sizeof *s);
    if (s == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < BUCKETS; i++)
        ps_list_init(&s->buckets[i]);
    ps_list_init(&s->ready);
    s->on_broken = on_broken;
    s->ctx = ctx;
    pthread_mutex_init(&s->mutex, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&s->more, &attr);
    pthread_condattr_destroy(&attr);
    int err = -pthread_create(&s->thread, NULL, run, s);
    if (err != 0) {
        pthread_cond_destroy(&s->more);
        pthread_mutex_destroy(&s->mutex);
        free(s);
        return err;
    }
    *out = s;
    return 0;
}

static void target_free(struct sink *s, struct target *t)
{
    drop_all(s, t);
    ps_spool_close(t->spool);
    free(t);
}

size_t sink_free(struct sink *s)
{
    if (s == NULL)
        return 0;
    pthread_mutex_lock(&s->mutex);
    s->end.near = true;
    s->end.by = sink_seconds() + LAST_S;
    pthread_cond_signal(&s->more);
    pthread_mutex_unlock(&s->mutex);
    pthread_join(s->thread, NULL);
    for (size_t i = 0; i < BUCKETS; i++) {
        PS_LIST_EACH_SAFE(it, &s->buckets[i])
            target_free(s, PS_CONTAINER(it, struct target, node));
    }
    size_t lost = (size_t)s->dropped;
    pthread_cond_destroy(&s->more);
    pthread_mutex_destroy(&s->mutex);
    free(s);
    return lost;
}

static int enqueue(struct sink *s, const char *dir, struct item *it)
{
    struct target *t = target_of(s, dir);
    int err = 0;
    if (t == NULL)
        err = -ENOMEM;
    else if (t->waiting + it->len > SINK_WAITING || (dir[0] == '\0' && s->broken))
        err = PS_ELIMIT;
    if (err != 0) {
        s->dropped++;
        return err;
    }
    if (ps_list_empty(&t->items))
        ps_list_append(&s->ready, &t->ready);
    ps_list_append(&t->items, &it->node);
    t->waiting += it->len;
    return 0;
}

static int put(struct sink *s, const char *dir, struct item *it)
{
    pthread_mutex_lock(&s->mutex);
    int err = enqueue(s, dir, it);
    pthread_cond_signal(&s->more);
    pthread_mutex_unlock(&s->mutex);
    if (err != 0)
        item_free(it);
    return err;
}

// The text and the line are the item's; NULL: out of memory, and they are freed.
static struct item *item_new(enum item_kind kind, const char *name, char *text, char *line)
{
    struct item *it = text == NULL ? NULL : calloc(1, sizeof *it + strlen(name) + 1);
    if (it == NULL) {
        free(text);
        free(line);
        return NULL;
    }
    it->kind = kind;
    it->text = text;
    it->line = line;
    it->len = strlen(text);
    memcpy(it->name, name, strlen(name) + 1);
    return it;
}

static int give(struct sink *s, enum item_kind kind, const char *dir, const char *name, char *text)
{
    struct item *it = item_new(kind, name, text, NULL);
    return it == NULL ? -ENOMEM : put(s, dir, it);
}

int sink_whole(struct sink *s, const char *dir, const char *name, char *text, char *line)
{
    struct item *it = item_new(ITEM_WHOLE, name, text, line);
    return it == NULL ? -ENOMEM : put(s, dir, it);
}

int sink_line(struct sink *s, char *text)
{
    return give(s, ITEM_LINE, "", "", text);
}

int sink_document(struct sink *s, const char *dir, char *text)
{
    return give(s, ITEM_DOCUMENT, dir, "", text);
}

int sink_file(struct sink *s, const char *dir, const char *name, char *text)
{
    return give(s, ITEM_FILE, dir, name, text);
}

bool sink_file_waits(struct sink *s, const char *dir, const char *name, char *text, size_t size)
{
    bool found = false;
    pthread_mutex_lock(&s->mutex);
    struct target *t = target_of(s, dir);
    if (t != NULL) {
        PS_LIST_EACH(it, &t->items) {
            const struct item *item = PS_CONTAINER(it, struct item, node);
            if (item->kind != ITEM_FILE || strcmp(item->name, name) != 0)
                continue;
            snprintf(text, size, "%s", item->text); // the last one counts
            found = true;
        }
    }
    pthread_mutex_unlock(&s->mutex);
    return found;
}

int sink_append(struct sink *s, const char *dir, const char *name, char *text)
{
    return give(s, ITEM_APPEND, dir, name, text);
}

void sink_wrote(struct sink *s, const char *dir, int err)
{
    pthread_mutex_lock(&s->mutex);
    struct target *t = target_of(s, dir);
    if (t != NULL && (err != 0 || ps_list_empty(&t->items)))
        t->err = err;
    pthread_mutex_unlock(&s->mutex);
}

int sink_error(struct sink *s, const char *dir)
{
    pthread_mutex_lock(&s->mutex);
    struct target *t = target_of(s, dir);
    int err = t != NULL ? t->err : -ENOMEM;
    pthread_mutex_unlock(&s->mutex);
    return err;
}

static void name_trouble(const struct sink *s, struct sink_state *state)
{
    for (size_t i = 0; i < BUCKETS; i++) {
        PS_LIST_EACH(it, &s->buckets[i]) {
            const struct target *t = PS_CONTAINER(it, struct target, node);
            if (t->err == 0)
                continue;
            snprintf(state->trouble, sizeof state->trouble, "%s: %s",
                     t->dir[0] != '\0' ? t->dir : "standard output", ps_strerror(t->err));
            return;
        }
    }
}

void sink_look(struct sink *s, struct sink_state *state)
{
    pthread_mutex_lock(&s->mutex);
    *state = (struct sink_state){.dropped = s->dropped, .evicted = s->evicted};
    name_trouble(s, state);
    pthread_mutex_unlock(&s->mutex);
}
