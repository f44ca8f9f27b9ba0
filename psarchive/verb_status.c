// SPDX-License-Identifier: Apache-2.0
// psarchive status: what there is, and how much room it takes.
#include <stdio.h>
#include "base/ps_err.h"
#include "base/ps_out.h"
#include "psarchive/settings.h"
#include "psarchive/store_impl.h"
#include "psarchive/verb_options.h"
#include "psarchive/verbs.h"
#include "psarchive/when.h"
#include "psarchive/workplace.h"

static const struct ps_opt table[] = {
    {VERB_DATA, "data", "DIR", "the archive's directory (" SETTINGS_DATA ")", NULL},
    {VERB_JSON, "json", NULL, "as JSON", NULL},
    {'h', "help", NULL, "this text", NULL},
    {'V', "version", NULL, "the version", NULL},
    {0, NULL, NULL, NULL, NULL},
};

static const struct ps_opt_prog prog = {
    "psarchive status",
    "[options]",
    "Tells what is in the archive, how much room it takes, and when something was last written. Counts all "
    "rows, which takes "
    "a second for some ten millions.",
    "Exit status: 0 done; 2 usage; 4 it failed.\nSee psarchive(1).",
    table,
};

struct status {
    struct store_state state;
    int64_t points, rollups, documents, tokens;
    int64_t updated; // 0: never
};

static int64_t last_write(struct store *s)
{
    static const struct filter all;
    struct search search;
    const struct meta *found[64];
    int64_t newest = 0;
    search_begin(&search, store_catalog(s), &all);
    for (size_t n; (n = search_next(&search, found, 64)) > 0;)
        for (size_t i = 0; i < n; i++) {
            int64_t at = meta_updated(found[i], -1);
            newest = at > newest ? at : newest;
            meta_unref(found[i]);
        }
    return newest;
}

static int look(struct workplace *w, struct status *st)
{
    int err = store_look(w->reader, &st->state);
    if (err == 0)
        err = ps_db_number(w->store->db, "SELECT count(*) FROM point", &st->points);
    if (err == 0)
        err = ps_db_number(w->store->db, "SELECT count(*) FROM rollup", &st->rollups);
    if (err == 0)
        err = ps_db_number(w->store->db, "SELECT count(*) FROM document", &st->documents);
    if (err == 0)
        err = ps_db_number(w->store->db, "SELECT count(*) FROM token", &st->tokens);
    st->updated = last_write(w->store);
    return err;
}

static void print_json(const struct status *st)
{
    const struct {
        const char *key;
        uint64_t n;
    } counts[] = {{"metadata", st->state.metas},
                  {"results", (uint64_t)st->points},
                  {"rollups", (uint64_t)st->rollups},
                  {"documents", (uint64_t)st->documents},
                  {"tokens", (uint64_t)st->tokens},
                  {"octets", st->state.octets},
                  {"log-octets", st->state.wal_octets},
                  {"unused-octets", st->state.free_octets},
                  {"disk-free-octets", st->state.disk_free}};
    struct ps_json j;
    ps_json_init(&j, stdout, false);
    ps_json_open(&j, '{');
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        ps_json_put_u64(&j, counts[i].key, counts[i].n);
    ps_json_key(&j, "last-write");
    if (st->updated > 0)
        ps_json_i64(&j, st->updated);
    else
        ps_json_null(&j);
    ps_json_close(&j, '}');
    (void)ps_json_end(&j);
}

static void print_text(const struct status *st)
{
    char when[WHEN_SIZE];
    double octets = (double)(st->state.octets - st->state.free_octets);
    printf("metadata      %llu\n", (unsigned long long)st->state.metas);
    printf("results       %lld\n", (long long)st->points);
    printf("roll-ups      %lld\n", (long long)st->rollups);
    printf("documents     %lld\n", (long long)st->documents);
    printf("tokens        %lld\n", (long long)st->tokens);
    printf("last write    %s\n", st->updated > 0 ? when_text(st->updated, when) : "never");
    printf("size          %.1f MB, %.1f of them unused\n", (double)st->state.octets / 1e6,
           (double)st->state.free_octets / 1e6);
    printf("log           %.1f MB, which is emptied when nothing is written\n",
           (double)st->state.wal_octets / 1e6);
    if (st->points > 0)
        printf("a result      %.0f octets, with all that belongs to it\n", octets / (double)st->points);
    printf("free on disk  %.1f MB\n", (double)st->state.disk_free / 1e6);
}

int status_main(int argc, char **argv)
{
    struct verb_options v = {0};
    struct workplace w;
    struct status st = {0};
    int status = verb_options_read(&v, &prog, argc, argv);
    if (status >= 0)
        return status;
    if (v.argc != 0)
        return workplace_fail("status", EXIT_USAGE, "wants nothing but options; --help tells more");
    status = workplace_open(&w, "status", v.data, WORKPLACE_READ);
    if (status != 0)
        return status;
    int err = look(&w, &st);
    if (err != 0)
        status = workplace_fail("status", EXIT_SYSTEM, "%s: %s", store_path(w.store), ps_strerror(err));
    workplace_close(&w);
    if (status != 0)
        return status;
    if (v.json)
        print_json(&st);
    else
        print_text(&st);
    return workplace_flush("status", EXIT_DONE);
}
