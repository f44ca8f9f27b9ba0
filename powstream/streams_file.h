// SPDX-License-Identifier: Apache-2.0
// The file of --streams, powstream-streams(5).
#pragma once
#include "json/ps_jdoc.h"
#include "powstream/stream_conf.h"

struct streams_file {
    struct stream_conf *confs;
    size_t n;
};

// What a stream has not of its own it has of the file's "defaults", and else of `base`. A fault names file,
// line and place.
int streams_file_load(struct streams_file *out, const char *path, const struct stream_conf *base,
                      struct ps_fault *fault);
void streams_file_free(struct streams_file *f);
// One stream, as it stands in the file, and in a request to add it. *out is to be freed.
int streams_file_stream(struct ps_jnode object, const struct stream_conf *base, struct stream_conf *out,
                        struct ps_fault *fault);
