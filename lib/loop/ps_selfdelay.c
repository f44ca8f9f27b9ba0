// SPDX-License-Identifier: Apache-2.0
#include "loop/ps_selfdelay.h"
#include <string.h>

#define PERIOD (10 * PS_SEC)
#define ENOUGH 30 // with fewer samples their largest is no bound

// Eight buckets for each power of two, from 8 ns on; below, one for each nanosecond.
static unsigned bucket_of(ps_ns delay)
{
    unsigned e;

    if (delay < 8)
        return (unsigned)delay;
    e = 63 - (unsigned)__builtin_clzll((unsigned long long)delay);
    return (e - 2) * 8 + (unsigned)(delay >> (e - 3) & 7);
}

// The least delay that is in none of the buckets up to this one.
static ps_ns bucket_end(unsigned i)
{
    return i < 8 ? (ps_ns)i + 1 : (ps_ns)(i % 8 + 9) << (i / 8 - 1);
}

static void turn_over(struct ps_selfdelay *s, ps_ns now)
{
    memcpy(s->count[1], s->count[0], sizeof s->count[0]);
    memset(s->count[0], 0, sizeof s->count[0]);
    s->n[1] = s->n[0];
    s->n[0] = 0;
    s->since = now;
}

bool ps_selfdelay_add(struct ps_selfdelay *s, ps_ns now, ps_ns delay)
{
    if (delay < 0 || delay > PS_SEC)
        return false;
    if (now - s->since >= PERIOD || now < s->since)
        turn_over(s, now);
    s->count[0][bucket_of(delay)]++;
    s->n[0]++;
    return true;
}

// The end of the bucket in which the sample of this rank (from 1) is.
static ps_ns ranked(const struct ps_selfdelay *s, uint64_t rank)
{
    uint64_t seen = 0;
    unsigned i;

    for (i = 0; i < PS_SELFDELAY_BUCKETS - 1; i++) {
        seen += (uint64_t)s->count[0][i] + s->count[1][i];
        if (seen >= rank)
            break;
    }
    return bucket_end(i);
}

void ps_selfdelay_get(const struct ps_selfdelay *s, struct ps_self_delay *out)
{
    uint64_t n = (uint64_t)s->n[0] + s->n[1];

    *out = (struct ps_self_delay){.samples = n, .bound = PS_SELFDELAY_UNKNOWN};
    if (n == 0)
        return;
    out->median = ranked(s, (n + 1) / 2);
    out->p99 = ranked(s, n - n / 100);
    if (n >= ENOUGH || out->p99 > out->bound)
        out->bound = out->p99;
}
