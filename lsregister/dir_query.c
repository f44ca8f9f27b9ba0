// SPDX-License-Identifier: Apache-2.0
#include "lsregister/dir_query.h"
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/ps_err.h"
#include "base/ps_num.h"

// --- comparing

unsigned char dir_query_fold(unsigned char c)
{
    return c >= 'A' && c <= 'Z' ? (unsigned char)(c + ('a' - 'A')) : c;
}

bool dir_query_is_pattern(const char *value)
{
    return strchr(value, '*') != NULL;
}

static bool same(char a, char b)
{
    return dir_query_fold((unsigned char)a) == dir_query_fold((unsigned char)b);
}

// Only the last '*' has to be taken back: what an earlier one stands for may stay the shortest that fits.
bool dir_query_fits(const char *value, const char *text)
{
    const char *star = NULL, *from = NULL;

    while (*text) {
        if (*value == '*') {
            star = value++;
            from = text;
        } else if (*value && same(*value, *text)) {
            value++;
            text++;
        } else if (star) {
            value = star + 1;
            text = ++from;
        } else {
            return false;
        }
    }
    return value[strspn(value, "*")] == '\0';
}

// --- parameters

static bool is_control(const char *name)
{
    return strstr(name, "operator") || strcmp(name, "skip") == 0 || strcmp(name, "maxresults") == 0;
}

static int read_operator(const struct ps_query *params, const char *name, bool *any, struct ps_fault *fault)
{
    const char *text = ps_query_get(params, name);

    if (!text)
        return 0;
    *any = strcasecmp(text, "any") == 0;
    if (*any || strcasecmp(text, "all") == 0)
        return 0;
    ps_fault_set(fault, NULL, 0, "%.100s wants any or all; got '%.60s'", name, text);
    return PS_ESYNTAX;
}

static int read_number(const struct ps_query *params, const char *name, size_t *out, struct ps_fault *fault)
{
    const char *text = ps_query_get(params, name);
    uint64_t n;

    if (!text || !*text)
        return 0;
    if (ps_num_u64(text, 10, 0, UINT32_MAX, &n)) {
        ps_fault_set(fault, NULL, 0, "%s wants a whole number; got '%.60s'", name, text);
        return PS_ESYNTAX;
    }
    *out = (size_t)n;
    return 0;
}

// Patterns are compared with every value of their key.
static int check_pattern(struct dir_query *q, const char *value, struct ps_fault *fault)
{
    if (!dir_query_is_pattern(value))
        return 0;
    if (++q->npatterns > DIR_QUERY_PATTERNS)
        ps_fault_set(fault, NULL, 0, "the query has more than %d values with '*'", DIR_QUERY_PATTERNS);
    else if (strlen(value) > DIR_QUERY_PATTERN)
        ps_fault_set(fault, NULL, 0, "a value with '*' is longer than %d octets", DIR_QUERY_PATTERN);
    else
        return 0;
    return PS_ELIMIT;
}

static int add_values(struct dir_query *q, struct dir_clause *c, char *list, struct ps_fault *fault)
{
    char *value;
    int err = 0;

    c->values = &q->values[q->nvalues];
    while (!err && (value = strsep(&list, ","))) {
        if (q->nvalues == DIR_QUERY_VALUES) {
            ps_fault_set(fault, NULL, 0, "the query has more than %d values", DIR_QUERY_VALUES);
            return PS_ELIMIT;
        }
        q->values[q->nvalues++] = value;
        c->n++;
        err = check_pattern(q, value, fault);
    }
    return err;
}

static int clause_operator(const struct dir_query *q, struct dir_clause *c, const struct ps_query *params,
                           struct ps_fault *fault)
{
    char name[256];

    c->any = q->any;
    if (strlen(c->key) > sizeof name - sizeof "-operator")
        return 0;
    (void)stpcpy(stpcpy(name, c->key), "-operator");
    return read_operator(params, name, &c->any, fault);
}

static int add_clause(struct dir_query *q, const struct ps_query *params, const struct ps_query_param *p,
                      char *list, struct ps_fault *fault)
{
    struct dir_clause *c = &q->clauses[q->n];
    int err;

    if (q->n == DIR_QUERY_CLAUSES) {
        ps_fault_set(fault, NULL, 0, "the query has more than %d keys", DIR_QUERY_CLAUSES);
        return PS_ELIMIT;
    }
    *c = (struct dir_clause){.key = p->name};
    err = add_values(q, c, list, fault);
    if (!err)
        err = clause_operator(q, c, params, fault);
    if (!err)
        q->n++;
    return err;
}

static bool comes_again(const struct ps_query *params, size_t i)
{
    return ps_query_get(params, params->params[i].name) != params->params[i].value;
}

// One allocation for the copies of all lists.
static int make_room(struct dir_query *q, const struct ps_query *params)
{
    size_t octets = 1;

    for (size_t i = 0; i < params->n; i++)
        octets += strlen(params->params[i].value) + 1;
    q->text = malloc(octets);
    q->values = calloc(DIR_QUERY_VALUES, sizeof *q->values);
    return q->text && q->values ? 0 : -ENOMEM;
}

int dir_query_read(struct dir_query *q, const struct ps_query *params, struct ps_fault *fault)
{
    char *at;
    int err;

    q->n = q->nvalues = q->npatterns = q->skip = 0;
    q->any = false;
    q->max = SIZE_MAX;
    err = make_room(q, params);
    if (!err)
        err = read_operator(params, "operator", &q->any, fault);
    if (!err)
        err = read_number(params, "skip", &q->skip, fault);
    if (!err)
        err = read_number(params, "maxresults", &q->max, fault);
    at = q->text;
    for (size_t i = 0; !err && i < params->n; i++) {
        const struct ps_query_param *p = &params->params[i];

        if (is_control(p->name) || comes_again(params, i))
            continue;
        (void)strcpy(at, p->value);
        err = add_clause(q, params, p, at, fault);
        at += strlen(p->value) + 1;
    }
    return err;
}

void dir_query_fini(struct dir_query *q)
{
    free(q->text);
    free(q->values);
    q->text = NULL;
    q->values = NULL;
}
