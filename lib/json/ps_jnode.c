// SPDX-License-Identifier: Apache-2.0
// Values of nodes, and the words for what is wrong with them.
#include <assert.h>
#include <float.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "base/ps_err.h"
#include "base/ps_near.h"
#include "base/ps_num.h"
#include "json/ps_jdoc_impl.h"

#define PATH_MAX_SHOWN 160
#define KEY_SHOWN 72
#define VALUE_SHOWN 48
#define WORDS_SHOWN 200
#define EXPONENT_MAX 100000

// words

const char *ps_jtype_words(enum ps_jtype type)
{
    switch (type) {
    case PS_JTYPE_NONE:
        break;
    case PS_JTYPE_NULL:
        return "null";
    case PS_JTYPE_BOOL:
        return "true or false";
    case PS_JTYPE_NUMBER:
        return "a number";
    case PS_JTYPE_STRING:
        return "a string";
    case PS_JTYPE_ARRAY:
        return "an array";
    case PS_JTYPE_OBJECT:
        return "an object";
    }
    return "nothing";
}

// C0, DEL, and C1 as UTF-8 has it.
static bool controls(const unsigned char *p, size_t left)
{
    return p[0] < 0x20 || p[0] == 0x7f || (p[0] == 0xc2 && left > 1 && p[1] < 0xa0);
}

const char *ps_jclean(const char *text, size_t len, char *out, size_t size)
{
    size_t n = len;

    if (len >= size)
        for (n = size - 4; n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80; n--)
            ;
    memcpy(out, text, n);
    strcpy(out + n, n < len ? "..." : "");
    for (size_t i = 0; i < n; i++)
        if (controls((const unsigned char *)out + i, n - i))
            memset(out + i, '?', (unsigned char)out[i] == 0xc2 ? 2 : 1);
    return out;
}

