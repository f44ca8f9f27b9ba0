// SPDX-License-Identifier: Apache-2.0
// Who waits for which question, and what has been answered.
#include "loop/ps_dns.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "loop/ps_dns_impl.h"

#define KEEP_LEAST PS_SEC
#define WHY_MAX (PS_DNSNAME_STRLEN + 100)

struct key {
    uint8_t type;
    char name[PS_DNSNAME_STRLEN - 1]; // zeros behind
};

enum state { QUEUED, ASKED, KEPT };

// In the list of its state.
struct question {
    struct ps_list link;
    struct ps_dns *d;
    struct key key;
    enum state state;
    struct ps_list waiters;
    struct ps_dns_transfer *transfer; // ASKED
    struct ps_dns_records *rec;       // KEPT
    ps_ns until;                      // KEPT: monotonic
};

// Waits in its question's list, or with its answer in that of those to be told.
struct ps_dns_query {
    struct ps_list link;
    struct ps_dns *d;
    struct question *q; // NULL: there is an answer
    struct ps_dns_records *rec;
    bool cached;
    ps_ns left;
    struct ps_timer *deadline; // NULL: there is an answer
    ps_dns_cb cb;
    void *ctx;
};

struct ps_dns {
    struct ps_loop *loop;
    struct ps_dns_conf conf;
    struct ps_dns_servers servers;
    struct ps_map questions;
    struct ps_list lists[3]; // by state; KEPT: used last at the end
    struct ps_list told;     // queries with an answer
    struct ps_list reverses;
    struct ps_timer *teller;
    struct ps_dns_stats stats;
    unsigned telling; // callbacks of owners under way
    bool closed;
};

struct ps_list *ps_dns_reverses(struct ps_dns *d)
{
    return &d->reverses;
}

ps_ns ps_dns_give_up(const struct ps_dns *d)
{
    return d->conf.give_up;
}

// --- telling

static void query_free(struct ps_dns_query *q)
{
    ps_list_remove(&q->link);
    ps_timer_free(q->deadline);
    ps_dns_records_release(q->rec);
    q->d->stats.waiting--;
    free(q);
}

static void destroy(struct ps_dns *d)
{
    ps_map_fini(&d->questions);
    ps_dns_servers_fini(&d->servers);
    free(d);
}

// True: everything was freed from inside.
static bool call(struct ps_dns *d, const struct ps_dns_records *rec, bool cached, ps_ns left, ps_dns_cb cb,
                 void *ctx)
{
    char why[WHY_MAX] = "";
    struct ps_dns_answer a = {.err = rec->err, .why = why, .addrs = rec->addrs, .texts = rec->texts};

    a.n = rec->n;
    a.cached = cached;
    a.left = left;
    if (a.err)
        snprintf(why, sizeof why, "%s: %s", rec->name, rec->cause);
    d->telling++;
    cb(ctx, &a);
    d->telling--;
    if (!d->closed)
        return false;
    if (d->telling == 0)
        destroy(d);
    return true;
}

// The query is gone before its owner hears, who may do with the others as it likes.
static bool tell(struct ps_dns_query *q)
{
    struct ps_dns *d = q->d;
    struct ps_dns_records *rec = ps_dns_records_hold(q->rec);
    bool cached = q->cached, gone;
    ps_ns left = q->left;
    ps_dns_cb cb = q->cb;
    void *ctx = q->ctx;

    query_free(q);
    gone = call(d, rec, cached, left, cb, ctx);
    ps_dns_records_release(rec);
    return gone;
}

// Those that are answered from inside wait for the next turn.
static void on_teller(void *ctx)
{
    struct ps_dns *d = ctx;
    size_t n = 0;

    PS_LIST_EACH(it, &d->told)
        n++;
    for (; n > 0 && !ps_list_empty(&d->told); n--)
        if (tell(PS_CONTAINER(d->told.next, struct ps_dns_query, link)))
            return;
    if (!ps_list_empty(&d->told) && !ps_timer_running(d->teller))
        ps_timer_start(d->teller, 0);
}

