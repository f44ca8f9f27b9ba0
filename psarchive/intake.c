// SPDX-License-Identifier: Apache-2.0
#include "psarchive/intake.h"
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <time.h>
#include <unistd.h>
#include "base/ps_err.h"
#include "base/ps_num.h"
#include "psarchive/hosts.h"
#include "psarchive/map.h"
#include "psarchive/refused.h"

#define WORKERS 4                           // while some wait for the disk the others read
#define BATCH (PS_SPOOL_HAND_MAX / WORKERS) // documents that one has in hand
#define PAUSE_MS 2000                       // before what could not be stored is tried again
#define LOOK_MS 30000                       // and when nobody tells of anything
#define UNRESOLVED_MAX (86400 * PS_SEC)

struct worker;
struct item {
    struct worker *worker;
    const struct ps_spool_record *rec;
    struct put *put; // NULL: nothing to store
    int err;
    char *why; // in words; NULL: the error tells all
};

// One pass of one thread over the spool.
struct worker {
    struct intake *in;
    struct port *port;
    struct hosts *hosts;
    struct item items[BATCH];
    size_t n, waiting;     // for the writer
    struct ps_fault fault; // of the item at hand
    uint64_t kept;         // left in the spool
    int err;               // of reading
};

struct intake {
    struct intake_conf conf;
    char *dir;
    struct ps_spool_reader *reader;
    pthread_mutex_t refusing;
    struct refused refused;
    struct roster *roster;
    struct worker workers[WORKERS];
    pthread_t thread;
    int wake, watch;
    bool joined;
    pthread_mutex_t mutex;
    struct intake_state state;
    bool ending; // with the mutex
};

// --- telling

static void tell(struct intake *in, enum ps_log_level level, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
static void tell(struct intake *in, enum ps_log_level level, const char *fmt, ...)
{
    char line[800];
    va_list ap;
    if (in->conf.tell == NULL)
        return;
    int at = snprintf(line, sizeof line, "spool %s: ", in->dir);
    va_start(ap, fmt);
    vsnprintf(line + at, sizeof line - (size_t)at, fmt, ap);
    va_end(ap);
    in->conf.tell(in->conf.ctx, level, line);
}

static void add(struct intake *in, uint64_t *counter, uint64_t n)
{
    pthread_mutex_lock(&in->mutex);
    *counter += n;
    pthread_mutex_unlock(&in->mutex);
}

// Told when it begins and when it is over.
static void set_trouble(struct intake *in, const char *text)
{
    pthread_mutex_lock(&in->mutex);
    bool news = strcmp(in->state.trouble, text) != 0;
    snprintf(in->state.trouble, sizeof in->state.trouble, "%s", text);
    pthread_mutex_unlock(&in->mutex);
    if (news && text[0] != '\0')
        tell(in, PS_LOG_WARN, "%s; it is tried again", text);
    else if (news)
        tell(in, PS_LOG_INFO, "going on");
}

static ps_ns now_ns(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_REALTIME, &ts);
    return ts.tv_sec * PS_SEC + ts.tv_nsec;
}

// --- from a record to a put

static void find_hosts(struct worker *w, struct es_map *m)
{
    struct ps_addr addrs[HOSTS_ADDRESSES];
    for (size_t i = 0; i < ES_MAP_ROLES; i++) {
        if (m->hosts[i].name == NULL || m->hosts[i].known)
            continue;
        size_t n = hosts_find(w->hosts, m->hosts[i].name, now_ns(), addrs);
        if (n > 0)
            es_map_found(&m->hosts[i], addrs, n);
    }
}

static int make_put(struct worker *w, struct item *it)
{
    struct ps_jdoc *doc;
    struct es_map m;
    const char *text = (const char *)it->rec->data;
    int err = ps_jdoc_parse_foreign(&doc, NULL, text, it->rec->len, &w->fault);
    if (err != 0)
        return err;
    err = es_map_begin(&m, ps_jdoc_root(doc), &w->fault);
    if (err == 0) {
        find_hosts(w, &m);
        err = map_make(&m, w->in->roster, &it->put, &w->fault);
    }
    if (err == 0 && it->put != NULL && w->in->conf.documents && map_has_document(&m))
        err = put_document(it->put, m.ts, text, it->rec->len);
    ps_jdoc_free(doc);
    return err;
}

