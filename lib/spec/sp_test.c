// SPDX-License-Identifier: Apache-2.0
// The list of tests, and classes.
#include "spec/sp_test.h"
#include <string.h>
#include "spec/sp_table.h"

#define MAINTAINER "psuite"

static const struct sp_test *const tests[] = {
    &sp_clock,      &sp_dns,     &sp_http,         &sp_idle,       &sp_idlebgm,
    &sp_idleex,     &sp_latency, &sp_latencybg,    &sp_mtu,        &sp_noop,
    &sp_psresponse, &sp_rtt,     &sp_simplestream, &sp_throughput, &sp_trace,
};

const struct sp_test *sp_test_at(size_t i)
{
    return i < sizeof tests / sizeof tests[0] ? tests[i] : NULL;
}

const struct sp_test *sp_test_find(const char *name)
{
    const struct sp_test *t;
    size_t i = 0;

    while ((t = sp_test_at(i)) != NULL && strcmp(t->name, name) != 0)
        i++;
    return t;
}

const char *sp_test_name(const struct sp_test *t)
{
    return t->name;
}

const char *sp_test_about(const struct sp_test *t)
{
    return t->about;
}

enum sp_class sp_test_class(const struct sp_test *t)
{
    return t->cls;
}

int sp_test_schema(const struct sp_test *t)
{
    return t->schema;
}

const char *sp_class_word(enum sp_class c)
{
    switch (c) {
    case SP_EXCLUSIVE:
        return "exclusive";
    case SP_NORMAL:
        return "normal";
    case SP_BACKGROUND:
        return "background";
    case SP_BACKGROUND_MULTI:
        break;
    }
    return "background-multi";
}

const char *sp_class_display(enum sp_class c)
{
    switch (c) {
    case SP_EXCLUSIVE:
        return "Exclusive";
    case SP_NORMAL:
        return "Normal";
    case SP_BACKGROUND:
        return "Background Single-Result";
    case SP_BACKGROUND_MULTI:
        break;
    }
    return "Background Multi-Result";
}

bool sp_class_anytime(enum sp_class c)
{
    return c == SP_BACKGROUND || c == SP_BACKGROUND_MULTI;
}

bool sp_class_multi(enum sp_class c)
{
    return c == SP_BACKGROUND_MULTI;
}

void sp_test_enumerate(const struct sp_test *t, const char *href, struct ps_json *j)
{
    ps_json_open(j, '{');
    ps_json_put_u64(j, "schema", 1);
    ps_json_put_str(j, "name", t->name);
    ps_json_put_str(j, "description", t->about);
    ps_json_put_str(j, "version", PACKAGE_VERSION);
    ps_json_put_open(j, "maintainer", '{');
    ps_json_put_str(j, "name", MAINTAINER);
    ps_json_close(j, '}');
    ps_json_put_str(j, "scheduling-class", sp_class_word(t->cls));
    if (href)
        ps_json_put_str(j, "href", href);
    ps_json_close(j, '}');
}
