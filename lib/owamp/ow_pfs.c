// SPDX-License-Identifier: Apache-2.0
#include "owamp/ow_pfs.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "base/ps_num.h"
#include "crypto/ps_crypto.h"

struct entry {
    char identity[OW_KEYID_LEN + 1];
    uint8_t *pass;
    size_t len;
    int line;
};

struct ow_pfs {
    struct entry *entry; // as in the file
    size_t count, cap;
    size_t *sorted; // places in entry, by identity
};

// A line of the text and its two words; identity_len 0: a comment or nothing.
struct line {
    const char *start, *end; // without the newline
    const char *next;        // where the next line begins
    size_t identity_len;
    const char *hex;
    size_t hex_len;
};

static bool blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

static const char *skip_blanks(const char *p, const char *end)
{
    while (p < end && blank(*p))
        p++;
    return p;
}

static const char *skip_word(const char *p, const char *end)
{
    while (p < end && !blank(*p))
        p++;
    return p;
}

static void cut_line(const char *p, const char *end, struct line *l)
{
    const char *newline = memchr(p, '\n', (size_t)(end - p));
    *l = (struct line){.start = p, .end = newline ? newline : end, .next = newline ? newline + 1 : end};
    const char *word = skip_blanks(p, l->end);
    if (word == l->end || *word == '#')
        return;
    const char *after = skip_word(word, l->end);
    l->identity_len = (size_t)(after - word);
    l->hex = skip_blanks(after, l->end);
    l->hex_len = (size_t)(skip_word(l->hex, l->end) - l->hex);
}

int ow_pfs_check_identity(const char *identity)
{
    size_t n = strlen(identity);
    if (n == 0 || identity[0] == '#')
        return PS_ESYNTAX;
    if (n > OW_KEYID_LEN)
        return PS_ELIMIT;
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)identity[i];
        if (c <= ' ' || c == 0x7f)
            return PS_ESYNTAX;
    }
    return 0;
}

static int take_identity(struct entry *e, const struct line *l, const char *file, struct ps_fault *fault)
{
    if (l->identity_len > OW_KEYID_LEN) {
        ps_fault_set(fault, file, e->line, "the identity has %zu octets; at most %d can be used",
                     l->identity_len, OW_KEYID_LEN);
        return PS_ELIMIT;
    }
    memcpy(e->identity, l->start, l->identity_len);
    e->identity[l->identity_len] = '\0';
    if (strlen(e->identity) != l->identity_len || ow_pfs_check_identity(e->identity)) {
        ps_fault_set(fault, file, e->line, "the identity contains an octet that is not printable");
        return PS_ESYNTAX;
    }
    return 0;
}

// Says what is wrong with the form of a line, without ever repeating the secret.
static const char *fault_of_form(const struct line *l)
{
    if (blank(*l->start))
        return "a line with an identity begins in the first column";
    if (l->hex_len == 0)
        return "the pass-phrase is missing: IDENTITY, a blank, hexadecimal digits";
    if (skip_blanks(l->hex + l->hex_len, l->end) != l->end)
        return "there is something behind the pass-phrase";
    if (l->hex_len % 2)
        return "the pass-phrase has an odd number of hexadecimal digits";
    return NULL;
}

static int take_pass(struct entry *e, const struct line *l)
{
    char *digits = malloc(l->hex_len + 1);
    e->len = l->hex_len / 2;
    e->pass = malloc(e->len);
    int rc = -ENOMEM;
    if (digits && e->pass) {
        memcpy(digits, l->hex, l->hex_len);
        digits[l->hex_len] = '\0';
        rc = ps_num_hex(digits, e->pass, e->len);
    }
    if (digits)
        ps_mem_wipe(digits, l->hex_len);
    free(digits);
    return rc;
}

static void free_pass(struct entry *e)
{
    if (e->pass)
        ps_mem_wipe(e->pass, e->len);
    free(e->pass);
    e->pass = NULL;
}

static int grow(struct ow_pfs *p)
{
    if (p->count < p->cap)
        return 0;
    size_t cap = p->cap ? p->cap * 2 : 16;
    struct entry *e = realloc(p->entry, cap * sizeof(*e));
    if (!e)
        return -ENOMEM;
    p->entry = e;
    p->cap = cap;
    return 0;
}

static int add_line(struct ow_pfs *p, const struct line *l, const char *file, int number,
                    struct ps_fault *fault)
{
    if (l->identity_len == 0)
        return 0;
    const char *form = fault_of_form(l);
    if (form) {
        ps_fault_set(fault, file, number, "%s", form);
        return PS_ESYNTAX;
    }
    int rc = grow(p);
    if (rc)
        return rc;
    struct entry *e = &p->entry[p->count];
    *e = (struct entry){.line = number};
    rc = take_identity(e, l, file, fault);
    if (rc)
        return rc;
    rc = take_pass(e, l);
    if (rc == 0) {
        p->count++;
        return 0;
    }
    free_pass(e);
    if (rc != -ENOMEM)
        ps_fault_set(fault, file, number, "the pass-phrase is not all hexadecimal digits");
    return rc;
}

