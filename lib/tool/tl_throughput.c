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

static void put_members(struct ps_jnode one, struct ps_json *j)
{
    for (struct ps_jnode m = ps_jnode_first(one); ps_jnode_there(m); m = ps_jnode_next(m)) {
        const char *key = ps_jnode_key(m);
        if (strcmp(key, "diags") != 0 && strcmp(key, "error") != 0)
            ps_jnode_put(j, key, m);
    }
}

void tl_throughput_merge(const struct tl_test *test, struct ps_jnode results, struct ps_json *j)
{
    struct ps_jnode client = ps_jnode_first(results), server = ps_jnode_next(client);
    struct ps_jnode sender =
        tl_spec_flag(test->spec, "reverse", false) && has_succeeded(server) ? server : client;

    ps_json_open(j, '{');
    if (has_succeeded(client) && has_succeeded(sender)) {
        put_members(sender, j);
    } else {
        ps_json_put_bool(j, "succeeded", false);
        put_words(client, server, "error", j);
    }
    put_words(client, server, "diags", j);
    ps_json_close(j, '}');
}
