// SPDX-License-Identifier: Apache-2.0
// The requests of the control socket: {"verb": "status"}, list, reload, {"verb": "add", "stream": {...}},
// {"verb": "remove", "name": "..."}. Every answer has "ok", and "error" when that is false.
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/ps_err.h"
#include "endpoint/ep_here.h"
#include "powstream/run.h"
#include "powstream/streams_file.h"
#include "report/ow_source.h"

struct answer {
    char *text;
    size_t len;
    FILE *file;
    struct ps_json json;
};

static void put_error(struct ps_json *j, const char *why)
{
    ps_json_put_bool(j, "ok", false);
    ps_json_put_str(j, "error", why);
}

static void put_clock(const struct run *r, struct ps_json *j)
{
    struct ps_clock_state st;
    struct ow_clock_source source;
    ps_clock_get(r->ground.clock, &st);
    ep_here_source(r->ground.clock, &source);
    ps_json_key(j, "clock");
    ps_json_open(j, '{');
    ps_json_key(j, "synced");
    ps_json_bool(j, st.synced);
    ps_json_key(j, "error");
    ps_json_double(j, (double)st.error / (double)PS_SEC);
    ps_json_key(j, "bound");
    ps_json_double(j, (double)st.max_error / (double)PS_SEC);
    ps_json_key(j, "clock-source");
    ow_source_json(j, &source);
    ps_json_close(j, '}');
}

static void put_packets(const struct run *r, struct ps_json *j)
{
    struct ps_pump_stats st;
    ps_pump_get_stats(r->ground.pump, &st);
    ps_json_key(j, "datagrams");
    ps_json_open(j, '{');
    ps_json_put_u64(j, "sent", st.sent);
    ps_json_put_u64(j, "received", st.received);
    ps_json_put_u64(j, "unmatched", st.unmatched);
    ps_json_put_u64(j, "host-dropped", st.host_dropped);
    ps_json_put_u64(j, "sockets", st.sockets);
    ps_json_close(j, '}');
}

static void put_output(const struct run *r, struct ps_json *j)
{
    struct sink_state state;
    sink_look(r->sink, &state);
    ps_json_key(j, "output");
    ps_json_open(j, '{');
    ps_json_put_u64(j, "dropped", state.dropped);
    ps_json_put_u64(j, "evicted", state.evicted);
    ps_json_put_str(j, "trouble", state.trouble[0] != '\0' ? state.trouble : NULL);
    ps_json_close(j, '}');
}

static void status(const struct run *r, struct ps_json *j)
{
    struct output_counts sum = {0};
    size_t measuring, n = set_count(r->set, &measuring);
    char since[40];
    ps_ntp_format_utc(r->started, since, sizeof since);
    set_sum(r->set, &sum);
    ps_json_put_bool(j, "ok", true);
    ps_json_put_str(j, "program", "powstream");
    ps_json_put_str(j, "version", PACKAGE_VERSION);
    ps_json_put_u64(j, "pid", (uint64_t)getpid());
    ps_json_put_str(j, "since", since);
    ps_json_put_u64(j, "streams", n);
    ps_json_put_u64(j, "measuring", measuring);
    ps_json_put_u64(j, "sessions", sum.sessions);
    ps_json_put_u64(j, "packets-sent", sum.sent);
    ps_json_put_u64(j, "packets-lost", sum.lost);
    ps_json_put_u64(j, "packets-duplicated", sum.duplicates);
    ps_json_put_u64(j, "gaps", sum.gaps);
    ps_json_key(j, "gap-seconds");
    ps_json_double(j, sum.gap_seconds);
    ps_json_put_u64(j, "gaps-open", n - measuring);
    put_clock(r, j);
    put_packets(r, j);
    put_output(r, j);
}

static void list(const struct run *r, struct ps_json *j)
{
    ps_json_put_bool(j, "ok", true);
    ps_json_key(j, "streams");
    ps_json_open(j, '[');
    set_list(r->set, j);
    ps_json_close(j, ']');
}

