// SPDX-License-Identifier: Apache-2.0
#include "psarchive/mesh.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "base/ps_iso8601.h"
#include "psarchive/mesh_impl.h"

struct members {
    struct mesh_member *at;
    size_t n, cap;
};

void mesh_tell(struct mesh *m, enum mesh_note what)
{
    static const char *const texts[] = {
        [MESH_JQ] = "filters in jq are not run here: all that they are asked about is counted",
        [MESH_NAME] =
            "whether hosts' names are in a network or of an IP version is not looked up: they are counted",
        [MESH_AGENT] =
            "classes of the requesting agent's addresses are not known here: they are counted as empty",
        [MESH_INCLUDES] = "includes are not fetched: what they define is missing",
    };
    if (!m->noted[what])
        m->sink->note(m->sink->ctx, texts[what]);
    m->noted[what] = true;
}

const char *mesh_text(struct ps_jnode object, const char *key)
{
    const char *text;
    return ps_jnode_str(ps_jnode_member(object, key), 0, SIZE_MAX, &text, NULL) == 0 ? text : NULL;
}

bool mesh_true(struct ps_jnode object, const char *key)
{
    bool yes = false;
    (void)ps_jnode_bool(ps_jnode_member(object, key), &yes, NULL);
    return yes;
}

int mesh_find(struct mesh *m, const char *section, struct ps_jnode at, const char *name, struct ps_jnode *out)
{
    *out = ps_jnode_member(ps_jnode_member(m->root, section), name);
    if (ps_jnode_type(*out) == PS_JTYPE_OBJECT)
        return 0;
    ps_jnode_fault(at, m->fault, "there is no \"%.100s\" in %s", name, section);
    return PS_ENOTFOUND;
}

static bool is_comment(const char *key)
{
    return key[0] == '#' || strcmp(key, "_meta") == 0;
}

// --- members

static int add_member(struct mesh *m, struct members *list, struct ps_jnode selector, struct ps_jnode address,
                      const char *label)
{
    struct ps_jnode hosts = ps_jnode_member(m->root, "hosts");
    const char *host = mesh_text(address, "host");
    if (list->n == MESH_ADDRESSES_MAX) {
        ps_jnode_fault(selector, m->fault, "a group has more than %d addresses", MESH_ADDRESSES_MAX);
        return PS_ELIMIT;
    }
    if (list->n == list->cap) {
        size_t cap = list->cap > 0 ? 2 * list->cap : 64;
        struct mesh_member *at = realloc(list->at, cap * sizeof *at);
        if (at == NULL)
            return -ENOMEM;
        list->at = at;
        list->cap = cap;
    }
    struct mesh_member *one = &list->at[list->n++];
    *one = (struct mesh_member){
        .selector = selector, .address = address, .name = ps_jnode_key(address), .label = label};
    if (host != NULL)
        one->host = ps_jnode_member(hosts, host);
    one->disabled =
        mesh_true(selector, "disabled") || mesh_true(address, "disabled") || mesh_true(one->host, "disabled");
    one->no_agent = mesh_true(address, "no-agent") || mesh_true(one->host, "no-agent");
    return 0;
}

static int add_class(struct mesh *m, struct members *list, struct ps_jnode selector, const char *name,
                     const char *label)
{
    struct ps_jnode class, a = ps_jnode_first(ps_jnode_member(m->root, "addresses"));
    int err = mesh_find(m, "address-classes", selector, name, &class);
    for (; err == 0 && ps_jnode_there(a); a = ps_jnode_next(a)) {
        int has = is_comment(ps_jnode_key(a)) ? 0 : mesh_class_has(m, class, a);
        err = has <= 0 ? has : add_member(m, list, selector, a, label);
    }
    return err;
}

static int add_selector(struct mesh *m, struct members *list, struct ps_jnode selector, const char *label)
{
    const char *name = mesh_text(selector, "name"), *class = mesh_text(selector, "class");
    const char *own = mesh_text(selector, "label");
    struct ps_jnode address;
    label = own != NULL ? own : label;
    if (class != NULL)
        return add_class(m, list, selector, class, label);
    if (name == NULL) {
        ps_jnode_fault(selector, m->fault, "wants a name or a class");
        return PS_EMALFORMED;
    }
    int err = mesh_find(m, "addresses", selector, name, &address);
    return err != 0 ? err : add_member(m, list, selector, address, label);
}

