// SPDX-License-Identifier: Apache-2.0
// The archiver "esmond": a result is registered (POST), then its values are written (PUT). A second time does no harm:
// a registration that is there already is found again, and of values that are there the archive says so (409). esmond
// writes a part of them before it says that, so they are written one by one then.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include "base/ps_err.h"
#include "crypto/ps_crypto.h"
#include "deliver/ps_deliver_esmond.h"
#include "esmond/es_body.h"
#include "esmond/es_map.h"

#define TIMEOUT (30 * PS_SEC)
#define KEYS 1024 // registrations whose keys are remembered; a later one takes the place of an earlier one
#define KEY_GOOD_FOR (3600 * PS_SEC) // esmond takes values for metadata that have been purged, and drops them

struct key {
    uint8_t digest[PS_SHA256_LEN]; // of where and what is registered
    ps_ns until;                   // monotonic; 0: the place is free
    char text[ES_BODY_KEY_MAX + 1];
};

struct state {
    struct ps_loop *loop;
    void *http;
    struct key keys[KEYS];
};

struct job {
    struct state *state;
    const struct ps_deliver_es *target;
    struct ps_deliver_call *call; // NULL: nobody waits any more
    bool away;                    // on a worker or in a queue, and cannot be called back
    int err;                      // of reading the document
    struct ps_fault fault;
    struct ps_jdoc *doc;
    struct es_map map;
    size_t looking; // whose address is being looked up
    char *registration;
    size_t registration_len;
    struct es_body body;
    uint8_t digest[PS_SHA256_LEN];
    char key[ES_BODY_KEY_MAX + 1];
    bool registered; // by this job
    bool apart;      // values go one by one; `at` is the next
    size_t at;
    struct ps_httpc_call *request;
};

// --- what is remembered

static struct key *place_of(struct state *s, const uint8_t digest[PS_SHA256_LEN])
{
    uint32_t first;

    memcpy(&first, digest, sizeof first);
    return &s->keys[first % KEYS];
}

static bool recall(struct job *j)
{
    const struct key *k = place_of(j->state, j->digest);

    if (k->until <= ps_loop_mono() || memcmp(k->digest, j->digest, sizeof k->digest) != 0)
        return false;
    memcpy(j->key, k->text, sizeof j->key);
    return true;
}

static void remember(const struct job *j)
{
    struct key *k = place_of(j->state, j->digest);

    memcpy(k->digest, j->digest, sizeof k->digest);
    memcpy(k->text, j->key, sizeof k->text);
    k->until = ps_loop_mono() + KEY_GOOD_FOR;
}

static void forget(const struct job *j)
{
    struct key *k = place_of(j->state, j->digest);

    if (memcmp(k->digest, j->digest, sizeof k->digest) == 0)
        k->until = 0;
}

// --- a job's end

static void job_free(struct job *j)
{
    ps_httpc_cancel(j->request);
    ps_jdoc_free(j->doc);
    free(j->registration);
    es_body_fini(&j->body);
    free(j);
}

static void cancel(void *own)
{
    struct job *j = own;

    j->call = NULL;
    if (!j->away)
        job_free(j);
}

static void done(struct job *j)
{
    struct ps_deliver_call *call = j->call;

    job_free(j);
    ps_deliver_done(call);
}

// why may be the job's own.
static void failed(struct job *j, const char *why)
{
    struct ps_deliver_call *call = j->call;
    const char *label = j->target->web.label;
    struct ps_fault fault;

    ps_fault_set(&fault, NULL, 0, "%s", why);
    job_free(j);
    ps_deliver_failed(call, 0, "%s: %s", label, fault.text);
}

static void refused(struct job *j)
{
    struct ps_deliver_call *call = j->call;
    struct ps_fault fault = j->fault;
    int err = j->err;

    job_free(j);
    ps_deliver_refused(call, "%s", fault.text[0] ? fault.text : ps_strerror(err));
}

