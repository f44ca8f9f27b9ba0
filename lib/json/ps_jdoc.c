// SPDX-License-Identifier: Apache-2.0
#include "json/ps_jdoc.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "json/ps_jdoc_impl.h"

#define FEW 64                              // members of an object, which are not worth sorting
#define SPREAD UINT64_C(0x9e3779b97f4a7c15) // an odd number whose product has all bits in its highest

// faults

static int line_of(const struct ps_jdoc *doc, size_t offset)
{
    const char *p = doc->text, *end = doc->text + offset;
    int line = 1;

    while ((p = memchr(p, '\n', (size_t)(end - p)))) {
        line++;
        p++;
    }
    return line;
}

int ps_jnode_line(struct ps_jnode n)
{
    return n.doc ? line_of(n.doc, n.doc->values[n.at].start) : 0;
}

static void fault_text(const struct ps_jdoc *doc, size_t offset, struct ps_fault *fault, const char *text)
{
    if (fault)
        ps_fault_set(fault, doc ? doc->name : NULL, doc ? line_of(doc, offset) : 0, "%s", text);
}

void ps_jdoc_fault(const struct ps_jdoc *doc, size_t offset, struct ps_fault *fault, const char *fmt, ...)
{
    char text[sizeof fault->text];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    fault_text(doc, offset, fault, text);
}

// reading

// Any order will do. In this one numbers of as many digits are ascending, as they stand in most histograms.
static int order(const struct ps_jdoc *doc, const struct ps_jvalue *x, const struct ps_jvalue *y)
{
    if (x->key_len != y->key_len)
        return x->key_len < y->key_len ? -1 : 1;
    return memcmp(doc->decoded + x->key, doc->decoded + y->key, x->key_len);
}

// Members of an object that are to be compared.
struct member {
    const struct ps_jdoc *doc;
    const struct ps_jvalue *value;
    uint64_t end; // of the key, its last eight octets: most differ there
};

static int by_key(const void *a, const void *b)
{
    const struct member *x = a, *y = b;
    int o = order(x->doc, x->value, y->value);

    return o ? o : (x->value->nth > y->value->nth) - (x->value->nth < y->value->nth);
}

static bool is_ascending(const struct ps_jdoc *doc, const struct ps_jvalue *object)
{
    const struct ps_jvalue *last = NULL, *end = doc->values + object->next;

    for (const struct ps_jvalue *v = object + 1; v < end; last = v, v = doc->values + v->next)
        if (last && order(doc, last, v) >= 0)
            return false;
    return true;
}

static uint32_t collect(const struct ps_jdoc *doc, const struct ps_jvalue *object, struct member *out)
{
    const struct ps_jvalue *end = doc->values + object->next;
    uint32_t n = 0;

    for (const struct ps_jvalue *v = object + 1; v < end; v = doc->values + v->next, n++) {
        size_t len = v->key_len < 8 ? v->key_len : 8;
        out[n] = (struct member){.doc = doc, .value = v};
        memcpy(&out[n].end, doc->decoded + v->key + v->key_len - len, len);
    }
    return n;
}

static const struct ps_jvalue *twin_of_few(const struct ps_jdoc *doc, const struct member *members,
                                           uint32_t n)
{
    uint64_t seen = 0;

    for (uint32_t i = 0; i < n; i++) {
        uint64_t bit = UINT64_C(1) << (members[i].end * SPREAD >> 58);
        for (uint32_t k = 0; seen & bit && k < i; k++)
            if (members[i].end == members[k].end && order(doc, members[i].value, members[k].value) == 0)
                return members[i].value;
        seen |= bit;
    }
    return NULL;
}

// The first member of an object that has the key of an earlier one.
static const struct ps_jvalue *twin(const struct ps_jdoc *doc, const struct ps_jvalue *object,
                                    struct member *members)
{
    const struct ps_jvalue *first = NULL;
    uint32_t n = is_ascending(doc, object) ? 0 : collect(doc, object, members);

    if (n <= FEW)
        return twin_of_few(doc, members, n);
    qsort(members, n, sizeof *members, by_key);
    for (uint32_t i = 1; i < n; i++)
        if (order(doc, members[i - 1].value, members[i].value) == 0 &&
            (!first || members[i].value->nth < first->nth))
            first = members[i].value;
    return first;
}

