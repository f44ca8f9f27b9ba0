// SPDX-License-Identifier: Apache-2.0
#include "pslimits/lists.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_buf.h"
#include "base/ps_err.h"
#include "http/ps_mirror.h"
#include "limits/lim_rules.h"
#include "pslimits/regime.h"

#define NETWORKS_MAX 1000000
#define DOCUMENT_MAX ((size_t)32 << 20)

// Lines of a document, or outputs of its transform, that hold no network.
struct strange {
    size_t n;
    int first;
};

struct entry {
    struct lists *lists;
    const struct lim_list *list;
    struct ps_jq_program *transform; // NULL: none
    struct ps_mirror *mirror;
    struct ps_netset *set;  // in force; NULL: none
    struct ps_netset *next; // a transform's, to be decided
    struct ps_jq_request *running;
    struct waiting *waiting;
    struct strange strange; // in the document that is in force
    bool tried;
    char path[4096];
};

struct waiting {
    struct question *question;
    struct ps_addr requester;
    struct waiting *next;
};

struct lists {
    struct lists_conf conf;
    struct entry *entries;
    size_t n;
};

// answers

static void answer(struct entry *e, const struct ps_addr *requester, struct question *q)
{
    struct ps_mirror_state st = {0};
    struct lim_answer a = {0};
    char why[400];
    if (e->set) {
        a.yes = ps_netset_has(e->set, requester);
    } else {
        if (e->mirror)
            ps_mirror_get(e->mirror, &st);
        snprintf(why, sizeof why, "the list could not be had yet%s%s", st.why && st.why[0] ? ": " : "",
                 st.why ? st.why : "");
        a.err = PS_ENOTFOUND;
        a.why = why;
    }
    question_answer(q, &a);
}

static void answer_all(struct entry *e)
{
    while (e->waiting) {
        struct waiting *w = e->waiting;
        e->waiting = w->next;
        answer(e, &w->requester, w->question);
        free(w);
    }
}

void lists_ask(struct lists *l, const struct lim_ask *ask, struct question *q)
{
    struct entry *e = &l->entries[ask->list->index];
    struct waiting *w = NULL;
    if (!e->set && !e->tried && l->conf.patient)
        w = malloc(sizeof *w);
    if (!w) {
        answer(e, ask->requester, q);
        return;
    }
    *w = (struct waiting){q, *ask->requester, e->waiting};
    e->waiting = w;
}

// documents

// The networks of a text; NULL, with the reason in why.
static int read_networks(const struct ps_jq_value *text, struct ps_netset *set, struct strange *strange,
                         char *why, size_t size)
{
    size_t bad = 0;
    int line = 0, err = ps_netset_read(set, text->text, text->len, NETWORKS_MAX, &bad, &line);
    *strange = (struct strange){bad, line};
    if (err == PS_ELIMIT)
        snprintf(why, size, "has more than %d networks", NETWORKS_MAX);
    else if (err)
        snprintf(why, size, "%s", ps_strerror(err));
    else if (ps_netset_count(set) == 0 || bad > ps_netset_count(set))
        snprintf(why, size, "is no list of networks: %zu lines are none, the first is line %d", bad, line);
    else
        return 0;
    return err ? err : PS_EMALFORMED;
}

static void put_in_force(struct entry *e, struct ps_netset *set, const struct strange *strange)
{
    e->strange = *strange;
    ps_netset_seal(set);
    ps_netset_free(e->set);
    e->set = set;
}

// A string as jq writes it, without its quotes, and a newline: networks have nothing to be unescaped.
static int append_output(struct ps_buf *text, const struct ps_jq_output *o)
{
    bool quoted = o->len >= 2 && o->text[0] == '"';
    char *inside = NULL;
    if (!quoted)
        return ps_buf_printf(text, "%s\n", o->text);
    struct ps_jdoc *doc;
    const char *s = "";
    if (ps_jdoc_parse(&doc, NULL, o->text, o->len, NULL) != 0)
        return PS_EMALFORMED;
    (void)ps_jnode_str(ps_jdoc_root(doc), 0, SIZE_MAX, &s, NULL);
    inside = strdup(s);
    ps_jdoc_free(doc);
    int err = inside ? ps_buf_printf(text, "%s\n", inside) : -ENOMEM;
    free(inside);
    return err;
}

static int outputs_to_set(const struct ps_jq_result *r, struct ps_netset *set, struct strange *strange,
                          char *why, size_t size)
{
    struct ps_buf text;
    int err = 0;
    ps_buf_init(&text, DOCUMENT_MAX);
    for (size_t i = 0; i < r->noutputs && !err; i++)
        err = append_output(&text, &r->outputs[i]);
    if (err)
        snprintf(why, size, "%s", ps_strerror(err));
    if (!err) {
        struct ps_jq_value all = {ps_buf_len(&text) ? (char *)ps_buf_head(&text) : "", ps_buf_len(&text)};
        err = read_networks(&all, set, strange, why, size);
    }
    ps_buf_fini(&text);
    return err;
}

static void transformed(void *ctx, const struct ps_jq_result *r)
{
    struct entry *e = ctx;
    struct ps_netset *set = e->next;
    struct strange strange = {0};
    char why[200] = "";
    e->running = NULL;
    e->next = NULL;
    if (r->err)
        snprintf(why, sizeof why, "its transform failed: %.150s", r->why);
    int err = r->err ? r->err : outputs_to_set(r, set, &strange, why, sizeof why);
    if (err)
        ps_netset_free(set);
    else
        put_in_force(e, set, &strange);
    ps_mirror_decide(e->mirror, err, why);
}

