// SPDX-License-Identifier: Apache-2.0
// The daemon's side of a control socket. A connection has one request at a time: nothing more is read
// from it until the reply has left, so that what it can make us hold is a line and a reply.
#include "loop/ps_ctl.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/ps_buf.h"
#include "base/ps_err.h"
#include "base/ps_list.h"
#include "loop/ps_ctl_impl.h"
#include "loop/ps_uv.h"

// The only words of this layer's own: nobody above is asked.
static const char line_too_long[] = "{\"ok\":false,\"error\":\"the request is too long\"}\n";
static const char too_many[] = "{\"ok\":false,\"error\":\"too many connections wait for their answers\"}\n";

struct ps_ctl {
    uv_pipe_t pipe;
    struct ps_loop *loop;
    char *path;
    struct ps_ctl_claim claim;
    ps_ctl_cb on_request;
    void *ctx;
    ps_ns idle;
    unsigned conns_max;
    uint64_t last_id;
    struct ps_list conns; // the one idle for longest first
    size_t nconns;
};

struct conn {
    uv_pipe_t pipe;
    struct ps_list link;
    struct ps_ctl *ctl;
    struct ps_timer *timer; // stands while a request waits for its answer: that is our own time
    struct ps_buf in;
    size_t searched;  // octets of it that hold no newline
    uint64_t request; // not answered yet; 0: none
    uv_write_t write;
    char *out;  // the reply that is leaving; NULL: none
    bool ended; // the peer says no more, and may still read
    bool gone;  // uv_close was called
};

static void conn_closed(uv_handle_t *h)
{
    struct conn *c = h->data;

    ps_buf_fini(&c->in);
    free(c);
}

static void drop(struct conn *c)
{
    if (c->gone)
        return;
    c->gone = true;
    ps_list_remove(&c->link);
    c->ctl->nconns--;
    ps_timer_free(c->timer);
    uv_close((uv_handle_t *)&c->pipe, conn_closed);
}

static void refuse(struct conn *c, const char *words)
{
    char text[sizeof too_many + sizeof line_too_long];
    uv_buf_t buf = uv_buf_init(text, (unsigned)strlen(words));

    memcpy(text, words, buf.len);
    uv_try_write((uv_stream_t *)&c->pipe, &buf, 1);
    drop(c);
}

static void stalled(void *ctx)
{
    drop(ctx);
}

// Something happened on the connection: it is idle from now.
static void touch(struct conn *c)
{
    ps_list_remove(&c->link);
    ps_list_append(&c->ctl->conns, &c->link);
    ps_timer_start(c->timer, c->ctl->idle);
}

// requests

static bool is_blank(const char *line, size_t n)
{
    while (n > 0 && (line[n - 1] == ' ' || line[n - 1] == '\t' || line[n - 1] == '\r'))
        n--;
    return n == 0;
}

// n octets stand before the newline. The connection may be gone afterwards.
static void hand_over(struct conn *c, char *line, size_t n)
{
    line[n] = '\0';
    if (!is_blank(line, n)) {
        c->request = ++c->ctl->last_id;
        ps_timer_stop(c->timer);
        c->ctl->on_request(c->ctl->ctx, (struct ps_ctl_request){c->ctl, c->request}, line, n);
    }
    ps_buf_consume(&c->in, n + 1);
    if (ps_buf_len(&c->in) == 0)
        ps_buf_fini(&c->in); // an idle connection holds nothing
    c->searched = 0;
}

// The next line, if there is one. false: no more for now.
static bool serve_one(struct conn *c)
{
    size_t len = ps_buf_len(&c->in), n = len;
    char *line = (char *)ps_buf_head(&c->in), *eol = NULL;

    if (len > c->searched)
        eol = memchr(line + c->searched, '\n', len - c->searched);
    if (eol)
        n = (size_t)(eol - line);
    if (n > PS_CTL_LINE_MAX)
        refuse(c, line_too_long);
    else if (eol)
        hand_over(c, line, n);
    else
        c->searched = len;
    return eol != NULL;
}

static bool is_busy(const struct conn *c)
{
    return c->request != 0 || c->out;
}

