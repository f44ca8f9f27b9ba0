// SPDX-License-Identifier: Apache-2.0
// libmicrohttpd, driven by the loop: it keeps the sockets in an epoll descriptor of its own, which the loop
// watches. It is told of connections that we have taken ourselves, so that one server has many listeners, and
// bounds of our own. Its time-outs are not used: see httpd_sweep.
#include <errno.h>
#include <microhttpd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/un.h>
#include "base/ps_err.h"
#include "http/ps_httpd_impl.h"

#define FIELDS_MAX 256
#define PAUSES 7     // the longest is 64 ms
#define READ_MIN 128 // octets of a long head that the library reads in a run

// TLS 1.2 and later.
#define PRIORITIES "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:%SERVER_PRECEDENCE"

// running

// Whether anything comes of running it at once. While it waits for a client to go on with its handshake the library
// wants to be run again and again (0.9.75 does not notice that the socket has nothing): then it has to wait a little.
// So many runs in which it calls nothing of ours are in order as a head can take: it sends one record of TLS in each, or
// reads a little, the less the fuller its memory is.
static ps_ns pause_of(struct httpd_engine *e, uint64_t before)
{
    unsigned at_once = (unsigned)(e->h->conf.head_max / READ_MIN);

    if (e->acts != before)
        e->vain = 0;
    else if (e->vain < at_once + PAUSES)
        e->vain++;
    return e->vain <= at_once ? 0 : PS_MSEC << (e->vain - at_once - 1);
}

static void run(struct httpd_engine *e)
{
    struct ps_httpd *h = e->h;
    uint64_t before = e->acts;
    MHD_UNSIGNED_LONG_LONG after;

    h->running = true;
    MHD_run(e->mhd);
    h->running = false;
    if (MHD_get_timeout(e->mhd, &after) == MHD_YES && after == 0) {
        ps_ns pause = pause_of(e, before);
        if (pause)
            ps_timer_start(e->again, pause);
        else
            httpd_engine_kick(e);
    }
    if (h->closed || (e->retired && e->conns == 0))
        httpd_tidy(h);
}

void httpd_engine_reap(struct httpd_engine *e)
{
    e->h->running = true;
    MHD_run(e->mhd);
    e->h->running = false;
    httpd_engine_kick(e);
}

static void ready(void *ctx, int bits)
{
    struct httpd_engine *e = ctx;

    (void)bits;
    e->vain = 0;
    run(e);
}

static void again(void *ctx)
{
    run(ctx);
}

static void kicked(void *ctx)
{
    struct httpd_engine *e = ctx;

    e->kicked = false;
    if (e->h)
        run(e);
    else
        free(e); // it was stopped meanwhile
}

// Deferred calls leave the sockets their turn, where a timer of no time at all would be called again at once.
void httpd_engine_kick(struct httpd_engine *e)
{
    if (e->kicked)
        return;
    e->kicked = ps_defer(e->h->loop, kicked, e) == 0;
    if (!e->kicked)
        ps_timer_start(e->again, PS_MSEC);
}

// the head, as the library has read it

struct gather {
    struct ps_http_field *fields;
    size_t n, octets;
    const char *at; // where the next one has to begin
    bool in_place;  // all have begun there so far
};

// Whether the library running is one of those: it need not be the one this was built with.
static bool is_lax(void)
{
    return strncmp(MHD_get_version(), "0.", 2) == 0;
}

// The library overlooks a line that continues the one before (and makes it part of that one's name), and what
// stands behind a NUL: it then answers another request than the one that was sent. Versions before 1.0 leave
// the head where it was read, with NULs in place of colons and line ends, so that nothing must lie between what
// they tell.
static void follow(struct gather *g, const char *name, size_t name_len, const char *value, size_t value_len)
{
    const char *p = g->at;

    if (g->n > 0 || *p == '\0')
        p += p[1] == '\0' && name == p + 2 ? 2 : 1;
    g->in_place = g->in_place && name == p;
    p += name_len + 1;
    if (!g->in_place || p[-1] != '\0') {
        g->in_place = false;
        return;
    }
    p += strspn(p, " \t");
    g->in_place = value == p;
    g->at = value + value_len;
}

static enum MHD_Result gather_one(void *ctx, enum MHD_ValueKind kind, const char *name, size_t name_len,
                                  const char *value, size_t value_len)
{
    struct gather *g = ctx;

    (void)kind;
    if (g->n == FIELDS_MAX)
        return MHD_NO;
    if (!value)
        value = "", value_len = 0;
    if (g->in_place)
        follow(g, name, name_len, value, value_len);
    g->fields[g->n++] = (struct ps_http_field){name, value};
    g->octets += name_len + value_len + 2;
    return MHD_YES;
}

// The same of the request line: method, one blank, target, one blank, version.
static bool begins_in_place(const struct ps_http_req *req, const char *method, const char *version)
{
    return method + strlen(method) + 1 == req->target_at &&
           req->target_at + strlen(req->target) + 1 == version;
}

