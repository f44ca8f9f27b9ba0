// SPDX-License-Identifier: Apache-2.0
// libcurl, driven by the loop: it tells which descriptors it wants watched and when it wants to be woken.
#include "http/ps_httpc.h"
#include <curl/curl.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>
#include "base/ps_buf.h"
#include "base/ps_err.h"
#include "base/ps_list.h"
#include "http/ps_url.h"
#include "loop/ps_watch.h"

#define TIMEOUT (30 * PS_SEC)
#define ANSWER_MAX ((size_t)16 << 20)
#define HEADERS_MAX 65536

struct ps_httpc {
    CURLM *multi;
    struct ps_loop *loop;
    struct ps_timer *timer;
    struct ps_list calls, sockets;
    size_t ncalls;
    char *agent;
    bool telling; // callbacks of the owner are being called
    bool closed;
};

struct sock {
    struct ps_list link;
    struct ps_httpc *c;
    struct ps_watch *watch;
    curl_socket_t fd;
};

struct ps_httpc_call {
    struct ps_list link;
    struct ps_httpc *c;
    CURL *easy;
    struct curl_slist *headers;
    char *body, *url;
    size_t answer_max, got;
    int sink;
    bool told; // its callback is being called, or was
    int err;   // ours: of the sink or the bound
    struct ps_buf in, head;
    ps_httpc_cb cb;
    void *ctx;
    char error[CURL_ERROR_SIZE];
};

static void free_call(struct ps_httpc_call *call)
{
    ps_list_remove(&call->link);
    call->c->ncalls--;
    if (call->easy) {
        curl_multi_remove_handle(call->c->multi, call->easy);
        curl_easy_cleanup(call->easy);
    }
    curl_slist_free_all(call->headers);
    ps_buf_fini(&call->in);
    ps_buf_fini(&call->head);
    free(call->body);
    free(call->url);
    free(call);
}

// what came

static size_t body_came(char *data, size_t one, size_t n, void *ctx)
{
    struct ps_httpc_call *call = ctx;
    size_t done = 0;

    n *= one;
    if (n > call->answer_max - call->got)
        call->err = PS_ELIMIT;
    else if (call->sink <= 0)
        call->err = ps_buf_append(&call->in, data, n);
    while (!call->err && call->sink > 0 && done < n) {
        ssize_t w = write(call->sink, data + done, n - done);
        if (w > 0)
            done += (size_t)w;
        else if (w == 0 || errno != EINTR)
            call->err = w == 0 ? -EIO : -errno;
    }
    call->got += n;
    return call->err ? 0 : n;
}

// Of the last answer alone: each begins with its status line.
static size_t header_came(char *data, size_t one, size_t n, void *ctx)
{
    struct ps_httpc_call *call = ctx;

    n *= one;
    if (n > 5 && strncmp(data, "HTTP/", 5) == 0)
        ps_buf_clear(&call->head);
    if (ps_buf_append(&call->head, data, n) == 0)
        return n;
    call->err = PS_ELIMIT;
    return 0;
}

// Whether the line (to its end or to a NUL) is that header; its value then.
static const char *value_of(const char *line, const char *name)
{
    size_t n = strlen(name);

    if (strncasecmp(line, name, n) != 0 || line[n] != ':')
        return NULL;
    return line + n + 1 + strspn(line + n + 1, " \t");
}

const char *ps_httpc_header(const struct ps_httpc_answer *a, const char *name, char *out, size_t size)
{
    for (const char *line = a->headers; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        const char *value = value_of(line, name);
        if (value) {
            size_t n = strcspn(value, "\r\n");
            n = n < size ? n : size - 1;
            memcpy(out, value, n);
            out[n] = '\0';
            return out;
        }
    }
    return NULL;
}

// telling

