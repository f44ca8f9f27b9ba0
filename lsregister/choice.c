// SPDX-License-Identifier: Apache-2.0
#include "lsregister/choice.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/ps_err.h"
#include "base/ps_num.h"
#include "json/ps_jdoc.h"
#include "lsregister/lswire.h"

void choice_fini(struct choice_list *list)
{
    for (size_t i = 0; i < list->n; i++)
        free(list->at[i].server);
    *list = (struct choice_list){0};
}

static const struct choice_server *find(const struct choice_list *list, const char *server)
{
    for (size_t i = 0; i < list->n; i++)
        if (strcmp(list->at[i].server, server) == 0)
            return &list->at[i];
    return NULL;
}

int choice_add(struct choice_list *list, const char *locator, int64_t priority, bool alive)
{
    char *server;
    int err = lswire_server(locator, &server);
    if (err)
        return err;
    if (list->n == CHOICE_SERVERS || find(list, server)) {
        free(server);
        return 0;
    }
    list->at[list->n++] = (struct choice_server){server, priority, alive, -1};
    return 0;
}

// A number, or a text of one.
static int64_t priority_of(struct ps_jnode n)
{
    const char *text;
    int64_t v = 100;
    if (ps_jnode_i64(n, 0, 1000000, &v, NULL) != 0 && ps_jnode_str(n, 1, 20, &text, NULL) == 0)
        (void)ps_num_i64(text, 10, 0, 1000000, &v);
    return v;
}

static int read_host(struct choice_list *list, struct ps_jnode n)
{
    const char *locator, *status = "";
    if (ps_jnode_str(ps_jnode_member(n, "locator"), 1, 2000, &locator, NULL) != 0)
        return 0;
    (void)ps_jnode_str(ps_jnode_member(n, "status"), 0, 100, &status, NULL);
    int err = choice_add(list, locator, priority_of(ps_jnode_member(n, "priority")),
                         strcasecmp(status, "alive") == 0);
    return err == -ENOMEM ? err : 0;
}

int choice_read(struct choice_list *list, const char *text, size_t len, struct ps_fault *fault)
{
    struct ps_jdoc *doc;
    size_t alive = 0;
    int err = ps_jdoc_parse_foreign(&doc, NULL, text, len, fault);
    if (err)
        return err;
    struct ps_jnode hosts = ps_jnode_member(ps_jdoc_root(doc), "hosts");
    if (ps_jnode_type(hosts) != PS_JTYPE_ARRAY) {
        ps_fault_set(fault, NULL, 0, "is no list of lookup servers: it has no array \"hosts\"");
        err = PS_EMALFORMED;
    }
    for (struct ps_jnode n = ps_jnode_first(hosts); ps_jnode_there(n) && !err; n = ps_jnode_next(n))
        err = read_host(list, n);
    ps_jdoc_free(doc);
    for (size_t i = 0; i < list->n; i++)
        alive += list->at[i].alive;
    if (!err && alive == 0) {
        ps_fault_set(fault, NULL, 0, "names no lookup server that is alive");
        err = PS_EMALFORMED;
    }
    return err;
}

static bool is_before(const struct choice_server *a, const struct choice_server *b)
{
    return a->rtt != b->rtt ? a->rtt < b->rtt : a->priority < b->priority;
}

// except: not this one; NULL: any.
static const struct choice_server *nearest(const struct choice_list *list, const struct choice_server *except)
{
    const struct choice_server *best = NULL;
    for (size_t i = 0; i < list->n; i++) {
        const struct choice_server *s = &list->at[i];
        if (s != except && s->alive && s->rtt >= 0 && (!best || is_before(s, best)))
            best = s;
    }
    return best;
}

// Whether the nearest has been so much nearer often enough.
static bool is_steady(struct choice *c, const struct choice_server *best, const struct choice_server *present,
                      double better, unsigned times)
{
    bool nearer = best != present && (double)(present->rtt - best->rtt) > better * (double)present->rtt;
    if (!nearer || strcmp(c->last, best->server) != 0)
        c->streak = 0;
    snprintf(c->last, sizeof c->last, "%s", nearer ? best->server : "");
    c->streak += nearer;
    return c->streak > times;
}

const char *choice_make(struct choice *c, const struct choice_list *list, const char *present, bool failing,
                        double better, unsigned times)
{
    const struct choice_server *now = present ? find(list, present) : NULL;
    const struct choice_server *best = nearest(list, failing ? now : NULL);
    if (!best)
        return NULL;
    if (!now || !now->alive || now->rtt < 0 || failing || is_steady(c, best, now, better, times)) {
        c->streak = 0;
        return best->server;
    }
    return now->server;
}
