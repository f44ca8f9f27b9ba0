// SPDX-License-Identifier: Apache-2.0
#include "owamp/ow_sched.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "base/ps_num.h"
#include "base/ps_wire.h"
#include "crypto/ps_crypto.h"

// Blocks made at a time: AES-NI runs eight in little more than the time of one.
#define BATCH 8
#define BATCH_LEN (BATCH * PS_AES_BLOCK)

// No cipher context: it would be most of a session's memory, and is wanted once in some twenty packets.
struct ow_expo {
    uint8_t seed[PS_AES_KEY];
    int err;          // the first that came of a refill; draws since mean nothing
    uint64_t counter; // of 32-bit draws; the 128-bit counter's upper half stays zero for all time
    uint32_t pos;     // octets of batch used
    uint8_t batch[BATCH_LEN];
};

struct ow_sched {
    struct ow_expo *expo;
    uint32_t nslots, npackets;
    uint32_t index, slot;
    ps_ntp last;
    struct ow_slot slots[];
};

// Knuth's Q[k] * 2^32: the partial sums of the series of ln 2. Q[0] is not used.
static const uint32_t knuth_q[] = {
    0,          0xB17217F8, 0xEEF193F7, 0xFD271862, 0xFF9D6DD0, 0xFFF4CFD0,
    0xFFFEE819, 0xFFFFE7FF, 0xFFFFFE2B, 0xFFFFFFE0, 0xFFFFFFFE, 0xFFFFFFFF,
};
#define KNUTH_LAST 11

// Only each fourth value of the counter is ever encrypted; its block gives four draws.
static void expo_refill(struct ow_expo *e)
{
    struct ps_wr w;
    ps_wr_init(&w, e->batch, sizeof e->batch);
    for (int i = 0; i < BATCH; i++) {
        ps_wr_u64(&w, 0);
        ps_wr_u64(&w, e->counter);
        e->counter += 4;
    }
    int err = ps_aes_once(e->seed, e->batch, sizeof e->batch, e->batch);
    if (!e->err)
        e->err = err;
    e->pos = 0;
}

int ow_expo_new(struct ow_expo **out, const uint8_t seed[16])
{
    struct ow_expo *e = calloc(1, sizeof *e);
    if (!e)
        return -ENOMEM;
    memcpy(e->seed, seed, sizeof e->seed);
    expo_refill(e);
    if (e->err) {
        int err = e->err;
        free(e);
        return err;
    }
    *out = e;
    return 0;
}

void ow_expo_free(struct ow_expo *e)
{
    free(e);
}