static bool plain_key(const char *key)
{
    return key[0] &&
           strspn(key, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-#") == strlen(key);
}

static void key_step(const char *key, char out[KEY_SHOWN + 8])
{
    char shown[KEY_SHOWN];

    ps_jclean(key, strlen(key), shown, sizeof shown);
    snprintf(out, KEY_SHOWN + 8, plain_key(key) ? ".%s" : "[\"%s\"]", shown);
}

// One step of a path: ".key", "[\"odd key\"]" or "[3]".
static void path_step(struct ps_jnode n, char out[KEY_SHOWN + 8])
{
    const char *key = ps_jnode_key(n);

    if (key)
        key_step(key, out);
    else
        snprintf(out, KEY_SHOWN + 8, "[%" PRIu32 "]", n.doc->values[n.at].nth);
}

// Puts text before what ends at out[*at]; false: did not fit, and "..." stands for all that is missing.
static bool prepend(char *out, size_t *at, const char *text)
{
    size_t n = strlen(text);
    bool fits = n + 3 <= *at;

    if (!fits) {
        text = "...";
        n = 3;
    }
    *at -= n;
    memcpy(out + *at, text, n);
    return fits;
}

// key: NULL or a member of n that is not there.
static const char *path_of(struct ps_jnode n, const char *key, char *out, size_t size)
{
    size_t at = size - 1;
    char step[KEY_SHOWN + 8];
    bool fits = true;

    assert(size >= 8);
    out[at] = '\0';
    if (key) {
        key_step(key, step);
        fits = prepend(out, &at, step);
    }
    for (; n.doc && n.at != 0 && fits; n.at = n.doc->values[n.at].parent) {
        path_step(n, step);
        fits = prepend(out, &at, step);
    }
    if (fits && out[at] == '.')
        at++;
    memmove(out, out + at, size - at);
    if (!out[0])
        snprintf(out, size, "%s", n.doc ? "the document" : "nothing");
    return out;
}

const char *ps_jnode_path(struct ps_jnode n, char *out, size_t size)
{
    return path_of(n, NULL, out, size);
}

void ps_jnode_vfault(struct ps_jnode n, const char *key, struct ps_fault *fault, const char *fmt, va_list ap)
{
    char path[PATH_MAX_SHOWN], text[sizeof fault->text];

    vsnprintf(text, sizeof text, fmt, ap);
    if (n.doc)
        ps_jdoc_fault(n.doc, n.doc->values[n.at].start, fault, "%s: %s", path_of(n, key, path, sizeof path),
                      text);
    else if (fault)
        ps_fault_set(fault, NULL, 0, "%s", text);
}

void ps_jnode_fault(struct ps_jnode n, struct ps_fault *fault, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    ps_jnode_vfault(n, NULL, fault, fmt, ap);
    va_end(ap);
}

// values

// A scalar as it was written, a container by its name.
static const char *shown(struct ps_jnode n, char out[VALUE_SHOWN])
{
    enum ps_jtype type = ps_jnode_type(n);
    const char *raw;
    size_t len;

    if (type == PS_JTYPE_NONE || type == PS_JTYPE_ARRAY || type == PS_JTYPE_OBJECT)
        return ps_jtype_words(type);
    raw = ps_jnode_raw(n, &len);
    return ps_jclean(raw, len, out, VALUE_SHOWN);
}

// Who does not want the words is spared the making of them: many a member is asked for that need not be there.
static int refuse(struct ps_jnode n, int err)
{
    return ps_jnode_there(n) ? err : PS_ENOTFOUND;
}

static int fail_wants(struct ps_jnode n, int err, const char *what, struct ps_fault *fault)
{
    char got[VALUE_SHOWN];

    if (fault)
        ps_jnode_fault(n, fault, "wants %s; got %s", what, shown(n, got));
    return refuse(n, err);
}

int ps_jnode_want(struct ps_jnode n, enum ps_jtype type, struct ps_fault *fault)
{
    if (ps_jnode_type(n) == type)
        return 0;
    return fail_wants(n, PS_EMALFORMED, ps_jtype_words(type), fault);
}

int ps_jnode_need(struct ps_jnode object, const char *key, struct ps_jnode *out, struct ps_fault *fault)
{
    int err = ps_jnode_want(object, PS_JTYPE_OBJECT, fault);

    if (err)
        return err;
    *out = ps_jnode_member(object, key);
    if (ps_jnode_there(*out))
        return 0;
    ps_jnode_fault(object, fault, "'%s' is missing", key);
    return PS_EMALFORMED;
}

static const char *string_of(struct ps_jnode n)
{
    return ps_jnode_type(n) == PS_JTYPE_STRING ? n.doc->decoded + n.doc->values[n.at].start + 1 : NULL;
}

int ps_jnode_str(struct ps_jnode n, size_t min, size_t max, const char **out, struct ps_fault *fault)
{
    const char *s = string_of(n);
    size_t len = s ? strlen(s) : 0;
    char what[80] = "a string";

    if (s && len >= min && len <= max) {
        *out = s;
        return 0;
    }
    if (!fault)
        return refuse(n, s ? PS_ERANGE : PS_EMALFORMED);
    if (max < SIZE_MAX && min == 0)
        snprintf(what, sizeof what, "a string of at most %zu octets", max);
    else if (max < SIZE_MAX)
        snprintf(what, sizeof what, "a string of %zu to %zu octets", min, max);
    else if (min == 1)
        snprintf(what, sizeof what, "a string that is not empty");
    else if (min > 1)
        snprintf(what, sizeof what, "a string of at least %zu octets", min);
    return fail_wants(n, s ? PS_ERANGE : PS_EMALFORMED, what, fault);
}

int ps_jnode_bool(struct ps_jnode n, bool *out, struct ps_fault *fault)
{
    int err = ps_jnode_want(n, PS_JTYPE_BOOL, fault);

    if (!err)
        *out = n.doc->text[n.doc->values[n.at].start] == 't';
    return err;
}

// The text of a number with a NUL; false: it is none.
static bool number_text(struct ps_jnode n, char out[PS_JDOC_NUMBER + 1])
{
    const char *raw;
    size_t len;

    if (ps_jnode_type(n) != PS_JTYPE_NUMBER)
        return false;
    raw = ps_jnode_raw(n, &len);
    memcpy(out, raw, len);
    out[len] = '\0';
    return true;
}

// A decimal number as digits * 10^power, without zeros at the digits' end.
struct decimal {
    bool negative;
    char digits[PS_JDOC_NUMBER + 1];
    size_t n;
    int power;
};

static int exponent(const char *s)
{
    int sign = *s == '-' ? -1 : 1, e = 0;

    s += strspn(s, "+-");
    for (; *s; s++)
        if (e < EXPONENT_MAX)
            e = 10 * e + (*s - '0');
    return sign * e;
}

static void take_apart(const char *s, struct decimal *d)
{
    int fraction = 0;

    *d = (struct decimal){.negative = *s == '-'};
    for (s += d->negative; *s && *s != 'e' && *s != 'E'; s++) {
        if (*s == '.') {
            fraction = 1;
            continue;
        }
        d->digits[d->n++] = *s;
        d->power -= fraction;
    }
    if (*s)
        d->power += exponent(s + 1);
    while (d->n > 0 && d->digits[d->n - 1] == '0') {
        d->n--;
        d->power++;
    }
}

// 0, PS_EMALFORMED if it is not whole, PS_ERANGE if it does not fit.
static int whole(const char *text, bool *negative, uint64_t *out)
{
    struct decimal d;
    uint64_t v = 0;

    take_apart(text, &d);
    if (d.n > 0 && d.power < 0)
        return PS_EMALFORMED;
    for (size_t i = 0; d.n > 0 && i < d.n + (size_t)d.power; i++) {
        unsigned digit = i < d.n ? (unsigned)(d.digits[i] - '0') : 0;
        if (v > (UINT64_MAX - digit) / 10)
            return PS_ERANGE;
        v = 10 * v + digit;
    }
    *negative = d.negative && v > 0;
    *out = v;
    return 0;
}

int ps_jnode_u64(struct ps_jnode n, uint64_t min, uint64_t max, uint64_t *out, struct ps_fault *fault)
{
    char text[PS_JDOC_NUMBER + 1], what[80];
    bool negative = false;
    uint64_t v = 0;
    int err = number_text(n, text) ? whole(text, &negative, &v) : PS_EMALFORMED;

    if (!err && (negative || v < min || v > max))
        err = PS_ERANGE;
    if (!err) {
        *out = v;
        return 0;
    }
    if (!fault)
        return refuse(n, err);
    if (max == UINT64_MAX)
        snprintf(what, sizeof what, "an integer of at least %" PRIu64, min);
    else
        snprintf(what, sizeof what, "an integer from %" PRIu64 " to %" PRIu64, min, max);
    return fail_wants(n, err, what, fault);
}

static int with_sign(bool negative, uint64_t magnitude, int64_t *out)
{
    if (magnitude > (uint64_t)INT64_MAX + (uint64_t)negative)
        return PS_ERANGE;
    *out = (int64_t)(negative ? 0 - magnitude : magnitude);
    return 0;
}

int ps_jnode_i64(struct ps_jnode n, int64_t min, int64_t max, int64_t *out, struct ps_fault *fault)
{
    char text[PS_JDOC_NUMBER + 1], what[80] = "an integer";
    bool negative = false;
    uint64_t magnitude = 0;
    int64_t v = 0;
    int err = number_text(n, text) ? whole(text, &negative, &magnitude) : PS_EMALFORMED;

    if (!err)
        err = with_sign(negative, magnitude, &v);
    if (!err && (v < min || v > max))
        err = PS_ERANGE;
    if (!err) {
        *out = v;
        return 0;
    }
    if (!fault)
        return refuse(n, err);
    if (max < INT64_MAX)
        snprintf(what, sizeof what, "an integer from %" PRId64 " to %" PRId64, min, max);
    else if (min > INT64_MIN)
        snprintf(what, sizeof what, "an integer of at least %" PRId64, min);
    return fail_wants(n, err, what, fault);
}

int ps_jnode_double(struct ps_jnode n, double min, double max, double *out, struct ps_fault *fault)
{
    char text[PS_JDOC_NUMBER + 1], what[80] = "a number";
    int err = number_text(n, text) ? ps_num_double(text, min, max, out) : PS_EMALFORMED;

    if (!err)
        return 0;
    if (!fault)
        return refuse(n, err);
    if (min > -DBL_MAX && max < DBL_MAX)
        snprintf(what, sizeof what, "a number from %.15g to %.15g", min, max);
    else if (min > -DBL_MAX)
        snprintf(what, sizeof what, "a number of at least %.15g", min);
    else if (max < DBL_MAX)
        snprintf(what, sizeof what, "a number of at most %.15g", max);
    return fail_wants(n, err, what, fault);
}

static void list_words(const char *const *words, size_t nwords, char out[WORDS_SHOWN])
{
    size_t used = (size_t)snprintf(out, WORDS_SHOWN, "one of");

    for (size_t i = 0; i < nwords && used < WORDS_SHOWN; i++)
        used += (size_t)snprintf(out + used, WORDS_SHOWN - used, "%s \"%s\"", i ? "," : "", words[i]);
    if (used >= WORDS_SHOWN)
        strcpy(out + WORDS_SHOWN - 4, "...");
}

int ps_jnode_word(struct ps_jnode n, const char *const *words, size_t nwords, size_t *out,
                  struct ps_fault *fault)
{
    char what[WORDS_SHOWN], got[VALUE_SHOWN], hint[PS_NEAR_HINT];
    const char *s = string_of(n);

    for (size_t i = 0; s && i < nwords; i++) {
        if (strcmp(s, words[i]) == 0) {
            *out = i;
            return 0;
        }
    }
    list_words(words, nwords, what);
    if (!s)
        return fail_wants(n, PS_EMALFORMED, what, fault);
    ps_jnode_fault(n, fault, "wants %s; got %s%s", what, shown(n, got), ps_near_hint(s, words, nwords, hint));
    return PS_EUNKNOWN;
}
