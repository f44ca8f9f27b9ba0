// SPDX-License-Identifier: Apache-2.0
// What an upper server is asked, and what its answers mean: that of ours, and upstream's with its ways. (Fact sheet of
// the lookup service, 1.5 and 1.6.)
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "http/ps_url.h"
#include "lsregister/dir_rest.h"
#include "lsregister/dir_terms.h"
#include "lsregister/dir_upper_impl.h"

#define PATIENCE (30 * PS_SEC)
#define URL_MAX (DIR_LOCATOR_MAX + 1024)
#define ANSWER_MAX ((size_t)4 << 20)

// --- asking

// One request is under way at a time. path: below the server's /lookup/; NULL: its records. way: of the records that
// it is about.
static void ask(struct dir_upper *u, const char *method, const char *path, const char *body, size_t len,
                const char *way, ps_httpc_cb answered)
{
    char on[DIR_WAY_TEXT], header[sizeof DIR_WAY_HEADER + 2 + DIR_WAY_TEXT];
    const char *const headers[] = {"Content-Type: application/json", header};
    const char *records = u->site->settings->upper, *below = strstr(records, "/lookup/");
    char url[URL_MAX];
    struct ps_httpc_ask what = {.method = method,
                                .url = path ? url : records,
                                .headers = headers,
                                .nheaders = 2,
                                .body = body,
                                .body_len = len,
                                .timeout = PATIENCE,
                                .answer_max = ANSWER_MAX};
    int err;

    (void)dir_way_on(way, dir_store_self(u->site->store), on); // it fits: may_go
    snprintf(header, sizeof header, DIR_WAY_HEADER ": %s", on);
    snprintf(url, sizeof url, "%.*s/%s", below ? (int)(below - records) : (int)strlen(records), records,
             path ? path : "");
    err = ps_httpc_ask(u->client, &what, answered, u, &u->call);
    if (err)
        upper_give_up(u, ps_strerror(err));
}

// False: it is this directory, with which nothing is to be shared.
static bool know_it(struct dir_upper *u, const struct ps_httpc_answer *a)
{
    char id[DIR_SELF_TEXT];

    if (a->err || !ps_httpc_header(a, DIR_SELF_HEADER, id, sizeof id) || !dir_way_good(id))
        return true;
    (void)strcpy(u->its_id, id);
    return strcmp(id, dir_store_self(u->site->store)) != 0;
}

// What it passed on itself is not its to take back: the next time it is not asked to.
static bool is_turned_back(const struct dir_upper *u, const struct ps_httpc_answer *a)
{
    return a->status == 409 && u->its_id[0];
}

// The server does not answer, or has trouble of its own: false, and it is given up for this time.
static bool is_answer(struct dir_upper *u, const struct ps_httpc_answer *a)
{
    char why[sizeof u->state.trouble];
    bool other = know_it(u, a);

    u->call = NULL;
    if (!a->err && a->status < 500 && a->status != 429 && other)
        return true;
    if (!other)
        snprintf(why, sizeof why,
                 "%.*s is this directory itself, or one whose data are a copy of this one's: nothing is "
                 "passed on",
                 (int)sizeof why - 120, u->site->settings->upper);
    else if (a->err)
        snprintf(why, sizeof why, "%s", a->why);
    else
        snprintf(why, sizeof why, "%.*s: status %d: %.80s", (int)sizeof why - 120, u->site->settings->upper,
                 a->status, a->body);
    upper_give_up(u, why);
    return false;
}

static void put_ttl(const struct dir_upper *u, struct ps_json *j)
{
    char text[DIR_LEASE_TEXT];
    int64_t ttl_s = 4 * u->site->settings->upper_every_s;

    ps_json_put_open(j, "ttl", '[');
    ps_json_str(j, dir_lease_text(ttl_s < 600 ? 600 : ttl_s, text));
    ps_json_close(j, ']');
}

// What was written as a body. NULL: no memory, and it was given up.
static char *body_end(struct dir_upper *u, struct ps_text *t, size_t *len)
{
    char *text = ps_text_close(t, len);

    if (!text)
        upper_give_up(u, ps_strerror(-ENOMEM));
    return text;
}

// --- removing

static void removed(void *ctx, const struct ps_httpc_answer *a)
{
    struct dir_upper *u = ctx;

    if (!is_answer(u, a))
        return;
    if (a->status == 200)
        u->state.removed++;
    upper_forget(u, u->work[u->at++]); // what it refuses to remove ends with its lease
    upper_go_on(u);
}

void upper_ask_remove(struct dir_upper *u, const struct up *up)
{
    ask(u, "DELETE", up->uri, "", 0, upper_way(u, up), removed);
}

