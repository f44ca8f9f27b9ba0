// SPDX-License-Identifier: Apache-2.0
#include "owampd/fetch.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/ps_err.h"
#include "data/ow_file.h"
#include "owampd/session.h"

// A whole session that still runs is waited for; upstream's clients expect about this long.
#define WAIT_MAX (31 * PS_SEC)
#define WAIT_STEP (200 * PS_MSEC)
// Records looked at in one turn of the loop, so that a large file holds up nobody.
#define SLICE 65536u
#define BATCH 64u
#define WRITE_WORTH (16u << 10)

enum fetch_phase { FETCH_WAIT, FETCH_FIND, FETCH_COUNT, FETCH_SEND };

struct fetch {
    struct conn *conn;
    struct ow_fetch want;
    enum fetch_phase phase;
    struct ps_timer *timer;
    ps_ns deadline;
    int fd;
    struct ow_file *file;
    char class_name[OW_CLASS_NAME + 1];
    uint32_t count, sent; // records that match, and that have gone
    uint32_t end;         // last sequence number to be given
    bool any;             // a packet came
    uint32_t highest;     // of those that came
};

static bool fetch_whole(const struct fetch *f)
{
    return f->want.begin == 0 && f->want.end == UINT32_MAX;
}

static void fetch_free(struct fetch *f)
{
    ps_timer_free(f->timer);
    ow_file_free(f->file);
    if (f->fd >= 0)
        close(f->fd);
    free(f);
}

void fetch_cancel(struct conn *c)
{
    if (c->fetch != NULL)
        fetch_free(c->fetch);
    c->fetch = NULL;
}

static void fetch_deny(struct fetch *f, uint8_t accept, const char *why)
{
    struct conn *c = f->conn;
    ps_log(c->d->log, PS_LOG_INFO, "fetch", "%s: denied (%s): %s", c->label, ow_accept_text(accept), why);
    fetch_cancel(c);
    int err = ow_server_fetch_deny(c->machine, accept);
    if (err != 0)
        conn_drop(c, PS_LOG_WARN, ps_strerror(err));
    else
        conn_pump(c);
}

static bool in_range(const struct fetch *f, const struct ow_rec *rec)
{
    return rec->seq >= f->want.begin && rec->seq <= f->end;
}

static void fetch_done(struct fetch *f)
{
    struct conn *c = f->conn;
    struct stat st;
    struct ow_charge held = {.disk = fstat(f->fd, &st) == 0 ? (uint64_t)st.st_size : 0};
    memcpy(held.class_name, f->class_name, sizeof held.class_name);
    const struct ow_class *class = ow_limits_by_name(ow_policy_limits(c->d->policy), f->class_name);
    bool whole = fetch_whole(f) && ow_file_head(f->file)->finished == OW_FIN_NORMAL;
    if (whole && class != NULL && class->delete_on_fetch && store_remove(c->d->store, f->want.sid) == 0)
        ow_policy_release_disk(c->d->policy, &held);
    fetch_cancel(c);
    int err = ow_server_fetch_end(c->machine);
    if (err != 0)
        conn_drop(c, PS_LOG_WARN, ps_strerror(err));
    else
        conn_pump(c);
}

// The next matching records, packed; at most BATCH, after at most SLICE looked at.
static int next_batch(struct fetch *f, uint8_t *out, uint32_t *n)
{
    struct ow_rec rec;
    int err = 1;
    *n = 0;
    for (uint32_t i = 0; i < SLICE && *n < BATCH && f->sent + *n < f->count; i++) {
        err = ow_file_next(f->file, &rec);
        if (err <= 0)
            return err == 0 ? PS_ESHORT : err;
        if (in_range(f, &rec))
            ow_rec_pack(&rec, out + (size_t)OW_REC_LEN * (*n)++);
    }
    return 0;
}

static void again(void *ctx)
{
    struct fetch *f = ctx;
    fetch_more(f->conn);
}

static void fetch_send(struct fetch *f)
{
    struct conn *c = f->conn;
    uint8_t batch[BATCH * OW_REC_LEN];
    for (uint32_t looked = 0; looked < SLICE; looked += BATCH) {
        uint32_t n;
        if (f->sent == f->count) {
            fetch_done(f);
            return;
        }
        int err = next_batch(f, batch, &n);
        if (err == 0)
            err = ow_server_fetch_data(c->machine, batch, n);
        if (err != 0) {
            conn_drop(c, PS_LOG_WARN, "the session's file cannot be read to its end");
            return;
        }
        f->sent += n;
        if (ps_buf_len(ow_server_out(c->machine)) < WRITE_WORTH)
            continue; // a write for each batch would cost more than the batch
        if (!conn_flush(c))
            return;
        if (ps_stream_pending(c->stream) > OW_OUT_SOFT)
            return; // on_drained goes on
    }
    if (conn_flush(c))
        ps_timer_start(f->timer, 0);
}

static void fetch_answer(struct fetch *f)
{
    struct conn *c = f->conn;
    const struct ow_file_head *head = ow_file_head(f->file);
    struct ow_fetch_ack ack = {
        .accept = OW_ACCEPT_OK, .finished = (uint8_t)head->finished, .nrecords = f->count};
    const struct ow_skip *skips = NULL;
    if (head->finished == OW_FIN_NORMAL) {
        ack.next_seqno = head->next_seqno;
        skips = ow_file_skips(f->file, &ack.nskips);
    }
    int err = ow_file_seek(f->file, 0);
    if (err == 0)
        err = ow_server_fetch_begin(c->machine, &ack, &head->request, ow_file_slots(f->file), skips);
    if (err != 0) {
        conn_drop(c, PS_LOG_WARN, ps_strerror(err));
        return;
    }
    f->phase = FETCH_SEND;
    fetch_send(f);
}

