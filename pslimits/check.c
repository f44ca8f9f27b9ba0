// SPDX-License-Identifier: Apache-2.0
#include "pslimits/check.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include "base/ps_err.h"
#include "pslimits/exits.h"
#include "pslimits/report.h"
#include "pslimits/source.h"

int check_text(const char *text, size_t len, struct lim_rules **out, struct lim_faults *faults)
{
    int err = lim_parse(out, text, len, faults);
    return err == PS_EMALFORMED ? 0 : err;
}

static int tell(const struct options *o, const struct lim_rules *rules, const struct lim_faults *faults)
{
    char holds[200] = "";
    struct report r = {source_name(o->file), faults, rules ? holds : NULL};
    if (rules)
        snprintf(holds, sizeof holds, "%zu identifiers, %zu classifiers, %zu limits, %zu applications",
                 rules->nidentifiers, rules->nclassifiers, rules->nlimits, rules->napplications);
    return o->json ? report_json(&r) : report_text(&r, o->quiet);
}

int check_run(const struct options *o)
{
    struct lim_faults faults;
    struct lim_rules *rules = NULL;
    char *text;
    size_t len;
    if (source_read(o->file, LIM_FILE_MAX, &text, &len) != 0)
        return EXIT_SYSTEM;
    lim_faults_init(&faults);
    int err = check_text(text, len, &rules, &faults);
    if (err)
        fprintf(stderr, "pslimits: %s\n", ps_strerror(err));
    else
        err = tell(o, rules, &faults);
    int status = err ? EXIT_SYSTEM : faults.faults ? EXIT_NO : EXIT_YES;
    lim_rules_free(rules);
    lim_faults_fini(&faults);
    free(text);
    return status;
}