// --- renewing

static void forget_uri(struct dir_upper *u, const char *uri, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        if (!u->work[i] || strcmp(u->work[i]->uri, uri) != 0)
            continue;
        upper_forget(u, u->work[i]);
        u->work[i] = NULL;
        u->state.renewed--;
        return;
    }
}

// Those that it does not have any more are registered anew the next time.
static void renewed(void *ctx, const struct ps_httpc_answer *a)
{
    struct dir_upper *u = ctx;
    size_t from = u->at, to = u->to;
    struct ps_jdoc *doc = NULL;
    struct ps_jnode failed = {0};
    const char *uri;

    if (!is_answer(u, a))
        return;
    if (is_turned_back(u, a)) {
        u->at = to;
        upper_go_on(u);
        return;
    }
    if (a->status != 200 || ps_jdoc_parse_foreign(&doc, NULL, a->body, a->len, NULL)) {
        upper_give_up(u, "a bulk renewal was not answered as it should be");
        return;
    }
    u->state.renewed += to - from;
    failed = ps_jnode_member(ps_jdoc_root(doc), "failed-uris");
    for (struct ps_jnode n = ps_jnode_first(failed); ps_jnode_there(n); n = ps_jnode_next(n))
        if (ps_jnode_str(n, 1, SIZE_MAX, &uri, NULL) == 0)
            forget_uri(u, uri, from, to);
    ps_jdoc_free(doc);
    u->at = to;
    upper_go_on(u);
}

// As many as one request takes, all of the way of the first.
static size_t end_of_way(const struct dir_upper *u, const char *way)
{
    size_t to = u->at;
    const char *next;

    do {
        to++;
        next = to < u->n ? upper_way(u, u->work[to]) : NULL;
    } while (to < u->n && to - u->at < UPPER_BULK && strcmp(next ? next : "", way ? way : "") == 0);
    return to;
}

void upper_ask_renew(struct dir_upper *u)
{
    const char *way = upper_way(u, u->work[u->at]);
    size_t len;
    struct ps_text t;
    struct ps_json *j = ps_text_open(&t);
    char *text;

    u->to = end_of_way(u, way);
    ps_json_open(j, '{');
    put_ttl(u, j);
    ps_json_put_open(j, "record-uris", '[');
    for (size_t i = u->at; i < u->to; i++)
        ps_json_str(j, u->work[i]->uri);
    ps_json_close(j, ']');
    ps_json_close(j, '}');
    text = body_end(u, &t, &len);
    if (text)
        ask(u, "PUT", NULL, text, len, way, renewed);
    free(text);
}

// --- registering

static void add_known(struct dir_upper *u, const char *uri)
{
    int err = upper_know(u, u->now, uri);

    if (err) {
        upper_give_up(u, ps_strerror(err));
        return;
    }
    u->state.added++;
    upper_go_on(u);
}

static void refused(struct dir_upper *u, const char *why)
{
    char uuid_type[DIR_URI_MAX];
    struct dir_rec *rec = dir_index_by_uuid(u->site->index, u->now);

    u->state.refused++;
    if (rec && !rec->refused)
        ps_log(u->site->log, PS_LOG_WARN, "upper", "%s was refused: %.200s",
               dir_index_uri(u->site->index, rec, uuid_type), why);
    if (rec)
        rec->refused = true;
    upper_go_on(u);
}

// uri may be a string or an array of one.
static const char *uri_of(struct ps_jnode record)
{
    struct ps_jnode n = ps_jnode_member(record, "uri");
    const char *uri = NULL;

    if (ps_jnode_type(n) == PS_JTYPE_ARRAY)
        n = ps_jnode_first(n);
    (void)ps_jnode_str(n, 1, DIR_URI_MAX, &uri, NULL);
    return uri && strncmp(uri, "lookup/", 7) == 0 && !strpbrk(uri, " ?#") ? uri : NULL;
}

static bool is_ours(const struct dir_upper *u, struct ps_jnode record)
{
    struct ps_fault fault;
    struct dir_draft d = {0};
    bool is =
        dir_draft_read(&d, record, &fault) == 0 && memcmp(d.identity, u->identity, sizeof d.identity) == 0;

    dir_draft_fini(&d);
    return is;
}

