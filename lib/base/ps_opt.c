// SPDX-License-Identifier: Apache-2.0
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif
#include "base/ps_opt.h"
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define LETTER_END 256 // values from here on have no short option
#define WIDTH 79
#define LABEL_MAX 26 // a longer label has its text on the next line

static bool arg_optional(const struct ps_opt *o)
{
    return o->arg && o->arg[0] == '[';
}

static char *put_short(char *s, const struct ps_opt *o)
{
    if (o->letter >= LETTER_END)
        return s;
    *s++ = (char)o->letter;
    if (o->arg)
        *s++ = ':';
    if (arg_optional(o))
        *s++ = ':';
    return s;
}

static struct option *put_long(struct option *l, const struct ps_opt *o)
{
    if (!o->name)
        return l;
    l->name = o->name;
    l->has_arg = !o->arg ? no_argument : arg_optional(o) ? optional_argument : required_argument;
    l->val = o->letter;
    return l + 1;
}

int ps_opt_begin(struct ps_opt_iter *it, const struct ps_opt_prog *prog, int argc, char **argv, bool posix)
{
    size_t n = 0;
    struct option *l;
    char *s;

    while (prog->opts[n].letter)
        n++;
    *it = (struct ps_opt_iter){.prog = prog, .argc = argc, .argv = argv, .posix = posix};
    it->shorts = s = calloc(n + 1, 3);
    it->longs = l = calloc(n + 1, sizeof *l);
    if (!s || !l) {
        ps_opt_end(it);
        return -ENOMEM;
    }
    if (posix)
        *s++ = '+';
    *s++ = ':'; // a missing argument is told apart from an unknown option
    for (const struct ps_opt *o = prog->opts; o->letter; o++) {
        s = put_short(s, o);
        l = put_long(l, o);
    }
    optind = 0; // glibc forgets an earlier command line
    return 0;
}

void ps_opt_end(struct ps_opt_iter *it)
{
    free(it->shorts);
    free(it->longs);
    it->shorts = NULL;
    it->longs = NULL;
}

int ps_opt_index(const struct ps_opt_iter *it)
{
    (void)it;
    return optind;
}

const char *ps_opt_more(struct ps_opt_iter *it)
{
    return optind < it->argc ? it->argv[optind++] : NULL;
}

static const struct ps_opt *find_letter(const struct ps_opt_prog *prog, int letter)
{
    for (const struct ps_opt *o = prog->opts; o->letter; o++)
        if (o->letter == letter)
            return o;
    return NULL;
}

static bool is_prefix_of_any(const struct ps_opt_prog *prog, const char *text, size_t n)
{
    for (const struct ps_opt *o = prog->opts; o->letter; o++)
        if (o->name && strncmp(o->name, text, n) == 0)
            return true;
    return false;
}

static void complain_missing(const struct ps_opt_iter *it)
{
    const char *word = it->argv[optind - 1], *name = it->prog->name;
    const struct ps_opt *o = find_letter(it->prog, optopt);
    const char *arg = o && o->arg ? o->arg : "argument";

    if (strncmp(word, "--", 2) == 0)
        fprintf(stderr, "%s: option '%s' needs a value (%s); try '%s --help'\n", name, word, arg, name);
    else
        fprintf(stderr, "%s: option '-%c' needs a value (%s); try '%s --help'\n", name, optopt, arg, name);
}

static void complain_long(const struct ps_opt_iter *it)
{
    const char *word = it->argv[optind - 1], *name = it->prog->name, *what = "unknown option";
    size_t n = strcspn(word, "=");

    if (optopt)
        fprintf(stderr, "%s: option '%.*s' takes no value; try '%s --help'\n", name, (int)n, word, name);
    else {
        if (n > 2 && is_prefix_of_any(it->prog, word + 2, n - 2))
            what = "ambiguous option";
        fprintf(stderr, "%s: %s '%.*s'; try '%s --help'\n", name, what, (int)n, word, name);
    }
}

// getopt leaves 0 for an unknown long name, and a letter of the table only for a long option
// that was given a value it does not take.
static void complain_unknown(const struct ps_opt_iter *it)
{
    const char *name = it->prog->name;

    if (optopt == 0 || find_letter(it->prog, optopt))
        complain_long(it);
    else if (isprint((unsigned char)optopt))
        fprintf(stderr, "%s: unknown option '-%c'; try '%s --help'\n", name, optopt, name);
    else
        fprintf(stderr, "%s: unknown option '-\\x%02x'; try '%s --help'\n", name, optopt & 0xffu, name);
}

int ps_opt_next(struct ps_opt_iter *it)
{
    int c;

    opterr = 0;
    c = getopt_long(it->argc, it->argv, it->shorts, it->longs, NULL);
    it->value = optarg;
    if (c == ':')
        complain_missing(it);
    else if (c == '?')
        complain_unknown(it);
    return c == ':' ? '?' : c;
}

