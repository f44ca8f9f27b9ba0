// SPDX-License-Identifier: Apache-2.0
#include "http/ps_mirror.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include "base/ps_err.h"
#include "http/ps_mirror_impl.h"
#include "http/ps_url.h"

#define WAIT_LEAST PS_SEC
#define SLACK_MOST (10 * PS_SEC)
#define DOC_MAX ((size_t)16 << 20)
#define REDIRECTS 5
#define WHY_MAX 700
#define SHOWN_MAX 200 // of the URL in words

// Strings of the configuration that are copied.
enum { URL, PATH, BIND, CA_FILE, PROXY, STRINGS };

struct ps_mirror {
    struct ps_loop *loop;
    struct ps_httpc *http;
    struct ps_mirror_conf conf;
    char *strings[STRINGS];
    struct ps_buf shown; // the URL without a password, with a NUL
    struct ps_timer *timer;
    struct ps_httpc_call *call;
    struct ps_mirror_disk *disk;
    struct ps_mirror_state state; // without why and age
    char why[WHY_MAX];
    struct ps_mirror_head head; // of what is in force
    // What is being looked at, till it is decided.
    struct ps_mirror_doc doc;
    struct ps_mirror_head doc_head;
    char *held; // its memory, where it is put off
    bool deciding;
};

static ps_ns wall(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_REALTIME, &ts);
    return ts.tv_sec * PS_SEC + ts.tv_nsec;
}

static const char *shown_url(const struct ps_mirror *m)
{
    return (const char *)ps_buf_head(&m->shown);
}

// --- after an attempt

static void again_in(struct ps_mirror *m, ps_ns wait)
{
    ps_ns slack = wait / 10;

    ps_timer_about(m->timer, wait, slack < SLACK_MOST ? slack : SLACK_MOST);
}

static void tell(struct ps_mirror *m)
{
    if (m->conf.told)
        m->conf.told(m->conf.ctx, m); // may free
}

static void succeed(struct ps_mirror *m)
{
    m->state.err = 0;
    m->state.failures = 0;
    m->why[0] = '\0';
    again_in(m, m->conf.update);
    tell(m);
}

static void fail(struct ps_mirror *m, int err, const char *why)
{
    m->state.err = err;
    m->state.failures++;
    snprintf(m->why, sizeof m->why, "%s", why);
    again_in(m, m->conf.retry);
    tell(m);
}

__attribute__((format(printf, 3, 4))) static void fail_for(struct ps_mirror *m, int err, const char *fmt, ...)
{
    char why[WHY_MAX];
    va_list ap;
    int n = snprintf(why, sizeof why, "%.*s: ", SHOWN_MAX, shown_url(m));

    va_start(ap, fmt);
    vsnprintf(why + n, sizeof why - (size_t)n, fmt, ap);
    va_end(ap);
    fail(m, err, why);
}

// --- the copy on disk

static void on_disk(void *ctx, int err)
{
    struct ps_mirror *m = ctx;

    m->state.disk_err = err;
    if (err)
        m->head = (struct ps_mirror_head){.etag = ""}; // so that it comes whole, and is written, next time
}

static void save(struct ps_mirror *m)
{
    struct ps_buf text;
    int err;

    if (!m->disk)
        return;
    ps_buf_init(&text, 0);
    err = ps_mirror_head_put(&text, shown_url(m), &m->doc_head);
    if (!err)
        err = ps_buf_append(&text, m->doc.data, m->doc.len);
    if (err) {
        m->state.disk_err = err;
        ps_buf_fini(&text);
    } else {
        ps_mirror_disk_write(m->disk, &text, m->doc.fetched);
    }
}

// --- what was looked at

static void drop_doc(struct ps_mirror *m)
{
    free(m->held);
    m->held = NULL;
    m->doc.data = NULL;
}

static void take_over(struct ps_mirror *m)
{
    m->state.in_force = true;
    m->state.from_disk = m->doc.from_disk;
    m->state.fetched = m->doc.fetched;
    m->state.len = m->doc.len;
    m->head = m->doc_head;
}

static void decided_of_disk(struct ps_mirror *m, int err)
{
    if (err)
        m->state.disk_err = err;
    else
        take_over(m);
    drop_doc(m);
    ps_timer_start(m->timer, 0); // it is fetched in any case
}