static void written(void *ctx, struct put *p)
{
    struct item *it = ctx;
    (void)p;
    it->err = it->put->err;
    it->worker->waiting--;
}

static void tell_loss(struct intake *in, const struct ps_spool_record *rec)
{
    add(in, &in->state.lost, rec->loss.dropped);
    tell(in, PS_LOG_WARN, "%llu documents were dropped: %llu for size, %llu for age, %llu for want of room",
         (unsigned long long)rec->loss.dropped, (unsigned long long)rec->loss.for_size,
         (unsigned long long)rec->loss.for_age, (unsigned long long)rec->loss.for_room);
}

static void tell_damage(void *ctx, const char *file, const char *why)
{
    tell(ctx, PS_LOG_WARN, "damaged, and set aside as %s: %s", file, why);
}

static void begin_item(struct worker *w, struct item *it)
{
    it->err = 0;
    it->put = NULL;
    it->why = NULL;
    w->fault.text[0] = '\0';
    if (it->rec->kind == PS_SPOOL_TOMBSTONE) {
        tell_loss(w->in, it->rec);
        return;
    }
    it->err = make_put(w, it);
    if (it->err != 0 || it->put == NULL) {
        put_free(it->put);
        it->put = NULL;
    }
    if (it->err != 0 && w->fault.text[0] != '\0')
        it->why = strdup(w->fault.text);
}

// All at once, so that they come into one transaction.
static void give(struct worker *w)
{
    for (size_t i = 0; i < w->n; i++) {
        struct item *it = &w->items[i];
        if (it->put == NULL)
            continue;
        it->put->done = written;
        it->put->ctx = it;
        while ((it->err = port_put(w->port, it->put)) == PS_ELIMIT)
            port_wait(w->port, 0);
        w->waiting += it->err == 0;
    }
}

static int take(struct worker *w)
{
    const struct ps_spool_record *recs[BATCH];
    w->n = 0;
    w->waiting = 0;
    int got = ps_spool_next_many(w->in->reader, recs, BATCH, &w->n);
    for (size_t i = 0; i < w->n; i++) {
        w->items[i].worker = w;
        w->items[i].rec = recs[i];
        begin_item(w, &w->items[i]);
    }
    give(w);
    return got;
}

// --- what came of it

// May go well another time.
static bool is_passing(const struct item *it)
{
    if (it->err == PS_ERESOLVE)
        return now_ns() - it->rec->time < UNRESOLVED_MAX;
    if (it->err == PS_ERANGE && it->put != NULL && it->put->ahead > 0) // is it our clock that is wrong?
        return it->rec->time > now_ns() + PUT_AHEAD * PS_SEC;
    return it->err == -ENOSPC || it->err == -EIO || it->err == -EBUSY || it->err == -ENOMEM ||
           it->err == -EROFS || it->err == -EDQUOT || it->err == PS_ESTATE;
}

static const char *reason_of(const struct item *it, char why[PUT_WHY_SIZE])
{
    if (it->put != NULL && it->put->err == it->err)
        return put_why(it->put, why);
    return it->why != NULL ? it->why : ps_strerror(it->err);
}

// 0: done with it. Otherwise it stays in the spool.
static int set_aside(struct intake *in, struct item *it)
{
    char id[2 * PS_SPOOL_ID_LEN + 1], why[PUT_WHY_SIZE];
    const char *reason = reason_of(it, why);
    pthread_mutex_lock(&in->refusing);
    int err = refused_put(&in->refused, it->rec, reason);
    pthread_mutex_unlock(&in->refusing);
    if (err != 0 && err != PS_ELIMIT)
        return err;
    ps_num_to_hex(it->rec->id, PS_SPOOL_ID_LEN, id);
    add(in, &in->state.refused, 1);
    tell(in, PS_LOG_WARN, "refused%s: %s: %s", err == 0 ? "" : " and not kept, there are too many", id,
         reason);
    return 0;
}

