// SPDX-License-Identifier: Apache-2.0
// The reader's hand. A file is in it as long as one of its records is, or was not given yet.
#pragma once
#include "base/ps_list.h"
#include "spool/ps_spool_impl.h"

enum spool_given_state { WAITING, GIVEN, GONE, KEPT }; // GONE: the reader has acted on it

struct spool_given {
    struct ps_spool_record rec;
    enum spool_given_state state;
};

struct spool_item {
    struct ps_list link; // of `hand`
    int fd;
    char name[SPOOL_NAME_SIZE];
    uint8_t *file;
    bool ready;     // it was read
    size_t n, left; // records; left: neither gone nor kept
    size_t octets;  // of the file, as its name says
    uint64_t gone;  // bit k: records[k] is
    struct spool_given records[];
};

struct spool_hand {
    struct ps_list items;
    unsigned files;           // items
    unsigned n;               // records that are given
    struct ps_list leftovers; // the oldest first
    unsigned nleftovers;
};

void spool_hand_init(struct spool_hand *h);
void spool_hand_fini(struct spool_hand *h); // frees the items, too
// A file of that name with n records; NULL: no memory.
struct spool_item *spool_item_new(const char *name, size_t n);
void spool_item_free(struct spool_item *i); // closes and unlocks the file; NULL is fine
// Reads what the open file holds. PS_EMALFORMED: damage; -ENOMEM, -EIO ...
int spool_item_read(struct spool_item *i);
bool spool_item_all_gone(const struct spool_item *i);

void spool_hand_take(struct spool_hand *h, struct spool_item *i);
void spool_hand_drop(struct spool_hand *h, struct spool_item *i); // it is the caller's then
bool spool_hand_has(const struct spool_hand *h, const char *name);
// The items were read (or are NULL): their records may be given.
void spool_hand_ready(struct spool_item **items, size_t n);
// Gives records that wait, the oldest first, up to max in *n and up to what the hand takes.
void spool_hand_give(struct spool_hand *h, const struct ps_spool_record **recs, size_t max, size_t *n);
// A record leaves the hand, GONE or KEPT. Returns its file if that does, too: the caller's then. *found: it was given.
struct spool_item *spool_hand_release(struct spool_hand *h, const struct ps_spool_record *rec,
                                      enum spool_given_state state, bool *found);
// What was kept of files that are in hand waits again.
void spool_hand_rewind(struct spool_hand *h);
// Of a file that leaves the hand and stays in the spool: which of its records are gone; and when it is taken again.
void spool_hand_remember(struct spool_hand *h, const struct spool_item *i);
uint64_t spool_hand_recall(struct spool_hand *h, const char *name);
