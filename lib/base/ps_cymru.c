// SPDX-License-Identifier: Apache-2.0
#include "base/ps_cymru.h"
#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "base/ps_err.h"
#include "base/ps_num.h"

#define BOGON UINT32_C(0x7f000002)

static int version_of(const struct ps_addr *a)
{
    struct ps_addr host = *a;

    ps_addr_unmap(&host);
    return ps_addr_version(&host);
}

int ps_cymru_bogon_name(const struct ps_addr *a, char out[PS_DNSNAME_STRLEN])
{
    return ps_dnsname_reverse(a, version_of(a) == 4 ? "v4.fullbogons.cymru.com" : "v6.fullbogons.cymru.com",
                              out);
}

bool ps_cymru_is_bogon(const struct ps_addr *addrs, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (ps_addr_version(&addrs[i]) == 4 && ntohl(addrs[i].in.sin_addr.s_addr) == BOGON)
            return true;
    return false;
}

int ps_cymru_asn_name(const struct ps_addr *a, bool peers, char out[PS_DNSNAME_STRLEN])
{
    const char *origin = version_of(a) == 4 ? "origin.asn.cymru.com" : "origin6.asn.cymru.com";

    return ps_dnsname_reverse(a, peers ? "peer.asn.cymru.com" : origin, out);
}

static void add(uint32_t asn, uint32_t *out, size_t max, size_t *n)
{
    for (size_t i = 0; i < *n; i++)
        if (out[i] == asn)
            return;
    if (*n < max)
        out[(*n)++] = asn;
}

static void add_word(const char *word, size_t len, uint32_t *out, size_t max, size_t *n)
{
    char digits[sizeof "4294967295"];
    uint64_t asn;

    if (len == 0 || len >= sizeof digits)
        return;
    memcpy(digits, word, len);
    digits[len] = '\0';
    if (strspn(digits, "0123456789") == len && ps_num_u64(digits, 10, 0, UINT32_MAX, &asn) == 0)
        add((uint32_t)asn, out, max, n);
}

static bool ends_word(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '|';
}

void ps_cymru_asns(const char *text, size_t len, uint32_t *out, size_t max, size_t *n)
{
    size_t word = 0;
    bool counts = true; // no bar yet in this line

    for (size_t i = 0; i <= len; i++) {
        char c = i < len ? text[i] : '\n';
        if (!ends_word(c))
            continue;
        if (counts)
            add_word(text + word, i - word, out, max, n);
        counts = c == '\n' || (counts && c != '|');
        word = i + 1;
    }
}

void ps_cymru_owner_name(uint32_t asn, char out[PS_DNSNAME_STRLEN])
{
    snprintf(out, PS_DNSNAME_STRLEN, "AS%" PRIu32 ".asn.cymru.com", asn);
}

void ps_cymru_owner(const char *text, size_t len, char *out, size_t size)
{
    size_t start = 0, bars = 0;

    out[0] = '\0';
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '|') {
            bars++;
            start = i + 1;
        }
    }
    while (start < len && text[start] == ' ')
        start++;
    if (bars < 4)
        return;
    len -= start;
    len = len < size ? len : size - 1;
    memcpy(out, text + start, len);
    out[len] = '\0';
}
