// SPDX-License-Identifier: Apache-2.0
#include "owampd/daemon.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "base/ps_err.h"
#include "loop/ps_lookup.h"
#include "loop/ps_sd.h"
#include "owampd/conn.h"
#include "owampd/entrance.h"

#define BACKLOG 512
#define FILE_MAX (16u << 20) // a limits or pass-phrase file larger than this is a mistake
#define REAP_EVERY (600 * PS_SEC)

// A file that may be read and cannot be opened is kept from us by Landlock, which forbids nothing else.
static int cannot_read(const char *path, int err, struct ps_fault *fault)
{
    char *target = err == -EACCES && access(path, R_OK) == 0 ? realpath(path, NULL) : NULL;
    if (target == NULL)
        ps_fault_set(fault, path, 0, "cannot be read: %s", ps_strerror(err));
    else
        ps_fault_set(
            fault, path, 0,
            "cannot be read: it is %s, outside of the sandbox, which lets owampd read in the folders "
            "that were in use at its start; restart it",
            target);
    free(target);
    return err;
}

// A rules file's text; *text NULL when there is no such file.
static int read_rules(const char *path, char **text, size_t *len, struct ps_fault *fault)
{
    int err = ps_conf_load(path, FILE_MAX, text, len);
    if (err == -ENOENT) {
        *text = NULL;
        return 0;
    }
    return err != 0 ? cannot_read(path, err, fault) : 0;
}

static int read_pfs(const char *path, struct ow_pfs **pfs, struct ps_fault *fault)
{
    char *text = NULL;
    size_t len = 0;
    *pfs = NULL;
    int err = read_rules(path, &text, &len, fault);
    if (err == 0 && text != NULL)
        err = ow_pfs_parse(pfs, path, text, len, fault);
    if (text != NULL)
        explicit_bzero(text, len);
    free(text);
    return err;
}

static int read_limits(const char *path, const struct ow_pfs *pfs, struct ow_limits **limits,
                       struct ps_fault *fault)
{
    char *text = NULL;
    size_t len = 0;
    int err = read_rules(path, &text, &len, fault);
    if (err == 0)
        err = text != NULL ? ow_limits_parse(limits, path, text, len, pfs, fault) : ow_limits_default(limits);
    free(text);
    return err;
}

int daemon_read_rules(const struct daemon_files *files, struct ow_limits **limits, struct ow_pfs **pfs,
                      struct ps_fault *fault)
{
    fault->text[0] = '\0';
    int err = read_pfs(files->pfs, pfs, fault);
    if (err == 0)
        err = read_limits(files->limits, *pfs, limits, fault);
    if (err != 0) {
        ow_pfs_free(*pfs);
        *pfs = NULL;
    }
    return err;
}

static int listen_at(struct daemon *d, const struct ps_addr *addr, struct ps_fault *fault)
{
    char text[PS_ADDR_STRLEN];
    int err = ps_listen(d->loop, addr, NULL, BACKLOG, entrance, d, &d->listener);
    if (err != 0)
        ps_fault_set(fault, NULL, 0, "cannot listen on %s: %s%s", ps_addr_text(addr, text), ps_strerror(err),
                     err == -EACCES ? "; ports below 1024 need root (-S :PORT for another)" : "");
    return err;
}

static int listen_on(struct daemon *d, struct ps_fault *fault)
{
    const struct ps_hostport *src = &d->conf->srcnode;
    struct ps_addr addr;
    const char *host = src->host[0] != '\0' ? src->host : "::", *why;
    if (ps_addr_parse(host, src->port, &addr) == 0)
        return listen_at(d, &addr, fault);
    // Not on a worker: a thread that is there by now would stay out of what confines the others.
    int err = ps_lookup(host, src->port, &addr, &why);
    if (err == 0)
        return listen_at(d, &addr, fault);
    ps_fault_set(fault, NULL, 0, "srcnode '%s': %s", host, why);
    return err;
}

// While it may be root yet. Without its stamps it goes on with the kernel's.
static void open_hw(struct daemon *d)
{
    struct ps_fault why = {""};
    const char *iface = d->conf->hwtimestamps;
    if (iface[0] != '\0' && ps_hwstamp_open(iface, &d->hw, &why) != 0)
        ps_log(d->log, PS_LOG_WARN, "clock", "hwtimestamps: %s; the kernel's arrival times are used",
               why.text);
}

int daemon_bind(struct daemon *d, const struct conf *conf, struct ps_log *log, struct ps_fault *fault)
{
    memset(d, 0, sizeof *d);
    d->conf = conf;
    d->log = log;
    ps_list_init(&d->conns);
    int err = ps_loop_new(&d->loop);
    if (err == 0)
        err = entrance_init(d);
    if (err == 0)
        err = ps_map_init(&d->receiving, OW_SID_LEN);
    if (err != 0) {
        ps_fault_set(fault, NULL, 0, "cannot start the event loop: %s", ps_strerror(err));
        return err;
    }
    open_hw(d);
    return listen_on(d, fault);
}

static bool in_use(void *ctx, const uint8_t sid[16])
{
    struct daemon *d = ctx;
    return ps_map_get(&d->receiving, sid) != NULL;
}

// Sessions that nobody fetched must not fill the disk.
static void on_reap(void *ctx)
{
    struct daemon *d = ctx;
    ps_timer_start(d->reaper, REAP_EVERY);
    if (d->conf->keepsessions_s == 0)
        return;
    unsigned n = store_expire(d->store, (int64_t)time(NULL) - d->conf->keepsessions_s, in_use, d);
    if (n != 0)
        ps_log(d->log, PS_LOG_INFO, "store", "%u sessions removed: older than keepsessions=%u s", n,
               d->conf->keepsessions_s);
}

