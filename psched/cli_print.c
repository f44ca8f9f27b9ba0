// SPDX-License-Identifier: Apache-2.0
#include "psched/cli_print.h"
#include <inttypes.h>
#include <string.h>
#include <time.h>
#include "base/ps_iso8601.h"
#include "spec/sp_json.h"

void cli_put_len(FILE *out, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        bool c1 = c == 0xc2 && i + 1 < len && (unsigned char)text[i + 1] >= 0x80 &&
                  (unsigned char)text[i + 1] < 0xa0;
        bool harmful = (c < 0x20 && c != '\n' && c != '\t') || c == 0x7f || c1;
        putc(harmful ? '?' : c, out);
        i += c1;
    }
}

void cli_put(FILE *out, const char *text)
{
    cli_put_len(out, text, strlen(text));
}

const char *cli_str(struct ps_jnode object, const char *key, const char *otherwise)
{
    const char *text = otherwise;

    (void)ps_jnode_str(ps_jnode_member(object, key), 0, SIZE_MAX, &text, NULL);
    return text;
}

bool cli_bool(struct ps_jnode object, const char *key)
{
    bool v = false;

    (void)ps_jnode_bool(ps_jnode_member(object, key), &v, NULL);
    return v;
}

bool cli_time(struct ps_jnode object, const char *key, ps_ns *out)
{
    const char *text = cli_str(object, key, NULL);
    struct ps_when when;

    if (!text || ps_iso8601_time(text, &when) != 0)
        return false;
    *out = when.at;
    return true;
}

void cli_put_json(FILE *out, struct ps_jnode n)
{
    struct ps_json j;

    ps_json_init(&j, out, true);
    sp_json_put(&j, n, 0);
    (void)ps_json_end(&j);
}

static void put_word(FILE *out, const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:=@%+,";

    if (*word && word[strspn(word, plain)] == '\0') {
        cli_put(out, word);
        return;
    }
    putc('\'', out);
    for (; *word; word++) {
        if (*word == '\'')
            fputs("'\\''", out);
        else
            cli_put_len(out, word, 1);
    }
    putc('\'', out);
}

void cli_put_words(FILE *out, struct ps_jnode array)
{
    const char *word, *before = "";

    for (struct ps_jnode n = ps_jnode_first(array); ps_jnode_there(n); n = ps_jnode_next(n)) {
        if (ps_jnode_str(n, 0, SIZE_MAX, &word, NULL) != 0)
            continue;
        fputs(before, out);
        put_word(out, word);
        before = " ";
    }
}

void cli_put_names(FILE *out, struct ps_jnode array, const char *otherwise)
{
    size_t count = ps_jnode_count(array), i = 0;

    for (struct ps_jnode n = ps_jnode_first(array); ps_jnode_there(n); n = ps_jnode_next(n), i++) {
        const char *name = otherwise;
        (void)ps_jnode_str(n, 0, SIZE_MAX, &name, NULL);
        fputs(i == 0 ? "" : i + 1 == count ? " and " : ", ", out);
        cli_put(out, name);
    }
}

const char *cli_span(ps_ns d, char out[CLI_SPAN])
{
    static const struct {
        int64_t seconds;
        const char *name;
    } units[] = {{86400, "d"}, {3600, "h"}, {60, "min"}, {1, "s"}};
    int64_t left = (d + PS_SEC - 1) / PS_SEC;
    size_t i = 0;

    while (i < 3 && left < units[i].seconds)
        i++;
    int64_t more = i < 3 ? left % units[i].seconds / units[i + 1].seconds : 0;
    if (more > 0)
        snprintf(out, CLI_SPAN, "%" PRId64 " %s %" PRId64 " %s", left / units[i].seconds, units[i].name, more,
                 units[i + 1].name);
    else
        snprintf(out, CLI_SPAN, "%" PRId64 " %s", left / units[i].seconds, units[i].name);
    return out;
}

ps_ns cli_now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_REALTIME, &t);
    return (ps_ns)t.tv_sec * PS_SEC + t.tv_nsec;
}

void cli_put_archive(FILE *out, struct ps_jnode archive)
{
    struct ps_jnode spec = ps_jnode_member(archive, "spec");
    const char *archiver = cli_str(spec, "archiver", "?"), *place = cli_str(archive, "place", NULL);
    const char *label = cli_str(archive, "label", cli_str(spec, "label", archiver));

    if (strcmp(label, archiver) != 0) {
        cli_put(out, label);
        fputs(": ", out);
    }
    cli_put(out, archiver);
    fputs(place ? " to " : "", out);
    cli_put(out, place ? place : "");
}
