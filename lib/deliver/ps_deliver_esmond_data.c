// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "deliver/ps_deliver_esmond.h"

#define TOKEN_MAX 1024
#define HOST_MAX 255

void ps_deliver_es_drop(void *target)
{
    struct ps_deliver_es *t = target;

    ps_deliver_web_drop(&t->web);
    free(t->root);
    free(t->authorization);
    free(t->agent);
    es_reg_fini(&t->wanted);
}

static void no_memory(struct ps_jget *g)
{
    ps_deliver_web_fail(g, NULL, -ENOMEM, "more memory than there is");
}

static void read_url(struct ps_jget *g, struct ps_deliver_es *t)
{
    ps_deliver_web_url(g, "url", &t->web);
    if (g->err)
        return;
    if (strpbrk(t->web.url, "?#"))
        ps_deliver_web_fail(g, "url", PS_ESYNTAX, "a URL without a query, below which the archive's API is");
    else if (asprintf(&t->root, "%s%s", t->web.url, t->web.url[strlen(t->web.url) - 1] == '/' ? "" : "/") <
             0) {
        t->root = NULL;
        no_memory(g);
    }
}

static void read_token(struct ps_jget *g, struct ps_deliver_es *t)
{
    struct ps_jnode n = ps_jget_node(g, "_auth-token");
    const char *token;

    if (g->err || !ps_jnode_there(n))
        return;
    if (ps_jnode_str(n, 1, TOKEN_MAX, &token, NULL) || !ps_deliver_web_printable(token)) {
        ps_deliver_web_fail(g, "_auth-token", PS_EMALFORMED, "a token in one line of at most 1024 octets");
    } else if (asprintf(&t->authorization, "Authorization: Token %s", token) < 0) {
        t->authorization = NULL;
        no_memory(g);
    }
}

static void read_agent(struct ps_jget *g, struct ps_deliver_es *t)
{
    const char *agent = ps_jget_str(g, "measurement-agent", 1, HOST_MAX, NULL);

    if (agent && !(t->agent = strdup(agent)))
        no_memory(g);
}

// The number may be a text, as esmond itself tells it.
static uint32_t read_window(struct ps_jget *g)
{
    struct ps_jnode n = ps_jnode_member(g->node, "summary-window");
    const char *text;
    char *rest;
    unsigned long seconds;

    if (ps_jnode_type(n) != PS_JTYPE_STRING)
        return (uint32_t)ps_jneed_u64(g, "summary-window", 0, ES_SUMMARY_WINDOW_MAX);
    text = ps_jneed_str(g, "summary-window", 1, 10);
    seconds = g->err ? 0 : strtoul(text, &rest, 10);
    if (!g->err && (text[0] < '0' || text[0] > '9' || *rest || seconds > ES_SUMMARY_WINDOW_MAX))
        ps_jget_fail(g, "summary-window", PS_ERANGE, "wants seconds from 0 to %d", ES_SUMMARY_WINDOW_MAX);
    return (uint32_t)seconds;
}

static void read_summary(struct ps_jget *g, struct ps_jnode n, struct ps_deliver_es *t)
{
    static const char *const types[] = {"base", "aggregation", "average", "statistics"};
    struct ps_jget in;
    const char *name;
    uint32_t window;
    size_t type;
    int event, err = 0;

    ps_jget_init(&in, n, g->fault);
    name = ps_jneed_str(&in, "event-type", 1, 100);
    type = ps_jneed_word(&in, "summary-type", types, sizeof types / sizeof types[0]);
    window = read_window(&in);
    event = in.err ? 0 : es_event_find(name);
    if (event < 0)
        ps_jget_fail(&in, "event-type", PS_EUNKNOWN, "is none that there is; got \"%.100s\"", name);
    if (!in.err)
        err = es_reg_summary(&t->wanted, event, (enum es_summary_type)type, window);
    if (err == PS_EUNSUPPORTED)
        ps_jget_fail(&in, "summary-type", err, "is none that %s has", name);
    else if (err)
        ps_jget_fail(&in, NULL, err, "%s", ps_strerror(err));
    g->err = ps_deliver_data_end(&in, NULL, 0);
}

static void read_summaries(struct ps_jget *g, struct ps_deliver_es *t)
{
    struct ps_jnode list = ps_jget_array(g, "summaries");

    t->own_summaries = ps_jnode_there(list);
    for (struct ps_jnode n = ps_jnode_first(list); !g->err && ps_jnode_there(n); n = ps_jnode_next(n))
        read_summary(g, n, t);
}

int ps_deliver_es_read(struct ps_jget *g, void *target, struct ps_deliver_retry *retry)
{
    static const char *const policies[] = {"prefer-mapped", "mapped-and-raw", "mapped-only", "raw-only"};
    static const char *const secret[] = {"_auth-token"};
    struct ps_deliver_es *t = target;

    (void)ps_deliver_schema(g, 1);
    read_url(g, t);
    read_token(g, t);
    ps_deliver_web_ways(g, &t->web);
    read_agent(g, t);
    t->policy = (enum ps_deliver_es_policy)ps_jget_word(g, "data-formatting-policy", policies,
                                                        sizeof policies / sizeof policies[0],
                                                        PS_DELIVER_PREFER_MAPPED);
    read_summaries(g, t);
    ps_deliver_retry_policy(g, retry);
    return ps_deliver_data_end(g, secret, 1);
}