static void on_dieby(void *ctx)
{
    struct daemon *d = ctx;
    while (!ps_list_empty(&d->conns))
        conn_drop(PS_CONTAINER(d->conns.next, struct conn, node), PS_LOG_INFO, "the server is stopping");
    ps_loop_stop(d->loop);
}

static int start_rules(struct daemon *d, const struct daemon_files *files, struct ps_fault *fault)
{
    struct ow_limits *limits;
    int err = daemon_read_rules(files, &limits, &d->pfs, fault);
    if (err == 0)
        err = ow_policy_new(&d->policy);
    if (err == 0)
        err = ow_policy_set_limits(d->policy, limits, d->conf->diskfudge);
    return err;
}

static void on_step(void *ctx, const struct ps_step *step)
{
    struct daemon *d = ctx;
    if (step->after == step->before)
        ps_log(d->log, PS_LOG_WARN, "clock", "set and set back, or by less than 0.1 ms");
    else
        ps_log(d->log, PS_LOG_WARN, "clock", "set by %+.6f s",
               (double)(step->after - step->before) / (double)PS_SEC);
}

static void on_source(void *ctx, const struct ps_source *source)
{
    struct daemon *d = ctx;
    char text[PS_CLOCKSOURCE_TEXT];
    ps_log(d->log, PS_LOG_INFO, "clock", "%s", ps_clocksource_text(source, text));
}

// Asked once now, for the log, and from then on while there are sessions.
static int start_source(struct daemon *d, struct ps_fault *fault)
{
    struct ps_clocksource_conf conf;
    int err = ps_clocksource_env(&conf);
    if (err != 0) {
        ps_fault_set(fault, NULL, 0, "OWAMP_DEBUG_CLOCKSOURCE: wants chrony=, ntpd= and ptp4l=, or none");
        return err;
    }
    err = ps_clocksource_new(d->loop, d->clock, &conf, on_source, d, &d->clocksource);
    if (err == 0)
        ps_clocksource_look(d->clocksource);
    return err;
}

static int start_engine(struct daemon *d, struct ps_fault *fault)
{
    ps_ns offset;
    int err = ps_clock_env_offset(&offset);
    if (err != 0)
        ps_fault_set(fault, NULL, 0, "OWAMP_DEBUG_TIMEOFFSET: not a number of seconds");
    else
        err = ps_clock_new(&d->clock, offset);
    if (err != 0)
        return err;
    d->start_time = ps_ntp_from_ns(ps_clock_now(d->clock));
    struct ps_pump_conf pc = {.loop = d->loop,
                              .clock = d->clock,
                              .ports = d->conf->testports,
                              .realtime = true,
                              .limited = PS_LOG_WARN,
                              .precise = d->conf->precise,
                              .log = d->log,
                              .hw = d->hw};
    err = ps_pump_new(&d->pump, &pc);
    if (err == 0)
        err = ps_clockwatch_new(d->loop, d->clock, on_step, d, &d->clockwatch);
    if (err == 0)
        err = start_source(d, fault);
    if (err == 0)
        err = ps_timer_new(d->loop, &d->reaper, on_reap, d);
    if (err == 0)
        err = ps_timer_new(d->loop, &d->dieby, on_dieby, d);
    return err;
}

int daemon_start(struct daemon *d, const struct daemon_files *files, struct ps_fault *fault)
{
    fault->text[0] = '\0';
    int err = start_rules(d, files, fault);
    if (err == 0)
        err = store_open(&d->store, d->conf->datadir, d->policy, d->log, fault);
    if (err == 0)
        err = start_engine(d, fault);
    if (err != 0 && fault->text[0] == '\0')
        ps_fault_set(fault, NULL, 0, "cannot start: %s", ps_strerror(err));
    if (err == 0)
        on_reap(d);
    return err;
}

uint16_t daemon_port(const struct daemon *d)
{
    return ps_addr_port(ps_listener_addr(d->listener));
}

void daemon_stop(struct daemon *d)
{
    if (d->stopping)
        return;
    d->stopping = true;
    (void)ps_sd_notify("STOPPING=1");
    ps_log(d->log, PS_LOG_INFO, NULL, "stopping: %u connections", d->nconns);
    ps_listener_close(d->listener);
    d->listener = NULL;
    ps_timer_start(d->dieby, (ps_ns)d->conf->dieby_s * PS_SEC);
    PS_LIST_EACH_SAFE(it, &d->conns) {
        conn_wind_up(PS_CONTAINER(it, struct conn, node));
    }
    if (d->nconns == 0)
        ps_loop_stop(d->loop);
}

void daemon_conn_gone(struct daemon *d)
{
    d->nconns--;
    if (d->stopping && d->nconns == 0)
        ps_loop_stop(d->loop);
}

void daemon_free(struct daemon *d)
{
    ps_listener_close(d->listener);
    ps_timer_free(d->reaper);
    ps_timer_free(d->dieby);
    entrance_fini(d);
    ps_pump_free(d->pump);
    ps_hwstamp_free(d->hw);
    ps_clockwatch_free(d->clockwatch);
    ps_clocksource_free(d->clocksource);
    ps_loop_free(d->loop);
    ps_clock_free(d->clock);
    store_free(d->store);
    ow_policy_free(d->policy);
    ow_pfs_free(d->pfs);
    ps_map_fini(&d->receiving);
}
