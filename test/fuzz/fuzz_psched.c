// SPDX-License-Identifier: Apache-2.0
// Requests to a scheduler, all the way to its answer: "METHOD TARGET", a newline, and the body. There is a task by a
// known name for them to be about. No program can be started, and nobody can be reached.
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include "fuzz.h"
#include "http/ps_httpd_impl.h"
#include "psched/archiving.h"
#include "psched/health.h"
#include "psched/planner.h"
#include "psched/rest.h"
#include "psched/runner.h"
#include "psched/store.h"
#include "psched/task.h"
#include "psched/waiters.h"

#define TASK "00000000-0000-4000-8000-000000000001"
#define TURNS 6 // of the loop, after a request, and after its connection is closed
#define TARGET_MAX 4096

static struct settings settings;
static struct ps_log log_;
static struct site site = {.settings = &settings, .log = &log_, .name = "here.example"};
static char dir[64];

static void need(int err, const char *what)
{
    if (err == 0)
        return;
    fprintf(stderr, "%s: %d\n", what, err);
    abort();
}

static void remove_all(void)
{
    char command[128];

    snprintf(command, sizeof command, "rm -rf '%s'", dir);
    if (system(command))
        fprintf(stderr, "%s is left behind\n", dir);
}

static void make_place(void)
{
    snprintf(dir, sizeof dir, "%s/fuzz_psched.XXXXXX", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    if (!mkdtemp(dir))
        abort();
    atexit(remove_all);
    setenv("PSUITE_JQ_WORKER", "/nonexistent", 1);
    setenv("OWAMP_DEBUG_CLOCKSOURCE", "none", 1);
    // No question about a name leaves this host; the former is not for processes that have threads.
    if (unshare(CLONE_NEWUSER | CLONE_NEWNET) && unshare(CLONE_NEWNET))
        fprintf(stderr, "without a network of its own: names are looked up\n");
}

static void make_outlook(void)
{
    struct ps_clocksource_conf source;

    need(ps_loop_new(&site.loop), "loop");
    need(ps_clock_new(&site.clock, 0), "clock");
    need(ps_clocksource_env(&source), "clock source");
    need(ps_clocksource_new(site.loop, site.clock, &source, NULL, NULL, &site.source), "clock source");
    need(ps_localnet_new(site.loop, &site.localnet), "addresses");
    need(ps_jq_new(site.loop, NULL, &site.jq), "jq");
}

static void make_parts(void)
{
    struct tl_runner_conf runner = {.site = &site.programs, .tmp = dir};
    struct ps_fault fault = {""};

    need(store_open(&site.store, dir, &fault), fault.text);
    need(tl_runner_new(site.loop, &runner, &site.runner), "runner");
    need(runner_new(&site.runs), "runs");
    need(tasks_new(&site.tasks), "tasks");
    need(waiters_new(&site, &site.waiters), "waiters");
    need(health_new(&site.health, &site), "health");
    need(planner_new(&site.planner, &site), "planner");
    need(archiving_new(&site.archiving, &site, &fault), fault.text);
    need(planner_restore(site.planner, &fault), fault.text);
}

static bool trusts(void *ctx, const struct ps_addr *peer)
{
    (void)ctx;
    return peer->len == 0;
}

static void make_site(void)
{
    struct ps_httpd_conf conf = ps_httpd_defaults;
    struct ps_fault fault = {""};

    make_place();
    settings_init(&settings);
    make_outlook();
    make_parts();
    conf.merge_slashes = true;
    conf.trusts = trusts;
    need(ps_httpd_new(site.loop, &conf, &site.httpd), "server");
    need(rest_routes(&site), "routes");
    need(httpd_engine_start(site.httpd, NULL, NULL, &fault, &site.httpd->plain), fault.text);
}

// One that runs again and again, and so has runs in every state but those behind a start.
static void add_task(void)
{
    static const char doc[] =
        "{\"schema\":1,\"test\":{\"type\":\"idle\",\"spec\":{\"duration\":\"PT1S\"}},"
        "\"schedule\":{\"start\":\"PT1H\",\"repeat\":\"PT1H\"},\"_key\":\"k\",\"tool\":\"snooze\"}";
    struct task_detail detail = {.requester = "127.0.0.1",
                                 .hints = strdup("{\"requester\":\"127.0.0.1\"}"),
                                 .diags = strdup(""),
                                 .cli = strdup("[\"idle\"]"),
                                 .participants = strdup("[\"here.example\"]"),
                                 .cls = SCH_BACKGROUND,
                                 .duration = PS_SEC,
                                 .post = -1};
    struct ps_fault fault = {""};
    struct task *t;

    need(task_new(&site, TASK, strdup(doc), &detail, NULL, site_now(&site), &t, &fault), fault.text);
    need(planner_keep(site.planner, t), "planner");
}

static void drop_tasks(void)
{
    struct task **all;
    size_t n;

    need(tasks_all(site.tasks, &all, &n), "tasks");
    for (size_t i = 0; i < n; i++)
        (void)sch_engine_purge(planner_engine(site.planner), all[i]->id, site_now(&site));
    free(all);
    (void)planner_flush(site.planner);
}

static void turn(int fd)
{
    char sink[4096];

    for (int i = 0; i < TURNS; i++) {
        ps_loop_poll(site.loop);
        while (recv(fd, sink, sizeof sink, MSG_DONTWAIT) > 0)
            ;
    }
}

// As much of it as the socket takes, a piece for each turn of the loop.
static void ask(int fd, const char *data, size_t size)
{
    while (size > 0) {
        ssize_t n = send(fd, data, size, MSG_DONTWAIT | MSG_NOSIGNAL);

        if (n < 0)
            break;
        turn(fd);
        data += n;
        size -= (size_t)n;
    }
    turn(fd);
}

static void request(int fd, const char *line, size_t line_len, const char *body, size_t len)
{
    char *text = NULL;
    int n = asprintf(
        &text, "%.*s HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n",
        (int)line_len, line, len);
    char *all = n < 0 ? NULL : realloc(text, (size_t)n + len);

    if (!all)
        abort();
    memcpy(all + n, body, len);
    ask(fd, all, (size_t)n + len);
    free(all);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct ps_addr nobody = {.len = 0};
    const char *text = (const char *)data, *end = size ? memchr(text, '\n', size) : NULL;
    size_t line = end ? (size_t)(end - text) : size;
    int fds[2];

    if (line > TARGET_MAX)
        return 0;
    if (!site.loop)
        make_site();
    add_task();
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) < 0)
        abort();
    httpd_arrive(site.httpd, false, fds[0], &nobody);
    request(fds[1], text, line, end ? end + 1 : text, end ? size - line - 1 : 0);
    close(fds[1]);
    for (int i = 0; i < TURNS; i++)
        ps_loop_poll(site.loop);
    drop_tasks();
    return 0;
}
