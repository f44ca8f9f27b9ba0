// SPDX-License-Identifier: Apache-2.0
#include "psarchive/hist_pack.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"

// Orders of codes and bits of fields; doc/psarchive-format.md tells what they are.
#define ORDER_N 4
#define ORDER_FIRST 10
#define ORDER_LEN 3
#define ORDER_COUNT 4
#define ORDER_PEAK 6
#define BITS_DECIMALS 4
#define BITS_ORDER 4
#define ORDER_MAX 15
#define DENSE 4 // a count from which on the next bucket is likely to be the next key
#define NUMBER_MAX ((int64_t)1 << 58)

// All keys are numbers of as many decimals. They are sorted by that.
static bool is_plain(const struct es_hist *h)
{
    return h->n == 0 || (h->at[0].decimals == h->at[h->n - 1].decimals && h->at[0].decimals != ES_HIST_TEXT);
}

static uint64_t distance(const struct es_hist *h, size_t i)
{
    return (uint64_t)h->at[i].number - (uint64_t)h->at[i - 1].number - 1;
}

// What is to be known of all buckets before the first is written.
struct survey {
    bool zeros;        // there is a count of 0
    uint64_t apart, n; // of the distances behind small counts: their sum, and how many there are
};

static struct survey survey(const struct es_hist *h)
{
    struct survey s = {.zeros = h->at[0].count == 0};
    for (size_t i = 1; i < h->n; i++) {
        bool sparse = h->at[i - 1].count < DENSE;
        s.zeros |= h->at[i].count == 0;
        s.apart += sparse ? distance(h, i) : 0;
        s.n += sparse;
    }
    return s;
}

// The order for the distances between keys that lie apart: the best of those about their mean.
static unsigned best_order(const struct es_hist *h, const struct survey *s)
{
    uint64_t bits[3] = {0};
    unsigned first = s->n > 0 ? bits_length(s->apart / s->n) : 0;
    first = first < 2 ? 0 : first > ORDER_MAX ? ORDER_MAX - 2 : first - 2;
    for (size_t i = 1; s->n > 0 && i < h->n; i++) {
        if (h->at[i - 1].count >= DENSE)
            continue;
        for (unsigned k = 0; k < 3; k++)
            bits[k] += bits_golomb_cost(distance(h, i), first + k);
    }
    return bits[0] <= bits[1] ? first : first + (bits[1] <= bits[2] ? 1 : 2);
}

// A count is of the size of the one before.
static unsigned count_order(uint64_t before)
{
    unsigned len = bits_length(before);
    return len > 1 ? len - 1 : 0;
}

static void pack_plain(struct bitput *w, const struct es_hist *h)
{
    const struct survey s = survey(h);
    unsigned apart = best_order(h, &s), less = !s.zeros;
    uint64_t before = h->at[0].count;
    bitput(w, h->at[0].decimals, BITS_DECIMALS);
    bitput_golomb(w, bits_zigzag(h->at[0].number), ORDER_FIRST);
    bitput(w, s.zeros, 1);
    bitput_golomb(w, before - less, ORDER_PEAK);
    if (h->n > 1)
        bitput(w, apart, BITS_ORDER);
    for (size_t i = 1; i < h->n; i++) {
        bitput_golomb2(w, distance(h, i), before >= DENSE ? 0 : apart, h->at[i].count - less,
                       count_order(before));
        before = h->at[i].count;
    }
}

static void pack_mixed(struct bitput *w, const struct es_hist *h)
{
    for (size_t i = 0; i < h->n; i++) {
        const struct es_hist_bucket *b = &h->at[i];
        bitput(w, b->decimals == ES_HIST_TEXT, 1);
        if (b->decimals == ES_HIST_TEXT) {
            size_t len = strlen(b->text);
            bitput_golomb(w, len, ORDER_LEN);
            bitput_octets(w, b->text, len);
        } else {
            bitput(w, b->decimals, BITS_DECIMALS);
            bitput_golomb(w, bits_zigzag(b->number), ORDER_FIRST);
        }
        bitput_golomb(w, b->count, ORDER_COUNT);
    }
}