// A line that fits is left as it was written; another is filled word by word, behind its own
// leading blanks.
static void fill_line(FILE *out, const char *s, size_t n, size_t indent)
{
    const char *end = s + n;
    size_t col, lead = strspn(s, " ");

    if (indent + n <= WIDTH || lead >= n) {
        fprintf(out, "%.*s\n", (int)n, s);
        return;
    }
    indent += lead;
    fprintf(out, "%*s", (int)lead, "");
    s += lead;
    for (col = indent; s < end; s += strspn(s, " ")) {
        size_t word = strcspn(s, " \n");
        if (col > indent && col + 1 + word > WIDTH) {
            fprintf(out, "\n%*s", (int)indent, "");
            col = indent;
        } else if (col > indent) {
            putc(' ', out);
            col++;
        }
        fprintf(out, "%.*s", (int)word, s);
        col += word;
        s += word;
    }
    putc('\n', out);
}

// The first line begins where the caller stopped writing: at column indent.
static void fill(FILE *out, const char *text, size_t indent)
{
    for (;;) {
        size_t n = strcspn(text, "\n");
        fill_line(out, text, n, indent);
        text += n;
        if (*text == '\0' || *++text == '\0')
            return;
        if (*text != '\n')
            fprintf(out, "%*s", (int)indent, "");
    }
}

// "-c, --count=N", "    --json", "-c N", "-v[N]", "-v, --verbose[=N]".
static size_t put_label(const struct ps_opt *o, char *out, size_t size)
{
    const char *arg = o->arg ? o->arg + arg_optional(o) : "";
    const char *open = arg_optional(o) ? "[" : "", *close = arg_optional(o) ? "]" : "";
    const char *join = !o->arg ? "" : o->name ? "=" : arg_optional(o) ? "" : " ";
    char letter[8] = "    ";

    if (o->letter < LETTER_END)
        snprintf(letter, sizeof letter, o->name ? "-%c, " : "-%c", (char)o->letter);
    snprintf(out, size, "%s%s%s%s%s%.*s%s", letter, o->name ? "--" : "", o->name ? o->name : "", open, join,
             (int)(strlen(arg) - arg_optional(o)), arg, close);
    return strlen(out);
}

static size_t label_width(const struct ps_opt_prog *prog)
{
    size_t width = 0;
    char label[128];

    for (const struct ps_opt *o = prog->opts; o->letter; o++) {
        size_t n = o->help ? put_label(o, label, sizeof label) : 0;
        if (n > width && n <= LABEL_MAX)
            width = n;
    }
    return width;
}

static void help_option(FILE *out, const struct ps_opt *o, size_t width)
{
    size_t indent = 2 + width + 3;
    char label[128];

    if (put_label(o, label, sizeof label) > width)
        fprintf(out, "  %s\n%*s", label, (int)indent, "");
    else
        fprintf(out, "  %-*s   ", (int)width, label);
    fill(out, o->help, indent);
}

static enum ps_opt_next take(const struct ps_opt_prog *prog, int letter, const char *value,
                             int (*set)(void *ctx, int letter, const char *value), void *ctx)
{
    if (letter == 'h')
        ps_opt_help(prog, stdout);
    else if (letter == 'V')
        ps_opt_version(prog, stdout);
    if (letter == 'h' || letter == 'V')
        return PS_OPT_DONE;
    return letter == '?' || set(ctx, letter, value) ? PS_OPT_USAGE : PS_OPT_RUN;
}

enum ps_opt_next ps_opt_read(const struct ps_opt_prog *prog, int argc, char **argv,
                             int (*set)(void *ctx, int letter, const char *value), void *ctx)
{
    struct ps_opt_iter it;
    enum ps_opt_next next = PS_OPT_RUN;
    int letter;

    if (ps_opt_begin(&it, prog, argc, argv, false)) {
        fprintf(stderr, "%s: out of memory\n", prog->name);
        return PS_OPT_USAGE;
    }
    while (next == PS_OPT_RUN && (letter = ps_opt_next(&it)) != -1)
        next = take(prog, letter, it.value, set, ctx);
    if (next == PS_OPT_RUN && ps_opt_index(&it) != argc) {
        fprintf(stderr, "%s: takes no operands, see %s --help\n", prog->name, prog->name);
        next = PS_OPT_USAGE;
    }
    ps_opt_end(&it);
    return next;
}

void ps_opt_help(const struct ps_opt_prog *prog, FILE *out)
{
    size_t width = label_width(prog);
    bool headed = false;

    fprintf(out, "Usage: %s %s\n", prog->name, prog->synopsis);
    if (prog->about)
        fill(out, prog->about, 0);
    for (const struct ps_opt *o = prog->opts; o->letter; o++) {
        if (o->group || (o->help && !headed)) {
            fprintf(out, "\n%s:\n", o->group ? o->group : "Options");
            headed = true;
        }
        if (o->help)
            help_option(out, o, width);
    }
    if (prog->notes) {
        putc('\n', out);
        fill(out, prog->notes, 0);
    }
}

void ps_opt_version(const struct ps_opt_prog *prog, FILE *out)
{
    fprintf(out, "%s (psuite) %s\nLicensed under the Apache License, Version 2.0.\n", prog->name,
            PACKAGE_VERSION);
}