static void answer(struct ps_dns_query *q, struct ps_dns_records *rec, ps_ns left, bool cached)
{
    ps_list_remove(&q->link);
    ps_list_append(&q->d->told, &q->link);
    ps_timer_free(q->deadline);
    q->deadline = NULL;
    q->q = NULL;
    q->rec = ps_dns_records_hold(rec);
    q->left = left;
    q->cached = cached;
    if (!ps_timer_running(q->d->teller))
        ps_timer_start(q->d->teller, 0);
}

// --- questions

static struct key key_of(enum ps_dns_type type, const char *normal)
{
    struct key key = {.type = (uint8_t)type};

    memcpy(key.name, normal, strlen(normal));
    return key;
}

static void question_free(struct question *q)
{
    struct ps_dns *d = q->d;

    ps_map_take(&d->questions, &q->key);
    ps_list_remove(&q->link);
    ps_dns_transfer_drop(q->transfer);
    if (q->state == KEPT) {
        d->stats.cached--;
        d->stats.cached_octets -= sizeof *q + q->rec->octets;
    }
    d->stats.queued -= q->state == QUEUED;
    d->stats.under_way -= q->state == ASKED;
    ps_dns_records_release(q->rec);
    free(q);
}

static void enter(struct question *q, enum state state)
{
    ps_list_remove(&q->link);
    ps_list_append(&q->d->lists[state], &q->link);
    q->state = state;
}

static ps_ns keep_for(const struct ps_dns_conf *c, const struct ps_dns_records *rec)
{
    ps_ns most = rec->err == 0 ? c->keep_max : c->keep_none_max;

    if (rec->err && rec->err != PS_ENOTFOUND)
        return c->keep_failure;
    if (rec->ttl < 0)
        return rec->err ? c->keep_failure : KEEP_LEAST;
    if (rec->ttl < KEEP_LEAST)
        return KEEP_LEAST;
    return rec->ttl < most ? rec->ttl : most;
}

static void make_room(struct ps_dns *d)
{
    while (d->stats.cached_octets > d->conf.cache_max)
        question_free(PS_CONTAINER(d->lists[KEPT].next, struct question, link));
}

// The question, which was ASKED or QUEUED, has its answer.
static void keep(struct question *q, struct ps_dns_records *rec)
{
    struct ps_dns *d = q->d;
    ps_ns left = keep_for(&d->conf, rec);

    PS_LIST_EACH_SAFE(it, &q->waiters)
        answer(PS_CONTAINER(it, struct ps_dns_query, link), rec, left, false);
    d->stats.failed += rec->err && rec->err != PS_ENOTFOUND;
    d->stats.queued -= q->state == QUEUED;
    d->stats.under_way -= q->state == ASKED;
    q->transfer = NULL;
    q->rec = rec;
    q->until = ps_loop_mono() + left;
    enter(q, KEPT);
    d->stats.cached++;
    d->stats.cached_octets += sizeof *q + rec->octets;
    make_room(d);
}

// --- asking

static void pump(struct ps_dns *d);

static void settled(void *ctx, struct ps_dns_records *rec)
{
    struct question *q = ctx;
    struct ps_dns *d = q->d;

    keep(q, rec);
    pump(d);
}

static void start(struct question *q)
{
    struct ps_dns *d = q->d;
    struct ps_dns_errand errand = {.loop = d->loop,
                                   .servers = &d->servers,
                                   .type = (enum ps_dns_type)q->key.type,
                                   .name = q->key.name,
                                   .try_for = d->conf.try_for,
                                   .give_up = d->conf.give_up,
                                   .settled = settled,
                                   .ctx = q};
    struct ps_dns_records *rec = NULL;

    d->stats.sent++;
    if (ps_dns_transfer_start(&errand, &q->transfer, &rec))
        rec = ps_dns_records_failed(q->key.name, -ENOMEM, "not enough memory");
    if (rec) {
        keep(q, rec);
    } else if (q->transfer) {
        d->stats.queued--;
        d->stats.under_way++;
        enter(q, ASKED);
    } else {
        ps_list_remove(&q->link); // not even that much memory: the deadlines tell
        ps_list_append(&d->lists[QUEUED], &q->link);
    }
}

// One for which nobody waits any more gives way.
static struct question *abandoned(struct ps_dns *d)
{
    PS_LIST_EACH(it, &d->lists[ASKED])
        if (ps_list_empty(&PS_CONTAINER(it, struct question, link)->waiters))
            return PS_CONTAINER(it, struct question, link);
    return NULL;
}

