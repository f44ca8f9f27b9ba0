// SPDX-License-Identifier: Apache-2.0
#include "psarchive/results.h"
#include <errno.h>
#include <stdlib.h>
#include "base/ps_err.h"
#include "base/ps_num.h"
#include "psarchive/deed.h"
#include "psarchive/door.h"
#include "psarchive/map.h"
#include "psarchive/rest.h"

// A document on its way.
struct arrival {
    struct site *site;
    struct deed *deed;
    struct es_map map;
    int looking; // whose address is being looked up
};

static void refuse(struct arrival *a, int err)
{
    struct deed *d = a->deed;

    d->err = err;
    if (err == PS_ERESOLVE)
        ps_http_add(d->req, "Retry-After", "60");
    free(a);
    deed_refuse(d);
}

static void answer(struct deed *d)
{
    char key[2 * ES_REG_KEY_LEN + 1], text[128];
    int64_t ts = d->put->nvalues ? d->put->values[0].ts : 0;
    int n;

    meta_key_text(d->put->meta, key);
    n = snprintf(text, sizeof text, "{\"metadata-key\":\"%s\",\"ts\":%lld}", key, (long long)ts);
    ps_http_reply(d->req, 201, REST_JSON, text, (size_t)n);
}

static int put_text(struct arrival *a)
{
    struct deed *d = a->deed;
    size_t len;
    const char *text = ps_http_body(d->req, &len);
    bool keep = a->site->settings->documents && map_has_document(&a->map);
    int err = keep ? put_document(d->put, a->map.ts, text, len) : 0;

    if (err && err != -ENOMEM)
        ps_fault_set(&d->fault, NULL, 0, "the document cannot be kept: %s", ps_strerror(err));
    return err;
}

static void store(struct arrival *a)
{
    struct deed *d = a->deed;
    int err = map_make(&a->map, a->site->roster, &d->put, &d->fault);

    if (!err && d->put)
        err = put_text(a);
    if (err) {
        refuse(a, err);
        return;
    }
    free(a);
    d->answer = answer;
    if (d->put)
        deed_write(d);
    else
        deed_answer(d, 200, "{\"metadata-key\":null}");
}

static void look_up(struct arrival *a);

static void resolved(void *ctx, int err, const char *why, const struct ps_addr *addrs, size_t n)
{
    struct arrival *a = ctx;

    (void)why;
    es_map_found(&a->map.hosts[a->looking], addrs, err ? 0 : n);
    look_up(a);
}

static void look_up(struct arrival *a)
{
    for (int i = 0; i < ES_MAP_ROLES; i++) {
        struct es_map_host *h = &a->map.hosts[i];
        if (h->known)
            continue;
        a->looking = i;
        if (ps_resolve(a->site->loop, h->name, 0, AF_UNSPEC, resolved, a))
            refuse(a, -ENOMEM);
        return;
    }
    store(a);
}

static void was_read(void *ctx)
{
    struct deed *d = ctx;
    struct arrival *a = d->err ? NULL : calloc(1, sizeof *a);
    int err;

    if (!a) {
        d->err = d->err ? d->err : -ENOMEM;
        deed_refuse(d);
        return;
    }
    a->site = d->site;
    a->deed = d;
    err = es_map_begin(&a->map, ps_jdoc_root(d->doc), &d->fault);
    if (err)
        refuse(a, err);
    else
        look_up(a);
}

static void take(void *site, struct ps_http_req *req)
{
    struct deed *d = deed_new(site, req, NULL);

    if (d)
        deed_read(d, was_read);
}

// --- giving it back

static void give(void *site, struct ps_http_req *req)
{
    struct site *s = site;
    struct meta *m = rest_meta(s, req);
    uint64_t ts;
    char *text;
    size_t len;
    int err;

    if (!m)
        return;
    err = ps_num_u64(ps_http_arg(req, "ts"), 10, 0, PUT_TS_MAX, &ts)
              ? PS_ENOTFOUND
              : document_read(s->reader, m, (int64_t)ts, &text, &len);
    meta_unref(m);
    if (err == 0) {
        ps_http_reply_own(req, 200, REST_JSON, text, len);
    } else if (err == PS_ENOTFOUND) {
        ps_http_reply_error(req, 404, "There is no document of that time");
    } else {
        ps_log(s->log, PS_LOG_WARN, "store", "a document cannot be read: %s", ps_strerror(err));
        ps_http_reply_error(req, 500, "The archive cannot read this document");
    }
}

int results_routes(struct site *s)
{
    static const char *const patterns[] = {"/results", "/logstash"};
    struct ps_http_route r = {.methods = PS_HTTP_GET,
                              .pattern = "/results/{key}/{ts}",
                              .handler = give,
                              .gate = door_read,
                              .ctx = s,
                              .flags = PS_HTTP_ANY_ORIGIN | PS_HTTP_GZIP};
    int err = ps_httpd_route(s->httpd, &r);

    for (size_t i = 0; !err && i < 2; i++) {
        struct ps_http_route w = {.methods = PS_HTTP_PUT | PS_HTTP_POST,
                                  .pattern = patterns[i],
                                  .handler = take,
                                  .gate = door_write,
                                  .ctx = s,
                                  .body_max = (size_t)s->settings->body};
        err = ps_httpd_route(s->httpd, &w);
    }
    return err;
}
