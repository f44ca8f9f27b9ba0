// SPDX-License-Identifier: Apache-2.0
#include "deliver/ps_deliver_web.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_buf.h"
#include "base/ps_err.h"
#include "base/ps_num.h"
#include "http/ps_url.h"

#define EXCERPT 200 // of a refusal's body in messages
#define RETRY_AFTER_MAX 3600

// --- data

void ps_deliver_web_drop(struct ps_deliver_web *w)
{
    free(w->url);
    free(w->label);
    free(w->bind);
}

void ps_deliver_web_fail(struct ps_jget *g, const char *key, int err, const char *what)
{
    ps_jget_fail(g, key, err, "wants %s", what);
}

static char *text_of(struct ps_buf *b)
{
    return ps_buf_append(b, "", 1) ? NULL : strdup((const char *)ps_buf_head(b));
}

// "http://host:port/path".
static char *label_of(struct ps_url *u)
{
    struct ps_buf b;
    char *text;

    ps_buf_init(&b, 0);
    u->query = u->fragment = NULL;
    text = ps_url_format(u, true, &b) ? NULL : text_of(&b);
    ps_buf_fini(&b);
    return text;
}

void ps_deliver_web_url(struct ps_jget *g, const char *key, struct ps_deliver_web *w)
{
    struct ps_jnode n = ps_jget_node(g, key);
    const char *text = NULL;
    struct ps_url u;

    if (!ps_jnode_there(n)) {
        ps_jget_fail(g, key, PS_ENOTFOUND, "is missing");
        return;
    }
    if (ps_jnode_str(n, 1, PS_URL_MAX, &text, NULL) || ps_url_parse(&u, text, strlen(text))) {
        ps_deliver_web_fail(g, key, PS_ESYNTAX, "a URL of http or https");
        return;
    }
    if (strcmp(u.scheme, "http") != 0 && strcmp(u.scheme, "https") != 0)
        ps_deliver_web_fail(g, key, PS_EUNSUPPORTED, "a URL of http or https");
    w->url = strdup(text);
    w->label = label_of(&u);
    ps_url_fini(&u);
    if (!w->url || !w->label)
        ps_deliver_web_fail(g, key, -ENOMEM, "more memory than there is");
}

void ps_deliver_web_ways(struct ps_jget *g, struct ps_deliver_web *w)
{
    const char *bind = ps_jget_str(g, "bind", 1, 255, NULL);

    if (bind && !(w->bind = strdup(bind)))
        ps_deliver_web_fail(g, "bind", -ENOMEM, "more memory than there is");
    w->insecure = !ps_jget_bool(g, "verify-ssl", false);
}

bool ps_deliver_web_printable(const char *text)
{
    for (; *text; text++)
        if (((unsigned char)*text < 0x20 && *text != '\t') || *text == 0x7f)
            return false;
    return true;
}

// --- answers

int ps_deliver_web_open(const struct ps_deliver_env *env, void **state)
{
    const struct ps_httpc_conf conf = {.conns_per_host = env->conns_per_host, .agent = env->agent};
    struct ps_httpc *c;
    int err = ps_httpc_new(env->loop, &conf, &c);

    if (!err)
        *state = c;
    return err;
}

void ps_deliver_web_close(void *state)
{
    ps_httpc_free(state);
}

bool ps_deliver_web_good(const struct ps_httpc_answer *a)
{
    return a->status >= 200 && a->status < 300 && (!a->err || a->err == PS_ELIMIT);
}

// The beginning of a text as one line of printable characters.
static const char *excerpt(const char *text, char out[EXCERPT + 1])
{
    size_t n = 0;

    for (; *text && n < EXCERPT; text++) {
        bool plain = (unsigned char)*text > 0x20 && (unsigned char)*text < 0x7f;
        if (plain || (n > 0 && out[n - 1] != ' '))
            out[n++] = plain ? *text : ' ';
    }
    n -= n > 0 && out[n - 1] == ' ';
    out[n] = '\0';
    return out;
}

const char *ps_deliver_web_words(const struct ps_httpc_answer *a, char out[PS_DELIVER_WEB_WORDS])
{
    char text[EXCERPT + 1], place[512];
    // "URL: cause": what the URL has in its query is not told
    const char *cause = strstr(a->why, ": ");

    if (a->err)
        snprintf(out, PS_DELIVER_WEB_WORDS, "%s", cause ? cause : "");
    else if (a->status >= 300 && a->status < 400 && ps_httpc_header(a, "Location", place, sizeof place))
        snprintf(out, PS_DELIVER_WEB_WORDS, ": answers %d and refers to \"%s\": name that place", a->status,
                 excerpt(place, text));
    else
        snprintf(out, PS_DELIVER_WEB_WORDS, ": answers %d%s%s", a->status, *a->body ? ": " : "",
                 excerpt(a->body, text));
    return out;
}

ps_ns ps_deliver_web_wait(const struct ps_httpc_answer *a)
{
    char text[32];
    uint64_t s;

    if (!ps_httpc_header(a, "Retry-After", text, sizeof text) || ps_num_u64(text, 10, 0, UINT32_MAX, &s))
        return 0;
    return (ps_ns)(s < RETRY_AFTER_MAX ? s : RETRY_AFTER_MAX) * PS_SEC;
}
