// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "lsregister/dir_terms.h"
#include "lsregister/dir_upper_impl.h"

// --- what it has, in memory and in the store

struct note {
    struct dir_write write;
    struct dir_site *site;
};

// What is not noted is found out again: a record that it has already is its own duplicate.
static void noted(struct dir_write *w)
{
    struct note *n = PS_CONTAINER(w, struct note, write);
    struct dir_site *s = n->site;

    if (w->job.err)
        ps_log(s->log, PS_LOG_WARN, "upper", "cannot be noted: %s", ps_strerror(w->job.err));
    dir_write_fini(w);
    free(n);
    dir_job_end(s);
}

static void note(struct dir_site *s, const uint8_t uuid[DIR_UUID], const char *uri)
{
    struct note *n = calloc(1, sizeof *n);

    if (!n || dir_write_init(&n->write, s->store, DIR_WRITE_UPPER, 1)) {
        free(n);
        return;
    }
    n->site = s;
    memcpy(n->write.rows->uuid, uuid, DIR_UUID);
    n->write.body = uri ? strdup(uri) : NULL;
    n->write.done = noted;
    dir_job_begin(s);
    if ((!uri || n->write.body) && dir_write_put(&n->write) == 0)
        return;
    dir_write_fini(&n->write);
    free(n);
    dir_job_end(s);
}

static int enter(struct dir_upper *u, const uint8_t uuid[DIR_UUID], const char *uri)
{
    struct up *up = calloc(1, sizeof *up), *was = ps_map_get(&u->ups, uuid);
    int err = up && (up->uri = strdup(uri)) ? 0 : -ENOMEM;

    if (!err) {
        memcpy(up->uuid, uuid, DIR_UUID);
        err = ps_map_put(&u->ups, uuid, up);
    }
    if (err && up)
        free(up->uri);
    if (err)
        free(up);
    else if (was)
        free(was->uri);
    if (!err)
        free(was);
    return err;
}

int upper_know(struct dir_upper *u, const uint8_t uuid[DIR_UUID], const char *uri)
{
    int err = enter(u, uuid, uri);

    if (!err)
        note(u->site, uuid, uri);
    return err;
}

void upper_forget(struct dir_upper *u, struct up *up)
{
    note(u->site, up->uuid, NULL);
    (void)ps_map_take(&u->ups, up->uuid);
    free(up->uri);
    free(up);
}

static int load_one(void *ctx, const uint8_t uuid[DIR_UUID], const char *uri)
{
    return enter(ctx, uuid, uri);
}

const char *upper_way(const struct dir_upper *u, const struct up *up)
{
    const struct dir_rec *rec = dir_index_by_uuid(u->site->index, up->uuid);

    return rec ? rec->way : NULL;
}

// Whether the upper server passed a record of this way on itself.
static bool is_from_it(const struct dir_upper *u, const char *way)
{
    return u->its_id[0] && dir_way_has(way, u->its_id);
}

// Whether a record may go there: not back, and not through too many directories.
static bool may_go(const struct dir_upper *u, const struct dir_rec *rec)
{
    char way[DIR_WAY_TEXT];

    return !rec->leaving && !is_from_it(u, rec->way) &&
           dir_way_on(rec->way, dir_store_self(u->site->store), way);
}

// --- one time through

static void end_phase(struct dir_upper *u)
{
    free(u->work);
    u->work = NULL;
    u->n = u->at = 0;
    dir_hits_fini(&u->hits);
}

static void wait_for_next(struct dir_upper *u)
{
    end_phase(u);
    u->phase = UPPER_IDLE;
    if (u->site->settings->upper[0])
        ps_timer_start(u->timer, u->site->settings->upper_every_s * PS_SEC);
}

void upper_give_up(struct dir_upper *u, const char *why)
{
    if (strcmp(u->state.trouble, why) != 0)
        ps_log(u->site->log, PS_LOG_WARN, "upper", "%s", why);
    snprintf(u->state.trouble, sizeof u->state.trouble, "%s", why);
    wait_for_next(u);
}

// Those that the phase is about: records that have gone, or that are there.
static int collect(struct dir_upper *u, bool gone)
{
    size_t pos = 0;
    struct up *up;

    end_phase(u);
    u->work = reallocarray(NULL, u->ups.count + 1, sizeof(struct up *));
    if (!u->work)
        return -ENOMEM;
    while ((up = ps_map_each(&u->ups, &pos))) {
        const struct dir_rec *rec = dir_index_by_uuid(u->site->index, up->uuid);

        if ((!rec || !rec->upward) == gone)
            u->work[u->n++] = up;
    }
    return 0;
}

// Who is linked to comes before who links to him (fact sheet of the lookup service, 2.3).
#define RANKS 4
static int rank_of(const char *type)
{
    if (strcmp(type, "host") == 0)
        return 1;
    if (strcmp(type, "service") == 0)
        return 2;
    return strcmp(type, "person") == 0 || strcmp(type, "interface") == 0 ? 0 : 3;
}

static int search(struct dir_upper *u)
{
    struct dir_site *s = u->site;
    const char *text = s->settings->upper_query;
    struct dir_query q = {.n = 0};
    struct ps_query params = {0};
    struct ps_fault fault;
    int err = ps_query_parse(&params, text, strlen(text));

    end_phase(u);
    if (!err)
        err = dir_query_read(&q, &params, &fault);
    if (!err)
        err = dir_index_search(s->index, &q, dir_now_ms(), &u->hits);
    dir_query_fini(&q);
    ps_query_fini(&params);
    return err;
}

