// SPDX-License-Identifier: Apache-2.0
// Session files (.owp, fact sheet 3.8) on a descriptor of the caller's: written as version 3, read
// as 0, 2 and 3. Nothing here opens or closes a path.
#pragma once
#include "base/ps_conf.h"
#include "owamp/ow_rec.h"

// --- writing, live: header, then records as they come; counts and skips at the end.
struct ow_writer;
// Writes the header (finished = incomplete, no counts). The request holds the actual ports, start
// and SID. fd is the caller's, open for reading and writing, empty.
int ow_writer_new(struct ow_writer **out, int fd, const struct ow_request *req, const struct ow_slot *slots);
void ow_writer_free(struct ow_writer *w); // what is buffered and not flushed is lost
// Buffers a record; a full buffer is written. On an error (ENOSPC...) the file is cut back to whole
// records and every later call gives the same error.
int ow_writer_add(struct ow_writer *w, const struct ow_rec *rec);
int ow_writer_flush(struct ow_writer *w);
// Octets that the file has, or will have when flushed.
uint64_t ow_writer_size(const struct ow_writer *w);

struct ow_file_end {
    enum ow_finished finished;
    uint32_t next_seqno;
    const struct ow_skip *skips;
    uint32_t nskips;
    uint32_t end_seq; // records with seq >= end_seq are dropped (0xFFFFFFFF: none)
    bool cut;         // records with a send time after cut_time are dropped
    ps_ntp cut_time;
};
// Flushes, drops what is to be dropped, appends skips, sets counts, then `finished` last. Whole-file
// write lock meanwhile.
int ow_writer_finish(struct ow_writer *w, const struct ow_file_end *end);

// --- reading
struct ow_file;
// Reads and checks header, slots and skips; the fault names `name` and what is wrong.
int ow_file_new(struct ow_file **out, int fd, const char *name, struct ps_fault *fault);
void ow_file_free(struct ow_file *f);
const struct ow_file_head *ow_file_head(const struct ow_file *f);
const struct ow_slot *ow_file_slots(const struct ow_file *f); // NULL in version 0
const struct ow_skip *ow_file_skips(const struct ow_file *f, uint32_t *n);
uint64_t ow_file_count(const struct ow_file *f);
// Octets of a finished file that are neither its head nor counted records nor skips.
uint64_t ow_file_surplus(const struct ow_file *f);
// Next record to be read; a later ow_file_next reads that one.
int ow_file_seek(struct ow_file *f, uint64_t record);
uint64_t ow_file_tell(const struct ow_file *f);
// 1 with a record, 0 at the end, or an error.
int ow_file_next(struct ow_file *f, struct ow_rec *rec);
