// SPDX-License-Identifier: Apache-2.0
// A spool: a directory through which processes hand documents (octets; what they say is their own
// business) to one other process. A document is delivered at least once, the oldest first; its identity
// tells a second delivery. What is dropped because of a bound is counted in a tombstone, which the
// reader gets in place of the records.
//
// Any number of writers and one reader may work on a spool at a time, in any processes. All calls block
// (on the disk, and shortly on each other: a process that is stopped while it changes the
// directory holds up the others); they are meant for a worker thread. A writer's handle is used by one
// thread at a time, a reader's by several. Nothing here reads a clock: `now` is wall time, nanoseconds since 1970. A clock that
// steps back changes no order; the age bound believes the clock.
//
// What a spool directory holds:
//   SEQUENCE-TIME-LENGTH-ID.rec   a record: "psspool 1 ID TIME LENGTH CRC\n" and the document; or several, small
//                                 ones that were written together: "psspool 2 ID TIME LENGTH CRC\n", and for each
//                                 "ID LENGTH\n" and the document. The ID before them is the first one's
//   SEQUENCE-TIME-LENGTH-ID.bad   a record that was damaged, set aside for a person to look at: the newest
//                                 PS_SPOOL_BAD_MAX stay
//   SEQUENCE-TIME-LENGTH-ID.reason  what was wrong with it, a line
//   psspool.tombstone             what was dropped and not told yet
//   psspool.tombstone-given       what was dropped and is told, until the reader is done with it
//   .psspool-state                lock of all, and counters; may be removed while nobody has it open
//   .psspool-reader               lock of the reader; says its process
//   .psspool-room                 room set aside to write a tombstone on a full disk
//   .psspool-tmp-PID-RANDOM       a record that is being written
// In names SEQUENCE and TIME have 16 hexadecimal digits, LENGTH 8, ID 32. LENGTH is what follows the first line, and
// 2^25 times as many documents as there are besides the first. All else in the directory is
// left alone and not looked at; no link is followed.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include "base/ps_conf.h"
#include "base/ps_time.h"

#define PS_SPOOL_ID_LEN 16
#define PS_SPOOL_DOC_MAX (16u << 20)    // octets of a document
#define PS_SPOOL_HAND_MAX 3072          // records that the reader may hold at once,
#define PS_SPOOL_HAND_FILES 256         // and files, each of which is open
#define PS_SPOOL_TAKE_FILES 60          // of which one call takes so many at most,
#define PS_SPOOL_TAKE_OCTETS (2u << 20) // and, but for the last, of so many octets in all
#define PS_SPOOL_BAD_MAX 16             // damaged records that are kept

// --- writing

struct ps_spool_conf {
    uint64_t
        max_bytes; // of records with their headings (84 octets each, less of those that share a file), not of
                   // disk blocks; 0: no bound
    ps_ns max_age; // since the time of writing; 0: no bound
    bool drop_when_full; // a full disk drops the oldest records rather than failing the write
};

struct ps_spool;
// Opens the spool for writing. Makes the directory, but not its parents, with mode 0750 (and the umask)
// where it is missing. Finishes what a killed process left half done, removes its temporary files, counts
// what is there (one look at the directory), and applies the bounds. An error's fault names the directory.
int ps_spool_open(struct ps_spool **out, const char *dir, const struct ps_spool_conf *conf, ps_ns now,
                  struct ps_fault *fault);
void ps_spool_close(struct ps_spool *s); // NULL is fine

struct ps_spool_doc {
    const void *data;
    size_t len;
    // All zero: ps_spool_write draws one at random and puts it here. A document that is offered again
    // after an error keeps the identity it then has, so that the reader can tell it if both arrived.
    uint8_t id[PS_SPOOL_ID_LEN];
};
// Writes n documents, in order, each as a record of its own, all of one time. *written (may be NULL) of
// them, the first ones, are then in the spool, also after an error. No half record is ever seen, and
// nothing that was there is lost. 0: all outlive a power cut. First applies the bounds: the oldest
// records that are not in the reader's hands are dropped as far as needed; n = 0 does only that.
// PS_ELIMIT: a document is larger than PS_SPOOL_DOC_MAX or than max_bytes. -ENOSPC, -EDQUOT, -EIO...
//
// Small documents of one call share files, up to 64 in one, as long as that is a small part of max_bytes: a bound
// drops a file as a whole.
//
// Cost: an fsync for each file and one of the directory for each 32; the files of a call are on
// their way to the disk together. On ext4 on a virtual disk 1.2 ms for a document of 4 kB in a call of its
// own, 0.85 ms each in calls of 100 (test/fault/spooler cost DIR COUNT measures it). A drop adds two fsyncs
// for each 256 dropped; at its bound a spool drops with each call, so calls of many are what keeps it cheap.
int ps_spool_write(struct ps_spool *s, struct ps_spool_doc *docs, size_t n, ps_ns now, size_t *written);

