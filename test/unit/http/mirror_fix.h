// SPDX-License-Identifier: Apache-2.0
// A document of our own server, which gives what the tests say, and a folder for its copy. For the tests of
// ps_mirror.h.
#pragma once
#include "http_fix.h"
#include <sys/stat.h>
#include "http/ps_mirror.h"

struct seen {
    struct fix *f;
    struct ps_httpc *http;
    struct ps_mirror *mirror;
    struct ps_mirror_conf conf;
    char dir[64], path[100], url[200];
    // the server
    int status;
    const char *body, *etag, *modified, *type;
    int asked;
    char condition[300], since[300]; // that came with the request
    bool holds;
    struct ps_http_req *held;
    // the user
    int taken, told;
    char doc[1000];
    bool from_disk;
    ps_ns fetched;
    int refuse;         // what take gives
    const char *reason; // and says
    bool frees;
};

static inline void give_list(void *ctx, struct ps_http_req *req)
{
    struct seen *s = ctx;
    const char *condition = ps_http_header(req, "If-None-Match");
    const char *since = ps_http_header(req, "If-Modified-Since");

    s->asked++;
    snprintf(s->condition, sizeof s->condition, "%s", condition ? condition : "");
    snprintf(s->since, sizeof s->since, "%s", since ? since : "");
    if (s->holds) {
        s->held = req;
        return;
    }
    if (s->etag)
        ps_http_add(req, "ETag", s->etag);
    if (s->modified)
        ps_http_add(req, "Last-Modified", s->modified);
    if (s->etag && condition && strcmp(condition, s->etag) == 0)
        ps_http_reply(req, 304, NULL, "", 0);
    else
        ps_http_reply(req, s->status, s->type, s->body, strlen(s->body));
}

static inline int take(void *ctx, const struct ps_mirror_doc *doc, char *why, size_t size)
{
    struct seen *s = ctx;

    s->taken++;
    assert_int_equal(doc->data[doc->len], 0);
    snprintf(s->doc, sizeof s->doc, "%s", doc->data);
    s->from_disk = doc->from_disk;
    s->fetched = doc->fetched;
    if (s->reason)
        snprintf(why, size, "%s", s->reason);
    return s->refuse;
}

static inline void told(void *ctx, struct ps_mirror *m)
{
    struct seen *s = ctx;

    s->told++;
    if (s->frees) {
        ps_mirror_free(m);
        s->mirror = NULL;
    }
}

static struct seen seen;

static inline int begin(void **state)
{
    struct ps_http_route route = {
        .methods = PS_HTTP_GET, .pattern = "/list", .handler = give_list, .ctx = &seen};
    struct fix *f;

    assert_int_equal(setup(state), 0);
    f = *state;
    seen =
        (struct seen){.f = f, .status = 200, .body = "192.0.2.0/24\n", .dir = "/tmp/test_ps_mirror.XXXXXX"};
    assert_int_equal(ps_httpd_route(f->httpd, &route), 0);
    assert_non_null(mkdtemp(seen.dir));
    snprintf(seen.path, sizeof seen.path, "%s/copy", seen.dir);
    snprintf(seen.url, sizeof seen.url, "http://127.0.0.1:%u/list", ps_addr_port(&f->addr));
    assert_int_equal(ps_httpc_new(f->loop, &(struct ps_httpc_conf){.conns_max = 4}, &seen.http), 0);
    seen.conf = (struct ps_mirror_conf){.url = seen.url,
                                        .update = 3600 * PS_SEC,
                                        .retry = 3600 * PS_SEC,
                                        .path = seen.path,
                                        .take = take,
                                        .told = told,
                                        .ctx = &seen};
    return 0;
}

static inline int end(void **state)
{
    char command[100];

    ps_mirror_free(seen.mirror);
    ps_httpc_free(seen.http);
    if (seen.held)
        ps_http_reply(seen.held, 200, NULL, "", 0);
    assert_int_equal(teardown(state), 0); // workers are done then
    snprintf(command, sizeof command, "rm -rf %s", seen.dir);
    assert_int_equal(system(command), 0);
    return 0;
}

static inline void start(void)
{
    assert_int_equal(ps_mirror_new(seen.f->loop, seen.http, &seen.conf, &seen.mirror), 0);
    assert_int_equal(ps_mirror_start(seen.mirror), 0);
}

// The state after so many attempts.
static inline struct ps_mirror_state after(int attempts)
{
    struct ps_mirror_state st;

    POLL_UNTIL(seen.f, seen.told >= attempts);
    assert_int_equal(seen.told, attempts);
    ps_mirror_get(seen.mirror, &st);
    return st;
}

static inline struct ps_mirror_state again(void)
{
    int before = seen.told;

    ps_mirror_refresh(seen.mirror);
    return after(before + 1);
}

static inline void restart(void)
{
    ps_mirror_free(seen.mirror);
    seen.told = seen.taken = 0;
    start();
}

static inline bool has_copy(void)
{
    return access(seen.path, F_OK) == 0;
}

static inline void wait_for_copy(void)
{
    POLL_UNTIL(seen.f, has_copy());
    for (int i = 0; i < 3; i++)
        ps_loop_poll(seen.f->loop);
}

static inline char *why_of(const char *cause)
{
    static char why[400];

    snprintf(why, sizeof why, "%s: %s", seen.url, cause);
    return why;
}

#define SEEN_TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)
