// SPDX-License-Identifier: Apache-2.0
// Results of trace and dns.
#include <inttypes.h>
#include "spec/sp_lines.h"
#include "spec/sp_texts.h"
#include <stdlib.h>
#include <stdio.h>

// trace

static void put_as(struct sp_text_of *t, struct ps_jnode as)
{
    const char *owner;
    uint64_t number;

    if (!sp_get_count(as, "number", &number))
        return;
    sp_put(t, "%-8sAS%" PRIu64, "", number);
    if (sp_get_text(as, "owner", &owner)) {
        sp_put(t, " ");
        sp_put_clean(t, owner);
    }
    sp_put(t, "\n");
}

static void put_hop(struct sp_text_of *t, struct ps_jnode hop, size_t n)
{
    const char *ip = NULL, *name = NULL, *error;
    uint64_t mtu;
    ps_ns rtt;

    sp_put(t, "%-8zu", n);
    (void)sp_get_text(hop, "ip", &ip);
    if (sp_get_text(hop, "hostname", &name)) {
        sp_put_clean(t, name);
        sp_put(t, ip ? " (" : "");
    }
    sp_put_clean(t, ip ? ip : name ? "" : "No Response");
    sp_put(t, name && ip ? ")" : "");
    if (sp_get_duration(hop, "rtt", &rtt))
        sp_put(t, " %.1f ms", (double)rtt / (double)PS_MSEC);
    if (sp_get_text(hop, "error", &error)) {
        sp_put(t, " ");
        sp_put_clean(t, error);
    }
    if (sp_get_count(hop, "mtu", &mtu))
        sp_put(t, " mtu %" PRIu64, mtu);
    sp_put(t, "\n");
    put_as(t, ps_jnode_member(hop, "as"));
}

void sp_text_trace(struct sp_text_of *t)
{
    struct ps_jnode paths = ps_jnode_member(t->result, "paths");
    size_t nth = 0, count = ps_jnode_count(paths);

    for (struct ps_jnode path = ps_jnode_first(paths); ps_jnode_there(path); path = ps_jnode_next(path)) {
        size_t hop = 0;
        nth++;
        if (count > 1)
            sp_put(t, "%sPath %zu\n", nth > 1 ? "\n" : "", nth);
        for (struct ps_jnode n = ps_jnode_first(path); ps_jnode_there(n); n = ps_jnode_next(n))
            put_hop(t, n, ++hop);
    }
}

// dns

static void put_mx(struct sp_text_of *t, struct ps_jnode mx)
{
    const char *host;
    uint64_t pref = 0;

    (void)sp_get_count(mx, "pref", &pref);
    if (sp_get_text(mx, "mx", &host)) {
        sp_put(t, "    %" PRIu64 " ", pref);
        sp_put_clean(t, host);
        sp_put(t, "\n");
    }
}

static void put_member(struct sp_text_of *t, struct ps_jnode n)
{
    const char *text;
    size_t len;

    sp_put(t, "    %.60s ", ps_jnode_key(n));
    if (ps_jnode_str(n, 0, SIZE_MAX, &text, NULL) == 0) {
        sp_put_clean(t, text);
    } else {
        text = ps_jnode_raw(n, &len);
        sp_put(t, "%.*s", (int)len, text);
    }
    sp_put(t, "\n");
}

static void put_record(struct sp_text_of *t, struct ps_jnode n)
{
    const char *text;

    if (ps_jnode_str(n, 0, SIZE_MAX, &text, NULL) == 0) {
        sp_put(t, "    ");
        sp_put_clean(t, text);
        sp_put(t, "\n");
    } else if (ps_jnode_there(ps_jnode_member(n, "mx"))) {
        put_mx(t, n);
    }
}

void sp_text_dns(struct sp_text_of *t)
{
    struct ps_jnode record = ps_jnode_member(t->result, "record");
    ps_ns d;

    if (sp_get_duration(t->result, "time", &d))
        sp_put(t, "Time ..... %.6g seconds\n", (double)d / (double)PS_SEC);
    sp_put(t, "Record:\n");
    if (ps_jnode_type(record) == PS_JTYPE_ARRAY) {
        for (struct ps_jnode n = ps_jnode_first(record); ps_jnode_there(n); n = ps_jnode_next(n))
            put_record(t, n);
    } else if (ps_jnode_type(record) == PS_JTYPE_OBJECT) {
        for (struct ps_jnode n = ps_jnode_first(record); ps_jnode_there(n); n = ps_jnode_next(n))
            put_member(t, n);
    } else {
        put_record(t, record);
    }
}
