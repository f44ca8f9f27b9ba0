// SPDX-License-Identifier: Apache-2.0
#include "jq/ps_jqframe.h"
#include <string.h>
#include "base/ps_err.h"

// --- frames

// Without the length, a frame has a type and flags at least.
#define LEAST 2
#define LENGTH 4

static void put_u32(uint8_t *p, size_t v)
{
    struct ps_wr w;

    ps_wr_init(&w, p, LENGTH);
    ps_wr_u32(&w, (uint32_t)v);
}

int ps_jqframe_next(const struct ps_buf *in, size_t max, struct ps_jqframe *out)
{
    struct ps_rd r;
    size_t len;
    unsigned type;

    ps_rd_init(&r, ps_buf_head(in), ps_buf_len(in));
    len = ps_rd_u32(&r);
    type = ps_rd_u8(&r);
    out->flags = ps_rd_u8(&r);
    if (r.err)
        return 0;
    if (len > max)
        return PS_ELIMIT;
    if (len < LEAST || type < PS_JQFRAME_COMPILE || type > PS_JQFRAME_FAULT)
        return PS_EMALFORMED;
    if (ps_rd_left(&r) < len - LEAST)
        return 0;
    out->type = (enum ps_jqframe_type)type;
    out->data = r.p;
    out->len = len - LEAST;
    out->whole = LENGTH + len;
    return 1;
}

int ps_jqframe_begin(struct ps_buf *out, enum ps_jqframe_type type, size_t *start)
{
    uint8_t head[PS_JQFRAME_HEAD] = {0, 0, 0, 0, (uint8_t)type, 0};

    *start = ps_buf_len(out);
    return ps_buf_append(out, head, sizeof head);
}

void ps_jqframe_end(const struct ps_buf *out, size_t start)
{
    put_u32(ps_buf_head(out) + start, ps_buf_len(out) - start - LENGTH);
}

int ps_jqframe_text(struct ps_buf *out, const char *text, size_t len)
{
    uint8_t *p;
    int err = len > UINT32_MAX - PS_JQFRAME_TEXT ? PS_ELIMIT : ps_buf_reserve(out, len + PS_JQFRAME_TEXT, &p);

    if (err)
        return err;
    put_u32(p, len);
    if (len > 0)
        memcpy(p + LENGTH, text, len);
    p[LENGTH + len] = '\0';
    ps_buf_commit(out, len + PS_JQFRAME_TEXT);
    return 0;
}

static struct ps_jq_value get_text(struct ps_rd *r)
{
    size_t len = ps_rd_u32(r);
    struct ps_jq_value v = {(const char *)r->p, len};

    if (len >= ps_rd_left(r) || r->p[len] != '\0') {
        ps_rd_fail(r, PS_EMALFORMED);
        return (struct ps_jq_value){"", 0};
    }
    ps_rd_skip(r, len + 1);
    return v;
}

// All of a frame was read, and nothing is left of it.
static int finish(const struct ps_rd *r)
{
    return r->err || ps_rd_left(r) > 0 ? PS_EMALFORMED : 0;
}

// --- slot, a count, texts: what both of the worker's frames are

static int put_texts(struct ps_buf *out, const struct ps_jq_value *texts, size_t n)
{
    int err = 0;

    for (size_t i = 0; i < n && !err; i++)
        err = ps_jqframe_text(out, texts[i].text, texts[i].len);
    return err;
}

static int put_slotted(struct ps_buf *out, enum ps_jqframe_type type, unsigned slot, size_t n)
{
    uint8_t head[3] = {(uint8_t)(slot >> 8), (uint8_t)slot, (uint8_t)n};
    size_t start;
    int err = ps_jqframe_begin(out, type, &start);

    return err ? err : ps_buf_append(out, head, sizeof head);
}

static size_t get_slotted(struct ps_rd *r, unsigned *slot)
{
    size_t n;

    *slot = ps_rd_u16(r);
    n = ps_rd_u8(r);
    if (*slot < PS_JQFRAME_SLOTS && n <= PS_JQ_ARGS_MAX)
        return n;
    ps_rd_fail(r, PS_EMALFORMED);
    return 0;
}

void ps_jqframe_set_slot(uint8_t *frame, unsigned slot)
{
    frame[PS_JQFRAME_HEAD] = (uint8_t)(slot >> 8);
    frame[PS_JQFRAME_HEAD + 1] = (uint8_t)slot;
}

int ps_jqframe_put_program(struct ps_buf *out, const struct ps_jqframe_program *p)
{
    size_t start = ps_buf_len(out);
    int err = put_slotted(out, PS_JQFRAME_COMPILE, p->slot, p->nnames);

    if (!err)
        err = put_texts(out, p->names, p->nnames);
    if (!err)
        err = put_texts(out, &p->prelude, 1);
    if (!err)
        err = put_texts(out, &p->text, 1);
    if (!err)
        ps_jqframe_end(out, start);
    return err;
}

