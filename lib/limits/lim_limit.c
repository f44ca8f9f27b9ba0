// SPDX-License-Identifier: Apache-2.0
// Limits of a file of rules.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "limits/lim_merge.h"
#include "limits/lim_parse_impl.h"
#include "limits/lim_script.h"

#define FETCH_TIME (3 * PS_SEC)
#define FETCH_TIME_MAX (60 * PS_SEC)

// data

static void read_pass(struct lim_parsing *p, struct lim_limit *l)
{
    struct lim_read r;
    lim_read_begin(&r, l->data, p->faults);
    l->pass = lim_get_bool(&r, "pass", LIM_NEEDED, false);
    (void)lim_read_end(&r);
}

static void read_types(struct lim_parsing *p, struct lim_limit *l)
{
    struct lim_read r;
    lim_read_begin(&r, l->data, p->faults);
    struct ps_jnode types = lim_get_array(&r, "types", LIM_NEEDED);
    l->types = lim_room(p, types, sizeof(const char *));
    for (struct ps_jnode n = ps_jnode_first(types); l->types && ps_jnode_there(n); n = ps_jnode_next(n)) {
        const char *type = lim_element_str(n, p->faults);
        if (type)
            l->types[l->ntypes++] = type;
    }
    (void)lim_read_end(&r);
}

static struct lim_program *read_script(struct lim_parsing *p, struct ps_jnode n, enum lim_script_kind kind,
                                       const char *what, const char *name)
{
    char of[128];
    snprintf(of, sizeof of, "%s \"%.60s\"", what, name);
    return ps_jnode_there(n) ? lim_script_read(p->rules, n, kind, of, p->faults) : NULL;
}

static void check_members(struct lim_parsing *p, struct ps_jnode object)
{
    for (struct ps_jnode n = ps_jnode_first(object); ps_jnode_there(n); n = ps_jnode_next(n)) {
        enum ps_jtype type = ps_jnode_type(n);
        if (ps_jnode_key(n)[0] != '#' && (type == PS_JTYPE_ARRAY || type == PS_JTYPE_OBJECT))
            lim_fault_at(p->faults, LIM_FAULT, n, NULL, NULL, "wants a string or a number; got %s",
                         ps_jtype_words(type));
    }
}

// What would begin another header is none of this one.
static void check_headers(struct lim_parsing *p, struct ps_jnode object)
{
    for (struct ps_jnode n = ps_jnode_first(object); ps_jnode_there(n); n = ps_jnode_next(n)) {
        const char *text = "";
        (void)ps_jnode_str(n, 0, SIZE_MAX, &text, NULL);
        if (ps_jnode_key(n)[0] != '#' && (strpbrk(text, "\r\n") || strpbrk(ps_jnode_key(n), "\r\n: ")))
            lim_fault_at(p->faults, LIM_FAULT, n, NULL, NULL,
                         "is no header: a name has neither blanks nor colons, and all is one line");
    }
}

static void check_url(struct lim_parsing *p, struct lim_fetch *f, struct ps_jnode data, bool transformed)
{
    const char *hint = "as in https://www.example.org/decide";
    bool web = lim_is_web_url(f->url);
    struct ps_jnode n = ps_jnode_member(data, "url");
    if (ps_jnode_type(n) == PS_JTYPE_STRING && !web && !transformed)
        lim_fault_at(p->faults, LIM_FAULT, n, NULL, hint, "\"%.60s\" is not a URL of http or https", f->url);
}

void lim_read_fetch(struct lim_parsing *p, struct lim_limit *l)
{
    struct lim_fetch *f = &l->fetch;
    struct lim_read r;
    lim_read_begin(&r, l->data, p->faults);
    f->url = lim_get_str(&r, "url", LIM_NEEDED, 0);
    f->bind = lim_get_str(&r, "bind", LIM_OPTIONAL, 1);
    f->verify = lim_get_bool(&r, "verify-keys", LIM_OPTIONAL, true);
    f->follow = lim_get_bool(&r, "follow-redirects", LIM_OPTIONAL, true);
    f->success_only = lim_get_bool(&r, "success-only", LIM_OPTIONAL, false);
    f->fail_result = lim_get_bool(&r, "fail-result", LIM_OPTIONAL, false);
    f->has_fail_result = ps_jnode_there(ps_jnode_member(l->data, "fail-result"));
    f->timeout = lim_get_duration(&r, "timeout", LIM_OPTIONAL, PS_MSEC, FETCH_TIME_MAX, FETCH_TIME);
    f->headers = lim_get_object(&r, "headers", LIM_OPTIONAL);
    f->params = lim_get_object(&r, "params", LIM_OPTIONAL);
    check_members(p, f->headers);
    check_headers(p, f->headers);
    check_members(p, f->params);
    struct ps_jnode url = lim_get_object(&r, "url-transform", LIM_OPTIONAL);
    check_url(p, f, l->data, ps_jnode_there(url));
    f->url_transform = read_script(p, url, LIM_SCRIPT_FETCH, "the url-transform of limit", l->name);
    f->headers_transform = read_script(p, lim_get_object(&r, "headers-transform", LIM_OPTIONAL),
                                       LIM_SCRIPT_FETCH, "the headers-transform of limit", l->name);
    f->params_transform = read_script(p, lim_get_object(&r, "params-transform", LIM_OPTIONAL),
                                      LIM_SCRIPT_FETCH, "the params-transform of limit", l->name);
    (void)lim_read_end(&r);
}

