// SPDX-License-Identifier: Apache-2.0
// A reply's octets to records: RFC 1035 section 4. What c-ares makes of them has no lifetimes.
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_buf.h"
#include "base/ps_err.h"
#include "base/ps_wire.h"
#include "loop/ps_dns_impl.h"

#define CLASS_IN 1
#define TYPE_CNAME 5
#define TYPE_SOA 6
#define RCODE_NAME 3
#define JUMPS_MAX 64
#define TTL_SIGN (UINT32_C(1) << 31) // RFC 2181 section 8: such a one is 0

// Where a text lies in the reading's octets.
struct span {
    size_t at, len;
};

struct reading {
    const uint8_t *start;
    size_t size;
    struct ps_rd rd;
    enum ps_dns_type type;
    char name[PS_DNSNAME_STRLEN]; // that records are wanted of: the last CNAME's
    uint32_t ttl;                 // the smallest of what was used
    bool has_ttl;
    size_t n;
    struct ps_addr addrs[PS_DNS_RECORDS];
    struct span spans[PS_DNS_RECORDS];
    struct ps_buf octets; // of texts, each with a NUL behind
};

struct rr {
    char owner[PS_DNSNAME_STRLEN]; // "": one that is no name to us
    uint16_t type, class;
    uint32_t ttl;
    struct ps_rd data;
};

// --- records

struct ps_dns_records *ps_dns_records_hold(struct ps_dns_records *r)
{
    r->refs++;
    return r;
}

void ps_dns_records_release(struct ps_dns_records *r)
{
    if (r && --r->refs == 0)
        free(r);
}

static void put_name(char out[PS_DNSNAME_STRLEN], const char *name)
{
    size_t i;

    for (i = 0; i < PS_DNSNAME_STRLEN - 1 && name[i]; i++)
        out[i] = name[i] > ' ' && name[i] < 127 ? name[i] : '?';
    out[i] = '\0';
}

static struct ps_dns_records *records_new(const char *name, size_t more)
{
    struct ps_dns_records *r = calloc(1, sizeof *r + more);

    if (!r)
        return NULL;
    r->refs = 1;
    r->octets = sizeof *r + more;
    r->ttl = -1;
    r->cause = "";
    put_name(r->name, name);
    return r;
}

struct ps_dns_records *ps_dns_records_failed(const char *name, int err, const char *cause)
{
    struct ps_dns_records *r = records_new(name, 0);

    if (r) {
        r->err = err;
        r->cause = cause;
    }
    return r;
}

// --- reading

// A name on its way out of a message.
struct expansion {
    char text[PS_DNSNAME_STRLEN];
    size_t len; // octets of text
    int jumps;
};

// A dot inside a label becomes what ps_dnsname_normal refuses.
static bool add_label(struct expansion *x, const uint8_t *label, size_t n)
{
    if (x->len + n + 1 >= sizeof x->text)
        return false;
    for (size_t i = 0; i < n; i++)
        x->text[x->len++] = label[i] == '.' || label[i] == '\0' ? '\\' : (char)label[i];
    x->text[x->len++] = '.';
    return true;
}

// RFC 1035, 4.1.4. The octets that the name takes where it begins; 0: it is malformed, or leads around for
// too long.
static size_t expand(const uint8_t *start, size_t size, size_t at, struct expansion *x)
{
    size_t from = at, used = 0;

    while (at < size && start[at] != 0) {
        size_t n = start[at];
        if (n >= 0xc0 && at + 1 < size && x->jumps++ < JUMPS_MAX) {
            used = used ? used : at + 2 - from;
            at = (n & 0x3f) << 8 | start[at + 1];
        } else if (n < 0x40 && at + 1 + n < size && add_label(x, start + at + 1, n)) {
            at += 1 + n;
        } else {
            return 0;
        }
    }
    x->text[x->len] = '\0';
    if (at >= size)
        return 0;
    return used ? used : at + 1 - from;
}

