// SPDX-License-Identifier: Apache-2.0
// The requests of the control socket: {"verb": "status"} and {"verb": "reload"}.
#include "base/ps_err.h"
#include "psarchive/serve_impl.h"

static void put_http(const struct serve *s, struct ps_json *j)
{
    ps_json_key(j, "http");
    ps_json_open(j, '{');
    ps_front_put_http(&s->front, j);
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

static int obey_status(void *serve, struct ps_jget *args, struct ps_json *j, struct ps_fault *fault)
{
    const struct serve *s = serve;

    (void)args, (void)fault;
    ps_ctl_put_program(j, "psarchive");
    ps_json_put_u64(j, "since", (uint64_t)s->site.started);
    ps_json_put_str(j, "confined", s->front.confined[0] ? s->front.confined : NULL);
    put_store(s, j);
    put_writer(s, j);
    put_http(s, j);
    put_spools(s, j);
    put_keeper(s, j);
    return 0;
}

static int obey_reload(void *serve, struct ps_jget *args, struct ps_json *j, struct ps_fault *fault)
{
    (void)args, (void)j;
    return serve_reload(serve, fault);
}

const struct ps_ctl_verb serve_verbs[SERVE_VERBS] = {{"status", obey_status, false},
                                                     {"reload", obey_reload, false}};
