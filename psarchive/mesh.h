// SPDX-License-Identifier: Apache-2.0
// What a pSConfig template measures: of each of its tasks how many ways and how often. Pure.
// (Fact sheet of the lookup service and pSConfig, 3.1 to 3.4.)
#pragma once
#include <stddef.h>
#include "json/ps_jdoc.h"
#include "psarchive/sizing.h"

#define MESH_ADDRESSES_MAX 10000 // of a group, on a side

struct mesh_task {
    const char *name; // in the document
    enum sizing_test test;
    double paths; // tuples of addresses that it is made for
    double every; // seconds from result to result; 0: it does not come again
};

struct mesh_sink {
    void (*task)(void *ctx, const struct mesh_task *t);
    // What cannot be known here and how it was counted: a filter in jq, an IP version of a host's name, includes.
    void (*note)(void *ctx, const char *text);
    void *ctx;
};

// Tells of each task that is not disabled, in their order. A fault names the place: PS_EMALFORMED, PS_ENOTFOUND (a group,
// address, test, schedule or class that is not there), PS_ELIMIT; -ENOMEM.
int mesh_read(const struct ps_jdoc *doc, const struct mesh_sink *sink, struct ps_fault *fault);