// The name where the cursor stands, and the cursor behind it; "" for one that ps_dnsname_normal refuses.
static void read_name(struct reading *g, struct ps_rd *rd, char out[PS_DNSNAME_STRLEN])
{
    struct expansion x = {.len = 0};
    size_t used = 0;

    out[0] = '\0';
    if (!rd->err)
        used = expand(g->start, g->size, (size_t)(rd->p - g->start), &x);
    if (used == 0) {
        ps_rd_fail(rd, PS_EMALFORMED);
        return;
    }
    if (ps_dnsname_normal(x.text, out) != 0)
        out[0] = '\0';
    ps_rd_skip(rd, used);
}

static void skip_question(struct reading *g)
{
    char name[PS_DNSNAME_STRLEN];

    read_name(g, &g->rd, name);
    ps_rd_skip(&g->rd, 4);
}

static bool read_rr(struct reading *g, struct rr *rr)
{
    size_t len;

    read_name(g, &g->rd, rr->owner);
    rr->type = ps_rd_u16(&g->rd);
    rr->class = ps_rd_u16(&g->rd);
    rr->ttl = ps_rd_u32(&g->rd);
    len = ps_rd_u16(&g->rd);
    ps_rd_init(&rr->data, g->rd.p, len <= ps_rd_left(&g->rd) ? len : 0);
    ps_rd_skip(&g->rd, len);
    if (rr->ttl & TTL_SIGN)
        rr->ttl = 0;
    return g->rd.err == 0;
}

static void lower_ttl(struct reading *g, uint32_t ttl)
{
    if (!g->has_ttl || ttl < g->ttl)
        g->ttl = ttl;
    g->has_ttl = true;
}

static int take_addr(struct reading *g, struct rr *rr, int version, size_t octets)
{
    uint8_t wire[16] = {0};

    if (ps_rd_left(&rr->data) != octets)
        return PS_EMALFORMED;
    ps_rd_bytes(&rr->data, wire, octets);
    return ps_addr_from_wire(version, wire, 0, &g->addrs[g->n++]);
}

static int take_text(struct reading *g, const void *text, size_t len)
{
    return ps_buf_append(&g->octets, text, len);
}

static int end_text(struct reading *g, size_t from)
{
    g->spans[g->n++] = (struct span){from, ps_buf_len(&g->octets) - from};
    return ps_buf_append(&g->octets, "", 1);
}

static int take_ptr(struct reading *g, struct rr *rr)
{
    size_t from = ps_buf_len(&g->octets);
    char name[PS_DNSNAME_STRLEN];
    int err;

    read_name(g, &rr->data, name);
    if (rr->data.err || name[0] == '\0')
        return rr->data.err;
    err = take_text(g, name, strlen(name));
    return err ? err : end_text(g, from);
}

// RFC 1035, 3.3.14: strings, each behind its length.
static int take_txt(struct reading *g, struct rr *rr)
{
    size_t from = ps_buf_len(&g->octets);
    int err = 0;

    while (!err && ps_rd_left(&rr->data) > 0) {
        size_t len = ps_rd_u8(&rr->data);
        if (len > ps_rd_left(&rr->data))
            return PS_EMALFORMED;
        err = take_text(g, rr->data.p, len);
        ps_rd_skip(&rr->data, len);
    }
    return err ? err : end_text(g, from);
}

static int take(struct reading *g, struct rr *rr)
{
    lower_ttl(g, rr->ttl);
    if (g->n == PS_DNS_RECORDS)
        return 0;
    switch (g->type) {
    case PS_DNS_A:
        return take_addr(g, rr, 4, 4);
    case PS_DNS_AAAA:
        return take_addr(g, rr, 6, 16);
    case PS_DNS_PTR:
        return take_ptr(g, rr);
    case PS_DNS_TXT:
        return take_txt(g, rr);
    }
    return PS_EUNSUPPORTED;
}

static int follow(struct reading *g, struct rr *rr)
{
    char name[PS_DNSNAME_STRLEN];

    read_name(g, &rr->data, name);
    if (rr->data.err || name[0] == '\0')
        return PS_EMALFORMED;
    lower_ttl(g, rr->ttl);
    memcpy(g->name, name, sizeof g->name);
    return 0;
}

static int read_answers(struct reading *g, unsigned n)
{
    struct rr rr;
    int err = 0;

    while (!err && n-- > 0 && read_rr(g, &rr)) {
        if (rr.class != CLASS_IN || strcmp(rr.owner, g->name) != 0)
            continue;
        if (rr.type == (uint16_t)g->type)
            err = take(g, &rr);
        else if (rr.type == TYPE_CNAME)
            err = follow(g, &rr);
    }
    return err ? err : g->rd.err;
}

