// SPDX-License-Identifier: Apache-2.0
#include "relay.h"
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_list.h"

#define TAKE_AT_ONCE 32

struct held {
    struct ps_heap_node due;
    struct relay_leg *leg;
    struct packet_look look;
    ps_ns entry;
    int copy;
    size_t len;
    uint8_t data[];
};

void relay_init(struct relay *r)
{
    ps_heap_init(&r->held);
}

void relay_fini(struct relay *r)
{
    struct ps_heap_node *n;

    while ((n = ps_heap_top(&r->held))) {
        ps_heap_remove(&r->held, n);
        free(PS_CONTAINER(n, struct held, due));
    }
    ps_heap_fini(&r->held);
}

// When a packet left: within the call that gave it to the device.
struct leave {
    ps_ns from, until;
    int copy;
};

// A line for each packet that was lost (all of its leave 0) and for each copy that went out.
static void log_line(struct relay *r, const struct relay_leg *leg, const struct packet_look *k, ps_ns entry,
                     struct leave leave)
{
    if (k->test)
        fprintf(r->log, "%s %d %u %u %" PRIu32 " %u %u %" PRId64 " %" PRId64 " %" PRId64 " %d\n", leg->name,
                k->version, k->sport, k->dport, k->seq, k->tos, k->ttl - leg->impair.spec.ttl, entry,
                leave.from, leave.until, leave.copy);
}

static int hold(struct relay *r, const struct held *like, const uint8_t *data, ps_ns due)
{
    struct held *h = malloc(sizeof *h + like->len);

    if (!h)
        return -ENOMEM;
    *h = *like;
    memcpy(h->data, data, h->len);
    int err = ps_heap_set(&r->held, &h->due, due);
    if (err)
        free(h);
    return err;
}

static bool is_cut(struct relay *r, const struct relay_leg *leg, const struct held *h)
{
    if (r->cut_on && leg == &r->there && h->look.test && h->look.seq == r->cut_seq)
        r->cut_until = h->entry + r->cut_for;
    return h->entry < r->cut_until;
}

static int copies_of(struct relay *r, struct relay_leg *leg, const struct held *h, ps_ns delay[IMPAIR_COPIES])
{
    if (is_cut(r, leg, h))
        return 0;
    if (h->look.test)
        return impair_packet(&leg->impair, h->look.seq, delay);
    delay[0] = leg->impair.spec.delay;
    return 1;
}

static int pass(struct relay *r, struct relay_leg *leg, uint8_t *data, struct held *h)
{
    ps_ns delay[IMPAIR_COPIES];
    int err = 0;

    if (!packet_look(data, h->len, &h->look) || !packet_hops(data, h->len, leg->impair.spec.ttl))
        return 0;
    if (r->nat.on && leg == &r->there)
        packet_translate(data, h->len, false, r->nat.outside, r->nat.inside);
    else if (r->nat.on)
        packet_translate(data, h->len, true, r->nat.inside, r->nat.outside);
    int copies = copies_of(r, leg, h, delay);
    if (copies == 0)
        log_line(r, leg, &h->look, h->entry, (struct leave){0});
    for (h->copy = 1; h->copy <= copies && !err; h->copy++)
        err = hold(r, h, data, h->entry + delay[h->copy - 1]);
    return err;
}

int relay_take(struct relay *r, struct relay_leg *leg)
{
    uint8_t data[PACKET_MAX];
    struct held h = {.leg = leg};
    int n, err = 0;

    for (int i = 0; i < TAKE_AT_ONCE && !err; i++) {
        n = door_read(leg->from, data, sizeof data, &h.entry);
        if (n <= 0)
            return n;
        h.len = (size_t)n;
        err = pass(r, leg, data, &h);
    }
    return err;
}

static void let_out(struct relay *r, const struct held *h)
{
    struct leave leave = {.from = door_now(), .copy = h->copy};
    int err = door_write(h->leg->to, h->data, h->len);

    leave.until = door_now();
    if (err)
        leave = (struct leave){0};
    if (err && h->look.test)
        r->failed++;
    log_line(r, h->leg, &h->look, h->entry, leave);
}

ps_ns relay_release(struct relay *r)
{
    struct ps_heap_node *n;

    while ((n = ps_heap_top(&r->held)) && n->key <= door_now()) {
        struct held *h = PS_CONTAINER(n, struct held, due);
        ps_heap_remove(&r->held, n);
        let_out(r, h);
        free(h);
    }
    return n ? n->key : INT64_MAX;
}
