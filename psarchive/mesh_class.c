// SPDX-License-Identifier: Apache-2.0
// Classes of addresses: filters with three answers, of which the third is that nobody can know here.
#include <string.h>
#include <strings.h>
#include "base/ps_err.h"
#include "base/ps_netset.h"
#include "psarchive/mesh_impl.h"

enum answer { NO, YES, OPEN };
#define DEPTH 16 // of filters and classes inside each other

static int filter_fits(struct mesh *m, struct ps_jnode filter, struct ps_jnode address, int depth);

static struct ps_jnode host_of(struct mesh *m, struct ps_jnode address)
{
    const char *name = mesh_text(address, "host");
    struct ps_jnode hosts = ps_jnode_member(m->root, "hosts"), none = {0};
    return name != NULL ? ps_jnode_member(hosts, name) : none;
}

static bool has_tag(struct ps_jnode n, const char *tag)
{
    const char *text;
    for (struct ps_jnode t = ps_jnode_first(ps_jnode_member(n, "tags")); ps_jnode_there(t);
         t = ps_jnode_next(t))
        if (ps_jnode_str(t, 0, SIZE_MAX, &text, NULL) == 0 && strcasecmp(text, tag) == 0)
            return true;
    return false;
}

static int fits_tag(struct mesh *m, struct ps_jnode filter, struct ps_jnode address)
{
    const char *tag = mesh_text(filter, "tag");
    if (tag == NULL) {
        ps_jnode_fault(filter, m->fault, "wants a tag");
        return PS_EMALFORMED;
    }
    return has_tag(address, tag) || has_tag(host_of(m, address), tag) ? YES : NO;
}

static int fits_host(struct mesh *m, struct ps_jnode filter, struct ps_jnode address)
{
    struct ps_jnode host = host_of(m, address);
    const char *tag = mesh_text(filter, "tag");
    if (!ps_jnode_there(host) || mesh_true(filter, "no-agent") != mesh_true(host, "no-agent") ||
        (tag != NULL && !has_tag(host, tag)))
        return NO;
    if (!ps_jnode_there(ps_jnode_member(filter, "jq")))
        return YES;
    mesh_tell(m, MESH_JQ);
    return OPEN;
}

// The address itself; OPEN: it is a host's name.
static enum answer literal(struct mesh *m, struct ps_jnode address, struct ps_addr *out)
{
    const char *text = mesh_text(address, "address");
    if (text != NULL && ps_addr_parse(text, 0, out) == 0)
        return YES;
    mesh_tell(m, MESH_NAME);
    return OPEN;
}

static int fits_version(struct mesh *m, struct ps_jnode filter, struct ps_jnode address)
{
    uint64_t version;
    struct ps_addr a;
    int err = ps_jnode_u64(ps_jnode_member(filter, "ip-version"), 4, 6, &version, m->fault);
    if (err != 0)
        return err;
    if (literal(m, address, &a) == OPEN)
        return OPEN;
    return (a.sa.sa_family == AF_INET6) == (version == 6) ? YES : NO;
}

static int fits_netmask(struct mesh *m, struct ps_jnode filter, struct ps_jnode address)
{
    const char *text = mesh_text(filter, "netmask");
    struct ps_net net;
    struct ps_addr a;
    if (text == NULL || ps_net_parse(text, &net) != 0) {
        ps_jnode_fault(filter, m->fault, "wants a network in netmask, as in 192.0.2.0/24");
        return PS_EMALFORMED;
    }
    if (literal(m, address, &a) == OPEN)
        return OPEN;
    return ps_net_has(&net, &a) ? YES : NO;
}

static int fits_class(struct mesh *m, struct ps_jnode class, struct ps_jnode address, int depth)
{
    const char *type = mesh_text(ps_jnode_member(class, "data-source"), "type");
    struct ps_jnode match = ps_jnode_member(class, "match-filter"),
                    exclude = ps_jnode_member(class, "exclude-filter");
    int in = ps_jnode_there(match) ? filter_fits(m, match, address, depth + 1) : YES;
    if (type != NULL && strcmp(type, "requesting-agent") == 0) {
        mesh_tell(m, MESH_AGENT);
        return NO;
    }
    if (in <= NO || !ps_jnode_there(exclude))
        return in;
    int out = filter_fits(m, exclude, address, depth + 1);
    if (out < 0)
        return out;
    return out == YES ? NO : out == OPEN ? OPEN : in;
}

static int fits_other(struct mesh *m, struct ps_jnode filter, struct ps_jnode address, int depth)
{
    const char *name = mesh_text(filter, "class");
    struct ps_jnode class;
    int err = mesh_find(m, "address-classes", filter, name != NULL ? name : "", &class);
    return err != 0 ? err : fits_class(m, class, address, depth);
}

// And: NO as soon as one says so; or: YES. Else OPEN if one of them is.
static int fits_list(struct mesh *m, struct ps_jnode filter, struct ps_jnode address, bool all, int depth)
{
    struct ps_jnode n = ps_jnode_first(ps_jnode_member(filter, "filters"));
    int sum = all ? YES : NO;
    for (; ps_jnode_there(n); n = ps_jnode_next(n)) {
        int one = filter_fits(m, n, address, depth + 1);
        if (one < 0 || one == (all ? NO : YES))
            return one;
        sum = one == OPEN ? OPEN : sum;
    }
    return sum;
}

static int filter_fits(struct mesh *m, struct ps_jnode filter, struct ps_jnode address, int depth)
{
    const char *type = mesh_text(filter, "type");
    if (depth > DEPTH) {
        ps_jnode_fault(filter, m->fault, "filters and classes are more than %d deep", DEPTH);
        return PS_ELIMIT;
    }
    type = type != NULL ? type : "";
    if (strcmp(type, "tag") == 0)
        return fits_tag(m, filter, address);
    if (strcmp(type, "host") == 0)
        return fits_host(m, filter, address);
    if (strcmp(type, "ip-version") == 0)
        return fits_version(m, filter, address);
    if (strcmp(type, "netmask") == 0)
        return fits_netmask(m, filter, address);
    if (strcmp(type, "address-class") == 0)
        return fits_other(m, filter, address, depth);
    if (strcmp(type, "and") == 0 || strcmp(type, "or") == 0)
        return fits_list(m, filter, address, type[0] == 'a', depth);
    if (strcmp(type, "not") == 0) {
        int one = filter_fits(m, ps_jnode_member(filter, "filter"), address, depth + 1);
        return one == YES ? NO : one == NO ? YES : one;
    }
    if (strcmp(type, "jq") == 0) {
        mesh_tell(m, MESH_JQ);
        return OPEN;
    }
    ps_jnode_fault(
        filter, m->fault,
        "wants a filter of type tag, host, ip-version, netmask, address-class, and, or, not or jq");
    return PS_EMALFORMED;
}

int mesh_class_has(struct mesh *m, struct ps_jnode class, struct ps_jnode address)
{
    int fits = fits_class(m, class, address, 0);
    return fits < 0 ? fits : fits != NO;
}
