// SPDX-License-Identifier: Apache-2.0
#include "lsregister/dir_draft.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_buf.h"
#include "base/ps_err.h"
#include "crypto/ps_crypto.h"
#include "lsregister/dir_lease.h"

void dir_draft_fini(struct dir_draft *d)
{
    free(d->pairs);
    *d = (struct dir_draft){0};
}

const char *dir_draft_get(const struct dir_draft *d, const char *key)
{
    for (size_t i = 0; i < d->n; i++)
        if (d->pairs[i].value && strcmp(d->pairs[i].key, key) == 0)
            return d->pairs[i].value;
    return NULL;
}

// --- values

static int add(struct dir_draft *d, const char *key, const char *value)
{
    if (d->n == d->cap) {
        size_t cap = d->cap ? 2 * d->cap : 64;
        struct dir_pair *pairs = reallocarray(d->pairs, cap, sizeof *pairs);

        if (!pairs)
            return -ENOMEM;
        d->pairs = pairs;
        d->cap = cap;
    }
    d->pairs[d->n++] = (struct dir_pair){key, value};
    return 0;
}

static int add_value(struct dir_draft *d, struct ps_jnode member, struct ps_jnode value,
                     struct ps_fault *fault)
{
    const char *text = "";

    if (ps_jnode_type(value) == PS_JTYPE_STRING)
        (void)ps_jnode_str(value, 0, SIZE_MAX, &text, NULL);
    if (strlen(text) > DIR_VALUE_MAX) {
        ps_jnode_fault(value, fault, "is longer than %d octets", DIR_VALUE_MAX);
        return PS_ELIMIT;
    }
    if (d->n == DIR_VALUES_MAX) {
        ps_jnode_fault(value, fault, "is one more than %d values", DIR_VALUES_MAX);
        return PS_ELIMIT;
    }
    return add(d, ps_jnode_key(member), text);
}

static int add_array(struct dir_draft *d, struct ps_jnode member, struct ps_fault *fault)
{
    struct ps_jnode v = ps_jnode_first(member);
    int err = 0;

    if (!ps_jnode_there(v))
        return add(d, ps_jnode_key(member), NULL);
    for (; !err && ps_jnode_there(v); v = ps_jnode_next(v))
        err = add_value(d, member, v, fault);
    return err;
}

int dir_draft_ttl(struct ps_jnode ttl, int64_t *out, struct ps_fault *fault)
{
    const char *text = NULL;

    *out = DIR_TTL_NONE;
    if (ps_jnode_type(ttl) == PS_JTYPE_ARRAY) {
        *out = DIR_TTL_EMPTY;
        ttl = ps_jnode_first(ttl);
    }
    if (ps_jnode_type(ttl) != PS_JTYPE_STRING)
        return 0;
    (void)ps_jnode_str(ttl, 0, SIZE_MAX, &text, NULL);
    if (dir_lease_parse(text, out) == 0)
        return 0;
    ps_jnode_fault(ttl, fault,
                   "wants a duration of weeks, days, hours, minutes and seconds, as in PT2H; got '%.60s'",
                   text);
    return PS_ERANGE;
}

static bool is_ours(const char *key)
{
    return *key == '\0' || *key == '_' || strcmp(key, "uri") == 0 || strcmp(key, "expires") == 0 ||
           strcmp(key, "state") == 0;
}

static int add_member(struct dir_draft *d, struct ps_jnode m, struct ps_fault *fault)
{
    const char *key = ps_jnode_key(m);

    if (is_ours(key))
        return 0;
    if (strcmp(key, "ttl") == 0)
        return dir_draft_ttl(m, &d->ttl_s, fault);
    if (strlen(key) > DIR_KEY_MAX) {
        ps_fault_set(fault, NULL, 0, "a key is longer than %d octets", DIR_KEY_MAX);
        return PS_ELIMIT;
    }
    if (ps_jnode_type(m) == PS_JTYPE_STRING)
        return add_value(d, m, m, fault);
    return ps_jnode_type(m) == PS_JTYPE_ARRAY ? add_array(d, m, fault) : 0;
}