void hist_pack(struct bitput *w, const struct es_hist *h)
{
    bool plain = is_plain(h);
    bitput_golomb(w, h->n, ORDER_N);
    if (h->n == 0)
        return;
    bitput(w, !plain, 1);
    if (plain)
        pack_plain(w, h);
    else
        pack_mixed(w, h);
}

// --- back

static int64_t get_number(struct bitget *r)
{
    int64_t v = bits_unzigzag(bitget_golomb(r, ORDER_FIRST));
    if (v > NUMBER_MAX || v < -NUMBER_MAX)
        bitget_fail(r, PS_EMALFORMED);
    return v;
}

static void unpack_plain(struct bitget *r, struct es_hist *h, size_t n)
{
    uint8_t decimals = (uint8_t)bitget(r, BITS_DECIMALS);
    int64_t number = get_number(r);
    uint64_t less = bitget(r, 1) == 0;
    uint64_t count = bitget_golomb(r, ORDER_PEAK) + less;
    unsigned apart = n > 1 ? (unsigned)bitget(r, BITS_ORDER) : 0;
    h->at[h->n++] = (struct es_hist_bucket){.decimals = decimals, .number = number, .count = count};
    while (h->n < n && r->err == 0) {
        uint64_t more = bitget_golomb(r, count >= DENSE ? 0 : apart) + 1;
        if (more > (uint64_t)(NUMBER_MAX - number)) {
            bitget_fail(r, PS_EMALFORMED);
            return;
        }
        number += (int64_t)more;
        count = bitget_golomb(r, count_order(count)) + less;
        h->at[h->n++] = (struct es_hist_bucket){.decimals = decimals, .number = number, .count = count};
    }
}

static char *get_text(struct bitget *r)
{
    uint64_t len = bitget_golomb(r, ORDER_LEN);
    char *text = len <= ES_HIST_KEY_MAX ? calloc(1, ES_HIST_KEY_MAX + 1) : NULL;
    if (text == NULL)
        bitget_fail(r, len <= ES_HIST_KEY_MAX ? -ENOMEM : PS_EMALFORMED);
    else
        bitget_octets(r, text, len);
    return text;
}

static void unpack_mixed(struct bitget *r, struct es_hist *h, size_t n)
{
    for (size_t i = 0; i < n && r->err == 0; i++) {
        struct es_hist_bucket *b = &h->at[h->n];
        *b = (struct es_hist_bucket){0};
        if (bitget(r, 1) == 1) {
            b->decimals = ES_HIST_TEXT;
            b->text = get_text(r);
        } else {
            b->decimals = (uint8_t)bitget(r, BITS_DECIMALS);
            b->number = get_number(r);
        }
        b->count = bitget_golomb(r, ORDER_COUNT);
        h->n++;
    }
}

int hist_unpack(struct bitget *r, struct es_hist *out)
{
    es_hist_init(out);
    uint64_t n = bitget_golomb(r, ORDER_N);
    if (n > bitget_left(r) * 8 + 1) // a bucket takes a bit at least
        bitget_fail(r, PS_EMALFORMED);
    if (r->err != 0 || n == 0)
        return r->err;
    bool mixed = bitget(r, 1) == 1;
    out->at = malloc(n * sizeof *out->at);
    if (out->at == NULL) {
        bitget_fail(r, -ENOMEM);
        return r->err;
    }
    out->cap = n;
    if (mixed)
        unpack_mixed(r, out, n);
    else
        unpack_plain(r, out, n);
    if (r->err == 0 && mixed && es_hist_settle(out) != 0)
        bitget_fail(r, PS_EMALFORMED);
    if (r->err != 0)
        es_hist_fini(out);
    return r->err;
}