static int code_of(const struct ps_httpc_call *call, CURLcode rc)
{
    static const struct {
        CURLcode curl;
        int err;
    } codes[] = {{CURLE_OK, 0},
                 {CURLE_OPERATION_TIMEDOUT, PS_ETIMEOUT},
                 {CURLE_COULDNT_RESOLVE_HOST, PS_ERESOLVE},
                 {CURLE_COULDNT_RESOLVE_PROXY, PS_ERESOLVE},
                 {CURLE_COULDNT_CONNECT, PS_EREFUSED},
                 {CURLE_INTERFACE_FAILED, PS_EREFUSED},
                 {CURLE_PEER_FAILED_VERIFICATION, PS_EAUTH},
                 {CURLE_SSL_CACERT_BADFILE, PS_EAUTH},
                 {CURLE_TOO_MANY_REDIRECTS, PS_ELIMIT},
                 {CURLE_FILESIZE_EXCEEDED, PS_ELIMIT},
                 {CURLE_GOT_NOTHING, PS_ECLOSED},
                 {CURLE_PARTIAL_FILE, PS_ECLOSED},
                 {CURLE_RECV_ERROR, PS_ECLOSED},
                 {CURLE_SEND_ERROR, PS_ECLOSED},
                 {CURLE_URL_MALFORMAT, PS_ESYNTAX},
                 {CURLE_UNSUPPORTED_PROTOCOL, PS_EUNSUPPORTED},
                 {CURLE_OUT_OF_MEMORY, -ENOMEM}};

    if (call->err)
        return call->err;
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
        if (codes[i].curl == rc)
            return codes[i].err;
    return PS_EPROTO;
}

// The URL without a password, for messages; as it is when it is none.
static void put_url(struct ps_buf *out, const char *url)
{
    struct ps_url u;

    if (ps_url_parse(&u, url, strlen(url)) == 0) {
        ps_url_format(&u, true, out);
        ps_url_fini(&u);
    } else {
        ps_buf_printf(out, "%s", strchr(url, '@') ? "the URL" : url);
    }
}

static void put_cause(struct ps_buf *out, const struct ps_httpc_call *call, CURLcode rc)
{
    long sys = 0;

    if (call->err == PS_ELIMIT) {
        ps_buf_printf(out, "the answer is larger than %zu octets", call->answer_max);
    } else if (call->err) {
        ps_buf_printf(out, "the answer cannot be kept: %s", ps_strerror(call->err));
    } else {
        ps_buf_printf(out, "%s", call->error[0] ? call->error : curl_easy_strerror(rc));
        if (rc == CURLE_COULDNT_CONNECT &&
            curl_easy_getinfo(call->easy, CURLINFO_OS_ERRNO, &sys) == CURLE_OK && sys)
            ps_buf_printf(out, ": %s", strerror((int)sys));
    }
}

static const char *end_text(struct ps_buf *b)
{
    uint8_t *end;

    b->max = 0;
    if (ps_buf_reserve(b, 1, &end))
        return "";
    *end = '\0';
    return (const char *)ps_buf_head(b);
}

static void tell(struct ps_httpc_call *call, CURLcode rc)
{
    struct ps_httpc_answer a = {.err = code_of(call, rc)};
    struct ps_buf why;
    long status = 0;
    char *url = NULL;

    ps_buf_init(&why, 0);
    curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(call->easy, CURLINFO_EFFECTIVE_URL, &url);
    if (a.err) {
        put_url(&why, call->url);
        ps_buf_printf(&why, ": ");
        put_cause(&why, call, rc);
    }
    a.why = end_text(&why);
    a.status = (int)status;
    a.len = ps_buf_len(&call->in);
    a.body = end_text(&call->in);
    a.url = url ? url : call->url;
    a.headers = end_text(&call->head);
    call->cb(call->ctx, &a);
    ps_buf_fini(&why);
}