static void give_scratch(uv_handle_t *h, size_t suggested, uv_buf_t *buf)
{
    struct conn *c = h->data;

    (void)suggested;
    *buf = uv_buf_init(ps_loop_scratch(c->ctl->loop), PS_LOOP_SCRATCH);
}

static void read_done(uv_stream_t *uv, ssize_t n, const uv_buf_t *buf);

static void serve(struct conn *c)
{
    while (!c->gone && !is_busy(c) && serve_one(c))
        ;
    if (c->gone)
        return;
    if (is_busy(c))
        uv_read_stop((uv_stream_t *)&c->pipe);
    else if (c->ended)
        drop(c);
    else
        uv_read_start((uv_stream_t *)&c->pipe, give_scratch, read_done);
}

// A last request may lack its newline.
static void end_of_requests(struct conn *c)
{
    c->ended = true;
    if (ps_buf_append(&c->in, "\n", 1) != 0) {
        drop(c);
        return;
    }
    touch(c);
    serve(c);
}

static void read_done(uv_stream_t *uv, ssize_t n, const uv_buf_t *buf)
{
    struct conn *c = uv->data;

    if (n == 0)
        return;
    if (n == UV_EOF && ps_buf_len(&c->in) > 0) {
        end_of_requests(c);
        return;
    }
    if (n < 0 || ps_buf_append(&c->in, buf->base, (size_t)n) != 0) {
        drop(c);
        return;
    }
    touch(c);
    serve(c);
}

// replies

char *ps_ctl_line(const char *text, size_t *len)
{
    size_t n = *len;
    char *out = malloc(n + 1);

    if (!out)
        return NULL;
    if (n > 0)
        memcpy(out, text, n);
    if (n > 0 && out[n - 1] == '\n')
        n--;
    for (char *p = out; (p = memchr(p, '\n', (size_t)(out + n - p)));)
        *p = ' ';
    out[n] = '\n';
    *len = n + 1;
    return out;
}

static void write_done(uv_write_t *req, int status)
{
    struct conn *c = req->handle->data;

    free(c->out);
    c->out = NULL;
    if (c->gone)
        return;
    if (status < 0) {
        drop(c);
        return;
    }
    touch(c);
    serve(c);
}

static int send_reply(struct conn *c, const char *text, size_t len)
{
    uv_buf_t buf;
    int err;

    c->out = ps_ctl_line(text, &len);
    if (!c->out)
        return -ENOMEM;
    buf = uv_buf_init(c->out, (unsigned)len);
    err = uv_write(&c->write, (uv_stream_t *)&c->pipe, &buf, 1, write_done);
    if (err) {
        free(c->out);
        c->out = NULL;
    }
    return err;
}

static struct conn *find(const struct ps_ctl *ctl, uint64_t id)
{
    PS_LIST_EACH(it, &ctl->conns) {
        struct conn *c = PS_CONTAINER(it, struct conn, link);
        if (c->request == id)
            return c;
    }
    return NULL;
}

// Who has just asked is the last of all connections, where a search ends at once.
static struct conn *find_lately(const struct ps_ctl *ctl, uint64_t id)
{
    for (struct ps_list *it = ctl->conns.prev; it != &ctl->conns; it = it->prev) {
        struct conn *c = PS_CONTAINER(it, struct conn, link);
        if (c->request == id)
            return c;
    }
    return NULL;
}

pid_t ps_ctl_peer(struct ps_ctl_request req)
{
    struct conn *c = req.id ? find_lately(req.ctl, req.id) : NULL;
    struct ucred who;
    socklen_t len = sizeof who;
    int fd;

    if (!c || uv_fileno((uv_handle_t *)&c->pipe, &fd) != 0 ||
        getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len) != 0)
        return 0;
    return who.pid;
}

int ps_ctl_reply(struct ps_ctl_request req, const char *text, size_t len)
{
    struct conn *c = req.id ? find(req.ctl, req.id) : NULL;
    int err = len > PS_CTL_REPLY_MAX ? PS_ELIMIT : 0;

    if (!c)
        return 0;
    c->request = 0;
    if (!err)
        err = send_reply(c, text, len);
    if (err)
        drop(c);
    else
        touch(c);
    return err;
}

// connections

