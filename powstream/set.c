// SPDX-License-Identifier: Apache-2.0
#include "powstream/set.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "base/ps_list.h"

// Streams that begin together would end their sessions together for ever: they begin this far apart.
#define STAGGER (10 * PS_MSEC)

struct member {
    struct ps_list node;
    struct set *set;
    struct stream *stream;
    bool ending;
    struct stream_conf *heir; // begins in the same place when this one has ended
};

// One that cannot begin now: its directory is gone, its pass-phrase cannot be read.
struct waiting {
    struct ps_list node;
    struct stream_conf conf;
    ps_ntp since, waited; // see stream_past
    struct ps_fault fault;
};

struct set {
    struct ps_list members, waiting;
    struct stream_env env;
    bool finishing;
    ps_ns stagger; // of the next one
    ps_ns begun;   // mono: when it was counted up last
    void *ctx;
    void (*finished)(void *ctx);
};

static struct member *member_at(struct ps_list *it)
{
    return PS_CONTAINER(it, struct member, node);
}

static struct member *find(const struct set *s, const char *name)
{
    PS_LIST_EACH(it, &s->members) {
        if (strcmp(stream_configuration(member_at(it)->stream)->name, name) == 0)
            return member_at(it);
    }
    return NULL;
}

static void heir_free(struct stream_conf *heir)
{
    if (heir != NULL)
        stream_conf_free(heir);
    free(heir);
}

static void member_free(struct member *m)
{
    ps_list_remove(&m->node);
    stream_free(m->stream);
    heir_free(m->heir);
    free(m);
}

static void on_over(void *ctx, struct stream *stream);

static ps_ns next_stagger(struct set *s, const struct stream_conf *conf)
{
    ps_ns longest = (ps_ns)(stream_conf_duration(conf) * (double)PS_SEC), now = ps_loop_mono();
    if (now - s->begun > PS_SEC)
        s->stagger = 0; // not one of many
    s->begun = now;
    ps_ns mine = s->stagger % longest;
    s->stagger += STAGGER;
    return mine;
}

static int begin(struct set *s, const struct stream_conf *conf, const struct stream_past *past,
                 struct ps_fault *fault)
{
    struct member *m = calloc(1, sizeof *m);
    struct stream_env env = s->env;
    env.ctx = s;
    env.over = on_over;
    if (m == NULL) {
        ps_fault_set(fault, NULL, 0, "out of memory");
        return -ENOMEM;
    }
    int err = stream_new(&m->stream, conf, &env, fault);
    if (err != 0) {
        free(m);
        return err;
    }
    m->set = s;
    ps_list_append(&s->members, &m->node);
    stream_begin(m->stream, next_stagger(s, conf), past);
    return 0;
}

static struct waiting *waiting_at(struct ps_list *it)
{
    return PS_CONTAINER(it, struct waiting, node);
}

static struct waiting *find_waiting(const struct set *s, const char *name)
{
    PS_LIST_EACH(it, &s->waiting) {
        if (strcmp(waiting_at(it)->conf.name, name) == 0)
            return waiting_at(it);
    }
    return NULL;
}

static void waiting_free(struct waiting *w)
{
    ps_list_remove(&w->node);
    stream_conf_free(&w->conf);
    free(w);
}

static void tell_waits(const struct set *s, const struct stream_conf *conf, const struct ps_fault *fault)
{
    ps_log(s->env.ground->log, PS_LOG_WARN, conf->name, "cannot begin: %s", fault->text);
}

static void let_wait(struct set *s, const struct stream_conf *conf, ps_ntp since,
                     const struct ps_fault *fault)
{
    struct waiting *w = calloc(1, sizeof *w);
    tell_waits(s, conf, fault);
    if (w == NULL || stream_conf_copy(&w->conf, conf) != 0) {
        free(w);
        return;
    }
    w->since = since;
    w->waited = ps_ntp_from_ns(ps_clock_now(s->env.ground->clock));
    w->fault = *fault;
    ps_list_append(&s->waiting, &w->node);
}