// How long there will be nothing: RFC 2308 section 5.
static void read_authority(struct reading *g, unsigned n)
{
    struct rr rr;

    while (n-- > 0 && read_rr(g, &rr)) {
        size_t left = ps_rd_left(&rr.data);
        if (rr.type != TYPE_SOA || left < 22)
            continue;
        ps_rd_skip(&rr.data, left - 4);
        lower_ttl(g, rr.ttl);
        lower_ttl(g, ps_rd_u32(&rr.data));
    }
}

// --- what was read

static struct ps_dns_records *nothing(const struct reading *g, const char *name, unsigned rcode)
{
    return ps_dns_records_failed(name, PS_ENOTFOUND,
                                 rcode == RCODE_NAME                              ? "there is no such name"
                                 : g->type == PS_DNS_PTR || g->type == PS_DNS_TXT ? "it has no such record"
                                                                                  : "it has no such address");
}

static void copy_texts(const struct reading *g, struct ps_dns_records *r)
{
    struct ps_dns_text *texts = (struct ps_dns_text *)(void *)(r + 1);
    char *octets = (char *)(texts + g->n);

    memcpy(octets, ps_buf_head(&g->octets), ps_buf_len(&g->octets));
    for (size_t i = 0; i < g->n; i++)
        texts[i] = (struct ps_dns_text){octets + g->spans[i].at, g->spans[i].len};
    r->texts = texts;
}

static void copy_addrs(const struct reading *g, struct ps_dns_records *r)
{
    struct ps_addr *addrs = (struct ps_addr *)(void *)(r + 1);

    memcpy(addrs, g->addrs, g->n * sizeof *addrs);
    r->addrs = addrs;
}

static struct ps_dns_records *records_of(const struct reading *g, const char *name)
{
    bool texts = g->type == PS_DNS_PTR || g->type == PS_DNS_TXT;
    size_t more =
        texts ? g->n * sizeof(struct ps_dns_text) + ps_buf_len(&g->octets) : g->n * sizeof(struct ps_addr);
    struct ps_dns_records *r = records_new(name, more);

    if (!r)
        return NULL;
    r->n = g->n;
    if (texts)
        copy_texts(g, r);
    else
        copy_addrs(g, r);
    return r;
}

static struct ps_dns_records *read_message(struct reading *g, const char *name)
{
    struct ps_dns_records *r;
    unsigned counts[4], rcode;
    int err;

    ps_rd_skip(&g->rd, 3);
    rcode = ps_rd_u8(&g->rd) & 15;
    for (int i = 0; i < 4; i++)
        counts[i] = ps_rd_u16(&g->rd);
    while (counts[0]-- > 0 && g->rd.err == 0)
        skip_question(g);
    err = read_answers(g, counts[1]);
    if (err == -ENOMEM)
        return NULL;
    if (err)
        return ps_dns_records_failed(name, PS_EMALFORMED, "the reply cannot be read");
    if (g->n == 0)
        read_authority(g, counts[2]);
    r = g->n > 0 ? records_of(g, name) : nothing(g, name, rcode);
    if (r && g->has_ttl)
        r->ttl = g->ttl * PS_SEC;
    return r;
}

struct ps_dns_records *ps_dns_records_read(enum ps_dns_type type, const char *name, const uint8_t *reply,
                                           size_t len)
{
    struct reading *g = len <= UINT16_MAX ? calloc(1, sizeof *g) : NULL;
    struct ps_dns_records *r;

    if (len > UINT16_MAX)
        return ps_dns_records_failed(name, PS_EMALFORMED, "the reply is too large");
    if (!g)
        return NULL;
    g->start = reply;
    g->size = len;
    g->type = type;
    ps_rd_init(&g->rd, reply, len);
    ps_buf_init(&g->octets, (size_t)2 * UINT16_MAX);
    if (ps_dnsname_normal(name, g->name) != 0)
        g->name[0] = '\0';
    r = read_message(g, name);
    ps_buf_fini(&g->octets);
    free(g);
    return r;
}
