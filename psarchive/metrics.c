// SPDX-License-Identifier: Apache-2.0
#include "psarchive/metrics.h"
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "psarchive/door.h"
#include "psarchive/inlets.h"
#include "psarchive/metrics_path.h"

#define TYPE "application/openmetrics-text; version=1.0.0; charset=utf-8"
#define RECENT 86400              // seconds: a path without a result for longer is not told
#define SLICE 64                  // metas in a turn of the loop
#define MEMORY ((size_t)32 << 20) // octets of a family

struct metrics {
    struct site *site;
    struct ps_http_req **waiting;
    size_t nwaiting, cap;
    bool running, closed;
    int err;
    struct filter filter;
    struct search search;
    struct ps_buf families[METRICS_FAMILIES];
};

// --- the daemon itself

struct sample {
    const char *name, *type, *unit, *help;
    double value;
};

static int put_sample(struct ps_buf *out, const struct sample *s)
{
    bool counts = strcmp(s->type, "counter") == 0;
    int err = metrics_heading(out, s->name, s->type, s->unit, s->help);

    return err ? err : ps_buf_printf(out, "%s%s %.15g\n", s->name, counts ? "_total" : "", s->value);
}

static int put_all(struct ps_buf *out, const struct sample *samples, size_t n)
{
    int err = 0;

    for (size_t i = 0; !err && i < n; i++)
        err = put_sample(out, &samples[i]);
    return err;
}

static int put_requests(struct ps_buf *out, const struct ps_httpd_stats *h)
{
    static const char name[] = "psarchive_http_requests";
    int err =
        metrics_heading(out, name, "counter", NULL, "Requests answered, by class of status; 0: given up.");

    for (int i = 0; !err && i < 6; i++)
        if (i != 1)
            err = ps_buf_printf(out, "%s_total{class=\"%d\"} %" PRIu64 "\n", name, i, h->status[i]);
    return err;
}

static int put_http(struct ps_buf *out, const struct site *s)
{
    struct ps_httpd_stats h;

    ps_httpd_stats(s->httpd, &h);
    const struct sample samples[] = {
        {"psarchive_start_time_seconds", "gauge", "seconds", "When the daemon began.", (double)s->started},
        {"psarchive_http_connections", "gauge", NULL, "Connections that are open.", (double)h.conns},
        {"psarchive_http_connections_refused", "counter", NULL, "Connections refused for want of room.",
         (double)h.conns_refused},
        {"psarchive_http_connections_dropped", "counter", NULL,
         "Connections closed as too slow, or to make room.", (double)h.conns_dropped},
        {"psarchive_http_received_bytes", "counter", "bytes", "Octets of requests' bodies.",
         (double)h.octets_in},
        {"psarchive_http_sent_bytes", "counter", "bytes", "Octets of answers' bodies.", (double)h.octets_out},
    };
    int err = put_all(out, samples, sizeof samples / sizeof samples[0]);

    return err ? err : put_requests(out, &h);
}

static int put_store(struct ps_buf *out, const struct site *s)
{
    struct writer_state w;
    struct store_state st;

    memset(&st, 0, sizeof st);
    writer_look(s->writer, &w);
    if (store_look(s->reader, &st))
        return 0;
    const struct sample samples[] = {
        {"psarchive_metadata", "gauge", NULL, "Metadata that are registered.", (double)st.metas},
        {"psarchive_store_bytes", "gauge", "bytes", "Size of the database.", (double)st.octets},
        {"psarchive_store_log_bytes", "gauge", "bytes", "Size of its write-ahead log.",
         (double)st.wal_octets},
        {"psarchive_disk_free_bytes", "gauge", "bytes", "Free space of its file system.",
         (double)st.disk_free},
        {"psarchive_disk_full", "gauge", NULL, "Whether writes are refused for want of space.",
         st.under_floor},
        {"psarchive_writes", "counter", NULL, "Writes that were stored.", (double)w.puts},
        {"psarchive_values", "counter", NULL, "Values that were stored.", (double)w.values},
        {"psarchive_transactions", "counter", NULL, "Transactions they took.", (double)w.transactions},
        {"psarchive_writes_repeated", "counter", NULL, "Writes of what was there already.", (double)w.same},
        {"psarchive_writes_conflicting", "counter", NULL, "Writes that another value stood against.",
         (double)w.conflicts},
        {"psarchive_writes_failed", "counter", NULL, "Writes that failed.", (double)w.failed},
        {"psarchive_writes_waiting", "gauge", NULL, "Writes that wait.", (double)w.waiting},
    };
    return put_all(out, samples, sizeof samples / sizeof samples[0]);
}

enum { SPOOL_STORED, SPOOL_KNOWN, SPOOL_REFUSED, SPOOL_LOST, SPOOL_WAITING, SPOOL_FIGURES };

static int put_figure(struct ps_buf *out, const struct site *s, int which)
{
    static const struct {
        const char *name, *type, *help;
    } about[SPOOL_FIGURES] = {
        {"psarchive_spool_stored", "counter", "Documents of a spool that were stored."},
        {"psarchive_spool_repeated", "counter", "Documents of a spool that were there already."},
        {"psarchive_spool_refused", "counter", "Documents of a spool that were set aside."},
        {"psarchive_spool_lost", "counter", "Documents that a spool had to drop."},
        {"psarchive_spool_waiting", "gauge", "Documents that wait in a spool."},
    };
    int err = metrics_heading(out, about[which].name, about[which].type, NULL, about[which].help);

    for (size_t i = 0; !err && i < inlets_count(s->inlets); i++) {
        struct intake_state st;
        const char *dir = inlets_look(s->inlets, i, &st);
        const uint64_t figures[SPOOL_FIGURES] = {st.stored, st.known, st.refused, st.lost, st.spool.records};
        err = metrics_label(out, about[which].name, which == SPOOL_WAITING ? "" : "_total", "spool", dir);
        if (!err)
            err = ps_buf_printf(out, " %" PRIu64 "\n", figures[which]);
    }
    return err;
}

