// SPDX-License-Identifier: Apache-2.0
// What a task says of an archive (fact sheet 4.1).
#include <stdio.h>
#include <string.h>
#include "base/ps_err.h"
#include "spec/sp_check.h"
#include "spec/sp_json.h"
#include "spec/sp_task.h"

#define SCRIPT_LINES_MAX 10000
#define NAME_MAX_LEN 200

static const struct archive_key {
    const char *name;
    int since;
} archive_keys[] = {
    {"schema", 1}, {"archiver", 1}, {"data", 1},     {"transform", 1},
    {"ttl", 1},    {"runs", 2},     {"uri-host", 2}, {"label", 3},
};

static const char *const runs_words[] = {"all", "succeeded", "failed", NULL};

static int check_key(struct sp_check *c, const char *name, int schema)
{
    char why[60];

    if (name[0] == '#')
        return 0;
    for (size_t i = 0; i < sizeof archive_keys / sizeof archive_keys[0]; i++) {
        if (strcmp(archive_keys[i].name, name) != 0)
            continue;
        if (archive_keys[i].since <= schema)
            return 0;
        snprintf(why, sizeof why, "it needs \"schema\": %d", archive_keys[i].since);
        return sp_check_unexpected(c, name, why);
    }
    return sp_check_unexpected(c, name, NULL);
}

static int check_keys(struct sp_check *c, struct ps_jnode archive)
{
    struct ps_jnode n = ps_jnode_member(archive, "schema");
    int64_t schema = 1;

    size_t mark = sp_check_enter(c, "schema");
    int err = ps_jnode_there(n) ? sp_check_int(c, n, 1, SP_INT_MAX, &schema) : 0;
    if (!err && schema > SP_ARCHIVE_SCHEMA)
        err = sp_check_fail(c, PS_EVERSION, "%lld is newer than the highest schema of archives, which is %d",
                            (long long)schema, SP_ARCHIVE_SCHEMA);
    sp_check_leave(c, mark);
    for (n = ps_jnode_first(archive); !err && ps_jnode_there(n); n = ps_jnode_next(n))
        err = check_key(c, ps_jnode_key(n), (int)schema);
    return err;
}

// A string, or strings that are its lines.
static int check_script(struct sp_check *c, struct ps_jnode n)
{
    char shown[SP_QUOTED];
    const char *line;
    size_t i = 0;

    size_t mark = sp_check_enter(c, "script");
    int err = 0;
    if (ps_jnode_type(n) == PS_JTYPE_ARRAY) {
        err = sp_check_count(c, n, SCRIPT_LINES_MAX);
        for (struct ps_jnode m = ps_jnode_first(n); !err && ps_jnode_there(m); m = ps_jnode_next(m)) {
            size_t inner = sp_check_enter_nth(c, i++);
            err = sp_check_string(c, m, &line);
            sp_check_leave(c, inner);
        }
    } else if (ps_jnode_type(n) != PS_JTYPE_STRING) {
        err = sp_check_fail(c, PS_EMALFORMED, "%s is not of type 'string', nor an array of strings",
                            sp_quoted(n, shown));
    }
    sp_check_leave(c, mark);
    return err;
}

static int check_transform_member(struct sp_check *c, struct ps_jnode n, struct sp_archive *out)
{
    const char *key = ps_jnode_key(n);

    if (strcmp(key, "script") == 0)
        return check_script(c, n);
    size_t mark = sp_check_enter(c, key);
    int err = 0;
    if (strcmp(key, "output-raw") == 0)
        err = sp_check_type(c, n, PS_JTYPE_BOOL);
    else if (strcmp(key, "args") == 0)
        err = sp_check_type(c, n, PS_JTYPE_OBJECT);
    else if (key[0] != '#') {
        sp_check_leave(c, mark);
        return sp_check_unexpected(c, key, NULL);
    }
    (void)ps_jnode_bool(ps_jnode_member(out->transform, "output-raw"), &out->output_raw, NULL);
    sp_check_leave(c, mark);
    return err;
}

static int read_transform(struct sp_check *c, struct ps_jnode n, struct sp_archive *out)
{
    size_t mark = sp_check_enter(c, "transform");

    out->transform = n;
    int err = sp_check_type(c, n, PS_JTYPE_OBJECT);
    if (!err && !ps_jnode_there(ps_jnode_member(n, "script")))
        err = sp_check_missing(c, "script");
    for (struct ps_jnode m = ps_jnode_first(n); !err && ps_jnode_there(m); m = ps_jnode_next(m))
        err = check_transform_member(c, m, out);
    sp_check_leave(c, mark);
    return err;
}

static int read_archiver(struct sp_check *c, struct ps_jnode n, const char **out)
{
    int err = sp_check_string(c, n, out);

    if (!err && (!**out || strlen(*out) > NAME_MAX_LEN))
        err = sp_check_fail(c, PS_EMALFORMED, "is not the name of an archiver");
    return err;
}

static int read_runs(struct sp_check *c, struct ps_jnode n, struct sp_archive *out)
{
    size_t which = SP_RUNS_SUCCEEDED;

    int err = sp_check_word(c, n, runs_words, &which);
    out->runs = (enum sp_archive_runs)which;
    return err;
}

static int read_member(struct sp_check *c, struct ps_jnode n, struct sp_archive *out)
{
    const char *key = ps_jnode_key(n);

    if (strcmp(key, "transform") == 0)
        return read_transform(c, n, out);
    size_t mark = sp_check_enter(c, key);
    int err = 0;
    if (strcmp(key, "archiver") == 0)
        err = read_archiver(c, n, &out->archiver);
    else if (strcmp(key, "data") == 0)
        out->data = n;
    else if (strcmp(key, "ttl") == 0)
        err = sp_check_duration(c, n, &out->ttl);
    else if (strcmp(key, "runs") == 0)
        err = read_runs(c, n, out);
    else if (strcmp(key, "uri-host") == 0)
        err = sp_check_hostport(c, n, &out->uri_host);
    else if (strcmp(key, "label") == 0)
        err = sp_check_string(c, n, &out->label);
    sp_check_leave(c, mark);
    return err;
}

int sp_archive_read(struct sp_archive *out, struct ps_jnode archive, const char *path, struct ps_fault *fault)
{
    struct sp_check c;

    *out = (struct sp_archive){.ttl = -1, .runs = SP_RUNS_SUCCEEDED};
    sp_check_init(&c, path, fault);
    if (!ps_jnode_there(archive))
        return sp_check_fail(&c, PS_ENOTFOUND, "there is no archive");
    int err = sp_check_type(&c, archive, PS_JTYPE_OBJECT);
    if (!err && sp_json_depth(archive) > SP_TASK_DEPTH)
        err = sp_check_fail(&c, PS_ELIMIT, "is nested deeper than %d levels", SP_TASK_DEPTH);
    if (!err)
        err = check_keys(&c, archive);
    for (struct ps_jnode n = ps_jnode_first(archive); !err && ps_jnode_there(n); n = ps_jnode_next(n))
        err = read_member(&c, n, out);
    if (!err && !out->archiver)
        err = sp_check_missing(&c, "archiver");
    if (!err && !ps_jnode_there(out->data))
        err = sp_check_missing(&c, "data");
    return err;
}
