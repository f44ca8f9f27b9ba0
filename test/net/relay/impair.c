// SPDX-License-Identifier: Apache-2.0
#include "impair.h"
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "base/ps_err.h"
#include "base/ps_num.h"

#define TEXT_MAX 255
#define SECONDS_MAX 60.0
#define TAIL_MAX 8 // means

static int seconds(const char *text, ps_ns *out)
{
    double s;
    int err = ps_num_double(text, 0, SECONDS_MAX, &s);

    if (!err)
        *out = (ps_ns)(s * (double)PS_SEC);
    return err;
}

static int share(const char *text, double *out)
{
    return ps_num_double(text, 0, 1, out);
}

static int number(const char *text, uint64_t max, uint64_t *out)
{
    return ps_num_u64(text, 10, 0, max, out);
}

static int set_counts(struct impair_spec *s, const char *key, const char *value)
{
    uint64_t n = 0;
    int err;

    if (strcmp(key, "until") == 0) {
        err = number(value, UINT32_MAX, &n);
        s->until = (uint32_t)n;
        return err;
    }
    if (strcmp(key, "ttl") == 0) {
        err = number(value, 255, &n);
        s->ttl = (unsigned)n;
        return err;
    }
    return PS_EUNKNOWN;
}

// `second` is what stands behind a colon, NULL if there is none.
static int set(struct impair_spec *s, const char *key, const char *value, const char *second)
{
    int err;

    if (strcmp(key, "burst") == 0) {
        err = second ? share(value, &s->burst_in) : PS_ESYNTAX;
        return err ? err : share(second, &s->burst_out);
    }
    if (strcmp(key, "reorder") == 0) {
        err = second ? share(value, &s->reorder) : PS_ESYNTAX;
        return err ? err : seconds(second, &s->hold);
    }
    if (second)
        return PS_ESYNTAX;
    if (strcmp(key, "delay") == 0)
        return seconds(value, &s->delay);
    if (strcmp(key, "jitter") == 0)
        return seconds(value, &s->jitter);
    if (strcmp(key, "tail") == 0)
        return seconds(value, &s->tail);
    if (strcmp(key, "loss") == 0)
        return share(value, &s->loss);
    if (strcmp(key, "dup") == 0)
        return share(value, &s->dup);
    return set_counts(s, key, value);
}

// Ends *text at the first `c`; what stands behind it, or NULL.
static char *cut(char *text, int c)
{
    char *at = strchr(text, c);

    if (!at)
        return NULL;
    *at = '\0';
    return at + 1;
}

int impair_parse(const char *text, struct impair_spec *out)
{
    char copy[TEXT_MAX + 1];
    int err = 0;

    if (snprintf(copy, sizeof copy, "%s", text) > TEXT_MAX)
        return PS_ERANGE;
    *out = (struct impair_spec){.until = UINT32_MAX};
    for (char *part = copy, *next; part && !err; part = next) {
        next = cut(part, ',');
        char *value = cut(part, '=');
        err = value ? set(out, part, value, cut(value, ':')) : PS_ESYNTAX;
    }
    return err;
}

void impair_init(struct impair *m, const struct impair_spec *spec, uint64_t seed)
{
    *m = (struct impair){.spec = *spec};
    ps_rand_seed(&m->rand, seed);
}

static bool chance(struct impair *m, double p)
{
    return ps_rand_double(&m->rand) < p;
}

static ps_ns draw_delay(struct impair *m)
{
    double even = ps_rand_double(&m->rand) * (double)m->spec.jitter;
    double means = -log(1 - ps_rand_double(&m->rand));

    return m->spec.delay + (ps_ns)even + (ps_ns)(fmin(means, TAIL_MAX) * (double)m->spec.tail);
}

// Every packet takes the same number of draws, so that one's fate does not change the next one's.
int impair_packet(struct impair *m, uint32_t seq, ps_ns delay[IMPAIR_COPIES])
{
    const struct impair_spec *s = &m->spec;
    bool turn = chance(m, m->burst ? s->burst_out : s->burst_in);
    bool lost = chance(m, s->loss), twice = chance(m, s->dup), held = chance(m, s->reorder);

    for (int i = 0; i < IMPAIR_COPIES; i++)
        delay[i] = draw_delay(m);
    if (turn)
        m->burst = !m->burst;
    if (seq >= s->until)
        return 1;
    if (held)
        delay[0] += s->hold;
    if (lost || m->burst)
        return 0;
    return twice ? 2 : 1;
}
