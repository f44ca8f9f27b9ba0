// SPDX-License-Identifier: Apache-2.0
#include "lsregister/upstream_conf.h"
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/ps_buf.h"
#include "base/ps_err.h"
#include "base/ps_out.h"

struct reader {
    const char *file;
    const char *p, *end;
    int next, line; // of the text; where the current logical line began
    bool commented; // inside /* */
    size_t lines;
    struct ps_buf buf; // the current logical line with a NUL
    struct upstream_block *open[UPSTREAM_DEPTH + 1];
    size_t depth; // of the open blocks, the file's aside
    struct ps_fault *fault;
};

void upstream_conf_fini(struct upstream_block *b)
{
    for (size_t i = 0; i < b->nkeys; i++) {
        free(b->keys[i].name);
        free(b->keys[i].value);
    }
    for (size_t i = 0; i < b->nblocks; i++)
        upstream_conf_fini(&b->blocks[i]);
    free(b->keys);
    free(b->blocks);
    free(b->name);
    free(b->arg);
    *b = (struct upstream_block){0};
}

const char *upstream_conf_get(const struct upstream_block *b, const char *key)
{
    for (size_t i = b->nkeys; i-- > 0;)
        if (strcmp(b->keys[i].name, key) == 0)
            return b->keys[i].value;
    return NULL;
}

static int fail(const struct reader *r, int err, const char *what, const char *text)
{
    ps_fault_set(r->fault, r->file, r->line, "%s%s%.100s%s", what, text ? " '" : "", text ? text : "",
                 text ? "'" : "");
    return err;
}

// lines

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

// The next line of the text, without its end. false: there is none.
static bool take_line(struct reader *r, const char **line, size_t *len)
{
    if (r->p == r->end)
        return false;
    const char *nl = memchr(r->p, '\n', (size_t)(r->end - r->p));
    *line = r->p;
    *len = (size_t)((nl ? nl : r->end) - r->p);
    r->p = nl ? nl + 1 : r->end;
    r->next++;
    while (*len && (*line)[*len - 1] == '\r')
        --*len;
    return true;
}

// Comments of C, where a line begins with one.
static bool is_commented(struct reader *r, const char *line, size_t len)
{
    size_t at = 0;
    while (at < len && is_blank(line[at]))
        at++;
    if (!r->commented && (len - at < 2 || memcmp(line + at, "/*", 2) != 0))
        return false;
    r->commented = !memmem(line, len, "*/", 2);
    return true;
}

// Octets of a line before its comment: "#" at the beginning or behind a blank, outside quotes.
static size_t before_comment(const char *line, size_t len)
{
    char quote = 0;
    for (size_t i = 0; i < len; i++) {
        if (quote && line[i] == quote)
            quote = 0;
        else if (!quote && (line[i] == '"' || line[i] == '\'') && i > 0 &&
                 (is_blank(line[i - 1]) || line[i - 1] == '='))
            quote = memchr(line + i + 1, line[i], len - i - 1) ? line[i] : 0;
        else if (!quote && line[i] == '#' && (i == 0 || is_blank(line[i - 1])))
            return i;
    }
    return len;
}

// "\#" is a "#".
static int append_line(struct reader *r, const char *line, size_t len)
{
    int err = 0;
    for (size_t i = 0; i < len && !err; i++)
        if (line[i] != '\\' || i + 1 == len || line[i + 1] != '#')
            err = ps_buf_append(&r->buf, line + i, 1);
    return err;
}

static char *trim(char *s)
{
    size_t n = strlen(s);
    while (n && is_blank(s[n - 1]))
        s[--n] = '\0';
    while (is_blank(*s))
        s++;
    return s;
}

