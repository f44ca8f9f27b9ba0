// SPDX-License-Identifier: Apache-2.0
#include "loop/ps_ctl_ask.h"
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/ps_buf.h"
#include "base/ps_err.h"
#include "base/ps_list.h"
#include "loop/ps_ctl_impl.h"
#include "loop/ps_watch.h"

#define CHUNK ((size_t)16384)

struct link {
    struct ps_ctl_asker *asker;
    int fd; // -1: not connected
    struct ps_watch *watch;
    struct ps_ctl_question *asked; // what is on it; NULL: it is free
    size_t sent;                   // octets of that
    bool used;                     // it has carried a question before this one
    struct ps_buf in;
};

struct ps_ctl_asker {
    struct ps_loop *loop;
    struct sockaddr_un sa;
    struct ps_list waiting;
    size_t nwaiting;
    struct link links[PS_CTL_ASK_CONNS];
    struct ps_timer *soon; // to take up what waits, not from inside ps_ctl_ask
};

struct ps_ctl_question {
    struct ps_list entry; // among those that wait
    struct ps_ctl_asker *asker;
    struct link *link; // that carries it; NULL: it waits
    struct ps_timer *timer;
    ps_ctl_answer_cb cb;
    void *ctx;
    bool again; // it was asked before, of a daemon that ended
    size_t len;
    char text[]; // with its newline
};

// --- a question's end

static void question_free(struct ps_ctl_question *q)
{
    if (!q->link && !ps_list_empty(&q->entry)) {
        ps_list_remove(&q->entry);
        q->asker->nwaiting--;
    }
    if (q->link)
        q->link->asked = NULL;
    ps_timer_free(q->timer);
    free(q);
}

static void answer(struct ps_ctl_question *q, int err, const char *reply, size_t len, const char *words)
{
    ps_ctl_answer_cb cb = q->cb;
    void *ctx = q->ctx;
    struct ps_fault fault = {""};

    if (err)
        ps_fault_set(&fault, q->asker->sa.sun_path, 0, "%s", words);
    question_free(q);
    cb(ctx, err, reply, len, fault.text);
}

// --- connections

static void wait_again(struct ps_ctl_asker *a)
{
    ps_timer_start(a->soon, 0);
}

static void link_close(struct link *l)
{
    ps_watch_free(l->watch);
    l->watch = NULL;
    if (l->fd >= 0)
        close(l->fd);
    l->fd = -1;
    ps_buf_fini(&l->in);
    wait_again(l->asker);
}

// The connection is of no use any more. A question that may never have been read is asked once more.
static void link_broken(struct link *l, int err, const char *words)
{
    struct ps_ctl_question *q = l->asked;
    bool retry = q && l->used && !q->again && err == PS_ECLOSED && !ps_buf_len(&l->in);

    link_close(l);
    if (!q)
        return;
    l->asked = NULL;
    q->link = NULL;
    if (retry) {
        q->again = true;
        ps_list_append(&q->asker->waiting, &q->entry);
        q->asker->nwaiting++;
    } else {
        answer(q, err, NULL, 0, words);
    }
}

static void link_send(struct link *l)
{
    struct ps_ctl_question *q = l->asked;

    while (l->sent < q->len) {
        ssize_t n = send(l->fd, q->text + l->sent, q->len - l->sent, MSG_NOSIGNAL | MSG_DONTWAIT);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno != EAGAIN) {
            // What refuses may have answered already: the answer, or the end, is read.
            l->sent = q->len;
            break;
        }
        if (n < 0)
            break;
        l->sent += (size_t)n;
    }
    ps_watch_set(l->watch, l->sent < q->len ? PS_WATCH_READ | PS_WATCH_WRITE : PS_WATCH_READ);
}

// A line has come: it is the answer.
static void link_answered(struct link *l, size_t len)
{
    struct ps_ctl_question *q = l->asked;
    struct ps_buf in = l->in;
    char *text = (char *)ps_buf_head(&in);

    text[len] = '\0';
    l->used = true;
    ps_buf_init(&l->in, PS_CTL_REPLY_MAX + CHUNK);
    wait_again(l->asker);
    answer(q, 0, text, len, NULL);
    ps_buf_fini(&in);
}

static void link_read(struct link *l)
{
    uint8_t *p, *eol;
    ssize_t n;
    int err = ps_buf_reserve(&l->in, CHUNK, &p);

    if (err) {
        link_broken(l, err, err == PS_ELIMIT ? "the answer is too long" : ps_strerror(err));
        return;
    }
    n = recv(l->fd, p, CHUNK, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) {
        link_broken(l, PS_ECLOSED, "the daemon closed the connection without a whole answer");
        return;
    }
    ps_buf_commit(&l->in, (size_t)n);
    eol = memchr(p, '\n', (size_t)n);
    if (!l->asked)
        link_close(l); // who says something unasked
    else if (eol)
        link_answered(l, (size_t)(eol - ps_buf_head(&l->in)));
}