static void decided(struct ps_mirror *m, int err, const char *why)
{
    if (m->doc.from_disk) {
        decided_of_disk(m, err);
        return;
    }
    if (!err) {
        take_over(m);
        save(m);
    }
    drop_doc(m);
    if (err)
        fail_for(m, err, "%s", why && *why ? why : ps_strerror(err));
    else
        succeed(m);
}

void ps_mirror_decide(struct ps_mirror *m, int err, const char *why)
{
    if (!m->deciding)
        return;
    m->deciding = false;
    decided(m, err, why);
}

// m->doc is to be looked at; held is its memory, if that stays.
static void look_at(struct ps_mirror *m, char *held)
{
    char why[WHY_MAX] = "";
    int rc = m->conf.take(m->conf.ctx, &m->doc, why, sizeof why);

    m->held = held;
    if (rc == PS_MIRROR_LATER)
        m->deciding = true;
    else
        decided(m, rc, why);
}

// --- fetching

static bool begins(const char *text, const char *word)
{
    return strncasecmp(text, word, strlen(word)) == 0;
}

bool ps_mirror_is_html(const char *text)
{
    static const char *const words[] = {"<!doctype html", "<html",  "<head", "<body",
                                        "<script",        "<title", "<meta"};

    if (begins(text, "\xef\xbb\xbf"))
        text += 3;
    text += strspn(text, " \t\r\n");
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (begins(text, words[i]))
            return true;
    return false;
}

static void confirm(struct ps_mirror *m)
{
    m->state.fetched = wall();
    m->state.from_disk = false;
    if (m->disk)
        ps_mirror_disk_touch(m->disk, m->state.fetched);
    succeed(m);
}

static void take_tag(const struct ps_httpc_answer *a, const char *name, char out[PS_MIRROR_TAG_MAX])
{
    if (!ps_httpc_header(a, name, out, PS_MIRROR_TAG_MAX) || strlen(out) == PS_MIRROR_TAG_MAX - 1)
        out[0] = '\0'; // none, or perhaps cut off
}

static void take_answer(struct ps_mirror *m, const struct ps_httpc_answer *a)
{
    char *copy = malloc(a->len + 1);

    if (!copy) {
        fail_for(m, -ENOMEM, "not enough memory");
        return;
    }
    memcpy(copy, a->body, a->len + 1);
    m->doc = (struct ps_mirror_doc){.data = copy, .len = a->len, .fetched = wall()};
    take_tag(a, "ETag", m->doc_head.etag);
    take_tag(a, "Last-Modified", m->doc_head.modified);
    look_at(m, copy);
}

static void on_answer(void *ctx, const struct ps_httpc_answer *a)
{
    struct ps_mirror *m = ctx;

    m->call = NULL;
    if (a->err)
        fail(m, a->err, a->why);
    else if (a->status == 304 && m->state.in_force)
        confirm(m);
    else if (a->status != 200)
        fail_for(m, PS_EREFUSED, "it was answered with status %d", a->status);
    else if (a->len == 0)
        fail_for(m, PS_EMALFORMED, "it is empty");
    else if (!m->conf.html && ps_mirror_is_html(a->body))
        fail_for(m, PS_EMALFORMED, "it is a page of HTML");
    else
        take_answer(m, a);
}

// What is asked of the server, so that it need not send what is in force already.
static size_t conditions(const struct ps_mirror *m, char lines[2][PS_MIRROR_TAG_MAX + 32], const char *out[2])
{
    size_t n = 0;

    if (m->state.in_force && m->head.etag[0]) {
        snprintf(lines[n], sizeof lines[n], "If-None-Match: %s", m->head.etag);
        out[n] = lines[n];
        n++;
    }
    if (m->state.in_force && m->head.modified[0]) {
        snprintf(lines[n], sizeof lines[n], "If-Modified-Since: %s", m->head.modified);
        out[n] = lines[n];
        n++;
    }
    return n;
}

static void fetch(void *ctx)
{
    struct ps_mirror *m = ctx;
    char lines[2][PS_MIRROR_TAG_MAX + 32];
    const char *headers[2] = {NULL};
    struct ps_httpc_ask ask = {.method = "GET",
                               .url = m->conf.url,
                               .headers = headers,
                               .timeout = m->conf.timeout,
                               .answer_max = m->conf.max,
                               .redirects = REDIRECTS,
                               .insecure = m->conf.insecure,
                               .ca_file = m->conf.ca_file,
                               .bind = m->conf.bind,
                               .proxy = m->conf.proxy};
    int err;

    m->state.attempts++;
    ask.nheaders = conditions(m, lines, headers);
    err = ps_httpc_ask(m->http, &ask, on_answer, m, &m->call);
    if (err)
        fail_for(m, err, "it cannot be asked for: %s", ps_strerror(err));
}

