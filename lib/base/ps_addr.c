// SPDX-License-Identifier: Apache-2.0
#include "base/ps_addr.h"
#include "base/ps_err.h"
#include "base/ps_num.h"
#include <arpa/inet.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

static void set_v4(struct ps_addr *a, const void *octets, uint16_t port)
{
    memset(a, 0, sizeof *a);
    a->in.sin_family = AF_INET;
    a->in.sin_port = htons(port);
    memcpy(&a->in.sin_addr, octets, 4);
    a->len = sizeof a->in;
}

static void set_v6(struct ps_addr *a, const void *octets, uint16_t port, uint32_t scope)
{
    memset(a, 0, sizeof *a);
    a->in6.sin6_family = AF_INET6;
    a->in6.sin6_port = htons(port);
    a->in6.sin6_scope_id = scope;
    memcpy(&a->in6.sin6_addr, octets, 16);
    a->len = sizeof a->in6;
}

static int parse_scope(const char *text, uint32_t *out)
{
    uint64_t index = if_nametoindex(text);

    if (index == 0 && ps_num_u64(text, 10, 1, UINT32_MAX, &index) != 0)
        return PS_ESYNTAX;
    *out = (uint32_t)index;
    return 0;
}

// The address in front of a '%', which is left at *rest ('%' or the end).
static int parse_v6_octets(const char *text, uint8_t out[16], const char **rest)
{
    char host[INET6_ADDRSTRLEN];
    size_t n = strcspn(text, "%");

    if (n >= sizeof host)
        return PS_ESYNTAX;
    memcpy(host, text, n);
    host[n] = '\0';
    *rest = text + n;
    return inet_pton(AF_INET6, host, out) == 1 ? 0 : PS_ESYNTAX;
}

int ps_addr_parse(const char *text, uint16_t port, struct ps_addr *out)
{
    const char *rest;
    uint8_t octets[16];
    uint32_t scope = 0;

    if (inet_pton(AF_INET, text, octets) == 1) {
        set_v4(out, octets, port);
        return 0;
    }
    if (parse_v6_octets(text, octets, &rest) != 0)
        return PS_ESYNTAX;
    if (*rest && parse_scope(rest + 1, &scope) != 0)
        return PS_ESYNTAX;
    set_v6(out, octets, port, scope);
    return 0;
}

bool ps_addr_is_numeric(const char *text)
{
    const char *point = strrchr(text, '.'), *last = point ? point + 1 : text;

    if (last[0] == '0' && (last[1] == 'x' || last[1] == 'X'))
        return last[2 + strspn(last + 2, "0123456789abcdefABCDEF")] == '\0';
    return last[0] != '\0' && last[strspn(last, "0123456789")] == '\0';
}

int ps_addr_from_sockaddr(const struct sockaddr *sa, socklen_t len, struct ps_addr *out)
{
    struct sockaddr_storage ss = {0};

    if (len < offsetof(struct sockaddr, sa_data))
        return PS_ESHORT;
    memcpy(&ss, sa, len < sizeof ss ? len : sizeof ss);
    if (ss.ss_family != AF_INET && ss.ss_family != AF_INET6)
        return PS_EUNSUPPORTED;
    if (len < (ss.ss_family == AF_INET ? sizeof out->in : sizeof out->in6))
        return PS_ESHORT;
    if (ss.ss_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, &ss, sizeof in);
        set_v4(out, &in.sin_addr, ntohs(in.sin_port));
    } else {
        struct sockaddr_in6 in6;
        memcpy(&in6, &ss, sizeof in6);
        set_v6(out, &in6.sin6_addr, ntohs(in6.sin6_port), in6.sin6_scope_id);
    }
    return 0;
}

int ps_addr_version(const struct ps_addr *a)
{
    if (a->len == 0)
        return 0;
    return a->sa.sa_family == AF_INET ? 4 : 6;
}

uint16_t ps_addr_port(const struct ps_addr *a)
{
    switch (ps_addr_version(a)) {
    case 4:
        return ntohs(a->in.sin_port);
    case 6:
        return ntohs(a->in6.sin6_port);
    default:
        return 0;
    }
}