// The archive itself does not want this; what others on the way say, and what is wrong with who we are, may be mended.
static bool is_final(const struct ps_httpc_answer *a)
{
    return !a->err && (a->status == 413 ||
                       ((a->status == 400 || a->status == 422) && es_body_is_error(a->body, a->len)));
}

static void answered_badly(struct job *j, const struct ps_httpc_answer *a)
{
    struct ps_deliver_call *call = j->call;
    const char *label = j->target->web.label;
    char words[PS_DELIVER_WEB_WORDS];

    (void)ps_deliver_web_words(a, words);
    j->request = NULL;
    job_free(j);
    if (is_final(a))
        ps_deliver_refused(call, "%s%s", label, words);
    else
        ps_deliver_failed(call, ps_deliver_web_wait(a), "%s%s", label, words);
}

// --- requests

static void ask(struct job *j, const char *method, const char *body, size_t len, ps_httpc_cb cb)
{
    const struct ps_deliver_es *t = j->target;
    const char *const headers[] = {"Content-Type: application/json", t->authorization};
    bool put = strcmp(method, "PUT") == 0;
    char *url = NULL;
    int n = asprintf(&url, "%s%s%s", t->root, put ? j->key : "", put ? "/" : "");
    const struct ps_httpc_ask request = {
        .method = method,
        .url = url,
        .headers = headers,
        .nheaders = t->authorization ? 2 : 1,
        .body = body,
        .body_len = len,
        .timeout = TIMEOUT,
        .answer_max = PS_DELIVER_ANSWER_MAX,
        .insecure = t->web.insecure,
        .bind = t->web.bind,
    };
    int err = n < 0 ? -ENOMEM : ps_httpc_ask(j->state->http, &request, cb, j, &j->request);

    if (n >= 0)
        free(url);
    if (err)
        failed(j, ps_strerror(err));
}

static void write_values(struct job *j);

static void registered(void *ctx, const struct ps_httpc_answer *a)
{
    struct job *j = ctx;

    if (!ps_deliver_web_good(a)) {
        answered_badly(j, a);
        return;
    }
    j->request = NULL;
    if (es_body_key(a->body, a->len, j->key)) {
        failed(j, "its answer to a registration has no metadata-key: is it the API of an archive?");
        return;
    }
    remember(j);
    write_values(j);
}

static void register_it(struct job *j)
{
    j->registered = true;
    ask(j, "POST", j->registration, j->registration_len, registered);
}

// The metadata may have been purged since they were registered.
static void written(void *ctx, const struct ps_httpc_answer *a)
{
    struct job *j = ctx;
    bool there = !a->err && a->status == 409;

    if (!a->err && a->status == 404) {
        forget(j);
        if (!j->registered) {
            j->request = NULL;
            register_it(j);
            return;
        }
    }
    if (!ps_deliver_web_good(a) && !there) {
        answered_badly(j, a);
        return;
    }
    j->request = NULL;
    if (j->apart)
        j->at++;
    else if (there && j->body.n > 1)
        j->apart = true;
    else
        j->at = j->body.n;
    write_values(j);
}

static void write_values(struct job *j)
{
    char *text;
    size_t len;
    int err;

    if (j->at == j->body.n) {
        done(j);
        return;
    }
    err = es_body_values(&j->body, j->at, j->apart ? 1 : j->body.n, &text, &len);
    if (err) {
        failed(j, ps_strerror(err));
        return;
    }
    ask(j, "PUT", text, len, written);
    free(text);
}

// --- from a document to requests

static int digest(struct job *j)
{
    char *text;
    int n = asprintf(&text, "%s\n%s", j->target->root, j->registration), err;

    if (n < 0)
        return -ENOMEM;
    err = ps_sha256(text, (size_t)n, j->digest);
    free(text);
    return err;
}

static int make_bodies(struct job *j)
{
    struct es_reg reg;
    int err;

    es_reg_init(&reg);
    err = es_map_register(&j->map, &reg, &j->fault);
    if (!err)
        err = es_map_values(&j->map, es_body_take, &j->body, &j->fault);
    if (!err)
        err = es_body_registration(&reg, &j->registration, &j->registration_len);
    es_reg_fini(&reg);
    return err ? err : digest(j);
}

