// SPDX-License-Identifier: Apache-2.0
// Documents of others: every value is asked for as everything. The first octet bounds what is wanted.
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "fuzz.h"
#include "json/ps_jdoc.h"

static const char *const words[] = {"open", "encrypted"};

static void ask(struct ps_jnode n, uint8_t bound, struct ps_fault *fault)
{
    char path[64];
    const char *s;
    uint64_t u;
    int64_t i;
    double d;
    size_t len;
    bool b;

    if (ps_jnode_u64(n, 0, UINT64_MAX, &u, fault) == 0 && u <= INT64_MAX &&
        (ps_jnode_i64(n, INT64_MIN, INT64_MAX, &i, fault) != 0 || (uint64_t)i != u))
        abort();
    if (ps_jnode_double(n, -INFINITY, INFINITY, &d, fault) == 0 && !isfinite(d))
        abort();
    if (ps_jnode_str(n, bound, SIZE_MAX, &s, fault) == 0 && strlen(s) < bound)
        abort();
    ps_jnode_u64(n, bound, 2 * bound, &u, fault);
    ps_jnode_i64(n, -bound, bound, &i, fault);
    ps_jnode_double(n, 0, bound, &d, fault);
    ps_jnode_bool(n, &b, fault);
    ps_jnode_word(n, words, 2, &len, fault);
    ps_jnode_path(n, path, sizeof path);
    ps_jnode_line(n);
}

// A value passed on as its octets is a document with the same values.
static void reread(struct ps_jnode n)
{
    struct ps_jdoc *doc;
    size_t len;
    const char *raw = ps_jnode_raw(n, &len);

    if (ps_jdoc_parse(&doc, NULL, raw, len, NULL) != 0)
        abort();
    if (ps_jnode_count(ps_jdoc_root(doc)) != ps_jnode_count(n))
        abort();
    ps_jdoc_free(doc);
}

static void get(struct ps_jnode n, struct ps_fault *fault)
{
    struct ps_jget g;

    ps_jget_init(&g, n, fault);
    ps_jget_str(&g, "host", 1, 255, "");
    ps_jget_object(&g, "limits");
    ps_jneed_double(&g, "interval", 0.001, 3600);
    ps_jneed_array(&g, "streams");
    ps_jget_end(&g);
}

static void walk(struct ps_jnode n, uint8_t bound, struct ps_fault *fault)
{
    ask(n, bound, fault);
    get(n, fault);
    for (struct ps_jnode m = ps_jnode_first(n); ps_jnode_there(m); m = ps_jnode_next(m))
        walk(m, bound, fault);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ps_jdoc *doc = NULL;
    struct ps_fault fault;
    int err;

    if (size == 0)
        return 0;
    err = ps_jdoc_parse(&doc, "fuzz", (const char *)data + 1, size - 1, &fault);
    // A string that the scan has passed cJSON must take.
    if (err == -ENOMEM)
        abort();
    if (err)
        return 0;
    walk(ps_jdoc_root(doc), data[0], &fault);
    reread(ps_jdoc_root(doc));
    ps_jdoc_free(doc);
    return 0;
}
