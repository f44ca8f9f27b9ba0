// SPDX-License-Identifier: Apache-2.0
#include "lsregister/inspect.h"
#include <errno.h>
#include "base/ps_err.h"
#include "loop/ps_dns.h"
#include "lsregister/survey.h"

struct inspection {
    struct ps_loop *loop;
    struct inspected *out;
    int err;
};

static void surveyed(void *ctx, const struct survey_result *r)
{
    struct inspection *i = ctx;
    i->err = r->err;
    if (!i->err)
        i->err = wishes_copy(&i->out->wishes, r->wishes);
    if (!i->err)
        i->err = words_copy(&i->out->notes, r->notes);
    if (!i->err)
        i->err = words_copy(&i->out->asked, r->asked);
    ps_loop_stop(i->loop);
}

static int look(const struct inspect_conf *conf, struct inspection *i)
{
    struct ps_dns_conf dns_conf = {.servers = conf->resolver, .nservers = conf->resolver ? 1 : 0};
    struct ps_dns *dns = NULL;
    struct survey *survey = NULL;
    int err = ps_loop_new(&i->loop);
    if (err)
        return err;
    err = ps_dns_new(i->loop, &dns_conf, &dns);
    struct survey_conf s = {i->loop, dns, conf->root, discover_addrs, &i->out->ledger.names, false};
    if (!err)
        err = survey_new(&s, surveyed, i, &survey);
    if (!err)
        err = survey_start(survey, conf->plan, NULL);
    if (!err)
        err = ps_loop_run(i->loop);
    survey_free(survey);
    ps_dns_free(dns);
    ps_loop_free(i->loop);
    return err < 0 ? err : i->err;
}

int inspect(const struct inspect_conf *conf, struct inspected *out, struct ps_fault *fault)
{
    struct inspection i = {.out = out};
    struct registrar_conf rc = {.interval = conf->plan->interval};
    *out = (struct inspected){.ledger = {.lock = -1}};
    int err = ledger_look(&out->ledger, conf->plan->state_dir, fault);
    if (!err)
        err = registrar_new(&rc, out->ledger.uuid, &out->registrar);
    if (!err)
        err = ledger_load(&out->ledger, out->registrar, fault);
    if (!err)
        err = look(conf, &i);
    if (!err)
        err = registrar_want(out->registrar, &out->wishes);
    if (err && !fault->text[0])
        ps_fault_set(fault, NULL, 0, "%s", ps_strerror(err));
    return err;
}

void inspected_fini(struct inspected *i)
{
    registrar_free(i->registrar);
    ledger_close(&i->ledger);
    wishes_fini(&i->wishes);
    words_fini(&i->notes);
    words_fini(&i->asked);
}
