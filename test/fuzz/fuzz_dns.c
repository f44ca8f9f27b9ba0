// SPDX-License-Identifier: Apache-2.0
// Replies of DNS servers: the first octet chooses what was asked for, the rest is the message. What comes of
// it must be names, and texts and numbers within their bounds.
#include <stdlib.h>
#include <string.h>
#include "base/ps_cymru.h"
#include "fuzz.h"
#include "loop/ps_dns_impl.h"

static void check_name(const char *text, size_t len)
{
    char normal[PS_DNSNAME_STRLEN];

    if (strlen(text) != len || ps_dnsname_normal(text, normal) != 0 || strcmp(text, normal) != 0)
        abort();
}

static void check_text(const struct ps_dns_text *t)
{
    uint32_t asns[PS_CYMRU_ASNS];
    size_t n = 0;

    if (t->at[t->len] != '\0')
        abort();
    ps_cymru_asns(t->at, t->len, asns, PS_CYMRU_ASNS, &n);
    if (n > PS_CYMRU_ASNS)
        abort();
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < i; j++)
            if (asns[i] == asns[j])
                abort();
}

static void check(enum ps_dns_type type, const struct ps_dns_records *r)
{
    if (r->n > PS_DNS_RECORDS || (r->err == 0) != (r->n > 0) || r->ttl < -1)
        abort();
    for (size_t i = 0; i < r->n && r->addrs; i++)
        if (ps_addr_version(&r->addrs[i]) != (type == PS_DNS_A ? 4 : 6))
            abort();
    for (size_t i = 0; i < r->n && r->texts; i++) {
        check_text(&r->texts[i]);
        if (type == PS_DNS_PTR)
            check_name(r->texts[i].at, r->texts[i].len);
    }
    (void)ps_cymru_is_bogon(r->addrs, r->addrs ? r->n : 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const enum ps_dns_type types[] = {PS_DNS_A, PS_DNS_AAAA, PS_DNS_PTR, PS_DNS_TXT};
    struct ps_dns_records *r;

    if (size == 0)
        return 0;
    r = ps_dns_records_read(types[data[0] % 4], "h.example", data + 1, size - 1);
    if (!r)
        return 0;
    check(types[data[0] % 4], r);
    ps_dns_records_release(r);
    return 0;
}
