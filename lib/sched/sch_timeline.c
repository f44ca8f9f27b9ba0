// SPDX-License-Identifier: Apache-2.0
// Slots of a lane and class are a treap in order of start, and each knows the latest end below it: so what is in
// the way of an interval, and up to when, is found on one way down.
#include "sched/sch_timeline.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "sched/sch_schedule.h"

struct sch_lane {
    char *resource; // NULL: the whole host
    struct sch_slot *exclusive, *normal;
};

// treaps

static bool before(const struct sch_slot *a, const struct sch_slot *b)
{
    return a->start != b->start ? a->start < b->start : a->entry < b->entry;
}

static void sum_up(struct sch_slot *s)
{
    s->last_end = s->end;
    if (s->left != NULL && s->left->last_end > s->last_end)
        s->last_end = s->left->last_end;
    if (s->right != NULL && s->right->last_end > s->last_end)
        s->last_end = s->right->last_end;
}

// Parts what is before a slot from what is behind it.
static void split(struct sch_slot *tree, const struct sch_slot *at, struct sch_slot **left,
                  struct sch_slot **right)
{
    if (tree == NULL) {
        *left = *right = NULL;
    } else if (before(tree, at)) {
        split(tree->right, at, &tree->right, right);
        *left = tree;
        sum_up(tree);
    } else {
        split(tree->left, at, left, &tree->left);
        *right = tree;
        sum_up(tree);
    }
}

static struct sch_slot *merge(struct sch_slot *a, struct sch_slot *b)
{
    if (a == NULL || b == NULL)
        return a != NULL ? a : b;
    if (a->level >= b->level) {
        a->right = merge(a->right, b);
        sum_up(a);
        return a;
    }
    b->left = merge(a, b->left);
    sum_up(b);
    return b;
}

static struct sch_slot *insert(struct sch_slot *tree, struct sch_slot *s)
{
    if (tree == NULL || tree->level < s->level) {
        split(tree, s, &s->left, &s->right);
        sum_up(s);
        return s;
    }
    if (before(s, tree))
        tree->left = insert(tree->left, s);
    else
        tree->right = insert(tree->right, s);
    sum_up(tree);
    return tree;
}

static struct sch_slot *removed(struct sch_slot *tree, const struct sch_slot *s)
{
    if (tree == s)
        return merge(tree->left, tree->right);
    if (before(s, tree))
        tree->left = removed(tree->left, s);
    else
        tree->right = removed(tree->right, s);
    sum_up(tree);
    return tree;
}

// The first that meets [from, to) and has the priority.
static struct sch_slot *meeting(struct sch_slot *tree, ps_ns from, ps_ns to, int64_t priority)
{
    while (tree != NULL && tree->last_end > from) {
        struct sch_slot *found = meeting(tree->left, from, to, priority);
        if (found != NULL || tree->start >= to)
            return found;
        if (tree->end > from && tree->priority >= priority)
            return tree;
        tree = tree->right;
    }
    return NULL;
}

static void each_meeting(struct sch_slot *tree, ps_ns from, ps_ns to,
                         void (*each)(struct sch_slot *s, void *arg), void *arg)
{
    while (tree != NULL && tree->last_end > from) {
        each_meeting(tree->left, from, to, each, arg);
        if (tree->start >= to)
            return;
        if (tree->end > from)
            each(tree, arg);
        tree = tree->right;
    }
}

// The latest end of all that begin before a moment; INT64_MIN: none does.
static ps_ns end_before(const struct sch_slot *tree, ps_ns to)
{
    ps_ns last = INT64_MIN;
    while (tree != NULL) {
        if (tree->start >= to) {
            tree = tree->left;
            continue;
        }
        if (tree->left != NULL && tree->left->last_end > last)
            last = tree->left->last_end;
        if (tree->end > last)
            last = tree->end;
        tree = tree->right;
    }
    return last;
}

// lanes

int sch_timeline_init(struct sch_timeline *t)
{
    *t = (struct sch_timeline){.random = 0x9e3779b9, .nlanes = 1};
    t->lanes = calloc(1, sizeof *t->lanes);
    return t->lanes != NULL ? 0 : -ENOMEM;
}

void sch_timeline_fini(struct sch_timeline *t)
{
    for (size_t i = 0; i < t->nlanes && t->lanes != NULL; i++)
        free(t->lanes[i].resource);
    free(t->lanes);
    *t = (struct sch_timeline){0};
}

int sch_timeline_find_lane(const struct sch_timeline *t, const char *resource, unsigned *out)
{
    *out = 0;
    for (size_t i = 1; resource != NULL && i < t->nlanes; i++)
        if (strcmp(t->lanes[i].resource, resource) == 0)
            *out = (unsigned)i;
    return resource == NULL || *out != 0 ? 0 : PS_ENOTFOUND;
}

