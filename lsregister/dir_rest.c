// SPDX-License-Identifier: Apache-2.0
#include "lsregister/dir_rest.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/ps_err.h"
#include "crypto/ps_crypto.h"

// --- answers

void dir_refuse(struct ps_http_req *req, int status, const char *fmt, ...)
{
    char text[1024];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof text - 1, fmt, ap);
    va_end(ap);
    (void)strcat(text, "\n");
    ps_http_reply(req, status, "text/plain; charset=utf-8", text, strlen(text));
}

void dir_refuse_store(struct dir_site *s, struct ps_http_req *req, int err)
{
    if (err == PS_ELIMIT || err == -ENOMEM) {
        ps_http_add(req, "Retry-After", "5");
        dir_refuse(req, 503, "The directory has too much to do: try again later");
        return;
    }
    if (err == -ESTALE) {
        ps_log(s->log, PS_LOG_WARN, "store",
               "%s: was removed or replaced while it was in use: put it back, or start the directory again",
               s->settings->data);
        dir_refuse(req, 507, "The directory's file was removed or replaced: nothing is kept");
        return;
    }
    ps_log(s->log, PS_LOG_WARN, "store", "cannot write: %s", ps_strerror(err));
    if (err == -ENOSPC || err == -EDQUOT) {
        ps_http_add(req, "Retry-After", "60");
        dir_refuse(req, 507, "The directory has no disk space left: nothing was changed");
    } else {
        dir_refuse(req, 500, "The directory cannot write (%s): nothing was changed", ps_strerror(err));
    }
}

void dir_answer(struct ps_http_req *req, struct ps_text *t)
{
    size_t len;
    char *text = ps_text_close(t, &len);

    if (text)
        ps_http_reply_own(req, 200, DIR_JSON, text, len);
    else
        dir_refuse(req, 503, "The directory is out of memory: try again later");
}

void dir_answer_record(struct dir_site *s, struct ps_http_req *req, const struct dir_rec *rec,
                       const char *state)
{
    struct ps_text t;
    struct ps_json *j = ps_text_open(&t);

    ps_json_open(j, '{');
    dir_index_write(s->index, rec, state, j);
    ps_json_close(j, '}');
    dir_answer(req, &t);
}

// --- who asks

// What this directory passed on does not come back to it.
static bool comes_back(struct dir_site *s, struct ps_http_req *req)
{
    const char *way = ps_http_header(req, DIR_WAY_HEADER), *self = dir_store_self(s->store);

    if (!way)
        return false;
    ps_http_add(req, DIR_SELF_HEADER, self);
    if (dir_way_good(way) && !dir_way_has(way, self))
        return false;
    s->counts.refused++;
    if (dir_way_good(way))
        dir_refuse(req, 409, "This directory passed it on itself, and does not take it back");
    else
        dir_refuse(req, 400, DIR_WAY_HEADER " wants the ids of %d directories at most", DIR_WAY_MAX);
    return true;
}

bool dir_may_write(void *site, struct ps_http_req *req)
{
    struct dir_site *s = site;
    const struct ps_addr *client = ps_http_client(req);
    char text[PS_ADDR_STRLEN];

    if (!client->len || !s->settings->writers || ps_netset_has(s->settings->writers, client))
        return !comes_back(s, req);
    s->counts.refused++;
    dir_refuse(req, 403, "This directory takes no records from %s: ask its administrator for register-from",
               ps_addr_host(client, text));
    return false;
}

int dir_way_of(const struct ps_http_req *req, char **way)
{
    const char *header = ps_http_header(req, DIR_WAY_HEADER);

    *way = header ? strdup(header) : NULL;
    return header && !*way ? -ENOMEM : 0;
}

bool dir_way_idle(const struct dir_rec *rec, const char *way)
{
    return way && !rec->way && !rec->pending && !dir_lease_over(rec->expires_ms, dir_now_ms());
}

void dir_lease_take(struct dir_rec *rec, struct dir_lease_row *row)
{
    rec->expires_ms = row->expires_ms;
    rec->ttl_s = row->ttl_s;
    rec->renewed = true;
    free(rec->way);
    rec->way = row->way;
    row->way = NULL;
}

static int read_token(struct dir_claim *c, const char *header, struct ps_fault *fault)
{
    const char *token = header + 6;
    size_t len;

    if (strncasecmp(header, "Bearer", 6) == 0 && *token == ' ') {
        token += strspn(token, " ");
        len = strcspn(token, " ");
        if (len && !token[len] && ps_sha256(token, len, c->token) == 0) {
            c->has_token = true;
            return 0;
        }
    }
    ps_fault_set(fault, NULL, 0, "Authorization wants \"Bearer TOKEN\"");
    return PS_ESYNTAX;
}

// A member that is a string, or an array of which the first counts.
static const char *first_text(struct ps_jnode n)
{
    const char *text = NULL;

    if (ps_jnode_type(n) == PS_JTYPE_ARRAY)
        n = ps_jnode_first(n);
    (void)ps_jnode_str(n, 1, SIZE_MAX, &text, NULL);
    return text;
}