static int check_twins(const struct ps_jdoc *doc, struct ps_fault *fault)
{
    struct member *members = malloc(doc->nvalues * sizeof *members);
    const struct ps_jvalue *second = NULL;
    struct ps_jnode n = {doc, 0}, object;

    if (!members) {
        ps_jdoc_fault(doc, 0, fault, "%s", ps_strerror(-ENOMEM));
        return -ENOMEM;
    }
    for (uint32_t i = 0; i < doc->nvalues && !second; i++)
        if (doc->text[doc->values[i].start] == '{')
            second = twin(doc, &doc->values[i], members);
    free(members);
    if (!second)
        return 0;
    n.at = (uint32_t)(second - doc->values);
    object = (struct ps_jnode){doc, second->parent};
    ps_jnode_fault(n, fault, "is given twice, first on line %d",
                   ps_jnode_line(ps_jnode_member(object, doc->decoded + second->key)));
    return PS_EDUPLICATE;
}

// Backslashes stand in strings alone, or the scan will complain.
static void mend_nuls(char *text, size_t len)
{
    char *p = text, *end = text + len;

    while ((p = memchr(p, '\\', (size_t)(end - p)))) {
        if (end - p >= 6 && memcmp(p + 1, "u0000", 5) == 0)
            memcpy(p + 2, "fffd", 4);
        p += end - p >= 2 ? 2 : 1;
    }
}

// What is let pass.
enum mercy { STRICT, FOREIGN, CARELESS };

static int read_doc(struct ps_jdoc *doc, const char *name, const char *text, size_t len, enum mercy mercy,
                    struct ps_fault *fault)
{
    int err;

    doc->name = name ? strdup(name) : NULL;
    doc->text = calloc(1, len + JDOC_BEHIND);
    doc->decoded = malloc(len + 1);
    if ((name && !doc->name) || !doc->text || !doc->decoded) {
        fault_text(NULL, 0, fault, ps_strerror(-ENOMEM));
        return -ENOMEM;
    }
    if (len > 0)
        memcpy(doc->text, text, len);
    doc->len = len;
    if (mercy >= FOREIGN)
        mend_nuls(doc->text, len);
    memcpy(doc->decoded, doc->text, len + 1);
    err = ps_jscan(doc, fault);
    if (!err && mercy < CARELESS)
        err = check_twins(doc, fault);
    return err;
}

static int parse(struct ps_jdoc **out, const char *name, const char *text, size_t len, enum mercy mercy,
                 struct ps_fault *fault)
{
    struct ps_jdoc *doc;
    int err;

    if (len >= UINT32_MAX) {
        fault_text(NULL, 0, fault, "the document is larger than 4 GiB");
        return PS_ELIMIT;
    }
    doc = calloc(1, sizeof *doc);
    if (!doc) {
        fault_text(NULL, 0, fault, ps_strerror(-ENOMEM));
        return -ENOMEM;
    }
    err = read_doc(doc, name, text, len, mercy, fault);
    if (err)
        ps_jdoc_free(doc);
    else
        *out = doc;
    return err;
}

int ps_jdoc_parse(struct ps_jdoc **out, const char *name, const char *text, size_t len,
                  struct ps_fault *fault)
{
    return parse(out, name, text, len, STRICT, fault);
}

int ps_jdoc_parse_foreign(struct ps_jdoc **out, const char *name, const char *text, size_t len,
                          struct ps_fault *fault)
{
    return parse(out, name, text, len, FOREIGN, fault);
}

int ps_jdoc_parse_text(struct ps_jdoc **out, struct ps_text *t, struct ps_fault *fault)
{
    size_t len;
    char *text = ps_text_close(t, &len);
    int err = text ? ps_jdoc_parse_foreign(out, NULL, text, len, fault) : -ENOMEM;

    if (err)
        *out = NULL;
    free(text);
    return err;
}

int ps_jdoc_parse_careless(struct ps_jdoc **out, const char *name, const char *text, size_t len,
                           struct ps_fault *fault)
{
    return parse(out, name, text, len, CARELESS, fault);
}

