// SPDX-License-Identifier: Apache-2.0
// The requests of the control socket, by their verb:
//   status                   how it is
//   reload                   as SIGHUP
//   pause {"for": "PT1H"}    starts no runs for so long; without "for" until resume
//   resume
//   archiving                each archive with its backlog
//   purge {"task": UUID}     drops a task with its runs, now
//   backup {"to": FILE}      copies the state into a file
#include "base/ps_err.h"
#include "base/ps_iso8601.h"
#include "db/ps_db.h"
#include "psched/archiving.h"
#include "psched/health.h"
#include "psched/planner.h"
#include "psched/rest.h"
#include "psched/runner.h"
#include "psched/serve_impl.h"
#include "psched/show.h"
#include "psched/store.h"
#include "psched/task.h"

// --- status

static void put_runs(const struct planner_state *st, struct ps_json *j)
{
    ps_json_put_open(j, "runs", '{');
    ps_json_put_u64(j, "started", st->started);
    ps_json_put_u64(j, "finished", st->finished);
    ps_json_put_u64(j, "failed", st->failed);
    ps_json_put_u64(j, "missed", st->missed);
    ps_json_put_u64(j, "nonstart", st->nonstart);
    ps_json_put_u64(j, "preempted", st->preempted);
    ps_json_put_u64(j, "canceled", st->canceled);
    ps_json_put_u64(j, "records", st->records);
    ps_json_close(j, '}');
}

static void put_http(const struct serve *s, struct ps_json *j)
{
    struct ps_httpd_stats h;

    ps_httpd_stats(s->site.httpd, &h);
    ps_json_put_open(j, "http", '{');
    ps_json_put_u64(j, "connections", h.conns);
    ps_json_put_u64(j, "connections-refused", h.conns_refused);
    ps_json_put_u64(j, "requests", h.requests);
    ps_json_put_u64(j, "refused", h.status[4]);
    ps_json_put_u64(j, "failed", h.status[5]);
    ps_json_close(j, '}');
}

static void put_listens(const struct serve *s, struct ps_json *j)
{
    char text[PS_ADDR_STRLEN];

    ps_json_put_open(j, "listen", '[');
    for (size_t i = 0; i < s->now.front.places.n; i++)
        ps_json_str(j, ps_addr_text(&s->front.bound[i], text));
    ps_json_close(j, ']');
}

static void put_pause(const struct site *t, struct ps_json *j)
{
    ps_ns until;
    bool paused = sch_engine_paused(planner_engine(t->planner), site_now(t), &until);

    ps_json_put_bool(j, "paused", paused);
    if (paused)
        show_time(j, "paused-until", until);
}

static void put_backlog(const struct site *t, struct ps_json *j)
{
    int64_t n = 0;

    (void)archiving_backlog(t->archiving, false, &n);
    ps_json_put_u64(j, "archiving-backlog", (uint64_t)n);
}

static void put_trouble(const struct site *t, struct ps_json *j)
{
    char words[2048];

    planner_inspect(t->planner);
    health_words(t, words, sizeof words);
    ps_json_put_str(j, "trouble", words[0] ? words : NULL);
}

static int status(void *serve, struct ps_jget *args, struct ps_json *j, struct ps_fault *fault)
{
    const struct serve *s = serve;
    const struct site *t = &s->site;
    struct planner_state st;

    (void)args, (void)fault;
    planner_look(t->planner, &st);
    ps_ctl_put_program(j, "psched");
    show_time(j, "since", t->started);
    ps_json_put_str(j, "name", t->name);
    put_listens(s, j);
    ps_json_key(j, "tests");
    rest_plugin_names(t, TL_PLUGIN_TEST, j);
    ps_json_key(j, "tools");
    rest_plugin_names(t, TL_PLUGIN_TOOL, j);
    ps_json_put_u64(j, "tasks", tasks_count(t->tasks));
    ps_json_put_u64(j, "tasks-alive", sch_engine_alive(planner_engine(t->planner)));
    ps_json_put_u64(j, "running", runner_count(t));
    put_runs(&st, j);
    put_pause(t, j);
    put_backlog(t, j);
    ps_json_put_str(j, "limits", t->limits ? s->now.limits : NULL);
    if (s->certificate)
        show_time(j, "certificate-expires", s->expires);
    put_trouble(t, j);
    put_http(s, j);
    return 0;
}

// --- the others

static int reload(void *serve, struct ps_jget *args, struct ps_json *j, struct ps_fault *fault)
{
    (void)args, (void)j;
    return serve_reload(serve, fault);
}

static int pause_(void *serve, struct ps_jget *args, struct ps_json *j, struct ps_fault *fault)
{
    struct serve *s = serve;
    const char *text = ps_jget_str(args, "for", 1, 64, NULL);
    ps_ns d, now = site_now(&s->site);

    (void)j, (void)fault;
    if (text && ps_iso8601_duration(text, &d))
        ps_jget_fail(args, "for", PS_ESYNTAX, "wants a duration, as in PT1H; got '%.60s'", text);
    if (ps_jget_end(args))
        return args->err;
    planner_pause(s->site.planner, text && d < SCH_NEVER - now ? now + d : SCH_NEVER);
    return 0;
}

static int resume(void *serve, struct ps_jget *args, struct ps_json *j, struct ps_fault *fault)
{
    struct serve *s = serve;

    (void)args, (void)j, (void)fault;
    planner_resume(s->site.planner);
    return 0;
}

static int archiving(void *serve, struct ps_jget *args, struct ps_json *j, struct ps_fault *fault)
{
    struct serve *s = serve;

    (void)args, (void)fault;
    ps_json_key(j, "archives");
    archiving_status(s->site.archiving, j);
    return 0;
}

static int purge(void *serve, struct ps_jget *args, struct ps_json *j, struct ps_fault *fault)
{
    struct serve *s = serve;
    const char *task = ps_jneed_str(args, "task", 1, 64);

    (void)j;
    if (!args->err && !task_find(s->site.tasks, task))
        ps_jget_fail(args, "task", PS_ENOTFOUND, "there is no task '%.60s'", task);
    if (ps_jget_end(args))
        return args->err;
    return planner_purge(s->site.planner, task, fault);
}

static int backup(void *serve, struct ps_jget *args, struct ps_json *j, struct ps_fault *fault)
{
    struct serve *s = serve;
    const char *to = ps_jneed_str(args, "to", 1, PATH_MAX);

    (void)j;
    if (!args->err && to[0] != '/')
        ps_jget_fail(args, "to", PS_ESYNTAX, "wants a file by its whole path");
    if (ps_jget_end(args))
        return args->err;
    return ps_db_backup(store_db(s->site.store), to, NULL, NULL, fault);
}

const struct ps_ctl_verb serve_verbs[SERVE_VERBS] = {
    {"status", status, false}, {"reload", reload, false},       {"pause", pause_, true},
    {"resume", resume, false}, {"archiving", archiving, false}, {"purge", purge, true},
    {"backup", backup, true},
};
