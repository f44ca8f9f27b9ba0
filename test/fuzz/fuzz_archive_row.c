// SPDX-License-Identifier: Apache-2.0
// What stands in an archive's database: rows, roll-ups and metadata. The first octet chooses. What can be read
// can be written again, and is then read as the same.
#include <stdlib.h>
#include <string.h>
#include "fuzz.h"
#include "psarchive/rollup.h"
#include "psarchive/row.h"

static void describe(struct es_reg *r)
{
    static const char *const events[] = {"packet-count-sent", "packet-count-lost", "packet-loss-rate",
                                         "histogram-owdelay", "time-error-estimates"};
    es_reg_init(r);
    for (size_t i = 0; i < sizeof events / sizeof *events; i++) {
        int e = es_event_find(events[i]);
        enum es_summary_type type =
            es_event_kind(e) == ES_EVENT_FLOAT ? ES_SUMMARY_AVERAGE : ES_SUMMARY_AGGREGATION;
        if (es_reg_summary(r, e, type, 300) != 0)
            abort();
    }
    if (es_reg_event(r, es_event_find("failures")) != 0)
        abort();
}

static void row(const struct meta *m, const uint8_t *data, size_t size)
{
    struct row a, b;
    struct bitput w;
    if (row_unpack(data, size, m, NULL, UINT64_MAX, &a) != 0)
        return;
    bitput_init(&w);
    bool texts = row_find(&a, es_event_find("failures")) != NULL; // those need phrases to be written
    if (!texts &&
        (row_pack(&w, &a, m, 0, NULL) != 0 || row_unpack(w.data, w.len, m, NULL, UINT64_MAX, &b) != 0))
        abort();
    for (size_t i = 0; !texts && i < a.n; i++)
        if (a.n != b.n || !es_value_equal(&a.at[i].value, &b.at[i].value))
            abort();
    if (!texts)
        row_fini(&b);
    bitput_fini(&w);
    row_fini(&a);
}

static void rollup(const struct meta *m, const uint8_t *data, size_t size)
{
    struct rollup *a, *b;
    struct bitput w;
    if (rollup_unpack(data, size, m, 300, &a) != 0)
        return;
    bitput_init(&w);
    if (rollup_pack(&w, a) != 0 || rollup_unpack(w.data, w.len, m, 300, &b) != 0 || !rollup_equal(a, b))
        abort();
    bitput_fini(&w);
    rollup_free(a);
    rollup_free(b);
}

static void metadata(const uint8_t *data, size_t size)
{
    struct es_reg r;
    uint8_t *again;
    size_t len;
    if (meta_unpack(data, size, &r) != 0)
        return;
    if (meta_pack(&r, &again, &len) != 0)
        abort();
    free(again);
    es_reg_fini(&r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct es_reg r;
    struct meta *m;
    if (size == 0)
        return 0;
    describe(&r);
    if (meta_new(&r, 1, 0, &m) != 0)
        abort();
    es_reg_fini(&r);
    if (data[0] % 3 == 0)
        row(m, data + 1, size - 1);
    else if (data[0] % 3 == 1)
        rollup(m, data + 1, size - 1);
    else
        metadata(data + 1, size - 1);
    meta_unref(m);
    return 0;
}