static int put_spools(struct ps_buf *out, const struct site *s)
{
    int err = 0;

    for (int i = 0; !err && i < SPOOL_FIGURES && inlets_count(s->inlets); i++)
        err = put_figure(out, s, i);
    return err;
}

// --- a run

static int put_families(struct metrics *m, struct ps_buf *out)
{
    int err = 0;

    for (int i = 0; !err && i < METRICS_FAMILIES; i++) {
        const struct metrics_about *f = &metrics_families[i];
        err = metrics_heading(out, f->name, "gauge", f->unit, f->help);
        if (!err)
            err = ps_buf_append(out, ps_buf_head(&m->families[i]), ps_buf_len(&m->families[i]));
    }
    return err;
}

static void answer(struct metrics *m, const struct ps_buf *text, int err)
{
    for (size_t i = 0; i < m->nwaiting; i++) {
        if (err)
            ps_http_reply_error(m->waiting[i], 503, "The metrics cannot be gathered: %s", ps_strerror(err));
        else
            ps_http_reply(m->waiting[i], 200, TYPE, ps_buf_head(text), ps_buf_len(text));
    }
    m->nwaiting = 0;
}

static void free_all(struct metrics *m)
{
    struct site *s = m->site;

    for (int i = 0; i < METRICS_FAMILIES; i++)
        ps_buf_fini(&m->families[i]);
    free(m->waiting);
    free(m);
    site_job_end(s);
}

static void finish(struct metrics *m)
{
    struct ps_buf out;

    ps_buf_init(&out, 0);
    if (!m->err)
        m->err = put_families(m, &out);
    if (!m->err)
        m->err = put_http(&out, m->site);
    if (!m->err)
        m->err = put_store(&out, m->site);
    if (!m->err)
        m->err = put_spools(&out, m->site);
    if (!m->err)
        m->err = ps_buf_append(&out, "# EOF\n", 6);
    answer(m, &out, m->err);
    ps_buf_fini(&out);
    m->running = false;
}

// Whether there may be a recent result. Of what other processes have written only when they did is known.
static bool is_recent(const struct meta *meta, int64_t now)
{
    return atomic_load(&meta->newest) >= now - RECENT || meta_updated(meta, -1) >= now - RECENT;
}

// A result of the future, by a clock that was wrong, does not stand for those that are measured now.
static int take(struct metrics *m, const struct meta *meta)
{
    int64_t now = site_now();
    struct result r;
    int got;

    if (!is_recent(meta, now))
        return 0;
    got = result_newest(m->site->reader, meta, now, &r);
    if (got <= 0)
        return got;
    got = r.ts < now - RECENT ? 0 : metrics_path(m->families, meta, &r);
    result_fini(&r);
    return got;
}

static void slice(void *ctx)
{
    struct metrics *m = ctx;
    const struct meta *metas[SLICE];
    size_t n = m->err || m->closed ? 0 : search_next(&m->search, metas, SLICE);

    for (size_t i = 0; i < n; i++) {
        if (!m->err)
            m->err = take(m, metas[i]);
        meta_unref(metas[i]);
    }
    if (m->closed) {
        answer(m, NULL, PS_ECANCELLED);
        free_all(m);
    } else if (n == 0 || ps_defer(m->site->loop, slice, m)) {
        finish(m);
    }
}

static void ask(void *ctx, struct ps_http_req *req)
{
    struct metrics *m = ctx;

    if (m->nwaiting == m->cap) {
        size_t cap = m->cap ? 2 * m->cap : 8;
        struct ps_http_req **more = realloc(m->waiting, cap * sizeof(struct ps_http_req *));
        if (!more) {
            ps_http_reply_error(req, 503, "The archive is out of memory");
            return;
        }
        m->waiting = more;
        m->cap = cap;
    }
    m->waiting[m->nwaiting++] = req;
    if (m->running)
        return;
    m->running = true;
    m->err = 0;
    for (int i = 0; i < METRICS_FAMILIES; i++)
        ps_buf_clear(&m->families[i]);
    search_begin(&m->search, m->site->catalog, &m->filter);
    slice(m);
}

static bool may_read(void *ctx, struct ps_http_req *req)
{
    struct metrics *m = ctx;

    return door_read(m->site, req);
}

int metrics_route(struct metrics *m)
{
    const struct ps_http_route r = {.methods = PS_HTTP_GET,
                                    .pattern = "/metrics",
                                    .handler = ask,
                                    .gate = may_read,
                                    .ctx = m,
                                    .flags = PS_HTTP_GZIP};

    return ps_httpd_route(m->site->httpd, &r);
}

int metrics_new(struct metrics **out, struct site *s)
{
    struct metrics *m = calloc(1, sizeof *m);

    if (!m)
        return -ENOMEM;
    m->site = s;
    for (int i = 0; i < METRICS_FAMILIES; i++)
        ps_buf_init(&m->families[i], MEMORY);
    site_job_begin(s);
    *out = m;
    return 0;
}

void metrics_free(struct metrics *m)
{
    if (!m)
        return;
    m->closed = true;
    if (!m->running)
        free_all(m);
}