static bool has_room(struct ps_dns *d)
{
    struct question *q;

    if (d->stats.under_way < d->conf.under_way_max)
        return true;
    q = abandoned(d);
    if (q)
        question_free(q);
    return q != NULL;
}

static void pump(struct ps_dns *d)
{
    for (size_t n = d->stats.queued; n > 0 && d->stats.queued > 0 && has_room(d); n--) {
        ps_dns_servers_look(&d->servers);
        start(PS_CONTAINER(d->lists[QUEUED].next, struct question, link));
    }
}

static struct question *question_new(struct ps_dns *d, const struct key *key)
{
    struct question *q = calloc(1, sizeof *q);

    if (!q || ps_map_put(&d->questions, key, q)) {
        free(q);
        return NULL;
    }
    q->d = d;
    q->key = *key;
    ps_list_init(&q->link);
    ps_list_init(&q->waiters);
    enter(q, QUEUED);
    d->stats.queued++;
    return q;
}

// The answer that is kept and still holds, or NULL.
static struct question *kept(struct ps_dns *d, const struct key *key, ps_ns now)
{
    struct question *q = ps_map_get(&d->questions, key);

    if (!q || q->state != KEPT)
        return NULL;
    if (q->until <= now) {
        question_free(q);
        return NULL;
    }
    enter(q, KEPT); // used last
    return q;
}

// Nobody waits for the question: it is not begun, and goes on only if no other waits for its place.
static void leave(struct question *q)
{
    struct ps_dns *d = q->d;

    if (!ps_list_empty(&q->waiters))
        return;
    if (q->state == QUEUED)
        question_free(q);
    else
        pump(d);
}

static void on_deadline(void *ctx)
{
    struct ps_dns_query *q = ctx;
    struct question *question = q->q;
    struct ps_dns_records *rec =
        ps_dns_records_failed(question->key.name, PS_ETIMEOUT, "no server answered in time");

    if (!rec) {
        ps_timer_start(q->deadline, 100 * PS_MSEC); // there may be memory then
        return;
    }
    q->d->stats.late++;
    answer(q, rec, 0, false);
    ps_dns_records_release(rec);
    leave(question);
}

static int wait_for(struct ps_dns_query *q, const struct key *key, ps_ns patience)
{
    struct ps_dns *d = q->d;
    struct question *question = ps_map_get(&d->questions, key);
    int err = ps_timer_new(d->loop, &q->deadline, on_deadline, q);

    if (!err && !question) {
        question = question_new(d, key);
        err = question ? 0 : -ENOMEM;
    }
    if (err)
        return err;
    q->q = question;
    ps_list_append(&question->waiters, &q->link);
    ps_timer_start(q->deadline, patience > 0 ? patience : d->conf.give_up);
    pump(d);
    return 0;
}

static int answer_failure(struct ps_dns_query *q, const char *name, int err, const char *cause)
{
    struct ps_dns_records *rec = ps_dns_records_failed(name, err, cause);

    if (!rec)
        return -ENOMEM;
    answer(q, rec, 0, false);
    ps_dns_records_release(rec);
    return 0;
}

static int answer_or_wait(struct ps_dns_query *q, enum ps_dns_type type, const char *name, ps_ns patience)
{
    struct ps_dns *d = q->d;
    char normal[PS_DNSNAME_STRLEN];
    struct key key;
    struct question *known;
    ps_ns now = ps_loop_mono();

    if (ps_dnsname_normal(name, normal))
        return answer_failure(q, name, PS_ESYNTAX, "this is no name");
    key = key_of(type, normal);
    known = kept(d, &key, now);
    if (known) {
        d->stats.from_cache++;
        answer(q, known->rec, known->until - now, true);
        return 0;
    }
    if (d->stats.waiting > d->conf.waiting_max)
        return answer_failure(q, normal, PS_ELIMIT, "too many wait for an answer");
    return wait_for(q, &key, patience);
}

