// SPDX-License-Identifier: Apache-2.0
#include "base/ps_netset.h"
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "base/ps_num.h"

// networks

static bool clear_host_bits(struct ps_net *n)
{
    bool had = false;
    for (unsigned i = 0; i < (n->version == 4 ? 4u : 16u); i++) {
        unsigned kept = n->bits > 8 * i ? n->bits - 8 * i : 0;
        uint8_t mask = (uint8_t)(kept >= 8 ? 0 : 0xffu >> kept);
        had |= (n->prefix[i] & mask) != 0;
        n->prefix[i] &= (uint8_t)~mask;
    }
    return had;
}

static void unmap(struct ps_net *n)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    if (n->version != 6 || n->bits < 96 || memcmp(n->prefix, mapped, sizeof mapped) != 0)
        return;
    memmove(n->prefix, n->prefix + 12, 4);
    memset(n->prefix + 4, 0, 12);
    n->version = 4;
    n->bits -= 96;
}

int ps_net_parse(const char *text, struct ps_net *out)
{
    char host[INET6_ADDRSTRLEN];
    struct ps_addr addr;
    const char *slash = strchr(text, '/');
    size_t len = slash ? (size_t)(slash - text) : strlen(text);
    uint64_t bits;
    if (len >= sizeof host || memchr(text, '%', len))
        return PS_ESYNTAX;
    memcpy(host, text, len);
    host[len] = '\0';
    if (ps_addr_parse(host, 0, &addr) != 0)
        return PS_ESYNTAX;
    *out = (struct ps_net){.version = ps_addr_version(&addr)};
    bits = out->version == 4 ? 32 : 128;
    int err = slash ? ps_num_u64(slash + 1, 10, 0, bits, &bits) : 0;
    if (err)
        return err;
    out->bits = (unsigned)bits;
    ps_addr_to_wire(&addr, out->prefix);
    out->had_host_bits = clear_host_bits(out);
    unmap(out);
    return 0;
}

static bool same_prefix(const uint8_t *a, const uint8_t *b, unsigned bits)
{
    unsigned whole = bits / 8, part = bits % 8;
    return memcmp(a, b, whole) == 0 && (part == 0 || ((a[whole] ^ b[whole]) >> (8 - part)) == 0);
}

bool ps_net_has(const struct ps_net *net, const struct ps_addr *a)
{
    struct ps_addr plain = *a;
    uint8_t octets[16];
    ps_addr_unmap(&plain);
    ps_addr_to_wire(&plain, octets);
    return ps_addr_version(&plain) == net->version && same_prefix(octets, net->prefix, net->bits);
}

bool ps_net_overlaps(const struct ps_net *a, const struct ps_net *b)
{
    return a->version == b->version &&
           same_prefix(a->prefix, b->prefix, a->bits < b->bits ? a->bits : b->bits);
}

const char *ps_net_text(const struct ps_net *net, char out[PS_NET_STRLEN])
{
    char host[INET6_ADDRSTRLEN];
    inet_ntop(net->version == 4 ? AF_INET : AF_INET6, net->prefix, host, sizeof host);
    snprintf(out, PS_NET_STRLEN, "%s/%u", host, net->bits);
    return out;
}

// sets

struct range4 {
    uint32_t low, high; // both inside
};

struct number6 {
    uint64_t hi, lo;
};

struct range6 {
    struct number6 low, high;
};

struct ps_netset {
    struct range4 *v4;
    struct range6 *v6;
    struct ps_net *inexact; // had host bits
    size_t n4, cap4, n6, cap6, ninexact, cap_inexact;
    size_t count;
};

int ps_netset_new(struct ps_netset **out)
{
    *out = calloc(1, sizeof **out);
    return *out ? 0 : -ENOMEM;
}

void ps_netset_free(struct ps_netset *s)
{
    if (!s)
        return;
    free(s->v4);
    free(s->v6);
    free(s->inexact);
    free(s);
}

static int make_room(void **array, size_t n, size_t *cap, size_t size)
{
    if (n < *cap)
        return 0;
    size_t wanted = *cap ? *cap * 2 : 8;
    void *p = realloc(*array, wanted * size);
    if (!p)
        return -ENOMEM;
    *array = p;
    *cap = wanted;
    return 0;
}

static uint64_t big_endian(const uint8_t *p, size_t n)
{
    uint64_t v = 0;
    for (size_t i = 0; i < n; i++)
        v = v << 8 | p[i];
    return v;
}

static struct number6 number6(const uint8_t octets[16])
{
    return (struct number6){big_endian(octets, 8), big_endian(octets + 8, 8)};
}

static bool less6(struct number6 a, struct number6 b)
{
    return a.hi != b.hi ? a.hi < b.hi : a.lo < b.lo;
}

// All ones behind the first bits of a word of 64.
static uint64_t tail(unsigned bits)
{
    return bits >= 64 ? 0 : UINT64_MAX >> bits;
}

static int add4(struct ps_netset *s, const struct ps_net *net)
{
    void *array = s->v4;
    int err = make_room(&array, s->n4, &s->cap4, sizeof *s->v4);
    s->v4 = array;
    if (err)
        return err;
    uint32_t low = (uint32_t)big_endian(net->prefix, 4);
    s->v4[s->n4++] = (struct range4){low, low | (uint32_t)(net->bits >= 32 ? 0 : UINT32_MAX >> net->bits)};
    return 0;
}

static int add6(struct ps_netset *s, const struct ps_net *net)
{
    void *array = s->v6;
    int err = make_room(&array, s->n6, &s->cap6, sizeof *s->v6);
    s->v6 = array;
    if (err)
        return err;
    struct number6 low = number6(net->prefix), high = low;
    high.hi |= tail(net->bits);
    high.lo |= net->bits > 64 ? tail(net->bits - 64) : UINT64_MAX;
    s->v6[s->n6++] = (struct range6){low, high};
    return 0;
}

