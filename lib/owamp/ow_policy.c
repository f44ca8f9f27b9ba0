// SPDX-License-Identifier: Apache-2.0
#include "owamp/ow_policy.h"
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "owamp/ow_rec.h"

// No single charge counts for more, so that sums stay exact; limits are held against what was asked.
#define CHARGE_MAX (UINT64_C(1) << 48)

struct amount {
    uint64_t bandwidth, disk;
};

// What was charged to a name. It stays while anything is charged, even when no class has that name
// any more (it then counts for the root), so that a release always finds what it takes back.
struct account {
    char name[OW_CLASS_NAME + 1];
    struct amount own;
    uint64_t sessions;
};

struct ow_policy {
    struct ow_limits *limits;
    double diskfudge;
    struct account *account;
    size_t count, cap;
    struct amount *total; // of each class with all below it, by the class's index
};

int ow_policy_new(struct ow_policy **out)
{
    struct ow_policy *p = calloc(1, sizeof(*p));
    struct ow_limits *limits = NULL;
    int rc = p ? ow_limits_default(&limits) : -ENOMEM;
    if (rc == 0)
        rc = ow_policy_set_limits(p, limits, 1.0);
    if (rc) {
        ow_limits_free(limits);
        ow_policy_free(p);
        return rc;
    }
    *out = p;
    return 0;
}

void ow_policy_free(struct ow_policy *p)
{
    if (!p)
        return;
    ow_limits_free(p->limits);
    free(p->account);
    free(p->total);
    free(p);
}

const struct ow_limits *ow_policy_limits(const struct ow_policy *p)
{
    return p->limits;
}

static const struct ow_class *class_of(const struct ow_limits *l, const char *name)
{
    const struct ow_class *c = ow_limits_by_name(l, name);
    return c ? c : ow_limits_class(l, 0);
}

static void add_up(struct amount *total, const struct ow_class *c, const struct amount *a)
{
    for (; c; c = c->parent) {
        total[c->index].bandwidth += a->bandwidth;
        total[c->index].disk += a->disk;
    }
}

static void take_off(struct amount *total, const struct ow_class *c, const struct amount *a)
{
    for (; c; c = c->parent) {
        total[c->index].bandwidth -= a->bandwidth;
        total[c->index].disk -= a->disk;
    }
}

int ow_policy_set_limits(struct ow_policy *p, struct ow_limits *limits, double diskfudge)
{
    struct amount *total = calloc(ow_limits_count(limits), sizeof(*total));
    if (!total)
        return -ENOMEM;
    for (size_t i = 0; i < p->count; i++)
        add_up(total, class_of(limits, p->account[i].name), &p->account[i].own);
    if (p->limits != limits)
        ow_limits_free(p->limits);
    free(p->total);
    p->limits = limits;
    p->total = total;
    p->diskfudge = diskfudge;
    return 0;
}

static struct account *find_account(const struct ow_policy *p, const char *name)
{
    for (size_t i = 0; i < p->count; i++) {
        if (strcmp(p->account[i].name, name) == 0)
            return &p->account[i];
    }
    return NULL;
}

static struct account *open_account(struct ow_policy *p, const char *name)
{
    struct account *a = find_account(p, name);
    if (a)
        return a;
    if (p->count == p->cap) {
        size_t cap = p->cap ? p->cap * 2 : 16;
        struct account *bigger = realloc(p->account, cap * sizeof(*bigger));
        if (!bigger)
            return NULL;
        p->account = bigger;
        p->cap = cap;
    }
    a = &p->account[p->count++];
    *a = (struct account){.own = {0, 0}, .sessions = 0};
    snprintf(a->name, sizeof(a->name), "%s", name);
    return a;
}

static void close_if_empty(struct ow_policy *p, struct account *a)
{
    if (a->own.bandwidth == 0 && a->own.disk == 0 && a->sessions == 0)
        *a = p->account[--p->count];
}

// What a charge says and what its account holds are one number, unless the caller lost count.
static uint64_t at_most(uint64_t wanted, uint64_t held)
{
    return wanted < held ? wanted : held;
}

static void take_back(struct ow_policy *p, const char *name, uint64_t bandwidth, uint64_t disk)
{
    struct account *a = find_account(p, name);
    if (!a)
        return;
    struct amount back = {at_most(bandwidth, a->own.bandwidth), at_most(disk, a->own.disk)};
    a->own.bandwidth -= back.bandwidth;
    a->own.disk -= back.disk;
    take_off(p->total, class_of(p->limits, name), &back);
    close_if_empty(p, a);
}

static bool exceeds(uint64_t limit, uint64_t used, uint64_t wanted)
{
    return limit != 0 && wanted > 0 && (used > limit || wanted > limit - used);
}

