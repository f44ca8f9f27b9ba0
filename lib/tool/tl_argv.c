// SPDX-License-Identifier: Apache-2.0
#include "tool/tl_argv.h"
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "base/ps_err.h"
#include "tool/tl_spec.h"

void tl_argv_init(struct tl_argv *a)
{
    memset(a, 0, sizeof *a);
}

void tl_argv_add(struct tl_argv *a, const char *word)
{
    size_t len = strlen(word) + 1;

    if (a->n == TL_ARGV_WORDS || len > sizeof a->text - a->used) {
        a->err = a->err ? a->err : PS_ELIMIT;
        return;
    }
    memcpy(a->text + a->used, word, len);
    a->words[a->n++] = a->text + a->used;
    a->used += len;
}

__attribute__((format(printf, 2, 0))) static void add_printed(struct tl_argv *a, const char *fmt, va_list ap)
{
    char word[1024];
    int n = vsnprintf(word, sizeof word, fmt, ap);

    if (n < 0 || (size_t)n >= sizeof word)
        a->err = a->err ? a->err : PS_ELIMIT;
    else
        tl_argv_add(a, word);
}

void tl_argv_addf(struct tl_argv *a, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    add_printed(a, fmt, ap);
    va_end(ap);
}

void tl_argv_opt(struct tl_argv *a, const char *option, const char *fmt, ...)
{
    va_list ap;

    tl_argv_add(a, option);
    va_start(ap, fmt);
    add_printed(a, fmt, ap);
    va_end(ap);
}

void tl_argv_seconds(struct tl_argv *a, const char *option, ps_ns t)
{
    char word[40];
    size_t n = (size_t)snprintf(word, sizeof word, "%" PRId64 ".%09" PRId64, t / PS_SEC, t % PS_SEC);

    while (word[n - 1] == '0')
        n--;
    word[word[n - 1] == '.' ? n - 1 : n] = '\0';
    tl_argv_add(a, option);
    tl_argv_add(a, word);
}

void tl_argv_number(struct tl_argv *a, const char *option, struct ps_jnode spec, const char *key)
{
    uint64_t n;

    if (tl_spec_u64(spec, key, &n))
        tl_argv_opt(a, option, "%" PRIu64, n);
}

void tl_argv_operand(struct tl_argv *a, const char *text)
{
    const unsigned char *p = (const unsigned char *)text;
    bool good = *p && *p != '-';

    for (; *p; p++)
        good = good && *p > ' ' && *p != 0x7f;
    if (good) {
        tl_argv_add(a, text);
    } else if (!a->err) {
        a->err = PS_EMALFORMED;
        snprintf(a->bad, sizeof a->bad, "%.70s", text);
    }
}

void tl_argv_server(struct tl_argv *a, const char *host, unsigned port)
{
    char text[300];
    int n = snprintf(text, sizeof text, "[%s]:%u", host, port);

    if (n < 0 || (size_t)n >= sizeof text || strchr(host, ']'))
        tl_argv_operand(a, "");
    else
        tl_argv_operand(a, text);
}

int tl_argv_end(const struct tl_argv *a, struct ps_fault *fault)
{
    if (a->err == PS_EMALFORMED)
        ps_fault_set(fault, NULL, 0, "\"%s\" is no name of a host and no address", a->bad);
    else if (a->err)
        ps_fault_set(fault, NULL, 0, "the command line is longer than %d words or %d octets", TL_ARGV_WORDS,
                     TL_ARGV_TEXT);
    return a->err;
}

static int show_word(const char *word, struct ps_buf *out)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:,%@+=";
    int err;

    if (*word && word[strspn(word, plain)] == '\0')
        return ps_buf_append(out, word, strlen(word));
    err = ps_buf_append(out, "'", 1);
    for (; *word && !err; word++)
        err = *word == '\'' ? ps_buf_append(out, "'\\''", 4) : ps_buf_append(out, word, 1);
    return err ? err : ps_buf_append(out, "'", 1);
}

int tl_argv_show(const struct tl_argv *a, struct ps_buf *out)
{
    int err = 0;

    for (size_t i = 0; i < a->n && !err; i++) {
        if (i > 0)
            err = ps_buf_append(out, " ", 1);
        if (!err)
            err = show_word(a->words[i], out);
    }
    return err;
}
