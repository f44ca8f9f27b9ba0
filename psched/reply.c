// SPDX-License-Identifier: Apache-2.0
#include "psched/reply.h"
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/ps_num.h"
#include "spec/sp_json.h"

#define JSON_TYPE "application/json"
#define TEXT_TYPE "text/plain; charset=utf-8"

void reply_no_memory(struct ps_http_req *req)
{
    reply_text(req, 500, "Out of memory");
}

void reply_not_found(struct ps_http_req *req)
{
    reply_text(req, 404, "Resource not found.");
}

void reply_ok(struct ps_http_req *req)
{
    reply_text(req, 200, "OK");
}

void reply_text(struct ps_http_req *req, int status, const char *fmt, ...)
{
    static const char sorry[] = "Out of memory\n";
    char *text = NULL;
    va_list ap;
    int n;

    va_start(ap, fmt);
    n = vasprintf(&text, fmt, ap);
    va_end(ap);
    if (n < 0) {
        ps_http_reply(req, 500, TEXT_TYPE, sorry, sizeof sorry - 1);
        return;
    }
    if (n == 0 || text[n - 1] != '\n')
        text[n++] = '\n'; // in place of the NUL
    ps_http_reply_own(req, status, TEXT_TYPE, text, (size_t)n);
}

// --- JSON

struct ps_json *reply_open(struct reply *r, struct ps_http_req *req)
{
    *r = (struct reply){.req = req};
    ps_buf_init(&r->origin, 0);
    r->json = ps_text_open(&r->text);
    return r->json;
}

const char *reply_here(struct reply *r)
{
    r->bad = reply_origin(r->req, &r->origin) != 0;
    return r->bad ? "" : (const char *)ps_buf_head(&r->origin);
}

// Indented, in place of text; NULL: no memory.
static char *indent(char *text, size_t *len)
{
    struct ps_jdoc *doc;
    struct ps_text t;
    struct ps_json *j;
    int err = ps_jdoc_parse(&doc, NULL, text, *len, NULL);

    free(text);
    if (err)
        return NULL;
    j = ps_text_open(&t);
    j->pretty = true;
    sp_json_put(j, ps_jdoc_root(doc), SP_JSON_SORT);
    (void)ps_json_end(j);
    ps_jdoc_free(doc);
    return ps_text_close(&t, len);
}

void reply_send(struct reply *r)
{
    char *text;
    size_t len;

    (void)ps_json_end(r->json);
    text = ps_text_close(&r->text, &len);
    if (text && reply_flag(r->req, "pretty", false))
        text = indent(text, &len);
    if (text && !r->bad) {
        ps_http_reply_own(r->req, 200, JSON_TYPE, text, len);
    } else {
        free(text);
        reply_no_memory(r->req);
    }
    ps_buf_fini(&r->origin);
}

void reply_json(struct ps_http_req *req, const char *text, size_t len)
{
    struct reply r;

    reply_open(&r, req);
    ps_json_raw(r.json, text, len);
    reply_send(&r);
}

void reply_json_string(struct ps_http_req *req, const char *text)
{
    struct reply r;

    reply_open(&r, req);
    ps_json_str(r.json, text);
    reply_send(&r);
}

// --- requests

int reply_origin(const struct ps_http_req *req, struct ps_buf *out)
{
    int err = ps_http_origin(req, out);

    return err ? err : ps_buf_append(out, "", 1);
}

void reply_see(struct ps_http_req *req, const char *origin, const char *target)
{
    char *place = NULL;

    if (asprintf(&place, "%s%s", origin, target) < 0) {
        reply_no_memory(req);
        return;
    }
    ps_http_add(req, "Location", place);
    reply_text(req, 303, "See %s", place);
    free(place);
}

bool reply_flag(const struct ps_http_req *req, const char *name, bool otherwise)
{
    const struct ps_query *q = ps_http_query(req);

    return ps_query_get(q, name) ? ps_query_flag(q, name) : otherwise;
}

bool reply_level(struct ps_http_req *req)
{
    const char *text = ps_query_get(ps_http_query(req), "api");
    uint64_t level;

    if (!text)
        return true;
    if (ps_num_u64(text, 10, 1, UINT32_MAX, &level)) {
        reply_text(req, 400, "api: wants a whole number from 1 on");
        return false;
    }
    if (level <= REPLY_API)
        return true;
    reply_text(req, 501, "No API above %d is supported", REPLY_API);
    return false;
}
