// SPDX-License-Identifier: Apache-2.0
// Stop-Sessions, the one message without a fixed length: a header block, for each session a SID
// block and blocks of counts and skip ranges, and one HMAC over all of it.
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "owamp/ow_ctl_impl.h"

#define CHUNK 64u // blocks of skip ranges opened at once

static int grow(void **v, size_t *cap, size_t size)
{
    const size_t more = *cap == 0 ? 16 : *cap * 2;
    void *p = reallocarray(*v, more, size);

    if (p == NULL)
        return -ENOMEM;
    *v = p;
    *cap = more;
    return 0;
}

int ow_skips_add(struct ow_skips *s, size_t from, struct ow_skip skip, uint32_t limit)
{
    void *v = s->v;

    if (skip.last < skip.first)
        return PS_EMALFORMED;
    if (skip.last >= limit || (s->n > from && skip.first <= s->v[s->n - 1].last))
        return PS_ERANGE;
    if (s->n == s->cap && grow(&v, &s->cap, sizeof *s->v) != 0)
        return -ENOMEM;
    s->v = v;
    s->v[s->n++] = skip;
    return 0;
}

void ow_skips_pack(struct ps_wr *w, const struct ow_skip *skips, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        ps_wr_u32(w, skips[i].first);
        ps_wr_u32(w, skips[i].last);
    }
}

void ow_ctl_stop_clear(struct ow_ctl *c)
{
    free(c->stop.recs);
    free(c->stop.skips.v);
    memset(&c->stop, 0, sizeof c->stop);
}

static void read_header(struct ow_ctl *c, const uint8_t header[OW_BLK])
{
    struct ow_stop_rd *s = &c->stop;
    struct ps_rd r;

    ps_rd_init(&r, header, OW_BLK);
    ps_rd_skip(&r, 1);
    s->accept = ps_rd_u8(&r);
    ps_rd_skip(&r, 2);
    s->expected = ps_rd_u32(&r);
    s->phase = s->expected > 0 ? OW_STOP_SID : OW_STOP_END;
    if (header[0] != OW_CMD_STOP)
        ow_ctl_fail(c, PS_EPROTO, "command %u while only Stop-Sessions is due", header[0]);
    if (s->expected > OW_MAX_SESSIONS)
        ow_ctl_fail(c, PS_ELIMIT, "Stop-Sessions: %u sessions are too many", s->expected);
}

void ow_ctl_stop_begin(struct ow_ctl *c, const uint8_t *header)
{
    ow_ctl_stop_clear(c);
    if (header != NULL)
        read_header(c, header);
}

static bool step_header(struct ow_ctl *c)
{
    uint8_t header[OW_BLK];

    if (!ow_ctl_open(c, header, sizeof header))
        return false;
    read_header(c, header);
    return c->err == 0;
}

static bool step_sid(struct ow_ctl *c)
{
    struct ow_stop_rd *s = &c->stop;
    uint8_t sid[OW_SID_LEN];
    void *v = s->recs;

    if (!ow_ctl_open(c, sid, sizeof sid))
        return false;
    if (s->have == s->cap && ow_ctl_fault(c, grow(&v, &s->cap, sizeof *s->recs)) != 0)
        return false;
    s->recs = v;
    memset(&s->recs[s->have], 0, sizeof *s->recs);
    memcpy(s->recs[s->have].sid, sid, sizeof sid);
    s->have++;
    s->phase = OW_STOP_COUNTS;
    return true;
}

// One place of a skip range: a range while some are due, padding after that.
static void take_range(struct ow_ctl *c, struct ps_rd *r)
{
    struct ow_stop_rd *s = &c->stop;
    const struct ow_stop_rec *rec = &s->recs[s->have - 1];
    const size_t from = s->skips.n - (rec->nskips - s->left);
    struct ow_skip skip;
    int err;

    skip.first = ps_rd_u32(r);
    skip.last = ps_rd_u32(r);
    if (s->left == 0) {
        if (skip.first != 0 || skip.last != 0)
            ow_ctl_fail(c, PS_EMALFORMED, "Stop-Sessions: the padding is not zero");
        return;
    }
    err = ow_skips_add(&s->skips, from, skip, rec->next_seqno);
    if (err == PS_EMALFORMED)
        ow_ctl_fail(c, err, "Stop-Sessions: skip range %u to %u ends before it begins", skip.first,
                    skip.last);
    if (err == PS_ERANGE)
        ow_ctl_fail(c, err, "Stop-Sessions: skip range %u to %u is out of order or not below Next Seqno %u",
                    skip.first, skip.last, rec->next_seqno);
    if (ow_ctl_fault(c, err) == 0)
        s->left--;
}

static void record_done(struct ow_stop_rd *s)
{
    s->phase = s->have < s->expected ? OW_STOP_SID : OW_STOP_END;
}

