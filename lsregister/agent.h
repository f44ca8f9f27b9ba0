// SPDX-License-Identifier: Apache-2.0
// The registrar at work: it looks at the host, finds servers, asks what the machine (registrar.h) wants asked, and notes
// down what came of it (ledger.h).
#pragma once
#include "base/ps_log.h"
#include "loop/ps_dns.h"
#include "lsregister/ledger.h"
#include "lsregister/lsclient.h"
#include "lsregister/plan.h"
#include "lsregister/survey.h"

struct agent_conf {
    struct ps_loop *loop;
    struct ps_log *log;
    const char *root;               // of the system's files; ""
    const struct ps_addr *resolver; // NULL: the system's
    bool once;                      // registers or renews, and is done
    bool withdraw;                  // deletes all, and is done
    // Nothing is left to be asked before some time has passed, or nobody can be asked. Comes from the loop; agent_free is
    // fine from inside. NULL is fine.
    void (*idle)(void *ctx);
    void *ctx;
};

struct agent;

// Opens the ledger that the plan names. The plan is the agent's from here on, also after an error. 0; -EBUSY, -errno,
// with the fault told; -ENOMEM.
int agent_new(const struct agent_conf *conf, struct plan *plan, struct agent **out, struct ps_fault *fault);
// Begins. 0 or -ENOMEM.
int agent_start(struct agent *a);
void agent_free(struct agent *a); // NULL is fine
// Another plan, which is the agent's from here on; its directory and socket stay what they were.
void agent_replan(struct agent *a, struct plan *plan);
// Looks at the host, tries what was put off, and renews, all at once.
void agent_hurry(struct agent *a);
// Registers nothing from now on and deletes what is registered, also after a restart; or the contrary. 0 or -errno with
// the fault told: what is registered is deleted all the same, but not after a restart.
int agent_set_off(struct agent *a, bool off, struct ps_fault *fault);

const struct plan *agent_plan(const struct agent *a);
const struct registrar *agent_registrar(const struct agent *a);
const struct ledger *agent_ledger(const struct agent *a);
// Why nothing, or not all, is registered: of the configuration and of the last look at the host.
const struct words *agent_notes(const struct agent *a);
// Why it seemed, since the start, that another host uses this one's identity (registrar_suspicion); "" when it did not.
const char *agent_suspicion(const struct agent *a);
// Why what is registered could not be noted down; "" when it is.
const char *agent_unsaved(const struct agent *a);
// Why there is no server, in words; "" when there is one.
const char *agent_no_server(const struct agent *a);
