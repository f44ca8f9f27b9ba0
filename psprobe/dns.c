// SPDX-License-Identifier: Apache-2.0
// dnspy: one question to a name server, by the C library's resolver.
#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <errno.h>
#include <netdb.h>
#include <resolv.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_dnsname.h"
#include "base/ps_err.h"
#include "loop/ps_lookup.h"
#include "psprobe/probe.h"

#define ANSWER_MAX 65536
#define PORT 53

static const struct {
    const char *word;
    ns_type type;
} types[] = {{"a", ns_t_a},     {"aaaa", ns_t_aaaa}, {"ns", ns_t_ns}, {"cname", ns_t_cname},
             {"soa", ns_t_soa}, {"ptr", ns_t_ptr},   {"mx", ns_t_mx}, {"txt", ns_t_txt}};

static int type_of(const char *word)
{
    for (size_t i = 0; word && i < sizeof types / sizeof *types; i++) {
        if (strcmp(types[i].word, word) == 0)
            return types[i].type;
    }
    return -1;
}

// --- asking

// An address, or a name that the host's own servers know, and a port behind a colon if it is another one.
static bool use_server(struct probe *p, res_state rs, const char *server)
{
    const char *why = "it is no host";
    struct ps_hostport at;
    struct ps_addr a;

    if (ps_hostport_parse(server, PORT, false, &at) || ps_lookup(at.host, at.port, &a, &why)) {
        tl_answer_fail(&p->answer, "%.200s: %s", server, why);
        return false;
    }
    rs->nscount = 1;
    if (ps_addr_version(&a) == 4) {
        rs->nsaddr_list[0] = a.in;
    } else { // the resolver's own place for these; freed by res_nclose
        rs->nsaddr_list[0].sin_family = 0;
        rs->_u._ext.nsaddrs[0] = malloc(sizeof a.in6);
        if (rs->_u._ext.nsaddrs[0])
            *rs->_u._ext.nsaddrs[0] = a.in6;
        rs->_u._ext.nscount = 1;
    }
    return true;
}

static const char *failure(res_state rs)
{
    switch (rs->res_h_errno) {
    case HOST_NOT_FOUND:
        return "the name does not exist";
    case NO_DATA:
        return "the name has no such record";
    case TRY_AGAIN:
        return "no server answered, or it failed";
    default:
        return "the servers refused, or what they answered is no answer";
    }
}

// A pointer may be asked for by address.
static const char *query_name(struct probe *p, int type, char out[PS_DNSNAME_STRLEN])
{
    const char *query = tl_spec_str(p->spec, "query");
    struct ps_addr a;

    if (query && type == ns_t_ptr && ps_addr_parse(query, 0, &a) == 0 &&
        ps_dnsname_reverse(&a, NULL, out) == 0)
        return out;
    return query ? query : "";
}

// --- answering

static void put_name(struct ps_json *j, const char *key, ns_msg *m, const unsigned char **at)
{
    char name[NS_MAXDNAME] = "";
    int n = dn_expand(ns_msg_base(*m), ns_msg_end(*m), *at, name, sizeof name);

    if (n > 0)
        *at += n;
    if (key)
        ps_json_key(j, key);
    ps_json_str(j, name);
}

static void put_soa(struct ps_json *j, ns_msg *m, const ns_rr *rr)
{
    static const char *const numbers[] = {"serial", "refresh", "retry", "expire", "minimum"};
    const unsigned char *at = ns_rr_rdata(*rr), *end = at + ns_rr_rdlen(*rr);

    ps_json_open(j, '{');
    put_name(j, "nameserver", m, &at);
    put_name(j, "owner", m, &at);
    for (size_t i = 0; i < 5; i++, at += 4)
        ps_json_put_u64(j, numbers[i], at + 4 <= end ? ns_get32(at) : 0);
    ps_json_close(j, '}');
}

static void put_mx(struct ps_json *j, ns_msg *m, const ns_rr *rr)
{
    const unsigned char *at = ns_rr_rdata(*rr) + 2;

    ps_json_open(j, '{');
    ps_json_put_u64(j, "pref", ns_get16(ns_rr_rdata(*rr)));
    put_name(j, "mx", m, &at);
    ps_json_close(j, '}');
}