// Marks what the upper server is to have.
static int choose(struct dir_upper *u)
{
    struct dir_rec *rec;
    uint32_t at = 0;
    int err = search(u);

    while ((rec = dir_index_each(u->site->index, &at)))
        rec->upward = false;
    while (!err && (rec = dir_hits_next(u->site->index, &u->hits, dir_now_ms())))
        rec->upward = may_go(u, rec);
    return err;
}

// The next record of this rank that it has not.
static const struct dir_rec *next_new(struct dir_upper *u)
{
    const struct dir_index *ix = u->site->index;
    const struct dir_rec *rec;

    while ((rec = dir_hits_next(ix, &u->hits, dir_now_ms())))
        if (rec->upward && may_go(u, rec) && !ps_map_get(&u->ups, rec->uuid) &&
            rank_of(dir_terms_value(dir_index_terms(ix), rec->type)) == u->rank)
            return rec;
    return NULL;
}

static int by_way(const void *a, const void *b)
{
    const struct up *x = *(struct up *const *)a, *y = *(struct up *const *)b;

    return strcmp(x->way ? x->way : "", y->way ? y->way : "");
}

// Those of one way stand together, so that they are renewed together.
static int collect_renewals(struct dir_upper *u)
{
    int err = collect(u, false);

    if (err)
        return err;
    for (size_t i = 0; i < u->n; i++)
        u->work[i]->way = upper_way(u, u->work[i]);
    qsort(u->work, u->n, sizeof(struct up *), by_way);
    return 0;
}

static int next_phase(struct dir_upper *u)
{
    if (u->phase == UPPER_REMOVE) {
        u->phase = UPPER_ADD;
        u->rank = 0;
        return search(u);
    }
    if (u->phase == UPPER_ADD && ++u->rank < RANKS)
        return search(u);
    u->phase = u->phase == UPPER_ADD ? UPPER_RENEW : UPPER_IDLE;
    return u->phase == UPPER_RENEW ? collect_renewals(u) : 0;
}

// What has become a record of the upper server's own is not ours to remove.
static void leave_its_own(struct dir_upper *u)
{
    while (u->at < u->n && is_from_it(u, upper_way(u, u->work[u->at])))
        upper_forget(u, u->work[u->at++]);
}

// Asks for the next thing of this phase. False: there is none.
static bool ask_next(struct dir_upper *u)
{
    const struct dir_rec *rec;

    if (u->phase == UPPER_ADD) {
        while ((rec = next_new(u)))
            if (upper_ask_add(u, rec))
                return true;
        return false;
    }
    if (u->phase == UPPER_REMOVE)
        leave_its_own(u);
    if (u->at == u->n)
        return false;
    if (u->phase == UPPER_REMOVE)
        upper_ask_remove(u, u->work[u->at]);
    else
        upper_ask_renew(u);
    return true;
}

void upper_go_on(struct dir_upper *u)
{
    int err = 0;

    while (!err && u->phase != UPPER_IDLE) {
        if (ask_next(u))
            return;
        err = next_phase(u);
    }
    if (err) {
        upper_give_up(u, ps_strerror(err));
        return;
    }
    u->state.trouble[0] = '\0';
    wait_for_next(u);
}

static void due(void *ctx)
{
    struct dir_upper *u = ctx;
    int err;

    if (u->phase != UPPER_IDLE)
        return;
    err = choose(u);
    if (!err)
        err = collect(u, true);
    if (err) {
        upper_give_up(u, ps_strerror(err));
        return;
    }
    u->phase = UPPER_REMOVE;
    upper_go_on(u);
}

// --- its life

int dir_upper_new(struct dir_upper **out, struct dir_site *s, struct ps_fault *fault)
{
    static const struct ps_httpc_conf conf = {.conns_max = 1, .conns_per_host = 1, .agent = "lsregister"};
    struct dir_upper *u = calloc(1, sizeof *u);
    int err = u ? ps_map_init(&u->ups, DIR_UUID) : -ENOMEM;

    if (!err) {
        u->site = s;
        err = ps_httpc_new(s->loop, &conf, &u->client);
    }
    if (!err)
        err = ps_timer_new(s->loop, &u->timer, due, u);
    if (!err)
        err = dir_store_uppers(s->store, load_one, u, fault);
    if (err) {
        dir_upper_stop(u);
        return err;
    }
    *out = u;
    return 0;
}

void dir_upper_start(struct dir_upper *u)
{
    if (u->site->settings->upper[0])
        ps_timer_start(u->timer, 0);
}

void dir_upper_reload(struct dir_upper *u)
{
    ps_httpc_cancel(u->call);
    u->call = NULL;
    ps_timer_stop(u->timer);
    end_phase(u);
    u->phase = UPPER_IDLE;
    u->its_id[0] = '\0'; // it may be another
    dir_upper_start(u);
}

void dir_upper_stop(struct dir_upper *u)
{
    size_t pos = 0;
    struct up *up;

    if (!u)
        return;
    end_phase(u);
    ps_timer_free(u->timer);
    ps_httpc_free(u->client);
    while ((up = ps_map_each(&u->ups, &pos))) {
        free(up->uri);
        free(up);
    }
    ps_map_fini(&u->ups);
    free(u);
}

void dir_upper_look(const struct dir_upper *u, struct dir_upper_state *out)
{
    *out = u->state;
    out->known = u->ups.count;
}
