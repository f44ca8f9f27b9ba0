// SPDX-License-Identifier: Apache-2.0
#include "pslimits/owamp.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include "base/ps_err.h"
#include "base/ps_plain.h"
#include "limits/lim_fault.h"
#include "owamp/ow_limits.h"
#include "pslimits/exits.h"

#include "pslimits/report.h"
#include "pslimits/source.h"

#define FILE_MAX ((size_t)16 << 20)

// The parser's "FILE:LINE: TEXT[; HINT]".
static void take_fault(void *ctx, int line, const struct ps_fault *fault, bool warning)
{
    struct lim_faults *f = ctx;
    size_t before = f->n;
    lim_fault_from(f, (struct ps_jnode){NULL, 0}, fault);
    if (warning) {
        f->faults--;
        f->warnings++;
    }
    if (f->n == before)
        return;
    f->at[before].weight = warning ? LIM_WARNING : LIM_FAULT;
    f->at[before].line = line;
    free(f->at[before].path);
    f->at[before].path = NULL; // lines are all the place there is
}

static void print_one(const char *name, const struct lim_fault *f)
{
    printf("%s:", name);
    if (f->line)
        printf("%d:", f->line);
    fputs(f->weight == LIM_WARNING ? " warning: " : " ", stdout);
    ps_plain_put(stdout, f->text);
    fputs(f->hint ? "; " : "", stdout);
    ps_plain_put(stdout, f->hint);
    putchar('\n');
}

static void warn_of_nothing(struct lim_faults *f)
{
    size_t before = f->n;
    lim_fault_place(f, LIM_WARNING, 0, "", NULL,
                    "defines no class: owampd then has one, \"default\", without any limit");
    if (f->n == before)
        return;
    free(f->at[before].path);
    f->at[before].path = NULL;
}

static void print_text(const char *name, const struct lim_faults *f, size_t classes, bool quiet)
{
    for (size_t i = 0; i < f->n; i++)
        print_one(name, &f->at[i]);
    if (f->faults == 0 && f->warnings == 0 && quiet)
        return;
    if (f->faults)
        printf("%s: %zu fault%s", name, f->faults, f->faults == 1 ? "" : "s");
    else
        printf("%s: good: %zu class%s", name, classes, classes == 1 ? "" : "es");
    if (f->warnings)
        printf("; %zu warning%s", f->warnings, f->warnings == 1 ? "" : "s");
    putchar('\n');
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
    if (!err && classes == 0 && faults.faults == 0)
        warn_of_nothing(&faults);
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