void ps_addr_set_port(struct ps_addr *a, uint16_t port)
{
    if (ps_addr_version(a) == 4)
        a->in.sin_port = htons(port);
    else if (ps_addr_version(a) == 6)
        a->in6.sin6_port = htons(port);
}

void ps_addr_to_wire(const struct ps_addr *a, uint8_t out[16])
{
    memset(out, 0, 16);
    if (ps_addr_version(a) == 4)
        memcpy(out, &a->in.sin_addr, 4);
    else if (ps_addr_version(a) == 6)
        memcpy(out, &a->in6.sin6_addr, 16);
}

int ps_addr_from_wire(int version, const uint8_t in[16], uint16_t port, struct ps_addr *out)
{
    if (version == 4)
        set_v4(out, in, port);
    else if (version == 6)
        set_v6(out, in, port, 0);
    else
        return PS_EUNSUPPORTED;
    return 0;
}

void ps_addr_unmap(struct ps_addr *a)
{
    uint8_t octets[16];

    if (ps_addr_version(a) != 6 || !IN6_IS_ADDR_V4MAPPED(&a->in6.sin6_addr))
        return;
    ps_addr_to_wire(a, octets);
    set_v4(a, octets + 12, ps_addr_port(a));
}

bool ps_addr_same_host(const struct ps_addr *a, const struct ps_addr *b)
{
    uint32_t scope_a = ps_addr_scope(a), scope_b = ps_addr_scope(b);
    uint8_t octets_a[16], octets_b[16];

    if (ps_addr_version(a) != ps_addr_version(b))
        return false;
    if (scope_a && scope_b && scope_a != scope_b)
        return false;
    ps_addr_to_wire(a, octets_a);
    ps_addr_to_wire(b, octets_b);
    return memcmp(octets_a, octets_b, 16) == 0;
}

bool ps_addr_equal(const struct ps_addr *a, const struct ps_addr *b)
{
    return ps_addr_port(a) == ps_addr_port(b) && ps_addr_same_host(a, b);
}

bool ps_addr_is_any(const struct ps_addr *a)
{
    static const uint8_t zero[16];
    uint8_t octets[16];

    ps_addr_to_wire(a, octets);
    return ps_addr_version(a) != 0 && memcmp(octets, zero, 16) == 0;
}

bool ps_addr_is_linklocal(const struct ps_addr *a)
{
    uint8_t octets[16];

    ps_addr_to_wire(a, octets);
    if (ps_addr_version(a) == 4)
        return octets[0] == 169 && octets[1] == 254;
    return octets[0] == 0xfe && (octets[1] & 0xc0) == 0x80;
}

uint32_t ps_addr_scope(const struct ps_addr *a)
{
    return ps_addr_version(a) == 6 ? a->in6.sin6_scope_id : 0;
}

void ps_addr_set_scope(struct ps_addr *a, uint32_t scope)
{
    if (ps_addr_version(a) == 6)
        a->in6.sin6_scope_id = scope;
}

// The finaliser of splitmix64.
static uint64_t mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

// Without the scope: addresses that are equal with one side's scope unknown must hash alike.
uint64_t ps_addr_hash(const struct ps_addr *a)
{
    uint64_t half[2];
    uint8_t octets[16];

    ps_addr_to_wire(a, octets);
    memcpy(half, octets, sizeof half);
    return mix(half[0] + mix(half[1] + mix((uint64_t)ps_addr_version(a) << 16 | ps_addr_port(a))));
}

static void put_scope(uint32_t scope, char *out, size_t size)
{
    char name[IF_NAMESIZE];

    if (if_indextoname(scope, name))
        snprintf(out, size, "%%%s", name);
    else
        snprintf(out, size, "%%%u", (unsigned)scope);
}

