// SPDX-License-Identifier: Apache-2.0
#include "lsregister/gather.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "base/ps_err.h"
#include "base/ps_map.h"

struct asked {
    struct gathering *g;
    struct gather_server *server;
};

struct gathering {
    const struct gather_conf *conf;
    const struct filter *filter;
    struct gathered *out;
    struct ps_loop *loop;
    struct ps_httpc *http;
    struct lsclient client;
    struct ps_buf query;
    struct ps_map known; // record_sum to its number in out, and one
    struct asked asked[CHOICE_SERVERS];
    size_t waiting;
    int err;
};

void gathered_fini(struct gathered *g)
{
    for (size_t i = 0; i < g->n; i++)
        record_fini(&g->at[i].record);
    for (size_t i = 0; i < g->nservers; i++)
        free(g->servers[i].server);
    free(g->at);
    *g = (struct gathered){0};
}

static int append(struct gathered *out, const struct gather_record *r)
{
    // Room doubles whenever the count is a power of two.
    if ((out->n & (out->n - 1)) == 0) {
        struct gather_record *at = realloc(out->at, (out->n ? 2 * out->n : 1) * sizeof *at);
        if (!at)
            return -ENOMEM;
        out->at = at;
    }
    out->at[out->n++] = *r;
    return 0;
}

// Takes over the record where nobody has told of it, or not so good a one.
static int take(struct gathering *g, struct record *record, struct gather_server *server)
{
    struct gather_record new = {*record, lswire_expires(record), server->server};
    uint64_t sum = record_sum(record);
    uintptr_t number = (uintptr_t)ps_map_get(&g->known, &sum);
    if (number) {
        struct gather_record *old = &g->out->at[number - 1], t = *old;
        if (new.expires <= old->expires)
            return 0;
        *old = new;
        *record = t.record;
        return 0;
    }
    if (g->out->n == GATHER_RECORDS) {
        server->left_out++;
        return 0;
    }
    int err = append(g->out, &new);
    if (err)
        return err;
    *record = (struct record){0};
    return ps_map_put(&g->known, &sum, (void *)(uintptr_t)g->out->n);
}

static bool is_over(const struct record *r, ps_ns now)
{
    ps_ns expires = lswire_expires(r);
    return (expires && expires <= now) || record_has(r, "state", "deleted") ||
           record_has(r, "state", "expired");
}

static void came(void *ctx, struct lswire_reply *reply)
{
    struct asked *a = ctx;
    struct gathering *g = a->g;
    ps_ns now = reply->date ? reply->date : (ps_ns)time(NULL) * PS_SEC;
    if (reply->outcome != LS_OK)
        snprintf(a->server->why, sizeof a->server->why, "%s", reply->why);
    else
        g->out->answered++;
    a->server->left_out = reply->left_out;
    for (size_t i = 0; i < reply->n && !g->err; i++)
        if (!is_over(&reply->records[i], now) && filter_matches(g->filter, &reply->records[i])) {
            a->server->found++;
            g->err = take(g, &reply->records[i], a->server);
        }
    if (--g->waiting == 0)
        ps_loop_stop(g->loop);
}

static int ask_all(struct gathering *g)
{
    int err = 0;
    for (size_t i = 0; i < g->out->nservers && !err; i++) {
        g->asked[i] = (struct asked){g, &g->out->servers[i]};
        struct lswire_ask ask = {.verb = LS_QUERY,
                                 .server = g->out->servers[i].server,
                                 .query = (const char *)ps_buf_head(&g->query)};
        err = lsclient_ask(&g->client, &ask, came, &g->asked[i], NULL);
        g->waiting += err == 0;
    }
    if (g->waiting == 0)
        ps_loop_stop(g->loop);
    return err;
}

static int use(struct gathering *g, const struct choice_list *list)
{
    for (size_t i = 0; i < list->n; i++)
        if (list->at[i].alive) {
            char *server = strdup(list->at[i].server);
            if (!server)
                return -ENOMEM;
            g->out->servers[g->out->nservers++].server = server;
        }
    return ask_all(g);
}

