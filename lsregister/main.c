// SPDX-License-Identifier: Apache-2.0
// lsregister(1): a verb, and what it does.
#include "base/ps_verbs.h"
#include "lsregister/verbs.h"

static const struct ps_verb verbs[] = {
    {"serve", serve_main, "register this host, and keep it registered"},
    {"once", once_main, "the same once, for cron"},
    {"status", status_main, "what is registered where, and what to do"},
    {"verify", verify_main, "what the lookup server has, held against what it should"},
    {"record", record_main, "what would be registered"},
    {"find", find_main, "hosts and services of others"},
    {"communities", communities_main, "communities, and how many are in them"},
    {"withdraw", withdraw_main, "delete what is registered"},
    {"off", off_main, "turn registration off, and delete what is registered"},
    {"on", on_main, "turn it on again"},
    {"check", check_main, "what is wrong with a configuration"},
    {"directory", directory_main, "a lookup server: keeps what hosts register, and is asked for it"},
};

int main(int argc, char **argv)
{
    static const struct ps_verbs program = {
        .program = "lsregister",
        .about =
            "Tells the lookup service of perfSONAR of this host, so that others find it, and finds others.",
        .at = verbs,
        .n = sizeof verbs / sizeof verbs[0],
        .see = "lsregister(1), lsregister-directory(1), lsregister.conf(5)",
    };

    return ps_verbs_main(&program, argc, argv);
}
