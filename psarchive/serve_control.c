// SPDX-License-Identifier: Apache-2.0
// The requests of the control socket: {"verb": "status"} and {"verb": "reload"}. Every answer has "ok", and "error"
// when that is false.
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/ps_err.h"
#include "base/ps_out.h"
#include "json/ps_jdoc.h"
#include "psarchive/serve_impl.h"

static void put_error(struct ps_json *j, const char *why)
{
    ps_json_put_bool(j, "ok", false);
    ps_json_put_str(j, "error", why);
}

static void put_http(const struct serve *s, struct ps_json *j)
{
    struct ps_httpd_stats h;

    ps_httpd_stats(s->site.httpd, &h);
    ps_json_key(j, "http");
    ps_json_open(j, '{');
    ps_json_put_u64(j, "connections", h.conns);
    ps_json_put_u64(j, "connections-refused", h.conns_refused);
    ps_json_put_u64(j, "connections-dropped", h.conns_dropped);
    ps_json_put_u64(j, "requests", h.requests);
    ps_json_put_u64(j, "refused", h.status[4]);
    ps_json_put_u64(j, "failed", h.status[5]);
    ps_json_put_u64(j, "waiting", s->site.jobs - 2); // the metrics and the keeper are two
    ps_json_close(j, '}');
}

static void put_writer(const struct serve *s, struct ps_json *j)
{
    struct writer_state w;

    writer_look(s->site.writer, &w);
    ps_json_key(j, "writer");
    ps_json_open(j, '{');
    ps_json_put_u64(j, "writes", w.puts);
    ps_json_put_u64(j, "values", w.values);
    ps_json_put_u64(j, "transactions", w.transactions);
    ps_json_put_u64(j, "repeated", w.same);
    ps_json_put_u64(j, "conflicts", w.conflicts);
    ps_json_put_u64(j, "failed", w.failed);
    ps_json_put_u64(j, "waiting", w.waiting);
    ps_json_put_str(j, "trouble", w.trouble ? ps_strerror(w.trouble) : NULL);
    ps_json_close(j, '}');
}

static void put_store(const struct serve *s, struct ps_json *j)
{
    struct store_state st;

    ps_json_key(j, "store");
    if (store_look(s->site.reader, &st)) {
        ps_json_null(j);
        return;
    }
    ps_json_open(j, '{');
    ps_json_put_u64(j, "metadata", st.metas);
    ps_json_put_u64(j, "octets", st.octets);
    ps_json_put_u64(j, "log-octets", st.wal_octets);
    ps_json_put_u64(j, "disk-free", st.disk_free);
    ps_json_key(j, "full");
    ps_json_bool(j, st.under_floor);
    ps_json_close(j, '}');
}

static void put_spool(struct ps_json *j, const char *dir, const struct intake_state *st)
{
    ps_json_open(j, '{');
    ps_json_put_str(j, "spool", dir);
    ps_json_put_u64(j, "stored", st->stored);
    ps_json_put_u64(j, "known", st->known);
    ps_json_put_u64(j, "empty", st->empty);
    ps_json_put_u64(j, "refused", st->refused);
    ps_json_put_u64(j, "damaged", st->damaged);
    ps_json_put_u64(j, "lost", st->lost);
    ps_json_put_u64(j, "waiting", st->spool.records);
    ps_json_put_str(j, "trouble", st->trouble[0] ? st->trouble : NULL);
    ps_json_close(j, '}');
}

static void put_spools(const struct serve *s, struct ps_json *j)
{
    struct intake_state st;

    ps_json_key(j, "spools");
    ps_json_open(j, '[');
    for (size_t i = 0; i < inlets_count(s->site.inlets); i++) {
        const char *dir = inlets_look(s->site.inlets, i, &st);
        put_spool(j, dir, &st);
    }
    ps_json_close(j, ']');
}

static void put_keeper(const struct serve *s, struct ps_json *j)
{
    struct keeper_state st;

    keeper_look(s->keeper, &st);
    ps_json_key(j, "retention");
    ps_json_open(j, '{');
    ps_json_put_str(j, "policies", s->now.retention[0] ? s->now.retention : NULL);
    ps_json_put_u64(j, "runs", st.runs);
    ps_json_put_u64(j, "last", (uint64_t)st.last);
    ps_json_put_u64(j, "removed", st.results);
    ps_json_put_str(j, "trouble", st.trouble ? ps_strerror(st.trouble) : NULL);
    ps_json_close(j, '}');
}

static void status(const struct serve *s, struct ps_json *j)
{
    ps_json_put_bool(j, "ok", true);
    ps_json_put_str(j, "program", "psarchive");
    ps_json_put_str(j, "version", PACKAGE_VERSION);
    ps_json_put_u64(j, "pid", (uint64_t)getpid());
    ps_json_put_u64(j, "since", (uint64_t)s->site.started);
    put_store(s, j);
    put_writer(s, j);
    put_http(s, j);
    put_spools(s, j);
    put_keeper(s, j);
}

static void act(struct serve *s, const struct ps_jdoc *doc, struct ps_json *j)
{
    static const char *const verbs[] = {"status", "reload"};
    struct ps_fault fault = {""};
    struct ps_jget g;
    size_t verb;

    ps_jget_init(&g, ps_jdoc_root(doc), &fault);
    verb = ps_jneed_word(&g, "verb", verbs, 2);
    if (ps_jget_end(&g))
        put_error(j, fault.text);
    else if (verb == 0)
        status(s, j);
    else if (serve_reload(s, &fault))
        put_error(j, fault.text);
    else
        ps_json_put_bool(j, "ok", true);
}

void serve_control(void *serve, struct ps_ctl_request req, const char *line, size_t len)
{
    static const char sorry[] = "{\"ok\":false,\"error\":\"out of memory\"}";
    struct ps_fault fault = {""};
    struct ps_jdoc *doc = NULL;
    struct ps_json j;
    char *text = NULL;
    size_t size = 0;
    FILE *f = open_memstream(&text, &size);

    if (f) {
        ps_json_init(&j, f, false);
        ps_json_open(&j, '{');
        if (ps_jdoc_parse(&doc, NULL, line, len, &fault))
            put_error(&j, fault.text);
        else
            act(serve, doc, &j);
        ps_json_close(&j, '}');
    }
    if (f && fclose(f) == 0)
        (void)ps_ctl_reply(req, text, size);
    else
        (void)ps_ctl_reply(req, sorry, sizeof sorry - 1);
    free(text);
    ps_jdoc_free(doc);
}
