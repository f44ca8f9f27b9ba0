// SPDX-License-Identifier: Apache-2.0
// The grammar. cJSON takes more than JSON (and more than is good for it), keeps no places, makes doubles of all
// numbers, and each value a few allocations; so it gets nothing but strings with escapes, which were checked here.
#include <cjson/cJSON.h>
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "base/ps_near.h"
#include "json/ps_jdoc_impl.h"

#define WORD_MAX 24      // of a wrong word, for its message
#define FIRST_VALUES 128 // room for them at first

struct scan {
    struct ps_jdoc *doc;
    struct ps_fault *fault;
    const char *p, *end;
    uint32_t cap;
};

static size_t here(const struct scan *s)
{
    return (size_t)(s->p - s->doc->text);
}

// There is a NUL at the end, and no other (check_octets): what is no NUL is not the end.
static bool is_digit(const struct scan *s)
{
    return *s->p >= '0' && *s->p <= '9';
}

static bool at(const struct scan *s, char c)
{
    return *s->p == c;
}

static void skip_blanks(struct scan *s)
{
    while (*s->p == ' ' || *s->p == '\t' || *s->p == '\n' || *s->p == '\r')
        s->p++;
}

// faults

static bool in_word(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           (unsigned char)c >= 0x80;
}

// What stands here, in words: a whole word if there is one.
static const char *found(const struct scan *s, char out[WORD_MAX + 8])
{
    size_t n = 0;
    char *w = out;

    if (s->p == s->end)
        return "the end";
    while (s->p + n < s->end && in_word(s->p[n]))
        n++;
    *w++ = '\'';
    ps_jclean(s->p, n > 0 ? n : 1, w, WORD_MAX);
    w += strlen(w);
    *w++ = '\'';
    *w = '\0';
    return out;
}

static int fail_wants(const struct scan *s, const char *what)
{
    char got[WORD_MAX + 8];

    if (at(s, '/'))
        ps_jdoc_fault(s->doc, here(s), s->fault,
                      "JSON has no comments; a key that begins with '#' can hold one");
    else
        ps_jdoc_fault(s->doc, here(s), s->fault, "wants %s; got %s", what, found(s, got));
    return PS_ESYNTAX;
}

static int fail(const struct scan *s, int err, const char *what)
{
    ps_jdoc_fault(s->doc, here(s), s->fault, "%s", what);
    return err;
}

// strings

static int hex4(const char *p, const char *end, unsigned *out)
{
    static const char digits[] = "0123456789abcdef";
    unsigned v = 0;

    if (end - p < 4)
        return PS_ESYNTAX;
    for (int i = 0; i < 4; i++) {
        const char *d = memchr(digits, p[i] | (p[i] >= 'A' ? 0x20 : 0), 16);
        if (!d)
            return PS_ESYNTAX;
        v = v << 4 | (unsigned)(d - digits);
    }
    *out = v;
    return 0;
}

// Behind "\u".
static int scan_code(struct scan *s)
{
    unsigned high, low = 0;

    if (hex4(s->p, s->end, &high))
        return fail(s, PS_ESYNTAX, "\\u wants four hexadecimal digits");
    if (high == 0)
        return fail(s, PS_EMALFORMED, "a string cannot hold \\u0000");
    s->p += 4;
    if (high < 0xd800 || high > 0xdfff)
        return 0;
    if (high > 0xdbff || s->end - s->p < 2 || s->p[0] != '\\' || s->p[1] != 'u' ||
        hex4(s->p + 2, s->end, &low) || low < 0xdc00 || low > 0xdfff)
        return fail(s, PS_EMALFORMED, "half a character: \\ud800 to \\udfff come in pairs");
    s->p += 6;
    return 0;
}

static int scan_escape(struct scan *s)
{
    char c = '\0';

    s->p++;
    if (s->p < s->end)
        c = *s->p++;
    if (c == 'u')
        return scan_code(s);
    if (c && strchr("\"\\/bfnrt", c))
        return 0;
    s->p--;
    return fail(s, PS_ESYNTAX, "a backslash in a string wants one of \" \\ / b f n r t u behind it");
}

static int decode_escapes(struct scan *s, size_t start, size_t len)
{
    char *to = s->doc->decoded + start;
    cJSON *item = cJSON_ParseWithLength(s->doc->text + start, len);
    const char *value = item ? item->valuestring : NULL;
    size_t n = value ? strlen(value) : 0;
    bool fits = value && n + 2 <= len;

    if (fits)
        memcpy(to + 1, value, n + 1);
    cJSON_Delete(item);
    return fits ? 0 : fail(s, -ENOMEM, "out of memory");
}

