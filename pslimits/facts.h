// SPDX-License-Identifier: Apache-2.0
// The witness that asks the world: the DNS, this host's interfaces, servers by HTTP; and jq.
#pragma once
#include "base/ps_addr.h"
#include "pslimits/lists.h"
#include "pslimits/regime.h"
#include "pslimits/witness.h"

struct facts;

struct facts_conf {
    const struct ps_addr *resolver; // NULL: the system's
    const char *cache;              // of lists; NULL: none
    bool patient;                   // questions about lists wait for the first attempt to fetch them
    struct ps_log *log;             // NULL: none
};

// 0 or a negative code.
int facts_new(struct ps_loop *l, const struct facts_conf *conf, struct facts **out);
// Ends all that is under way without answers. Regimes must be gone.
void facts_free(struct facts *f); // NULL is fine
struct witness *facts_witness(struct facts *f);
struct ps_jq *facts_jq(struct facts *f);
struct ps_httpc *facts_http(struct facts *f);
// A regime of rules, which it takes over, whose lists are fetched. former: that from which lists are taken over, or
// NULL. 0 or a negative code (the rules stay the caller's).
int facts_regime(struct facts *f, struct lim_rules *rules, struct regime *former, struct regime **out);
