// SPDX-License-Identifier: Apache-2.0
#include "limits/lim_fault.h"
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "limits/lim_name.h"

#define PATH_SIZE 160
#define PLACE_SIZE 512 // a path behind that of its site

void lim_faults_init(struct lim_faults *f)
{
    memset(f, 0, sizeof *f);
}

static void forget(struct lim_fault *one)
{
    free(one->path);
    free(one->text);
    free(one->hint);
}

void lim_faults_fini(struct lim_faults *f)
{
    for (size_t i = 0; i < f->n; i++)
        forget(&f->at[i]);
    free(f->at);
    lim_faults_init(f);
}

static bool has_room(struct lim_faults *f)
{
    if (f->n == LIM_FAULTS_MAX)
        return false;
    if (f->n < f->cap)
        return true;
    size_t wanted = f->cap ? f->cap * 2 : 8;
    struct lim_fault *p = realloc(f->at, wanted * sizeof *p);
    if (!p) {
        f->err = -ENOMEM;
        return false;
    }
    f->at = p;
    f->cap = wanted;
    return true;
}

static void enter(struct lim_faults *f, enum lim_weight weight, int line, const char *path, const char *text,
                  const char *hint)
{
    *(weight == LIM_FAULT ? &f->faults : &f->warnings) += 1;
    if (!has_room(f))
        return;
    struct lim_fault *one = &f->at[f->n];
    *one = (struct lim_fault){weight, line, strdup(path), strdup(text), hint ? strdup(hint) : NULL};
    if (!one->path || !one->text || (hint && !one->hint)) {
        forget(one);
        f->err = -ENOMEM;
        return;
    }
    f->n++;
}

// Where a value stands, or would.
static int place(const struct lim_faults *f, struct ps_jnode n, const char *key, char out[PLACE_SIZE])
{
    char inner[PATH_SIZE] = "";
    bool root = !n.doc || n.at == 0;
    if (!root)
        ps_jnode_path(n, inner, sizeof inner);
    snprintf(out, PLACE_SIZE, "%s%s%s%s%s", f->site ? f->site : "", f->site && !root ? "." : "", inner,
             key && (f->site || !root) ? "." : "", key ? key : "");
    if (!out[0])
        snprintf(out, PLACE_SIZE, "the document");
    return f->site ? f->site_line : ps_jnode_line(n);
}

void lim_fault_at(struct lim_faults *f, enum lim_weight weight, struct ps_jnode n, const char *key,
                  const char *hint, const char *fmt, ...)
{
    char path[PLACE_SIZE], text[512];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    int line = place(f, n, key, path);
    enter(f, weight, line, path, text, hint);
}

void lim_fault_place(struct lim_faults *f, enum lim_weight weight, int line, const char *path,
                     const char *hint, const char *fmt, ...)
{
    char text[512];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    enter(f, weight, line, path, text, hint);
}

// "FILE:12: words": the words, and the line if there is one.
static const char *behind_line(const char *text, int *line)
{
    for (const char *p = strchr(text, ':'); p; p = strchr(p + 1, ':')) {
        char *end;
        if (!isdigit((unsigned char)p[1]))
            continue;
        long n = strtol(p + 1, &end, 10);
        if (strncmp(end, ": ", 2) != 0)
            continue;
        *line = (int)n;
        return end + 2;
    }
    return text;
}

// The text without its place, which is the node's or below: then the path goes on as far.
static char *behind_path(char *text, const char *node, char path[PLACE_SIZE])
{
    size_t len = strlen(node), at = strlen(path);
    char *end = strstr(text, ": ");
    if (!len || !end || strncmp(text, node, len) != 0 || !strchr(".[:", text[len]))
        return text;
    snprintf(path + at, PLACE_SIZE - at, "%.*s", (int)(end - text) - (int)len, text + len);
    return end + 2;
}

void lim_fault_from(struct lim_faults *f, struct ps_jnode n, const struct ps_fault *fault)
{
    char copy[sizeof fault->text], path[PLACE_SIZE], inner[PATH_SIZE];
    int line = 0;
    snprintf(copy, sizeof copy, "%s", behind_line(fault->text, &line));
    int here = place(f, n, NULL, path);
    char *text = copy, *hint = strstr(copy, "; did you mean");
    ps_jnode_path(n, inner, sizeof inner);
    text = behind_path(text, inner, path);
    if (hint) {
        *hint = '\0';
        hint += 2;
    }
    enter(f, LIM_FAULT, line && !f->site ? line : here, path, text, hint);
}

void lim_faults_sort(struct lim_faults *f)
{
    for (size_t i = 1; i < f->n; i++) {
        struct lim_fault one = f->at[i];
        size_t k = i;
        for (; k > 0 && f->at[k - 1].line > one.line; k--)
            f->at[k] = f->at[k - 1];
        f->at[k] = one;
    }
}