// The server has the record, from before a note of that was lost: it is among these.
static void searched(void *ctx, const struct ps_httpc_answer *a)
{
    struct dir_upper *u = ctx;
    struct ps_jdoc *doc = NULL;
    struct ps_jnode n = {0};

    if (!is_answer(u, a))
        return;
    if (a->status == 200 && ps_jdoc_parse_foreign(&doc, NULL, a->body, a->len, NULL) == 0)
        n = ps_jnode_first(ps_jdoc_root(doc));
    while (ps_jnode_there(n) && (!is_ours(u, n) || !uri_of(n)))
        n = ps_jnode_next(n);
    if (ps_jnode_there(n))
        add_known(u, uri_of(n));
    else
        refused(u, "it is said to exist already, and is not found");
    ps_jdoc_free(doc);
}

static void search_twin(struct dir_upper *u)
{
    const struct dir_rec *rec = dir_index_by_uuid(u->site->index, u->now);
    const char *client = rec ? dir_index_value(u->site->index, rec, "client-uuid") : NULL;
    const char *type = rec ? dir_index_value(u->site->index, rec, "type") : "";
    char path[512] = "lookup/records?type=";
    struct ps_buf b;

    if (!client) {
        refused(u, "it is said to exist already, and has no client-uuid to be found by");
        return;
    }
    ps_buf_init(&b, sizeof path);
    if (ps_buf_append(&b, path, strlen(path)) || ps_url_escape(&b, type, strlen(type)) ||
        ps_buf_append(&b, "&client-uuid=", 13) || ps_url_escape(&b, client, strlen(client)) ||
        ps_buf_append(&b, "", 1))
        refused(u, "its client-uuid is too long");
    else
        ask(u, "GET", (const char *)ps_buf_head(&b), NULL, 0, NULL, searched);
    ps_buf_fini(&b);
}

static void added(void *ctx, const struct ps_httpc_answer *a)
{
    struct dir_upper *u = ctx;
    struct ps_jdoc *doc = NULL;
    const char *uri = NULL;

    if (!is_answer(u, a))
        return;
    if (is_turned_back(u, a)) {
        upper_go_on(u);
        return;
    }
    if (a->status == 403) {
        search_twin(u);
        return;
    }
    if (a->status == 200 && ps_jdoc_parse_foreign(&doc, NULL, a->body, a->len, NULL) == 0)
        uri = uri_of(ps_jdoc_root(doc));
    if (uri)
        add_known(u, uri);
    else
        refused(u, a->body);
    ps_jdoc_free(doc);
}

// Where a value leads to in the upper server. NULL: to a record that it is to have, and has not.
static const char *lead(const struct dir_upper *u, const char *value)
{
    const struct dir_rec *rec = dir_index_by_uri(u->site->index, value);
    const struct up *up = rec ? ps_map_get(&u->ups, rec->uuid) : NULL;

    if (up)
        return up->uri;
    return rec && rec->upward ? NULL : value;
}

// False: a link leads to what is not there yet.
static bool put_record(const struct dir_upper *u, const struct dir_rec *rec, struct ps_json *j)
{
    const struct dir_terms *t = dir_index_terms(u->site->index);
    bool all = true;

    for (uint16_t i = 0; i < rec->nterms;) {
        uint32_t first = rec->terms[i];

        ps_json_put_open(j, dir_terms_key(t, first), '[');
        for (; i < rec->nterms && dir_terms_same_key(t, first, rec->terms[i]); i++) {
            const char *value = dir_terms_value(t, rec->terms[i]), *led = value ? lead(u, value) : NULL;

            all &= !value || led;
            if (led)
                ps_json_str(j, led);
        }
        ps_json_close(j, ']');
    }
    return all;
}

static int identify(struct dir_upper *u, const char *text, size_t len)
{
    struct ps_fault fault;
    struct ps_jdoc *doc = NULL;
    struct dir_draft d = {0};
    int err = ps_jdoc_parse_foreign(&doc, NULL, text, len, &fault);

    if (!err)
        err = dir_draft_read(&d, ps_jdoc_root(doc), &fault);
    if (!err)
        memcpy(u->identity, d.identity, sizeof u->identity);
    dir_draft_fini(&d);
    ps_jdoc_free(doc);
    return err;
}

bool upper_ask_add(struct dir_upper *u, const struct dir_rec *rec)
{
    struct ps_text t;
    struct ps_json *j = ps_text_open(&t);
    char *text;
    size_t len;
    bool fit;

    memcpy(u->now, rec->uuid, DIR_UUID);
    ps_json_open(j, '{');
    fit = put_record(u, rec, j);
    put_ttl(u, j);
    ps_json_close(j, '}');
    text = body_end(u, &t, &len);
    if (!text)
        return true;
    fit = fit && identify(u, text, len) == 0;
    if (fit)
        ask(u, "POST", NULL, text, len, rec->way, added);
    free(text);
    return fit;
}