static void destroy(struct ps_httpc *c)
{
    PS_LIST_EACH_SAFE(it, &c->calls)
        free_call(PS_CONTAINER(it, struct ps_httpc_call, link));
    if (c->multi)
        curl_multi_cleanup(c->multi);
    PS_LIST_EACH_SAFE(it, &c->sockets) {
        struct sock *s = PS_CONTAINER(it, struct sock, link);
        ps_watch_free(s->watch);
        free(s);
    }
    ps_timer_free(c->timer);
    free(c->agent);
    free(c);
    curl_global_cleanup();
}

// The call is taken out first: its owner may cancel others, ask anew, or free all.
static void tell_all(struct ps_httpc *c)
{
    CURLMsg *m;
    int left;

    if (c->telling)
        return;
    c->telling = true;
    while (!c->closed && (m = curl_multi_info_read(c->multi, &left))) {
        struct ps_httpc_call *call;
        CURLcode rc = m->data.result;
        curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &call);
        curl_multi_remove_handle(c->multi, m->easy_handle);
        call->told = true;
        tell(call, rc);
        free_call(call);
    }
    c->telling = false;
    if (c->closed)
        destroy(c);
}

// the loop

static void act(struct ps_httpc *c, curl_socket_t fd, int bits)
{
    int running;

    curl_multi_socket_action(c->multi, fd, bits, &running);
    tell_all(c);
}

static void ready(void *ctx, int bits)
{
    struct sock *s = ctx;

    act(s->c, s->fd,
        (bits & PS_WATCH_READ ? CURL_CSELECT_IN : 0) | (bits & PS_WATCH_WRITE ? CURL_CSELECT_OUT : 0));
}

static void due(void *ctx)
{
    act(ctx, CURL_SOCKET_TIMEOUT, 0);
}

static void unwatch(struct sock *s)
{
    ps_list_remove(&s->link);
    ps_watch_free(s->watch);
    free(s);
}

static struct sock *watch(struct ps_httpc *c, curl_socket_t fd)
{
    struct sock *s = calloc(1, sizeof *s);

    if (!s || ps_watch_new(c->loop, fd, ready, s, &s->watch)) {
        free(s);
        return NULL;
    }
    s->c = c;
    s->fd = fd;
    ps_list_append(&c->sockets, &s->link);
    curl_multi_assign(c->multi, fd, s);
    return s;
}

static int socket_wanted(CURL *easy, curl_socket_t fd, int what, void *ctx, void *assigned)
{
    struct sock *s = assigned;

    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        if (s)
            unwatch(s);
        return 0;
    }
    if (!s)
        s = watch(ctx, fd);
    if (!s)
        return -1;
    ps_watch_set(s->watch,
                 (what & CURL_POLL_IN ? PS_WATCH_READ : 0) | (what & CURL_POLL_OUT ? PS_WATCH_WRITE : 0));
    return 0;
}

static int timer_wanted(CURLM *multi, long ms, void *ctx)
{
    struct ps_httpc *c = ctx;

    (void)multi;
    if (ms < 0)
        ps_timer_stop(c->timer);
    else
        ps_timer_start(c->timer, ms * PS_MSEC);
    return 0;
}

static int set_up(struct ps_httpc *c, const struct ps_httpc_conf *conf)
{
    int err = ps_timer_new(c->loop, &c->timer, due, c);

    if (!err && conf->agent)
        c->agent = strdup(conf->agent);
    c->multi = curl_multi_init();
    if (err || !c->multi || (conf->agent && !c->agent))
        return err ? err : -ENOMEM;
    curl_multi_setopt(c->multi, CURLMOPT_SOCKETFUNCTION, socket_wanted);
    curl_multi_setopt(c->multi, CURLMOPT_SOCKETDATA, c);
    curl_multi_setopt(c->multi, CURLMOPT_TIMERFUNCTION, timer_wanted);
    curl_multi_setopt(c->multi, CURLMOPT_TIMERDATA, c);
    curl_multi_setopt(c->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long)conf->conns_max);
    curl_multi_setopt(c->multi, CURLMOPT_MAX_HOST_CONNECTIONS, (long)conf->conns_per_host);
    return 0;
}