struct ps_spool_stat {
    uint64_t records; // waiting or in the reader's hands; no tombstones
    uint64_t octets;  // theirs, with their headings
    ps_ns oldest;     // time of writing of the oldest; 0 when there is none
    uint64_t untold;  // dropped records in tombstones that the reader has not done away with
    uint64_t dropped; // by this handle since it was opened
    uint64_t bad;     // damaged records that were set aside and are still there
};
// Looks at counters, not at the directory, in most cases.
int ps_spool_stat(struct ps_spool *s, struct ps_spool_stat *st);

// Records dropped by this handle since it was opened; looks at no file.
uint64_t ps_spool_dropped(const struct ps_spool *s);

// --- reading

enum ps_spool_kind { PS_SPOOL_DOCUMENT, PS_SPOOL_TOMBSTONE };

struct ps_spool_loss {
    uint64_t dropped;  // records: the sum of the three below
    uint64_t for_size; // because of max_bytes
    uint64_t for_age;  // because of max_age
    uint64_t for_room; // because the disk was full
    uint64_t octets;   // theirs, with their headings
    ps_ns from, to;    // times of writing of the earliest and the latest
};

struct ps_spool_record {
    enum ps_spool_kind kind;
    uint8_t id[PS_SPOOL_ID_LEN]; // the same whenever it is delivered again
    ps_ns time;                  // of writing; of a tombstone: when something was last added to it
    const char *name;            // of its file, without the directory
    const uint8_t *data;         // a document's octets; NULL for a tombstone
    size_t len;
    struct ps_spool_loss loss; // of a tombstone
};

struct ps_spool_reader;
// Opens the spool for reading, as ps_spool_open does for writing but for the bounds. -EBUSY: another reader
// has it; the fault names its process.
int ps_spool_reader_open(struct ps_spool_reader **out, const char *dir, struct ps_fault *fault);
// What is in hand stays in the spool. NULL is fine.
void ps_spool_reader_close(struct ps_spool_reader *r);

// The next record, which is then in the reader's hands: no bound drops it. It is the reader's until
// ps_spool_done, ps_spool_keep or ps_spool_reader_close; up to PS_SPOOL_HAND_MAX of up to PS_SPOOL_HAND_FILES files may
// be in hand (more: PS_ELIMIT). 1 with a record; 0: there is no further one, and the next call begins again with the oldest
// that is not in hand. A tombstone comes before the records; the next one comes only when ps_spool_done was
// called for the one before. Damaged records are set aside and counted, never delivered. Another error
// (-EIO, -EACCES, -ENOMEM) leaves a record where it is; the next call goes on behind it.
int ps_spool_next(struct ps_spool_reader *r, const struct ps_spool_record **rec);
// The same for up to max records at a time, which costs less: 1 with *n > 0 of them in their order. Fewer when files
// are large or hold few, so that several threads find some, and memory is bounded.
int ps_spool_next_many(struct ps_spool_reader *r, const struct ps_spool_record **recs, size_t max, size_t *n);
// The reader has acted on the record: removes it from the spool and frees it. An error means that it may
// be delivered again; rec is freed in any case. A file of several documents goes with the last of them; a reader that
// ends before gets all of them again. A power cut may bring back what was removed last: the
// directory is written to disk after 64 removals, at the end of a pass (ps_spool_next gives 0), and at
// the close.
int ps_spool_done(struct ps_spool_reader *r, const struct ps_spool_record *rec);
// The same for n records, at most PS_SPOOL_HAND_MAX; here the directory is written to disk after 1,024 removals.
int ps_spool_done_many(struct ps_spool_reader *r, const struct ps_spool_record *const *recs, size_t n);
// Puts it back: it comes again after ps_spool_next has given 0, or after a rewind.
void ps_spool_keep(struct ps_spool_reader *r, const struct ps_spool_record *rec);
// The next call of ps_spool_next begins with the oldest that is not in hand.
void ps_spool_rewind(struct ps_spool_reader *r);
// fn is told of each damaged record: the name of the file in the spool that it is now, and why; by any thread that
// uses the reader, which it must not use itself. To be called before others use the reader.
typedef void ps_spool_damage_fn(void *ctx, const char *file, const char *why);
void ps_spool_on_damage(struct ps_spool_reader *r, ps_spool_damage_fn *fn, void *ctx);
// Damaged records that this handle has set aside.
uint64_t ps_spool_damaged(struct ps_spool_reader *r);
int ps_spool_reader_stat(struct ps_spool_reader *r, struct ps_spool_stat *st);
