// SPDX-License-Identifier: Apache-2.0
#include "jq/ps_jqqueue.h"
#include <errno.h>
#include <stdlib.h>

// Of a group of askers that have something in the queue, and of no other.
struct ps_jqgroup {
    struct ps_list link, turns;
    uint32_t id;
    size_t n;
};

// The same of an asker.
struct ps_jqturn {
    struct ps_list link, waiting;
    struct ps_jqgroup *group;
    uint64_t asker;
    size_t n;
};

static struct ps_jqgroup *group_at(struct ps_list *link)
{
    return PS_CONTAINER(link, struct ps_jqgroup, link);
}

static struct ps_jqturn *turn_at(struct ps_list *link)
{
    return PS_CONTAINER(link, struct ps_jqturn, link);
}

static struct ps_jqwait *wait_at(struct ps_list *link)
{
    return PS_CONTAINER(link, struct ps_jqwait, link);
}

int ps_jqqueue_init(struct ps_jqqueue *q, bool newest_first)
{
    q->newest_first = newest_first;
    ps_list_init(&q->groups);
    int err = ps_map_init(&q->by_group, sizeof(uint32_t));
    int other = ps_map_init(&q->by_asker, sizeof(uint64_t));
    return err ? err : other;
}

void ps_jqqueue_fini(struct ps_jqqueue *q)
{
    ps_map_fini(&q->by_group);
    ps_map_fini(&q->by_asker);
}

// The newest first, or last.
static void enter(const struct ps_jqqueue *q, struct ps_list *list, struct ps_list *link)
{
    ps_list_append(q->newest_first ? list->next : list, link);
}

static struct ps_jqgroup *group_of(struct ps_jqqueue *q, uint32_t id)
{
    struct ps_jqgroup *g = ps_map_get(&q->by_group, &id);

    if (g)
        return g;
    g = calloc(1, sizeof *g);
    if (g && ps_map_put(&q->by_group, &id, g) != 0) {
        free(g);
        g = NULL;
    }
    if (!g)
        return NULL;
    g->id = id;
    ps_list_init(&g->turns);
    enter(q, &q->groups, &g->link);
    return g;
}

static void drop_empty(struct ps_jqqueue *q, struct ps_jqgroup *g)
{
    if (!ps_list_empty(&g->turns))
        return;
    ps_list_remove(&g->link);
    (void)ps_map_take(&q->by_group, &g->id);
    free(g);
}

static struct ps_jqturn *turn_new(struct ps_jqqueue *q, struct ps_jqgroup *g, uint64_t asker)
{
    struct ps_jqturn *t = calloc(1, sizeof *t);

    if (t && ps_map_put(&q->by_asker, &asker, t) != 0) {
        free(t);
        t = NULL;
    }
    if (!t)
        return NULL;
    t->group = g;
    t->asker = asker;
    ps_list_init(&t->waiting);
    enter(q, &g->turns, &t->link);
    return t;
}

static struct ps_jqturn *turn_of(struct ps_jqqueue *q, uint64_t asker)
{
    struct ps_jqturn *t = ps_map_get(&q->by_asker, &asker);
    struct ps_jqgroup *g = t ? t->group : group_of(q, (uint32_t)(asker >> 32));

    if (t || !g)
        return t;
    t = turn_new(q, g, asker);
    if (!t)
        drop_empty(q, g);
    return t;
}

static void put(struct ps_jqqueue *q, struct ps_jqturn *t, struct ps_jqwait *w)
{
    w->queue = q;
    w->turn = t;
    ps_list_append(&t->waiting, &w->link);
    t->n++;
    t->group->n++;
}

int ps_jqqueue_add(struct ps_jqqueue *q, uint64_t asker, struct ps_jqwait *w)
{
    struct ps_jqturn *t = turn_of(q, asker);

    if (!t)
        return -ENOMEM;
    put(q, t, w);
    return 0;
}

