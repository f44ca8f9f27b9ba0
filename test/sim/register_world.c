// SPDX-License-Identifier: Apache-2.0
#include "test/sim/register_world.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EPOCH (INT64_C(1767323045) * PS_SEC)

const char uuid_a[] = "aaaaaaaa-0000-4000-8000-000000000001";
const char uuid_b[] = "bbbbbbbb-0000-4000-8000-000000000002";

const char *const server_names[2] = {"http://one:8090/", "http://two:8090/"};

static struct registrar_now now_of(const struct world *w)
{
    return (struct registrar_now){w->mono, EPOCH + w->mono + w->step};
}

void make_wishes(struct wishes *w, const char *address)
{
    struct wish *p;
    assert_int_equal(wishes_add(w, "person/Jane", &p), 0);
    record_set(&p->record, "type", "person");
    record_set(&p->record, "person-name", "Jane Doe");
    record_set(&p->record, "person-emails", "jane@example.org");
    assert_int_equal(wishes_add(w, "interface/0/eth0", &p), 0);
    record_set(&p->record, "type", "interface");
    record_set(&p->record, "interface-name", "eth0");
    record_set(&p->record, "interface-addresses", address);
    assert_int_equal(wishes_add(w, "host/0", &p), 0);
    record_set(&p->record, "type", "host");
    record_set(&p->record, "host-name", address);
    record_set(&p->record, "location-city", "New York");
    wish_link(p, "host-net-interfaces", "interface/0/eth0");
    wish_link(p, "host-administrators", "person/Jane");
    for (int i = 0; i < 2; i++) {
        assert_int_equal(wishes_add(w, i ? "service/0/twamp/1" : "service/0/owamp/0", &p), 0);
        record_set(&p->record, "type", "service");
        record_set(&p->record, "service-type", i ? "twamp" : "owamp");
        record_addf(&p->record, "service-locator", "tcp://%s:%d", address, 861 + i);
        wish_link(p, "service-host", "host/0");
        wish_link(p, "service-administrators", "person/Jane");
    }
}

static void told(void *ctx, bool bad, const char *text)
{
    struct world *w = ctx;
    w->complaints += bad;
    if (w->verbose)
        fprintf(stderr, "# %8lld s %s%s\n", (long long)(w->mono / PS_SEC), bad ? "! " : "", text);
}

static void note_down(struct host *h)
{
    if (!registrar_take_changed(h->r) || h->no_note)
        return;
    free(h->note);
    h->note = ledger_format(&h->ledger, h->r, &h->note_len);
}

void start_host(struct world *w, struct host *h, const char *uuid, int server)
{
    struct ps_fault fault = {""};
    w->conf.seed = ++h->seed;
    snprintf(h->ledger.uuid, sizeof h->ledger.uuid, "%s", uuid);
    assert_int_equal(registrar_new(&w->conf, uuid, &h->r), 0);
    if (h->note)
        assert_int_equal(ledger_parse(&h->ledger, h->r, h->note, h->note_len, &fault), 0);
    assert_int_equal(registrar_use(h->r, server_names[server]), 0);
    assert_int_equal(registrar_want(h->r, &h->wishes), 0);
}

void kill_host(struct host *h)
{
    registrar_free(h->r);
    h->r = NULL;
    record_fini(&h->ledger.names);
    free(h->ledger.server);
    h->ledger = (struct ledger){.lock = -1};
}

static struct lsdouble *server_of(struct world *w, const char *url, const char **path)
{
    for (int i = 0; i < 2; i++)
        if (strncmp(url, server_names[i], strlen(server_names[i])) == 0) {
            *path = url + strlen(server_names[i]);
            return &w->server[i];
        }
    fail_msg("nobody is at %s", url);
    return NULL;
}

static void ask(struct world *w, const struct lswire_ask *a, struct lswire_reply *reply)
{
    struct lswire_http h = {0};
    struct ps_buf body;
    const char *path = "";
    ps_buf_init(&body, 0);
    assert_int_equal(lswire_write(a, &h), 0);
    struct lsdouble *d = server_of(w, (const char *)ps_buf_head(&h.url), &path);
    int status =
        lsdouble_ask(d, h.method, path, (const char *)ps_buf_head(&h.body), ps_buf_len(&h.body), &body);
    if (status <= 0)
        lswire_none(status < 0, status < 0 ? "no answer" : "no connection", reply);
    else
        assert_int_equal(
            lswire_read(a->verb, status, (const char *)ps_buf_head(&body), ps_buf_len(&body), reply), 0);
    reply->date = status > 0 ? d->now : 0;
    ps_buf_fini(&body);
    lswire_http_fini(&h);
}