// Its strings in one.
static void put_txt(struct ps_json *j, const ns_rr *rr)
{
    const unsigned char *at = ns_rr_rdata(*rr), *end = at + ns_rr_rdlen(*rr);
    char text[ANSWER_MAX];
    size_t n = 0;

    while (at < end && at + 1 + *at <= end && n + *at < sizeof text) {
        memcpy(text + n, at + 1, *at);
        n += *at;
        at += 1 + *at;
    }
    text[n] = '\0';
    ps_json_str(j, text);
}

static void put_record(struct ps_json *j, ns_msg *m, const ns_rr *rr)
{
    const unsigned char *data = ns_rr_rdata(*rr);
    char text[INET6_ADDRSTRLEN] = "";

    switch ((int)ns_rr_type(*rr)) {
    case ns_t_a:
    case ns_t_aaaa:
        inet_ntop(ns_rr_type(*rr) == ns_t_a ? AF_INET : AF_INET6, data, text, sizeof text);
        ps_json_str(j, text);
        break;
    case ns_t_soa:
        put_soa(j, m, rr);
        break;
    case ns_t_mx:
        put_mx(j, m, rr);
        break;
    case ns_t_txt:
        put_txt(j, rr);
        break;
    default:
        put_name(j, NULL, m, &data);
    }
}

static bool is_whole(const ns_rr *rr)
{
    size_t len = ns_rr_rdlen(*rr);

    switch ((int)ns_rr_type(*rr)) {
    case ns_t_a:
        return len == 4;
    case ns_t_aaaa:
        return len == 16;
    case ns_t_mx:
        return len > 2;
    case ns_t_soa:
        return len > 20;
    default:
        return len > 0;
    }
}

// One record where there can be but one, else an array.
static unsigned put_records(struct ps_json *j, ns_msg *m, int type)
{
    bool one = type == ns_t_cname || type == ns_t_ptr || type == ns_t_soa;
    unsigned n = 0;
    ns_rr rr;

    ps_json_key(j, "record");
    if (!one)
        ps_json_open(j, '[');
    for (int i = 0; i < ns_msg_count(*m, ns_s_an) && !(one && n > 0); i++) {
        if (ns_parserr(m, ns_s_an, i, &rr) < 0)
            break;
        if ((int)ns_rr_type(rr) != type || !is_whole(&rr))
            continue;
        put_record(j, m, &rr);
        n++;
    }
    if (!one)
        ps_json_close(j, ']');
    else if (n == 0)
        ps_json_null(j);
    return n;
}

static void answer(struct probe *p, const unsigned char *text, int len, int type, ps_ns took)
{
    struct ps_json *j;
    ns_msg m;

    if (ns_initparse(text, len, &m) < 0) {
        tl_answer_fail(&p->answer, "What the server answered cannot be read");
        return;
    }
    j = tl_answer_begin(&p->answer, 1);
    tl_put_duration(j, "time", took);
    if (put_records(j, &m, type) > 0)
        tl_answer_end(&p->answer);
    else
        tl_answer_fail(&p->answer, "There is no such record in the answer");
}

static void ask(struct probe *p, res_state rs, int type)
{
    unsigned char *text = malloc(ANSWER_MAX);
    char name[PS_DNSNAME_STRLEN];
    ps_ns timeout = tl_spec_duration(p->spec, "timeout", 5 * PS_SEC), since;
    const char *query = query_name(p, type, name);
    int len;

    rs->retrans = (int)(tl_round_up(timeout) / PS_SEC) / (rs->nscount > 0 ? rs->nscount : 1);
    rs->retrans = rs->retrans > 0 ? rs->retrans : 1;
    rs->retry = 1;
    since = probe_mono();
    len = text ? res_nquery(rs, query, ns_c_in, type, text, ANSWER_MAX) : -1;
    if (len < 0)
        tl_answer_fail(&p->answer, "%.200s: %s", query, text ? failure(rs) : ps_strerror(-ENOMEM));
    else
        answer(p, text, len, type, probe_mono() - since);
    free(text);
}

void probe_dns(struct probe *p)
{
    const char *server = tl_spec_str(p->spec, "nameserver");
    int type = type_of(tl_spec_str(p->spec, "record"));
    struct __res_state rs;

    memset(&rs, 0, sizeof rs);
    if (type < 0) {
        tl_answer_fail(&p->answer, "There is no such type of record");
        return;
    }
    if (res_ninit(&rs) < 0) {
        tl_answer_fail(&p->answer, "The resolver cannot be set up");
        return;
    }
    if (!server || use_server(p, &rs, server))
        ask(p, &rs, type);
    res_nclose(&rs);
}
