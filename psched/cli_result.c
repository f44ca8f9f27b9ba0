// SPDX-License-Identifier: Apache-2.0
#include "psched/cli_result.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "base/ps_iso8601.h"
#include "psched/cli.h"
#include "psched/cli_print.h"

#define CLOCKS_APART 1.0 // seconds that are worth a word
#define URL_MAX 4096

int cli_format_find(const char *word)
{
    static const struct {
        const char *word;
        enum cli_format format;
    } words[] = {
        {"text", CLI_TEXT},
        {"text/plain", CLI_TEXT},
        {"html", CLI_HTML},
        {"text/html", CLI_HTML},
        {"json", CLI_JSON},
        {"none", CLI_NONE},
        {"application/json", CLI_JSON},
    };

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcmp(words[i].word, word) == 0)
            return (int)words[i].format;
    return -1;
}

int cli_result_option(struct cli_result_conf *c, const char *verb, int letter, const char *value)
{
    int format;

    switch (letter) {
    case CLI_OPT_FORMAT:
        format = cli_format_find(value);
        if (format < 0) {
            fprintf(stderr, "psched %s: --format: '%s' is none of text, html, json and none\n", verb, value);
            return -1;
        }
        c->format = (enum cli_format)format;
        return 1;
    case CLI_OPT_JSON:
        c->format = CLI_JSON;
        return 1;
    case CLI_OPT_FULL:
        c->full = true;
        return 1;
    case CLI_OPT_OUTPUT:
        c->output = value;
        return 1;
    case 'q':
        c->quiet = true;
        return 1;
    default:
        return 0;
    }
}

bool cli_result_talks(const struct cli_result_conf *c)
{
    return !c->quiet && !c->full && c->format == CLI_TEXT;
}

bool cli_state_over(const char *state)
{
    static const char *const going[] = {"scheduling", "pending", "on-deck", "running", "cleanup"};

    for (size_t i = 0; i < sizeof going / sizeof going[0]; i++)
        if (strcmp(going[i], state) == 0)
            return false;
    return true;
}

// the parts of a text

static void put_heading(struct cli_link *l, FILE *out, struct ps_jnode run, struct ps_jnode task)
{
    struct ps_jdoc *cli;
    char url[URL_MAX];

    cli_put(out, cli_str(run, "start-time", "?"));
    fputs(" on ", out);
    cli_put_names(out, ps_jnode_member(run, "participants"), "this host");
    fputs(" with ", out);
    cli_put(out, cli_str(task, "tool", "?"));
    fputs(":\n\n", out);
    snprintf(url, sizeof url, "%s/cli", cli_str(task, "href", ""));
    if (cli_get_maybe(l, url, 0, &cli) == 0 && cli) {
        cli_put_words(out, ps_jdoc_root(cli));
        fputs("\n\n", out);
        ps_jdoc_free(cli);
    }
}

#define PARTS 16

// What has been told of a run: the same often comes by several ways.
struct told {
    const char *at[PARTS];
    size_t n;
};

static bool is_told(struct told *t, const char *text)
{
    size_t len = strlen(text);

    while (len > 0 && text[len - 1] == '\n')
        len--;
    for (size_t i = 0; i < t->n; i++)
        if (memmem(t->at[i], strlen(t->at[i]), text, len))
            return true;
    if (t->n < PARTS)
        t->at[t->n++] = text;
    return false;
}

// "HEADING:\n  TEXT\n\n", indented; nothing without a text.
static void put_part(FILE *out, struct told *t, const char *heading, const char *text)
{
    if (!text || !*text || is_told(t, text))
        return;
    fprintf(out, "%s:\n", heading);
    while (*text) {
        size_t n = strcspn(text, "\n");
        fputs("  ", out);
        cli_put_len(out, text, n);
        putc('\n', out);
        text += n + (text[n] == '\n');
    }
    putc('\n', out);
}

// What each participant's tool said.
static void put_tools(FILE *out, struct told *t, struct ps_jnode run)
{
    struct ps_jnode who = ps_jnode_first(ps_jnode_member(run, "participants"));
    char heading[300];

    for (struct ps_jnode n = ps_jnode_first(ps_jnode_member(run, "result-full")); ps_jnode_there(n);
         n = ps_jnode_next(n), who = ps_jnode_next(who)) {
        const char *name = "this host";
        (void)ps_jnode_str(who, 0, SIZE_MAX, &name, NULL);
        snprintf(heading, sizeof heading, "Error from %.250s", name);
        put_part(out, t, heading, cli_str(n, "error", NULL));
        snprintf(heading, sizeof heading, "Diagnostics from %.250s", name);
        put_part(out, t, heading, cli_str(n, "diags", NULL));
    }
}

// Clocks that are apart are a common reason why hosts miss each other.
static void put_clocks(FILE *out, struct ps_jnode run)
{
    struct ps_jnode survey = ps_jnode_member(run, "clock-survey");
    ps_ns lowest = INT64_MAX, highest = INT64_MIN, t;

    for (struct ps_jnode n = ps_jnode_first(survey); ps_jnode_there(n); n = ps_jnode_next(n)) {
        if (!cli_time(n, "time", &t))
            continue;
        lowest = t < lowest ? t : lowest;
        highest = t > highest ? t : highest;
    }
    if (highest > lowest && (double)(highest - lowest) / (double)PS_SEC > CLOCKS_APART)
        fprintf(out, "The clocks of the participants are %.1f s apart, which may be why.\n\n",
                (double)(highest - lowest) / (double)PS_SEC);
}

