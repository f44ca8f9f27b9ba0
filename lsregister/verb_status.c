// SPDX-License-Identifier: Apache-2.0
// lsregister status, on and off: asks the daemon, or reads and writes what it has noted down.
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "loop/ps_ctl.h"
#include "lsregister/exits.h"
#include "lsregister/status.h"
#include "lsregister/verb_options.h"
#include "lsregister/verb_once.h"
#include "lsregister/verbs.h"

#define PATIENCE (10 * PS_SEC)

static const struct ps_opt table[] = {VERB_OPT_CONFIG, VERB_OPT_JSON, VERB_OPT_END};
static const struct ps_opt on_table[] = {VERB_OPT_CONFIG, VERB_OPT_END};
static const struct ps_opt off_table[] = {
    VERB_OPT_CONFIG,
    {VERB_OWN, "root", "DIR", "what is read of the system stands under DIR, as in a container", NULL},
    VERB_OPT_END,
};

static const struct ps_opt_prog status_prog = {
    "lsregister status",
    "[options]",
    "Tells of each record its key, its server, until when it is leased, the last answer, and what to do.",
    "Exit status: 0 all is registered, or registration is off; 1 not all; 2 usage; 4 something cannot be "
    "read.\n"
    "See lsregister(1).",
    table,
};
static const struct ps_opt_prog off_prog = {
    "lsregister off",
    "[options]",
    "Turns registration off, also for later starts, and withdraws what is registered.",
    "Exit status: 0 done; 1 not all could be deleted yet; 2 usage; 3 no lookup server answers; 4 something "
    "cannot be "
    "used.\n"
    "See lsregister(1).",
    off_table,
};
static const struct ps_opt_prog on_prog = {
    "lsregister on",
    "[options]",
    "Turns registration on again.",
    "Exit status: 0 done; 2 usage; 4 something cannot be used.\nSee lsregister(1).",
    on_table,
};

// status

static int from_ledger(const struct plan *plan, char **text, size_t *len, struct ps_fault *fault)
{
    struct registrar_conf conf = {.interval = plan->interval};
    struct registrar *r = NULL;
    struct ledger l;
    int err = ledger_look(&l, plan->state_dir, fault);
    if (!err)
        err = registrar_new(&conf, l.uuid, &r);
    if (!err)
        err = ledger_load(&l, r, fault);
    if (!err) {
        struct status_of of = {.registrar = r, .ledger = &l};
        struct ps_text t;
        struct ps_json *j = ps_text_open(&t);
        ps_json_open(j, '{');
        status_write(&of, j);
        ps_json_close(j, '}');
        *text = ps_text_close(&t, len);
        err = *text ? 0 : -ENOMEM;
    }
    registrar_free(r);
    ledger_close(&l);
    return err;
}

// Whether everything is as it should be.
static bool is_well(const char *text, size_t len)
{
    struct ps_jdoc *doc;
    bool off = false, serving = false, settled = false, registered = true;
    if (ps_jdoc_parse_foreign(&doc, NULL, text, len, NULL) != 0)
        return false;
    struct ps_jnode root = ps_jdoc_root(doc), list = ps_jnode_member(root, "registrations");
    (void)ps_jnode_bool(ps_jnode_member(root, "off"), &off, NULL);
    (void)ps_jnode_bool(ps_jnode_member(root, "serving"), &serving, NULL);
    (void)ps_jnode_bool(ps_jnode_member(root, "settled"), &settled, NULL);
    for (struct ps_jnode n = ps_jnode_first(list); ps_jnode_there(n) && registered; n = ps_jnode_next(n))
        (void)ps_jnode_bool(ps_jnode_member(n, "registered"), &registered, NULL);
    bool any = ps_jnode_count(list) > 0;
    ps_jdoc_free(doc);
    return off || (any && registered && (settled || !serving));
}

int status_main(int argc, char **argv)
{
    struct verb_options o = {0};
    struct ps_fault fault = {""}, faulty = {""};
    struct plan plan = {0};
    char *text = NULL;
    size_t len = 0;
    int status = verb_options_read(&o, &status_prog, 0, argc, argv);
    if (status >= 0)
        return status;
    // A configuration that has turned bad may still say where the daemon is that goes on with the one before.
    int bad = verb_load(verb_config_path(o.config), &plan, &faulty);
    int err = plan.socket[0]
                  ? ps_ctl_call(plan.socket, "{\"verb\":\"status\"}", PATIENCE, &text, &len, &fault)
                  : -ENOENT;
    if (err && bad) {
        fault = faulty;
    } else if (err) {
        fault.text[0] = '\0';
        err = from_ledger(&plan, &text, &len, &fault);
    }
    if (!err && o.json)
        printf("%.*s\n", (int)len, text);
    else if (!err)
        err = status_print(stdout, text, len, &fault);
    if (err)
        status = verb_fail(&status_prog, EXIT_SYSTEM, "%s", fault.text[0] ? fault.text : ps_strerror(err));
    else
        status = verb_flush(&status_prog, is_well(text, len) ? EXIT_DONE : EXIT_NO);
    free(text);
    plan_fini(&plan);
    return status;
}