// The next logical line in *out: 1, or 0 at the end.
static int next_line(struct reader *r, char **out)
{
    const char *line;
    size_t len;
    bool more = true;
    int err = 0;
    ps_buf_clear(&r->buf);
    r->line = r->next;
    while (more && !err && take_line(r, &line, &len)) {
        if (is_commented(r, line, len)) {
            r->line = r->next;
            continue;
        }
        len = before_comment(line, len);
        more = len > 0 && line[len - 1] == '\\';
        err = append_line(r, line, more ? len - 1 : len);
        if (!more && ps_buf_len(&r->buf) == 0 && r->p < r->end) {
            r->line = r->next;
            more = true;
        }
    }
    if (!err)
        err = ps_buf_append(&r->buf, "", 1);
    if (err)
        return err == PS_ELIMIT ? fail(r, err, "a line is too long", NULL) : err;
    *out = trim((char *)ps_buf_head(&r->buf));
    return **out || r->p < r->end;
}

// blocks and keys

static int count_line(struct reader *r)
{
    return ++r->lines > UPSTREAM_LINES ? fail(r, PS_ELIMIT, "there are too many lines", NULL) : 0;
}

// Room doubles whenever the count is a power of two.
static void *grow(void *at, size_t n, size_t size)
{
    return n & (n - 1) ? at : realloc(at, (n ? 2 * n : 1) * size);
}

static int add_key(struct reader *r, const char *name, const char *value)
{
    struct upstream_block *b = r->open[r->depth];
    struct upstream_key *keys = grow(b->keys, b->nkeys, sizeof *keys);
    if (!keys)
        return -ENOMEM;
    b->keys = keys;
    keys[b->nkeys] = (struct upstream_key){strdup(name), strdup(value), r->line};
    b->nkeys++;
    return keys[b->nkeys - 1].name && keys[b->nkeys - 1].value ? count_line(r) : -ENOMEM;
}

// The blocks that are open are the last ones of their parents, which do not move while they are.
static int open_block(struct reader *r, const char *name, const char *arg)
{
    struct upstream_block *b = r->open[r->depth];
    if (r->depth == UPSTREAM_DEPTH)
        return fail(r, PS_ELIMIT, "blocks stand too deep inside each other", NULL);
    struct upstream_block *blocks = grow(b->blocks, b->nblocks, sizeof *blocks);
    if (!blocks)
        return -ENOMEM;
    b->blocks = blocks;
    struct upstream_block *new = &blocks[b->nblocks++];
    *new = (struct upstream_block){.name = strdup(name), .arg = strdup(arg), .line = r->line};
    r->open[++r->depth] = new;
    return new->name &&new->arg ? count_line(r) : -ENOMEM;
}

static int close_block(struct reader *r, const char *name)
{
    if (r->depth == 0)
        return fail(r, PS_ESYNTAX, "ends a block that was not begun:", name);
    if (strcmp(r->open[r->depth]->name, name) != 0) {
        ps_fault_set(r->fault, r->file, r->line, "ends a block '%.60s', but '%.60s' of line %d is open", name,
                     r->open[r->depth]->name, r->open[r->depth]->line);
        return PS_ESYNTAX;
    }
    r->depth--;
    return 0;
}

// Without the quotes around it.
static char *unquote(char *s)
{
    size_t n = strlen(s);
    if (n < 2 || s[0] != s[n - 1] || (s[0] != '"' && s[0] != '\''))
        return s;
    s[n - 1] = '\0';
    return s + 1;
}

// "<name arg>", "</name>", "<name arg/>"; text ends with ">".
static int read_tag(struct reader *r, char *text)
{
    size_t n = strlen(text);
    char *name = text + 1;
    text[n - 1] = '\0';
    if (strncasecmp(name, "<include", 8) == 0)
        return fail(r, PS_EUNSUPPORTED, "includes are not followed: put it all in one file:", name + 1);
    if (*name == '/')
        return close_block(r, trim(name + 1));
    bool empty = n > 2 && text[n - 2] == '/';
    if (empty)
        text[n - 2] = '\0';
    name = trim(name);
    char *arg = name + strcspn(name, " \t");
    if (*arg)
        *arg++ = '\0';
    if (!*name || strlen(name) > UPSTREAM_WORD)
        return fail(r, PS_ESYNTAX, "a block wants a name, as in <site>", NULL);
    int err = open_block(r, name, unquote(trim(arg)));
    if (!err && empty)
        r->depth--;
    return err;
}

