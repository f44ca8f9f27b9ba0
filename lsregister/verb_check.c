// SPDX-License-Identifier: Apache-2.0
// lsregister check: what is wrong with a configuration.
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/ps_err.h"
#include "base/ps_out.h"
#include "lsregister/exits.h"
#include "lsregister/probe.h"
#include "lsregister/verb_options.h"
#include "lsregister/verbs.h"

static const struct ps_opt table[] = {VERB_OPT_JSON, VERB_OPT_END};

static const struct ps_opt_prog prog = {
    "lsregister check",
    "[options] [FILE]",
    "Checks a configuration (" VERB_CONFIG ", or where that is not, " VERB_CONFIG_UPSTREAM
    "; -: standard input), ours or perfSONAR's.",
    "Exit status: 0 good; 1 faulty, or it leaves out what a registration needs; 2 usage; 4 the file cannot "
    "be "
    "read.\n"
    "See lsregister(1), lsregister.conf(5).",
    table,
};

// What was found.
struct found {
    const char *file;
    const struct plan *plan;
    const char *fault, *missing; // NULL: nothing
};

// How a service will be asked, as far as that is seen from here; "": as any other.
static const char *say_how(const struct plan_service *s, char *out, size_t size)
{
    out[0] = '\0';
    if (!s->socket || s->force_up)
        return out;
    if (access(s->socket, W_OK) == 0)
        snprintf(out, size, "asked at %s", s->socket);
    else
        snprintf(out, size, "asked by %s, as %s: %s", probe_otherwise(s), s->socket, strerror(errno));
    return out;
}

static void print_services(const struct found *f)
{
    char how[300];
    for (size_t i = 0; i < f->plan->nhosts; i++)
        for (size_t k = 0; k < f->plan->hosts[i].nservices; k++) {
            const struct plan_service *s = &f->plan->hosts[i].services[k];
            if (say_how(s, how, sizeof how)[0])
                printf("%s: %s is %s\n", f->file, plan_kind_name(s->kind), how);
        }
}

static void put_services(const struct found *f, struct ps_json *j)
{
    char how[300];
    ps_json_put_open(j, "services", '[');
    for (size_t i = 0; i < f->plan->nhosts; i++)
        for (size_t k = 0; k < f->plan->hosts[i].nservices; k++) {
            const struct plan_service *s = &f->plan->hosts[i].services[k];
            ps_json_open(j, '{');
            ps_json_put_str(j, "type", plan_kind_name(s->kind));
            ps_json_put_str(j, "socket", s->socket);
            ps_json_put_str(j, "how", say_how(s, how, sizeof how)[0] ? how : NULL);
            ps_json_close(j, '}');
        }
    ps_json_close(j, ']');
}

static void print_text(const struct found *f)
{
    for (size_t i = 0; i < f->plan->warnings.n; i++)
        printf("%s: warning: %s\n", f->file, f->plan->warnings.at[i]);
    if (!f->fault && !f->missing)
        print_services(f);
    if (f->fault)
        printf("%s\n", f->fault);
    else if (f->missing)
        printf("%s: nothing is registered: %s\n", f->file, f->missing);
    else
        printf("%s: good\n", f->file);
}

static void print_json(const struct found *f)
{
    struct ps_json j;
    ps_json_init(&j, stdout, true);
    ps_json_open(&j, '{');
    ps_json_put_str(&j, "file", f->file);
    ps_json_put_bool(&j, "good", !f->fault && !f->missing);
    ps_json_put_str(&j, "fault", f->fault);
    ps_json_put_str(&j, "missing", f->missing);
    ps_json_put_open(&j, "warnings", '[');
    for (size_t i = 0; i < f->plan->warnings.n; i++)
        ps_json_str(&j, f->plan->warnings.at[i]);
    ps_json_close(&j, ']');
    put_services(f, &j);
    ps_json_close(&j, '}');
    (void)ps_json_end(&j);
}

// What a configuration names and this host has not, or has for everybody.
static int look_around(struct plan *p, const char *path)
{
    struct stat st;
    int err = 0;
    if (p->ca_file && access(p->ca_file, R_OK) != 0)
        err = plan_warn(p, "ca-file: %s: %s", p->ca_file, strerror(errno));
    if (!err && p->token && stat(path, &st) == 0 && (st.st_mode & S_IROTH))
        err = plan_warn(p, "token: everybody on this host may read it: chmod o-r %s", path);
    return err;
}

int check_main(int argc, char **argv)
{
    struct verb_options o = {0};
    struct ps_fault fault = {""};
    struct plan plan;
    char why[200];
    int status = verb_options_read(&o, &prog, 1, argc, argv);
    if (status >= 0)
        return status;
    const char *path = verb_config_path(o.argc ? o.argv[0] : NULL);
    int err = verb_load(path, &plan, &fault);
    if (!err && look_around(&plan, path) != 0)
        err = -ENOMEM;
    bool complete = !err && plan_is_complete(&plan, why, sizeof why);
    struct found f = {path, &plan, err ? fault.text : NULL, err || complete ? NULL : why};
    if (err < 0 && err > -1000) {
        status = verb_fail(&prog, EXIT_SYSTEM, "%s", fault.text);
    } else {
        o.json ? print_json(&f) : print_text(&f);
        status = verb_flush(&prog, err || !complete ? EXIT_NO : EXIT_DONE);
    }
    plan_fini(&plan);
    return status;
}