// --- the whole

static int copy_string(struct ps_mirror *m, int which, const char **field)
{
    if (!*field)
        return 0;
    m->strings[which] = strdup(*field);
    *field = m->strings[which];
    return *field ? 0 : -ENOMEM;
}

static int copy_strings(struct ps_mirror *m)
{
    const char **const fields[STRINGS] = {
        [URL] = &m->conf.url,         [PATH] = &m->conf.path,   [BIND] = &m->conf.bind,
        [CA_FILE] = &m->conf.ca_file, [PROXY] = &m->conf.proxy,
    };
    int err = 0;

    for (int i = 0; !err && i < STRINGS; i++)
        err = copy_string(m, i, fields[i]);
    return err;
}

static int read_url(struct ps_mirror *m)
{
    struct ps_url u;
    int err = ps_url_parse(&u, m->conf.url, strlen(m->conf.url));

    if (err)
        return err;
    if (strcmp(u.scheme, "http") != 0 && strcmp(u.scheme, "https") != 0)
        err = PS_EUNSUPPORTED;
    if (!err)
        err = ps_url_format(&u, true, &m->shown);
    if (!err)
        err = ps_buf_append(&m->shown, "", 1);
    ps_url_fini(&u);
    return err;
}

static int set_up(struct ps_mirror *m)
{
    int err = copy_strings(m);

    if (!err)
        err = read_url(m);
    if (!err)
        err = ps_timer_new(m->loop, &m->timer, fetch, m);
    if (!err && m->conf.path)
        err = ps_mirror_disk_new(m->loop, m->conf.path, on_disk, m, &m->disk);
    return err;
}

int ps_mirror_new(struct ps_loop *l, struct ps_httpc *http, const struct ps_mirror_conf *conf,
                  struct ps_mirror **out)
{
    struct ps_mirror *m = calloc(1, sizeof *m);
    int err;

    if (!m)
        return -ENOMEM;
    m->loop = l;
    m->http = http;
    m->conf = *conf;
    m->conf.update = conf->update > WAIT_LEAST ? conf->update : WAIT_LEAST;
    m->conf.retry = conf->retry > WAIT_LEAST ? conf->retry : WAIT_LEAST;
    m->conf.max = conf->max ? conf->max : DOC_MAX;
    ps_buf_init(&m->shown, 0);
    err = set_up(m);
    if (err)
        ps_mirror_free(m);
    else
        *out = m;
    return err;
}

int ps_mirror_start(struct ps_mirror *m)
{
    struct ps_mirror_copy copy;
    int err = m->disk ? ps_mirror_copy_load(m->conf.path, shown_url(m), m->conf.max, &copy) : -ENOENT;

    if (err == -ENOMEM)
        return err;
    if (err) {
        if (err != -ENOENT && err != PS_ENOTFOUND) // of another URL: it is written over in time
            m->state.disk_err = err;
        ps_timer_start(m->timer, 0);
        return 0;
    }
    m->doc = (struct ps_mirror_doc){
        .data = copy.text + copy.at, .len = copy.len - copy.at, .fetched = copy.fetched, .from_disk = true};
    m->doc_head = copy.head;
    look_at(m, copy.text);
    return 0;
}

void ps_mirror_free(struct ps_mirror *m)
{
    if (!m)
        return;
    ps_httpc_cancel(m->call);
    ps_mirror_disk_free(m->disk);
    ps_timer_free(m->timer);
    drop_doc(m);
    ps_buf_fini(&m->shown);
    for (int i = 0; i < STRINGS; i++)
        free(m->strings[i]);
    free(m);
}

void ps_mirror_refresh(struct ps_mirror *m)
{
    if (!m->call && !m->deciding)
        ps_timer_start(m->timer, 0);
}

void ps_mirror_get(const struct ps_mirror *m, struct ps_mirror_state *out)
{
    ps_ns age = m->state.fetched ? wall() - m->state.fetched : 0;

    *out = m->state;
    out->fetching = m->call != NULL;
    out->why = m->why;
    out->age = age > 0 ? age : 0;
}
