// SPDX-License-Identifier: Apache-2.0
#include "base/ps_keys.h"
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "base/ps_iso8601.h"
#include "base/ps_near.h"
#include "base/ps_netset.h"
#include "base/ps_num.h"

#define NAMES_MAX 64 // that a hint looks through

const char *ps_key_more(struct ps_key_line *l)
{
    l->value = ps_conf_word(&l->rest);
    return l->value;
}

int ps_key_wants(const struct ps_key_line *l, int err, const char *what)
{
    ps_fault_set(l->fault, l->file, l->number, "%s wants %s; got '%.100s'", l->key->name, what,
                 l->value ? l->value : "");
    return err;
}

static void *place(const struct ps_key_line *l)
{
    return (char *)l->into + l->key->at;
}

int ps_key_path(const struct ps_key_line *l, char *out)
{
    size_t len = strlen(l->value);

    if (len >= PATH_MAX)
        return ps_key_wants(l, PS_ELIMIT, "a shorter path");
    memcpy(out, l->value, len + 1);
    return 0;
}

static int read_name(const struct ps_key_line *l)
{
    size_t len = strlen(l->value);

    if (len >= PS_KEY_NAME_MAX)
        return ps_key_wants(l, PS_ELIMIT, "a name");
    memcpy(place(l), l->value, len + 1);
    return 0;
}

static int wants_between(const struct ps_key_line *l, const char *what)
{
    char text[120];

    snprintf(text, sizeof text, "%s, %llu to %llu", what, (unsigned long long)l->key->min,
             (unsigned long long)l->key->max);
    return ps_key_wants(l, PS_ERANGE, text);
}

static int wants_duration_between(const struct ps_key_line *l)
{
    char min[PS_ISO8601_DURATION], max[PS_ISO8601_DURATION], text[2 * PS_ISO8601_DURATION + 40];

    snprintf(text, sizeof text, "a duration from %s to %s",
             ps_iso8601_put_duration((ps_ns)l->key->min * PS_SEC, min),
             ps_iso8601_put_duration((ps_ns)l->key->max * PS_SEC, max));
    return ps_key_wants(l, PS_ERANGE, text);
}

static int read_count(const struct ps_key_line *l)
{
    uint64_t n;

    if (ps_num_u64(l->value, 10, l->key->min, l->key->max, &n))
        return wants_between(l, "a whole number");
    *(unsigned *)place(l) = (unsigned)n;
    return 0;
}

static int read_size(const struct ps_key_line *l)
{
    uint64_t n;

    if (ps_num_scaled(l->value, l->key->max, &n) || n < l->key->min)
        return ps_key_wants(l, PS_ERANGE, "a number of octets, as in 500k, 8m or 2g");
    *(uint64_t *)place(l) = n;
    return 0;
}

static int read_duration(const struct ps_key_line *l)
{
    ps_ns d;

    if (ps_iso8601_duration(l->value, &d))
        return ps_key_wants(l, PS_ESYNTAX, "an ISO 8601 duration, as in PT30S, PT6H or P1D");
    if ((uint64_t)d < l->key->min * PS_SEC || (uint64_t)d > l->key->max * PS_SEC)
        return wants_duration_between(l);
    *(ps_ns *)place(l) = d;
    return 0;
}

static int read_yes(const struct ps_key_line *l)
{
    bool yes = strcmp(l->value, "yes") == 0;

    if (!yes && strcmp(l->value, "no") != 0)
        return ps_key_wants(l, PS_ESYNTAX, "yes or no");
    *(bool *)place(l) = yes;
    return 0;
}

static int read_nets(struct ps_key_line *l)
{
    struct ps_netset **set = place(l);
    struct ps_net net;
    int err = *set ? 0 : ps_netset_new(set);

    for (; !err && l->value; ps_key_more(l)) {
        if (ps_net_parse(l->value, &net))
            return ps_key_wants(l, PS_ESYNTAX, "addresses or networks, as in 192.0.2.0/24 2001:db8::/32");
        err = ps_netset_add(*set, &net);
    }
    if (!err)
        ps_netset_seal(*set);
    return err;
}

