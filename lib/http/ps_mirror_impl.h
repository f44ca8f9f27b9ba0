// SPDX-License-Identifier: Apache-2.0
// What the files of ps_mirror.h share. For lib/http and its tests alone.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include "base/ps_buf.h"
#include "base/ps_time.h"
#include "loop/ps_loop.h"

// The copy on disk: lines "name: value", an empty one, and the document. When it was fetched is the file's
// time of change, so that a document that is still the same needs no writing.
#define PS_MIRROR_MAGIC "psuite-mirror 1\n"
#define PS_MIRROR_HEAD_MAX ((size_t)70000) // octets in front of the document
#define PS_MIRROR_TAG_MAX 256              // of an ETag or date that is kept, with the NUL

struct ps_mirror_head {
    char etag[PS_MIRROR_TAG_MAX], modified[PS_MIRROR_TAG_MAX]; // "": none
};

// Reads the lines. 0, with *at where the document begins; PS_EMALFORMED; PS_ENOTFOUND: it is of another URL.
int ps_mirror_head_parse(const char *text, size_t len, const char *url, struct ps_mirror_head *out,
                         size_t *at);
int ps_mirror_head_put(struct ps_buf *out, const char *url, const struct ps_mirror_head *head);

struct ps_mirror_copy {
    char *text; // of the file, with a NUL behind; free
    size_t len, at;
    struct ps_mirror_head head;
    ps_ns fetched;
};
// max: octets of the document. 0, PS_ENOTFOUND (of another URL), PS_EMALFORMED, PS_ELIMIT, PS_ENOTFILE,
// -errno.
int ps_mirror_copy_load(const char *path, const char *url, size_t max, struct ps_mirror_copy *out);

// Writes copies, one after the other, on a worker.
struct ps_mirror_disk;
typedef void (*ps_mirror_disk_cb)(void *ctx, int err); // after each; 0 or -errno
int ps_mirror_disk_new(struct ps_loop *l, const char *path, ps_mirror_disk_cb cb, void *ctx,
                       struct ps_mirror_disk **out);
// What is being written is written; cb is not called any more. NULL is fine.
void ps_mirror_disk_free(struct ps_mirror_disk *d);
// Takes over what is in text (and leaves it empty); what waited to be written before it is left out.
void ps_mirror_disk_write(struct ps_mirror_disk *d, struct ps_buf *text, ps_ns fetched);
// It is still the same now.
void ps_mirror_disk_touch(struct ps_mirror_disk *d, ps_ns fetched);
