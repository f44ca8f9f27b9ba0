// SPDX-License-Identifier: Apache-2.0
#include "pslimits/report.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "base/ps_out.h"
#include "base/ps_plain.h"

static int flushed(int err)
{
    if (err == 0 && fflush(stdout) == 0 && !ferror(stdout))
        return 0;
    fprintf(stderr, "pslimits: standard output did not take the text\n");
    return -EIO;
}

static void print_fault(const struct report *r, const struct lim_fault *f)
{
    printf("%s:", r->name);
    if (f->line)
        printf("%d:", f->line);
    fputs(f->weight == LIM_WARNING ? " warning: " : " ", stdout);
    ps_plain_put(stdout, f->path);
    fputs(": ", stdout);
    ps_plain_put(stdout, f->text);
    fputs(f->hint ? "; " : "", stdout);
    ps_plain_put(stdout, f->hint);
    putchar('\n');
}

static void print_count(size_t n, const char *one, const char *many)
{
    printf("%zu %s", n, n == 1 ? one : many);
}

static void sum_up(const struct report *r)
{
    const struct lim_faults *f = r->faults;
    printf("%s: ", r->name);
    if (f->faults)
        print_count(f->faults, "fault", "faults");
    else if (r->unchecked)
        print_count(r->unchecked, "script could not be checked", "scripts could not be checked");
    else
        printf("good%s%s", r->holds ? ": " : "", r->holds ? r->holds : "");
    if (f->warnings) {
        printf("; ");
        print_count(f->warnings, "warning", "warnings");
    }
    putchar('\n');
}

int report_text(const struct report *r, bool quiet)
{
    const struct lim_faults *f = r->faults;
    for (size_t i = 0; i < f->n; i++)
        print_fault(r, &f->at[i]);
    if (f->faults + f->warnings > f->n)
        printf("%s: and %zu more\n", r->name, f->faults + f->warnings - f->n);
    if (f->faults || f->warnings || !quiet)
        sum_up(r);
    return flushed(0);
}

static void put_fault(struct ps_json *j, const struct lim_fault *f)
{
    ps_json_open(j, '{');
    ps_json_put_str(j, "severity", f->weight == LIM_WARNING ? "warning" : "fault");
    ps_json_key(j, "line");
    if (f->line)
        ps_json_i64(j, f->line);
    else
        ps_json_null(j);
    ps_json_put_str(j, "path", f->path);
    ps_json_put_str(j, "text", f->text);
    ps_json_put_str(j, "hint", f->hint);
    ps_json_close(j, '}');
}

int report_json(const struct report *r)
{
    const struct lim_faults *f = r->faults;
    struct ps_json j;
    ps_json_init(&j, stdout, true);
    ps_json_open(&j, '{');
    ps_json_put_str(&j, "file", r->name);
    ps_json_put_bool(&j, "good", f->faults == 0 && !r->unchecked);
    ps_json_put_u64(&j, "faults", f->faults);
    ps_json_put_u64(&j, "warnings", f->warnings);
    ps_json_put_open(&j, "found", '[');
    for (size_t i = 0; i < f->n; i++)
        put_fault(&j, &f->at[i]);
    ps_json_close(&j, ']');
    ps_json_close(&j, '}');
    return flushed(ps_json_end(&j));
}