static bool ends_in_place(struct MHD_Connection *mhd, const struct gather *g, const char *method)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    const char *end = info ? method + info->header_size : NULL;

    if (!g->in_place || !end || end < g->at || end - g->at > 4)
        return false;
    for (const char *p = g->at; p < end; p++)
        if (*p)
            return false;
    return true;
}

static char *copied(char **to, const char *text)
{
    size_t n = strlen(text) + 1;
    char *at = memcpy(*to, text, n);

    *to += n;
    return at;
}

// The library's memory goes when the connection does; a handler may still hold the request then.
static int copy_head(struct ps_http_req *req, const struct gather *g, const char *method, const char *version)
{
    size_t fields = g->n * sizeof *g->fields;
    char *mem = malloc(fields + g->octets + strlen(method) + strlen(version) + 2), *to;
    struct ps_http_field *copy = (struct ps_http_field *)(void *)mem;

    if (!mem)
        return -ENOMEM;
    req->head_memory = mem;
    to = mem + fields;
    for (size_t i = 0; i < g->n; i++) {
        copy[i].name = copied(&to, g->fields[i].name);
        copy[i].value = copied(&to, g->fields[i].value);
    }
    req->head = (struct ps_http_head){.fields = copy, .nfields = g->n, .target = req->target};
    req->head.method = copied(&to, method);
    req->head.version = copied(&to, version);
    return 0;
}

static int read_head(struct ps_http_req *req, struct MHD_Connection *mhd, const char *method,
                     const char *version)
{
    struct ps_http_field fields[FIELDS_MAX];
    struct gather g = {.fields = fields, .at = version + strlen(version), .in_place = true};
    int n = MHD_get_connection_values_n(mhd, MHD_HEADER_KIND, NULL, NULL);

    if (n > FIELDS_MAX) {
        req->verdict = MHD_HTTP_REQUEST_HEADER_FIELDS_TOO_LARGE;
        req->why = "there are too many headers";
    }
    MHD_get_connection_values_n(mhd, MHD_HEADER_KIND, gather_one, &g);
    if (!req->verdict && is_lax() &&
        !(begins_in_place(req, method, version) && ends_in_place(mhd, &g, method))) {
        req->verdict = MHD_HTTP_BAD_REQUEST;
        req->why = "a header goes on in a second line, or a line holds a NUL or too many blanks";
    }
    return copy_head(req, &g, method, version);
}

// the library's calls

// The library would read the parameters, too, which are ours to read; when its memory does not hold them it forgets the
// answer that it has made, and waits. The target is its own to write to, and what it does next.
static void hide_query(const char *target)
{
    char *query = strchr((char *)(uintptr_t)target, '?');

    if (query)
        query[1] = '\0';
}

static void *begins(void *cls, const char *target, struct MHD_Connection *mhd)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

    struct ps_http_req *req = httpd_req_new(info->socket_context, target ? target : "");

    (void)cls;
    if (req)
        req->target_at = target;
    if (target)
        hide_query(target);
    return req;
}

static enum MHD_Result queue(struct ps_http_req *req)
{
    return httpd_reply_queue(req) ? MHD_YES : MHD_NO;
}

static enum MHD_Result head_came(struct ps_http_req *req, struct MHD_Connection *mhd, const char *method,
                                 const char *version)
{
    if (read_head(req, mhd, method, version))
        return MHD_NO;
    httpd_req_head(req);
    if (!httpd_req_is_early(req))
        return MHD_YES;
    if (req->phase != HTTPD_ANSWERED)
        httpd_reply_verdict(req);
    return queue(req);
}

// The whole request, or the answer to it, is there.
static enum MHD_Result whole(struct ps_http_req *req)
{
    if (req->cut)
        return MHD_NO;
    if (req->phase == HTTPD_BODY)
        httpd_req_whole(req);
    if (req->phase == HTTPD_ANSWERED)
        return queue(req);
    MHD_suspend_connection(req->conn->mhd);
    req->suspended = true;
    return MHD_YES;
}

static enum MHD_Result handle(void *cls, struct MHD_Connection *mhd, const char *url, const char *method,
                              const char *version, const char *data, size_t *len, void **ctx)
{
    struct httpd_engine *e = cls;
    struct ps_http_req *req = *ctx;

    (void)url;
    e->acts++;
    if (!req || e->h->closed)
        return MHD_NO;
    if (req->phase == HTTPD_HEAD)
        return head_came(req, mhd, method, version);
    if (*len == 0)
        return whole(req);
    httpd_req_data(req, data, *len);
    *len = 0;
    return req->verdict == HTTPD_GIVE_UP ? MHD_NO : MHD_YES;
}

