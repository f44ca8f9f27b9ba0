// SPDX-License-Identifier: Apache-2.0
#include "tool/tl_throughput.h"
#include <string.h>
#include "tool/tl_spec.h"

bool tl_throughput_is_loopback(const struct tl_test *test)
{
    return tl_spec_flag(test->spec, "loopback", false);
}

bool tl_throughput_is_single(const struct tl_test *test)
{
    return tl_spec_flag(test->spec, "single-ended", false) || tl_throughput_is_loopback(test);
}

const char *tl_throughput_dest(const struct tl_job *job)
{
    if (!tl_throughput_is_loopback(&job->test))
        return job->far;
    return job->far && *job->far ? job->far : job->family == 6 ? "::1" : "127.0.0.1";
}

unsigned tl_throughput_port(const struct tl_job *job, const char *key, unsigned otherwise)
{
    struct ps_jnode server = ps_jnode_next(ps_jnode_first(job->parts));
    uint64_t port = otherwise;

    if (job->port)
        return job->port;
    if (!tl_spec_u64(server, key, &port))
        tl_spec_u64(job->test.spec, "single-ended-port", &port);
    return port >= 1 && port <= 65535 ? (unsigned)port : otherwise;
}

// --- the result of two

static bool has_succeeded(struct ps_jnode one)
{
    return tl_spec_flag(one, "succeeded", false);
}

static void put_words(struct ps_jnode client, struct ps_jnode server, const char *key, struct ps_json *j)
{
    const char *ours = tl_spec_str(client, key), *theirs = tl_spec_str(server, key);
    char text[4096];

    snprintf(text, sizeof text, "Participant 0:\n%.1900s\n\nParticipant 1:\n%.1900s",
             ours ? ours : "(nothing)", theirs ? theirs : "(nothing)");
    ps_json_put_str(j, key, text);
}

static bool is_summary(struct ps_jnode member)
{
    return strcmp(ps_jnode_key(member), "summary") == 0 && ps_jnode_type(member) == PS_JTYPE_OBJECT;
}

#define CAME "receiver-throughput-bits"

// The sum of all, with `came` in place of what it says has come.
static void put_sum(struct ps_json *j, struct ps_jnode sum, struct ps_jnode came)
{
    ps_json_put_open(j, "summary", '{');
    for (struct ps_jnode m = ps_jnode_first(sum); ps_jnode_there(m); m = ps_jnode_next(m))
        if (strcmp(ps_jnode_key(m), CAME) != 0)
            ps_jnode_put(j, ps_jnode_key(m), m);
    ps_jnode_put(j, CAME, came);
    ps_json_close(j, '}');
}

static void put_summary(struct ps_json *j, struct ps_jnode summary, struct ps_jnode came)
{
    ps_json_put_open(j, "summary", '{');
    for (struct ps_jnode m = ps_jnode_first(summary); ps_jnode_there(m); m = ps_jnode_next(m)) {
        if (is_summary(m))
            put_sum(j, m, came);
        else
            ps_jnode_put(j, ps_jnode_key(m), m);
    }
    ps_json_close(j, '}');
}

static void put_members(struct ps_jnode one, struct ps_jnode came, struct ps_json *j)
{
    for (struct ps_jnode m = ps_jnode_first(one); ps_jnode_there(m); m = ps_jnode_next(m)) {
        const char *key = ps_jnode_key(m);
        if (ps_jnode_there(came) && is_summary(m))
            put_summary(j, m, came);
        else if (strcmp(key, "diags") != 0 && strcmp(key, "error") != 0)
            ps_jnode_put(j, key, m);
    }
}

static struct ps_jnode came_at(struct ps_jnode one)
{
    return ps_jnode_member(ps_jnode_member(ps_jnode_member(one, "summary"), "summary"), CAME);
}

void tl_throughput_merge(struct ps_jnode results, bool server_tells, struct ps_json *j)
{
    static const struct ps_jnode nothing;
    struct ps_jnode client = ps_jnode_first(results), server = ps_jnode_next(client);

    ps_json_open(j, '{');
    if (has_succeeded(client)) {
        put_members(server_tells ? server : client, server_tells ? came_at(client) : nothing, j);
    } else {
        ps_json_put_bool(j, "succeeded", false);
        put_words(client, server, "error", j);
    }
    put_words(client, server, "diags", j);
    ps_json_close(j, '}');
}