int sch_timeline_lane(struct sch_timeline *t, const char *resource, unsigned *out)
{
    if (sch_timeline_find_lane(t, resource, out) == 0)
        return 0;
    if (t->nlanes >= SCH_LANES)
        return PS_ELIMIT;
    struct sch_lane *lanes = realloc(t->lanes, (t->nlanes + 1) * sizeof *lanes);
    if (lanes == NULL)
        return -ENOMEM;
    t->lanes = lanes;
    lanes[t->nlanes] = (struct sch_lane){.resource = strdup(resource)};
    if (lanes[t->nlanes].resource == NULL)
        return -ENOMEM;
    *out = (unsigned)t->nlanes++;
    return 0;
}

static struct sch_slot **root_of(struct sch_timeline *t, const struct sch_slot *s)
{
    struct sch_lane *lane = &t->lanes[s->lane];
    return s->cls == SCH_EXCLUSIVE ? &lane->exclusive : &lane->normal;
}

static uint32_t next_level(struct sch_timeline *t)
{
    t->random ^= t->random << 13; // xorshift (Marsaglia)
    t->random ^= t->random >> 17;
    t->random ^= t->random << 5;
    return t->random;
}

void sch_timeline_put(struct sch_timeline *t, struct sch_slot *s)
{
    struct sch_slot **root = root_of(t, s);
    s->left = s->right = NULL;
    s->entry = t->entries++;
    s->level = next_level(t);
    s->in = true;
    *root = insert(*root, s);
}

void sch_timeline_take(struct sch_timeline *t, struct sch_slot *s)
{
    if (!s->in)
        return;
    struct sch_slot **root = root_of(t, s);
    *root = removed(*root, s);
    s->in = false;
}

// room

// Lanes that are in each other's way: the same, and the whole host in everybody's.
static bool lanes_meet(unsigned a, size_t b)
{
    return a == 0 || b == 0 || a == b;
}

// What is in the way within one lane.
static struct sch_slot *conflict_in(const struct sch_lane *lane, const struct sch_claim *c, ps_ns from,
                                    ps_ns to)
{
    struct sch_slot *s = meeting(lane->exclusive, from, to, c->priority);
    if (c->cls != SCH_EXCLUSIVE)
        return s;
    struct sch_slot *normal = meeting(lane->normal, from, to, c->priority);
    return s == NULL || (normal != NULL && normal->start < s->start) ? normal : s;
}

struct sch_slot *sch_timeline_conflict(const struct sch_timeline *t, const struct sch_claim *c, ps_ns from,
                                       ps_ns to)
{
    struct sch_slot *first = NULL;
    for (size_t i = 0; i < t->nlanes && !sch_class_anytime(c->cls); i++) {
        if (!lanes_meet(c->lane, i))
            continue;
        struct sch_slot *s = conflict_in(&t->lanes[i], c, from, to);
        if (s != NULL && (first == NULL || s->start < first->start))
            first = s;
    }
    return first;
}

// Up to when what begins before a moment is in the way.
static ps_ns busy_until(const struct sch_timeline *t, const struct sch_claim *c, ps_ns to)
{
    ps_ns last = INT64_MIN;
    for (size_t i = 0; i < t->nlanes && !sch_class_anytime(c->cls); i++) {
        if (!lanes_meet(c->lane, i))
            continue;
        ps_ns end = end_before(t->lanes[i].exclusive, to);
        last = end > last ? end : last;
        end = c->cls == SCH_EXCLUSIVE ? end_before(t->lanes[i].normal, to) : INT64_MIN;
        last = end > last ? end : last;
    }
    return last;
}

static ps_ns whole_second(ps_ns t)
{
    return t % PS_SEC > 0 ? t - t % PS_SEC + PS_SEC : t;
}

// Where an interval that cannot begin at from may perhaps; not after from: it can.
static ps_ns next_chance(const struct sch_timeline *t, const struct sch_claim *c, ps_ns from, ps_ns to)
{
    if (c->priority == INT64_MIN)
        return busy_until(t, c, to);
    const struct sch_slot *s = sch_timeline_conflict(t, c, from, to);
    return s != NULL ? s->end : from;
}

ps_ns sch_timeline_fit(const struct sch_timeline *t, const struct sch_claim *c, ps_ns duration, ps_ns from,
                       ps_ns latest)
{
    for (from = whole_second(from); from <= latest;) {
        const ps_ns next = next_chance(t, c, from, from + duration);
        if (next <= from)
            return from;
        from = whole_second(next);
    }
    return SCH_NEVER;
}

bool sch_timeline_gap(const struct sch_timeline *t, const struct sch_claim *c, ps_ns from, ps_ns to,
                      ps_ns *begin, ps_ns *end)
{
    *begin = sch_timeline_fit(t, c, PS_SEC, from, to - 1);
    if (*begin == SCH_NEVER)
        return false;
    const struct sch_slot *s = sch_timeline_conflict(t, c, *begin, to);
    *end = s != NULL ? s->start : to;
    return true;
}

void sch_timeline_each(const struct sch_timeline *t, enum sch_class cls, unsigned lane, ps_ns from, ps_ns to,
                       void (*each)(struct sch_slot *s, void *arg), void *arg)
{
    const struct sch_lane *l = &t->lanes[lane];
    each_meeting(cls == SCH_EXCLUSIVE ? l->exclusive : l->normal, from, to, each, arg);
}