static void list_came(void *ctx, const struct ps_httpc_answer *a)
{
    struct gathering *g = ctx;
    struct choice_list list = {0};
    struct ps_fault fault = {""};
    int err = 0;
    if (a->err)
        ps_fault_set(&fault, NULL, 0, "%s", a->why);
    else if (a->status != 200)
        ps_fault_set(&fault, NULL, 0, "%s: status %d", a->url, a->status);
    else
        err = choice_read(&list, a->body, a->len, &fault);
    if (err && !fault.text[0])
        ps_fault_set(&fault, NULL, 0, "%s", ps_strerror(err));
    if (fault.text[0]) {
        snprintf(g->out->why, sizeof g->out->why, "%s", fault.text);
        ps_loop_stop(g->loop);
    } else {
        g->err = use(g, &list);
    }
    choice_fini(&list);
}

static int begin(struct gathering *g)
{
    const struct gather_conf *conf = g->conf;
    struct choice_list list = {0};
    int err = 0;
    if (conf->servers->n == 0) {
        struct ps_httpc_ask ask = {.method = "GET",
                                   .url = conf->bootstrap,
                                   .timeout = 10 * PS_SEC,
                                   .answer_max = (size_t)1 << 20,
                                   .redirects = 3,
                                   .ca_file = conf->ca_file,
                                   .proxy = PS_HTTPC_ENV_PROXY,
                                   .ip_version = conf->ip_version};
        return ps_httpc_ask(g->http, &ask, list_came, g, NULL);
    }
    for (size_t i = 0; i < conf->servers->n && !err; i++)
        err = choice_add(&list, conf->servers->at[i], 0, true);
    if (!err)
        err = use(g, &list);
    choice_fini(&list);
    return err;
}

static const char *name_of(const struct record *r)
{
    static const char *const keys[] = {"host-name", "service-locator", "interface-name", "person-name",
                                       "uri"};
    const char *name = NULL;
    for (size_t i = 0; i < sizeof keys / sizeof *keys && !name; i++)
        name = record_get(r, keys[i]);
    return name ? name : "";
}

static int by_name(const void *a, const void *b)
{
    const struct gather_record *x = a, *y = b;
    const char *s = record_get(&x->record, "type"), *t = record_get(&y->record, "type");
    int way = strcmp(s ? s : "", t ? t : "");
    if (!way)
        way = strcmp(name_of(&x->record), name_of(&y->record));
    s = record_get(&x->record, "uri");
    t = record_get(&y->record, "uri");
    return way ? way : strcmp(s ? s : "", t ? t : "");
}

int gather(const struct gather_conf *conf, const struct filter *filter, struct gathered *out)
{
    struct gathering g = {.conf = conf, .filter = filter, .out = out};
    struct ps_httpc_conf http = {.conns_per_host = 2, .agent = "lsregister/" PACKAGE_VERSION};
    *out = (struct gathered){0};
    ps_buf_init(&g.query, 0);
    int err = ps_map_init(&g.known, sizeof(uint64_t));
    if (!err)
        err = filter_query(filter, &g.query);
    if (!err)
        err = ps_loop_new(&g.loop);
    if (!err)
        err = ps_httpc_new(g.loop, &http, &g.http);
    g.client = (struct lsclient){g.http, conf->ip_version, conf->ca_file, NULL};
    if (!err)
        err = begin(&g);
    if (!err && (g.waiting || ps_httpc_calls(g.http)))
        err = ps_loop_run(g.loop);
    if (!err)
        err = g.err;
    ps_httpc_free(g.http);
    if (g.loop)
        ps_loop_free(g.loop);
    ps_buf_fini(&g.query);
    ps_map_fini(&g.known);
    if (out->n)
        qsort(out->at, out->n, sizeof *out->at, by_name);
    return err < 0 ? err : 0;
}