static bool step_counts(struct ow_ctl *c)
{
    struct ow_stop_rd *s = &c->stop;
    struct ow_stop_rec *rec = &s->recs[s->have - 1];
    uint8_t blk[OW_BLK];
    struct ps_rd r;

    if (!ow_ctl_open(c, blk, sizeof blk))
        return false;
    ps_rd_init(&r, blk, sizeof blk);
    rec->next_seqno = ps_rd_u32(&r);
    rec->nskips = s->left = ps_rd_u32(&r);
    if (rec->nskips > OW_MAX_SKIPS - s->skips.n) {
        ow_ctl_fail(c, PS_ELIMIT, "Stop-Sessions: too many skip ranges");
        return false;
    }
    take_range(c, &r);
    if (s->left > 0)
        s->phase = OW_STOP_RANGES;
    else
        record_done(s);
    return c->err == 0;
}

static bool step_ranges(struct ow_ctl *c)
{
    struct ow_stop_rd *s = &c->stop;
    uint8_t blks[CHUNK * OW_BLK];
    size_t n = ps_buf_len(&c->in) / OW_BLK, due = (s->left + 1) / 2;
    struct ps_rd r;

    n = n < due ? n : due;
    n = n < CHUNK ? n : CHUNK;
    if (n == 0 || !ow_ctl_open(c, blks, n * OW_BLK))
        return false;
    ps_rd_init(&r, blks, n * OW_BLK);
    while (ps_rd_left(&r) > 0 && c->err == 0)
        take_range(c, &r);
    if (s->left == 0)
        record_done(s);
    return c->err == 0;
}

// The skip array moved while it grew; now each record gets its part.
static void finish(struct ow_ctl *c, struct ow_stop *out)
{
    struct ow_stop_rd *s = &c->stop;
    struct ow_skip *v = s->skips.v;

    for (size_t i = 0; i < s->have; i++) {
        s->recs[i].skips = s->recs[i].nskips > 0 ? v : NULL;
        v = s->recs[i].nskips > 0 ? v + s->recs[i].nskips : v;
    }
    out->accept = s->accept;
    out->nrecs = s->expected;
    out->recs = s->recs;
    c->stop_got = true;
    if (c->stop_sent)
        c->testing = false;
}

static bool stop_step(struct ow_ctl *c, bool *end)
{
    switch (c->stop.phase) {
    case OW_STOP_HEADER:
        return step_header(c);
    case OW_STOP_SID:
        return step_sid(c);
    case OW_STOP_COUNTS:
        return step_counts(c);
    case OW_STOP_RANGES:
        return step_ranges(c);
    case OW_STOP_END:
        *end = ow_ctl_open_msg(c, NULL, 0, "Stop-Sessions");
        return *end;
    }
    return false;
}

bool ow_ctl_stop_read(struct ow_ctl *c, struct ow_stop *out)
{
    bool end = false;

    while (!end && c->err == 0 && stop_step(c, &end))
        continue;
    if (end)
        finish(c, out);
    return end;
}

static int write_record(struct ow_ctl *c, const struct ow_stop_rec *rec)
{
    const size_t len = ((size_t)rec->nskips / 2 + 1) * OW_BLK;
    uint8_t *blks = calloc(1, len);
    struct ps_wr w;
    int err;

    if (blks == NULL)
        return ow_ctl_fault(c, -ENOMEM);
    ps_wr_init(&w, blks, len);
    ps_wr_u32(&w, rec->next_seqno);
    ps_wr_u32(&w, rec->nskips);
    ow_skips_pack(&w, rec->skips, rec->nskips);
    err = ow_ctl_seal(c, rec->sid, OW_SID_LEN);
    if (err == 0)
        err = ow_ctl_seal(c, blks, len);
    free(blks);
    return err;
}

static bool records_fit(const struct ow_stop_rec *recs, uint32_t nrecs)
{
    size_t skips = 0;

    for (uint32_t i = 0; i < nrecs && nrecs <= OW_MAX_SESSIONS; i++)
        skips += recs[i].nskips;
    return nrecs <= OW_MAX_SESSIONS && skips <= OW_MAX_SKIPS;
}

int ow_ctl_stop_write(struct ow_ctl *c, uint8_t accept, const struct ow_stop_rec *recs, uint32_t nrecs)
{
    uint8_t header[OW_BLK] = {OW_CMD_STOP, accept};
    struct ps_wr w;
    int err;

    if (c->err != 0 || !c->testing || c->stop_sent)
        return PS_ESTATE;
    if (!records_fit(recs, nrecs))
        return PS_ELIMIT;
    ps_wr_init(&w, header + 4, 4);
    ps_wr_u32(&w, nrecs);
    err = ow_ctl_seal(c, header, sizeof header);
    for (uint32_t i = 0; err == 0 && i < nrecs; i++)
        err = write_record(c, &recs[i]);
    if (err == 0)
        err = ow_ctl_seal_hmac(c);
    c->stop_sent = true;
    if (c->stop_got)
        c->testing = false;
    return err;
}