static int remember_inexact(struct ps_netset *s, const struct ps_net *net)
{
    void *array = s->inexact;
    int err = make_room(&array, s->ninexact, &s->cap_inexact, sizeof *s->inexact);
    s->inexact = array;
    if (!err)
        s->inexact[s->ninexact++] = *net;
    return err;
}

int ps_netset_add(struct ps_netset *s, const struct ps_net *net)
{
    int err = net->version == 4 ? add4(s, net) : add6(s, net);
    s->count += err == 0;
    return !err && net->had_host_bits ? remember_inexact(s, net) : err;
}

const struct ps_net *ps_netset_inexact(const struct ps_netset *s, size_t i)
{
    return s && i < s->ninexact ? &s->inexact[i] : NULL;
}

// The network of a line without its comment and blanks; PS_ENOTFOUND: it has none.
static int read_line(const char *line, size_t len, struct ps_net *net)
{
    char text[64];
    const char *hash = memchr(line, '#', len);
    if (hash)
        len = (size_t)(hash - line);
    while (len > 0 && strchr(" \t\r", line[len - 1]))
        len--;
    while (len > 0 && strchr(" \t", line[0])) {
        line++;
        len--;
    }
    if (len == 0)
        return PS_ENOTFOUND;
    if (len >= sizeof text || memchr(line, '\0', len))
        return PS_ESYNTAX;
    memcpy(text, line, len);
    text[len] = '\0';
    return ps_net_parse(text, net);
}

int ps_netset_read(struct ps_netset *s, const char *text, size_t len, size_t max, size_t *bad, int *bad_line)
{
    const char *end = text + len;
    struct ps_net net;
    size_t strange = 0;
    int err = 0;
    if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
        text += 3;
    for (int line = 1; text < end && !err; line++) {
        const char *stop = memchr(text, '\n', (size_t)(end - text));
        size_t n = (size_t)((stop ? stop : end) - text);
        int got = read_line(text, n, &net);
        if (got == 0)
            err = s->count < max ? ps_netset_add(s, &net) : PS_ELIMIT;
        else if (got != PS_ENOTFOUND && strange++ == 0 && bad_line)
            *bad_line = line;
        text += n + 1;
    }
    if (bad)
        *bad = strange;
    return err;
}

static int order4(const void *a, const void *b)
{
    const struct range4 *x = a, *y = b;
    return (x->low > y->low) - (x->low < y->low);
}

static int order6(const void *a, const void *b)
{
    const struct range6 *x = a, *y = b;
    return less6(y->low, x->low) - less6(x->low, y->low);
}

static void join4(struct ps_netset *s)
{
    size_t n = 0;
    if (s->n4 == 0)
        return;
    qsort(s->v4, s->n4, sizeof *s->v4, order4);
    for (size_t i = 1; i < s->n4; i++) {
        struct range4 *last = &s->v4[n];
        if (last->high == UINT32_MAX || s->v4[i].low <= last->high + 1)
            last->high = s->v4[i].high > last->high ? s->v4[i].high : last->high;
        else
            s->v4[++n] = s->v4[i];
    }
    s->n4 = n + 1;
}

// Ranges of IPv6 that merely touch stay apart.
static void join6(struct ps_netset *s)
{
    size_t n = 0;
    if (s->n6 == 0)
        return;
    qsort(s->v6, s->n6, sizeof *s->v6, order6);
    for (size_t i = 1; i < s->n6; i++) {
        struct range6 *last = &s->v6[n];
        if (less6(last->high, s->v6[i].low))
            s->v6[++n] = s->v6[i];
        else if (less6(last->high, s->v6[i].high))
            last->high = s->v6[i].high;
    }
    s->n6 = n + 1;
}

static void *trim(void *array, size_t n, size_t *cap, size_t size)
{
    void *p = n > 0 ? realloc(array, n * size) : array;
    if (p && n > 0)
        *cap = n;
    return p ? p : array;
}

void ps_netset_seal(struct ps_netset *s)
{
    join4(s);
    join6(s);
    s->v4 = trim(s->v4, s->n4, &s->cap4, sizeof *s->v4);
    s->v6 = trim(s->v6, s->n6, &s->cap6, sizeof *s->v6);
}

static bool has4(const struct ps_netset *s, uint32_t a)
{
    size_t low = 0, high = s->n4; // the first range that begins behind a
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (s->v4[mid].low <= a)
            low = mid + 1;
        else
            high = mid;
    }
    return low > 0 && a <= s->v4[low - 1].high;
}

static bool has6(const struct ps_netset *s, struct number6 a)
{
    size_t low = 0, high = s->n6;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (!less6(a, s->v6[mid].low))
            low = mid + 1;
        else
            high = mid;
    }
    return low > 0 && !less6(s->v6[low - 1].high, a);
}

bool ps_netset_has(const struct ps_netset *s, const struct ps_addr *a)
{
    struct ps_addr plain = *a;
    uint8_t octets[16];
    if (!s)
        return false;
    ps_addr_unmap(&plain);
    ps_addr_to_wire(&plain, octets);
    if (ps_addr_version(&plain) == 4)
        return has4(s, (uint32_t)big_endian(octets, 4));
    return ps_addr_version(&plain) == 6 && has6(s, number6(octets));
}

size_t ps_netset_count(const struct ps_netset *s)
{
    return s->count;
}

size_t ps_netset_memory(const struct ps_netset *s)
{
    return sizeof *s + s->cap4 * sizeof *s->v4 + s->cap6 * sizeof *s->v6 +
           s->cap_inexact * sizeof *s->inexact;
}