static int read_value(struct ps_key_line *l)
{
    switch (l->key->form) {
    case PS_KEY_PATH:
        return ps_key_path(l, place(l));
    case PS_KEY_NAME:
        return read_name(l);
    case PS_KEY_COUNT:
        return read_count(l);
    case PS_KEY_SIZE:
        return read_size(l);
    case PS_KEY_DURATION:
        return read_duration(l);
    case PS_KEY_YES:
        return read_yes(l);
    case PS_KEY_NETS:
        return read_nets(l);
    case PS_KEY_OTHER:
        return l->key->read(l);
    }
    return PS_EUNKNOWN;
}

// --- lines

static int unknown(const struct ps_key_line *l, const struct ps_key *keys, size_t n, const char *name)
{
    const char *names[NAMES_MAX];
    char hint[PS_NEAR_HINT];
    size_t k = n < NAMES_MAX ? n : NAMES_MAX;

    for (size_t i = 0; i < k; i++)
        names[i] = keys[i].name;
    ps_fault_set(l->fault, l->file, l->number, "'%.100s' is not known here%s", name,
                 ps_near_hint(name, names, k, hint));
    return PS_EUNKNOWN;
}

static int read_line(struct ps_key_line *l, const struct ps_key *keys, size_t n, char *text)
{
    const char *name = ps_conf_word(&text);
    int err;

    for (size_t i = 0; i < n; i++)
        if (strcmp(keys[i].name, name) == 0)
            l->key = &keys[i];
    if (!l->key)
        return unknown(l, keys, n, name);
    l->rest = text;
    if (!ps_key_more(l))
        return ps_key_wants(l, PS_ESYNTAX, "a value");
    err = read_value(l);
    if (err || !l->value)
        return err;
    return ps_key_more(l) ? ps_key_wants(l, PS_ESYNTAX, "nothing more") : 0;
}

int ps_keys_parse(const struct ps_key *keys, size_t nkeys, void *into, const char *file, const char *text,
                  size_t len, struct ps_fault *fault)
{
    struct ps_conf c;
    int err;

    ps_conf_init(&c, file, text, len);
    while ((err = ps_conf_next(&c, fault)) == 1) {
        struct ps_key_line l = {.into = into, .file = file, .number = c.line, .fault = fault};

        err = read_line(&l, keys, nkeys, c.buf);
        if (err)
            break;
    }
    ps_conf_fini(&c);
    return err;
}

int ps_keys_load(const struct ps_key *keys, size_t nkeys, void *into, const char *path, size_t max,
                 struct ps_fault *fault)
{
    char *text;
    size_t len;
    int err = ps_conf_load(path, max, &text, &len);

    if (err) {
        ps_fault_set(fault, path, 0, "cannot be read: %s", ps_strerror(err));
        return err;
    }
    err = ps_keys_parse(keys, nkeys, into, path, text, len, fault);
    if (err == -ENOMEM)
        ps_fault_set(fault, path, 0, "cannot be read: %s", ps_strerror(err));
    free(text);
    return err;
}

// --- a reload

const char *ps_keys_keep(const struct ps_key_span *fixed, size_t n, void *next, const void *now, char *out,
                         size_t size)
{
    size_t len = 0;

    out[0] = '\0';
    for (size_t i = 0; i < n; i++) {
        char *to = (char *)next + fixed[i].at;
        const char *from = (const char *)now + fixed[i].at;
        if (memcmp(to, from, fixed[i].size) == 0)
            continue;
        memcpy(to, from, fixed[i].size);
        if (len < size)
            len += (size_t)snprintf(out + len, size - len, "%s%s", len ? " " : "", fixed[i].key);
    }
    return out;
}
