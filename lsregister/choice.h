// SPDX-License-Identifier: Apache-2.0
// Lists of lookup servers, and which of them to use (fact sheet 1.8, 2.5). Pure.
#pragma once
#include "base/ps_conf.h"
#include "base/ps_time.h"
#include "lsregister/words.h"

#define CHOICE_SERVERS 64 // of a list

struct choice_server {
    char *server; // "http://HOST:PORT/"
    int64_t priority;
    bool alive; // as the list says
    ps_ns rtt;  // of a connection; -1: it could not be reached, or nobody has tried
};

struct choice_list {
    struct choice_server at[CHOICE_SERVERS];
    size_t n;
};

// Reads activehosts.json: {"hosts": [{"locator", "status", "priority"}]}. What has no usable locator is left out. 0;
// PS_EMALFORMED when there is no such list, or nobody in it is alive, with the fault told; -ENOMEM. list is empty, and
// has to be freed either way.
int choice_read(struct choice_list *list, const char *text, size_t len, struct ps_fault *fault);
// Adds one; more than there is room for, and those that are there, are left out. PS_ESYNTAX and such, of the locator.
int choice_add(struct choice_list *list, const char *locator, int64_t priority, bool alive);
void choice_fini(struct choice_list *list);

struct choice {
    unsigned streak; // how often in a row the same other one was much nearer
    char last[300];  // which
};

// Which of those that were reached to use: the nearest, of equals the one of the lower priority. The present one (NULL:
// none) stays while it is in the list, does not fail and no other one is nearer by `better` of its time for more than
// `times` in a row. NULL: nobody was reached, or the present one stays for want of another.
const char *choice_make(struct choice *c, const struct choice_list *list, const char *present, bool failing,
                        double better, unsigned times);
