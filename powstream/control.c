// SPDX-License-Identifier: Apache-2.0
// The requests of the control socket: {"verb": "status"}, list, reload, {"verb": "add", "stream": {...}},
// {"verb": "remove", "name": "..."}.
#include <errno.h>
#include "base/ps_err.h"
#include "endpoint/ep_here.h"
#include "loop/ps_ctl_json.h"
#include "powstream/run.h"
#include "powstream/streams_file.h"
#include "report/ow_source.h"

static void put_clock(const struct run *r, struct ps_json *j)
{
    struct ps_clock_state st;
    struct ow_clock_source source;
    ps_clock_get(r->ground.clock, &st);
    ep_here_source(r->ground.clock, &source);
    ps_json_put_open(j, "clock", '{');
    ps_json_put_bool(j, "synced", st.synced);
    ps_json_put_double(j, "error", (double)st.error / (double)PS_SEC);
    ps_json_put_double(j, "bound", (double)st.max_error / (double)PS_SEC);
    ps_json_key(j, "clock-source");
    ow_source_json(j, &source);
    ps_json_close(j, '}');
}

static void put_output(const struct run *r, struct ps_json *j)
{
    struct sink_state state;
    sink_look(r->sink, &state);
    ps_json_put_open(j, "output", '{');
    ps_json_put_u64(j, "dropped", state.dropped);
    ps_json_put_u64(j, "evicted", state.evicted);
    ps_json_put_str(j, "trouble", state.trouble[0] != '\0' ? state.trouble : NULL);
    ps_json_close(j, '}');
}

static int status(void *run, struct ps_jget *args, struct ps_json *j, struct ps_fault *fault)
{
    const struct run *r = run;
    struct output_counts sum = {0};
    size_t measuring, n = set_count(r->set, &measuring);
    char since[40];
    (void)args, (void)fault;
    ps_ntp_format_utc(r->started, since, sizeof since);
    set_sum(r->set, &sum);
    ps_ctl_put_program(j, "powstream");
    ps_json_put_str(j, "since", since);
    ps_json_put_u64(j, "streams", n);
    ps_json_put_u64(j, "measuring", measuring);
    ps_json_put_u64(j, "sessions", sum.sessions);
    ps_json_put_u64(j, "packets-sent", sum.sent);
    ps_json_put_u64(j, "packets-lost", sum.lost);
    ps_json_put_u64(j, "packets-duplicated", sum.duplicates);
    ps_json_put_u64(j, "gaps", sum.gaps);
    ps_json_put_double(j, "gap-seconds", sum.gap_seconds);
    ps_json_put_u64(j, "gaps-open", n - measuring);
    put_clock(r, j);
    ps_pump_put_stats(r->ground.pump, j);
    put_output(r, j);
    return 0;
}

static int list(void *run, struct ps_jget *args, struct ps_json *j, struct ps_fault *fault)
{
    const struct run *r = run;
    (void)args, (void)fault;
    ps_json_put_open(j, "streams", '[');
    set_list(r->set, j);
    ps_json_close(j, ']');
    return 0;
}

static int refuse_at_the_end(const struct run *r, struct ps_fault *fault)
{
    if (!r->ending)
        return 0;
    ps_fault_set(fault, NULL, 0, "powstream is ending");
    return -ECANCELED;
}

static int reload(void *run, struct ps_jget *args, struct ps_json *j, struct ps_fault *fault)
{
    struct run *r = run;
    size_t failed = 0, measuring;
    int err = refuse_at_the_end(r, fault);
    (void)args;
    if (err == 0)
        err = run_reload(r, &failed, fault);
    if (err == 0 && failed != 0) {
        ps_fault_set(fault, NULL, 0, "%zu of the streams could not begin; the log says why", failed);
        err = PS_ESTATE;
    }
    if (err == 0)
        ps_json_put_u64(j, "streams", set_count(r->set, &measuring));
    return err;
}

static int add(void *run, struct ps_jget *args, struct ps_json *j, struct ps_fault *fault)
{
    struct run *r = run;
    struct stream_conf conf;
    // What the options say of one stream alone is not the other's.
    struct stream_conf base = r->o->stream;
    struct ps_jnode object = ps_jneed_object(args, "stream");
    int err = ps_jget_end(args);
    (void)j;
    base.name = base.server = base.test_host = NULL;
    if (err == 0)
        err = refuse_at_the_end(r, fault);
    if (err == 0)
        err = streams_file_stream(object, &base, &conf, fault);
    if (err == 0) {
        err = set_add(r->set, &conf, fault);
        stream_conf_free(&conf);
    }
    return err;
}

static int remove_stream(void *run, struct ps_jget *args, struct ps_json *j, struct ps_fault *fault)
{
    struct run *r = run;
    const char *name = ps_jneed_str(args, "name", 1, 200);
    int err = ps_jget_end(args);
    (void)j;
    if (err == 0)
        err = refuse_at_the_end(r, fault);
    if (err == 0 && set_remove(r->set, name) != 0) {
        ps_fault_set(fault, NULL, 0, "there is no stream of that name");
        err = PS_ENOTFOUND;
    }
    return err;
}

void control_request(void *ctx, struct ps_ctl_request req, const char *line, size_t len)
{
    static const struct ps_ctl_verb verbs[] = {{"status", status, false},
                                               {"list", list, false},
                                               {"reload", reload, false},
                                               {"add", add, true},
                                               {"remove", remove_stream, true}};
    ps_ctl_obey(verbs, sizeof verbs / sizeof *verbs, ctx, req, line, len);
}