int ps_httpc_new(struct ps_loop *l, const struct ps_httpc_conf *conf, struct ps_httpc **out)
{
    struct ps_httpc *c = calloc(1, sizeof *c);
    int err;

    if (!c)
        return -ENOMEM;
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        free(c);
        return -ENOMEM;
    }
    c->loop = l;
    ps_list_init(&c->calls);
    ps_list_init(&c->sockets);
    err = set_up(c, conf);
    if (err)
        destroy(c);
    else
        *out = c;
    return err;
}

void ps_httpc_free(struct ps_httpc *c)
{
    if (!c)
        return;
    c->closed = true;
    if (!c->telling)
        destroy(c);
}

size_t ps_httpc_calls(const struct ps_httpc *c)
{
    return c->ncalls;
}

// asking

static bool is_line(const char *text)
{
    return !strpbrk(text, "\r\n");
}

static int add_header(struct ps_httpc_call *call, const char *line)
{
    struct curl_slist *list = is_line(line) ? curl_slist_append(call->headers, line) : NULL;

    if (!list)
        return is_line(line) ? -ENOMEM : -EINVAL;
    call->headers = list;
    return 0;
}

// The library would wait a second for "100 Continue", and call every body a form.
static int set_headers(struct ps_httpc_call *call, const struct ps_httpc_ask *ask)
{
    bool typed = false;
    int err = add_header(call, "Expect:");

    for (size_t i = 0; !err && i < ask->nheaders; i++) {
        typed = typed || strncasecmp(ask->headers[i], "Content-Type:", 13) == 0;
        err = add_header(call, ask->headers[i]);
    }
    if (!err && !typed)
        err = add_header(call, "Content-Type:");
    curl_easy_setopt(call->easy, CURLOPT_HTTPHEADER, call->headers);
    return err;
}

static int set_method(struct ps_httpc_call *call, const struct ps_httpc_ask *ask)
{
    CURL *e = call->easy;

    if (!is_line(ask->method) || !*ask->method)
        return -EINVAL;
    if (ask->body_len > 0 || strcmp(ask->method, "POST") == 0 || strcmp(ask->method, "PUT") == 0) {
        call->body = malloc(ask->body_len + 1);
        if (!call->body)
            return -ENOMEM;
        if (ask->body_len > 0)
            memcpy(call->body, ask->body, ask->body_len);
        curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)ask->body_len);
        curl_easy_setopt(e, CURLOPT_POSTFIELDS, call->body);
    }
    if (strcmp(ask->method, "HEAD") == 0)
        curl_easy_setopt(e, CURLOPT_NOBODY, 1L);
    else if (strcmp(ask->method, call->body ? "POST" : "GET") != 0)
        curl_easy_setopt(e, CURLOPT_CUSTOMREQUEST, ask->method);
    return 0;
}