static uint32_t expo_uniform(struct ow_expo *e)
{
    if (e->pos == BATCH_LEN)
        expo_refill(e);
    const uint8_t *p = e->batch + e->pos;
    e->pos += 4;
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

// The least of as many fresh draws as step 3 of the algorithm asks for, given u >= Q[1].
static uint32_t expo_least(struct ow_expo *e, uint32_t u)
{
    int k = 2;
    while (k <= KNUTH_LAST && u >= knuth_q[k])
        k++;
    uint32_t least = UINT32_MAX;
    for (; k > 0; k--) {
        uint32_t v = expo_uniform(e);
        least = v < least ? v : least;
    }
    return least;
}

// Knuth's algorithm S (The Art of Computer Programming, volume 2, 3.4.1), in 32.32.
ps_ntp ow_expo_next(struct ow_expo *e)
{
    uint32_t u = expo_uniform(e);
    uint32_t ones = u == UINT32_MAX ? 32 : (uint32_t)__builtin_clz(~u);
    u = ones < 31 ? u << (ones + 1) : 0;
    if (u < knuth_q[1])
        return (ps_ntp)ones * knuth_q[1] + u;
    ps_ntp v = (ps_ntp)ones << 32 | expo_least(e, u);
    return ps_ntp_mul(v, knuth_q[1]);
}

static bool any_random(const struct ow_sched *s)
{
    for (uint32_t i = 0; i < s->nslots; i++)
        if (s->slots[i].type == OW_SLOT_EXP)
            return true;
    return false;
}

int ow_sched_new(struct ow_sched **out, const uint8_t sid[16], const struct ow_slot *slots, uint32_t nslots,
                 uint32_t npackets, ps_ntp start)
{
    if (nslots == 0)
        return PS_ERANGE;
    size_t room, total;
    if (__builtin_mul_overflow(sizeof *slots, nslots, &room) ||
        __builtin_add_overflow(sizeof(struct ow_sched), room, &total))
        return -ENOMEM;
    struct ow_sched *s = malloc(total);
    if (!s)
        return -ENOMEM;
    *s = (struct ow_sched){.nslots = nslots, .npackets = npackets, .last = start};
    memcpy(s->slots, slots, room);
    int err = any_random(s) ? ow_expo_new(&s->expo, sid) : 0;
    if (err) {
        ow_sched_free(s);
        return err;
    }
    *out = s;
    return 0;
}

void ow_sched_free(struct ow_sched *s)
{
    if (!s)
        return;
    ow_expo_free(s->expo);
    free(s);
}

int ow_sched_error(const struct ow_sched *s)
{
    return s->expo ? s->expo->err : 0;
}

uint32_t ow_sched_index(const struct ow_sched *s)
{
    return s->index;
}

ps_ntp ow_sched_next(struct ow_sched *s)
{
    if (s->index == s->npackets)
        return s->last;
    const struct ow_slot *slot = &s->slots[s->slot];
    ps_ntp delta = slot->value;
    if (slot->type == OW_SLOT_EXP)
        delta = ps_ntp_mul(ow_expo_next(s->expo), delta);
    s->last += delta;
    s->index++;
    s->slot = s->slot + 1 == s->nslots ? 0 : s->slot + 1;
    return s->last;
}

int ow_sched_time(const uint8_t sid[16], const struct ow_slot *slots, uint32_t nslots, ps_ntp start,
                  uint32_t seq, ps_ntp *out)
{
    struct ow_sched *s;
    int err = ow_sched_new(&s, sid, slots, nslots, UINT32_MAX, start);
    if (err != 0)
        return err;
    *out = ow_sched_next(s);
    for (uint32_t i = 0; i < seq; i++)
        *out = ow_sched_next(s);
    err = ow_sched_error(s);
    ow_sched_free(s);
    return err;
}

double ow_slots_rate(const struct ow_slot *slots, uint32_t nslots)
{
    double sum = 0;
    for (uint32_t i = 0; i < nslots; i++)
        sum += ps_ntpdur_to_double(slots[i].value);
    return sum > 0 ? nslots / sum : INFINITY;
}

// a + n * b, or the largest.
static ps_ntp add_times(ps_ntp a, ps_ntp b, uint32_t n)
{
    ps_ntp product, sum;
    if (__builtin_mul_overflow(b, (ps_ntp)n, &product) || __builtin_add_overflow(a, product, &sum))
        return UINT64_MAX;
    return sum;
}

ps_ntp ow_slots_duration(const struct ow_slot *slots, uint32_t nslots, uint32_t npackets)
{
    ps_ntp total = 0;
    for (uint32_t i = 0; i < nslots; i++) {
        uint32_t uses = npackets / nslots + (i < npackets % nslots);
        total = add_times(total, slots[i].value, uses);
    }
    return total;
}

// One number with its letter, of len octets.
static int slot_parse(const char *text, size_t len, struct ow_slot *slot)
{
    char number[64];
    double seconds;
    int letter = len > 0 ? tolower((unsigned char)text[len - 1]) : 0;
    if (letter == 'e' || letter == 'f')
        len--;
    if (len >= sizeof number)
        return PS_ESYNTAX;
    memcpy(number, text, len);
    number[len] = '\0';
    int err = ps_num_double(number, 0, UINT32_MAX, &seconds);
    if (err)
        return err;
    slot->type = letter == 'f' ? OW_SLOT_FIXED : OW_SLOT_EXP;
    slot->value = ps_ntpdur_from_double(seconds);
    return 0;
}

int ow_slots_parse(const char *text, struct ow_slot *slots, uint32_t max, uint32_t *n)
{
    uint32_t count = 0;
    for (const char *p = text;; p++) {
        if (count == max)
            return PS_ELIMIT;
        size_t len = strcspn(p, ",");
        int err = slot_parse(p, len, &slots[count]);
        if (err)
            return err;
        count++;
        p += len;
        if (*p == '\0')
            break;
    }
    *n = count;
    return 0;
}
