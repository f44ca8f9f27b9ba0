// SPDX-License-Identifier: Apache-2.0
#include "psarchive/writer.h"
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>
#include "base/ps_err.h"
#include "psarchive/batch.h"
#include "psarchive/store_impl.h"

#define IDLE_S 2                           // without anything to do: what is left to be done, and a look
#define GROUP_MAX 2000                     // puts in a transaction
#define GROUP_OCTETS_MAX ((size_t)8 << 20) // of them

// What is to be done: a put, or a call.
struct call {
    int (*work)(void *ctx, struct store *s);
    void (*done)(void *ctx, int err);
    void *ctx;
    int err;
    struct port *port;
    struct ps_list node;
};

struct turn {
    size_t part; // of the queue
    int64_t meta;
    size_t n; // place in the queue
    struct put *put;
};

struct writer {
    struct store *store;
    struct batch *batch;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t more;
    struct ps_list puts, calls;
    bool ending;
    struct writer_state state;
    struct turn turns[GROUP_MAX]; // of those in a transaction
};

struct port {
    struct writer *writer;
    int fd;
    pthread_cond_t some_done;
    struct ps_list puts, calls; // done
    size_t out;                 // given, and not told yet
    size_t ndone;
};

// --- the thread; with the mutex

// Done: goes back to its port.
static void hand_back(struct port *p)
{
    uint64_t one = 1;
    if (p->ndone++ == 0)
        (void)!write(p->fd, &one, sizeof one);
    pthread_cond_signal(&p->some_done);
}

static void put_back(struct writer *w, struct put *put)
{
    w->state.waiting--;
    w->state.waiting_octets -= put->octets;
    if (put->err == PS_EDUPLICATE)
        w->state.conflicts++;
    else if (put->err != 0)
        w->state.failed++;
    else {
        w->state.puts++;
        w->state.values += put->created;
        w->state.same += put->created == 0 && put->same > 0;
    }
    ps_list_remove(&put->node);
    ps_list_append(&put->port->puts, &put->node);
    hand_back(put->port);
}

static void take_group(struct writer *w, struct ps_list *group)
{
    size_t n = 0, octets = 0;
    ps_list_init(group);
    while (!ps_list_empty(&w->puts) && n < GROUP_MAX && octets < GROUP_OCTETS_MAX) {
        struct put *put = PS_CONTAINER(w->puts.next, struct put, node);
        ps_list_remove(&put->node);
        ps_list_append(group, &put->node);
        octets += put->octets;
        n++;
    }
}

// --- the thread; without it

// What concerns one put alone, and leaves the transaction as it was.
static bool is_refusal(const struct put *p)
{
    return p->err == PS_EDUPLICATE || p->err == PS_ENOTFOUND || p->err == PS_EUNKNOWN ||
           (p->err == PS_ERANGE && p->ahead > 0);
}

static int64_t seconds_now(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_REALTIME, &ts);
    return ts.tv_sec;
}

// The log is emptied before it takes room that emptying it needs.
static bool has_room(struct writer *w)
{
    uint64_t disk_free, room = store_room(w->store, &disk_free);
    if (room / 2 < store_log_octets(w->store) && store_empty_log(w->store) > 0)
        room = store_room(w->store, &disk_free);
    return room > 0;
}

static int by_turn(const void *a, const void *b)
{
    const struct turn *x = a, *y = b;
    if (x->part != y->part)
        return x->part < y->part ? -1 : 1;
    if (x->meta != y->meta)
        return x->meta < y->meta ? -1 : 1;
    return x->n < y->n ? -1 : x->n > y->n;
}

// Those of one meta come together, in the order they were given in: they touch the same pages and roll-ups. A
// registration may be of any meta, and so parts those before it from those behind it.
static size_t take_turns(struct writer *w, struct ps_list *first, const struct ps_list *end)
{
    size_t n = 0, part = 0;
    for (struct ps_list *it = first; it != end; it = it->next, n++) {
        struct put *put = PS_CONTAINER(it, struct put, node);
        bool registers = put->meta == NULL || put->reg.events != 0;
        part += registers;
        w->turns[n] = (struct turn){.part = part, .meta = registers ? 0 : put->meta->id, .n = n, .put = put};
    }
    qsort(w->turns, n, sizeof w->turns[0], by_turn);
    return n;
}

