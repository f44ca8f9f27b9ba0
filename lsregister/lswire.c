// SPDX-License-Identifier: Apache-2.0
#include "lsregister/lswire.h"
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "base/ps_iso8601.h"
#include "base/ps_num.h"
#include "base/ps_out.h"
#include "http/ps_url.h"

// requests

int lswire_server(const char *text, char **out)
{
    struct ps_url u;
    struct ps_buf b;
    int err = ps_url_parse(&u, text, strlen(text));
    if (!err && strcmp(u.scheme, "http") != 0 && strcmp(u.scheme, "https") != 0)
        err = PS_EUNSUPPORTED;
    ps_buf_init(&b, PS_URL_MAX);
    // What stands before "lookup" belongs to it: a server may be a part of another.
    const char *path = err ? "" : u.path, *lookup = strstr(path, "/lookup");
    size_t len = lookup ? (size_t)(lookup - path) : strlen(path);
    while (len && path[len - 1] == '/')
        len--;
    if (!err)
        err = ps_buf_printf(&b, u.literal6 ? "%s://[%s]" : "%s://%s", u.scheme, u.host);
    if (!err && u.port)
        err = ps_buf_printf(&b, ":%u", (unsigned)u.port);
    if (!err)
        err = ps_buf_printf(&b, "%.*s/", (int)len, path);
    if (!err)
        err = ps_buf_append(&b, "", 1);
    *out = err ? NULL : strdup((const char *)ps_buf_head(&b));
    if (!err && !*out)
        err = -ENOMEM;
    ps_buf_fini(&b);
    ps_url_fini(&u);
    return err;
}

void lswire_http_fini(struct lswire_http *h)
{
    ps_buf_fini(&h->url);
    ps_buf_fini(&h->body);
}

static void put_ttl(struct ps_json *j, ps_ns ttl)
{
    char text[40];
    if (!ttl)
        return;
    // Perl's client takes for a duration only what has a T, and so may others.
    snprintf(text, sizeof text, "PT%lldM", (long long)((ttl + 60 * PS_SEC - 1) / (60 * PS_SEC)));
    ps_json_put_open(j, "ttl", '[');
    ps_json_str(j, text);
    ps_json_close(j, ']');
}

static int write_body(const struct lswire_ask *ask, struct ps_buf *out)
{
    struct ps_text t;
    struct ps_json *j = ps_text_open(&t);
    ps_json_open(j, '{');
    put_ttl(j, ask->ttl);
    if (ask->client && (ask->verb == LS_RENEW || ask->verb == LS_DELETE)) {
        ps_json_put_open(j, "client-uuid", '[');
        ps_json_str(j, ask->client);
        ps_json_close(j, ']');
    }
    if (ask->verb == LS_RENEW_ALL) {
        ps_json_put_open(j, "record-uris", '[');
        for (size_t i = 0; i < ask->uris->n; i++)
            ps_json_str(j, ask->uris->at[i]);
        ps_json_close(j, ']');
    }
    if (ask->verb == LS_REGISTER)
        record_write_keys(ask->record, j);
    ps_json_close(j, '}');
    return ps_text_append(&t, out);
}

static const char *path_of(const struct lswire_ask *ask)
{
    return ask->verb == LS_RENEW || ask->verb == LS_DELETE ? ask->uris->at[0] : "lookup/records";
}

int lswire_write(const struct lswire_ask *ask, struct lswire_http *out)
{
    static const char *const methods[] = {
        [LS_REGISTER] = "POST", [LS_RENEW_ALL] = "PUT", [LS_RENEW] = "POST",
        [LS_DELETE] = "DELETE", [LS_QUERY] = "GET",
    };
    out->method = methods[ask->verb];
    ps_buf_init(&out->url, 0);
    ps_buf_init(&out->body, 0);
    int err = ps_buf_printf(&out->url, "%s%s", ask->server, path_of(ask));
    if (!err && ask->verb == LS_QUERY && ask->query[0])
        err = ps_buf_printf(&out->url, "?%s", ask->query);
    if (!err)
        err = ps_buf_append(&out->url, "", 1);
    if (!err && ask->verb != LS_QUERY && (ask->verb != LS_DELETE || ask->client))
        err = write_body(ask, &out->body);
    return err;
}