// --- what has to be there

// The type stands in the record's URI.
static int check_type(const struct dir_draft *d, struct ps_fault *fault)
{
    static const char fine[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.~";
    const char *type = d->type;

    if (!type || !*type) {
        ps_fault_set(fault, NULL, 0,
                     "the record has no type: it wants a member such as \"type\": [\"host\"]");
        return PS_ENOTFOUND;
    }
    if (strlen(type) <= DIR_TYPE_MAX && type[strspn(type, fine)] == '\0' && *type != '.')
        return 0;
    ps_fault_set(fault, NULL, 0, "type wants a word of letters, digits, '-', '_', '.' and '~'; got '%.80s'",
                 type);
    return PS_ESYNTAX;
}

// --- identity

static int by_text(const void *a, const void *b)
{
    const struct dir_pair *x = a, *y = b;
    int order = strcmp(x->key, y->key);

    if (order || !x->value || !y->value)
        return order ? order : (x->value != NULL) - (y->value != NULL);
    return strcmp(x->value, y->value);
}

// Key, NUL, value, NUL; an empty array has no value and a second NUL's place taken by an octet that no text has.
static int put_pair(struct ps_buf *b, const struct dir_pair *p)
{
    int err = ps_buf_append(b, p->key, strlen(p->key) + 1);

    if (err)
        return err;
    return p->value ? ps_buf_append(b, p->value, strlen(p->value) + 1) : ps_buf_append(b, "\xff", 1);
}

static int put_sorted(struct ps_buf *b, const struct dir_pair *pairs, size_t n)
{
    int err = 0;

    for (size_t i = 0; !err && i < n; i++)
        if (i == 0 || by_text(&pairs[i - 1], &pairs[i]) != 0)
            err = put_pair(b, &pairs[i]);
    return err;
}

static int identify(struct dir_draft *d)
{
    struct dir_pair *sorted = reallocarray(NULL, d->n, sizeof *sorted);
    uint8_t hash[PS_SHA256_LEN];
    struct ps_buf b;
    int err = sorted ? 0 : -ENOMEM;

    ps_buf_init(&b, 0);
    if (!err) {
        memcpy(sorted, d->pairs, d->n * sizeof *sorted);
        qsort(sorted, d->n, sizeof *sorted, by_text);
        err = put_sorted(&b, sorted, d->n);
    }
    if (!err)
        err = ps_sha256(ps_buf_head(&b), ps_buf_len(&b), hash);
    if (!err)
        memcpy(d->identity, hash, sizeof d->identity);
    ps_buf_fini(&b);
    free(sorted);
    return err;
}

int dir_draft_read(struct dir_draft *d, struct ps_jnode root, struct ps_fault *fault)
{
    int err = 0;

    d->ttl_s = DIR_TTL_NONE;
    if (ps_jnode_type(root) != PS_JTYPE_OBJECT) {
        ps_fault_set(fault, NULL, 0, "a record is a JSON object; got %s",
                     ps_jtype_words(ps_jnode_type(root)));
        return PS_EMALFORMED;
    }
    if (ps_jnode_count(root) > DIR_KEYS_MAX) {
        ps_fault_set(fault, NULL, 0, "the record has more than %d keys", DIR_KEYS_MAX);
        return PS_ELIMIT;
    }
    for (struct ps_jnode m = ps_jnode_first(root); !err && ps_jnode_there(m); m = ps_jnode_next(m))
        err = add_member(d, m, fault);
    if (err)
        return err;
    d->type = dir_draft_get(d, "type");
    d->client = dir_draft_get(d, "client-uuid");
    err = check_type(d, fault);
    return err ? err : identify(d);
}

// --- writing

void dir_draft_write(const struct dir_draft *d, struct ps_json *j)
{
    for (size_t i = 0; i < d->n;) {
        const char *key = d->pairs[i].key;

        ps_json_put_open(j, key, '[');
        for (; i < d->n && strcmp(d->pairs[i].key, key) == 0; i++)
            if (d->pairs[i].value)
                ps_json_str(j, d->pairs[i].value);
        ps_json_close(j, ']');
    }
}
