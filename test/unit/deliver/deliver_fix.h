// SPDX-License-Identifier: Apache-2.0
// A loop, what delivers, an HTTP server that answers as the test says, and a directory. For the tests of
// ps_deliver.h.
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/ps_err.h"
#include "deliver/ps_deliver_kind.h"
#include "http/ps_httpd.h"

#define GUARD (60 * PS_SEC)
#define HELD 16
#define FIX __attribute__((unused)) static

struct outcome {
    int calls;
    enum ps_deliver_end end;
    ps_ns wait;
    char text[1200];
    struct ps_deliver *free_inside;
};

struct fix {
    struct ps_loop *loop;
    struct ps_deliver *deliver;
    struct ps_httpd *httpd;
    struct ps_addr addr;
    char dir[64];
    struct ps_fault fault;
    struct ps_jdoc *data; // of the last job
    // what the server does
    int status;
    bool hold; // it does not answer before the test does
    const char *answer, *header, *value;
    // what it got
    int requests;
    char method[16], type[64], auth[128], extra[64], body[4096];
    struct ps_http_req *held[HELD];
    size_t nheld;
};

#define POLL_UNTIL(f, condition)                          \
    do {                                                  \
        ps_ns poll_end = ps_loop_mono() + GUARD;          \
        while (!(condition) && ps_loop_mono() < poll_end) \
            ps_loop_poll((f)->loop);                      \
        assert_true(condition);                           \
    } while (0)

FIX void fix_note(char *out, size_t size, const char *text)
{
    snprintf(out, size, "%s", text ? text : "(none)");
}

FIX void fix_request(void *ctx, struct ps_http_req *req)
{
    struct fix *f = ctx;
    size_t len;

    f->requests++;
    fix_note(f->method, sizeof f->method, ps_http_method_of(req));
    fix_note(f->type, sizeof f->type, ps_http_header(req, "Content-Type"));
    fix_note(f->auth, sizeof f->auth, ps_http_header(req, "Authorization"));
    fix_note(f->extra, sizeof f->extra, ps_http_header(req, "X-Extra"));
    fix_note(f->body, sizeof f->body, ps_http_body(req, &len));
    if (f->hold) {
        assert_true(f->nheld < HELD);
        f->held[f->nheld++] = req;
        return;
    }
    if (f->header)
        ps_http_add(req, f->header, f->value);
    ps_http_reply(req, f->status, "text/plain", f->answer, strlen(f->answer));
}

FIX int setup(void **state)
{
    struct fix *f = calloc(1, sizeof *f);
    struct ps_http_route r = {
        .methods = PS_HTTP_PUT | PS_HTTP_POST, .pattern = "/in", .handler = fix_request, .body_max = 4095};
    const struct ps_deliver_conf conf = {.agent = "test"};
    struct ps_addr any;

    assert_non_null(f);
    f->status = 200;
    f->answer = "";
    snprintf(f->dir, sizeof f->dir, "%s/test_deliver.XXXXXX",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    assert_non_null(mkdtemp(f->dir));
    assert_int_equal(ps_loop_new(&f->loop), 0);
    assert_int_equal(ps_deliver_new(f->loop, &conf, &f->deliver), 0);
    assert_int_equal(ps_httpd_new(f->loop, &ps_httpd_defaults, &f->httpd), 0);
    r.ctx = f;
    assert_int_equal(ps_httpd_route(f->httpd, &r), 0);
    assert_int_equal(ps_addr_parse("127.0.0.1", 0, &any), 0);
    assert_int_equal(ps_httpd_listen(f->httpd, &any, false, &f->addr, &f->fault), 0);
    *state = f;
    return 0;
}

FIX int teardown(void **state)
{
    struct fix *f = *state;
    char command[128];

    ps_deliver_free(f->deliver);
    while (f->nheld > 0)
        ps_http_reply(f->held[--f->nheld], 200, NULL, "", 0);
    ps_httpd_close(f->httpd);
    ps_loop_run(f->loop); // what a worker still has
    ps_loop_free(f->loop);
    ps_jdoc_free(f->data);
    snprintf(command, sizeof command, "rm -rf '%s'", f->dir);
    assert_int_equal(system(command), 0);
    free(f);
    return 0;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

// JSON with ' in place of ", $ for the server's "127.0.0.1:port", ~ for the directory.
FIX struct ps_jnode fix_data(struct fix *f, const char *pattern)
{
    char text[8192];
    size_t n = 0;

    for (; *pattern; pattern++) {
        if (*pattern == '$')
            n += (size_t)snprintf(text + n, sizeof text - n, "127.0.0.1:%u", ps_addr_port(&f->addr));
        else if (*pattern == '~')
            n += (size_t)snprintf(text + n, sizeof text - n, "%s", f->dir);
        else
            text[n++] = (char)(*pattern == '\'' ? '"' : *pattern);
        assert_true(n < sizeof text);
    }
    ps_jdoc_free(f->data);
    f->data = NULL;
    if (ps_jdoc_parse(&f->data, NULL, text, n, &f->fault))
        fail_msg("%s", f->fault.text);
    return ps_jdoc_root(f->data);
}

FIX void fix_ended(void *ctx, const struct ps_deliver_outcome *o)
{
    struct outcome *r = ctx;

    r->calls++;
    r->end = o->end;
    r->wait = o->wait;
    fix_note(r->text, sizeof r->text, o->text);
    ps_deliver_free(r->free_inside);
}

FIX struct ps_deliver_job fix_job(struct fix *f, const char *kind, const char *data, const char *doc)
{
    return (struct ps_deliver_job){
        .kind = ps_deliver_kind(kind), .data = fix_data(f, data), .doc = doc, .len = strlen(doc)};
}

FIX void fix_start(struct fix *f, const struct ps_deliver_job *job, struct outcome *r)
{
    if (ps_deliver_send(f->deliver, job, fix_ended, r, NULL, &f->fault))
        fail_msg("%s", f->fault.text);
}

// One job to its end.
FIX void fix_run(struct fix *f, const struct ps_deliver_job *job, struct outcome *r)
{
    memset(r, 0, sizeof *r);
    fix_start(f, job, r);
    assert_int_equal(r->calls, 0); // never from inside
    POLL_UNTIL(f, r->calls == 1);
    assert_int_equal(ps_deliver_calls(f->deliver), 0);
}
