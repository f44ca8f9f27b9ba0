// SPDX-License-Identifier: Apache-2.0
#include "test/sim/lsdouble.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/ps_iso8601.h"
#include "http/ps_url.h"

#define THRESHOLD (300 * PS_SEC)
#define LEASE_LEAST (30 * PS_SEC)
#define LEASE_MOST (30 * 86400 * PS_SEC)

void lsdouble_init(struct lsdouble *d)
{
    *d = (struct lsdouble){.lease = 7200 * PS_SEC};
}

void lsdouble_wipe(struct lsdouble *d)
{
    for (size_t i = 0; i < d->n; i++)
        record_fini(&d->at[i].record);
    free(d->at);
    d->at = NULL;
    d->n = 0;
}

void lsdouble_fini(struct lsdouble *d)
{
    lsdouble_wipe(d);
}

static void take_out(struct lsdouble *d, size_t i)
{
    record_fini(&d->at[i].record);
    memmove(d->at + i, d->at + i + 1, (--d->n - i) * sizeof *d->at);
}

void lsdouble_lose(struct lsdouble *d, const struct lsdouble_record *r)
{
    take_out(d, (size_t)(r - d->at));
}

void lsdouble_tick(struct lsdouble *d, ps_ns now)
{
    bool prunes = now / (3600 * PS_SEC) != d->now / (3600 * PS_SEC) && !(d->quirks & QUIRK_NO_PRUNE);
    d->now = now;
    for (size_t i = d->n; prunes && i-- > 0;)
        if (d->at[i].expires <= now - THRESHOLD)
            take_out(d, i);
}

size_t lsdouble_live(const struct lsdouble *d)
{
    size_t n = 0;
    for (size_t i = 0; i < d->n; i++)
        n += d->at[i].expires > d->now;
    return n;
}

const struct lsdouble_record *lsdouble_find(const struct lsdouble *d, const char *key, const char *value)
{
    for (size_t i = 0; i < d->n; i++)
        if (record_has(&d->at[i].record, key, value))
            return &d->at[i];
    return NULL;
}

// answers

static int say(struct ps_buf *body, int status, const char *text)
{
    ps_buf_append(body, text, strlen(text));
    return status;
}

static void put_own(const struct lsdouble *d, struct ps_json *j, const char *key, const char *value)
{
    ps_json_key(j, key);
    if (d->quirks & QUIRK_ARRAYS)
        ps_json_open(j, '[');
    ps_json_str(j, value);
    if (d->quirks & QUIRK_ARRAYS)
        ps_json_close(j, ']');
}

static void put_record(const struct lsdouble *d, struct ps_json *j, const struct lsdouble_record *r)
{
    char when[PS_ISO8601_TIME];
    ps_json_open(j, '{');
    record_write_keys(&r->record, j);
    put_own(d, j, "uri", r->uri);
    put_own(d, j, "expires", ps_iso8601_put_utc(r->expires, when));
    put_own(d, j, "state", r->state);
    ps_json_close(j, '}');
}

// What was written is the answer.
static int reply_text(struct ps_buf *body, struct ps_text *t)
{
    ps_text_append(t, body);
    return 200;
}

static int reply_record(const struct lsdouble *d, struct ps_buf *body, const struct lsdouble_record *r)
{
    struct ps_text t;
    put_record(d, ps_text_open(&t), r);
    return reply_text(body, &t);
}

// leases

// The ttl of a body; 0: none; -1: one that is no duration.
static ps_ns read_ttl(struct ps_jnode root)
{
    struct ps_jnode n = ps_jnode_member(root, "ttl");
    const char *text;
    ps_ns d;
    if (ps_jnode_type(n) == PS_JTYPE_ARRAY)
        n = ps_jnode_first(n);
    if (!ps_jnode_there(n))
        return 0;
    return ps_jnode_str(n, 1, 100, &text, NULL) == 0 && ps_iso8601_duration(text, &d) == 0 ? d : -1;
}

