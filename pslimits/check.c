// SPDX-License-Identifier: Apache-2.0
#include "pslimits/check.h"
#include <stdio.h>
#include "base/ps_err.h"
#include "pslimits/exits.h"
#include "pslimits/ground.h"
#include "pslimits/report.h"

static int tell(const struct options *o, const struct ground *g)
{
    char holds[200] = "";
    struct report r = {g->name, &g->faults, g->rules ? holds : NULL, g->unchecked};
    if (g->rules)
        snprintf(holds, sizeof holds, "%zu identifiers, %zu classifiers, %zu limits, %zu applications",
                 g->rules->nidentifiers, g->rules->nclassifiers, g->rules->nlimits, g->rules->napplications);
    return o->json ? report_json(&r) : report_text(&r, o->quiet);
}

int check_run(const struct options *o)
{
    struct ground g;
    int status = ground_init(&g, o);
    if (status == EXIT_YES)
        status = ground_load(&g, o->file);
    if (status == EXIT_YES && tell(o, &g) != 0)
        status = EXIT_SYSTEM;
    if (status == EXIT_YES && g.faults.faults)
        status = EXIT_NO;
    else if (status == EXIT_YES && g.unchecked)
        status = EXIT_SYSTEM;
    ground_fini(&g);
    return status;
}