const char *ps_addr_host(const struct ps_addr *a, char out[PS_ADDR_STRLEN])
{
    size_t n;

    switch (ps_addr_version(a)) {
    case 4:
        return inet_ntop(AF_INET, &a->in.sin_addr, out, PS_ADDR_STRLEN);
    case 6:
        inet_ntop(AF_INET6, &a->in6.sin6_addr, out, PS_ADDR_STRLEN);
        n = strlen(out);
        if (a->in6.sin6_scope_id)
            put_scope(a->in6.sin6_scope_id, out + n, PS_ADDR_STRLEN - n);
        return out;
    default:
        return strcpy(out, "-");
    }
}

const char *ps_addr_text(const struct ps_addr *a, char out[PS_ADDR_STRLEN])
{
    char host[PS_ADDR_STRLEN];
    int version = ps_addr_version(a);

    ps_addr_host(a, host);
    if (version == 0)
        return strcpy(out, host);
    // An address with its scope takes at most 62 characters.
    snprintf(out, PS_ADDR_STRLEN, version == 6 ? "[%.70s]:%u" : "%.70s:%u", host, (unsigned)ps_addr_port(a));
    return out;
}

static int parse_port(const char *text, uint16_t *out)
{
    uint64_t v;
    int err = ps_num_u64(text, 10, 0, UINT16_MAX, &v);

    if (!err)
        *out = (uint16_t)v;
    return err;
}

static int take_host(const char *text, size_t n, struct ps_hostport *out)
{
    if (n >= sizeof out->host)
        return PS_ERANGE;
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c <= ' ' || c == 0x7f || c == '[' || c == ']')
            return PS_ESYNTAX;
    }
    memcpy(out->host, text, n);
    out->host[n] = '\0';
    return 0;
}

// Takes a host that has to be an IPv6 address; whether the interface behind '%' exists is left
// to whoever resolves it.
static int take_v6(const char *text, size_t n, struct ps_hostport *out)
{
    const char *rest;
    uint8_t octets[16];
    int err = take_host(text, n, out);

    return err ? err : parse_v6_octets(out->host, octets, &rest);
}

// In brackets anything may stand: pScheduler puts names and IPv4 addresses there too.
static int take_bracketed(const char *text, size_t n, struct ps_hostport *out)
{
    if (n == 0)
        return PS_ESYNTAX;
    return memchr(text, ':', n) ? take_v6(text, n, out) : take_host(text, n, out);
}

static int take_port(const char *text, struct ps_hostport *out)
{
    if (*text == '\0')
        return 0;
    if (*text != ':')
        return PS_ESYNTAX;
    out->has_port = true;
    return parse_port(text + 1, &out->port);
}

static int parse_operand(const char *text, bool allow_empty, struct ps_hostport *out)
{
    size_t n = strcspn(text, text[0] == '[' ? "]" : ":");
    int err;

    if (text[0] == '[') {
        err = text[n] ? take_bracketed(text + 1, n - 1, out) : PS_ESYNTAX;
        return err ? err : take_port(text + n + 1, out);
    }
    if (text[n] && strchr(text + n + 1, ':'))
        return take_v6(text, strlen(text), out);
    if (n == 0 && !(allow_empty && text[0]))
        return PS_ESYNTAX;
    err = take_host(text, n, out);
    return err ? err : take_port(text + n, out);
}

int ps_hostport_parse(const char *text, uint16_t default_port, bool allow_empty, struct ps_hostport *out)
{
    struct ps_hostport hp = {.port = default_port};
    int err = parse_operand(text, allow_empty, &hp);

    if (!err)
        *out = hp;
    return err;
}

int ps_portrange_parse(const char *text, struct ps_portrange *out)
{
    size_t n = strcspn(text, "-");
    struct ps_portrange r;
    char low[32];
    int err;

    if (n >= sizeof low)
        return PS_ESYNTAX;
    memcpy(low, text, n);
    low[n] = '\0';
    err = parse_port(low, &r.low);
    if (err)
        return err;
    r.high = r.low;
    if (text[n])
        err = parse_port(text + n + 1, &r.high);
    // Port 0 is no port, so it cannot be one end of a range.
    if (!err && (r.high < r.low || (r.low == 0 && r.high != 0)))
        err = PS_ERANGE;
    if (!err)
        *out = r;
    return err;
}