// The one that has been idle for longest and waits for no answer of ours makes room.
static bool make_room(struct ps_ctl *ctl, const struct conn *newcomer)
{
    if (ctl->nconns <= ctl->conns_max)
        return true;
    PS_LIST_EACH(it, &ctl->conns) {
        struct conn *c = PS_CONTAINER(it, struct conn, link);
        if (c->request == 0 && c != newcomer) {
            drop(c);
            return true;
        }
    }
    return false;
}

static void accept_one(struct ps_ctl *ctl, struct conn *c)
{
    int err;

    uv_pipe_init(ps_loop_uv(ctl->loop), &c->pipe, 0);
    c->pipe.data = c;
    c->ctl = ctl;
    ps_buf_init(&c->in, PS_CTL_LINE_MAX + PS_LOOP_SCRATCH);
    ps_list_append(&ctl->conns, &c->link);
    ctl->nconns++;
    err = uv_accept((uv_stream_t *)&ctl->pipe, (uv_stream_t *)&c->pipe);
    if (!err)
        err = ps_timer_new(ctl->loop, &c->timer, stalled, c);
    if (err) {
        drop(c);
    } else if (!make_room(ctl, c)) {
        refuse(c, too_many);
    } else {
        touch(c);
        serve(c);
    }
}

static void came(uv_stream_t *pipe, int status)
{
    struct conn *c = status < 0 ? NULL : calloc(1, sizeof *c);

    if (c)
        accept_one(pipe->data, c);
}

// the socket

static void ctl_closed(uv_handle_t *h)
{
    struct ps_ctl *ctl = h->data;

    free(ctl->path);
    free(ctl);
}

void ps_ctl_close(struct ps_ctl *ctl)
{
    if (!ctl)
        return;
    PS_LIST_EACH_SAFE(it, &ctl->conns)
        drop(PS_CONTAINER(it, struct conn, link));
    ps_ctl_unclaim(ctl->path, &ctl->claim);
    uv_close((uv_handle_t *)&ctl->pipe, ctl_closed);
}

static int attach(struct ps_ctl *ctl)
{
    int err = uv_pipe_open(&ctl->pipe, ctl->claim.fd);

    if (err) {
        close(ctl->claim.fd);
        return err;
    }
    return uv_listen((uv_stream_t *)&ctl->pipe, PS_CTL_CONNS, came);
}

int ps_ctl_listen(struct ps_loop *l, const char *path, unsigned mode, ps_ctl_cb on_request, void *ctx,
                  struct ps_ctl **out, struct ps_fault *fault)
{
    struct ps_ctl *ctl = calloc(1, sizeof *ctl);
    char *copy = strdup(path);
    int err = ctl && copy ? ps_ctl_claim(path, mode, &ctl->claim, fault) : -ENOMEM;

    if (err) {
        if (err == -ENOMEM)
            ps_fault_set(fault, path, 0, "%s", ps_strerror(err));
        free(ctl);
        free(copy);
        return err;
    }
    ctl->loop = l;
    ctl->path = copy;
    ctl->on_request = on_request;
    ctl->ctx = ctx;
    ctl->idle = PS_CTL_IDLE;
    ctl->conns_max = PS_CTL_CONNS;
    ps_list_init(&ctl->conns);
    uv_pipe_init(ps_loop_uv(l), &ctl->pipe, 0);
    ctl->pipe.data = ctl;
    err = attach(ctl);
    if (err) {
        ps_fault_set(fault, path, 0, "%s", ps_strerror(err));
        ps_ctl_close(ctl);
        return err;
    }
    *out = ctl;
    return 0;
}

static void set_timer(struct conn *c)
{
    if (c->request == 0)
        ps_timer_start(c->timer, c->ctl->idle);
}

void ps_ctl_set_conns(struct ps_ctl *ctl, unsigned max)
{
    int fd;

    ctl->conns_max = max;
    if (uv_fileno((uv_handle_t *)&ctl->pipe, &fd) == 0)
        (void)listen(fd, (int)max);
}

void ps_ctl_set_idle(struct ps_ctl *ctl, ps_ns idle)
{
    ctl->idle = idle;
    PS_LIST_EACH(it, &ctl->conns)
        set_timer(PS_CONTAINER(it, struct conn, link));
}

size_t ps_ctl_conns(const struct ps_ctl *ctl)
{
    return ctl->nconns;
}
