// SPDX-License-Identifier: Apache-2.0
// The requests of the control socket: {"verb": "status"} and {"verb": "reload"}.
#include "base/ps_err.h"
#include "base/ps_iso8601.h"
#include "lsregister/directory_impl.h"

static void put_http(const struct directory *d, struct ps_json *j)
{
    ps_json_key(j, "http");
    ps_json_open(j, '{');
    ps_front_put_http(&d->front, j);
    ps_json_close(j, '}');
}

static void put_store(const struct directory *d, struct ps_json *j)
{
    struct ps_dbqueue_state w;

    ps_dbqueue_look(dir_store_queue(d->site.store), &w);
    ps_json_key(j, "store");
    ps_json_open(j, '{');
    ps_json_put_str(j, "file", d->now.data);
    ps_json_put_u64(j, "writes", w.jobs);
    ps_json_put_u64(j, "transactions", w.transactions);
    ps_json_put_u64(j, "failed", w.failed);
    ps_json_put_u64(j, "waiting", w.waiting);
    ps_json_put_str(j, "trouble", w.trouble ? ps_strerror(w.trouble) : NULL);
    ps_json_close(j, '}');
}

static void put_counts(const struct directory *d, struct ps_json *j)
{
    const struct dir_counts *c = &d->site.counts;

    ps_json_put_u64(j, "records", dir_index_count(d->site.index));
    ps_json_put_u64(j, "records-max", d->now.records_max);
    ps_json_put_u64(j, "registered", c->registered);
    ps_json_put_u64(j, "adopted", c->adopted);
    ps_json_put_u64(j, "renewed", c->renewed);
    ps_json_put_u64(j, "removed", c->removed);
    ps_json_put_u64(j, "pruned", c->pruned);
    ps_json_put_u64(j, "refused", c->refused);
    ps_json_put_u64(j, "queries", c->queries);
}

static void put_upper(const struct directory *d, struct ps_json *j)
{
    struct dir_upper_state st;

    ps_json_key(j, "upper");
    if (!d->now.upper[0]) {
        ps_json_null(j);
        return;
    }
    dir_upper_look(d->upper, &st);
    ps_json_open(j, '{');
    ps_json_put_str(j, "url", d->now.upper);
    ps_json_put_u64(j, "records", st.known);
    ps_json_put_u64(j, "added", st.added);
    ps_json_put_u64(j, "renewed", st.renewed);
    ps_json_put_u64(j, "removed", st.removed);
    ps_json_put_u64(j, "refused", st.refused);
    ps_json_put_str(j, "trouble", st.trouble[0] ? st.trouble : NULL);
    ps_json_close(j, '}');
}

static int obey_status(void *directory, struct ps_jget *args, struct ps_json *j, struct ps_fault *fault)
{
    const struct directory *d = directory;
    char since[PS_ISO8601_TIME];

    (void)args, (void)fault;
    ps_ctl_put_program(j, "lsregister directory");
    ps_json_put_str(j, "since", ps_iso8601_put_utc(d->site.started, since));
    put_counts(d, j);
    put_store(d, j);
    put_http(d, j);
    put_upper(d, j);
    ps_json_put_str(j, "confined", d->front.confined[0] ? d->front.confined : NULL);
    return 0;
}

static int obey_reload(void *directory, struct ps_jget *args, struct ps_json *j, struct ps_fault *fault)
{
    (void)args, (void)j;
    return directory_reload(directory, fault);
}

const struct ps_ctl_verb directory_verbs[DIRECTORY_VERBS] = {{"status", obey_status, false},
                                                             {"reload", obey_reload, false}};
