// SPDX-License-Identifier: Apache-2.0
// curl: how long it takes to fetch a URL, and what came.
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include "psprobe/fetch.h"
#include "psprobe/probe.h"

#define HEADERS_MAX 64

struct headers {
    char *line[HEADERS_MAX];
    size_t n;
};

static bool take_headers(struct ps_jnode from, struct headers *h)
{
    for (struct ps_jnode m = ps_jnode_first(from); ps_jnode_there(m); m = ps_jnode_next(m)) {
        const char *value;
        if (h->n == HEADERS_MAX)
            return false;
        if (ps_jnode_str(m, 0, SIZE_MAX, &value, NULL) ||
            asprintf(&h->line[h->n], "%s: %s", ps_jnode_key(m), value) < 0)
            continue;
        h->n++;
    }
    return true;
}

static void free_headers(struct headers *h)
{
    while (h->n > 0)
        free(h->line[--h->n]);
}

// Of several answers (redirects) the last one's. A name that comes again stays with its first value.
static void put_headers(const char *text, struct ps_json *j)
{
    char names[HEADERS_MAX][64];
    size_t n = 0;

    ps_json_put_open(j, "headers", '{');
    for (const char *line = text, *end; *line && n < HEADERS_MAX; line = *end ? end + 1 : end) {
        const char *colon = strpbrk(line, ":\n"), *value;
        char copy[1024];
        bool known = false;
        end = line + strcspn(line, "\n");
        if (!colon || colon >= end || (size_t)(colon - line) >= sizeof names[0])
            continue;
        snprintf(names[n], sizeof names[n], "%.*s", (int)(colon - line), line);
        for (size_t i = 0; i < n; i++)
            known = known || strcasecmp(names[i], names[n]) == 0;
        value = colon + 1 + strspn(colon + 1, " \t");
        snprintf(copy, sizeof copy, "%.*s", value < end ? (int)strcspn(value, "\r\n") : 0, value);
        if (!known)
            ps_json_put_str(j, names[n++], copy);
    }
    ps_json_close(j, '}');
}

static void put_content(struct probe *p, const struct fetched *f, struct ps_json *j)
{
    const char *parse = tl_spec_str(p->spec, "parse");
    uint64_t keep;
    char *text;

    if (parse)
        ps_json_put_bool(j, "found", strstr(f->body, parse) != NULL);
    if (!tl_spec_u64(p->spec, "keep-content", &keep))
        return;
    text = strndup(f->body, keep == 0 || keep > f->len ? f->len : (size_t)keep);
    ps_json_put_str(j, "content", text ? text : "");
    free(text);
}

static void judge(struct probe *p, const struct fetched *f)
{
    struct ps_json *j;

    if ((f->status < 200 || f->status > 299) && !tl_spec_flag(p->spec, "always-succeed", false)) {
        tl_answer_fail(&p->answer, "The server answered with status %d", f->status);
        return;
    }
    j = tl_answer_begin(&p->answer, tl_spec_count(p->spec, "schema", 1) > 1 ? 2 : 1);
    tl_put_duration(j, "time", f->took);
    ps_json_put_u64(j, "status", (uint64_t)f->status);
    put_headers(f->headers, j);
    put_content(p, f, j);
    tl_answer_end(&p->answer);
}

void probe_http(struct probe *p)
{
    struct headers h = {.n = 0};
    const char *url = tl_spec_str(p->spec, "url");
    struct ps_httpc_ask ask = {.method = "GET",
                               .url = url ? url : "",
                               .timeout = tl_spec_duration(p->spec, "timeout", 10 * PS_SEC),
                               .redirects = 10,
                               .insecure = true,
                               .ip_version = tl_spec_family(p->spec)};
    struct fetched f = {0};

    if (!take_headers(ps_jnode_member(p->spec, "headers"), &h)) {
        tl_answer_fail(&p->answer, "There are more than %d headers", HEADERS_MAX);
    } else {
        ask.headers = (const char *const *)h.line;
        ask.nheaders = h.n;
        if (fetch(&ask, &f) || f.err)
            tl_answer_fail(&p->answer, "%s", f.why);
        else
            judge(p, &f);
    }
    free_headers(&h);
    fetched_fini(&f);
}