static int begin_or_wait(struct set *s, const struct stream_conf *conf, ps_ntp since)
{
    struct ps_fault fault = {""};
    struct stream_past past = {.since = since};
    int err = begin(s, conf, &past, &fault);
    if (err != 0)
        let_wait(s, conf, since, &fault);
    return err;
}

// Begins one that has waited, as conf has it now.
static int begin_at_last(struct set *s, struct waiting *w, const struct stream_conf *conf)
{
    struct ps_fault fault = {""};
    struct stream_past past = {w->since, w->waited, w->fault.text};
    int err = begin(s, conf, &past, &fault);
    if (err == 0)
        waiting_free(w);
    else
        w->fault = fault;
    return err;
}

void set_retry(struct set *s)
{
    PS_LIST_EACH_SAFE(it, &s->waiting) {
        struct waiting *w = waiting_at(it);
        if (!s->finishing)
            (void)begin_at_last(s, w, &w->conf);
    }
}

static void on_over(void *ctx, struct stream *stream)
{
    struct set *s = ctx;
    struct ps_list *at = s->members.next;
    while (member_at(at)->stream != stream)
        at = at->next;
    struct member *m = member_at(at);
    struct stream_conf *heir = m->heir;
    ps_ntp told = stream_settle(stream);
    m->heir = NULL;
    member_free(m); // its directory is free for the heir
    if (heir != NULL && !s->finishing)
        (void)begin_or_wait(s, heir, told);
    heir_free(heir);
    if (s->finishing && ps_list_empty(&s->members))
        s->finished(s->ctx);
}

int set_new(struct set **out, const struct stream_env *env, void *ctx, void (*finished)(void *ctx))
{
    struct set *s = calloc(1, sizeof *s);
    if (s == NULL)
        return -ENOMEM;
    ps_list_init(&s->members);
    ps_list_init(&s->waiting);
    s->env = *env;
    s->ctx = ctx;
    s->finished = finished;
    *out = s;
    return 0;
}

void set_free(struct set *s)
{
    if (s == NULL)
        return;
    PS_LIST_EACH_SAFE(it, &s->members)
        member_free(member_at(it));
    PS_LIST_EACH_SAFE(it, &s->waiting)
        waiting_free(waiting_at(it));
    free(s);
}

static int bequeath(struct member *m, const struct stream_conf *conf)
{
    struct stream_conf *heir = calloc(1, sizeof *heir);
    if (heir == NULL || stream_conf_copy(heir, conf) != 0) {
        free(heir);
        return -ENOMEM;
    }
    heir_free(m->heir);
    m->heir = heir;
    return 0;
}

static void end(struct member *m, const char *reason)
{
    if (!m->ending)
        stream_finish(m->stream, reason);
    m->ending = true;
}

int set_add(struct set *s, const struct stream_conf *conf, struct ps_fault *fault)
{
    struct member *m = find(s, conf->name);
    struct ps_fault why = {""};
    if (m == NULL && find_waiting(s, conf->name) == NULL) {
        struct stream_past past = {0};
        int err = begin(s, conf, &past, &why);
        if (err != 0)
            ps_fault_set(fault, conf->name, 0, "%s", why.text[0] != '\0' ? why.text : ps_strerror(err));
        return err;
    }
    if (m != NULL && m->ending && m->heir == NULL)
        return bequeath(m, conf);
    ps_fault_set(fault, conf->name, 0, "there is a stream of that name");
    return PS_EDUPLICATE;
}

int set_remove(struct set *s, const char *name)
{
    struct member *m = find(s, name);
    struct waiting *w = find_waiting(s, name);
    if (w != NULL)
        waiting_free(w);
    if (m == NULL || (m->ending && m->heir == NULL))
        return w != NULL ? 0 : PS_ENOTFOUND;
    heir_free(m->heir);
    m->heir = NULL;
    end(m, "the stream was removed");
    return 0;
}

static const struct stream_conf *among(const struct stream_conf *confs, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(confs[i].name, name) == 0)
            return &confs[i];
    return NULL;
}

