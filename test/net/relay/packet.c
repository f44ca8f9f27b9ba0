// SPDX-License-Identifier: Apache-2.0
#include "packet.h"
#include <string.h>
#include "base/ps_wire.h"

#define V4_LEN 20
#define V6_LEN 40
#define UDP 17
#define TCP 6
#define ICMP 1
#define ICMP6 58

static size_t v4_header(const uint8_t *d)
{
    return (size_t)(d[0] & 15) * 4;
}

static int version_of(const uint8_t *d, size_t n)
{
    if (n >= V4_LEN && d[0] >> 4 == 4 && v4_header(d) >= V4_LEN && n >= v4_header(d))
        return 4;
    return n >= V6_LEN && d[0] >> 4 == 6 ? 6 : 0;
}

static void look_udp(const uint8_t *d, size_t n, struct packet_look *out)
{
    struct ps_rd r;

    ps_rd_init(&r, d, n);
    out->sport = ps_rd_u16(&r);
    out->dport = ps_rd_u16(&r);
    ps_rd_skip(&r, 4);
    out->seq = ps_rd_u32(&r);
    out->test = r.err == 0;
}

// An echo, asked for or answered: its number, as ping counts.
static void look_icmp(const uint8_t *d, size_t n, bool v4, struct packet_look *out)
{
    uint8_t type = n >= 8 ? d[0] : 255;

    out->test = v4 ? type == 8 || type == 0 : type == 128 || type == 129;
    if (out->test)
        out->seq = (uint32_t)d[6] << 8 | d[7];
}

bool packet_look(const uint8_t *data, size_t n, struct packet_look *out)
{
    size_t header;
    uint8_t protocol;

    *out = (struct packet_look){.version = version_of(data, n)};
    if (!out->version)
        return false;
    bool v4 = out->version == 4;
    header = v4 ? v4_header(data) : V6_LEN;
    protocol = v4 ? data[9] : data[6];
    out->tos = v4 ? data[1] : (uint8_t)(data[0] << 4 | data[1] >> 4);
    out->ttl = v4 ? data[8] : data[7];
    if (protocol == UDP)
        look_udp(data + header, n - header, out);
    else if (protocol == (v4 ? ICMP : ICMP6))
        look_icmp(data + header, n - header, v4, out);
    return true;
}

static uint32_t word(const uint8_t *p)
{
    return (uint32_t)p[0] << 8 | p[1];
}

// RFC 1624: the checksum at `sum` after the 16 bits `was` became `is`.
static void mend(uint8_t *sum, uint32_t was, uint32_t is)
{
    uint32_t s = (~word(sum) & 0xffff) + (~was & 0xffff) + is;

    s = (s & 0xffff) + (s >> 16);
    s = ~((s & 0xffff) + (s >> 16)) & 0xffff;
    sum[0] = (uint8_t)(s >> 8);
    sum[1] = (uint8_t)s;
}

bool packet_hops(uint8_t *data, size_t n, unsigned hops)
{
    int version = version_of(data, n);
    uint8_t *ttl = version == 4 ? data + 8 : data + 7;

    if (!version || *ttl <= hops)
        return false;
    uint32_t was = version == 4 ? word(ttl) : 0;
    *ttl = (uint8_t)(*ttl - hops);
    if (version == 4)
        mend(data + 10, was, word(ttl));
    return true;
}

// Where the checksum over the addresses stands in the transport's header; NULL: there is none.
static uint8_t *transport_sum(uint8_t *data, size_t n)
{
    uint8_t *t = data + v4_header(data);
    size_t left = n - v4_header(data);

    if (data[9] == TCP && left >= 18)
        return t + 16;
    return data[9] == UDP && left >= 8 && word(t + 6) ? t + 6 : NULL;
}

void packet_translate(uint8_t *data, size_t n, bool source, const uint8_t from[4], const uint8_t to[4])
{
    if (version_of(data, n) != 4 || memcmp(data + (source ? 12 : 16), from, 4) != 0)
        return;
    uint8_t *sum = transport_sum(data, n);
    for (int i = 0; i < 4; i += 2) {
        mend(data + 10, word(from + i), word(to + i));
        if (sum)
            mend(sum, word(from + i), word(to + i));
    }
    memcpy(data + (source ? 12 : 16), to, 4);
}