// answers

void lswire_reply_fini(struct lswire_reply *r)
{
    for (size_t i = 0; i < r->n; i++)
        record_fini(&r->records[i]);
    for (size_t i = 0; i < r->nfailed; i++)
        free(r->failed[i].uri);
    free(r->records);
    free(r->failed);
    *r = (struct lswire_reply){0};
}

void lswire_none(bool reached, const char *why, struct lswire_reply *reply)
{
    *reply = (struct lswire_reply){.outcome = reached ? LS_LOST : LS_UNREACHED};
    snprintf(reply->why, sizeof reply->why, "%s", why);
}

bool lswire_is_uri(const char *uri)
{
    size_t slashes = 0;
    if (strncmp(uri, "lookup/", 7) != 0 || strlen(uri) > 300 || strstr(uri, "..") || strstr(uri, "//"))
        return false;
    for (const char *p = uri; *p; p++) {
        slashes += *p == '/';
        if (!isalnum((unsigned char)*p) && !strchr("/-_.~:", *p))
            return false;
    }
    return slashes == 2 && uri[strlen(uri) - 1] != '/';
}

ps_ns lswire_expires(const struct record *r)
{
    const char *text = record_get(r, "expires");
    struct ps_when w;
    return text && ps_iso8601_time(text, &w) == 0 && w.at > 0 ? w.at : 0;
}

// The beginning of what the server said, on one line.
static void put_said(const char *body, size_t len, char *out, size_t size)
{
    size_t n = 0;
    for (size_t i = 0; i < len && n + 1 < size && n < 200; i++)
        out[n++] = (unsigned char)body[i] < 32 || (unsigned char)body[i] > 126 ? ' ' : body[i];
    while (n && out[n - 1] == ' ')
        n--;
    out[n] = '\0';
}

// What no lookup server answers: another stands in its place, such as a proxy that has lost it.
static bool is_stranger(enum lswire_verb verb, int status)
{
    bool records = verb == LS_REGISTER || verb == LS_QUERY; // are at a path that every one of them has
    return status < 400 || status == 401 || status == 405 || status == 407 || status == 429 ||
           (status == 404 && records);
}

static void refused(enum lswire_verb verb, struct lswire_reply *r, const char *body, size_t len)
{
    char said[220];
    put_said(body, len, said, sizeof said);
    r->outcome = r->status >= 500 || is_stranger(verb, r->status) ? LS_FAILING
                 : r->status == 403                               ? LS_FORBIDDEN
                 : r->status == 404                               ? LS_ABSENT
                                                                  : LS_INVALID;
    snprintf(r->why, sizeof r->why, "status %d%s%s", r->status, said[0] ? ": " : "", said);
}

static int unclear(struct lswire_reply *r, const char *what, const char *body, size_t len)
{
    char said[220];
    put_said(body, len, said, sizeof said);
    r->outcome = LS_LOST;
    snprintf(r->why, sizeof r->why, "the answer %s: \"%s\"", what, said);
    return 0;
}

static int add_record(struct lswire_reply *r, struct ps_jnode n)
{
    // Room doubles whenever the count is a power of two.
    if ((r->n & (r->n - 1)) == 0) {
        struct record *grown = realloc(r->records, (r->n ? 2 * r->n : 1) * sizeof *grown);
        if (!grown)
            return -ENOMEM;
        r->records = grown;
    }
    r->records[r->n] = (struct record){0};
    int err = record_read(&r->records[r->n], n);
    if (err)
        record_fini(&r->records[r->n]);
    else
        r->n++;
    r->left_out += err && err != -ENOMEM;
    return err == -ENOMEM ? err : 0; // what is no record is left out
}

