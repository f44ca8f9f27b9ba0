// SPDX-License-Identifier: Apache-2.0
#include "pslimits/owamp.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include "base/ps_err.h"
#include "limits/lim_fault.h"
#include "owamp/ow_limits.h"
#include "pslimits/exits.h"
#include "pslimits/report.h"
#include "pslimits/source.h"

#define FILE_MAX ((size_t)16 << 20)

// The parser's "FILE:LINE: TEXT[; HINT]".
static void take_fault(void *ctx, int line, const struct ps_fault *fault)
{
    struct lim_faults *f = ctx;
    size_t before = f->n;
    lim_fault_from(f, (struct ps_jnode){NULL, 0}, fault);
    if (f->n == before)
        return;
    f->at[before].line = line;
    free(f->at[before].path);
    f->at[before].path = NULL; // lines are all the place there is
}

static void print_text(const char *name, const struct lim_faults *f, size_t classes, bool quiet)
{
    for (size_t i = 0; i < f->n; i++)
        printf("%s:%d: %s%s%s\n", name, f->at[i].line, f->at[i].text, f->at[i].hint ? "; " : "",
               f->at[i].hint ? f->at[i].hint : "");
    if (f->faults)
        printf("%s: %zu fault%s\n", name, f->faults, f->faults == 1 ? "" : "s");
    else if (!quiet)
        printf("%s: good: %zu class%s\n", name, classes, classes == 1 ? "" : "es");
}

static int read_users(const char *path, struct ow_pfs **out)
{
    struct ps_fault fault = {""};
    char *text;
    size_t len;
    int err = source_read(path, FILE_MAX, &text, &len);
    if (err)
        return err;
    err = ow_pfs_parse(out, path, text, len, &fault);
    if (err)
        fprintf(stderr, "pslimits: %s\n", fault.text[0] ? fault.text : ps_strerror(err));
    free(text);
    return err;
}

static int tell(const struct options *o, const struct lim_faults *f, size_t classes)
{
    const char *name = source_name(o->file);
    struct report r = {.name = name, .faults = f};
    if (o->json)
        return report_json(&r);
    print_text(name, f, classes, o->quiet);
    if (fflush(stdout) == 0)
        return 0;
    fprintf(stderr, "pslimits: standard output did not take the text\n");
    return -EIO;
}

static int check(const struct options *o, const char *text, size_t len, const struct ow_pfs *users)
{
    struct lim_faults faults;
    size_t classes = 0;
    lim_faults_init(&faults);
    int err = ow_limits_check(source_name(o->file), text, len, users, take_fault, &faults, &classes);
    if (err)
        fprintf(stderr, "pslimits: %s\n", ps_strerror(err));
    else
        err = tell(o, &faults, classes);
    int status = err ? EXIT_SYSTEM : faults.faults ? EXIT_NO : EXIT_YES;
    lim_faults_fini(&faults);
    return status;
}

int owamp_run(const struct options *o)
{
    struct ow_pfs *users = NULL;
    char *text = NULL;
    size_t len;
    int status = EXIT_SYSTEM;
    if ((!o->users || read_users(o->users, &users) == 0) && source_read(o->file, FILE_MAX, &text, &len) == 0)
        status = check(o, text, len, users);
    ow_pfs_free(users);
    free(text);
    return status;
}
