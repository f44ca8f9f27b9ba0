// SPDX-License-Identifier: Apache-2.0
#include "tool/tl_tool.h"
#include <string.h>
#include "base/ps_err.h"
#include "tool/tl_spec.h"
#include "tool/tl_tool_impl.h"

// By preference, then by name.
static const struct tl_tool *const tools[] = {
    &tl_iperf3,      &tl_nuttcp,   &tl_curl,      &tl_dnspy,      &tl_fwmtu,     &tl_owping,
    &tl_passthrough, &tl_ping,     &tl_powstream, &tl_psclock,    &tl_pstimer,   &tl_simplestreamer,
    &tl_sleep,       &tl_sleepbgm, &tl_snooze,    &tl_traceroute, &tl_tracepath,
};
#define TOOLS (sizeof tools / sizeof *tools)

size_t tl_tool_count(void)
{
    return TOOLS;
}

const struct tl_tool *tl_tool_at(size_t i)
{
    return i < TOOLS ? tools[i] : NULL;
}

const struct tl_tool *tl_tool_find(const char *name)
{
    for (size_t i = 0; i < TOOLS; i++) {
        if (strcmp(tools[i]->name, name) == 0)
            return tools[i];
    }
    return NULL;
}

const char *tl_tool_name(const struct tl_tool *t)
{
    return t->name;
}

int tl_tool_preference(const struct tl_tool *t)
{
    return t->preference;
}

bool tl_tool_is_multi(const struct tl_tool *t)
{
    return t->multi;
}

bool tl_tool_does(const struct tl_tool *t, const char *test_type)
{
    for (size_t i = 0; i < sizeof t->tests / sizeof *t->tests && t->tests[i]; i++) {
        if (strcmp(t->tests[i], test_type) == 0)
            return true;
    }
    return false;
}

void tl_tool_enumerate(const struct tl_tool *t, struct ps_json *j)
{
    ps_json_open(j, '{');
    ps_json_put_u64(j, "schema", 1);
    ps_json_put_str(j, "name", t->name);
    ps_json_put_str(j, "description", t->description);
    ps_json_put_str(j, "version", PACKAGE_VERSION);
    ps_json_put_open(j, "maintainer", '{');
    ps_json_put_str(j, "name", "psuite");
    ps_json_close(j, '}');
    ps_json_put_open(j, "tests", '[');
    for (size_t i = 0; i < sizeof t->tests / sizeof *t->tests && t->tests[i]; i++)
        ps_json_str(j, t->tests[i]);
    ps_json_close(j, ']');
    ps_json_put_i64(j, "preference", t->preference);
}

// --- before a run

bool tl_can_run(const struct tl_tool *t, const struct tl_site *site, const struct tl_test *test,
                struct tl_reasons *why)
{
    struct tl_reasons own = {.n = 0};
    const char *program = tl_program_name(t->program);

    why = why ? why : &own;
    why->n = 0;
    if (!tl_tool_does(t, test->type)) {
        tl_reason(why, "Does not run tests of the type %.60s.", test->type);
        return false;
    }
    if (site->path[t->program][0] == '\0')
        tl_reason(why, "The program %s is not installed here (Debian: package %s).", program,
                  tl_program_package(t->program));
    if (t->can_run)
        t->can_run(site, test, why);
    return why->n == 0;
}

int tl_duration(const struct tl_tool *t, const struct tl_test *test, struct tl_span *out)
{
    memset(out, 0, sizeof *out);
    if (!tl_tool_does(t, test->type))
        return PS_EUNSUPPORTED;
    t->duration(test, out);
    out->duration = tl_round_up(out->duration);
    if (out->duration < PS_SEC)
        out->duration = PS_SEC;
    return 0;
}

int tl_participant_data(const struct tl_tool *t, const struct tl_site *site, const struct tl_test *test,
                        unsigned participant, unsigned port, struct ps_json *j)
{
    if (!tl_tool_does(t, test->type))
        return PS_EUNSUPPORTED;
    ps_json_open(j, '{');
    if (t->data)
        t->data(site, test, participant, port, j);
    ps_json_close(j, '}');
    return 0;
}

// --- behind a run

static int put_failed(struct ps_json *j, int err, const char *error, const char *diags)
{
    ps_json_open(j, '{');
    ps_json_put_bool(j, "succeeded", false);
    ps_json_put_str(j, "error", error);
    if (diags)
        ps_json_put_str(j, "diags", diags);
    ps_json_close(j, '}');
    return err;
}

static int put_participant(struct ps_jnode one, bool flat, struct ps_json *j)
{
    struct ps_jnode inner = ps_jnode_member(one, "result");
    const char *error = tl_spec_str(one, "error"), *diags = tl_spec_str(one, "diags");

    if (ps_jnode_type(one) != PS_JTYPE_OBJECT)
        return put_failed(j, 0, "There is no result of the participant.", NULL);
    if (!tl_spec_flag(one, "succeeded", false))
        return put_failed(j, 0, error ? error : "The tool failed and did not say why.", diags);
    ps_jnode_put(j, NULL, flat || ps_jnode_type(inner) != PS_JTYPE_OBJECT ? one : inner);
    return 0;
}

int tl_merged_foreign(struct ps_jnode results, struct ps_json *j)
{
    if (ps_jnode_type(results) != PS_JTYPE_ARRAY || ps_jnode_count(results) == 0)
        return put_failed(j, PS_EMALFORMED, "There are no results of participants.", NULL);
    return put_participant(ps_jnode_first(results), false, j);
}

int tl_merged(const struct tl_tool *t, const struct tl_test *test, struct ps_jnode results, struct ps_json *j)
{
    if (ps_jnode_type(results) != PS_JTYPE_ARRAY || ps_jnode_count(results) == 0)
        return put_failed(j, PS_EMALFORMED, "There are no results of participants.", NULL);
    if (t->merge && ps_jnode_count(results) > 1) {
        t->merge(test, results, j);
        return 0;
    }
    return put_participant(ps_jnode_first(results), t->flat, j);
}
