// SPDX-License-Identifier: Apache-2.0
#include "base/ps_dnsname.h"
#include <stdio.h>
#include <string.h>
#include "base/ps_err.h"

#define LABEL_MAX 63
#define NAME_MAX_LEN 253

static bool is_label_octet(unsigned char c)
{
    return c > ' ' && c < 127 && c != '\\' && c != '.';
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

// The length of the label at the start of text; 0: none that will do.
static size_t label_len(const char *text)
{
    size_t n = 0;

    while (is_label_octet((unsigned char)text[n]))
        n++;
    return n <= LABEL_MAX && (text[n] == '.' || text[n] == '\0') ? n : 0;
}

int ps_dnsname_normal(const char *text, char out[PS_DNSNAME_STRLEN])
{
    size_t at = 0, n;

    do {
        n = label_len(text + at);
        if (n == 0 || at + n > NAME_MAX_LEN)
            return PS_ESYNTAX;
        for (size_t i = 0; i < n; i++)
            out[at + i] = lower(text[at + i]);
        at += n;
        out[at] = text[at] == '.' && text[at + 1] != '\0' ? '.' : '\0';
    } while (out[at++] == '.');
    return 0;
}

static void put_octets(const uint8_t *octets, char *out, size_t size)
{
    snprintf(out, size, "%u.%u.%u.%u", octets[3], octets[2], octets[1], octets[0]);
}

static void put_nibbles(const uint8_t octets[16], char *out)
{
    static const char digits[] = "0123456789abcdef";

    for (int i = 15; i >= 0; i--) {
        *out++ = digits[octets[i] & 15];
        *out++ = '.';
        *out++ = digits[octets[i] >> 4];
        *out++ = i > 0 ? '.' : '\0';
    }
}

int ps_dnsname_reverse(const struct ps_addr *a, const char *zone, char out[PS_DNSNAME_STRLEN])
{
    struct ps_addr host = *a;
    char labels[64];

    ps_addr_unmap(&host);
    switch (ps_addr_version(&host)) {
    case 4:
        put_octets((const uint8_t *)&host.in.sin_addr, labels, sizeof labels);
        zone = zone ? zone : "in-addr.arpa";
        break;
    case 6:
        put_nibbles(host.in6.sin6_addr.s6_addr, labels);
        zone = zone ? zone : "ip6.arpa";
        break;
    default:
        return PS_EUNSUPPORTED;
    }
    if (strlen(labels) + 1 + strlen(zone) > NAME_MAX_LEN)
        return PS_ELIMIT;
    snprintf(out, PS_DNSNAME_STRLEN, "%s.%s", labels, zone);
    return 0;
}