static void fetch_count(struct fetch *f)
{
    struct ow_rec rec;
    int err = 1;
    for (uint32_t i = 0; i < SLICE && err > 0; i++) {
        err = ow_file_next(f->file, &rec);
        if (err > 0 && in_range(f, &rec) && f->count++ == UINT32_MAX)
            err = PS_ELIMIT;
    }
    if (err < 0)
        fetch_deny(f, OW_ACCEPT_FAILURE, "the session's file cannot be read");
    else if (err == 0)
        fetch_answer(f);
    else
        ps_timer_start(f->timer, 0);
}

// What a running session lost beyond the highest number that came is not known to be lost yet.
static void fetch_found(struct fetch *f)
{
    if (!f->any)
        f->want.begin = 1, f->end = 0; // nothing to give
    else if (f->highest < f->end)
        f->end = f->highest;
    int err = ow_file_seek(f->file, 0);
    if (err != 0) {
        fetch_deny(f, OW_ACCEPT_FAILURE, ps_strerror(err));
        return;
    }
    f->phase = FETCH_COUNT;
    fetch_count(f);
}

static void fetch_find(struct fetch *f)
{
    struct ow_rec rec;
    int err = 1;
    for (uint32_t i = 0; i < SLICE && (err = ow_file_next(f->file, &rec)) > 0; i++) {
        if (!ow_rec_lost(&rec) && (!f->any || rec.seq > f->highest)) {
            f->highest = rec.seq;
            f->any = true;
        }
    }
    if (err < 0)
        fetch_deny(f, OW_ACCEPT_FAILURE, "the session's file cannot be read");
    else if (err == 0)
        fetch_found(f);
    else
        ps_timer_start(f->timer, 0);
}

static int fetch_file(struct fetch *f)
{
    struct ps_fault fault;
    struct daemon *d = f->conn->d;
    int err = store_find(d->store, f->want.sid, &f->fd, f->class_name);
    if (err == 0)
        err = ow_file_new(&f->file, f->fd, "session file", &fault);
    return err;
}

static void fetch_open(struct fetch *f, bool running)
{
    int err = fetch_file(f);
    if (err != 0) {
        fetch_deny(f, OW_ACCEPT_REJECT, err == -ENOENT ? "no such session" : ps_strerror(err));
        return;
    }
    const struct ow_file_head *head = ow_file_head(f->file);
    if (head->version != 3) {
        fetch_deny(f, OW_ACCEPT_UNSUPPORTED, "the session's file is of an old version");
        return;
    }
    if (head->request.nslots > OW_MAX_SLOTS || head->nskips > OW_MAX_SKIPS) {
        fetch_deny(f, OW_ACCEPT_FAILURE, "the session's file has more slots or skip ranges than can be sent");
        return;
    }
    if (fetch_whole(f) && head->finished != OW_FIN_NORMAL) {
        fetch_deny(f, OW_ACCEPT_REJECT, "the session did not end regularly; parts can be fetched");
        return;
    }
    bool open = running || head->finished != OW_FIN_NORMAL;
    f->phase = open ? FETCH_FIND : FETCH_COUNT;
    fetch_more(f->conn);
}

// A running session: its records so far for a part, its end for the whole.
static void fetch_look(struct fetch *f)
{
    struct daemon *d = f->conn->d;
    struct session *s = ps_map_get(&d->receiving, f->want.sid);
    if (s == NULL) {
        fetch_open(f, false);
        return;
    }
    if (!fetch_whole(f)) {
        int err = ep_receiver_flush(s->party.receiver);
        if (err != 0)
            fetch_deny(f, OW_ACCEPT_FAILURE, ps_strerror(err));
        else
            fetch_open(f, true);
        return;
    }
    if (ps_loop_mono() >= f->deadline)
        fetch_deny(f, OW_ACCEPT_REJECT, "the session is still running");
    else
        ps_timer_start(f->timer, WAIT_STEP);
}

void fetch_more(struct conn *c)
{
    struct fetch *f = c->fetch;
    switch (f->phase) {
    case FETCH_WAIT:
        fetch_look(f);
        break;
    case FETCH_FIND:
        fetch_find(f);
        break;
    case FETCH_COUNT:
        fetch_count(f);
        break;
    case FETCH_SEND:
        fetch_send(f);
        break;
    }
}

void fetch_begin(struct conn *c, const struct ow_fetch *want)
{
    struct fetch *f = calloc(1, sizeof *f);
    if (f == NULL || ps_timer_new(c->d->loop, &f->timer, again, f) != 0) {
        free(f);
        if (ow_server_fetch_deny(c->machine, OW_ACCEPT_TEMPORARY) != 0)
            conn_drop(c, PS_LOG_WARN, ps_strerror(-ENOMEM));
        return;
    }
    f->conn = c;
    f->want = *want;
    f->end = want->end;
    f->fd = -1;
    f->deadline = ps_loop_mono() + WAIT_MAX;
    c->fetch = f;
    if (want->begin > want->end)
        fetch_deny(f, OW_ACCEPT_REJECT, "the range ends before it begins");
    else
        fetch_look(f);
}
