// SPDX-License-Identifier: Apache-2.0
#include "tool/tl_iperf3_auth.h"
#include <stdlib.h>
#include <string.h>
#include "tool/tl_spec.h"

#define PUBLIC_KEY "iperf3-public.pem"
#define PRIVATE_KEY "iperf3-private.pem"
#define USERS "iperf3-users"
#define SCHEMA_LEAST 2 // a client of an older schema does not know of this

static struct ps_jnode part(const struct tl_job *job, unsigned participant)
{
    struct ps_jnode client = ps_jnode_first(job->parts);

    return participant == 0 ? client : ps_jnode_next(client);
}

// What there is for this end; the node of none: nothing, or not all that it takes.
static struct ps_jnode auth_of(const struct tl_job *job)
{
    static const char *const client[] = {"username", "password", "public", NULL}, *const server[] = {
                                                                                      "credentials",
                                                                                      "private", NULL};
    struct ps_jnode auth = ps_jnode_member(part(job, 1), "_auth"), none = {0};
    const char *const *key = job->participant == 0 ? client : server;
    bool wanted = job->participant == 0 || tl_spec_count(part(job, 0), "schema", 1) >= SCHEMA_LEAST;

    for (; wanted && *key; key++)
        wanted = tl_spec_str(auth, *key);
    return wanted ? auth : none;
}

// From 3.17 on it pads otherwise, unless it is told not to: 17 of "3.17".
static bool is_new(const char *version)
{
    char *end;
    unsigned long major = version ? strtoul(version, &end, 10) : 0;

    return major > 3 || (major == 3 && *end == '.' && strtoul(end + 1, NULL, 10) >= 17);
}

static void add_padding(const struct tl_job *job, struct tl_argv *argv)
{
    const char *other = tl_spec_str(part(job, !job->participant), "iperf3-version");

    if (is_new(job->site->iperf3_version) && !is_new(other))
        tl_argv_add(argv, "--use-pkcs1-padding");
}

void tl_iperf3_auth_command(const struct tl_job *job, struct tl_argv *argv)
{
    struct ps_jnode auth = auth_of(job);

    if (!ps_jnode_there(auth))
        return;
    add_padding(job, argv);
    if (job->participant == 0) {
        tl_argv_opt(argv, "--rsa-public-key-path", PUBLIC_KEY);
        tl_argv_add(argv, "--username");
        tl_argv_operand(argv, tl_spec_str(auth, "username"));
    } else {
        tl_argv_opt(argv, "--authorized-users-path", USERS);
        tl_argv_opt(argv, "--rsa-private-key-path", PRIVATE_KEY);
    }
}

void tl_iperf3_auth_secrets(const struct tl_job *job, struct tl_secrets *out)
{
    struct ps_jnode auth = auth_of(job);

    if (!ps_jnode_there(auth))
        return;
    if (job->participant == 0) {
        out->files[out->n++] = (struct tl_secret){PUBLIC_KEY, tl_spec_str(auth, "public")};
        out->variable = (struct tl_secret){"IPERF3_PASSWORD", tl_spec_str(auth, "password")};
    } else {
        out->files[out->n++] = (struct tl_secret){PRIVATE_KEY, tl_spec_str(auth, "private")};
        out->files[out->n++] = (struct tl_secret){USERS, tl_spec_str(auth, "credentials")};
    }
}
