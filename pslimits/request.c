// SPDX-License-Identifier: Apache-2.0
#include "pslimits/request.h"
#include <string.h>

static const char *const verbs[REQUEST_VERBS] = {"judge", "status", "reload"};

static int read_judge(struct request *r, struct ps_jget *g, struct ps_fault *fault)
{
    struct ps_jnode hints = ps_jneed_object(g, "hints"), task = ps_jneed_object(g, "task"),
                    run = ps_jget_object(g, "run");
    bool rewrite = ps_jget_bool(g, "rewrite", !ps_jnode_there(run));
    r->reasons = ps_jget_bool(g, "reasons", true);
    r->diags = ps_jget_bool(g, "diags", false);
    int err = ps_jget_end(g);
    if (!err)
        err = lim_request_read(&r->of, hints, task, run, fault);
    r->of.rewrite = rewrite;
    return err;
}

int request_read(struct request *r, const char *line, size_t len, struct ps_fault *fault)
{
    struct ps_jget g;
    memset(r, 0, sizeof *r);
    int err = ps_jdoc_parse(&r->doc, NULL, line, len, fault);
    if (err)
        return err;
    ps_jget_init(&g, ps_jdoc_root(r->doc), fault);
    r->verb = (enum request_verb)ps_jget_word(&g, "verb", verbs, REQUEST_VERBS, REQUEST_JUDGE);
    if (!g.err && r->verb == REQUEST_JUDGE)
        return read_judge(r, &g, fault);
    return ps_jget_end(&g);
}

void request_fini(struct request *r)
{
    ps_jdoc_free(r->doc);
    r->doc = NULL;
}