static int transform(struct entry *e, const struct ps_mirror_doc *d, struct ps_netset *set)
{
    const struct lim_program *p = e->list->transform;
    struct ps_jq_value input = {d->data, d->len}, args[LIM_ARGS_MAX];
    for (size_t i = 0; i < p->nown; i++)
        args[i] = (struct ps_jq_value){p->values[i].text, p->values[i].len};
    int err = ps_jq_run(e->transform, &input, args, transformed, e, &e->running);
    if (err)
        return err;
    e->next = set;
    return PS_MIRROR_LATER;
}

static int take(void *ctx, const struct ps_mirror_doc *d, char *why, size_t size)
{
    struct entry *e = ctx;
    struct ps_netset *set;
    struct strange strange = {0};
    const struct ps_jq_value text = {d->data, d->len};
    int err = ps_netset_new(&set);
    if (!err)
        err = e->transform ? transform(e, d, set) : read_networks(&text, set, &strange, why, size);
    if (err == PS_MIRROR_LATER)
        return err;
    if (err) {
        if (!why[0])
            snprintf(why, size, "%s", ps_strerror(err));
        ps_netset_free(set);
    } else {
        put_in_force(e, set, &strange);
    }
    return err;
}

static void told(void *ctx, struct ps_mirror *m)
{
    struct entry *e = ctx;
    struct ps_mirror_state st;
    ps_mirror_get(m, &st);
    e->tried = true;
    if (e->lists->conf.log && st.err)
        ps_log(e->lists->conf.log, PS_LOG_WARN, "list", "%s%s", st.why,
               e->set ? ": the one before stays in force" : ": there is none yet");
    else if (e->lists->conf.log)
        ps_log(e->lists->conf.log, PS_LOG_DEBUG, "list", "%s: %zu networks", e->list->source,
               e->set ? ps_netset_count(e->set) : 0);
    if (e->lists->conf.log && !st.err && e->strange.n)
        ps_log(e->lists->conf.log, PS_LOG_WARN, "list", "%s: %zu lines are no networks, the first is line %d",
               e->list->source, e->strange.n, e->strange.first);
    answer_all(e);
}

// lists

static uint64_t hash(uint64_t h, const char *s)
{
    for (; *s; s++)
        h = (h ^ (unsigned char)*s) * UINT64_C(1099511628211);
    return h;
}

// The copy of another transform is another copy.
static const char *copy_path(struct entry *e)
{
    const char *script = e->list->transform ? e->list->transform->text : "";
    uint64_t h = hash(hash(UINT64_C(14695981039346656037), e->list->source), script);
    if (!e->lists->conf.cache)
        return NULL;
    int n = snprintf(e->path, sizeof e->path, "%s/%016" PRIx64 ".list", e->lists->conf.cache, h);
    return n < (int)sizeof e->path ? e->path : NULL;
}

static int begin(struct entry *e)
{
    const struct lim_list *l = e->list;
    struct ps_mirror_conf conf = {
        .url = l->source,
        .update = l->update,
        .retry = l->retry,
        .max = DOCUMENT_MAX,
        .path = copy_path(e),
        .bind = l->bind[0] ? l->bind : NULL,
        .proxy = PS_HTTPC_ENV_PROXY,
        .take = take,
        .told = told,
        .ctx = e,
    };
    int err = ps_mirror_new(e->lists->conf.loop, e->lists->conf.http, &conf, &e->mirror);
    return err ? err : ps_mirror_start(e->mirror);
}

static bool same_list(const struct lim_list *a, const struct lim_list *b)
{
    const char *x = a->transform ? a->transform->text : "", *y = b->transform ? b->transform->text : "";
    return strcmp(a->source, b->source) == 0 && strcmp(x, y) == 0;
}

static void inherit(struct entry *e, struct lists *former)
{
    for (size_t i = 0; former && i < former->n && !e->set; i++) {
        if (!same_list(e->list, former->entries[i].list))
            continue;
        e->set = former->entries[i].set;
        e->strange = former->entries[i].strange;
        former->entries[i].set = NULL;
    }
}

int lists_new(const struct lists_conf *conf, struct regime *regime, struct lists *former, struct lists **out)
{
    const struct lim_rules *rules = regime->rules;
    struct lists *l = calloc(1, sizeof *l);
    int err = 0;
    if (!l)
        return -ENOMEM;
    l->conf = *conf;
    l->entries = calloc(rules->nlists + 1, sizeof *l->entries);
    for (; l->entries && l->n < rules->nlists && !err; l->n++) {
        struct entry *e = &l->entries[l->n];
        e->lists = l;
        e->list = rules->lists[l->n];
        e->transform = e->list->transform ? regime->programs[e->list->transform->index] : NULL;
        inherit(e, former);
        err = begin(e);
    }
    if (!l->entries)
        err = -ENOMEM;
    if (err)
        lists_free(l);
    else
        *out = l;
    return err;
}

void lists_free(struct lists *l)
{
    if (!l)
        return;
    for (size_t i = 0; i < l->n; i++) {
        struct entry *e = &l->entries[i];
        ps_jq_cancel(e->running);
        ps_mirror_free(e->mirror);
        ps_netset_free(e->set);
        ps_netset_free(e->next);
        for (struct waiting *w = e->waiting, *next; w; w = next) {
            next = w->next;
            free(w);
        }
    }
    free(l->entries);
    free(l);
}

bool lists_look(const struct lists *l, size_t i, struct lists_state *out)
{
    struct ps_mirror_state st;
    if (!l || i >= l->n)
        return false;
    const struct entry *e = &l->entries[i];
    ps_mirror_get(e->mirror, &st);
    *out = (struct lists_state){
        e->list->source,      st.err ? st.why : "",      e->set ? ps_netset_count(e->set) : 0,
        e->set ? st.age : -1, e->set ? e->strange.n : 0, e->strange.first,
        st.disk_err};
    return true;
}
