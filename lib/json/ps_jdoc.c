// SPDX-License-Identifier: Apache-2.0
#include "json/ps_jdoc.h"
#include <cjson/cJSON.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "json/ps_jdoc_impl.h"

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

// Numbers the tree's items as the scan numbered the values: both go by the order of the text. A cJSON that
// sees other values than the scan did is not supported.
static int attach(struct ps_jdoc *doc, const cJSON *item, uint32_t *at)
{
    int err = 0;

    if (*at == doc->nvalues)
        return PS_EUNSUPPORTED;
    doc->values[(*at)++].item = item;
    for (const cJSON *child = item->child; child && !err; child = child->next)
        err = attach(doc, child, at);
    return err;
}

static int make_tree(struct ps_jdoc *doc, struct ps_fault *fault)
{
    uint32_t n = 0;
    int err;

    doc->tree = cJSON_ParseWithOpts(doc->text + doc->values[0].start, NULL, 0);
    err = doc->tree ? attach(doc, doc->tree, &n) : -ENOMEM;
    if (!err && n != doc->nvalues)
        err = PS_EUNSUPPORTED;
    if (err)
        ps_jdoc_fault(doc, 0, fault, "%s", ps_strerror(err));
    return err;
}

static int by_key(const void *a, const void *b)
{
    const struct ps_jvalue *x = *(const struct ps_jvalue *const *)a, *y = *(const struct ps_jvalue *const *)b;
    int order = strcmp(x->item->string, y->item->string);

    return order ? order : (x->nth > y->nth) - (x->nth < y->nth);
}

// The first member of an object that has the key of an earlier one.
static const struct ps_jvalue *twin(const struct ps_jdoc *doc, const struct ps_jvalue *object,
                                    const struct ps_jvalue **sorted)
{
    uint32_t self = (uint32_t)(object - doc->values), n = 0;
    const struct ps_jvalue *first = NULL;

    for (uint32_t at = self + 1; at < object->next; at = doc->values[at].next)
        sorted[n++] = &doc->values[at];
    qsort(sorted, n, sizeof(const struct ps_jvalue *), by_key);
    for (uint32_t i = 1; i < n; i++)
        if (strcmp(sorted[i - 1]->item->string, sorted[i]->item->string) == 0 &&
            (!first || sorted[i]->nth < first->nth))
            first = sorted[i];
    return first;
}

static int check_twins(const struct ps_jdoc *doc, struct ps_fault *fault)
{
    const struct ps_jvalue **sorted = malloc(doc->nvalues * sizeof(const struct ps_jvalue *)), *second = NULL;
    struct ps_jnode n = {doc, 0}, object;

    if (!sorted) {
        ps_jdoc_fault(doc, 0, fault, "%s", ps_strerror(-ENOMEM));
        return -ENOMEM;
    }
    for (uint32_t i = 0; i < doc->nvalues && !second; i++)
        if (doc->text[doc->values[i].start] == '{')
            second = twin(doc, &doc->values[i], sorted);
    free(sorted);
    if (!second)
        return 0;
    n.at = (uint32_t)(second - doc->values);
    object = (struct ps_jnode){doc, second->parent};
    ps_jnode_fault(n, fault, "is given twice, first on line %d",
                   ps_jnode_line(ps_jnode_member(object, second->item->string)));
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

static int read_doc(struct ps_jdoc *doc, const char *name, const char *text, size_t len, bool foreign,
                    struct ps_fault *fault)
{
    int err;

    doc->name = name ? strdup(name) : NULL;
    doc->text = malloc(len + 1);
    if ((name && !doc->name) || !doc->text) {
        fault_text(NULL, 0, fault, ps_strerror(-ENOMEM));
        return -ENOMEM;
    }
    if (len > 0)
        memcpy(doc->text, text, len);
    doc->text[len] = '\0';
    doc->len = len;
    if (foreign)
        mend_nuls(doc->text, len);
    err = ps_jscan(doc, fault);
    if (!err)
        err = make_tree(doc, fault);
    if (!err)
        err = check_twins(doc, fault);
    return err;
}

static int parse(struct ps_jdoc **out, const char *name, const char *text, size_t len, bool foreign,
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
    err = read_doc(doc, name, text, len, foreign, fault);
    if (err)
        ps_jdoc_free(doc);
    else
        *out = doc;
    return err;
}

int ps_jdoc_parse(struct ps_jdoc **out, const char *name, const char *text, size_t len,
                  struct ps_fault *fault)
{
    return parse(out, name, text, len, false, fault);
}

int ps_jdoc_parse_foreign(struct ps_jdoc **out, const char *name, const char *text, size_t len,
                          struct ps_fault *fault)
{
    return parse(out, name, text, len, true, fault);
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
    cJSON_Delete(doc->tree);
    free(doc->values);
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
    return n.doc ? n.doc->values[n.at].item->string : NULL;
}

struct ps_jnode ps_jnode_member(struct ps_jnode object, const char *key)
{
    struct ps_jnode n = ps_jnode_first(object);

    if (ps_jnode_type(object) != PS_JTYPE_OBJECT)
        return (struct ps_jnode){NULL, 0};
    while (n.doc && strcmp(ps_jnode_key(n), key) != 0)
        n = ps_jnode_next(n);
    return n;
}

const char *ps_jnode_raw(struct ps_jnode n, size_t *len)
{
    *len = n.doc ? n.doc->values[n.at].len : 0;
    return n.doc ? n.doc->text + n.doc->values[n.at].start : "";
}
