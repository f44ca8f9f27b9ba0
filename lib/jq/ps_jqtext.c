// SPDX-License-Identifier: Apache-2.0
#include "jq/ps_jqtext.h"
#include <errno.h>
#include <string.h>
#include "base/ps_err.h"

#define NEST_MAX 64 // strings inside strings' insertions

struct scan {
    char *text; // of the body; what was moved away becomes blanks
    size_t at, len;
    unsigned line;
    bool in_string;
    size_t depth;            // insertions "\( )" that are open
    size_t parens[NEST_MAX]; // open in each
    char last;               // of what stays, blanks and comments left out; '\0': nothing yet
    struct ps_buf *moved;    // statements that go to the beginning
    struct ps_jqtext_fault *fault;
};

static int fail(struct scan *s, const char *why)
{
    *s->fault = (struct ps_jqtext_fault){why, s->line};
    return PS_ESYNTAX;
}

static char peek(const struct scan *s, size_t ahead)
{
    return s->at + ahead < s->len ? s->text[s->at + ahead] : '\0';
}

static void skip(struct scan *s, size_t n)
{
    for (; n > 0 && s->at < s->len; n--, s->at++)
        s->line += s->text[s->at] == '\n';
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

bool ps_jqtext_is_name(const char *name, size_t len)
{
    if (len == 0 || len > 64 || (name[0] >= '0' && name[0] <= '9'))
        return false;
    for (size_t i = 0; i < len; i++) {
        if (!is_word(name[i]))
            return false;
    }
    return true;
}

// --- tokens

// To newer jq a backslash before the newline makes the next line a part of the comment.
static int skip_comment(struct scan *s)
{
    while (s->at < s->len && peek(s, 0) != '\n') {
        if (peek(s, 0) == '\\' && (peek(s, 1) == '\n' || (peek(s, 1) == '\r' && peek(s, 2) == '\n')))
            return fail(s, "a comment must not end in a backslash");
        skip(s, 1);
    }
    return 0;
}

static int skip_blanks(struct scan *s)
{
    int err = 0;

    while (!err && s->at < s->len && (is_blank(peek(s, 0)) || peek(s, 0) == '#')) {
        if (peek(s, 0) == '#')
            err = skip_comment(s);
        else
            skip(s, 1);
    }
    return err;
}

static int in_string(struct scan *s)
{
    char c = peek(s, 0);

    if (c == '\\' && peek(s, 1) == '(') {
        if (s->depth + 1 >= NEST_MAX)
            return fail(s, "strings are nested too deep");
        s->parens[++s->depth] = 0;
        s->in_string = false;
        skip(s, 2);
        return 0;
    }
    if (c == '"')
        s->in_string = false;
    skip(s, c == '\\' ? 2 : 1);
    s->last = '"';
    return 0;
}

static void close_paren(struct scan *s)
{
    if (s->parens[s->depth] > 0) {
        s->parens[s->depth]--;
    } else if (s->depth > 0) {
        s->depth--;
        s->in_string = true;
    }
}

static void pass_sign(struct scan *s)
{
    char c = peek(s, 0);

    if (c == '"')
        s->in_string = true;
    else if (c == '(')
        s->parens[s->depth]++;
    else if (c == ')')
        close_paren(s);
    s->last = c;
    skip(s, 1);
}

// --- statements that are moved

static const char named_amiss[] = "a module is named by letters, digits, '_', '-' and '/' alone";

// A module's name, at its first quote.
static int check_module(struct scan *s)
{
    char before = '/';

    for (skip(s, 1); peek(s, 0) != '"'; skip(s, 1)) {
        char c = peek(s, 0);
        if (!is_word(c) && c != '-' && (c != '/' || before == '/'))
            return fail(s, named_amiss);
        before = c;
    }
    if (before == '/')
        return fail(s, named_amiss);
    skip(s, 1);
    return 0;
}

// The rest of it: "as NAME", up to the semicolon.
static int check_alias(struct scan *s)
{
    int err = 0;

    while (!err && peek(s, 0) != ';') {
        char c = peek(s, 0);
        if (c == '{')
            return fail(s, "a module cannot be given a search path");
        if (!is_word(c) && c != '$' && c != '#' && !is_blank(c))
            return fail(s, "';' is missing after the name of a module");
        if (c == '#')
            err = skip_comment(s);
        else
            skip(s, 1);
    }
    skip(s, 1);
    return err;
}

// In one line and without comments.
static int move(struct scan *s, size_t from)
{
    bool comment = false;
    int err = 0;

    for (size_t i = from; i < s->at && !err; i++) {
        char c = s->text[i];
        comment = c != '\n' && (comment || c == '#');
        err = ps_buf_append(s->moved, comment || is_blank(c) ? " " : &c, 1);
        if (c != '\n')
            s->text[i] = ' ';
    }
    return err ? err : ps_buf_append(s->moved, " ", 1);
}

// Where the word that ends here begins a statement that has to stand first. What only looks like one (".import",
// "{import: 1}") is left alone.
static int import_or_word(struct scan *s, size_t from)
{
    size_t end = s->at;
    unsigned line = s->line;
    int err = skip_blanks(s);

    if (err)
        return err;
    if (peek(s, 0) != '"') {
        s->at = end;
        s->line = line;
        s->last = s->text[end - 1];
        return 0;
    }
    err = check_module(s);
    if (!err)
        err = check_alias(s);
    return err ? err : move(s, from);
}

// A word, and not a part of a name as in ".import", "$import", "a::import".
static bool is_keyword(const struct scan *s, size_t from, const char *keyword)
{
    size_t n = strlen(keyword);
    char before = from > 0 ? s->text[from - 1] : ' ';

    return s->depth == 0 && s->at - from == n && memcmp(s->text + from, keyword, n) == 0 &&
           !strchr(".$@:", before);
}

static int pass_word(struct scan *s)
{
    size_t from = s->at, n = 0;

    while (is_word(peek(s, n)))
        n++;
    skip(s, n);
    if (is_keyword(s, from, "import") || is_keyword(s, from, "include"))
        return import_or_word(s, from);
    s->last = s->text[s->at - 1];
    return 0;
}

static int scan_all(struct scan *s)
{
    int err = 0;

    while (!err && s->at < s->len) {
        char c = peek(s, 0);
        if (s->in_string)
            err = in_string(s);
        else if (is_blank(c) || c == '#')
            err = skip_blanks(s);
        else if (is_word(c))
            err = pass_word(s);
        else
            pass_sign(s);
    }
    return err;
}

// --- the whole

static int bind_args(const struct ps_jqtext_parts *p, struct ps_buf *out)
{
    int err = 0;

    for (size_t i = 0; i < p->nnames && !err; i++)
        err = ps_buf_printf(out, ".[%zu] as $%.*s|", i, (int)p->names[i].len, p->names[i].text);
    if (!err && p->nnames > 0)
        err = ps_buf_printf(out, ".[%zu]|", p->nnames);
    if (!err && p->prelude.len > 0)
        err = ps_buf_append(out, p->prelude.text, p->prelude.len);
    return err ? err : ps_buf_append(out, " ", 1);
}

// Alone, nothing and definitions are programs; behind others they need a body.
static int append_body(const struct scan *s, struct ps_buf *out)
{
    bool bodyless = s->last == '\0' || s->last == ';';
    int err = ps_buf_append(out, s->text, s->len);

    return err ? err : ps_buf_append(out, bodyless ? "\n." : "", bodyless ? 3 : 1);
}

static int compose(struct scan *s, const struct ps_jqtext_parts *parts, struct ps_buf *out)
{
    int err = scan_all(s);

    if (!err)
        err = ps_buf_append(out, ps_buf_head(s->moved), ps_buf_len(s->moved));
    if (!err)
        err = bind_args(parts, out);
    return err ? err : append_body(s, out);
}

int ps_jqtext_compose(const struct ps_jqtext_parts *parts, struct ps_buf *out, struct ps_jqtext_fault *fault)
{
    struct ps_buf body, moved;
    struct scan s = {.len = parts->text.len, .line = 1, .moved = &moved, .fault = fault};
    int err;

    ps_buf_init(&body, PS_JQ_PROGRAM_MAX + 1);
    ps_buf_init(&moved, 2 * PS_JQ_PROGRAM_MAX);
    err = ps_buf_append(&body, parts->text.text, parts->text.len);
    if (!err)
        err = ps_buf_append(&body, "", 1);
    s.text = (char *)ps_buf_head(&body);
    if (!err)
        err = compose(&s, parts, out);
    ps_buf_fini(&body);
    ps_buf_fini(&moved);
    return err;
}

static bool names_good(const struct ps_jq_source *s)
{
    for (size_t i = 0; i < s->nnames; i++) {
        if (!ps_jqtext_is_name(s->names[i], strlen(s->names[i])))
            return false;
    }
    return !s->len || !memchr(s->text, '\0', s->len);
}

int ps_jqtext_check(const struct ps_jq_source *s)
{
    size_t size = s->len + (s->prelude ? strlen(s->prelude) : 0);

    if (s->nnames > PS_JQ_ARGS_MAX || s->len > PS_JQ_PROGRAM_MAX)
        return PS_ELIMIT;
    for (size_t i = 0; i < s->nnames; i++)
        size += strlen(s->names[i]);
    if (size > PS_JQ_PROGRAM_MAX)
        return PS_ELIMIT;
    return names_good(s) ? 0 : -EINVAL;
}
