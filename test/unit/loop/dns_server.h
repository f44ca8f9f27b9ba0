// SPDX-License-Identifier: Apache-2.0
// A DNS server on a free port of 127.0.0.1, on the loop of whoever asks it, that answers what its zone says, and
// misbehaves where that says so. A line of the zone, of which those with the same name and type belong together:
//
//   NAME TYPE TTL VALUE    A, AAAA, PTR, TXT (the value to the line's end) or CNAME (asked for as any other type)
//   NAME TYPE !WHAT        silent, servfail, refuse, nxdomain, nodata, bare (nothing, without an SOA), garbage
//                          (octets that are no message), cut (a reply that ends within its record), stranger (a
//                          record of another name), spoofed (lies from another port before the truth), wrong-id
//                          (the same with another number), held (until dns_release)
//   NAME TYPE !truncate    what else the zone says, by TCP alone
//   NAME TYPE !stuck       the same, but nothing comes by TCP
//   NAME TYPE !half        the same, but the connection ends within the reply
//   NAME TYPE !many N      so many PTR or TXT records, different from each other
//
// What the zone does not have does not exist (NXDOMAIN, an SOA with 60 s).
#pragma once
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/ps_list.h"
#include "base/ps_wire.h"
#include "loop/ps_dns.h"
#include "loop/ps_stream.h"
#include "loop/ps_watch.h"

#define DNS_CNAME 5
#define DNS_SOA_TTL 60

struct dns_line {
    char name[PS_DNSNAME_STRLEN];
    int type;
    uint32_t ttl;
    char what[16]; // "": value
    char value[600];
};

struct dns_held {
    struct ps_addr from;
    uint8_t query[512];
    size_t len;
};

struct dns_server {
    struct ps_loop *loop;
    struct ps_addr addr;
    int fd, other_fd;
    struct ps_watch *watch;
    struct ps_listener *listener;
    struct ps_stream *stream; // one at a time
    struct dns_line *zone;
    size_t nzone, nheld;
    struct dns_held held[256];
    unsigned asked, asked_tcp; // questions that came
    bool deaf;                 // it hears none
};

// --- the zone

static inline int dns_type_of(const char *word)
{
    static const struct {
        const char *name;
        int type;
    } types[] = {{"A", PS_DNS_A},
                 {"AAAA", PS_DNS_AAAA},
                 {"PTR", PS_DNS_PTR},
                 {"TXT", PS_DNS_TXT},
                 {"CNAME", DNS_CNAME}};

    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (strcmp(types[i].name, word) == 0)
            return types[i].type;
    return 0;
}

// False: that is no line.
static inline bool dns_add(struct dns_server *s, const char *text)
{
    struct dns_line l = {.type = 0};
    char type[8], word[16];
    int at = 0;

    if (sscanf(text, "%255s %7s %15s %n", l.name, type, word, &at) < 3)
        return false;
    l.type = dns_type_of(type);
    snprintf(l.value, sizeof l.value, "%.*s", (int)strcspn(text + at, "\n"), text + at);
    if (word[0] == '!')
        snprintf(l.what, sizeof l.what, "%s", word + 1);
    else
        l.ttl = (uint32_t)strtoul(word, NULL, 10);
    s->zone = realloc(s->zone, (s->nzone + 1) * sizeof l);
    if (l.type == 0 || !s->zone)
        return false;
    s->zone[s->nzone++] = l;
    return true;
}

// --- replies

struct dns_asked {
    char name[PS_DNSNAME_STRLEN];
    int type;
    uint8_t id[2], question[300];
    size_t question_len;
    bool tcp;
};

static inline bool dns_read(const uint8_t *query, size_t len, struct dns_asked *a)
{
    struct ps_rd rd;
    size_t n = 0, label;

    ps_rd_init(&rd, query, len);
    ps_rd_bytes(&rd, a->id, 2);
    ps_rd_skip(&rd, 10);
    while ((label = ps_rd_u8(&rd)) > 0 && n + label + 1 < sizeof a->name) {
        ps_rd_bytes(&rd, a->name + n, label);
        n += label;
        a->name[n++] = '.';
    }
    a->name[n ? n - 1 : 0] = '\0';
    a->type = ps_rd_u16(&rd);
    ps_rd_skip(&rd, 2);
    a->question_len = len - 12 - ps_rd_left(&rd);
    if (rd.err || a->question_len > sizeof a->question)
        return false;
    memcpy(a->question, query + 12, a->question_len);
    return true;
}

