// SPDX-License-Identifier: Apache-2.0
// What the readers of tools' outputs share.
#include <ctype.h>
#include <stdarg.h>
#include <string.h>
#include "tool/tl_spec.h"
#include "tool/tl_tool_impl.h"

void tl_reason(struct tl_reasons *why, const char *fmt, ...)
{
    va_list ap;

    if (why->n == TL_REASONS)
        return;
    va_start(ap, fmt);
    vsnprintf(why->text[why->n++], sizeof why->text[0], fmt, ap);
    va_end(ap);
}

void tl_reason_keys(struct tl_reasons *why, const struct tl_test *test, const char *const *keys)
{
    for (; *keys; keys++) {
        if (tl_spec_has(test->spec, *keys))
            tl_reason(why, "Does not support %s.", *keys);
    }
}

void tl_reason_flip(struct tl_reasons *why, const struct tl_test *test)
{
    if (tl_spec_flag(test->spec, "flip", false) && !tl_spec_has(test->spec, "source"))
        tl_reason(why, "With flip a source is wanted, whose server sends the packets.");
}

void tl_reason_schema(struct tl_reasons *why, const struct tl_test *test, unsigned max)
{
    uint64_t schema = tl_spec_count(test->spec, "schema", 1);

    if (schema > max)
        tl_reason(why, "Unsupported schema version %llu; the highest is %u.", (unsigned long long)schema,
                  max);
}

const char *tl_line(const char **p, char out[TL_LINE])
{
    size_t len, keep;

    if (**p == '\0')
        return NULL;
    len = strcspn(*p, "\n");
    keep = len < TL_LINE ? len : TL_LINE - 1;
    memcpy(out, *p, keep);
    if (keep > 0 && out[keep - 1] == '\r')
        keep--;
    out[keep] = '\0';
    *p += (*p)[len] == '\n' ? len + 1 : len;
    return out;
}

static bool last_line(const char *text, char out[TL_LINE])
{
    char line[TL_LINE];

    out[0] = '\0';
    while (tl_line(&text, line)) {
        if (line[strspn(line, " \t")])
            memcpy(out, line, sizeof line);
    }
    return out[0] != '\0';
}

void tl_answer_blame(struct tl_answer *a, const struct tl_said *said, const char *program)
{
    char line[TL_LINE];
    size_t name = strlen(program);
    const char *text = line, *after;

    if (!last_line(said->err, line) && !last_line(said->out, line)) {
        tl_answer_fail(a, "%s wrote nothing (exit status %d)", program, said->status);
        return;
    }
    after = strchr(text, ':');
    if (after && (size_t)(after - text) >= name &&
        strncmp(after - name, program, name) == 0) // or with its path
        text = after + 1 + strspn(after + 1, " ");
    tl_answer_fail(a, "%s: %s", program, text);
}

bool tl_millis(const char *text, const char **end, ps_ns *out)
{
    ps_ns sum = 0, place = PS_MSEC;
    const char *p = text;

    if (!isdigit((unsigned char)*p))
        return false;
    for (; isdigit((unsigned char)*p); p++) {
        sum = sum * 10 + (*p - '0') * PS_MSEC;
        if (sum > 3600 * 1000 * PS_SEC)
            return false;
    }
    if (*p == '.') {
        for (p++; isdigit((unsigned char)*p); p++) {
            place /= 10;
            sum += (*p - '0') * place;
        }
    }
    *end = p;
    *out = sum;
    return true;
}