// A whole string, with its quotes.
static int decode(struct scan *s, const char *start, bool escapes)
{
    size_t at = (size_t)(start - s->doc->text), len = (size_t)(s->p - start);

    s->doc->decoded[at + len - 1] = '\0';
    return escapes ? decode_escapes(s, at, len) : 0;
}

// The next octet that is not as it is in a string: a quote, a backslash, a control character or the end.
static const char *skip_letters(const char *p)
{
    static const uint64_t ones = UINT64_C(0x0101010101010101), highs = ones << 7;

    for (;; p += 8) {
        uint64_t eight, found;
        memcpy(&eight, p, 8);
        eight = le64toh(eight);
        // The lowest octet of which this finds the high bit is one of them; above it there may be errors.
        found = (((eight ^ ones * '"') - ones) & ~(eight ^ ones * '"')) |
                (((eight ^ ones * '\\') - ones) & ~(eight ^ ones * '\\')) | ((eight - ones * 0x20) & ~eight);
        if (found & highs)
            return p + __builtin_ctzll(found & highs) / 8;
    }
}

static int scan_string(struct scan *s)
{
    const char *start = s->p++;
    bool escapes = false;
    int err = 0;

    while (!err && (s->p = skip_letters(s->p), *s->p == '\\')) {
        err = scan_escape(s);
        escapes = true;
    }
    if (err)
        return err;
    if (at(s, '"')) {
        s->p++;
        return decode(s, start, escapes);
    }
    if (at(s, '\t'))
        return fail(s, PS_ESYNTAX, "a tab in a string is written \\t");
    if (s->p < s->end && *s->p != '\n' && *s->p != '\r')
        return fail(s, PS_ESYNTAX, "a control character in a string is written \\u and four digits");
    s->p = start;
    return fail(s, PS_ESYNTAX, "the string is not closed on its line");
}

// numbers and words

static int scan_digits(struct scan *s)
{
    if (!is_digit(s))
        return fail_wants(s, "a digit");
    while (is_digit(s))
        s->p++;
    return 0;
}

static int scan_number(struct scan *s)
{
    const char *start = s->p;
    int err = 0;

    if (at(s, '-'))
        s->p++;
    if (at(s, '0') && s->end - s->p > 1 && s->p[1] >= '0' && s->p[1] <= '9')
        return fail(s, PS_ESYNTAX, "a number has no zeros in front");
    err = scan_digits(s);
    if (!err && at(s, '.')) {
        s->p++;
        err = scan_digits(s);
    }
    if (!err && (at(s, 'e') || at(s, 'E'))) {
        s->p++;
        if (at(s, '+') || at(s, '-'))
            s->p++;
        err = scan_digits(s);
    }
    if (!err && s->p - start > PS_JDOC_NUMBER)
        err = fail(s, PS_ELIMIT, "a number is too long");
    return err;
}

static int scan_word(struct scan *s)
{
    static const char *const words[] = {"true", "false", "null"};
    char word[WORD_MAX + 1] = "", got[WORD_MAX + 8], hint[PS_NEAR_HINT];
    size_t n = 0;

    while (s->p + n < s->end && n < WORD_MAX && in_word(s->p[n]))
        n++;
    memcpy(word, s->p, n);
    for (size_t i = 0; i < 3; i++) {
        if (strcmp(word, words[i]) != 0)
            continue;
        s->p += n;
        return 0;
    }
    if (n == 0)
        return fail_wants(s, "a value");
    ps_jdoc_fault(s->doc, here(s), s->fault, "wants a value; got %s%s", found(s, got),
                  ps_near_hint(word, words, 3, hint));
    return PS_ESYNTAX;
}

// values

static int add_value(struct scan *s, uint32_t parent, uint32_t nth, uint32_t key)
{
    struct ps_jdoc *doc = s->doc;
    struct ps_jvalue *more;

    if (doc->nvalues == PS_JDOC_VALUES)
        return fail(s, PS_ELIMIT, "too many values");
    if (doc->nvalues == s->cap) {
        s->cap = s->cap ? 2 * s->cap : FIRST_VALUES;
        more = realloc(doc->values, s->cap * sizeof *more);
        if (!more)
            return fail(s, -ENOMEM, "out of memory");
        doc->values = more;
    }
    doc->values[doc->nvalues++] =
        (struct ps_jvalue){.start = (uint32_t)here(s), .parent = parent, .nth = nth, .key = key};
    if (key)
        doc->values[doc->nvalues - 1].key_len = (uint32_t)strlen(doc->decoded + key);
    return 0;
}

static int scan_value(struct scan *s, uint32_t parent, uint32_t nth, uint32_t key, int depth);