static inline void dns_head(struct ps_wr *w, const struct dns_asked *a, int bits, unsigned an, unsigned ns)
{
    ps_wr_bytes(w, a->id, 2);
    ps_wr_u16(w, (uint16_t)(0x8180 | bits));
    ps_wr_u16(w, 1);
    ps_wr_u16(w, (uint16_t)an);
    ps_wr_u16(w, (uint16_t)ns);
    ps_wr_u16(w, 0);
    ps_wr_bytes(w, a->question, a->question_len);
}

static inline void dns_put_name(struct ps_wr *w, const char *name)
{
    while (*name) {
        size_t n = strcspn(name, ".");
        ps_wr_u8(w, (uint8_t)n);
        ps_wr_bytes(w, name, n);
        name += n + (name[n] == '.');
    }
    ps_wr_u8(w, 0);
}

static inline void dns_put_data(struct ps_wr *w, int type, const char *value)
{
    struct ps_addr a;
    uint8_t wire[16];
    size_t left = strlen(value);

    if (type == PS_DNS_A || type == PS_DNS_AAAA) {
        if (ps_addr_parse(value, 0, &a))
            return;
        ps_addr_to_wire(&a, wire);
        ps_wr_bytes(w, wire, type == PS_DNS_A ? 4 : 16);
    } else if (type == PS_DNS_TXT) {
        do {
            size_t n = left < 255 ? left : 255;
            ps_wr_u8(w, (uint8_t)n);
            ps_wr_bytes(w, value, n);
            value += n;
            left -= n;
        } while (left > 0);
    } else {
        dns_put_name(w, value);
    }
}

static inline void dns_put(struct ps_wr *w, const char *owner, int type, uint32_t ttl, const char *value)
{
    uint8_t data[800];
    struct ps_wr d;

    ps_wr_init(&d, data, sizeof data);
    dns_put_data(&d, type, value);
    dns_put_name(w, owner);
    ps_wr_u16(w, (uint16_t)type);
    ps_wr_u16(w, 1);
    ps_wr_u32(w, ttl);
    ps_wr_u16(w, (uint16_t)ps_wr_len(&d));
    ps_wr_bytes(w, data, ps_wr_len(&d));
}

static inline void dns_put_soa(struct ps_wr *w)
{
    static const uint8_t rest[16] = {0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1};

    dns_put_name(w, "zone.example");
    ps_wr_u16(w, 6);
    ps_wr_u16(w, 1);
    ps_wr_u32(w, 3600);
    ps_wr_u16(w, 2 + sizeof rest + 4);
    ps_wr_u16(w, 0); // two names, both of them the root
    ps_wr_bytes(w, rest, sizeof rest);
    ps_wr_u32(w, DNS_SOA_TTL);
}

static inline unsigned dns_put_many(struct ps_wr *w, const struct dns_asked *a, unsigned n)
{
    char value[100];

    for (unsigned i = 0; i < n; i++) {
        snprintf(value, sizeof value, "host-%04u.many.example", i);
        dns_put(w, a->name, a->type, 60, value);
    }
    return n;
}

// The records of name and what a CNAME leads to.
static inline unsigned dns_put_records(const struct dns_server *s, struct ps_wr *w, const struct dns_asked *a,
                                       const char *name)
{
    unsigned n = 0;

    for (size_t i = 0; i < s->nzone; i++) {
        const struct dns_line *l = &s->zone[i];
        if (strcasecmp(l->name, name) != 0 || (l->type != a->type && l->type != DNS_CNAME))
            continue;
        if (strcmp(l->what, "many") == 0) {
            n += dns_put_many(w, a, (unsigned)strtoul(l->value, NULL, 10));
        } else if (l->what[0] == '\0') {
            dns_put(w, l->name, l->type, l->ttl, l->value);
            n++;
            if (l->type == DNS_CNAME)
                n += dns_put_records(s, w, a, l->value);
        }
    }
    return n;
}