// The end of the value that begins at p, or NULL: it has none. Brackets are counted, strings passed over; what is inside
// is judged by who reads it.
static const char *end_of_value(const char *p, const char *end)
{
    size_t depth = 0;
    bool quoted = false;
    for (; p < end; p++) {
        if (quoted && *p == '\\')
            p++;
        else if (*p == '"')
            quoted = !quoted;
        else if (!quoted && (*p == '{' || *p == '['))
            depth++;
        else if (!quoted && depth && (*p == '}' || *p == ']'))
            depth--;
        else if (!quoted && !depth && (*p == ',' || *p == ']'))
            return p;
    }
    return NULL;
}

// A copy with U+FFFD for each octet that is not UTF-8, or NULL.
static char *mend(const char *text, size_t len)
{
    char *copy = strndup(text, len), *out = copy ? malloc(3 * len + 1) : NULL, *to = out;
    for (const char *p = copy; out && *p;) {
        size_t n = ps_utf8_len(p);
        memcpy(to, n ? p : "\xef\xbf\xbd", n ? n : 3);
        to += n ? n : 3;
        p += n ? n : 1;
    }
    if (out)
        *to = '\0';
    free(copy);
    return out;
}

// One of what was found. Where its text is of another encoding, what cannot be read of it is replaced.
static int read_element(struct lswire_reply *r, const char *p, size_t len)
{
    struct ps_jdoc *doc = NULL;
    int err = r->n < LSWIRE_RECORDS ? ps_jdoc_parse_foreign(&doc, NULL, p, len, NULL) : PS_ELIMIT;
    if (err == PS_EMALFORMED) {
        char *mended = mend(p, len);
        err = mended ? ps_jdoc_parse_foreign(&doc, NULL, mended, strlen(mended), NULL) : -ENOMEM;
        free(mended);
    }
    r->left_out += err && err != -ENOMEM;
    if (!err)
        err = add_record(r, ps_jdoc_root(doc));
    ps_jdoc_free(doc);
    return err == -ENOMEM ? err : 0;
}

static const char *skip_blanks(const char *p, const char *end)
{
    while (p < end && strchr(" \t\r\n", *p) && *p)
        p++;
    return p;
}

// Each record by itself: a server may have more than a document may hold, and one that cannot be read takes no other
// with it. PS_ESHORT: the array has no end.
static int read_array(struct lswire_reply *r, const char *p, const char *end)
{
    int err = 0;
    p = skip_blanks(p + 1, end);
    if (p < end && *p == ']')
        return skip_blanks(p + 1, end) == end ? 0 : PS_ESHORT;
    while (!err) {
        const char *after = end_of_value(p, end);
        if (!after)
            return PS_ESHORT;
        err = read_element(r, p, (size_t)(after - p));
        p = after + 1;
        if (*after == ']')
            return err ? err : skip_blanks(p, end) == end ? 0 : PS_ESHORT;
    }
    return err;
}

static int read_found(struct lswire_reply *r, const char *body, size_t len)
{
    const char *end = body + len, *p = skip_blanks(body, end);
    struct ps_jdoc *doc;
    if (p < end && *p == '[') {
        int err = read_array(r, p, end);
        return err == PS_ESHORT ? unclear(r, "is only a part of what it should be", body, len) : err;
    }
    // One record that is no array.
    if (ps_jdoc_parse_foreign(&doc, NULL, body, len, NULL) != 0)
        return unclear(r, "is no JSON", body, len);
    size_t before = r->n;
    int err = add_record(r, ps_jdoc_root(doc));
    ps_jdoc_free(doc);
    return err || r->n > before ? err : unclear(r, "is of another kind than was asked for", body, len);
}

static int add_failed(struct lswire_reply *r, const char *uri, const char *code)
{
    struct lswire_failed *grown = realloc(r->failed, (r->nfailed + 1) * sizeof *grown);
    if (!grown)
        return -ENOMEM;
    r->failed = grown;
    grown[r->nfailed] = (struct lswire_failed){.uri = strdup(uri)};
    snprintf(grown[r->nfailed].code, sizeof grown->code, "%s", code);
    return grown[r->nfailed++].uri ? 0 : -ENOMEM;
}

