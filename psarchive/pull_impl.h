// SPDX-License-Identifier: Apache-2.0
// What the files behind pull.h share. For them alone.
#pragma once
#include "base/ps_list.h"
#include "base/ps_map.h"
#include "psarchive/pull.h"
#include "psarchive/pull_state.h"

struct pull {
    struct workplace *w;
    const struct pull_conf *conf;
    struct ps_loop *loop;
    struct remote *remote;
    struct pull_state *state;
    struct pull_tally tally;
    int status;      // of the end that came early; 0: none
    uint64_t told;   // refusals that were told
    ps_ns last_line; // of progress
    // The list (pull.c)
    size_t offset; // of the next page
    size_t total;  // as the other archive says
    struct ps_map seen;
    char last_key[2 * ES_REG_KEY_LEN + 1]; // on the page before
    bool asking;                           // a page is on its way
    bool listed;                           // to its end
    unsigned restarts;                     // of a list that changed, since something new was on it
    struct ps_list waiting;
    size_t running;
};

// Of one metadata: what is asked for in turn (pull_meta.c).
struct pull_job;
// From an object of the list. PS_EMALFORMED and such with the fault told.
int pull_job_new(struct pull *p, struct ps_jnode object, struct pull_job **out, struct ps_fault *fault);
struct ps_list *pull_job_link(struct pull_job *j);
struct pull_job *pull_job_of(struct ps_list *link);
void pull_job_start(struct pull_job *j); // ends in pull_job_ended, perhaps at once
void pull_job_free(struct pull_job *j);
void pull_job_ended(struct pull *p);

// A page of points or sums of a series (pull_page.c).
struct pull_page {
    const struct meta *meta;
    struct pull_series series;
    struct ps_jnode points;
    int64_t first, last; // ts of what is on it
    size_t n;
};
// Stores it, and comes back when that is durable. 0, or a status of the end.
int pull_page_store(struct pull *p, struct pull_page *page);

// Stores a put and waits until it is durable. Its error, or the port's; it stays the caller's.
int pull_put(struct pull *p, struct put *put);

void pull_refuse(struct pull *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void pull_fail(struct pull *p, int status, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void pull_show(struct pull *p, bool at_once);