// One request, if there is one now. Returns when the next may be.
static bool host_step(struct world *w, struct host *h, ps_ns *until)
{
    const struct lswire_ask *a;
    struct lswire_reply reply;
    struct registrar_now now = now_of(w);
    if (!registrar_next(h->r, &now, &a, until))
        return false;
    note_down(h);
    bool registers = a->verb == LS_REGISTER;
    ask(w, a, &reply);
    if (h->deaf_next && registers) {
        // kill -9: the server has it, and nobody has noted it down.
        lswire_reply_fini(&reply);
        h->deaf_next = false;
        char uuid[REGISTRAR_UUID], server[100];
        snprintf(uuid, sizeof uuid, "%s", registrar_uuid(h->r));
        snprintf(server, sizeof server, "%s", registrar_server(h->r));
        kill_host(h);
        start_host(w, h, uuid, strcmp(server, server_names[1]) == 0);
        return true;
    }
    if (h->turns_away && registers) {
        h->turns_away = false;
        registrar_use(h->r, server_names[strcmp(registrar_server(h->r), server_names[1]) != 0]);
    }
    assert_int_equal(registrar_answer(h->r, &now, &reply), 0);
    lswire_reply_fini(&reply);
    note_down(h);
    return true;
}

void run(struct world *w, ps_ns time)
{
    ps_ns end = w->mono + time;
    unsigned turns = 0;
    while (w->mono < end) {
        ps_ns next = end;
        for (int i = 0; i < 2; i++) {
            ps_ns until = end;
            lsdouble_tick(&w->server[0], EPOCH + w->mono);
            lsdouble_tick(&w->server[1], EPOCH + w->mono);
            while (w->host[i].r && host_step(w, &w->host[i], &until))
                assert_true(++turns < 100000);
            next = w->host[i].r && until < next ? until : next;
        }
        // Servers prune every hour.
        ps_ns hour = (w->mono / HOUR + 1) * HOUR;
        next = next < hour ? next : hour;
        w->mono = next > w->mono ? next : w->mono + PS_SEC;
    }
    lsdouble_tick(&w->server[0], EPOCH + w->mono);
    lsdouble_tick(&w->server[1], EPOCH + w->mono);
}

int set_up(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    lsdouble_init(&w->server[0]);
    lsdouble_init(&w->server[1]);
    w->mono = 5 * MINUTE;
    w->conf = (struct registrar_conf){.interval = HOUR, .told = told, .ctx = w};
    w->verbose = getenv("SIM_VERBOSE") != NULL;
    for (int i = 0; i < 2; i++)
        w->host[i].ledger.lock = -1;
    make_wishes(&w->host[0].wishes, "192.0.2.1");
    make_wishes(&w->host[1].wishes, "192.0.2.2");
    start_host(w, &w->host[0], uuid_a, 0);
    *state = w;
    return 0;
}

int tear_down(void **state)
{
    struct world *w = *state;
    for (int i = 0; i < 2; i++) {
        kill_host(&w->host[i]);
        wishes_fini(&w->host[i].wishes);
        free(w->host[i].note);
        lsdouble_fini(&w->server[i]);
    }
    free(w);
    return 0;
}

void assert_whole(const struct world *w, const struct host *h, int server)
{
    const struct lsdouble *d = &w->server[server];
    size_t n;
    const struct registrar_entry *e = registrar_entries(h->r, &n);
    assert_true(registrar_is_settled(h->r));
    assert_int_equal(n, h->wishes.n);
    for (size_t i = 0; i < n; i++) {
        const struct lsdouble_record *found = NULL;
        struct record wanted = {0};
        for (size_t k = 0; k < d->n; k++)
            found = e[i].uri && strcmp(d->at[k].uri, e[i].uri) == 0 ? &d->at[k] : found;
        assert_non_null(found);
        if (found == NULL)
            return;
        assert_true(found->expires > d->now);
        assert_int_equal(registrar_compose(h->r, e[i].id, &wanted), 0);
        assert_true(record_same(&wanted, &found->record));
        record_fini(&wanted);
    }
}