int ps_jdoc_load(struct ps_jdoc **out, const char *path, size_t max, struct ps_fault *fault)
{
    char *text;
    size_t len;
    int err = ps_conf_load(path, max, &text, &len);

    if (err == 0) {
        err = ps_jdoc_parse(out, path, text, len, fault);
        free(text);
    } else if (fault && err == PS_ELIMIT) {
        ps_fault_set(fault, path, 0, "is larger than %zu octets", max);
    } else if (fault && err == PS_EMALFORMED) {
        ps_fault_set(fault, path, 0, "holds an octet of value 0");
    } else if (fault) {
        ps_fault_set(fault, path, 0, "%s", ps_strerror(err));
    }
    return err;
}

void ps_jdoc_free(struct ps_jdoc *doc)
{
    if (!doc)
        return;
    free(doc->values);
    free(doc->decoded);
    free(doc->text);
    free(doc->name);
    free(doc);
}

// nodes

struct ps_jnode ps_jdoc_root(const struct ps_jdoc *doc)
{
    return (struct ps_jnode){doc, 0};
}

bool ps_jnode_there(struct ps_jnode n)
{
    return n.doc != NULL;
}

enum ps_jtype ps_jnode_type(struct ps_jnode n)
{
    if (!n.doc)
        return PS_JTYPE_NONE;
    switch (n.doc->text[n.doc->values[n.at].start]) {
    case '{':
        return PS_JTYPE_OBJECT;
    case '[':
        return PS_JTYPE_ARRAY;
    case '"':
        return PS_JTYPE_STRING;
    case 't':
    case 'f':
        return PS_JTYPE_BOOL;
    case 'n':
        return PS_JTYPE_NULL;
    default:
        return PS_JTYPE_NUMBER;
    }
}

// The value numbered at if it comes before end, else the node that is not there.
static struct ps_jnode within(const struct ps_jdoc *doc, uint32_t at, uint32_t end)
{
    return at < end ? (struct ps_jnode){doc, at} : (struct ps_jnode){NULL, 0};
}

struct ps_jnode ps_jnode_first(struct ps_jnode n)
{
    return n.doc ? within(n.doc, n.at + 1, n.doc->values[n.at].next) : n;
}

struct ps_jnode ps_jnode_next(struct ps_jnode n)
{
    const struct ps_jvalue *values = n.doc ? n.doc->values : NULL;

    return values ? within(n.doc, values[n.at].next, values[values[n.at].parent].next) : n;
}

size_t ps_jnode_count(struct ps_jnode n)
{
    size_t count = 0;

    for (n = ps_jnode_first(n); ps_jnode_there(n); n = ps_jnode_next(n))
        count++;
    return count;
}

const char *ps_jnode_key(struct ps_jnode n)
{
    const struct ps_jvalue *v = n.doc ? &n.doc->values[n.at] : NULL;

    return v && v->key ? n.doc->decoded + v->key : NULL;
}

struct ps_jnode ps_jnode_member(struct ps_jnode object, const char *key)
{
    const struct ps_jdoc *doc = object.doc;
    size_t len = strlen(key);
    uint32_t at = object.at + 1;

    if (ps_jnode_type(object) != PS_JTYPE_OBJECT)
        return (struct ps_jnode){NULL, 0};
    for (; at < doc->values[object.at].next; at = doc->values[at].next) {
        const struct ps_jvalue *v = &doc->values[at];
        // Most keys of one length differ at their ends, which saves the call.
        if (v->key_len == len && (len == 0 || doc->decoded[v->key + len - 1] == key[len - 1]) &&
            memcmp(doc->decoded + v->key, key, len) == 0)
            return (struct ps_jnode){doc, at};
    }
    return (struct ps_jnode){NULL, 0};
}

const char *ps_jnode_raw(struct ps_jnode n, size_t *len)
{
    *len = n.doc ? n.doc->values[n.at].len : 0;
    return n.doc ? n.doc->text + n.doc->values[n.at].start : "";
}

char *ps_jnode_copy(struct ps_jnode n)
{
    size_t len;
    const char *raw = ps_jnode_raw(n, &len);

    return strndup(raw, len);
}

void ps_jnode_put(struct ps_json *j, const char *key, struct ps_jnode n)
{
    size_t len;
    const char *raw = ps_jnode_raw(n, &len);

    if (ps_jnode_there(n) && key)
        ps_json_key(j, key);
    if (ps_jnode_there(n))
        ps_json_raw(j, raw, len);
}