static int wait_as(struct set *s, struct waiting *w, const struct stream_conf *conf)
{
    int err = begin_at_last(s, w, conf);
    if (err == 0)
        return 0;
    tell_waits(s, conf, &w->fault);
    struct stream_conf copy;
    if (stream_conf_copy(&copy, conf) == 0) {
        stream_conf_free(&w->conf);
        w->conf = copy;
    }
    return err;
}

static int become(struct set *s, const struct stream_conf *conf)
{
    struct member *m = find(s, conf->name);
    struct waiting *w = find_waiting(s, conf->name);
    if (w != NULL)
        return wait_as(s, w, conf);
    if (m == NULL)
        return begin_or_wait(s, conf, 0);
    if (!m->ending && stream_conf_equal(stream_configuration(m->stream), conf))
        return 0;
    int err = bequeath(m, conf);
    end(m, "the stream was changed");
    if (err != 0)
        ps_log(s->env.ground->log, PS_LOG_WARN, conf->name, "cannot begin: %s", ps_strerror(err));
    return err;
}

size_t set_replace(struct set *s, const struct stream_conf *confs, size_t n)
{
    size_t failed = 0;
    PS_LIST_EACH_SAFE(it, &s->waiting) {
        if (among(confs, n, waiting_at(it)->conf.name) == NULL)
            waiting_free(waiting_at(it));
    }
    PS_LIST_EACH_SAFE(it, &s->members) {
        const char *name = stream_configuration(member_at(it)->stream)->name;
        if (among(confs, n, name) == NULL)
            (void)set_remove(s, name);
    }
    for (size_t i = 0; i < n; i++)
        failed += become(s, &confs[i]) != 0;
    return failed;
}

void set_reset(struct set *s)
{
    PS_LIST_EACH(it, &s->members)
        stream_reset(member_at(it)->stream);
}

void set_finish(struct set *s)
{
    s->finishing = true;
    PS_LIST_EACH_SAFE(it, &s->members)
        end(member_at(it), "powstream was stopped");
    if (ps_list_empty(&s->members))
        s->finished(s->ctx);
}

void set_abandon(struct set *s)
{
    PS_LIST_EACH(it, &s->members)
        stream_abandon(member_at(it)->stream);
}

void set_clock_set(struct set *s, ps_ntp last_good, ps_ntp before, ps_ntp after)
{
    PS_LIST_EACH(it, &s->members)
        stream_clock_set(member_at(it)->stream, last_good, before, after);
}

size_t set_count(const struct set *s, size_t *measuring)
{
    size_t n = 0;
    *measuring = 0;
    PS_LIST_EACH(it, &s->members) {
        n++;
        *measuring += stream_measuring(member_at(it)->stream);
    }
    PS_LIST_EACH(it, &s->waiting)
        n++;
    return n;
}

static void put_conf(const struct stream_conf *c, struct ps_json *j)
{
    ps_json_put_str(j, "name", c->name);
    ps_json_put_str(j, "server", c->server);
    ps_json_put_u64(j, "port", c->port);
    ps_json_put_str(j, "direction", c->to ? "to" : "from");
    ps_json_put_str(j, "directory", c->directory);
    ps_json_put_str(j, "spool", c->spool);
}

void set_list(const struct set *s, struct ps_json *j)
{
    PS_LIST_EACH(it, &s->members) {
        ps_json_open(j, '{');
        put_conf(stream_configuration(member_at(it)->stream), j);
        stream_status(member_at(it)->stream, j);
        ps_json_close(j, '}');
    }
    PS_LIST_EACH(it, &s->waiting) {
        ps_json_open(j, '{');
        put_conf(&waiting_at(it)->conf, j);
        ps_json_put_bool(j, "measuring", false);
        ps_json_put_str(j, "state", waiting_at(it)->fault.text);
        const struct waiting *w = waiting_at(it);
        stream_put_gap(j, w->since != 0 ? w->since : w->waited,
                       ps_ntp_from_ns(ps_clock_now(s->env.ground->clock)), w->fault.text);
        ps_json_close(j, '}');
    }
}

void set_sum(const struct set *s, struct output_counts *sum)
{
    PS_LIST_EACH(it, &s->members)
        stream_counts(member_at(it)->stream, sum);
}
