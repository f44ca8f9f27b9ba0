// SPDX-License-Identifier: Apache-2.0
// What the archivers have in common that are programs of their own: pScheduler's protocol of archiver plug-ins (fact
// sheet of the scheduler, sections 4.2 and 7). One program is all of its methods, known by the name it is called by:
// enumerate, data-is-valid, archive. `archive` reads records (RFC 7464) until its input ends, so that it may be asked
// once or kept running, and keeps its connection between records that have the same data.
#pragma once
#include <stddef.h>
#include "base/ps_conf.h"
#include "deliver/ps_deliver_kind.h"

#define ARCHIVER_DOC_MAX ((size_t)64 << 20) // octets of a record

struct archiver_doc {
    const char *text; // one JSON value, or, from a transform that writes raw text, that text; NUL behind
    size_t len;
};

struct archiver {
    const char *name;   // "rabbitmq"
    const char *about;  // a sentence
    size_t target_size; // octets of what data become, a target
    // Reads data into target, which is all zeros, and the retry policy. 0, or an error with the fault naming the place;
    // it says nothing of values that may be secret.
    int (*read)(struct ps_jget *g, void *target, struct ps_deliver_retry *retry);
    void (*drop)(void *target); // what it points to, also of one that was read in part
    // How long a connection is kept. NULL: as long as the process.
    ps_ns (*expires)(const void *target);
    // Connects. 0, or an error with the fault; what it made is gone then.
    int (*open)(const void *target, void **link, struct ps_fault *fault);
    // Hands a document over, and has the destination's word for it where there is one. After an error the link is
    // closed.
    int (*send)(void *link, const void *target, const struct archiver_doc *doc, struct ps_fault *fault);
    void (*close)(void *link);
};

// The whole program: the exit status is 0, 2 (usage) or 4 (it cannot read or write).
int archiver_main(const struct archiver *a, int argc, char **argv);