static void make(struct job *j)
{
    j->err = make_bodies(j);
    ps_jdoc_free(j->doc);
    j->doc = NULL;
    if (j->err == PS_ERESOLVE || j->err == -ENOMEM)
        failed(j, j->fault.text[0] ? j->fault.text : ps_strerror(j->err));
    else if (j->err)
        refused(j);
    else if (recall(j))
        write_values(j);
    else
        register_it(j);
}

static void look_up(struct job *j);

static void resolved(void *ctx, int err, const char *why, const struct ps_addr *addrs, size_t n)
{
    struct job *j = ctx;

    (void)why;
    j->away = false;
    if (!j->call) {
        job_free(j);
        return;
    }
    es_map_found(&j->map.hosts[j->looking], addrs, err ? 0 : n);
    look_up(j);
}

static void look_up(struct job *j)
{
    const struct es_map_host *hosts = j->map.hosts;
    int err;

    while (j->looking < ES_MAP_ROLES && hosts[j->looking].known)
        j->looking++;
    if (j->looking == ES_MAP_ROLES) {
        make(j);
        return;
    }
    err = ps_resolve(j->state->loop, hosts[j->looking].name, 0, AF_UNSPEC, resolved, j);
    if (err)
        failed(j, ps_strerror(err));
    else
        j->away = true;
}

static void choose(struct job *j)
{
    static const enum es_map_form forms[] = {ES_MAP_MAPPED, ES_MAP_BOTH, ES_MAP_MAPPED, ES_MAP_RAW};
    static const struct es_summary none = {0};
    const struct ps_deliver_es *t = j->target;

    j->map.form = forms[t->policy];
    if (t->own_summaries) {
        j->map.summaries = t->wanted.summaries ? t->wanted.summaries : &none;
        j->map.nsummaries = t->wanted.nsummaries;
    }
    if (t->agent)
        es_map_agent(&j->map, t->agent);
}

static void begin(void *ctx)
{
    struct job *j = ctx;

    j->away = false;
    if (!j->call) {
        job_free(j);
        return;
    }
    if (!j->err)
        j->err = es_map_begin(&j->map, ps_jdoc_root(j->doc), &j->fault);
    if (j->err) {
        refused(j);
    } else if (j->map.kind == ES_MAP_STEP ||
               (j->target->policy == PS_DELIVER_MAPPED_ONLY && !es_map_knows(&j->map))) {
        done(j);
    } else {
        choose(j);
        look_up(j);
    }
}

// --- the kind

static int open_state(const struct ps_deliver_env *env, void **out)
{
    struct state *s = calloc(1, sizeof *s);
    int err = s ? ps_deliver_web_open(env, &s->http) : -ENOMEM;

    if (err) {
        free(s);
        return err;
    }
    s->loop = env->loop;
    *out = s;
    return 0;
}

static void close_state(void *state)
{
    struct state *s = state;

    ps_deliver_web_close(s->http);
    free(s);
}

static int send_job(void *state, void *target, struct ps_deliver_call *call, const struct ps_deliver_job *job,
                    void **own, struct ps_fault *fault)
{
    struct job *j = calloc(1, sizeof *j);
    int err = j ? 0 : -ENOMEM;

    if (j) {
        j->state = state;
        j->target = target;
        j->call = call;
        j->err = ps_jdoc_parse_foreign(&j->doc, NULL, job->doc, job->len, &j->fault);
        err = ps_defer(j->state->loop, begin, j);
    }
    if (err) {
        if (j)
            job_free(j);
        ps_fault_set(fault, NULL, 0, "%s", ps_strerror(err));
        return err;
    }
    j->away = true;
    *own = j;
    return 0;
}

const struct ps_deliver_kind ps_deliver_esmond = {
    .name = "esmond",
    .target_size = sizeof(struct ps_deliver_es),
    .read = ps_deliver_es_read,
    .drop = ps_deliver_es_drop,
    .open = open_state,
    .close = close_state,
    .send = send_job,
    .cancel = cancel,
};
