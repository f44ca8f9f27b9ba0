// SPDX-License-Identifier: Apache-2.0
// GET ROOT/KEY/EVENT/SUMMARY/WINDOW: points, streamed.
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "base/ps_num.h"
#include "http/ps_url.h"
#include "psarchive/ask.h"
#include "psarchive/csv.h"
#include "psarchive/rest.h"

#define TURN (20 * PS_MSEC) // that one answer may hold up the loop, about
#define LOOK_EVERY 32       // points between looks at the time

struct stream {
    struct site *site;
    struct meta *meta;
    struct series *series;
    enum es_summary_type type;
    size_t left;
    bool csv, begun, later;
};

struct asked {
    int event;
    enum es_summary_type type;
    uint32_t window;
    bool csv;
    struct ask_page page;
};

static void stream_free(struct stream *s)
{
    series_close(s->series);
    meta_unref(s->meta);
    free(s);
}

static void put_point(struct stream *s, struct jtext *j, const struct point *p)
{
    if (s->csv) {
        csv_point(j, p);
        return;
    }
    if (s->later)
        jtext_put(j, ",");
    answer_point(j, p);
    s->later = true;
}

static int put_points(struct stream *s, struct jtext *j)
{
    const struct point *p;
    size_t enough = ps_buf_len(j->out) + PS_HTTP_PIECE;
    ps_ns until = ps_loop_mono() + TURN;
    int got = 1;

    for (unsigned n = 1; s->left > 0 && ps_buf_len(j->out) < enough; n++, s->left--) {
        if (n % LOOK_EVERY == 0 && ps_loop_mono() > until)
            return 1;
        got = series_next(s->series, &p);
        if (got <= 0)
            return got;
        put_point(s, j, p);
    }
    return s->left > 0;
}

static int pull(void *ctx, struct ps_buf *out)
{
    struct stream *s = ctx;
    struct jtext j = {.out = out};
    int got;

    if (!s->begun && s->csv)
        csv_heading(&j, s->type);
    else if (!s->begun)
        jtext_put(&j, "[");
    s->begun = true;
    got = put_points(s, &j);
    if (got < 0) {
        ps_log(s->site->log, PS_LOG_WARN, "store", "a series cannot be read: %s", ps_strerror(got));
        return got;
    }
    if (got == 0 && !s->csv)
        jtext_put(&j, "]");
    if (j.err)
        return j.err;
    return got ? PS_HTTP_MORE : PS_HTTP_DONE;
}

static void ended(void *ctx)
{
    stream_free(ctx);
}

// --- what is asked for

// False: 404 was answered.
static bool parse_path(struct ps_http_req *req, struct asked *a)
{
    const char *summary = ps_http_arg(req, "summary"), *window = ps_http_arg(req, "window");
    uint64_t seconds = 0;

    a->type = ES_SUMMARY_BASE;
    a->event = rest_event(req);
    if (a->event < 0)
        ps_http_reply_error(req, 404, "There is no such event type");
    else if (summary && (es_summary_find(summary, true, &a->type) || a->type == ES_SUMMARY_BASE))
        ps_http_reply_error(req, 404, "There are base, aggregations, averages and statistics");
    else if (window && ps_num_u64(window, 10, 0, UINT32_MAX, &seconds))
        ps_http_reply_error(req, 404, "There is no such summary window");
    else
        return a->window = (uint32_t)seconds, true;
    return false;
}

static bool parse(struct ps_http_req *req, struct asked *a)
{
    struct ps_fault fault = {""};

    a->csv = ask_format_csv(ps_http_query(req));
    if ((!a->csv && rest_refuses_format(req)) || !parse_path(req, a))
        return false;
    if (ask_page_parse(&a->page, ps_http_query(req), site_now(), &fault) == 0)
        return true;
    ps_http_reply_error(req, 400, "%s", fault.text);
    return false;
}

static int open_series(struct site *s, const struct meta *m, const struct asked *a, struct series **out)
{
    const struct span *t = &a->page.time;

    return series_open(out, s->reader, m, a->event, a->type, a->window, t->from, t->to);
}

// --- links to the other pages, where pages are asked for