int ps_dns_ask(struct ps_dns *d, enum ps_dns_type type, const char *name, ps_ns patience, ps_dns_cb cb,
               void *ctx, struct ps_dns_query **out)
{
    struct ps_dns_query *q = calloc(1, sizeof *q);
    int err;

    if (!q)
        return -ENOMEM;
    q->d = d;
    q->cb = cb;
    q->ctx = ctx;
    ps_list_init(&q->link);
    d->stats.waiting++;
    err = answer_or_wait(q, type, name, patience);
    if (err) {
        query_free(q);
        return err;
    }
    d->stats.asked++;
    if (out)
        *out = q;
    return 0;
}

void ps_dns_cancel(struct ps_dns_query *q)
{
    struct question *question;

    if (!q)
        return;
    question = q->q;
    query_free(q);
    if (question)
        leave(question);
}

bool ps_dns_known(struct ps_dns *d, enum ps_dns_type type, const char *name, ps_dns_cb cb, void *ctx)
{
    char normal[PS_DNSNAME_STRLEN];
    ps_ns now = ps_loop_mono();
    struct ps_dns_records *rec;
    struct question *q = NULL;
    struct key key;

    if (ps_dnsname_normal(name, normal) == 0) {
        key = key_of(type, normal);
        q = kept(d, &key, now);
    }
    if (!q)
        return false;
    d->stats.asked++;
    d->stats.from_cache++;
    rec = ps_dns_records_hold(q->rec);
    (void)call(d, rec, true, q->until - now, cb, ctx);
    ps_dns_records_release(rec);
    return true;
}

void ps_dns_forget(struct ps_dns *d)
{
    PS_LIST_EACH_SAFE(it, &d->lists[KEPT])
        question_free(PS_CONTAINER(it, struct question, link));
}

void ps_dns_stats(const struct ps_dns *d, struct ps_dns_stats *out)
{
    *out = d->stats;
}

// --- the whole

static void set_defaults(struct ps_dns_conf *c)
{
#define DEFAULT(field, value) c->field = c->field > 0 ? c->field : (value)
    DEFAULT(under_way_max, 64);
    DEFAULT(waiting_max, 20000);
    DEFAULT(cache_max, (size_t)4 << 20);
    DEFAULT(try_for, PS_SEC);
    DEFAULT(give_up, 6 * PS_SEC);
    DEFAULT(keep_max, 3600 * PS_SEC);
    DEFAULT(keep_none_max, 300 * PS_SEC);
    DEFAULT(keep_failure, 5 * PS_SEC);
#undef DEFAULT
    if (c->try_for < PS_MSEC)
        c->try_for = PS_MSEC;
}

static int set_up(struct ps_dns *d, const struct ps_dns_conf *conf)
{
    int err = ps_map_init(&d->questions, sizeof(struct key));

    if (!err)
        err = ps_dns_servers_init(&d->servers, conf);
    return err ? err : ps_timer_new(d->loop, &d->teller, on_teller, d);
}

int ps_dns_new(struct ps_loop *l, const struct ps_dns_conf *conf, struct ps_dns **out)
{
    struct ps_dns *d = calloc(1, sizeof *d);
    int err;

    if (!d)
        return -ENOMEM;
    d->loop = l;
    d->conf = *conf;
    set_defaults(&d->conf);
    for (int i = 0; i < 3; i++)
        ps_list_init(&d->lists[i]);
    ps_list_init(&d->told);
    ps_list_init(&d->reverses);
    err = set_up(d, conf);
    if (err)
        ps_dns_free(d);
    else
        *out = d;
    return err;
}

static void free_queries(struct ps_list *list)
{
    PS_LIST_EACH_SAFE(it, list)
        query_free(PS_CONTAINER(it, struct ps_dns_query, link));
}

static void free_questions(struct ps_list *list)
{
    PS_LIST_EACH_SAFE(it, list) {
        struct question *q = PS_CONTAINER(it, struct question, link);
        free_queries(&q->waiters);
        question_free(q);
    }
}

void ps_dns_free(struct ps_dns *d)
{
    if (!d)
        return;
    for (int i = 0; i < 3; i++)
        free_questions(&d->lists[i]);
    free_queries(&d->told);
    PS_LIST_EACH_SAFE(it, &d->reverses)
        ps_dns_reverse_end(it);
    ps_timer_free(d->teller);
    d->closed = true;
    if (d->telling == 0)
        destroy(d);
}