static void reload(struct run *r, struct ps_json *j)
{
    struct ps_fault fault = {""};
    size_t failed = 0, measuring;
    if (run_reload(r, &failed, &fault) != 0) {
        put_error(j, fault.text);
        return;
    }
    ps_json_put_bool(j, "ok", failed == 0);
    if (failed != 0)
        ps_json_put_str(j, "error", "some streams could not begin; the log says why");
    ps_json_put_u64(j, "streams", set_count(r->set, &measuring));
}

static void add(struct run *r, struct ps_jnode object, struct ps_json *j)
{
    struct stream_conf conf;
    struct ps_fault fault = {""};
    // What the options say of one stream alone is not the other's.
    struct stream_conf base = r->o->stream;
    base.name = base.server = base.test_host = NULL;
    int err = streams_file_stream(object, &base, &conf, &fault);
    if (err == 0) {
        err = set_add(r->set, &conf, &fault);
        stream_conf_free(&conf);
    }
    if (err == 0)
        ps_json_put_bool(j, "ok", true);
    else
        put_error(j, fault.text[0] != '\0' ? fault.text : ps_strerror(err));
}

static void remove_stream(struct run *r, const char *name, struct ps_json *j)
{
    if (set_remove(r->set, name) == 0)
        ps_json_put_bool(j, "ok", true);
    else
        put_error(j, "there is no stream of that name");
}

static void act(struct run *r, const struct ps_jdoc *doc, struct ps_json *j)
{
    static const char *const verbs[] = {"status", "list", "reload", "add", "remove"};
    struct ps_fault fault = {""};
    struct ps_jget g;
    ps_jget_init(&g, ps_jdoc_root(doc), &fault);
    size_t verb = ps_jneed_word(&g, "verb", verbs, 5);
    struct ps_jnode object = {0};
    const char *name = "";
    if (g.err == 0 && verb == 3)
        object = ps_jneed_object(&g, "stream");
    if (g.err == 0 && verb == 4)
        name = ps_jneed_str(&g, "name", 1, 200);
    if (ps_jget_end(&g) != 0)
        put_error(j, fault.text);
    else if (r->ending && verb >= 2)
        put_error(j, "powstream is ending");
    else if (verb == 0)
        status(r, j);
    else if (verb == 1)
        list(r, j);
    else if (verb == 2)
        reload(r, j);
    else if (verb == 3)
        add(r, object, j);
    else
        remove_stream(r, name, j);
}

void control_request(void *ctx, struct ps_ctl_request req, const char *line, size_t len)
{
    static const char sorry[] = "{\"ok\":false,\"error\":\"out of memory\"}";
    struct run *r = ctx;
    struct answer a = {0};
    struct ps_fault fault = {""};
    struct ps_jdoc *doc = NULL;
    a.file = open_memstream(&a.text, &a.len);
    if (a.file == NULL) {
        (void)ps_ctl_reply(req, sorry, sizeof sorry - 1);
        return;
    }
    ps_json_init(&a.json, a.file, false);
    ps_json_open(&a.json, '{');
    if (ps_jdoc_parse(&doc, NULL, line, len, &fault) != 0)
        put_error(&a.json, fault.text);
    else if (ps_jnode_type(ps_jdoc_root(doc)) != PS_JTYPE_OBJECT)
        put_error(&a.json, "a request is a JSON object with a verb, as {\"verb\":\"status\"}");
    else
        act(r, doc, &a.json);
    ps_json_close(&a.json, '}');
    int err = ps_json_end(&a.json);
    if (fclose(a.file) != 0 || err != 0)
        (void)ps_ctl_reply(req, sorry, sizeof sorry - 1);
    else
        (void)ps_ctl_reply(req, a.text, a.len);
    free(a.text);
    ps_jdoc_free(doc);
}