static void count(struct intake *in, const struct item *it)
{
    struct intake_state *s = &in->state;
    if (it->rec->kind == PS_SPOOL_TOMBSTONE)
        return;
    if (it->put == NULL)
        add(in, &s->empty, 1);
    else
        add(in, it->put->created + it->put->replaced > 0 ? &s->stored : &s->known, 1);
}

// True: it can be removed.
static bool settle(struct intake *in, struct item *it, char trouble[200])
{
    int err = it->err;
    if (err == 0)
        count(in, it);
    else if (!is_passing(it))
        err = set_aside(in, it);
    if (err != 0)
        snprintf(trouble, 200, "%s", it->why != NULL ? it->why : ps_strerror(err));
    free(it->why);
    it->why = NULL;
    put_free(it->put);
    it->put = NULL;
    return err == 0;
}

static int remove_from_spool(struct worker *w, char trouble[200])
{
    const struct ps_spool_record *gone[BATCH], *stay[BATCH];
    size_t n = 0, left = 0;
    for (size_t i = 0; i < w->n; i++) {
        if (settle(w->in, &w->items[i], trouble))
            gone[n++] = w->items[i].rec;
        else
            stay[left++] = w->items[i].rec;
    }
    for (size_t i = 0; i < left; i++)
        ps_spool_keep(w->in->reader, stay[i]);
    w->kept += left;
    return n > 0 ? ps_spool_done_many(w->in->reader, gone, n) : 0;
}

static void finish(struct worker *w)
{
    char trouble[200] = "";
    port_wait(w->port, 0);
    int err = remove_from_spool(w, trouble);
    if (err != 0 && trouble[0] == '\0')
        snprintf(trouble, sizeof trouble, "cannot be emptied: %s", ps_strerror(err));
    if (w->n > 0)
        set_trouble(w->in, trouble);
    w->n = 0;
}

// --- passes

static bool is_ending(struct intake *in)
{
    pthread_mutex_lock(&in->mutex);
    bool ending = in->ending;
    pthread_mutex_unlock(&in->mutex);
    return ending;
}

static void look_at_spool(struct intake *in, uint64_t kept)
{
    struct ps_spool_stat st = {0};
    (void)ps_spool_reader_stat(in->reader, &st);
    pthread_mutex_lock(&in->mutex);
    in->state.spool = st;
    in->state.kept = kept;
    in->state.damaged = ps_spool_damaged(in->reader);
    pthread_mutex_unlock(&in->mutex);
}

// Until there is no more. When much is kept, that is everybody's trouble, and enough for a pass.
static void *work(void *ctx)
{
    struct worker *w = ctx;
    int got = 1;
    while (got > 0 && w->kept < BATCH && !is_ending(w->in)) {
        got = take(w);
        finish(w);
    }
    w->err = got < 0 ? got : 0;
    return NULL;
}

// More threads when there is more than one takes in hand.
static void work_together(struct intake *in)
{
    struct worker *w = in->workers;
    pthread_t helpers[WORKERS];
    size_t n = 0;
    w->err = take(w);
    bool much = w->n == BATCH;
    while (much && n < WORKERS - 1 && pthread_create(&helpers[n], NULL, work, w + 1 + n) == 0)
        n++;
    finish(w);
    if (w->err > 0)
        (void)work(w);
    while (n > 0)
        pthread_join(helpers[--n], NULL);
}

// All that is there. How many were left because they cannot be stored now.
static uint64_t pass(struct intake *in)
{
    uint64_t kept = 0;
    int err = 0;
    for (size_t i = 0; i < WORKERS; i++)
        in->workers[i].kept = 0, in->workers[i].err = 0;
    work_together(in);
    for (size_t i = 0; i < WORKERS; i++) {
        kept += in->workers[i].kept;
        err = in->workers[i].err < 0 ? in->workers[i].err : err;
    }
    if (err != 0) {
        char text[200];
        snprintf(text, sizeof text, "cannot be read: %s", ps_strerror(err));
        set_trouble(in, text);
        kept++;
    }
    if (kept > 0)
        ps_spool_rewind(in->reader);
    look_at_spool(in, kept);
    return kept;
}

