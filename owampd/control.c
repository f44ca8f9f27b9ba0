// SPDX-License-Identifier: Apache-2.0
#include "owampd/control.h"
#include <string.h>
#include "base/ps_iso8601.h"
#include "loop/ps_ctl_json.h"
#include "owampd/reload.h"

// Who asks is on this host, and asks seldom: descriptors and memory are there for those who measure.
#define CONNS 16

static void put_seconds(struct ps_json *j, const char *key, ps_ns t)
{
    ps_json_key(j, key);
    ps_json_double(j, (double)t / (double)PS_SEC);
}

// --- status

static void put_program(const struct daemon *d, struct ps_json *j)
{
    char text[PS_ISO8601_TIME];
    struct ps_when since = {.at = ps_ntp_to_ns(d->start_time)};
    ps_ctl_put_program(j, "owampd");
    ps_json_put_str(j, "since", ps_iso8601_put_time(&since, text));
    ps_json_put_bool(j, "stopping", d->stopping);
}

// Nothing any more once it is stopping. Test ports are null where the kernel chooses.
static void put_ports(const struct daemon *d, struct ps_json *j)
{
    char text[PS_ADDR_STRLEN];
    const struct ps_portrange *ports = &d->conf->testports;
    ps_json_key(j, "listen");
    ps_json_open(j, '[');
    if (d->listener != NULL)
        ps_json_str(j, ps_addr_text(ps_listener_addr(d->listener), text));
    ps_json_close(j, ']');
    ps_json_key(j, "test-ports");
    if (ports->low == 0) {
        ps_json_null(j);
        return;
    }
    ps_json_open(j, '{');
    ps_json_put_u64(j, "low", ports->low);
    ps_json_put_u64(j, "high", ports->high);
    ps_json_close(j, '}');
}

static void put_work(const struct daemon *d, struct ps_json *j)
{
    ps_json_key(j, "connections");
    ps_json_open(j, '{');
    ps_json_put_u64(j, "open", d->nconns);
    ps_json_put_u64(j, "most", d->max_conns);
    ps_json_put_u64(j, "taken", d->counts.connections);
    ps_json_put_u64(j, "turned-away", d->counts.turned_away);
    ps_json_put_u64(j, "evicted", d->counts.evicted);
    ps_json_close(j, '}');
    ps_json_key(j, "sessions");
    ps_json_open(j, '{');
    ps_json_put_u64(j, "open", d->nsessions);
    ps_json_put_u64(j, "receiving", d->receiving.count);
    ps_json_put_u64(j, "granted", d->counts.sessions);
    ps_json_put_u64(j, "refused", d->counts.refused);
    ps_json_close(j, '}');
}

// A bound of 0 is none.
static void put_memory(const struct daemon *d, struct ps_json *j)
{
    ps_json_key(j, "memory");
    ps_json_open(j, '{');
    ps_json_put_u64(j, "used", memory_used(&d->memory));
    ps_json_put_u64(j, "promised", d->memory.promised);
    ps_json_put_u64(j, "most", d->memory.max);
    ps_json_close(j, '}');
}

static void put_clock(const struct daemon *d, struct ps_json *j)
{
    char text[PS_CLOCKSOURCE_TEXT];
    struct ps_clock_state st;
    ps_clock_refresh(d->clock);
    ps_clock_get(d->clock, &st);
    ps_json_key(j, "clock");
    ps_json_open(j, '{');
    ps_json_put_bool(j, "synced", st.synced);
    put_seconds(j, "error", st.error);
    put_seconds(j, "bound", st.max_error);
    ps_json_put_str(j, "source", ps_clocksource_text(ps_clock_source(d->clock), text));
    ps_json_put_u64(j, "steps", ps_clock_steps(d->clock));
    ps_json_close(j, '}');
}

static void put_rules(const struct daemon *d, struct ps_json *j)
{
    ps_json_key(j, "rules");
    ps_json_open(j, '{');
    ps_json_put_u64(j, "classes", ow_limits_count(ow_policy_limits(d->policy)));
    ps_json_put_u64(j, "identities", d->pfs == NULL ? 0 : ow_pfs_count(d->pfs));
    ps_json_close(j, '}');
}

// --- requests

static int obey_status(void *control, struct ps_jget *args, struct ps_json *j, struct ps_fault *fault)
{
    const struct control *c = control;
    (void)args, (void)fault;
    put_program(c->d, j);
    put_ports(c->d, j);
    put_work(c->d, j);
    ps_pump_put_stats(c->d->pump, j);
    put_memory(c->d, j);
    put_rules(c->d, j);
    put_clock(c->d, j);
    ps_json_put_str(j, "confined", c->confined);
    return 0;
}

static int obey_reload(void *control, struct ps_jget *args, struct ps_json *j, struct ps_fault *fault)
{
    const struct control *c = control;
    (void)args;
    int err = reload(c->d, c->o, fault);
    if (err == 0)
        put_rules(c->d, j);
    return err;
}

static void on_request(void *ctx, struct ps_ctl_request req, const char *line, size_t len)
{
    static const struct ps_ctl_verb verbs[] = {{"status", obey_status, false},
                                               {"reload", obey_reload, false}};
    ps_ctl_obey(verbs, sizeof verbs / sizeof *verbs, ctx, req, line, len);
}

// --- the socket

const char *control_folder(const char *path, char out[CONF_SOCKET])
{
    const char *end = strrchr(path, '/');
    int n = end == NULL || end == path ? 1 : (int)(end - path);
    snprintf(out, CONF_SOCKET, "%.*s", n, path);
    return out;
}

int control_open(struct control *c, struct daemon *d, const struct options *o, const char *confined,
                 struct ps_fault *fault)
{
    const char *path = d->conf->controlsocket;
    *c = (struct control){.d = d, .o = o, .confined = confined};
    if (path[0] == '\0')
        return 0;
    int err = ps_ctl_listen(d->loop, path, PS_CTL_MODE, on_request, c, &c->ctl, fault);
    if (err == 0)
        ps_ctl_set_conns(c->ctl, CONNS);
    return err;
}

void control_close(struct control *c)
{
    ps_ctl_close(c->ctl);
    c->ctl = NULL;
}