// From `first` up to `end` in one transaction. An error: nothing of them is stored.
static int write_group(struct writer *w, struct ps_list *first, const struct ps_list *end)
{
    if (!has_room(w))
        return -ENOSPC;
    int err = batch_begin(w->batch, seconds_now());
    if (err != 0)
        return err;
    size_t n = take_turns(w, first, end);
    for (size_t i = 0; err == 0 && i < n; i++) {
        struct put *put = w->turns[i].put;
        put->err = batch_put(w->batch, put);
        err = is_refusal(put) ? 0 : put->err;
    }
    if (err == 0)
        return batch_commit(w->batch);
    batch_rollback(w->batch);
    return err;
}

static void fail_all(struct ps_list *group, int err)
{
    PS_LIST_EACH(it, group)
        PS_CONTAINER(it, struct put, node)->err = err;
}

// It may be for one put alone that the transaction failed.
static bool is_everybodys(int err)
{
    return err == -ENOSPC || err == -EIO || err == -EROFS || err == -EBUSY;
}

static int work_on(struct writer *w, struct ps_list *group)
{
    int err = write_group(w, group->next, group);
    if (err == -ENOSPC && store_empty_log(w->store) > 0) // it may be the log that takes the room
        err = write_group(w, group->next, group);
    if (err == 0)
        return 0;
    fail_all(group, err);
    if (is_everybodys(err) || group->next->next == group)
        return err;
    PS_LIST_EACH(it, group) {
        struct put *put = PS_CONTAINER(it, struct put, node);
        int alone = write_group(w, it, it->next);
        put->err = alone != 0 ? alone : put->err;
    }
    return err;
}

static void write_puts(struct writer *w)
{
    struct ps_list group;
    take_group(w, &group);
    pthread_mutex_unlock(&w->mutex);
    int err = work_on(w, &group);
    pthread_mutex_lock(&w->mutex);
    w->state.transactions++;
    w->state.trouble = err;
    PS_LIST_EACH_SAFE(it, &group)
        put_back(w, PS_CONTAINER(it, struct put, node));
}

static void make_call(struct writer *w)
{
    struct call *c = PS_CONTAINER(w->calls.next, struct call, node);
    ps_list_remove(&c->node);
    pthread_mutex_unlock(&w->mutex);
    c->err = c->work(c->ctx, w->store);
    batch_forget(w->batch);
    pthread_mutex_lock(&w->mutex);
    ps_list_append(&c->port->calls, &c->node);
    hand_back(c->port);
}

// Until there is more to do, or for a while. False: that is over.
static bool wait_for_more(struct writer *w)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += IDLE_S;
    return pthread_cond_timedwait(&w->more, &w->mutex, &until) == 0;
}

// In an hour of rest: when what was written is noted, and the log emptied. False: try again.
static bool settle(struct writer *w)
{
    pthread_mutex_unlock(&w->mutex);
    int err = batch_note(w->batch);
    if (err == 0)
        err = store_empty_log(w->store);
    pthread_mutex_lock(&w->mutex);
    return err >= 0;
}

// Who reads sees what other processes registered and purged, though nobody writes here. One that writes much just now
// may be in the way: the next look comes soon.
static void look(struct writer *w)
{
    pthread_mutex_unlock(&w->mutex);
    (void)batch_look(w->batch);
    pthread_mutex_lock(&w->mutex);
}

static void *run(void *ctx)
{
    struct writer *w = ctx;
    bool unsettled = false; // since the last write or call
    pthread_mutex_lock(&w->mutex);
    for (;;) {
        if (!ps_list_empty(&w->calls)) {
            make_call(w);
            unsettled = true;
        } else if (!ps_list_empty(&w->puts)) {
            write_puts(w);
            unsettled = true;
        } else if (w->ending)
            break;
        else if (!wait_for_more(w)) {
            look(w);
            unsettled = unsettled && !settle(w);
        }
    }
    pthread_mutex_unlock(&w->mutex);
    (void)batch_note(w->batch); // what is lost by an error is a minute's time-updated
    return NULL;
}

// --- the writer

static void init_more(struct writer *w)
{
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&w->more, &attr);
    pthread_condattr_destroy(&attr);
}

int writer_start(struct writer **out, struct store *s, struct ps_fault *fault)
{
    struct writer *w = calloc(1, sizeof *w);
    int err = w == NULL ? -ENOMEM : batch_new(&w->batch, s);
    if (err == 0) {
        w->store = s;
        ps_list_init(&w->puts);
        ps_list_init(&w->calls);
        pthread_mutex_init(&w->mutex, NULL);
        init_more(w);
        err = -pthread_create(&w->thread, NULL, run, w);
        if (err == 0) {
            *out = w;
            return 0;
        }
        batch_free(w->batch);
    }
    free(w);
    ps_fault_set(fault, store_path(s), 0, "cannot be written: %s", ps_strerror(err));
    return err;
}

