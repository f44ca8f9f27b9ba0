// SPDX-License-Identifier: Apache-2.0
// What waits for a worker, of several askers: they take turns, so that one with thousands of requests keeps another
// waiting no longer than one request of its own would. An asker is a number; its upper half is that of a group: groups
// take turns, and within one its askers, so that a group of a thousand askers has no more than one alone.
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "base/ps_list.h"
#include "base/ps_map.h"

struct ps_jqturn;

struct ps_jqqueue {
    bool newest_first;
    struct ps_list groups; // of askers that have something in the queue, the next one first
    struct ps_map by_group, by_asker;
};

// One that waits; a member of its owner. All zeros: it does not wait.
struct ps_jqwait {
    struct ps_list link;
    struct ps_jqqueue *queue; // NULL: none
    struct ps_jqturn *turn;
};

// newest_first: who comes last is first, of askers that have not had a turn and among the requests of one. 0 or -ENOMEM;
// ps_jqqueue_fini in any case.
int ps_jqqueue_init(struct ps_jqqueue *q, bool newest_first);
// What is still in it is the owner's to remove before.
void ps_jqqueue_fini(struct ps_jqqueue *q);
// An asker that is new to the queue has its turn last, or, where the newest come first, next. 0 or -ENOMEM.
int ps_jqqueue_add(struct ps_jqqueue *q, uint64_t asker, struct ps_jqwait *w);
// Out of its queue, if it is in one.
void ps_jqqueue_remove(struct ps_jqwait *w);
// The same, and its asker and its group have had their turn.
void ps_jqqueue_take(struct ps_jqwait *w);
// Whose turn it is. NULL: nobody waits.
struct ps_jqwait *ps_jqqueue_next(const struct ps_jqqueue *q);
// How many of an asker wait.
size_t ps_jqqueue_count(const struct ps_jqqueue *q, uint64_t asker);
// How many of all askers of its group.
size_t ps_jqqueue_count_group(const struct ps_jqqueue *q, uint64_t asker);
// The first, in the order of turns and then of age, that is wanted; of each asker those behind one that ends the search
// are not looked at. NULL: none.
enum ps_jqseek { PS_JQSEEK_NEXT, PS_JQSEEK_FOUND, PS_JQSEEK_END };
struct ps_jqwait *ps_jqqueue_seek(const struct ps_jqqueue *q,
                                  enum ps_jqseek (*look)(struct ps_jqwait *w, const void *ctx),
                                  const void *ctx);
// Moves those that are wanted to another queue, with their askers. What there is no memory for stays.
void ps_jqqueue_move(struct ps_jqqueue *from, struct ps_jqqueue *to,
                     bool (*wanted)(struct ps_jqwait *w, const void *ctx), const void *ctx);