static void completed(void *cls, struct MHD_Connection *mhd, void **ctx, enum MHD_RequestTerminationCode code)
{
    struct httpd_engine *e = cls;
    struct ps_http_req *req = *ctx;

    (void)mhd;
    e->acts++;
    *ctx = NULL;
    if (req)
        httpd_req_over(req, code == MHD_REQUEST_TERMINATED_COMPLETED_OK);
}

static void connected(void *cls, struct MHD_Connection *mhd, void **ctx,
                      enum MHD_ConnectionNotificationCode code)
{
    struct httpd_engine *e = cls;

    e->acts++;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        *ctx = e->h->arriving;
        e->h->arriving->mhd = mhd;
    } else {
        httpd_conn_ended(*ctx);
        *ctx = NULL;
    }
}

// Only what keeps it from starting is of interest; the rest is about what some client did.
__attribute__((format(printf, 2, 0))) static void complain(void *cls, const char *fmt, va_list ap)
{
    struct httpd_engine *e = cls;

    if (e->mhd || e->words[0])
        return;
    vsnprintf(e->words, sizeof e->words, fmt, ap);
    e->words[strcspn(e->words, "\n")] = '\0';
}

// starting and stopping

static struct MHD_Daemon *start(struct httpd_engine *e, const char *cert, const char *key)
{
    unsigned flags = MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG;
    struct MHD_OptionItem tls[] = {{MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)(uintptr_t)cert},
                                   {MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)(uintptr_t)key},
                                   {MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)(uintptr_t)PRIORITIES},
                                   {MHD_OPTION_END, 0, NULL}};

    if (cert)
        flags |= MHD_USE_TLS;
    else
        tls[0].option = MHD_OPTION_END;
    // Twice as many connections as there may be, since those that make room are gone only a moment later.
    return MHD_start_daemon(flags, 0, NULL, NULL, handle, e, MHD_OPTION_EXTERNAL_LOGGER, complain, e,
                            MHD_OPTION_URI_LOG_CALLBACK, begins, e, MHD_OPTION_NOTIFY_COMPLETED, completed, e,
                            MHD_OPTION_NOTIFY_CONNECTION, connected, e, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
                            e->h->conf.head_max, MHD_OPTION_CONNECTION_LIMIT, 2 * e->h->conf.conns_max + 16,
                            MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, MHD_OPTION_CONNECTION_TIMEOUT, 0u,
                            MHD_OPTION_ARRAY, tls, MHD_OPTION_END);
}

static int watch(struct httpd_engine *e)
{
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(e->mhd, MHD_DAEMON_INFO_EPOLL_FD);
    int err = ps_watch_new(e->h->loop, info->epoll_fd, ready, e, &e->watch);

    if (!err)
        err = ps_timer_new(e->h->loop, &e->again, again, e);
    if (!err)
        ps_watch_set(e->watch, PS_WATCH_READ);
    return err;
}

int httpd_engine_start(struct ps_httpd *h, const char *cert, const char *key, struct ps_fault *fault,
                       struct httpd_engine **out)
{
    struct httpd_engine *e = calloc(1, sizeof *e);
    int err;

    if (!e)
        return -ENOMEM;
    e->h = h;
    e->tls = cert != NULL;
    e->mhd = start(e, cert, key);
    ps_list_append(&h->engines, &e->link);
    err = e->mhd ? watch(e) : PS_EMALFORMED;
    if (err) {
        ps_fault_set(fault, NULL, 0, "%s", e->words[0] ? e->words : ps_strerror(err));
        httpd_engine_stop(e);
        return err;
    }
    *out = e;
    return 0;
}

int httpd_engine_add(struct httpd_engine *e, struct httpd_conn *c)
{
    static const struct sockaddr_un local = {.sun_family = AF_UNIX};
    const struct sockaddr *sa = c->peer.len ? &c->peer.sa : (const struct sockaddr *)&local;
    socklen_t len = c->peer.len ? c->peer.len : sizeof local.sun_family;
    enum MHD_Result added;

    e->h->arriving = c;
    added = MHD_add_connection(e->mhd, c->fd, sa, len);
    e->h->arriving = NULL;
    return added == MHD_YES ? 0 : -ECONNABORTED;
}

void httpd_resume(struct ps_http_req *req)
{
    if (!req->suspended || !req->conn)
        return;
    req->suspended = false;
    MHD_resume_connection(req->conn->mhd);
    httpd_engine_kick(req->conn->e);
}

void httpd_engine_stop(struct httpd_engine *e)
{
    struct ps_httpd *h = e->h;

    ps_watch_free(e->watch);
    PS_LIST_EACH(it, &h->busy) {
        struct httpd_conn *c = PS_CONTAINER(it, struct httpd_conn, link);
        if (c->e == e && c->req)
            httpd_resume(c->req); // the library aborts when one is not
    }
    ps_timer_free(e->again);
    h->running = true;
    if (e->mhd)
        MHD_stop_daemon(e->mhd); // tells of the end of each connection
    h->running = false;
    ps_list_remove(&e->link);
    e->h = NULL;
    if (!e->kicked)
        free(e);
}