// What is out of bounds gets the default.
static void grant(struct lsdouble *d, struct lsdouble_record *r, ps_ns ttl, const char *state)
{
    r->expires = d->now + (ttl >= LEASE_LEAST && ttl <= LEASE_MOST ? ttl : d->lease);
    snprintf(r->state, sizeof r->state, "%s", state);
}

// registering

static bool shares_word(const struct words *a, const struct words *b)
{
    for (size_t i = 0; i < a->n; i++)
        for (size_t k = 0; k < b->n; k++) {
            char x[200], *rest = x, *word;
            snprintf(x, sizeof x, "%s", a->at[i]);
            while ((word = strsep(&rest, " -./:")) != NULL)
                if (*word && strcasestr(b->at[k], word))
                    return true;
        }
    return false;
}

static bool is_keyword(const char *key)
{
    static const char *const keys[] = {
        "client-uuid",         "type",         "uri", "state", "host-net-interfaces", "host-name",
        "interface-addresses", "person-emails"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (strcmp(key, keys[i]) == 0)
            return true;
    return false;
}

// Every key of the new record is looked for in the old one: one that has more to it is a duplicate as well.
static bool is_duplicate(const struct lsdouble *d, const struct record *old, const struct record *new)
{
    if (!(d->quirks & QUIRK_TOKENS))
        return record_covers(old, new);
    for (size_t i = 0; i < new->n; i++) {
        const struct words *other = record_all(old, new->keys[i].name);
        bool same = other && shares_word(&new->keys[i].values, other);
        if (is_keyword(new->keys[i].name))
            same = other && strcmp(other->at[0], new->keys[i].values.at[0]) == 0;
        if (!same && !record_is_outer(new->keys[i].name))
            return false;
    }
    return true;
}

static int register_one(struct lsdouble *d, struct ps_jnode root, struct ps_buf *body)
{
    struct lsdouble_record r = {0};
    ps_ns ttl = read_ttl(root);
    const char *type = NULL;
    if (record_read(&r.record, root) == 0)
        type = record_get(&r.record, "type");
    record_drop(&r.record, "ttl");
    int refused = !type || !*type                                ? say(body, 400, "Record type is missing")
                  : ttl < 0 || (ttl && d->quirks & QUIRK_NO_TTL) ? say(body, 403, "Lease was not granted")
                                                                 : 0;
    for (size_t i = 0; i < d->n && !refused; i++)
        if (is_duplicate(d, &d->at[i].record, &r.record)) {
            d->duplicates++;
            refused = say(body, 403, "The record already exists");
        }
    if (refused) {
        record_fini(&r.record);
        return refused;
    }
    snprintf(r.uri, sizeof r.uri, "lookup/%.20s/00000000-0000-4000-8000-%012zu", type, ++d->serial);
    grant(d, &r, ttl, "registered");
    d->at = realloc(d->at, (d->n + 1) * sizeof *d->at);
    d->at[d->n++] = r;
    d->registered++;
    return reply_record(d, body, &d->at[d->n - 1]);
}

// renewing

static struct lsdouble_record *find_uri(const struct lsdouble *d, const char *uri)
{
    for (size_t i = 0; i < d->n; i++)
        if (strcmp(d->at[i].uri, uri) == 0)
            return &d->at[i];
    return NULL;
}

// 0, or the code of a failure.
static int renew(struct lsdouble *d, const char *uri, ps_ns ttl)
{
    struct lsdouble_record *r = find_uri(d, uri);
    if (!r)
        return 22;
    if (r->expires < d->now - THRESHOLD)
        return 21;
    grant(d, r, ttl, "renewed");
    r->renewals++;
    return 0;
}

static void put_failures(struct ps_json *j, const char *const *uris, const int *codes, size_t n)
{
    ps_json_put_open(j, "failed-uris", '[');
    for (size_t i = 0; i < n; i++)
        ps_json_str(j, uris[i]);
    ps_json_close(j, ']');
    ps_json_put_open(j, "error-code", '[');
    for (size_t i = 0; i < n; i++)
        ps_json_str(j, codes[i] == 21 ? "21" : "22");
    ps_json_close(j, ']');
    ps_json_put_open(j, "error-message", '[');
    for (size_t i = 0; i < n; i++)
        ps_json_str(j, codes[i] == 21 ? "expired" : "notfound");
    ps_json_close(j, ']');
}

static int renew_all(struct lsdouble *d, struct ps_jnode root, struct ps_buf *body)
{
    const char *uris[200];
    int codes[200];
    size_t total = 0, failed = 0;
    char renewed[24], failure[24], count[24];
    struct ps_text t;
    struct ps_json *j;
    d->bulk++;
    if (d->quirks & QUIRK_BULK_FAILS)
        return say(body, 503, "Service is overloaded");
    if (d->quirks & QUIRK_TEXT)
        return say(body, 200, "renewed");
    struct ps_jnode list = ps_jnode_member(root, "record-uris");
    for (struct ps_jnode n = ps_jnode_first(list); ps_jnode_there(n); n = ps_jnode_next(n), total++) {
        if (ps_jnode_str(n, 1, 200, &uris[failed], NULL) != 0)
            return say(body, 400, "Bad request");
        codes[failed] = renew(d, uris[failed], read_ttl(root));
        failed += codes[failed] != 0;
    }
    if (total == 0)
        return say(body, 400, "Nothing to renew");
    snprintf(count, sizeof count, "%zu", total);
    snprintf(failure, sizeof failure, "%zu", failed + !!(d->quirks & QUIRK_MISCOUNTS));
    snprintf(renewed, sizeof renewed, "%zu", total - failed);
    j = ps_text_open(&t);
    ps_json_open(j, '{');
    ps_json_put_str(j, "total", count);
    ps_json_put_str(j, "renewed", total == failed ? "null" : renewed);
    ps_json_put_str(j, "failure", failure);
    put_failures(j, uris, codes, failed);
    ps_json_close(j, '}');
    return reply_text(body, &t);
}

static int renew_one(struct lsdouble *d, const char *uri, struct ps_jnode root, struct ps_buf *body)
{
    ps_ns ttl = read_ttl(root);
    d->single++;
    if (ttl < 0 || d->quirks & QUIRK_NO_RENEWAL)
        return say(body, 403, "Lease was not granted");
    switch (renew(d, uri, ttl)) {
    case 21:
        return say(body, 403, "The record is expired");
    case 22:
        return say(body, 404, "There is no such record");
    default:
        return reply_record(d, body, find_uri(d, uri));
    }
}

static int delete_one(struct lsdouble *d, const char *uri, struct ps_buf *body)
{
    struct lsdouble_record *r = find_uri(d, uri);
    if (!r)
        return say(body, 404, "There is no such record");
    if (d->quirks & QUIRK_KEEPS)
        return say(body, 403, "It is another's record");
    snprintf(r->state, sizeof r->state, "deleted");
    reply_record(d, body, r);
    take_out(d, (size_t)(r - d->at));
    d->deleted++;
    return 200;
}

// queries

struct term {
    char key[100], value[300];
};

static bool value_matches(const struct words *w, const char *key, const char *wanted)
{
    for (size_t i = 0; w && i < w->n; i++)
        if (strcmp(wanted, "*") == 0 || strcmp(w->at[i], wanted) == 0 ||
            (!is_keyword(key) && strcasestr(w->at[i], wanted)))
            return true;
    return false;
}

static bool term_matches(const struct lsdouble_record *r, const struct term *t, bool any)
{
    char copy[300], *rest = copy, *word;
    bool all = true, one = false;
    snprintf(copy, sizeof copy, "%s", t->value);
    while ((word = strsep(&rest, ",")) != NULL) {
        bool match = strcmp(t->key, "uri") == 0 ? strcmp(r->uri, word) == 0
                                                : value_matches(record_all(&r->record, t->key), t->key, word);
        all &= match;
        one |= match;
    }
    return any ? one : all;
}

static size_t read_terms(const char *query, struct term *terms, size_t max, bool *any)
{
    char copy[2000], *rest = copy, *pair;
    size_t n = 0, len;
    *any = false;
    snprintf(copy, sizeof copy, "%s", query);
    while ((pair = strsep(&rest, "&")) != NULL && n < max) {
        char *value = strchr(pair, '=');
        if (!value)
            continue;
        *value++ = '\0';
        ps_url_unescape(value, strlen(value), true, value, &len);
        value[len] = '\0';
        if (strcmp(pair, "operator") == 0)
            *any = strcasecmp(value, "any") == 0;
        else if (!strstr(pair, "operator"))
            snprintf(terms[n++].key, sizeof terms->key, "%s", pair),
                snprintf(terms[n - 1].value, sizeof terms->value, "%s", value);
    }
    return n;
}

static bool matches(const struct lsdouble_record *r, const struct term *terms, size_t n, bool any)
{
    for (size_t i = 0; i < n; i++)
        if (term_matches(r, &terms[i], any) == any)
            return any;
    return !any || n == 0;
}

static int query(const struct lsdouble *d, const char *text, struct ps_buf *body)
{
    struct term terms[20];
    struct ps_text t;
    bool any;
    size_t n = read_terms(text, terms, 20, &any);
    if (d->quirks & QUIRK_QUERY_FAILS)
        return say(body, 500, "The database failed");
    struct ps_json *j = ps_text_open(&t);
    ps_json_open(j, '[');
    for (size_t i = 0; i < d->n; i++)
        if (matches(&d->at[i], terms, n, any))
            put_record(d, j, &d->at[i]);
    ps_json_close(j, ']');
    return reply_text(body, &t);
}

// requests

static int act(struct lsdouble *d, const char *method, const char *path, struct ps_jnode root,
               struct ps_buf *body)
{
    static const char records[] = "lookup/records";
    size_t n = strcspn(path, "?");
    bool at_records = (n == sizeof records - 1 || (n == sizeof records && path[n - 1] == '/')) &&
                      strncmp(path, records, sizeof records - 1) == 0;
    if (strncmp(path, "lookup/", 7) != 0)
        return say(body, 503, "Not supported");
    if (at_records && strcmp(method, "GET") == 0)
        return query(d, path[n] ? path + n + 1 : "", body);
    if (at_records && ps_jnode_type(root) != PS_JTYPE_OBJECT)
        return say(body, 400, "Bad JSON");
    if (at_records && strcmp(method, "POST") == 0)
        return register_one(d, root, body);
    if (at_records && strcmp(method, "PUT") == 0)
        return renew_all(d, root, body);
    if (strcmp(method, "POST") == 0)
        return renew_one(d, path, root, body);
    if (strcmp(method, "DELETE") == 0)
        return delete_one(d, path, body);
    struct lsdouble_record *r = find_uri(d, path);
    return r ? reply_record(d, body, r) : say(body, 404, "There is no such record");
}

int lsdouble_ask(struct lsdouble *d, const char *method, const char *path, const char *text, size_t len,
                 struct ps_buf *body)
{
    struct ps_jdoc *doc = NULL;
    bool registers = strcmp(method, "POST") == 0 && strcmp(path, "lookup/records") == 0;
    d->asked++;
    if (d->quirks & QUIRK_DOWN)
        return 0;
    if (d->quirks & QUIRK_FAILS)
        return say(body, 500, "The database failed");
    if (d->quirks & QUIRK_STRANGER)
        return say(body, 404, "It works!");
    if (len && ps_jdoc_parse(&doc, NULL, text, len, NULL) != 0)
        return say(body, 400, "Bad JSON");
    int status = act(d, method, path, ps_jdoc_root(doc), body);
    ps_jdoc_free(doc);
    if (d->quirks & QUIRK_SWALLOW || (registers && d->quirks & QUIRK_NO_CONNECTION_BACK))
        return -1;
    if (d->quirks & QUIRK_HALF)
        ps_buf_cut(body, ps_buf_len(body) / 2);
    return status;
}