static void set_protocols(CURL *e)
{
#if LIBCURL_VERSION_NUM >= 0x075500
    curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(e, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
#else
    curl_easy_setopt(e, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
    curl_easy_setopt(e, CURLOPT_REDIR_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
}

static void set_calls(struct ps_httpc_call *call)
{
    CURL *e = call->easy;

    curl_easy_setopt(e, CURLOPT_PRIVATE, call);
    curl_easy_setopt(e, CURLOPT_ERRORBUFFER, call->error);
    curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, body_came);
    curl_easy_setopt(e, CURLOPT_WRITEDATA, call);
    curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, header_came);
    curl_easy_setopt(e, CURLOPT_HEADERDATA, call);
    curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(e, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    curl_easy_setopt(e, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(e, CURLOPT_ACCEPT_ENCODING, "gzip");
#if LIBCURL_VERSION_NUM >= 0x075700
    curl_easy_setopt(e, CURLOPT_QUICK_EXIT,
                     1L); // or ending a request waits until its name has been looked up
#endif
}

static int set_where(struct ps_httpc_call *call, const struct ps_httpc_ask *ask)
{
    CURL *e = call->easy;
    CURLcode rc = curl_easy_setopt(e, CURLOPT_URL, ask->url);
    bool by_env = ask->proxy && strcmp(ask->proxy, PS_HTTPC_ENV_PROXY) == 0;

    set_protocols(e);
    curl_easy_setopt(e, CURLOPT_IPRESOLVE,
                     (long)(ask->ip_version == 4   ? CURL_IPRESOLVE_V4
                            : ask->ip_version == 6 ? CURL_IPRESOLVE_V6
                                                   : CURL_IPRESOLVE_WHATEVER));
    curl_easy_setopt(e, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(e, CURLOPT_SSL_VERIFYPEER, ask->insecure ? 0L : 1L);
    curl_easy_setopt(e, CURLOPT_SSL_VERIFYHOST, ask->insecure ? 0L : 2L);
    if (rc == CURLE_OK && ask->ca_file)
        rc = curl_easy_setopt(e, CURLOPT_CAINFO, ask->ca_file);
    if (rc == CURLE_OK && ask->bind)
        rc = curl_easy_setopt(e, CURLOPT_INTERFACE, ask->bind);
    if (rc == CURLE_OK && !by_env)
        rc = curl_easy_setopt(e, CURLOPT_PROXY, ask->proxy ? ask->proxy : "");
    if (rc == CURLE_OK && ask->unix_path)
        rc = curl_easy_setopt(e, CURLOPT_UNIX_SOCKET_PATH, ask->unix_path);
    if (rc == CURLE_OK && call->c->agent)
        rc = curl_easy_setopt(e, CURLOPT_USERAGENT, call->c->agent);
    if (rc == CURLE_OK)
        return 0;
    return rc == CURLE_OUT_OF_MEMORY ? -ENOMEM : PS_EUNSUPPORTED;
}

static void set_bounds(struct ps_httpc_call *call, const struct ps_httpc_ask *ask)
{
    ps_ns timeout = ask->timeout > 0 ? ask->timeout : TIMEOUT;

    call->answer_max = ask->answer_max ? ask->answer_max : ANSWER_MAX;
    ps_buf_init(&call->in, call->answer_max);
    ps_buf_init(&call->head, HEADERS_MAX);
    curl_easy_setopt(call->easy, CURLOPT_TIMEOUT_MS, (long)((timeout + PS_MSEC - 1) / PS_MSEC));
    curl_easy_setopt(call->easy, CURLOPT_FOLLOWLOCATION, ask->redirects > 0 ? 1L : 0L);
    curl_easy_setopt(call->easy, CURLOPT_MAXREDIRS, (long)ask->redirects);
}

static int prepare(struct ps_httpc_call *call, const struct ps_httpc_ask *ask)
{
    int err;

    call->url = strdup(ask->url);
    call->easy = curl_easy_init();
    if (!call->url || !call->easy)
        return -ENOMEM;
    set_calls(call);
    set_bounds(call, ask);
    err = set_where(call, ask);
    if (!err)
        err = set_method(call, ask);
    return err ? err : set_headers(call, ask);
}

int ps_httpc_ask(struct ps_httpc *c, const struct ps_httpc_ask *ask, ps_httpc_cb cb, void *ctx,
                 struct ps_httpc_call **out)
{
    struct ps_httpc_call *call = calloc(1, sizeof *call);
    int err;

    if (!call)
        return -ENOMEM;
    call->c = c;
    call->sink = ask->sink;
    call->cb = cb;
    call->ctx = ctx;
    ps_list_append(&c->calls, &call->link);
    c->ncalls++;
    err = prepare(call, ask);
    if (!err && curl_multi_add_handle(c->multi, call->easy) != CURLM_OK)
        err = -ENOMEM;
    if (err)
        free_call(call);
    else if (out)
        *out = call;
    return err;
}

void ps_httpc_cancel(struct ps_httpc_call *call)
{
    if (call && !call->told)
        free_call(call);
}