static int add_side(struct mesh *m, struct members *list, struct ps_jnode group, const char *key)
{
    struct ps_jnode side = ps_jnode_member(group, key);
    const char *label = mesh_text(group, "default-address-label");
    int err = 0;
    if (ps_jnode_type(side) != PS_JTYPE_ARRAY) {
        ps_jnode_fault(group, m->fault, "wants an array \"%s\"", key);
        return PS_EMALFORMED;
    }
    for (struct ps_jnode n = ps_jnode_first(side); err == 0 && ps_jnode_there(n); n = ps_jnode_next(n))
        err = add_selector(m, list, n, label);
    return err;
}

// --- pairs

static bool same_text(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool same_selector(struct ps_jnode a, struct ps_jnode b)
{
    static const char *const keys[] = {"name", "class", "label"};
    for (size_t i = 0; i < 3; i++)
        if (!same_text(mesh_text(a, keys[i]), mesh_text(b, keys[i])))
            return false;
    return true;
}

static bool is_excluded(struct ps_jnode excludes, const struct mesh_member *a, const struct mesh_member *b)
{
    for (struct ps_jnode e = ps_jnode_first(excludes); ps_jnode_there(e); e = ps_jnode_next(e)) {
        if (!same_selector(ps_jnode_member(e, "local-address"), a->selector))
            continue;
        struct ps_jnode t = ps_jnode_first(ps_jnode_member(e, "target-addresses"));
        for (; ps_jnode_there(t); t = ps_jnode_next(t))
            if (same_selector(t, b->selector))
                return true;
    }
    return false;
}

// What an address is called towards a peer: an entry for the peer, one of a label, or itself.
static bool has_entry(const struct mesh_member *a, const struct mesh_member *peer)
{
    struct ps_jnode entry = ps_jnode_member(ps_jnode_member(a->address, "remote-addresses"), peer->name);
    if (ps_jnode_there(entry) && a->label != NULL)
        entry = ps_jnode_member(ps_jnode_member(entry, "labels"), a->label);
    if (!ps_jnode_there(entry) && a->label != NULL) {
        entry = ps_jnode_member(ps_jnode_member(a->address, "labels"), a->label);
        if (!ps_jnode_there(entry))
            return false;
    }
    return !mesh_true(entry, "disabled");
}

struct rules {
    bool same_host, same_address; // are left out
    struct ps_jnode excludes;
};

static struct rules rules_of(struct ps_jnode group)
{
    const char *self = mesh_text(group, "excludes-self");
    struct rules r = {true, true, ps_jnode_member(group, "excludes")};
    if (self != NULL) {
        r.same_host = strcmp(self, "host") == 0;
        r.same_address = strcmp(self, "disabled") != 0;
    }
    return r;
}

static bool is_pair(const struct rules *r, const struct mesh_member *a, const struct mesh_member *b)
{
    if (a->disabled || b->disabled || (a->no_agent && b->no_agent))
        return false;
    if (r->same_address && a->address.at == b->address.at)
        return false;
    if (r->same_host && ps_jnode_there(a->host) && a->host.at == b->host.at)
        return false;
    return has_entry(a, b) && has_entry(b, a) && !is_excluded(r->excludes, a, b);
}

static double count_pairs(const struct rules *r, const struct members *a, const struct members *b)
{
    double pairs = 0;
    for (size_t i = 0; i < a->n; i++)
        for (size_t j = 0; j < b->n; j++)
            pairs += is_pair(r, &a->at[i], &b->at[j]);
    return pairs;
}

static double count_singles(const struct members *a)
{
    double n = 0;
    for (size_t i = 0; i < a->n; i++) {
        const char *label = a->at[i].label;
        struct ps_jnode labels = ps_jnode_member(a->at[i].address, "labels");
        n += !a->at[i].disabled && !a->at[i].no_agent &&
             (label == NULL || ps_jnode_there(ps_jnode_member(labels, label)));
    }
    return n;
}

static int count_group(struct mesh *m, struct ps_jnode group, double *out)
{
    const char *type = mesh_text(group, "type");
    bool disjoint = same_text(type, "disjoint"), list = same_text(type, "list");
    struct members a = {0}, b = {0};
    struct rules r = rules_of(group);
    if (!disjoint && !list && !same_text(type, "mesh")) {
        ps_jnode_fault(group, m->fault, "wants the type mesh, disjoint or list");
        return PS_EMALFORMED;
    }
    int err = add_side(m, &a, group, disjoint ? "a-addresses" : "addresses");
    if (err == 0 && disjoint)
        err = add_side(m, &b, group, "b-addresses");
    if (err == 0) {
        *out = list ? count_singles(&a) : count_pairs(&r, &a, disjoint ? &b : &a);
        if (disjoint && !mesh_true(group, "unidirectional"))
            *out += count_pairs(&r, &b, &a);
    }
    free(a.at);
    free(b.at);
    return err;
}

// --- tasks

// A background test has a result for each so many packets, whatever its schedule.
static double every_of_background(struct ps_jnode spec)
{
    double count = 600, interval = 0.1;
    (void)ps_jnode_double(ps_jnode_member(spec, "packet-count"), 1, 1e9, &count, NULL);
    (void)ps_jnode_double(ps_jnode_member(spec, "packet-interval"), 1e-6, 1e6, &interval, NULL);
    return count * interval;
}

static int every_of_schedule(struct mesh *m, struct ps_jnode task, double *out)
{
    const char *name = mesh_text(task, "schedule"), *text;
    struct ps_jnode schedule, repeat;
    ps_ns d;
    *out = 0;
    if (name == NULL)
        return 0;
    int err = mesh_find(m, "schedules", task, name, &schedule);
    repeat = ps_jnode_member(schedule, "repeat");
    if (err != 0 || !ps_jnode_there(repeat))
        return err;
    err = ps_jnode_str(repeat, 1, 100, &text, m->fault);
    if (err == 0 && ((err = ps_iso8601_duration(text, &d)) != 0 || d < PS_SEC)) {
        ps_jnode_fault(repeat, m->fault, "wants an ISO 8601 duration of a second or more; got \"%.100s\"",
                       text);
        err = err != 0 ? err : PS_ERANGE;
    }
    *out = err == 0 ? (double)d / (double)PS_SEC : 0;
    return err;
}

static int read_task(struct mesh *m, struct ps_jnode task)
{
    const char *group_name = mesh_text(task, "group"), *test_name = mesh_text(task, "test"), *type;
    struct mesh_task t = {.name = ps_jnode_key(task)};
    struct ps_jnode group, test;
    int err = mesh_find(m, "groups", task, group_name != NULL ? group_name : "", &group);
    if (err == 0)
        err = mesh_find(m, "tests", task, test_name != NULL ? test_name : "", &test);
    if (err == 0)
        err = count_group(m, group, &t.paths);
    if (err != 0)
        return err;
    type = mesh_text(test, "type");
    t.test = (enum sizing_test)sizing_find(type != NULL ? type : "");
    if (t.test == SIZING_LATENCYBG)
        t.every = every_of_background(ps_jnode_member(test, "spec"));
    else
        err = every_of_schedule(m, task, &t.every);
    if (err == 0)
        m->sink->task(m->sink->ctx, &t);
    return err;
}

int mesh_read(const struct ps_jdoc *doc, const struct mesh_sink *sink, struct ps_fault *fault)
{
    struct mesh m = {.root = ps_jdoc_root(doc), .sink = sink, .fault = fault};
    struct ps_jnode tasks = ps_jnode_member(m.root, "tasks");
    int err = ps_jnode_want(m.root, PS_JTYPE_OBJECT, fault);
    if (err == 0 && ps_jnode_type(tasks) != PS_JTYPE_OBJECT) {
        ps_jnode_fault(m.root, fault, "is no pSConfig template: it has no \"tasks\"");
        err = PS_EMALFORMED;
    }
    if (err == 0 && ps_jnode_count(ps_jnode_member(m.root, "includes")) > 0)
        mesh_tell(&m, MESH_INCLUDES);
    for (struct ps_jnode t = ps_jnode_first(tasks); err == 0 && ps_jnode_there(t); t = ps_jnode_next(t))
        if (!is_comment(ps_jnode_key(t)) && !mesh_true(t, "disabled"))
            err = read_task(&m, t);
    return err;
}