static inline const char *dns_what(const struct dns_server *s, const struct dns_asked *a)
{
    const char *what = NULL;

    for (size_t i = 0; i < s->nzone; i++) {
        const struct dns_line *l = &s->zone[i];
        if (strcasecmp(l->name, a->name) == 0 && (l->type == a->type || l->type == DNS_CNAME) &&
            (!what || l->what[0] != '\0'))
            what = l->what;
    }
    return what ? what : "nxdomain";
}

static inline size_t dns_truth(const struct dns_server *s, const struct dns_asked *a, uint8_t *out,
                               size_t size)
{
    struct ps_wr w, head;
    unsigned n;

    ps_wr_init(&w, out, size);
    dns_head(&w, a, 0, 0, 0);
    n = dns_put_records(s, &w, a, a->name);
    ps_wr_init(&head, out, size);
    dns_head(&head, a, 0, n, 0);
    assert(w.err == 0);
    return ps_wr_len(&w);
}

static inline bool dns_wants_tcp(const char *what)
{
    return strcmp(what, "truncate") == 0 || strcmp(what, "stuck") == 0 || strcmp(what, "half") == 0;
}

// 0: no reply.
static inline size_t dns_reply(const struct dns_server *s, const struct dns_asked *a, uint8_t *out,
                               size_t size)
{
    const char *what = dns_what(s, a);
    struct ps_wr w;

    ps_wr_init(&w, out, size);
    if (strcmp(what, "silent") == 0 || (strcmp(what, "stuck") == 0 && a->tcp))
        return 0;
    if (strcmp(what, "servfail") == 0)
        dns_head(&w, a, 2, 0, 0);
    else if (strcmp(what, "refuse") == 0)
        dns_head(&w, a, 5, 0, 0);
    else if (strcmp(what, "bare") == 0)
        dns_head(&w, a, 0, 0, 0);
    else if (!a->tcp && dns_wants_tcp(what))
        dns_head(&w, a, 0x200, 0, 0);
    else if (strcmp(what, "nxdomain") == 0 || strcmp(what, "nodata") == 0) {
        dns_head(&w, a, what[1] == 'x' ? 3 : 0, 0, 1);
        dns_put_soa(&w);
    } else if (strcmp(what, "stranger") == 0) {
        dns_head(&w, a, 0, 1, 0);
        dns_put(&w, "stranger.example", a->type, 60, a->type == PS_DNS_A ? "192.0.2.66" : "stranger.example");
    } else if (strcmp(what, "garbage") == 0) {
        dns_head(&w, a, 0, 7, 7);
        for (int i = 0; i < 100; i++)
            ps_wr_u8(&w, (uint8_t)(0xc0 + i));
    } else if (strcmp(what, "cut") == 0)
        return dns_truth(s, a, out, size) - 3;
    else
        return dns_truth(s, a, out, size);
    return ps_wr_len(&w);
}

// --- the sockets

// What is not so, where it should not be believed.
static inline void dns_lie(struct dns_server *s, const struct dns_asked *a, const struct ps_addr *to)
{
    struct dns_asked other = *a;
    bool spoofed = strcmp(dns_what(s, a), "spoofed") == 0;
    uint8_t out[512];
    struct ps_wr w;

    if (!spoofed)
        other.id[0] ^= 0x55;
    ps_wr_init(&w, out, sizeof out);
    dns_head(&w, &other, 0, 1, 0);
    dns_put(&w, a->name, a->type, 60, a->type == PS_DNS_A ? "192.0.2.66" : "lie.example");
    (void)sendto(spoofed ? s->other_fd : s->fd, out, ps_wr_len(&w), 0, &to->sa, to->len);
}

static inline void dns_answer(struct dns_server *s, const uint8_t *query, size_t len,
                              const struct ps_addr *to)
{
    static uint8_t out[65536];
    struct dns_asked a = {.tcp = false};
    size_t n;

    if (!dns_read(query, len, &a))
        return;
    if (strcmp(dns_what(s, &a), "spoofed") == 0 || strcmp(dns_what(s, &a), "wrong-id") == 0)
        dns_lie(s, &a, to);
    n = dns_reply(s, &a, out, sizeof out);
    if (n > 0)
        (void)sendto(s->fd, out, n, 0, &to->sa, to->len);
}