static int check_class(const struct ow_policy *p, const struct ow_class *c, uint64_t bandwidth, uint64_t disk,
                       struct ps_fault *why)
{
    const struct amount *used = &p->total[c->index];
    if (exceeds(c->bandwidth, used->bandwidth, bandwidth)) {
        snprintf(why->text, sizeof(why->text),
                 "class %s allows %" PRIu64 " bit/s: %" PRIu64 " are in use and %" PRIu64 " were asked for",
                 c->name, c->bandwidth, used->bandwidth, bandwidth);
        return PS_ELIMIT;
    }
    if (exceeds(c->disk, used->disk, disk)) {
        snprintf(why->text, sizeof(why->text),
                 "class %s allows %" PRIu64 " octets on disk: %" PRIu64 " are in use and %" PRIu64
                 " were asked for",
                 c->name, c->disk, used->disk, disk);
        return PS_ELIMIT;
    }
    return 0;
}

int ow_policy_charge(struct ow_policy *p, const struct ow_class *c, uint64_t bandwidth, uint64_t disk,
                     struct ow_charge *charge, struct ps_fault *why)
{
    for (const struct ow_class *up = c; up; up = up->parent) {
        int rc = check_class(p, up, bandwidth, disk, why);
        if (rc)
            return rc;
    }
    struct account *a = open_account(p, c->name);
    if (!a) {
        snprintf(why->text, sizeof(why->text), "%s", ps_strerror(-ENOMEM));
        return -ENOMEM;
    }
    struct amount more = {at_most(bandwidth, CHARGE_MAX), at_most(disk, CHARGE_MAX)};
    a->own.bandwidth += more.bandwidth;
    a->own.disk += more.disk;
    add_up(p->total, c, &more);
    *charge = (struct ow_charge){.bandwidth = more.bandwidth, .disk = more.disk};
    memcpy(charge->class_name, a->name, sizeof(charge->class_name));
    close_if_empty(p, a);
    return 0;
}

int ow_policy_enter(struct ow_policy *p, struct ow_charge *charge, uint64_t max, struct ps_fault *why)
{
    struct account *a = open_account(p, charge->class_name);
    if (!a) {
        snprintf(why->text, sizeof(why->text), "%s", ps_strerror(-ENOMEM));
        return -ENOMEM;
    }
    if (max != 0 && a->sessions >= max) {
        snprintf(why->text, sizeof(why->text), "class %s has %" PRIu64 " sessions, as many as it may",
                 charge->class_name, a->sessions);
        close_if_empty(p, a);
        return PS_ELIMIT;
    }
    a->sessions++;
    charge->entered = true;
    return 0;
}

void ow_policy_leave(struct ow_policy *p, struct ow_charge *charge)
{
    struct account *a = charge->entered ? find_account(p, charge->class_name) : NULL;
    charge->entered = false;
    if (!a)
        return;
    a->sessions--;
    close_if_empty(p, a);
}

void ow_policy_release_bandwidth(struct ow_policy *p, struct ow_charge *charge)
{
    take_back(p, charge->class_name, charge->bandwidth, 0);
    charge->bandwidth = 0;
}

void ow_policy_release_disk(struct ow_policy *p, struct ow_charge *charge)
{
    take_back(p, charge->class_name, 0, charge->disk);
    charge->disk = 0;
}

static bool over_fudged(const struct ow_policy *p, const struct ow_class *c)
{
    return c->disk != 0 && (double)p->total[c->index].disk > (double)c->disk * p->diskfudge;
}

int ow_policy_settle_disk(struct ow_policy *p, struct ow_charge *charge, uint64_t octets)
{
    ow_policy_release_disk(p, charge);
    struct account *a = open_account(p, charge->class_name);
    if (!a)
        return -ENOMEM;
    const struct ow_class *c = class_of(p->limits, charge->class_name);
    struct amount more = {0, at_most(octets, CHARGE_MAX)};
    a->own.disk += more.disk;
    add_up(p->total, c, &more);
    charge->disk = more.disk;
    close_if_empty(p, a);
    for (; c; c = c->parent) {
        if (over_fudged(p, c))
            return PS_ELIMIT;
    }
    return 0;
}

static const struct amount *total_of(const struct ow_policy *p, const char *name)
{
    const struct ow_class *c = ow_limits_by_name(p->limits, name);
    return c ? &p->total[c->index] : NULL;
}

uint64_t ow_policy_used_bandwidth(const struct ow_policy *p, const char *class_name)
{
    const struct amount *a = total_of(p, class_name);
    return a ? a->bandwidth : 0;
}

uint64_t ow_policy_used_disk(const struct ow_policy *p, const char *class_name)
{
    const struct amount *a = total_of(p, class_name);
    return a ? a->disk : 0;
}

uint64_t ow_policy_bandwidth(uint32_t mode, const struct ow_request *req, const struct ow_slot *slots)
{
    double ip = req->ipvn == 6 ? 40 : 20, test = mode == OW_MODE_OPEN ? 14 : 48;
    double rate = req->nslots ? ow_slots_rate(slots, req->nslots) : 0;
    double bits = rate * (ip + 8 + test + (double)req->padding) * 8;
    if (isnan(bits) || bits <= 0)
        return 0;
    return bits >= 0x1p64 ? UINT64_MAX : (uint64_t)bits;
}

uint64_t ow_policy_disk(const struct ow_request *req)
{
    return 56 + OW_REQUEST_LEN + OW_BLK * ((uint64_t)req->nslots + 1) + (uint64_t)OW_REC_LEN * req->npackets;
}
