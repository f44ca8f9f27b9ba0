// SPDX-License-Identifier: Apache-2.0
// The list of the other archive, page by page, and so many of its metadata at a time. The list may change while it is
// read: each page begins with the last one of the page before, and when that is not so it is read again from its
// beginning; what was seen is not taken a second time.
#include "psarchive/pull.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "base/ps_num.h"
#include "http/ps_url.h"
#include "psarchive/pull_impl.h"

#define PAGE 200
#define AGAIN_MAX \
    10 // times in a row that a changed list is begun anew, without a metadata that was not seen before
#define TOLD_MAX 100 // refusals; the others are counted
#define LINE_EVERY (200 * PS_MSEC)

static char seen_mark; // what the map of seen keys points to

// --- telling

static void clear_line(const struct pull *p)
{
    if (p->conf->progress)
        fprintf(stderr, "\r\033[K");
}

void pull_refuse(struct pull *p, const char *fmt, ...)
{
    va_list ap;
    p->tally.refused++;
    if (p->told++ >= TOLD_MAX)
        return;
    clear_line(p);
    fprintf(stderr, "psarchive import: ");
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fprintf(stderr, "%s\n", p->told == TOLD_MAX ? "; more of these are not told" : "");
}

void pull_fail(struct pull *p, int status, const char *fmt, ...)
{
    va_list ap;
    if (p->status != 0)
        return;
    p->status = status;
    clear_line(p);
    fprintf(stderr, "psarchive import: ");
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fprintf(stderr, "; what came is stored, and the same command goes on from there\n");
}

void pull_show(struct pull *p, bool at_once)
{
    struct remote_stats s;
    ps_ns now = ps_loop_mono();
    if (!p->conf->progress || (!at_once && now < p->last_line + LINE_EVERY))
        return;
    p->last_line = now;
    remote_look(p->remote, &s);
    fprintf(
        stderr, "\r\033[K%llu of %zu metadata, %llu values stored, %llu known, %llu requests, %llu failed",
        (unsigned long long)p->tally.metas, p->total, (unsigned long long)p->tally.stored,
        (unsigned long long)p->tally.known, (unsigned long long)s.requests, (unsigned long long)s.failures);
}

// --- the list

static void go_on(void *ctx);

static void soon(struct pull *p)
{
    int err = ps_defer(p->loop, go_on, p);
    if (err != 0) {
        pull_fail(p, EXIT_SYSTEM, "%s", ps_strerror(err));
        ps_loop_stop(p->loop);
    }
}

static int put_param(struct ps_buf *b, const char *key, const char *value)
{
    int err = ps_buf_append(b, "&", 1);
    if (err == 0)
        err = ps_url_escape(b, key, strlen(key));
    if (err == 0)
        err = ps_buf_append(b, "=", 1);
    return err == 0 ? ps_url_escape(b, value, strlen(value)) : err;
}

static int put_filter(struct ps_buf *b, const struct filter *f)
{
    int err = 0;
    for (size_t i = 0; err == 0 && i < f->nparams; i++)
        err = put_param(b, f->params[i].key, f->params[i].values[0]);
    if (err == 0 && f->by_event)
        err = put_param(b, "event-type", es_event_name(f->event));
    return err;
}

static void take_list(void *ctx, const struct remote_answer *a);

// One before what is wanted, if there is one.
static void ask_list(struct pull *p)
{
    struct ps_buf b;
    size_t offset = p->offset > 0 ? p->offset - 1 : 0;
    ps_buf_init(&b, 65536);
    int err = ps_buf_printf(&b, "?limit=%d&offset=%zu", PAGE, offset);
    if (err == 0)
        err = put_filter(&b, p->conf->filter);
    if (err == 0)
        err = ps_buf_append(&b, "", 1);
    if (err == 0)
        err = remote_get(p->remote, (const char *)ps_buf_head(&b), take_list, p);
    ps_buf_fini(&b);
    p->asking = err == 0;
    if (err != 0) {
        pull_fail(p, EXIT_SYSTEM, "%s", ps_strerror(err));
        ps_loop_stop(p->loop);
    }
}

static const char *key_of(struct ps_jnode n)
{
    const char *key = "";
    (void)ps_jnode_str(ps_jnode_member(n, "metadata-key"), 1, 2 * ES_REG_KEY_LEN, &key, NULL);
    return key;
}

// What was seen on another page is passed over.
static int take_object(struct pull *p, struct ps_jnode n)
{
    struct ps_fault fault = {""};
    struct pull_job *j;
    uint8_t id[ES_REG_KEY_LEN];
    if (ps_num_hex(key_of(n), id, ES_REG_KEY_LEN) == 0) {
        if (ps_map_get(&p->seen, id) != NULL)
            return 0;
        int err = ps_map_put(&p->seen, id, &seen_mark);
        if (err != 0)
            return err;
        p->restarts = 0;
    }
    int err = pull_job_new(p, n, &j, &fault);
    if (err == 0)
        ps_list_append(&p->waiting, pull_job_link(j));
    else if (err != -ENOMEM)
        pull_refuse(p, "metadata %s: %s", key_of(n), fault.text);
    return err == -ENOMEM ? err : 0;
}