// *there: whether a point is on the next page.
static int look_ahead(struct site *s, const struct meta *m, const struct asked *a, bool *there)
{
    const struct point *p;
    struct series *ahead;
    int err = open_series(s, m, a, &ahead), got = 0;

    if (err)
        return err;
    err = series_skip(ahead, a->page.offset + a->page.limit);
    if (!err)
        got = series_next(ahead, &p);
    *there = got > 0;
    series_close(ahead);
    return err ? err : got < 0 ? got : 0;
}

static int put_link(struct ps_buf *b, struct ps_http_req *req, const char *origin, size_t limit,
                    size_t offset, const char *rel)
{
    const struct ps_query *q = ps_http_query(req);
    int err = ps_buf_printf(b, "%s<%s%s?limit=%zu&offset=%zu", ps_buf_len(b) ? ", " : "", origin,
                            ps_http_path(req), limit, offset);

    for (size_t i = 0; !err && i < q->n; i++) {
        const struct ps_query_param *p = &q->params[i];
        if (strcmp(p->name, "limit") == 0 || strcmp(p->name, "offset") == 0)
            continue;
        err = ps_buf_append(b, "&", 1);
        if (!err)
            err = ps_url_escape(b, p->name, strlen(p->name));
        if (!err)
            err = ps_buf_append(b, "=", 1);
        if (!err)
            err = ps_url_escape(b, p->value, strlen(p->value));
    }
    return err ? err : ps_buf_printf(b, ">; rel=\"%s\"", rel);
}

// Where no limit was asked for: all that was passed over.
static int put_previous(struct ps_buf *b, struct ps_http_req *req, const char *origin,
                        const struct ask_page *page)
{
    size_t limit = page->limit == SIZE_MAX ? page->offset : page->limit;

    return put_link(b, req, origin, limit, page->offset > limit ? page->offset - limit : 0, "prev");
}

static int add_links(struct site *s, struct ps_http_req *req, const struct meta *m, const struct asked *a)
{
    size_t offset = a->page.offset, limit = a->page.limit;
    struct rest_place place;
    struct ps_buf links;
    bool more = false;
    int err = limit == SIZE_MAX ? 0 : look_ahead(s, m, a, &more);

    if (err || (!more && !offset))
        return err;
    ps_buf_init(&links, 0);
    err = rest_place(req, &place);
    if (!err && more)
        err = put_link(&links, req, place.at.origin, limit, offset + limit, "next");
    if (!err && offset)
        err = put_previous(&links, req, place.at.origin, &a->page);
    if (!err)
        err = ps_buf_append(&links, "", 1);
    if (!err)
        ps_http_add(req, "Link", (const char *)ps_buf_head(&links));
    rest_place_fini(&place);
    ps_buf_fini(&links);
    return err;
}

// --- the answer

static void fail(struct site *s, struct ps_http_req *req, int err)
{
    if (err == PS_ENOTFOUND) {
        ps_http_reply_error(req, 404, "This event type or summary is not registered for this metadata");
    } else if (err == -ENOMEM) {
        rest_no_memory(req);
    } else {
        ps_log(s->log, PS_LOG_WARN, "store", "a series cannot be read: %s", ps_strerror(err));
        ps_http_reply_error(req, 500, "The archive cannot read this series");
    }
}

void rest_series(void *site, struct ps_http_req *req)
{
    static const struct ps_http_source source = {pull, ended};
    struct site *s = site;
    struct stream *st;
    struct asked a;
    int err;

    if (!parse(req, &a))
        return;
    st = calloc(1, sizeof *st);
    if (!st) {
        rest_no_memory(req);
        return;
    }
    st->site = s;
    st->left = a.page.limit;
    st->csv = a.csv;
    st->type = a.type;
    st->meta = rest_meta(s, req);
    if (!st->meta) {
        stream_free(st);
        return;
    }
    err = open_series(s, st->meta, &a, &st->series);
    if (!err && a.page.offset)
        err = series_skip(st->series, a.page.offset);
    if (!err)
        err = add_links(s, req, st->meta, &a);
    if (err) {
        fail(s, req, err);
        stream_free(st);
        return;
    }
    ps_http_reply_stream(req, 200, a.csv ? REST_CSV : REST_JSON, PS_HTTP_SIZE_UNKNOWN, &source, st);
}