static void link_ready(void *ctx, int ready)
{
    struct link *l = ctx;

    if ((ready & PS_WATCH_WRITE) && l->asked)
        link_send(l);
    if (ready & PS_WATCH_READ)
        link_read(l);
}

static int link_open(struct link *l)
{
    int err;

    l->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (l->fd < 0)
        return -errno;
    if (connect(l->fd, (struct sockaddr *)&l->asker->sa, sizeof l->asker->sa) < 0)
        err = -errno;
    else
        err = ps_watch_new(l->asker->loop, l->fd, link_ready, l, &l->watch);
    if (err) {
        close(l->fd);
        l->fd = -1;
        return err;
    }
    l->used = false;
    ps_buf_init(&l->in, PS_CTL_REPLY_MAX + CHUNK);
    return 0;
}

// --- taking up what waits

static void take_up(struct link *l, struct ps_ctl_question *q)
{
    int err = l->fd < 0 ? link_open(l) : 0;

    if (err) {
        answer(q, err == -EAGAIN ? PS_ETIMEOUT : err, NULL, 0, ps_ctl_connect_words(-err));
        return;
    }
    ps_list_remove(&q->entry);
    q->asker->nwaiting--;
    q->link = l;
    l->asked = q;
    l->sent = 0;
    link_send(l);
}

static struct link *free_link(struct ps_ctl_asker *a)
{
    struct link *closed = NULL;

    for (int i = 0; i < PS_CTL_ASK_CONNS; i++) {
        if (a->links[i].asked)
            continue;
        if (a->links[i].fd >= 0)
            return &a->links[i];
        closed = closed ? closed : &a->links[i];
    }
    return closed;
}

static void take_up_all(void *ctx)
{
    struct ps_ctl_asker *a = ctx;
    struct link *l;

    while (!ps_list_empty(&a->waiting) && (l = free_link(a)))
        take_up(l, PS_CONTAINER(a->waiting.next, struct ps_ctl_question, entry));
}

// --- for those who ask

int ps_ctl_asker_new(struct ps_loop *loop, const char *path, struct ps_ctl_asker **out)
{
    struct ps_ctl_asker *a = calloc(1, sizeof *a);
    struct ps_fault fault;
    int err = a ? ps_ctl_address(path, &a->sa, &fault) : -ENOMEM;

    if (!err)
        err = ps_timer_new(loop, &a->soon, take_up_all, a);
    if (err) {
        free(a);
        return err;
    }
    a->loop = loop;
    ps_list_init(&a->waiting);
    for (int i = 0; i < PS_CTL_ASK_CONNS; i++)
        a->links[i] = (struct link){.asker = a, .fd = -1};
    *out = a;
    return 0;
}

void ps_ctl_asker_free(struct ps_ctl_asker *a)
{
    if (!a)
        return;
    for (int i = 0; i < PS_CTL_ASK_CONNS; i++) {
        ps_ctl_question_drop(a->links[i].asked);
        link_close(&a->links[i]);
    }
    PS_LIST_EACH_SAFE(it, &a->waiting)
        question_free(PS_CONTAINER(it, struct ps_ctl_question, entry));
    ps_timer_free(a->soon);
    free(a);
}

static void late(void *ctx)
{
    struct ps_ctl_question *q = ctx;

    if (q->link)
        link_broken(q->link, PS_ETIMEOUT, "no answer in time");
    else
        answer(q, PS_ETIMEOUT, NULL, 0, "no answer in time");
}

int ps_ctl_ask(struct ps_ctl_asker *a, const char *line, size_t len, ps_ns timeout, ps_ctl_answer_cb cb,
               void *ctx, struct ps_ctl_question **out)
{
    struct ps_ctl_question *q;

    if (len == 0 || memchr(line, '\n', len))
        return -EINVAL;
    if (a->nwaiting >= PS_CTL_ASK_QUEUE)
        return PS_ELIMIT;
    q = malloc(sizeof *q + len + 1);
    if (!q)
        return -ENOMEM;
    *q = (struct ps_ctl_question){.asker = a, .cb = cb, .ctx = ctx, .len = len + 1};
    memcpy(q->text, line, len);
    q->text[len] = '\n';
    if (ps_timer_new(a->loop, &q->timer, late, q)) {
        free(q);
        return -ENOMEM;
    }
    ps_timer_start(q->timer, timeout);
    ps_list_append(&a->waiting, &q->entry);
    a->nwaiting++;
    wait_again(a);
    if (out)
        *out = q;
    return 0;
}

void ps_ctl_question_drop(struct ps_ctl_question *q)
{
    struct link *l = q ? q->link : NULL;

    if (q)
        question_free(q);
    if (l)
        link_close(l); // an answer may still come on it, which would be taken for the next one's
}
