// SPDX-License-Identifier: Apache-2.0
// psarchive verify.
#include <stdio.h>
#include "base/ps_err.h"
#include "psarchive/settings.h"
#include "psarchive/verb_options.h"
#include "psarchive/verbs.h"
#include "psarchive/verify.h"
#include "psarchive/workplace.h"

static const struct ps_opt table[] = {
    {VERB_DATA, "data", "DIR", "the archive's directory (" SETTINGS_DATA ")", NULL},
    {'h', "help", NULL, "this text", NULL},
    {'V', "version", NULL, "the version", NULL},
    {0, NULL, NULL, NULL, NULL},
};

static const struct ps_opt_prog prog = {
    "psarchive verify",
    "[options]",
    "Looks through the whole archive: the database's structure, every row, and whether the roll-ups are what "
    "the results "
    "make. The archive may be in use; what is written meanwhile may be told as wrong.",
    "Exit status: 0 all is right; 1 something is not, which is told; 2 usage; 4 it cannot be read at all.\n"
    "See psarchive(1).",
    table,
};

static void tell(void *ctx, const char *line)
{
    (void)ctx;
    fprintf(stderr, "psarchive verify: %s\n", line);
}

int verify_main(int argc, char **argv)
{
    struct verb_options o = {0};
    struct workplace w;
    struct verify v = {.tell = tell};
    int status = verb_options_read(&o, &prog, argc, argv);
    if (status >= 0)
        return status;
    if (o.argc != 0)
        return workplace_fail("verify", EXIT_USAGE, "wants nothing but options; --help tells more");
    status = workplace_open(&w, "verify", o.data, WORKPLACE_READ);
    if (status != 0)
        return status;
    int err = verify_run(&v, w.reader);
    workplace_close(&w);
    printf("%llu metadata, %llu results, %llu roll-ups: ", (unsigned long long)v.metas,
           (unsigned long long)v.results, (unsigned long long)v.rollups);
    if (v.faults == 0)
        printf("all is right\n");
    else
        printf("%llu faults; psarchive restore brings a backup back\n", (unsigned long long)v.faults);
    return workplace_flush("verify", err != 0 ? EXIT_SYSTEM : v.faults > 0 ? EXIT_NO : EXIT_DONE);
}