void writer_stop(struct writer *w)
{
    if (w == NULL)
        return;
    pthread_mutex_lock(&w->mutex);
    w->ending = true;
    pthread_cond_signal(&w->more);
    pthread_mutex_unlock(&w->mutex);
    pthread_join(w->thread, NULL);
    batch_free(w->batch);
    pthread_cond_destroy(&w->more);
    pthread_mutex_destroy(&w->mutex);
    free(w);
}

struct catalog *writer_catalog(const struct writer *w)
{
    return store_catalog(w->store);
}

void writer_look(struct writer *w, struct writer_state *out)
{
    pthread_mutex_lock(&w->mutex);
    *out = w->state;
    pthread_mutex_unlock(&w->mutex);
}

// --- ports

int port_new(struct port **out, struct writer *w)
{
    struct port *p = calloc(1, sizeof *p);
    if (p == NULL)
        return -ENOMEM;
    p->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (p->fd < 0) {
        free(p);
        return -errno;
    }
    p->writer = w;
    ps_list_init(&p->puts);
    ps_list_init(&p->calls);
    pthread_cond_init(&p->some_done, NULL);
    *out = p;
    return 0;
}

void port_free(struct port *p)
{
    if (p == NULL)
        return;
    port_wait(p, 0);
    pthread_cond_destroy(&p->some_done);
    close(p->fd);
    free(p);
}

int port_fd(const struct port *p)
{
    return p->fd;
}

int port_put(struct port *p, struct put *put)
{
    struct writer *w = p->writer;
    int err = 0;
    pthread_mutex_lock(&w->mutex);
    if (w->ending)
        err = PS_ESTATE;
    else if (w->state.waiting >= WRITER_WAITING_MAX ||
             (w->state.waiting > 0 && w->state.waiting_octets + put->octets > WRITER_OCTETS_MAX))
        err = PS_ELIMIT;
    else {
        put->port = p;
        p->out++;
        w->state.waiting++;
        w->state.waiting_octets += put->octets;
        ps_list_append(&w->puts, &put->node);
        pthread_cond_signal(&w->more);
    }
    pthread_mutex_unlock(&w->mutex);
    return err;
}

int port_call(struct port *p, int (*work)(void *ctx, struct store *s), void (*done)(void *ctx, int err),
              void *ctx)
{
    struct call *c = malloc(sizeof *c);
    if (c == NULL)
        return -ENOMEM;
    *c = (struct call){.work = work, .done = done, .ctx = ctx, .port = p};
    pthread_mutex_lock(&p->writer->mutex);
    p->out++;
    ps_list_append(&p->writer->calls, &c->node);
    pthread_cond_signal(&p->writer->more);
    pthread_mutex_unlock(&p->writer->mutex);
    return 0;
}

static void move_all(struct ps_list *to, struct ps_list *from)
{
    ps_list_init(to);
    PS_LIST_EACH_SAFE(it, from) {
        ps_list_remove(it);
        ps_list_append(to, it);
    }
}

static void tell_puts(struct ps_list *puts)
{
    PS_LIST_EACH_SAFE(it, puts) {
        struct put *put = PS_CONTAINER(it, struct put, node);
        ps_list_remove(it);
        put->done(put->ctx, put);
    }
}

static void tell_calls(struct ps_list *calls)
{
    PS_LIST_EACH_SAFE(it, calls) {
        struct call *c = PS_CONTAINER(it, struct call, node);
        ps_list_remove(it);
        c->done(c->ctx, c->err);
        free(c);
    }
}

size_t port_reap(struct port *p)
{
    struct ps_list puts, calls;
    uint64_t seen;
    pthread_mutex_lock(&p->writer->mutex);
    move_all(&puts, &p->puts);
    move_all(&calls, &p->calls);
    size_t n = p->ndone;
    p->ndone = 0;
    p->out -= n;
    if (n > 0)
        (void)!read(p->fd, &seen, sizeof seen);
    pthread_mutex_unlock(&p->writer->mutex);
    tell_puts(&puts);
    tell_calls(&calls);
    return n;
}

void port_wait(struct port *p, size_t left)
{
    for (;;) {
        pthread_mutex_lock(&p->writer->mutex);
        while (p->out - p->ndone > left && p->ndone == 0)
            pthread_cond_wait(&p->some_done, &p->writer->mutex);
        bool enough = p->ndone == 0;
        pthread_mutex_unlock(&p->writer->mutex);
        if (enough)
            return;
        (void)port_reap(p);
    }
}