// *key: where it is decoded.
static int scan_key(struct scan *s, uint32_t *key)
{
    int err;

    if (!at(s, '"'))
        return fail_wants(s, "a key in double quotes");
    *key = (uint32_t)here(s) + 1;
    err = scan_string(s);
    if (err)
        return err;
    skip_blanks(s);
    if (!at(s, ':'))
        return fail_wants(s, "':' behind a key");
    s->p++;
    return 0;
}

// Behind a member: 1 when another one follows.
static int scan_comma(struct scan *s, char close, size_t opened)
{
    char what[] = "',' or ']' behind a member";

    skip_blanks(s);
    if (at(s, close))
        return 0;
    if (s->p == s->end) {
        ps_jdoc_fault(s->doc, opened, s->fault, "the '%c' is never closed", close == ']' ? '[' : '{');
        return PS_ESYNTAX;
    }
    what[8] = close;
    if (!at(s, ','))
        return fail_wants(s, what);
    s->p++;
    skip_blanks(s);
    if (at(s, close))
        return fail(s, PS_ESYNTAX, "a comma too many behind the last member");
    return 1;
}

static int scan_members(struct scan *s, uint32_t self, int depth)
{
    size_t opened = here(s);
    bool object = *s->p == '{';
    char close = object ? '}' : ']';
    int more = 1;

    if (depth == PS_JDOC_DEPTH)
        return fail(s, PS_ELIMIT, "too many arrays and objects inside each other");
    s->p++;
    skip_blanks(s);
    if (at(s, close))
        more = 0;
    for (uint32_t nth = 0; more > 0; nth++) {
        uint32_t key = 0;
        int err = object ? scan_key(s, &key) : 0;
        if (!err)
            err = scan_value(s, self, nth, key, depth + 1);
        more = err ? err : scan_comma(s, close, opened);
    }
    if (more == 0)
        s->p++;
    return more;
}

static int scan_value(struct scan *s, uint32_t parent, uint32_t nth, uint32_t key, int depth)
{
    uint32_t self = s->doc->nvalues;
    int err;

    skip_blanks(s);
    err = add_value(s, parent, nth, key);
    if (err)
        return err;
    if (at(s, '{') || at(s, '['))
        err = scan_members(s, self, depth);
    else if (at(s, '"'))
        err = scan_string(s);
    else if (at(s, '-') || is_digit(s))
        err = scan_number(s);
    else
        err = scan_word(s);
    s->doc->values[self].len = (uint32_t)here(s) - s->doc->values[self].start;
    s->doc->values[self].next = s->doc->nvalues;
    return err;
}

// octets

// Octets of the character at p; 0 if it is not UTF-8 (a form too long, a surrogate, past the last code
// point, cut off).
static size_t character(const unsigned char *p, size_t left)
{
    size_t n = p[0] < 0x80 ? 1 : p[0] < 0xc2 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : p[0] < 0xf5 ? 4 : 0;

    if (n > left)
        return 0;
    for (size_t i = 1; i < n; i++)
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) || (p[0] == 0xf0 && p[1] < 0x90) ||
        (p[0] == 0xf4 && p[1] > 0x8f))
        return 0;
    return n;
}

// ASCII without an octet of value 0, eight at a time.
static const char *skip_plain(const char *p, const char *end)
{
    static const uint64_t ones = UINT64_C(0x0101010101010101), highs = ones << 7;

    for (uint64_t eight; end - p >= 8; p += 8) {
        memcpy(&eight, p, 8);
        if ((eight | (eight - ones)) & highs)
            break;
    }
    return p;
}

static int check_octets(struct scan *s)
{
    const char *start = s->p;

    while (s->p = skip_plain(s->p, s->end), s->p < s->end) {
        size_t n = character((const unsigned char *)s->p, (size_t)(s->end - s->p));
        if (*s->p == '\0')
            return fail(s, PS_EMALFORMED, "an octet of value 0");
        if (n == 0) {
            ps_jdoc_fault(s->doc, here(s), s->fault, "octet 0x%02x is not UTF-8", (unsigned char)*s->p);
            return PS_EMALFORMED;
        }
        s->p += n;
    }
    s->p = start;
    return 0;
}

int ps_jscan(struct ps_jdoc *doc, struct ps_fault *fault)
{
    struct scan s = {.doc = doc, .fault = fault, .p = doc->text, .end = doc->text + doc->len};
    int err = check_octets(&s);

    if (err)
        return err;
    if (doc->len >= 3 && memcmp(s.p, "\xef\xbb\xbf", 3) == 0) // a byte order mark, as some editors leave
        s.p += 3;
    skip_blanks(&s);
    if (s.p == s.end)
        return fail(&s, PS_ESYNTAX, "wants a JSON document; got nothing");
    err = scan_value(&s, 0, 0, 0, 0);
    skip_blanks(&s);
    if (!err && s.p < s.end)
        err = fail_wants(&s, "nothing more behind the document");
    return err;
}