int ps_jqframe_get_program(const struct ps_jqframe *f, struct ps_jqframe_program *out)
{
    struct ps_rd r;

    ps_rd_init(&r, f->data, f->len);
    out->nnames = get_slotted(&r, &out->slot);
    for (size_t i = 0; i < out->nnames; i++)
        out->names[i] = get_text(&r);
    out->prelude = get_text(&r);
    out->text = get_text(&r);
    return finish(&r);
}

int ps_jqframe_put_run(struct ps_buf *out, const struct ps_jqframe_run *run)
{
    size_t start = ps_buf_len(out);
    int err = put_slotted(out, PS_JQFRAME_RUN, run->slot, run->nargs);

    if (!err)
        err = put_texts(out, run->args, run->nargs);
    if (!err)
        err = put_texts(out, &run->input, 1);
    if (!err)
        ps_jqframe_end(out, start);
    return err;
}

int ps_jqframe_get_run(const struct ps_jqframe *f, struct ps_jqframe_run *out)
{
    struct ps_rd r;

    ps_rd_init(&r, f->data, f->len);
    out->nargs = get_slotted(&r, &out->slot);
    for (size_t i = 0; i < out->nargs; i++)
        out->args[i] = get_text(&r);
    out->input = get_text(&r);
    return finish(&r);
}

// --- the worker's answers

static int put_octets(struct ps_buf *out, enum ps_jqframe_type type, const void *data, size_t n)
{
    size_t start;
    int err = ps_jqframe_begin(out, type, &start);

    if (!err)
        err = ps_buf_append(out, data, n);
    if (!err)
        ps_jqframe_end(out, start);
    return err;
}

int ps_jqframe_put_ready(struct ps_buf *out, unsigned held)
{
    uint8_t octets[2] = {PS_JQFRAME_VERSION, (uint8_t)held};

    return put_octets(out, PS_JQFRAME_READY, octets, sizeof octets);
}

int ps_jqframe_get_ready(const struct ps_jqframe *f, unsigned *held)
{
    struct ps_rd r;
    unsigned version;

    ps_rd_init(&r, f->data, f->len);
    version = ps_rd_u8(&r);
    if (!r.err && version != PS_JQFRAME_VERSION)
        return PS_EVERSION;
    *held = ps_rd_u8(&r);
    return finish(&r);
}

int ps_jqframe_put_compiled(struct ps_buf *out)
{
    return put_octets(out, PS_JQFRAME_COMPILED, "", 0);
}

int ps_jqframe_get_compiled(const struct ps_jqframe *f)
{
    return f->len == 0 ? 0 : PS_EMALFORMED;
}

// A negative number's bits, and back.
static uint32_t bits_of(int err)
{
    return (uint32_t)-err;
}

int ps_jqframe_put_fault(struct ps_buf *out, const struct ps_jqframe_fault *fault)
{
    uint8_t octets[8];
    size_t start = 0, len = fault->why.len < PS_JQ_WHY_MAX ? fault->why.len : PS_JQ_WHY_MAX;
    int err = ps_jqframe_begin(out, PS_JQFRAME_FAULT, &start);

    put_u32(octets, bits_of(fault->err));
    put_u32(octets + LENGTH, fault->line);
    if (!err)
        err = ps_buf_append(out, octets, sizeof octets);
    if (!err)
        err = ps_jqframe_text(out, fault->why.text, len);
    if (!err)
        ps_jqframe_end(out, start);
    return err;
}

static bool is_known(uint32_t bits)
{
    return bits == bits_of(PS_ESYNTAX) || bits == bits_of(PS_EREFUSED) || bits == bits_of(PS_ELIMIT);
}

int ps_jqframe_get_fault(const struct ps_jqframe *f, struct ps_jqframe_fault *out)
{
    struct ps_rd r;
    uint32_t bits;

    ps_rd_init(&r, f->data, f->len);
    bits = ps_rd_u32(&r);
    out->line = ps_rd_u32(&r);
    out->why = get_text(&r);
    if (!is_known(bits) || out->why.len > PS_JQ_WHY_MAX)
        return PS_EMALFORMED;
    out->err = -(int)bits;
    return finish(&r);
}

int ps_jqframe_get_done(const struct ps_jqframe *f, size_t *count)
{
    struct ps_rd r;

    ps_rd_init(&r, f->data, f->len);
    for (*count = 0; !r.err && ps_rd_left(&r) > 0; ++*count)
        (void)get_text(&r);
    return finish(&r);
}

void ps_jqframe_outputs(const struct ps_jqframe *f, struct ps_jq_output *out, size_t n)
{
    struct ps_rd r;

    ps_rd_init(&r, f->data, f->len);
    for (size_t i = 0; i < n; i++) {
        struct ps_jq_value v = get_text(&r);
        out[i] = (struct ps_jq_output){v.text, v.len};
    }
}