// The number of failures that a server counts, or of those that it lists: a count may be a number, a text of one, or
// "null".
static uint64_t count_of(const struct record *sum, struct ps_jnode root, size_t listed)
{
    const char *text = record_get(sum, "failure");
    uint64_t n = listed;
    if (text)
        (void)ps_num_u64(text, 10, 0, UINT64_MAX, &n);
    else
        (void)ps_jnode_u64(ps_jnode_member(root, "failure"), 0, UINT64_MAX, &n, NULL);
    return n;
}

static int read_sum(struct lswire_reply *r, struct ps_jnode root, const char *body, size_t len)
{
    struct record sum = {0};
    struct ps_jnode uris = ps_jnode_member(root, "failed-uris"), codes = ps_jnode_member(root, "error-code");
    struct ps_jnode code = ps_jnode_first(codes);
    int err = record_read(&sum, root);
    bool one = ps_jnode_type(uris) == PS_JTYPE_STRING; // neither is it always an array
    const char *text = NULL;
    if (!err && one) {
        const char *c = record_get(&sum, "error-code");
        (void)ps_jnode_str(uris, 0, SIZE_MAX, &text, NULL);
        err = *text ? add_failed(r, text, c ? c : "") : 0;
    }
    for (struct ps_jnode u = ps_jnode_first(uris); ps_jnode_there(u) && !err && !one; u = ps_jnode_next(u)) {
        const char *c = "";
        (void)ps_jnode_str(code, 0, SIZE_MAX, &c, NULL);
        if (ps_jnode_str(u, 1, SIZE_MAX, &text, NULL) == 0)
            err = add_failed(r, text, c);
        code = ps_jnode_next(code);
    }
    if (err && err != -ENOMEM)
        unclear(r, "has too much in it", body, len);
    else if (!err && !ps_jnode_there(ps_jnode_member(root, "total")) && !r->nfailed)
        unclear(r, "is no summary of renewals", body, len);
    else if (!err && count_of(&sum, root, r->nfailed) > r->nfailed)
        unclear(r, "counts more failures than it names", body, len);
    record_fini(&sum);
    return err == -ENOMEM ? err : 0;
}

static int read_record(struct lswire_reply *r, struct ps_jnode root, const char *body, size_t len)
{
    int err = add_record(r, root);
    const char *uri = r->n ? record_get(&r->records[0], "uri") : NULL;
    if (!err && (!uri || !lswire_is_uri(uri)))
        unclear(r, uri ? "has a uri that is none of this service" : "has no uri", body, len);
    return err;
}

int lswire_read(enum lswire_verb verb, int status, const char *body, size_t len, struct lswire_reply *r)
{
    struct ps_jdoc *doc = NULL;
    int err = 0;
    *r = (struct lswire_reply){.status = status};
    if (status < 200 || status > 299) {
        refused(verb, r, body, len);
        return 0;
    }
    // What has been deleted is of no interest, and what was renewed alone says little.
    if (verb == LS_DELETE)
        return 0;
    if (verb == LS_QUERY)
        return read_found(r, body, len);
    if (ps_jdoc_parse_foreign(&doc, NULL, body, len, NULL) != 0)
        return verb == LS_RENEW ? 0 : unclear(r, "is no JSON", body, len);
    struct ps_jnode root = ps_jdoc_root(doc);
    if (ps_jnode_type(root) != PS_JTYPE_OBJECT)
        unclear(r, "is of another kind than was asked for", body, len);
    else if (verb == LS_RENEW_ALL)
        err = read_sum(r, root, body, len);
    else if (verb == LS_RENEW)
        err = add_record(r, root);
    else
        err = read_record(r, root, body, len);
    ps_jdoc_free(doc);
    return err;
}