// on and off

// The daemon does it. 1: nobody serves.
static int order(const struct plan *plan, const struct ps_opt_prog *prog, const char *line)
{
    struct ps_fault fault = {""};
    struct ps_jdoc *doc;
    char *text;
    size_t len;
    bool ok = false;
    const char *why = "it did not say why";
    int err = ps_ctl_call(plan->socket, line, PATIENCE, &text, &len, &fault);
    if (err == -ENOENT || err == -ECONNREFUSED)
        return 1;
    if (err)
        return verb_fail(prog, -1, "%s", fault.text);
    if (ps_jdoc_parse(&doc, "reply", text, len, &fault) == 0) {
        (void)ps_jnode_bool(ps_jnode_member(ps_jdoc_root(doc), "ok"), &ok, NULL);
        (void)ps_jnode_str(ps_jnode_member(ps_jdoc_root(doc), "error"), 1, 1000, &why, NULL);
        if (!ok)
            (void)verb_fail(prog, -1, "%s", why);
        ps_jdoc_free(doc);
    }
    free(text);
    return ok ? 0 : -1;
}

static int by_hand(const struct plan *plan, const struct ps_opt_prog *prog, bool off)
{
    struct ps_fault fault = {""};
    struct ledger l;
    int err = ledger_open(&l, plan->state_dir, plan->uuid_file, NULL, &fault);
    if (!err)
        err = ledger_set_off(&l, off, &fault);
    ledger_close(&l);
    return err ? verb_fail(prog, EXIT_SYSTEM, "%s", fault.text[0] ? fault.text : ps_strerror(err))
               : EXIT_DONE;
}

static int take_root(void *ctx, int letter, const char *value)
{
    (void)letter;
    *(const char **)ctx = value;
    return 0;
}

// Whether the socket of a configuration that has turned bad is that of the daemon, which goes on with the one before:
// not so where it is the usual one for want of another, and the configuration is not.
static bool is_its_socket(const struct verb_options *o, const struct plan *plan)
{
    return plan->socket[0] && (!o->config || strcmp(plan->socket, PLAN_SOCKET) != 0);
}

static int turn(const struct ps_opt_prog *prog, bool off, int argc, char **argv)
{
    const char *root = NULL;
    struct verb_options o = {.own = take_root, .ctx = &root};
    struct plan plan = {0};
    struct ps_fault fault = {""};
    int status = verb_options_read(&o, prog, 0, argc, argv);
    if (status >= 0)
        return status;
    int bad = verb_load(verb_config_path(o.config), &plan, &fault);
    int how = bad && !is_its_socket(&o, &plan)
                  ? 1
                  : order(&plan, prog, off ? "{\"verb\":\"off\"}" : "{\"verb\":\"on\"}");
    if (bad)
        status = verb_fail(prog, EXIT_SYSTEM, "%s", fault.text);
    if (bad && how == 1) {
        plan_fini(&plan);
        return status;
    }
    status = how < 0 ? EXIT_SYSTEM : how == 0 ? EXIT_DONE : by_hand(&plan, prog, off);
    if (how == 0 || (status == EXIT_DONE && !off))
        printf(off ? "registration is off; what is registered is being deleted\n" : "registration is on\n");
    plan_fini(&plan);
    // Also where that could not be noted down: the disk may be full.
    if (how != 1 || !off)
        return verb_flush(prog, status);
    // Nobody serves: what is registered is withdrawn from here.
    int withdrawn = withdraw_now(prog, o.config, root);
    if (status == EXIT_DONE && withdrawn == EXIT_DONE)
        printf("registration is off, and nothing is registered\n");
    else if (withdrawn == EXIT_DONE)
        (void)verb_fail(prog, 0, "nothing is registered, but that registration is off is not noted down");
    return verb_flush(prog, withdrawn == EXIT_DONE ? status : withdrawn);
}

int off_main(int argc, char **argv)
{
    return turn(&off_prog, true, argc, argv);
}

int on_main(int argc, char **argv)
{
    return turn(&on_prog, false, argc, argv);
}
