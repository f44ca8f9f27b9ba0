// SPDX-License-Identifier: Apache-2.0
// What the parts of ps_spool share. Everything in the directory changes under one lock (spool_enter);
// whoever finds that the one before did not get to spool_leave finishes what that one began.
#pragma once
#include <stdbool.h>
#include <sys/stat.h>
#include <sys/types.h>
#include "spool/ps_spool.h"

#define SPOOL_REC ".rec"
#define SPOOL_BAD ".bad"
#define SPOOL_REASON ".reason"
#define SPOOL_NO_FILE "no file of its own: a link, a folder or the like"
#define SPOOL_TOMB "psspool.tombstone"
#define SPOOL_GIVEN "psspool.tombstone-given"
#define SPOOL_STATE ".psspool-state"
#define SPOOL_READER ".psspool-reader"
#define SPOOL_ROOM ".psspool-room"
#define SPOOL_TMP ".psspool-tmp-"

#define SPOOL_NAME_SIZE 80 // of a record's name, with its NUL
#define SPOOL_HEAD_LEN 84  // of a record's first line
#define SPOOL_DOCS_MAX 64  // documents in a file
#define SPOOL_LINE_LEN 44  // of the line before a document that is not alone
#define SPOOL_DROP_MAX 256 // records that one tombstone lists

// --- names, headings, octets (ps_spool_file.c)

struct spool_name {
    uint64_t seq;
    ps_ns time;
    uint32_t len;   // of what is behind the first line
    uint32_t count; // documents
    uint8_t id[PS_SPOOL_ID_LEN];
};
void spool_name_put(const struct spool_name *n, const char *suffix, char out[SPOOL_NAME_SIZE]);
// False unless text is exactly what spool_name_put would have made of some name.
bool spool_name_get(const char *text, const char *suffix, struct spool_name *out);
// The heading that belongs to this name and document; not NUL-terminated.
void spool_head_make(const struct spool_name *n, const void *data, char out[SPOOL_HEAD_LEN]);
// The line before a document that is not alone; not NUL-terminated.
void spool_line_make(const uint8_t id[PS_SPOOL_ID_LEN], size_t len, char out[SPOOL_LINE_LEN]);
// The next document of several at *at, which ends at end and is moved behind it. False: there is none.
bool spool_line_get(const uint8_t **at, const uint8_t *end, uint8_t id[PS_SPOOL_ID_LEN], size_t *len);
// Identity, time and length of a heading of a document alone, which is not checked otherwise.
bool spool_head_get(const char *head, struct spool_name *out);
uint32_t spool_crc(uint32_t crc, const void *data, size_t len);
// Whole transfers, in spite of signals. 0 or -errno; reading gives PS_ESHORT at an early end.
int spool_write_all(int fd, const void *data, size_t len);
int spool_read_all(int fd, void *data, size_t len);
int spool_fsync(int fd);
// The descriptor of a regular file, or -errno; never follows a link, never waits for a fifo. Another kind
// of file is -ELOOP, and so is one to be written that has another name somewhere.
int spool_open_file(int dir, const char *name, int flags, mode_t mode);
// Reads and checks the file behind fd: *file is the heading and the document, for the caller to free.
// n: what the name says; NULL: what the heading says is put into *found. PS_EMALFORMED: damaged.
int spool_load(int fd, const struct spool_name *n, struct spool_name *found, uint8_t **file);

// --- the directory, its lock and its counters (ps_spool_state.c, ps_spool_dir.c)

struct spool_state { // as it stands in SPOOL_STATE
    uint64_t magic;
    uint64_t unfinished; // somebody is changing the directory, or was when it ended
    uint64_t next_seq;
    uint64_t records, octets, untold, bad;
    int64_t oldest; // no record at the head of the spool is older
    uint64_t crc;   // of all before
};

// The oldest names, in order; more are fetched when these are used up.
struct spool_window {
    char (*names)[SPOOL_NAME_SIZE];
    size_t at, n;
};

struct ps_spool {
    int dir;  // descriptor
    int lock; // of SPOOL_STATE
    bool open_to_group;
    bool looked;   // the directory was seen once, whatever the counters say
    bool changing; // the file says `unfinished`
    bool unsure;   // the counters may be wrong: leave it at that
    struct ps_spool_conf conf;
    struct spool_state st; // good between enter and leave
    struct spool_window old;
    uint64_t dropped;
    char aside[SPOOL_NAME_SIZE]; // what was set aside last, by its new name
};

int spool_open(struct ps_spool *s, const char *dir, const struct ps_spool_conf *conf, struct ps_fault *fault);
void spool_close(struct ps_spool *s);
// A new file of the spool, open for writing.
int spool_create(const struct ps_spool *s, const char *name);

// Takes the lock; the counters are then right and nothing is half done. 0: spool_leave must follow.
int spool_enter(struct ps_spool *s);
void spool_leave(struct ps_spool *s);
// To be called before the directory is changed.
int spool_change(struct ps_spool *s);
// Takes a record off the counters.
void spool_uncount(struct ps_spool *s, const struct spool_name *n);

// Calls each(arg, name) for every name in the directory.
int spool_each(const struct ps_spool *s, int (*each)(void *arg, const char *name), void *arg);
// Fills the window with the oldest names behind `after` (NULL or "": from the beginning), and counts all.
int spool_window_fill(struct ps_spool *s, struct spool_window *w, const char *after);
// The next name, or NULL; it stays until the window's `at` goes on.
const char *spool_window_head(const struct spool_window *w);
// Time of writing of the oldest record, 0 when there is none.
int spool_find_oldest(struct ps_spool *s, ps_ns *time);
void spool_window_fini(struct spool_window *w);
// Renames a file of ours that is not what it should be, so that no one meets it again. `name` is a record's
// or a tombstone's. why stands in a file beside it, if that can be written.
int spool_set_aside(struct ps_spool *s, const char *name, const char *why);

// --- dropping (ps_spool_drop.c)

struct spool_tomb {
    struct spool_name head; // identity and time
    struct ps_spool_loss loss;
    char (*names)[SPOOL_NAME_SIZE]; // what it stands for, at least of late
    size_t n;
};
// 1 with a tombstone, 0 when there is none; a damaged one is set aside.
int spool_tomb_load(struct ps_spool *s, const char *file, struct spool_tomb *t);
void spool_tomb_fini(struct spool_tomb *t);
// Removes what the tombstones stand for and is still there; *untold: what they count.
int spool_tomb_finish(struct ps_spool *s, uint64_t *untold);
// Room for the next tombstone, whatever the disk will be like then; may fail unheard.
void spool_room_make(const struct ps_spool *s);
// Applies the bounds for `need` more octets; and frees `room` octets of a disk that is full.
int spool_drop(struct ps_spool *s, uint64_t need, uint64_t room, ps_ns now);
