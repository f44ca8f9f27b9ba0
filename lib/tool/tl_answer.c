// SPDX-License-Identifier: Apache-2.0
#include "tool/tl_answer.h"
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

void tl_answer_init(struct tl_answer *a)
{
    memset(a, 0, sizeof *a);
}

static void drop(struct tl_answer *a)
{
    free(ps_text_close(&a->making, NULL));
    free(a->text);
    a->text = NULL;
    a->len = 0;
    a->succeeded = false;
}

void tl_answer_fini(struct tl_answer *a)
{
    drop(a);
}

struct ps_json *tl_answer_begin(struct tl_answer *a, unsigned schema)
{
    struct ps_json *j;

    drop(a);
    j = ps_text_open(&a->making);
    if (!j->file)
        tl_answer_fail(a, "not enough memory");
    ps_json_open(j, '{');
    ps_json_put_bool(j, "succeeded", true);
    if (schema)
        ps_json_put_u64(j, "schema", schema);
    return j;
}

void tl_answer_end(struct tl_answer *a)
{
    if (!a->making.json.file)
        return;
    ps_json_close(&a->making.json, '}');
    a->text = ps_text_close(&a->making, &a->len);
    a->succeeded = a->text;
    if (!a->text)
        tl_answer_fail(a, "not enough memory");
}

void tl_answer_fail(struct tl_answer *a, const char *fmt, ...)
{
    size_t n;
    va_list ap;

    drop(a);
    if (a->error[0])
        return;
    va_start(ap, fmt);
    vsnprintf(a->error, sizeof a->error, fmt, ap);
    va_end(ap);
    n = strlen(a->error);
    while (n > 0 && (unsigned char)a->error[n - 1] <= ' ')
        a->error[--n] = '\0';
    for (char *p = a->error; *p; p++) {
        if ((unsigned char)*p < ' ' || *p == 0x7f)
            *p = ' ';
    }
    if (n == 0)
        memcpy(a->error, "failed", sizeof "failed");
}

void tl_answer_take(struct tl_answer *a, bool succeeded, const char *text, size_t len)
{
    drop(a);
    a->text = malloc(len + 1);
    if (!a->text) {
        tl_answer_fail(a, "not enough memory");
        return;
    }
    memcpy(a->text, text, len);
    a->text[len] = '\0';
    a->len = len;
    a->succeeded = succeeded;
}

static void put_failure(const struct tl_answer *a, const char *diags, struct ps_json *j)
{
    ps_json_open(j, '{');
    ps_json_put_bool(j, "succeeded", false);
    ps_json_put_str(j, "error", a->error);
    ps_json_put_str(j, "diags", diags);
    ps_json_close(j, '}');
}

// The object's members with "diags" behind them.
static void put_flat(const struct tl_answer *a, const char *diags, struct ps_json *j)
{
    struct ps_text t;
    struct ps_json *one = ps_text_open(&t);
    char *text;
    size_t len;

    ps_json_raw(one, a->text, a->len - 1);
    ps_json_raw(one, ",\"diags\":", 9);
    ps_json_str(one, diags);
    ps_json_raw(one, "}", 1);
    text = ps_text_close(&t, &len);
    ps_json_raw(j, text ? text : a->text, text ? len : a->len);
    free(text);
}

void tl_answer_local(const struct tl_answer *a, bool flat, const char *diags, struct ps_json *j)
{
    if (!a->succeeded) {
        put_failure(a, diags, j);
        return;
    }
    if (flat) {
        put_flat(a, diags, j);
        return;
    }
    ps_json_open(j, '{');
    ps_json_put_bool(j, "succeeded", true);
    ps_json_put_str(j, "error", NULL);
    ps_json_put_str(j, "diags", diags);
    ps_json_put_raw(j, "result", a->text, a->len);
    ps_json_close(j, '}');
}

void tl_answer_merged(const struct tl_answer *a, bool flat, const char *diags, struct ps_json *j)
{
    if (!a->succeeded)
        put_failure(a, diags, j);
    else if (flat)
        put_flat(a, diags, j);
    else
        ps_json_raw(j, a->text, a->len);
}