void ps_jqqueue_remove(struct ps_jqwait *w)
{
    struct ps_jqturn *t = w->turn;

    if (!w->queue)
        return;
    ps_list_remove(&w->link);
    t->group->n--;
    if (--t->n == 0) {
        ps_list_remove(&t->link);
        (void)ps_map_take(&w->queue->by_asker, &t->asker);
        drop_empty(w->queue, t->group);
        free(t);
    }
    w->queue = NULL;
    w->turn = NULL;
}

void ps_jqqueue_take(struct ps_jqwait *w)
{
    struct ps_jqturn *t = w->turn;

    ps_list_remove(&t->link);
    ps_list_append(&t->group->turns, &t->link);
    ps_list_remove(&t->group->link);
    ps_list_append(&w->queue->groups, &t->group->link);
    ps_jqqueue_remove(w);
}

struct ps_jqwait *ps_jqqueue_next(const struct ps_jqqueue *q)
{
    if (ps_list_empty(&q->groups))
        return NULL;
    const struct ps_list *waiting = &turn_at(group_at(q->groups.next)->turns.next)->waiting;
    return wait_at(q->newest_first ? waiting->prev : waiting->next);
}

size_t ps_jqqueue_count(const struct ps_jqqueue *q, uint64_t asker)
{
    const struct ps_jqturn *t = ps_map_get(&q->by_asker, &asker);

    return t ? t->n : 0;
}

size_t ps_jqqueue_count_group(const struct ps_jqqueue *q, uint64_t asker)
{
    uint32_t id = (uint32_t)(asker >> 32);
    const struct ps_jqgroup *g = ps_map_get(&q->by_group, &id);

    return g ? g->n : 0;
}

static struct ps_jqwait *
seek_in(struct ps_jqturn *t, enum ps_jqseek (*look)(struct ps_jqwait *w, const void *ctx), const void *ctx)
{
    PS_LIST_EACH(it, &t->waiting) {
        enum ps_jqseek seen = look(wait_at(it), ctx);
        if (seen == PS_JQSEEK_FOUND)
            return wait_at(it);
        if (seen == PS_JQSEEK_END)
            break;
    }
    return NULL;
}

struct ps_jqwait *ps_jqqueue_seek(const struct ps_jqqueue *q,
                                  enum ps_jqseek (*look)(struct ps_jqwait *w, const void *ctx),
                                  const void *ctx)
{
    PS_LIST_EACH(group, &q->groups) {
        PS_LIST_EACH(turn, &group_at(group)->turns) {
            struct ps_jqwait *w = seek_in(turn_at(turn), look, ctx);
            if (w)
                return w;
        }
    }
    return NULL;
}

static void move_one(struct ps_jqqueue *to, struct ps_jqwait *w)
{
    struct ps_jqturn *t = turn_of(to, w->turn->asker);

    if (!t)
        return;
    ps_jqqueue_remove(w);
    put(to, t, w);
}

// With the last one the turn is gone, and the end of its list.
static void move_from(struct ps_jqturn *t, struct ps_jqqueue *to,
                      bool (*wanted)(struct ps_jqwait *w, const void *ctx), const void *ctx)
{
    struct ps_list *it = t->waiting.next, *end = &t->waiting;

    for (bool more = true; more;) {
        struct ps_list *next = it->next;
        more = next != end;
        if (wanted(wait_at(it), ctx))
            move_one(to, wait_at(it));
        it = next;
    }
}

void ps_jqqueue_move(struct ps_jqqueue *from, struct ps_jqqueue *to,
                     bool (*wanted)(struct ps_jqwait *w, const void *ctx), const void *ctx)
{
    PS_LIST_EACH_SAFE(group, &from->groups) {
        struct ps_list *turn = group_at(group)->turns.next, *end = &group_at(group)->turns;
        for (bool more = true; more;) {
            struct ps_list *next = turn->next;
            more = next != end;
            move_from(turn_at(turn), to, wanted, ctx);
            turn = next;
        }
    }
}