static int by_identity(const void *a, const void *b, void *ctx)
{
    const struct ow_pfs *p = ctx;
    size_t ia = *(const size_t *)a, ib = *(const size_t *)b;
    int c = strcmp(p->entry[ia].identity, p->entry[ib].identity);
    if (c)
        return c;
    return (ia > ib) - (ia < ib);
}

static int sort_entries(struct ow_pfs *p, const char *file, struct ps_fault *fault)
{
    p->sorted = calloc(p->count + 1, sizeof(*p->sorted));
    if (!p->sorted)
        return -ENOMEM;
    for (size_t i = 0; i < p->count; i++)
        p->sorted[i] = i;
    qsort_r(p->sorted, p->count, sizeof(*p->sorted), by_identity, p);
    for (size_t i = 1; i < p->count; i++) {
        const struct entry *a = &p->entry[p->sorted[i - 1]], *b = &p->entry[p->sorted[i]];
        if (strcmp(a->identity, b->identity) != 0)
            continue;
        ps_fault_set(fault, file, b->line, "identity \"%s\" is on line %d already", b->identity, a->line);
        return PS_EDUPLICATE;
    }
    return 0;
}

static int parse_lines(struct ow_pfs *p, const char *file, const char *text, size_t len,
                       struct ps_fault *fault)
{
    const char *at = text, *end = text + len;
    for (int number = 1; at < end; number++) {
        struct line l;
        cut_line(at, end, &l);
        int rc = add_line(p, &l, file, number, fault);
        if (rc)
            return rc;
        at = l.next;
    }
    return sort_entries(p, file, fault);
}

int ow_pfs_parse(struct ow_pfs **out, const char *file, const char *text, size_t len, struct ps_fault *fault)
{
    fault->text[0] = '\0';
    struct ow_pfs *p = calloc(1, sizeof(*p));
    int rc = p ? parse_lines(p, file, text, len, fault) : -ENOMEM;
    if (rc == 0) {
        *out = p;
        return 0;
    }
    if (fault->text[0] == '\0')
        ps_fault_set(fault, file, 0, "%s", ps_strerror(rc));
    ow_pfs_free(p);
    return rc;
}

void ow_pfs_free(struct ow_pfs *p)
{
    if (!p)
        return;
    for (size_t i = 0; i < p->count; i++)
        free_pass(&p->entry[i]);
    free(p->entry);
    free(p->sorted);
    free(p);
}

bool ow_pfs_find(const struct ow_pfs *p, const char *identity, const uint8_t **pass, size_t *len)
{
    size_t low = 0, high = p->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct entry *e = &p->entry[p->sorted[middle]];
        int c = strcmp(identity, e->identity);
        if (c == 0) {
            *pass = e->pass;
            *len = e->len;
            return true;
        }
        if (c < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return false;
}

size_t ow_pfs_count(const struct ow_pfs *p)
{
    return p->count;
}

const char *ow_pfs_identity(const struct ow_pfs *p, size_t i)
{
    return i < p->count ? p->entry[i].identity : NULL;
}

static bool names(const struct line *l, const char *identity, size_t len)
{
    return l->identity_len == len && len > 0 && memcmp(l->start, identity, len) == 0;
}

static char *put(char *to, const void *from, size_t n)
{
    memcpy(to, from, n);
    return to + n;
}

static char *put_entry(char *to, const char *identity, const uint8_t *pass, size_t pass_len)
{
    to = put(to, identity, strlen(identity));
    *to++ = '\t';
    ps_num_to_hex(pass, pass_len, to);
    to += 2 * pass_len;
    *to++ = '\n';
    return to;
}

// The identity's first line is replaced where it stands, any later one goes.
static char *copy_lines(char *to, const char *text, size_t len, const char *identity, const uint8_t *pass,
                        size_t pass_len, size_t *found)
{
    const char *at = text, *end = text + len;
    size_t id_len = strlen(identity);
    for (struct line l; at < end; at = l.next) {
        cut_line(at, end, &l);
        if (names(&l, identity, id_len)) {
            if ((*found)++ == 0 && pass)
                to = put_entry(to, identity, pass, pass_len);
            continue;
        }
        to = put(to, l.start, (size_t)(l.end - l.start));
        *to++ = '\n';
    }
    return to;
}

int ow_pfs_edit(const char *text, size_t len, const char *identity, const uint8_t *pass, size_t pass_len,
                char **out, size_t *out_len)
{
    int rc = ow_pfs_check_identity(identity);
    if (rc)
        return rc;
    if (pass && pass_len == 0)
        return PS_ESYNTAX;
    if (pass_len > SIZE_MAX / 8 || len > SIZE_MAX / 8)
        return PS_ELIMIT;
    size_t cap = len + strlen(identity) + 2 * pass_len + 4;
    char *buf = malloc(cap);
    if (!buf)
        return -ENOMEM;
    size_t found = 0;
    char *to = copy_lines(buf, text, len, identity, pass, pass_len, &found);
    if (pass && !found)
        to = put_entry(to, identity, pass, pass_len);
    *to = '\0';
    if (!pass && !found) {
        ps_mem_wipe(buf, cap);
        free(buf);
        return PS_ENOTFOUND;
    }
    *out = buf;
    *out_len = (size_t)(to - buf);
    return 0;
}
