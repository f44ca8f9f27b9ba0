// SPDX-License-Identifier: Apache-2.0
// Classes, and who is in which.
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "owamp/ow_limits_impl.h"

int ow_limits_add_default(struct ow_limits *l)
{
    struct ow_class c = {.name = "default", .allow_open_mode = true};
    return ow_limits_add_class(l, &c);
}

int ow_limits_default(struct ow_limits **out)
{
    struct ow_limits *l = calloc(1, sizeof(*l));
    if (!l || ow_limits_add_default(l)) {
        ow_limits_free(l);
        return -ENOMEM;
    }
    *out = l;
    return 0;
}

void ow_limits_free(struct ow_limits *l)
{
    if (!l)
        return;
    for (size_t i = 0; i < l->nclasses; i++)
        free(l->class_[i]);
    free(l->class_);
    free(l->assign);
    free(l);
}

size_t ow_limits_count(const struct ow_limits *l)
{
    return l->nclasses;
}

const struct ow_class *ow_limits_class(const struct ow_limits *l, size_t i)
{
    return i < l->nclasses ? l->class_[i] : NULL;
}

const struct ow_class *ow_limits_by_name(const struct ow_limits *l, const char *name)
{
    for (size_t i = 0; i < l->nclasses; i++) {
        if (strcmp(l->class_[i]->name, name) == 0)
            return l->class_[i];
    }
    return NULL;
}

static bool net_holds(const struct assign *a, int version, const uint8_t addr[16])
{
    unsigned whole = a->bits / 8, part = a->bits % 8;
    if (a->version != version || memcmp(a->prefix, addr, whole) != 0)
        return false;
    return part == 0 || ((a->prefix[whole] ^ addr[whole]) & (0xff00u >> part) & 0xffu) == 0;
}

const struct ow_class *ow_limits_by_addr(const struct ow_limits *l, const struct ps_addr *peer)
{
    struct ps_addr plain = *peer;
    uint8_t addr[16];
    const struct assign *best = NULL;
    const struct ow_class *otherwise = l->class_[0];
    ps_addr_unmap(&plain);
    ps_addr_to_wire(&plain, addr);
    for (size_t i = 0; i < l->nassigns; i++) {
        const struct assign *a = &l->assign[i];
        if (a->kind == ASSIGN_DEFAULT)
            otherwise = a->class_;
        else if (a->kind == ASSIGN_NET && (!best || a->bits > best->bits) &&
                 net_holds(a, ps_addr_version(&plain), addr))
            best = a;
    }
    return best ? best->class_ : otherwise;
}

const struct ow_class *ow_limits_by_user(const struct ow_limits *l, const char *user,
                                         const struct ps_addr *peer)
{
    const struct ow_class *same = ow_limits_by_name(l, user);
    if (same)
        return same;
    for (size_t i = 0; i < l->nassigns; i++) {
        if (l->assign[i].kind == ASSIGN_USER && strcmp(l->assign[i].user, user) == 0)
            return l->assign[i].class_;
    }
    return ow_limits_by_addr(l, peer);
}

static size_t put_at(char *out, size_t size, size_t end, const char *name)
{
    size_t n = strlen(name);
    for (size_t i = 0; i < n; i++) {
        if (end - n + i < size)
            out[end - n + i] = name[i];
    }
    return n;
}

size_t ow_class_path(const struct ow_class *c, char *out, size_t size)
{
    size_t length = 0;
    for (const struct ow_class *p = c; p; p = p->parent)
        length += strlen(p->name) + (p->parent ? 1 : 0);
    // Written from its end, as the chain leads upwards.
    size_t end = length;
    for (const struct ow_class *p = c; p; p = p->parent) {
        end -= put_at(out, size, end, p->name);
        if (p->parent)
            end -= put_at(out, size, end, "/");
    }
    if (size > 0)
        out[length < size ? length : size - 1] = '\0';
    return length;
}
