// SPDX-License-Identifier: Apache-2.0
#include "owamp/ow_send.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "base/ps_rand.h"

// A session that skips in more separate places than this ends with PS_ELIMIT.
#define SKIPS_MAX (1u << 20)

struct ow_send {
    struct ow_sched *sched;
    struct ow_test *test;
    struct ps_rand rand;
    size_t header, padding;
    ps_ntp timeout;
    uint32_t seq, npackets;
    ps_ntp when; // of packet seq, or of the last one when all are done
    ps_ntp last; // of the packet before seq
    bool filled; // packet seq - 1 was written and has not been given up
    struct ow_skip *skips;
    uint32_t nskips, cap;
    bool padded; // pad is fresh
    uint8_t pad[];
};

static int send_setup(struct ow_send *s, const struct ow_send_conf *conf)
{
    uint64_t seed;
    int err = ps_rand_bytes(&seed, sizeof seed);
    if (!err)
        err = ow_sched_new(&s->sched, conf->sid, conf->slots, conf->nslots, conf->npackets, conf->start);
    if (!err)
        err = ow_test_new(&s->test, conf->mode, conf->keys, conf->sid);
    if (err)
        return err;
    ps_rand_seed(&s->rand, seed);
    s->when = ow_sched_next(s->sched);
    return 0;
}

int ow_send_new(struct ow_send **out, const struct ow_send_conf *conf)
{
    if (conf->padding > OW_PADDING_MAX)
        return PS_ERANGE;
    struct ow_send *s = calloc(1, sizeof *s + conf->padding);
    if (!s)
        return -ENOMEM;
    s->header = ow_test_header_len(conf->mode);
    s->padding = conf->padding;
    s->timeout = conf->timeout;
    s->npackets = conf->npackets;
    s->last = conf->start;
    int err = send_setup(s, conf);
    if (err) {
        ow_send_free(s);
        return err;
    }
    *out = s;
    return 0;
}

void ow_send_free(struct ow_send *s)
{
    if (!s)
        return;
    ow_sched_free(s->sched);
    ow_test_free(s->test);
    free(s->skips);
    free(s);
}

size_t ow_send_size(const struct ow_send *s)
{
    return s->header + s->padding;
}

static void pad_refresh(struct ow_send *s)
{
    if (!s->padded)
        ps_rand_fill(&s->rand, s->pad, s->padding);
    s->padded = true;
}

bool ow_send_due(struct ow_send *s, ps_ntp *when)
{
    if (s->seq == s->npackets)
        return false;
    // Made here, before the stamp is taken: much padding takes microseconds to make.
    pad_refresh(s);
    *when = s->when;
    return true;
}

static int skips_grow(struct ow_send *s)
{
    if (s->cap >= SKIPS_MAX)
        return PS_ELIMIT;
    uint32_t cap = s->cap > 0 ? s->cap * 2 : 16;
    struct ow_skip *skips = realloc(s->skips, cap * sizeof *skips);
    if (!skips)
        return -ENOMEM;
    s->skips = skips;
    s->cap = cap;
    return 0;
}

// Sequence numbers come in rising order.
static int skip_add(struct ow_send *s, uint32_t seq)
{
    if (s->nskips > 0 && s->skips[s->nskips - 1].last + 1 == seq) {
        s->skips[s->nskips - 1].last = seq;
        return 0;
    }
    int err = s->nskips == s->cap ? skips_grow(s) : 0;
    if (err)
        return err;
    s->skips[s->nskips++] = (struct ow_skip){seq, seq};
    return 0;
}

static int move_on(struct ow_send *s, bool filled)
{
    s->filled = filled;
    s->last = s->when;
    s->seq++;
    s->when = ow_sched_next(s->sched);
    return ow_sched_error(s->sched);
}

static bool is_late(const struct ow_send *s, ps_ntp now)
{
    return ps_ntp_before(s->when, now) && now - s->when > s->timeout;
}

int ow_send_fill(struct ow_send *s, ps_ntp now, uint16_t err, uint8_t *buf, size_t cap)
{
    int rc;
    if (s->seq == s->npackets)
        return PS_ESTATE;
    if (cap < ow_send_size(s))
        return PS_ELIMIT;
    if (is_late(s, now)) {
        rc = skip_add(s, s->seq);
        return rc ? rc : move_on(s, false);
    }
    struct ow_test_packet packet = {.seq = s->seq, .stamp = now, .err = err};
    rc = ow_test_pack(s->test, &packet, buf);
    if (rc)
        return rc;
    pad_refresh(s);
    memcpy(buf + s->header, s->pad, s->padding);
    s->padded = false;
    rc = move_on(s, true);
    return rc ? rc : (int)ow_send_size(s);
}

int ow_send_failed(struct ow_send *s)
{
    if (!s->filled)
        return PS_ESTATE;
    int err = skip_add(s, s->seq - 1);
    if (!err)
        s->filled = false;
    return err;
}

uint32_t ow_send_next_seqno(const struct ow_send *s)
{
    return s->seq;
}

const struct ow_skip *ow_send_skips(const struct ow_send *s, uint32_t *n)
{
    *n = s->nskips;
    return s->skips;
}

ps_ntp ow_send_last_time(const struct ow_send *s)
{
    return s->last;
}
