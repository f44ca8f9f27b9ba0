// SPDX-License-Identifier: Apache-2.0
// psarchive purge.
#include <stdio.h>
#include "base/ps_err.h"
#include "base/ps_out.h"
#include "psarchive/purge.h"
#include "psarchive/settings.h"
#include "psarchive/verb_options.h"
#include "psarchive/verbs.h"
#include "psarchive/workplace.h"

enum { OPT_RETENTION = VERB_OWN, OPT_DRY };

static const struct ps_opt table[] = {
    {VERB_DATA, "data", "DIR", "the archive's directory (" SETTINGS_DATA ")", NULL},
    {OPT_RETENTION, "retention", "FILE", "the policies, as esmond has them; needed", NULL},
    {OPT_DRY, "dry-run", NULL, "only say what would be removed", NULL},
    {VERB_JSON, "json", NULL, "the outcome as JSON", NULL},
    {'h', "help", NULL, "this text", NULL},
    {'V', "version", NULL, "the version", NULL},
    {0, NULL, NULL, NULL, NULL},
};

static const struct ps_opt_prog prog = {
    "psarchive purge",
    "[options] --retention FILE",
    "Removes what the policies in FILE do not keep, and gives the room back to the file system. The archive "
    "may be in use; "
    "one that serves with a retention policy does this by itself.",
    "Exit status: 0 done; 2 usage; 4 it failed.\nSee psarchive(1).",
    table,
};

struct options {
    const char *retention;
    bool dry;
};

static int set_own(void *ctx, int letter, const char *value)
{
    struct options *o = ctx;
    if (letter == OPT_RETENTION)
        o->retention = value;
    else
        o->dry = true;
    return 0;
}

static void print_json(const struct purge *p)
{
    struct ps_json j;
    ps_json_init(&j, stdout, false);
    ps_json_open(&j, '{');
    ps_json_put_u64(&j, "results", p->points);
    ps_json_put_u64(&j, "results-thinned", p->thinned);
    ps_json_put_u64(&j, "rollups", p->rollups);
    ps_json_put_u64(&j, "documents", p->documents);
    ps_json_put_u64(&j, "metadata", p->metas);
    ps_json_put_u64(&j, "octets", p->octets);
    ps_json_close(&j, '}');
    (void)ps_json_end(&j);
}

static void print_text(const struct purge *p)
{
    printf("%s %llu results, a part of %llu, %llu roll-ups, %llu documents, %llu metadata",
           p->count ? "would remove" : "removed", (unsigned long long)p->points,
           (unsigned long long)p->thinned, (unsigned long long)p->rollups, (unsigned long long)p->documents,
           (unsigned long long)p->metas);
    if (p->count)
        printf("\n");
    else
        printf("; %.1f MB given back\n", (double)p->octets / 1e6);
}

static int purge(const struct verb_options *v, const struct options *o, const struct retention *policy)
{
    struct workplace w;
    struct purge p;
    int got, status = workplace_open(&w, "purge", v->data, WORKPLACE_CHANGE);
    if (status != 0)
        return status;
    purge_begin(&p, policy, v->now);
    p.count = o->dry;
    do
        got = purge_step(&p, w.store);
    while (got > 0);
    purge_end(&p);
    if (got < 0)
        status = workplace_fail("purge", EXIT_SYSTEM, "%s: %s", store_path(w.store), ps_strerror(got));
    workplace_close(&w);
    if (status != 0)
        return status;
    if (v->json)
        print_json(&p);
    else
        print_text(&p);
    return workplace_flush("purge", EXIT_DONE);
}

int purge_main(int argc, char **argv)
{
    struct options o = {0};
    struct verb_options v = {.own = set_own, .ctx = &o};
    struct retention *policy;
    struct ps_fault fault = {""};
    int status = verb_options_read(&v, &prog, argc, argv);
    if (status >= 0)
        return status;
    if (v.argc != 0 || o.retention == NULL)
        return workplace_fail("purge", EXIT_USAGE,
                              "wants --retention FILE and nothing else; --help tells more");
    if (retention_load(&policy, o.retention, &fault) != 0)
        return workplace_fail("purge", EXIT_SYSTEM, "%s", fault.text);
    status = purge(&v, &o, policy);
    retention_free(policy);
    return status;
}