int dir_claim_read(struct dir_claim *c, const struct ps_http_req *req, struct ps_jnode body,
                   struct ps_fault *fault)
{
    const char *header = ps_http_header(req, "Authorization");

    *c = (struct dir_claim){.all = !ps_http_client(req)->len};
    c->client = first_text(ps_jnode_member(body, "client-uuid"));
    return header ? read_token(c, header, fault) : 0;
}

const char *dir_claim_refuses(const struct dir_site *s, const struct dir_claim *c, const struct dir_rec *rec)
{
    const char *owner = dir_index_value(s->index, rec, "client-uuid");

    if (c->all)
        return NULL;
    if (rec->token && (!c->has_token || !ps_mem_equal(rec->token, c->token, DIR_TOKEN)))
        return "it was registered with a token, and wants the same one (Authorization: Bearer TOKEN)";
    if (c->client && owner && strcasecmp(c->client, owner) != 0)
        return "it is another client's (client-uuid)";
    if (rec->token || s->settings->ownership == DIR_OWNER_OPEN || !owner || c->client)
        return NULL;
    return "its client-uuid has to be said in the request: {\"client-uuid\": [\"...\"]}";
}

int dir_body_read(const struct ps_http_req *req, struct ps_jdoc **doc, struct ps_fault *fault)
{
    const char *type = ps_http_header(req, "Content-Type");
    size_t len;
    const char *body = ps_http_body(req, &len);

    *doc = NULL;
    while (len && strchr(" \t\r\n", body[len - 1]) && body[len - 1])
        len--;
    if (!len)
        return 0;
    if (type && strncasecmp(type, DIR_JSON, sizeof DIR_JSON - 1) != 0) {
        ps_fault_set(fault, NULL, 0, "The body has to be application/json");
        return 415;
    }
    return ps_jdoc_parse_foreign(doc, NULL, body, len, fault) ? 400 : 0;
}

// --- reading one

// 404 is answered when there is none that anybody may see.
static struct dir_rec *find(struct dir_site *s, struct ps_http_req *req)
{
    const char *type = ps_http_arg(req, "type"), *uuid = ps_http_arg(req, "uuid");
    struct dir_rec *rec = dir_index_by_path(s->index, type, uuid);

    if (rec && !dir_lease_over(rec->expires_ms, dir_now_ms()))
        return rec;
    dir_refuse(req, 404, "There is no record lookup/%.64s/%.64s (any more)", type, uuid);
    return NULL;
}

void dir_rest_get(void *site, struct ps_http_req *req)
{
    const struct dir_rec *rec = find(site, req);

    if (rec)
        dir_answer_record(site, req, rec, NULL);
}

void dir_rest_key(void *site, struct ps_http_req *req)
{
    struct dir_site *s = site;
    const struct dir_rec *rec = find(s, req);
    const char *key = ps_http_arg(req, "key");
    struct ps_text t;
    struct ps_json *j;
    bool there;

    if (!rec)
        return;
    j = ps_text_open(&t);
    ps_json_open(j, '{');
    there = dir_index_write_key(s->index, rec, key, j);
    ps_json_close(j, '}');
    if (there) {
        dir_answer(req, &t);
        return;
    }
    free(ps_text_close(&t, NULL));
    dir_refuse(req, 404, "The record has no key '%.100s'", key);
}

// --- routes

int dir_rest_routes(struct dir_site *s)
{
    static const char records[] = "/lookup/records", one[] = "/lookup/{type}/{uuid}";
    const struct ps_http_route routes[] = {
        {PS_HTTP_POST, records, dir_rest_register, dir_may_write, s, DIR_BODY_MAX, 0},
        {PS_HTTP_PUT, records, dir_rest_bulk, dir_may_write, s, DIR_BULK_BODY, PS_HTTP_GZIP},
        {PS_HTTP_GET, records, dir_rest_query, NULL, s, 0, PS_HTTP_GZIP | PS_HTTP_ANY_ORIGIN},
        {PS_HTTP_POST, one, dir_rest_renew, dir_may_write, s, DIR_BODY_MAX, 0},
        {PS_HTTP_DELETE, one, dir_rest_delete, dir_may_write, s, DIR_BODY_MAX, 0},
        {PS_HTTP_GET, one, dir_rest_get, NULL, s, 0, PS_HTTP_GZIP | PS_HTTP_ANY_ORIGIN},
        {PS_HTTP_GET, "/lookup/{type}/{uuid}/{key}", dir_rest_key, NULL, s, 0,
         PS_HTTP_GZIP | PS_HTTP_ANY_ORIGIN},
    };
    int err = 0;

    for (size_t i = 0; !err && i < sizeof routes / sizeof routes[0]; i++)
        err = ps_httpd_route(s->httpd, &routes[i]);
    return err;
}