// A limit's `invert` stands beside its data, though an example of pScheduler's documentation has it inside.
static void hint_at_invert(struct lim_faults *f, size_t since)
{
    for (size_t i = since; i < f->n; i++) {
        const char *end = strrchr(f->at[i].path, '.');
        if (!end || strcmp(end, ".invert") != 0)
            continue;
        free(f->at[i].hint);
        f->at[i].hint = strdup("put it beside \"data\"");
    }
}

static void read_by_type(struct lim_parsing *p, struct lim_limit *l)
{
    switch (l->type) {
    case LIM_PASS_FAIL:
        read_pass(p, l);
        break;
    case LIM_TEST_TYPE:
        read_types(p, l);
        break;
    case LIM_JQ:
        l->program = read_script(p, l->data, LIM_SCRIPT_PLAIN, "limit", l->name);
        break;
    case LIM_DATERANGE:
        lim_read_daterange(p, l);
        break;
    case LIM_SCHEDULE:
        lim_read_schedule(p, l);
        break;
    case LIM_FETCH:
        lim_read_fetch(p, l);
        break;
    case LIM_LIMIT_TYPES:
        break;
    }
}

static void read_data(struct lim_parsing *p, struct lim_limit *l)
{
    size_t before = p->faults->n;
    read_by_type(p, l);
    hint_at_invert(p->faults, before);
}

// clones

static int merge(struct lim_limit *l, const struct lim_limit *source, struct ps_jnode over,
                 struct ps_fault *fault)
{
    struct ps_buf text;
    ps_buf_init(&text, LIM_FILE_MAX);
    int err = lim_merge(source->data, over, &text);
    if (!err)
        err = ps_jdoc_parse(&l->merged, NULL, (char *)ps_buf_head(&text), ps_buf_len(&text), fault);
    ps_buf_fini(&text);
    return err;
}

// The data of a limit laid over those of another; what is wrong with them counts as standing in the clone's.
static void read_clone(struct lim_parsing *p, struct lim_limit *l, size_t of, struct ps_jnode over)
{
    const struct lim_limit *source = &p->rules->limits[of];
    struct ps_fault fault = {""};
    char site[160];
    if (!source->sound)
        return;
    int err = merge(l, source, over, &fault);
    if (err == -ENOMEM) {
        p->faults->err = err;
    } else if (err) {
        lim_fault_at(p->faults, LIM_FAULT, l->node, NULL, NULL, "cannot be made of \"%.60s\": %s",
                     source->name, ps_strerror(err));
    } else {
        l->type = source->type;
        l->data = ps_jdoc_root(l->merged);
        p->faults->site = ps_jnode_path(over, site, sizeof site);
        p->faults->site_line = ps_jnode_line(over);
        read_data(p, l);
        p->faults->site = NULL;
    }
}

// limits

static void read_type(struct lim_parsing *p, struct lim_read *r, struct lim_limit *l)
{
    struct ps_jnode n = ps_jnode_member(r->node, "type");
    const char *word = "";
    if (ps_jnode_str(n, 0, 100, &word, NULL) == 0 && strcmp(word, "test") == 0) {
        (void)lim_get(r, "type", LIM_NEEDED);
        lim_fault_at(p->faults, LIM_FAULT, n, NULL, "use type jq, with a script that looks at .test.spec",
                     "\"test\" is no longer a type of limit");
        l->type = LIM_LIMIT_TYPES;
        return;
    }
    l->type = (enum lim_limit_type)lim_get_word(r, "type", LIM_NEEDED, lim_limit_types, LIM_LIMIT_TYPES,
                                                LIM_LIMIT_TYPES);
}

static void read_limit(struct lim_parsing *p, struct ps_jnode n)
{
    struct lim_rules *rules = p->rules;
    struct lim_limit *l = &rules->limits[rules->nlimits];
    size_t before = p->faults->faults;
    struct lim_read r;
    lim_read_begin(&r, n, p->faults);
    l->node = n;
    l->type = LIM_LIMIT_TYPES;
    lim_read_name(p, &r, "a limit", rules->limits, rules->nlimits, sizeof *l, &l->name, &l->description);
    struct ps_jnode clone = lim_get(&r, "clone", LIM_OPTIONAL);
    if (!ps_jnode_there(clone))
        read_type(p, &r, l);
    else if (ps_jnode_there(ps_jnode_member(n, "type")))
        lim_fault_at(p->faults, LIM_FAULT, lim_get(&r, "type", LIM_OPTIONAL), NULL, "leave it out",
                     "a clone has the type of what it is cloned from");
    struct ps_jnode data = lim_get_object(&r, "data", LIM_NEEDED);
    l->invert = lim_get_bool(&r, "invert", LIM_OPTIONAL, false);
    l->data = data;
    size_t of = ps_jnode_there(clone)
                    ? lim_find(p, clone, "limit before this one", rules->limits, rules->nlimits, sizeof *l)
                    : SIZE_MAX;
    p->lost_limits |= ps_jnode_there(clone) && of == SIZE_MAX;
    if (of != SIZE_MAX && ps_jnode_there(data))
        read_clone(p, l, of, data);
    else if (l->type < LIM_LIMIT_TYPES && ps_jnode_there(data))
        read_data(p, l);
    (void)lim_read_end(&r);
    l->sound = p->faults->faults == before && l->type < LIM_LIMIT_TYPES;
    rules->nlimits++;
}

void lim_read_limits(struct lim_parsing *p, struct ps_jnode array)
{
    p->rules->limits = lim_room(p, array, sizeof *p->rules->limits);
    for (struct ps_jnode n = ps_jnode_first(array); p->rules->limits && ps_jnode_there(n);
         n = ps_jnode_next(n))
        read_limit(p, n);
}