static void wait_for_more(struct intake *in, bool trouble)
{
    struct pollfd p[2] = {{.fd = in->wake, .events = POLLIN},
                          {.fd = trouble ? -1 : in->watch, .events = POLLIN}};
    char events[4096];
    (void)poll(p, 2, trouble ? PAUSE_MS : LOOK_MS);
    while (in->watch >= 0 && read(in->watch, events, sizeof events) > 0)
        continue;
}

static void *run(void *ctx)
{
    struct intake *in = ctx;
    while (!is_ending(in)) {
        uint64_t kept = pass(in);
        if (in->conf.once)
            break;
        if (!is_ending(in))
            wait_for_more(in, kept > 0);
    }
    return NULL;
}

// --- the outside

static void dispose(struct intake *in)
{
    for (size_t i = 0; i < WORKERS; i++) {
        port_free(in->workers[i].port);
        hosts_free(in->workers[i].hosts);
    }
    ps_spool_reader_close(in->reader);
    roster_free(in->roster);
    refused_close(&in->refused);
    if (in->wake >= 0)
        close(in->wake);
    if (in->watch >= 0)
        close(in->watch);
    pthread_mutex_destroy(&in->mutex);
    pthread_mutex_destroy(&in->refusing);
    free(in->dir);
    free(in);
}

static int prepare(struct intake *in, struct writer *w, struct ps_fault *fault)
{
    int err = ps_spool_reader_open(&in->reader, in->dir, fault);
    if (err != 0)
        return err;
    ps_spool_on_damage(in->reader, tell_damage, in);
    err = refused_open(&in->refused, in->dir);
    if (err == 0)
        err = roster_new(&in->roster, writer_catalog(w));
    for (size_t i = 0; err == 0 && i < WORKERS; i++) {
        in->workers[i].in = in;
        err = port_new(&in->workers[i].port, w);
        if (err == 0)
            err = hosts_new(&in->workers[i].hosts);
    }
    in->wake = eventfd(0, EFD_CLOEXEC);
    in->watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (err == 0 && in->wake < 0)
        err = -errno;
    if (in->watch >= 0) // without it the spool is looked at now and then
        (void)inotify_add_watch(in->watch, in->dir, IN_MOVED_TO | IN_ONLYDIR);
    if (err == 0)
        err = -pthread_create(&in->thread, NULL, run, in);
    if (err != 0)
        ps_fault_set(fault, in->dir, 0, "spool directory: %s", ps_strerror(err));
    return err;
}

int intake_start(struct intake **out, struct writer *w, const struct intake_conf *conf,
                 struct ps_fault *fault)
{
    struct intake *in = calloc(1, sizeof *in);
    if (in == NULL || (in->dir = strdup(conf->dir)) == NULL) {
        free(in);
        ps_fault_set(fault, conf->dir, 0, "spool directory: %s", ps_strerror(-ENOMEM));
        return -ENOMEM;
    }
    in->conf = *conf;
    in->wake = in->watch = in->refused.dir = -1;
    pthread_mutex_init(&in->mutex, NULL);
    pthread_mutex_init(&in->refusing, NULL);
    int err = prepare(in, w, fault);
    if (err != 0)
        dispose(in);
    else
        *out = in;
    return err;
}

void intake_join(struct intake *in)
{
    if (!in->joined)
        pthread_join(in->thread, NULL);
    in->joined = true;
}

void intake_stop(struct intake *in)
{
    uint64_t one = 1;
    if (in == NULL)
        return;
    pthread_mutex_lock(&in->mutex);
    in->ending = true;
    pthread_mutex_unlock(&in->mutex);
    (void)!write(in->wake, &one, sizeof one);
    intake_join(in);
    dispose(in);
}

void intake_look(struct intake *in, struct intake_state *out)
{
    pthread_mutex_lock(&in->mutex);
    *out = in->state;
    pthread_mutex_unlock(&in->mutex);
}
