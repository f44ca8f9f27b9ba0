// SPDX-License-Identifier: Apache-2.0
// Members of JSON objects: a key and its value.
#pragma once
#include <string.h>
#include "report/ow_source.h"
#include "report/report_impl.h"

// Null for what is unknown: less than 0.
static inline void put_count(struct ps_json *j, const char *key, int64_t n)
{
    ps_json_key(j, key);
    if (n < 0)
        ps_json_null(j);
    else
        ps_json_i64(j, n);
}

static inline void put_double(struct ps_json *j, const char *key, bool defined, double v)
{
    ps_json_key(j, key);
    if (defined)
        ps_json_double(j, v);
    else
        ps_json_null(j);
}

static inline void put_end(struct ps_json *j, const char *key, const char *host, const struct ps_addr *a)
{
    char text[PS_ADDR_STRLEN];
    ps_json_put_open(j, key, '{');
    ps_json_put_str(j, "host", host);
    ps_json_put_str(j, "address", a->len ? ps_addr_host(a, text) : NULL);
    put_count(j, "port", a->len ? ps_addr_port(a) : -1);
    ps_json_close(j, '}');
}

// Keys of members that two kinds of documents write in different ways.
struct report_keys {
    const char *self_delay, *source;
};

// Null for what is not known: the other end's, or what a file does not tell. The bound is not below the error that
// the packets told, whose form rounds up, and which a clock may estimate higher than its own maximum.
static inline void put_here(struct ps_json *j, const struct report_keys *keys, const struct ow_here *here,
                            double error)
{
    put_double(j, "bound", here->known, here->bound > error ? here->bound : error);
    ps_json_put_str(j, "stamps", here->stamps);
    ps_json_put_open(j, keys->self_delay, '{');
    put_count(j, "samples", here->known ? (int64_t)here->samples : -1);
    put_double(j, "median", here->samples > 0, here->median);
    put_double(j, "p99", here->samples > 0, here->p99);
    ps_json_close(j, '}');
    ps_json_key(j, keys->source);
    ow_source_json(j, &here->source);
}

static inline void put_clock(struct ps_json *j, const char *key, const struct report_clock *c,
                             const struct report_keys *keys, const struct ow_here *here)
{
    ps_json_put_open(j, key, '{');
    ps_json_key(j, "synced");
    if (c->any)
        ps_json_bool(j, c->synced);
    else
        ps_json_null(j);
    put_double(j, "error", c->any, c->error);
    put_here(j, keys, here, c->any ? c->error : 0);
    ps_json_close(j, '}');
}

// Which of the ends this host is.
static inline const struct ow_here *here_if(bool is, const struct ow_here *here)
{
    static const struct ow_here unknown = {.known = false};
    return is ? here : &unknown;
}

static inline bool direction_is(const char *direction, const char *which)
{
    return direction != NULL && strcmp(direction, which) == 0;
}
