// SPDX-License-Identifier: Apache-2.0
#include "spec/sp_text.h"
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "spec/sp_lines.h"
#include "spec/sp_texts.h"

#define LABEL_MAX 48

int sp_mime_find(const char *mime, enum sp_mime *out)
{
    size_t n = strcspn(mime, "; ");

    if (n == strlen("text/plain") && strncmp(mime, "text/plain", n) == 0)
        *out = SP_TEXT;
    else if (n == strlen("text/html") && strncmp(mime, "text/html", n) == 0)
        *out = SP_HTML;
    else
        return PS_EUNSUPPORTED;
    return 0;
}

// Words of keys that are not just written with a capital.
static const char *word_of(const char *word, size_t n)
{
    static const char *const odd[][2] = {{"ip", "IP"},   {"tos", "TOS"},         {"ttl", "TTL"},
                                         {"mss", "MSS"}, {"cpu", "CPU"},         {"rtt", "RTT"},
                                         {"udp", "UDP"}, {"url", "URL"},         {"as", "AS"},
                                         {"nat", "NAT"}, {"dest", "Destination"}};

    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++)
        if (strlen(odd[i][0]) == n && strncmp(odd[i][0], word, n) == 0)
            return odd[i][1];
    return NULL;
}

// "packet-count" is "Packet Count".
static void label_of(const char *key, char out[LABEL_MAX])
{
    size_t at = 0;

    out[0] = '\0';
    while (*key && at < LABEL_MAX - 1) {
        size_t n = strcspn(key, "-");
        const char *word = word_of(key, n);
        size_t start = at + (at > 0);
        at += (size_t)snprintf(out + at, LABEL_MAX - at, "%s%.*s", at ? " " : "",
                               word ? (int)strlen(word) : (int)n, word ? word : key);
        if (start < LABEL_MAX)
            out[start] = (char)toupper((unsigned char)out[start]);
        key += n + (key[n] == '-');
    }
}

static void add_ports(struct sp_lines *l, const char *label, struct ps_jnode n)
{
    uint64_t lower = 0, upper = 0;
    char range[48];

    (void)sp_get_count(n, "lower", &lower);
    (void)sp_get_count(n, "upper", &upper);
    snprintf(range, sizeof range, "%u to %u", (unsigned)lower, (unsigned)upper);
    sp_lines_add(l, label, range, NULL);
}

static void add_hosts(struct sp_lines *l, const char *label, struct ps_jnode hosts)
{
    const char *host;

    for (struct ps_jnode n = ps_jnode_first(hosts); ps_jnode_there(n); n = ps_jnode_next(n))
        if (ps_jnode_str(n, 0, SIZE_MAX, &host, NULL) == 0)
            sp_lines_add(l, label, host, NULL);
}

static void add_setting(struct sp_lines *l, const struct sp_key *k, struct ps_jnode n)
{
    char label[LABEL_MAX];

    label_of(k->name, label);
    if (k->type == SP_T_PORTS)
        add_ports(l, label, n);
    else if (k->type == SP_T_HOSTS)
        add_hosts(l, label, n);
    else
        sp_lines_add_node(l, label, n,
                          k->type == SP_T_DURATION ? SP_V_DURATION
                          : k->type == SP_T_ANY    ? SP_V_JSON
                                                   : SP_V_TEXT,
                          NULL);
}

int sp_spec_text(const struct sp_test *t, enum sp_mime mime, struct ps_jnode spec, struct ps_buf *out)
{
    struct sp_lines *l = calloc(1, sizeof *l);
    struct sp_text_of text = {.spec = spec, .out = out};
    int schema = sp_spec_schema(spec);

    if (!l)
        return -ENOMEM;
    for (size_t i = 0; i < t->nkeys; i++) {
        struct ps_jnode n = ps_jnode_member(spec, t->keys[i].name);
        if (ps_jnode_there(n) && sp_key_find(t, t->keys[i].name, schema) == &t->keys[i])
            add_setting(l, &t->keys[i], n);
    }
    sp_lines_put(l, mime, &text);
    free(l);
    return text.err;
}

// results

static void put_failure(struct sp_text_of *t, enum sp_mime mime)
{
    const char *text;

    if (mime == SP_HTML)
        sp_put(t, "<p>");
    sp_put(t, "The test failed");
    if (sp_get_text(t->result, "error", &text) && *text) {
        sp_put(t, ": ");
        if (mime == SP_HTML)
            sp_put_html(t, text, strlen(text));
        else
            sp_put_clean(t, text);
    }
    sp_put(t, mime == SP_HTML ? "</p>\n" : "\n");
    if (mime == SP_TEXT && sp_get_text(t->result, "diags", &text) && *text) {
        sp_put(t, "\n");
        sp_put_heading(t, "Diagnostics");
        sp_put_clean(t, text);
        sp_put(t, "\n");
    }
}

static int put_lines(const struct sp_test *test, enum sp_mime mime, struct sp_text_of *t)
{
    struct sp_lines *l = calloc(1, sizeof *l);

    if (!l)
        return -ENOMEM;
    for (const struct sp_line *line = test->lines; line->label; line++) {
        struct ps_jnode n = t->result;
        for (size_t i = 0; i < sizeof line->path / sizeof line->path[0] && line->path[i]; i++)
            n = ps_jnode_member(n, line->path[i]);
        sp_lines_add_node(l, line->label, n, line->form, line->unit);
    }
    sp_lines_put(l, mime, t);
    free(l);
    return t->err;
}

// What has no HTML of its own is shown as it would be on a terminal.
static int put_as_text(const struct sp_test *test, struct sp_text_of *t)
{
    struct ps_buf *out = t->out, plain;

    ps_buf_init(&plain, out->max);
    t->out = &plain;
    test->text(t);
    t->out = out;
    sp_put(t, "<pre>");
    if (ps_buf_len(&plain) > 0)
        sp_put_html(t, (const char *)ps_buf_head(&plain), ps_buf_len(&plain));
    sp_put(t, "</pre>\n");
    ps_buf_fini(&plain);
    return t->err;
}

int sp_result_text(const struct sp_test *t, enum sp_mime mime, struct ps_jnode spec, struct ps_jnode result,
                   struct ps_buf *out)
{
    struct sp_text_of text = {.spec = spec, .result = result, .out = out};
    bool succeeded = true;

    (void)ps_jnode_bool(ps_jnode_member(result, "succeeded"), &succeeded, NULL);
    if (!succeeded || ps_jnode_type(result) != PS_JTYPE_OBJECT)
        put_failure(&text, mime);
    else if (!t->text)
        return put_lines(t, mime, &text);
    else if (mime == SP_HTML)
        return put_as_text(t, &text);
    else
        t->text(&text);
    return text.err;
}