static inline bool dns_hold(struct dns_server *s, const uint8_t *query, size_t len,
                            const struct ps_addr *from)
{
    struct dns_asked a = {.tcp = false};
    struct dns_held *h = &s->held[s->nheld];

    if (!dns_read(query, len, &a) || strcmp(dns_what(s, &a), "held") != 0)
        return false;
    assert(s->nheld < sizeof s->held / sizeof s->held[0] && len <= sizeof h->query);
    h->from = *from;
    h->len = len;
    memcpy(h->query, query, len);
    s->nheld++;
    return true;
}

static inline void dns_release(struct dns_server *s)
{
    for (size_t i = 0; i < s->nheld; i++)
        dns_answer(s, s->held[i].query, s->held[i].len, &s->held[i].from);
    s->nheld = 0;
}

static inline void dns_came(void *ctx, int ready)
{
    struct dns_server *s = ctx;
    struct ps_addr from = {.len = sizeof from.in6};
    uint8_t query[512];
    ssize_t n = recvfrom(s->fd, query, sizeof query, MSG_DONTWAIT, &from.sa, &from.len);

    (void)ready;
    if (n <= 0)
        return;
    s->asked++;
    if (!s->deaf && !dns_hold(s, query, (size_t)n, &from))
        dns_answer(s, query, (size_t)n, &from);
}

static inline void dns_tcp_came(void *ctx, const uint8_t *data, size_t n)
{
    static uint8_t out[65536];
    struct dns_server *s = ctx;
    struct dns_asked a = {.tcp = true};
    size_t len;

    if (n < 2 || !dns_read(data + 2, n - 2, &a)) // a query is small: it comes in one
        return;
    s->asked_tcp++;
    len = dns_reply(s, &a, out + 2, sizeof out - 2);
    out[0] = (uint8_t)(len >> 8);
    out[1] = (uint8_t)len;
    if (len == 0)
        return;
    if (strcmp(dns_what(s, &a), "half") != 0) {
        (void)ps_stream_write(s->stream, out, len + 2);
        return;
    }
    (void)ps_stream_write(s->stream, out, len / 2);
    ps_stream_close(s->stream, PS_SEC);
    s->stream = NULL;
}

static inline void dns_tcp_ended(void *ctx, int err)
{
    struct dns_server *s = ctx;

    (void)err;
    ps_stream_close(s->stream, 0);
    s->stream = NULL;
}

static inline void dns_tcp_accepted(void *ctx, struct ps_stream *stream)
{
    static const struct ps_stream_ops ops = {dns_tcp_came, dns_tcp_ended, NULL};
    struct dns_server *s = ctx;

    ps_stream_close(s->stream, 0);
    s->stream = stream;
    ps_stream_start(stream, &ops, s);
}

static inline int dns_udp(struct ps_addr *addr)
{
    int fd = socket(addr->sa.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    if (fd >= 0 && (bind(fd, &addr->sa, addr->len) || getsockname(fd, &addr->sa, &addr->len))) {
        close(fd);
        return -1;
    }
    return fd;
}

// A port that is free for both protocols.
static inline bool dns_open(struct dns_server *s, const char *address)
{
    for (int i = 0; i < 100; i++) {
        (void)ps_addr_parse(address, 0, &s->addr);
        s->fd = dns_udp(&s->addr);
        if (s->fd >= 0 && ps_listen(s->loop, &s->addr, NULL, 8, dns_tcp_accepted, s, &s->listener) == 0)
            return true;
        close(s->fd);
    }
    return false;
}

static inline bool dns_serve_at(struct dns_server *s, struct ps_loop *l, const char *address)
{
    struct ps_addr any;

    *s = (struct dns_server){.loop = l};
    if (ps_addr_parse(address, 0, &any))
        return false;
    s->other_fd = dns_udp(&any);
    if (s->other_fd < 0 || !dns_open(s, address) || ps_watch_new(l, s->fd, dns_came, s, &s->watch))
        return false;
    ps_watch_set(s->watch, PS_WATCH_READ);
    return true;
}

static inline bool dns_serve(struct dns_server *s, struct ps_loop *l)
{
    return dns_serve_at(s, l, "127.0.0.1");
}

static inline void dns_close(struct dns_server *s)
{
    ps_watch_free(s->watch);
    ps_listener_close(s->listener);
    ps_stream_close(s->stream, 0);
    if (s->watch)
        close(s->fd);
    if (s->other_fd > 0)
        close(s->other_fd);
    free(s->zone);
    *s = (struct dns_server){.loop = s->loop};
}
