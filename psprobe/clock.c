// SPDX-License-Identifier: Apache-2.0
// psclock and pstimer: questions to pScheduler's interface on another host.
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "base/ps_iso8601.h"
#include "loop/ps_clocksource.h"
#include "psprobe/fetch.h"
#include "psprobe/probe.h"

static int ask_pscheduler(struct probe *p, const char *path, ps_ns timeout, struct fetched *f)
{
    struct ps_httpc_ask ask = {.method = "GET", .timeout = timeout, .redirects = 5, .insecure = true};
    const char *dest = tl_spec_str(p->spec, "dest");
    char url[400];
    int err = fetch_pscheduler_url(dest ? dest : "", path, url, sizeof url);

    if (err) {
        memset(f, 0, sizeof *f);
        snprintf(f->why, sizeof f->why, "%.200s is no host", dest ? dest : "");
        return err;
    }
    ask.url = url;
    err = fetch(&ask, f);
    return err ? err : f->err;
}

// --- clock

static const char *iso_time(ps_ns at, char out[PS_ISO8601_TIME])
{
    char whole[PS_ISO8601_TIME];
    size_t n;

    ps_iso8601_put_utc(at, whole);
    n = strcspn(whole, "Z");
    snprintf(out, PS_ISO8601_TIME, "%.*s.%06" PRId64 "+00:00", (int)(n < 30 ? n : 30), whole,
             at % PS_SEC / PS_USEC);
    return out;
}

// This host's, at the time told: who keeps it, and how far off it thinks it is.
static void put_here(struct ps_json *j, ps_ns at)
{
    struct ps_clocksource_conf conf;
    struct ps_source source = {0};
    struct ps_clock_state st = {0};
    struct ps_clock *clock = NULL;
    char text[PS_ISO8601_TIME];

    if (ps_clock_new(&clock, 0) == 0) {
        ps_clock_refresh(clock);
        if (ps_clocksource_env(&conf) == 0 && ps_clocksource_ask(&conf, -1, &source) == 0)
            ps_clock_set_source(clock, &source);
        ps_clock_get(clock, &st);
    }
    ps_json_put_open(j, "local", '{');
    ps_json_put_str(j, "time", iso_time(at, text));
    ps_json_put_bool(j, "synchronized", st.synced);
    if (st.synced) {
        ps_json_put_str(j, "source",
                        !source.name                       ? "unknown"
                        : strcmp(source.name, "ntpd") == 0 ? "ntp"
                                                           : source.name);
        ps_json_put_str(j, "reference", source.name ? source.reference : "");
        ps_json_put_double(j, "offset", (double)st.error / (double)PS_SEC);
    }
    ps_json_close(j, '}');
    ps_clock_free(clock);
}

// The remote time is taken for the middle between question and answer.
static void compare(struct probe *p, const struct fetched *f, struct ps_jnode remote, ps_ns remote_time)
{
    ps_ns middle = f->sent + f->took / 2, difference = remote_time - middle;
    struct ps_json *j = tl_answer_begin(&p->answer, 1);

    put_here(j, middle);
    ps_jnode_put(j, "remote", remote);
    tl_put_duration(j, "difference", difference < 0 ? -difference : difference);
    tl_answer_end(&p->answer);
}

void probe_clock(struct probe *p)
{
    struct fetched f;
    struct ps_jdoc *doc = NULL;
    struct ps_fault fault = {""};
    struct ps_when when;
    const char *time;

    if (ask_pscheduler(p, "/clock", tl_spec_duration(p->spec, "timeout", 5 * PS_SEC), &f)) {
        tl_answer_fail(&p->answer, "%s", f.why);
    } else if (f.status != 200) {
        tl_answer_fail(&p->answer, "The other host answered with status %d: %.200s", f.status, f.body);
    } else if (ps_jdoc_parse_foreign(&doc, NULL, f.body, f.len, &fault)) {
        tl_answer_fail(&p->answer, "The other host's clock cannot be read: %s", fault.text);
    } else {
        time = tl_spec_str(ps_jdoc_root(doc), "time");
        if (time && ps_iso8601_time(time, &when) == 0)
            compare(p, &f, ps_jdoc_root(doc), when.at);
        else
            tl_answer_fail(&p->answer, "The other host did not tell its time");
    }
    ps_jdoc_free(doc);
    fetched_fini(&f);
}

// --- psresponse

void probe_response(struct probe *p)
{
    struct fetched f;
    struct ps_json *j;
    int err = ask_pscheduler(p, "/", tl_spec_duration(p->spec, "timeout", 10 * PS_SEC), &f);

    j = tl_answer_begin(&p->answer, 1);
    if (!err && f.status == 200) {
        tl_put_duration(j, "time", f.took);
    } else {
        ps_json_put_str(j, "time", NULL);
        if (!err)
            snprintf(f.why, sizeof f.why, "It answered with status %d", f.status);
        ps_json_put_str(j, "reason", f.why);
    }
    tl_answer_end(&p->answer);
    fetched_fini(&f);
}