// Lines up to one that is the mark alone.
static int read_here(struct reader *r, const char *name, const char *mark)
{
    struct ps_buf text;
    const char *line;
    size_t len, nmark = strlen(mark);
    bool ended = false;
    int err = 0;
    ps_buf_init(&text, (size_t)1 << 20);
    while (!err && !ended && take_line(r, &line, &len)) {
        size_t at = 0;
        while (at < len && is_blank(line[at]))
            at++;
        ended = len - at == nmark && memcmp(line + at, mark, nmark) == 0;
        if (!ended && ps_buf_len(&text))
            err = ps_buf_append(&text, "\n", 1);
        if (!ended && !err)
            err = ps_buf_append(&text, line, len);
    }
    if (!err && !ended)
        err = fail(r, PS_ESYNTAX, "a text is not ended by a line with its mark", mark);
    if (!err)
        err = ps_buf_append(&text, "", 1);
    if (!err)
        err = add_key(r, name, (const char *)ps_buf_head(&text));
    ps_buf_fini(&text);
    return err;
}

static int read_key(struct reader *r, char *text)
{
    char name[UPSTREAM_WORD + 1];
    size_t n = strcspn(text, " \t=");
    char *value = text + n;
    if (n == 0 || n > UPSTREAM_WORD)
        return fail(r, PS_ESYNTAX, "wants a key and a value; got", text);
    memcpy(name, text, n);
    name[n] = '\0';
    while (is_blank(*value))
        value++;
    if (*value == '=')
        value = trim(value + 1);
    if (strncmp(value, "<<", 2) == 0 && value[2] && !strpbrk(value + 2, " \t<>")) {
        char mark[UPSTREAM_WORD + 1];
        snprintf(mark, sizeof mark, "%s", value + 2);
        return read_here(r, name, mark);
    }
    return add_key(r, name, unquote(value));
}

// Records are sent as UTF-8, and what is not would come back as something else.
static int check_text(struct reader *r, const char *text, size_t len)
{
    const char *p = text;
    for (size_t n; p < text + len && (n = ps_utf8_len(p)) > 0 && *p; p += n)
        r->line += *p == '\n';
    if (p == text + len)
        return 0;
    r->line++;
    return fail(r, PS_EMALFORMED,
                *p ? "is no UTF-8; iconv(1) makes it so" : "is no text: there is an octet 0", NULL);
}

int upstream_conf_read(struct upstream_block *root, const char *file, const char *text, size_t len,
                       struct ps_fault *fault)
{
    struct reader r = {.file = file, .p = text, .end = text + len, .next = 1, .fault = fault, .open = {root}};
    char *line = NULL;
    int err = 0;
    *root = (struct upstream_block){.name = strdup(""), .arg = strdup("")};
    if (!root->name || !root->arg)
        return -ENOMEM;
    if (check_text(&r, text, len) != 0)
        return PS_EMALFORMED;
    ps_buf_init(&r.buf, (size_t)1 << 20);
    while ((err = next_line(&r, &line)) > 0) {
        size_t n = strlen(line);
        err = n == 0 ? 0 : line[0] == '<' && line[n - 1] == '>' ? read_tag(&r, line) : read_key(&r, line);
        if (err)
            break;
    }
    if (!err && r.depth) {
        r.line = r.open[r.depth]->line;
        err = fail(&r, PS_ESYNTAX, "a block is not ended:", r.open[r.depth]->name);
    }
    ps_buf_fini(&r.buf);
    return err;
}
