// SPDX-License-Identifier: Apache-2.0
// What the files of ps_dns.h share. For lib/loop and its tests alone.
#pragma once
#include <sys/stat.h>
#include "base/ps_list.h"
#include "base/ps_map.h"
#include "loop/ps_dns.h"

// An answer as it is kept, in one allocation, with as many owners as it is told to. Or why there is none.
struct ps_dns_records {
    unsigned refs;
    int err;           // as in ps_dns_answer
    const char *cause; // of an error, static
    ps_ns ttl;         // as the reply says; -1: it says nothing
    size_t n, octets;  // of the allocation
    const struct ps_addr *addrs;
    const struct ps_dns_text *texts;
    char name[PS_DNSNAME_STRLEN]; // that was asked for
};

struct ps_dns_records *ps_dns_records_hold(struct ps_dns_records *r);
void ps_dns_records_release(struct ps_dns_records *r); // NULL is fine
// Why there are none; NULL: no memory. What is no printable octet of the name becomes "?".
struct ps_dns_records *ps_dns_records_failed(const char *name, int err, const char *cause);
// What a reply to the question for such records of a name (ps_dnsname_normal) says, RFC 1035 section 4. Any
// octets will do. CNAMEs are followed within the reply; there may be none or 3 (RFC 2308, 2.1) of it. NULL:
// no memory.
struct ps_dns_records *ps_dns_records_read(enum ps_dns_type type, const char *name, const uint8_t *reply,
                                           size_t len);

// Who is asked (ps_dns_servers.c).
struct ps_dns_servers {
    struct ps_addr *addrs;
    size_t n;
    char *resolv_conf; // NULL: they stay the same
    struct stat seen;  // of resolv_conf
    ps_ns looked_at;
};
// As conf says. 0, -ENOMEM, PS_EUNSUPPORTED; to be ended in any case.
int ps_dns_servers_init(struct ps_dns_servers *s, const struct ps_dns_conf *conf);
void ps_dns_servers_fini(struct ps_dns_servers *s);
// Reads the file again if it has changed, but for every two seconds once.
void ps_dns_servers_look(struct ps_dns_servers *s);
// As c-ares wants them, in one allocation. NULL: no memory.
struct ares_addr_port_node *ps_dns_servers_nodes(const struct ps_dns_servers *s);

// One question on its way (ps_dns_transfer.c).
struct ps_dns_transfer;
struct ps_dns_errand {
    struct ps_loop *loop;
    const struct ps_dns_servers *servers;
    enum ps_dns_type type;
    const char *name; // stays until the end
    ps_ns try_for, give_up;
    // The end: the records are the callee's; the transfer is gone.
    void (*settled)(void *ctx, struct ps_dns_records *rec);
    void *ctx;
};
// 0: it is on its way, *out is the transfer; or it is over at once: *out is NULL and *rec says what came of
// it, settled is not called. Or -ENOMEM.
int ps_dns_transfer_start(const struct ps_dns_errand *e, struct ps_dns_transfer **out,
                          struct ps_dns_records **rec);
void ps_dns_transfer_drop(struct ps_dns_transfer *t); // without a word; NULL is fine

// The reverse look-ups of a ps_dns; they end with it.
struct ps_list *ps_dns_reverses(struct ps_dns *d);
ps_ns ps_dns_give_up(const struct ps_dns *d);
void ps_dns_reverse_end(struct ps_list *it); // frees it, when its queries are gone