static void note_total(struct pull *p, struct ps_jnode first)
{
    uint64_t total;
    if (ps_jnode_u64(ps_jnode_member(first, "metadata-count-total"), 0, SIZE_MAX / 2, &total, NULL) == 0)
        p->total = (size_t)total;
}

static int take_objects(struct pull *p, struct ps_jnode root)
{
    struct ps_jnode first = ps_jnode_first(root), last = first;
    size_t n = 0;
    int err = 0;
    note_total(p, first);
    if (p->offset > 0 && strcmp(key_of(first), p->last_key) != 0)
        return PS_ESTATE;
    for (struct ps_jnode m = first; err == 0 && ps_jnode_there(m); m = ps_jnode_next(m), n++) {
        err = take_object(p, m);
        last = m;
    }
    snprintf(p->last_key, sizeof p->last_key, "%s", key_of(last));
    p->listed = n <= (p->offset > 0); // nothing new on it
    p->offset = (p->offset > 0 ? p->offset - 1 : 0) + n;
    return err;
}

static void take_list(void *ctx, const struct remote_answer *a)
{
    struct pull *p = ctx;
    int err = 0;
    p->asking = false;
    if (a->why != NULL)
        pull_fail(p, EXIT_NET, "%s", a->why);
    else if ((err = take_objects(p, a->root)) == PS_ESTATE) {
        p->offset = 0;
        if (++p->restarts > AGAIN_MAX)
            pull_fail(p, EXIT_NET, "the list changes each time that it is read, and has nothing new");
    } else if (err != 0)
        pull_fail(p, EXIT_SYSTEM, "%s", ps_strerror(err));
    soon(p);
}

// --- the run

// Starts what may run, then asks for more of the list, then it is over. It comes once for each job that ended, and
// several end in one turn of the loop: the list is asked for by the first of them alone, as the answer to a page that
// was asked for twice would look like a list that changed.
static void go_on(void *ctx)
{
    struct pull *p = ctx;
    pull_show(p, false);
    while (p->status == 0 && p->running < p->conf->remote.connections && !ps_list_empty(&p->waiting)) {
        struct pull_job *j = pull_job_of(p->waiting.next);
        ps_list_remove(pull_job_link(j));
        p->running++;
        pull_job_start(j);
    }
    if (p->asking || p->running > 0 || (p->status == 0 && !ps_list_empty(&p->waiting)))
        return;
    if (p->status == 0 && !p->listed)
        ask_list(p);
    else
        ps_loop_stop(p->loop);
}

void pull_job_ended(struct pull *p)
{
    p->running--;
    soon(p);
}

static int open_all(struct pull *p, struct ps_fault *fault)
{
    int err = ps_map_init(&p->seen, ES_REG_KEY_LEN);
    if (err == 0)
        err = ps_loop_new(&p->loop);
    if (err != 0)
        ps_fault_set(fault, NULL, 0, "%s", ps_strerror(err));
    else
        err = pull_state_open(&p->state, p->conf->state, p->conf->again, fault);
    return err == 0 ? remote_new(&p->remote, p->loop, &p->conf->remote, fault) : err;
}

static void close_all(struct pull *p)
{
    PS_LIST_EACH_SAFE(it, &p->waiting)
        pull_job_free(pull_job_of(it));
    remote_free(p->remote);
    ps_loop_free(p->loop);
    ps_map_fini(&p->seen);
    int err = pull_state_close(p->state);
    if (err != 0)
        pull_fail(p, EXIT_SYSTEM, "%s: %s", p->conf->state, ps_strerror(err));
}

int pull_run(struct workplace *w, const struct pull_conf *conf, struct pull_tally *out)
{
    struct pull p = {.w = w, .conf = conf};
    struct ps_fault fault = {""};
    ps_list_init(&p.waiting);
    int err = open_all(&p, &fault);
    if (err == PS_ESYNTAX || err == PS_EUNSUPPORTED)
        p.status = workplace_fail("import", EXIT_USAGE, "%.300s: %s", conf->remote.url, fault.text);
    else if (err != 0)
        p.status = workplace_fail("import", EXIT_SYSTEM, "%s", fault.text);
    else {
        ask_list(&p);
        if (p.status == 0)
            ps_loop_run(p.loop);
        pull_show(&p, true);
        if (conf->progress)
            fputc('\n', stderr);
    }
    close_all(&p);
    *out = p.tally;
    return p.status;
}
