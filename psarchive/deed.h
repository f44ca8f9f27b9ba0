// SPDX-License-Identifier: Apache-2.0
// A request that writes: its body is read (on a worker when it is large), what it asks for goes to the writer, and
// the answer waits until that is durable.
#pragma once
#include "json/ps_jdoc.h"
#include "psarchive/put.h"
#include "psarchive/site.h"

struct deed {
    struct site *site;
    struct ps_http_req *req;
    struct meta *meta; // that the path names; NULL: none
    int event;         // that the path names
    // Makes the put of the body. On a worker perhaps: nothing but the deed may be touched. 0; an error with the fault
    // told, which is the client's; -ENOMEM.
    int (*read)(struct deed *d, struct ps_jnode root);
    // The answer when all went well.
    void (*answer)(struct deed *d);

    struct ps_jdoc *doc;
    struct put *put;
    struct ps_fault fault;
    int err;
};

// Takes over the reference to meta, and answers the request in the end. Of a body that says to be something else
// than JSON at once.
void deed_begin(struct site *s, struct ps_http_req *req, struct meta *meta, int event,
                int (*read)(struct deed *d, struct ps_jnode root), void (*answer)(struct deed *d));

// --- in steps, for who has to do something between reading and writing (results.c)

struct deed *deed_new(struct site *s, struct ps_http_req *req,
                      struct meta *meta); // NULL: 415 or 503 was answered
// Reads the body into doc; *next comes on the loop's thread, with the error in err.
void deed_read(struct deed *d, void (*next)(void *deed));
void deed_write(struct deed *d);                                // the put
void deed_refuse(struct deed *d);                               // answers by err and fault, and ends it
void deed_answer(struct deed *d, int status, const char *json); // answers, and ends it