static void put_attempts(FILE *out, struct ps_jnode archiving)
{
    for (struct ps_jnode n = ps_jnode_first(ps_jnode_member(archiving, "diags")); ps_jnode_there(n);
         n = ps_jnode_next(n)) {
        const char *error = cli_str(ps_jnode_member(n, "stdout"), "error", NULL);
        const char *told = error ? error : cli_str(n, "stderr", NULL);
        fputs("    ", out);
        cli_put(out, cli_str(n, "time", "?"));
        fputs("  ", out);
        cli_put(out, told && *told                                         ? told
                     : cli_bool(ps_jnode_member(n, "stdout"), "succeeded") ? "succeeded"
                                                                           : "failed");
        putc('\n', out);
    }
}

static void put_archivings(FILE *out, struct ps_jnode run)
{
    struct ps_jnode n = ps_jnode_first(ps_jnode_member(run, "archivings"));

    fputs(ps_jnode_there(n) ? "Archivings:\n" : "No archivings.\n", out);
    for (; ps_jnode_there(n); n = ps_jnode_next(n)) {
        fputs("  To ", out);
        cli_put_archive(out, n);
        fputs(cli_bool(n, "archived")    ? ", finished\n"
              : cli_bool(n, "completed") ? ", given up\n"
                                         : ", not done yet\n",
              out);
        put_attempts(out, n);
    }
    putc('\n', out);
}

// A result as the server's plug-in has it.
static int put_body(struct cli_link *l, FILE *out, struct ps_jnode run, const char *mime)
{
    struct cli_answer a;
    char url[URL_MAX];
    int status = 0;

    snprintf(url, sizeof url, "%s?format=%s", cli_str(run, "result-href", ""), mime);
    cli_ask(l, "GET", url, NULL, 0, &a);
    if (a.err || a.status != 200)
        status = cli_tell(l, url, &a);
    else
        cli_put_len(out, a.body, a.len);
    if (!status && a.len > 0 && a.body[a.len - 1] != '\n')
        putc('\n', out);
    cli_answer_fini(&a);
    return status;
}

static void put_failure(FILE *out, struct ps_jnode run)
{
    struct ps_jnode merged = ps_jnode_member(run, "result-merged");
    struct told told = {.n = 0};

    fputs("The run did not succeed: ", out);
    cli_put(out, cli_str(run, "state-display", "?"));
    fputs(".\n\n", out);
    put_part(out, &told, "Reason", cli_str(run, "errors", NULL));
    put_part(out, &told, "Error", cli_str(merged, "error", NULL));
    put_part(out, &told, "Diagnostics", cli_str(merged, "diags", NULL));
    put_tools(out, &told, run);
    put_part(out, &told, "Limits", cli_str(run, "limit-diags", NULL));
    put_clocks(out, run);
}

static bool succeeded(struct ps_jnode run)
{
    return strcmp(cli_str(run, "state", ""), "finished") == 0;
}

static int put_text(struct cli_link *l, const struct cli_result_conf *c, FILE *out, struct ps_jnode run,
                    struct ps_jnode task)
{
    struct told told = {.n = 0};
    int status = 0;

    if (!c->quiet)
        put_heading(l, out, run, task);
    if (succeeded(run))
        status = put_body(l, out, run, "text/plain");
    else
        put_failure(out, run);
    if (c->diags && succeeded(run)) {
        putc('\n', out);
        put_tools(out, &told, run);
    }
    if (c->archivings) {
        putc('\n', out);
        put_archivings(out, run);
    }
    return status;
}

static int put_result(struct cli_link *l, const struct cli_result_conf *c, FILE *out, struct ps_jnode run,
                      struct ps_jnode task)
{
    if (c->full) {
        cli_put_json(out, run);
        return 0;
    }
    switch (c->format) {
    case CLI_TEXT:
        return put_text(l, c, out, run, task);
    case CLI_HTML:
        return put_body(l, out, run, "text/html");
    case CLI_JSON:
        cli_put_json(out, ps_jnode_member(run, "result-merged"));
        break;
    case CLI_NONE:
        break;
    }
    return 0;
}

// output

static char *output_name(const char *pattern, size_t nth)
{
    const char *at = strstr(pattern, "%n");
    char *name = NULL;

    if (asprintf(&name, "%.*s%.0zu%s", at ? (int)(at - pattern) : (int)strlen(pattern), pattern, at ? nth : 0,
                 at ? at + 2 : "") < 0)
        return NULL;
    return name;
}

static FILE *open_output(const struct cli_link *l, const struct cli_result_conf *c, size_t nth)
{
    if (!c->output)
        return stdout;
    char *name = output_name(c->output, nth);
    FILE *f = name ? fopen(name, "ae") : NULL;
    if (!f)
        (void)cli_fail(l, CLI_SYSTEM, "%s: cannot be written: %s", name ? name : c->output, strerror(errno));
    free(name);
    return f;
}

int cli_result_show(struct cli_link *l, const struct cli_result_conf *c, struct ps_jnode run,
                    struct ps_jnode task, size_t nth)
{
    FILE *out = open_output(l, c, nth);

    if (!out)
        return CLI_SYSTEM;
    int status = put_result(l, c, out, run, task);
    bool bad = ferror(out) != 0 || fflush(out) != 0;
    if (out != stdout)
        bad = fclose(out) != 0 || bad;
    if (bad && !status)
        status = cli_fail(l, CLI_SYSTEM, "the result cannot be written: %s", strerror(errno));
    return status ? status : succeeded(run) ? CLI_DONE : CLI_NO;
}
