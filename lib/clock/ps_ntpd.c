// SPDX-License-Identifier: Apache-2.0
#include "clock/ps_ntpd.h"
#include <math.h>
#include <string.h>
#include "base/ps_err.h"
#include "base/ps_num.h"
#include "base/ps_wire.h"

#define VERSION_AND_MODE (2 << 3 | 6)
#define MODE_MASK 7
#define MODE_CONTROL 6
#define RESPONSE 0x80
#define ERROR 0x40
#define MORE 0x20
#define OP_MASK 0x1f
#define OP_READVAR 2
#define DATA_MAX 468
#define LEAP_UNSYNCED 3
#define STRATUM_MAX 15
#define MS_MAX 1e12

static const char wanted[] = "stratum,refid,rootdelay,rootdisp,offset,sys_jitter";

// Milliseconds.
struct variables {
    uint64_t stratum;
    char refid[PS_SOURCE_TEXT];
    bool has_delay, has_disp, has_offset, has_jitter;
    double delay, disp, offset, jitter;
};

size_t ps_ntpd_request(uint16_t sequence, uint8_t out[PS_NTPD_REQUEST])
{
    size_t n = sizeof wanted - 1;
    struct ps_wr w;

    ps_wr_init(&w, out, PS_NTPD_REQUEST);
    ps_wr_u8(&w, VERSION_AND_MODE);
    ps_wr_u8(&w, OP_READVAR);
    ps_wr_u16(&w, sequence);
    ps_wr_zero(&w, 6);
    ps_wr_u16(&w, (uint16_t)n);
    ps_wr_bytes(&w, wanted, n);
    ps_wr_zero(&w, (4 - n % 4) % 4);
    return ps_wr_len(&w);
}

// The next item's end: a comma outside of quotes.
static const char *item_end(const char *p, const char *end)
{
    bool quoted = false;

    for (; p < end && (quoted || *p != ','); p++)
        quoted = quoted != (*p == '"');
    return p;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\r' || c == '\n' || c == '\t' || c == '\0';
}

static void take_value(struct variables *v, const char *name, size_t n, const char *text)
{
    static const char *const names[] = {"rootdelay", "rootdisp", "offset", "sys_jitter"};
    bool *has[] = {&v->has_delay, &v->has_disp, &v->has_offset, &v->has_jitter};
    double *value[] = {&v->delay, &v->disp, &v->offset, &v->jitter};

    if (n == 7 && memcmp(name, "stratum", n) == 0 && ps_num_u64(text, 10, 0, UINT8_MAX, &v->stratum))
        v->stratum = 0;
    if (n == 5 && memcmp(name, "refid", n) == 0)
        ps_source_text(v->refid, text, strlen(text));
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (n == strlen(names[i]) && memcmp(name, names[i], n) == 0)
            *has[i] = ps_num_double(text, -MS_MAX, MS_MAX, value[i]) == 0;
}

static void take_item(struct variables *v, const char *p, const char *end)
{
    const char *eq;
    char text[PS_SOURCE_TEXT];
    size_t n;

    while (p < end && is_blank(*p))
        p++;
    while (p < end && is_blank(end[-1]))
        end--;
    eq = memchr(p, '=', (size_t)(end - p));
    if (!eq)
        return;
    n = (size_t)(end - eq - 1);
    if (n >= sizeof text)
        n = sizeof text - 1;
    memcpy(text, eq + 1, n);
    text[n] = '\0';
    take_value(v, p, (size_t)(eq - p), text);
}

static void read_variables(struct variables *v, const char *p, const char *end)
{
    while (p < end) {
        const char *next = item_end(p, end);

        take_item(v, p, next);
        p = next + (next < end);
    }
}

static bool is_own_clock(const char *refid)
{
    return strcmp(refid, "LOCL") == 0 || strncmp(refid, "LOCAL", 5) == 0;
}

static void describe(const struct variables *v, unsigned leap, struct ps_source *out)
{
    bool stratum = v->stratum > 0 && v->stratum <= STRATUM_MAX;

    *out = (struct ps_source){.name = "ntpd",
                              .stratum = stratum ? (int)v->stratum : PS_SOURCE_UNKNOWN,
                              .synced = leap != LEAP_UNSYNCED && stratum && !is_own_clock(v->refid),
                              .leap = (enum ps_leap)(leap % LEAP_UNSYNCED),
                              .error = PS_SOURCE_UNKNOWN,
                              .bound = PS_SOURCE_UNKNOWN};
    memcpy(out->reference, v->refid, sizeof out->reference);
    if (v->has_offset && v->has_jitter)
        out->error = ps_source_error(v->offset / 1000, v->jitter / 1000);
    if (v->has_offset && v->has_delay && v->has_disp)
        out->bound = ps_source_error(v->offset / 1000, fabs(v->disp) / 1000 + fabs(v->delay) / 2000);
    ps_source_settle(out);
}

int ps_ntpd_reply(const void *data, size_t len, uint16_t sequence, struct ps_source *out)
{
    struct variables v = {.stratum = 0};
    struct ps_rd r;
    uint8_t mode, op;
    uint16_t got, status, association, offset, count;

    ps_rd_init(&r, data, len);
    mode = ps_rd_u8(&r) & MODE_MASK;
    op = ps_rd_u8(&r);
    got = ps_rd_u16(&r);
    status = ps_rd_u16(&r);
    association = ps_rd_u16(&r);
    offset = ps_rd_u16(&r);
    count = ps_rd_u16(&r);
    if (r.err || mode != MODE_CONTROL || !(op & RESPONSE) || (op & OP_MASK) != OP_READVAR || got != sequence)
        return PS_ENOTFOUND;
    if (op & ERROR)
        return PS_EREFUSED;
    if (association != 0 || count > DATA_MAX || count > ps_rd_left(&r))
        return PS_EMALFORMED;
    if ((op & MORE) || offset != 0)
        return PS_EUNSUPPORTED;
    read_variables(&v, (const char *)r.p, (const char *)r.p + count);
    describe(&v, status >> 14, out);
    return 0;
}
