// SPDX-License-Identifier: Apache-2.0
// psarchive intake: what a spool holds, into the archive, once.
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include "base/ps_err.h"
#include "base/ps_out.h"
#include "psarchive/intake.h"
#include "psarchive/settings.h"
#include "psarchive/verb_options.h"
#include "psarchive/verbs.h"
#include "psarchive/workplace.h"

enum { OPT_NO_DOCUMENTS = VERB_OWN };

static const struct ps_opt table[] = {
    {VERB_DATA, "data", "DIR", "the archive's directory (" SETTINGS_DATA ")", NULL},
    {OPT_NO_DOCUMENTS, "no-documents", NULL, "keep the values alone, and not the documents they are from",
     NULL},
    {VERB_JSON, "json", NULL, "the outcome as JSON", NULL},
    {'h', "help", NULL, "this text", NULL},
    {'V', "version", NULL, "the version", NULL},
    {0, NULL, NULL, NULL, NULL},
};

static const struct ps_opt_prog prog = {
    "psarchive intake",
    "[options] SPOOL",
    "Takes the result documents that are in the directory SPOOL (powstream --spool makes one) into the "
    "archive, and removes "
    "them from there. One that can never be stored goes to SPOOL/refused, with the reason beside it. A "
    "serving archive "
    "does this all the time: psarchive-serve(1).",
    "Exit status: 0 all is stored; 1 something was refused, or stays in SPOOL; 2 usage; 4 it failed.\n"
    "See psarchive(1).",
    table,
};

static int set_own(void *ctx, int letter, const char *value)
{
    (void)letter;
    (void)value;
    *(bool *)ctx = false;
    return 0;
}

static void tell(void *ctx, enum ps_log_level level, const char *line)
{
    (void)ctx;
    if (level <= PS_LOG_WARN)
        fprintf(stderr, "psarchive intake: %s\n", line);
}

static void print_json(const struct intake_state *s)
{
    const struct {
        const char *key;
        uint64_t n;
    } counts[] = {{"stored", s->stored},     {"known", s->known},     {"empty", s->empty},
                  {"refused", s->refused},   {"damaged", s->damaged}, {"dropped", s->lost},
                  {"left", s->spool.records}};
    struct ps_json j;
    ps_json_init(&j, stdout, false);
    ps_json_open(&j, '{');
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        ps_json_put_u64(&j, counts[i].key, counts[i].n);
    ps_json_close(&j, '}');
    (void)ps_json_end(&j);
}

static int report(const struct intake_state *s, bool json)
{
    if (json)
        print_json(s);
    else
        printf("%llu stored, %llu known already, %llu with nothing to store, %llu refused, %llu damaged, "
               "%llu left\n",
               (unsigned long long)s->stored, (unsigned long long)s->known, (unsigned long long)s->empty,
               (unsigned long long)s->refused, (unsigned long long)s->damaged,
               (unsigned long long)s->spool.records);
    bool whole = s->refused == 0 && s->damaged == 0 && s->kept == 0 && s->trouble[0] == '\0';
    return workplace_flush("intake", whole ? EXIT_DONE : EXIT_NO);
}

// A path that is mistyped is not made a spool.
static int check_spool(const char *dir)
{
    struct stat st;
    if (stat(dir, &st) != 0)
        return workplace_fail("intake", EXIT_SYSTEM, "%s: there is no spool: %s", dir, ps_strerror(-errno));
    if (!S_ISDIR(st.st_mode))
        return workplace_fail("intake", EXIT_SYSTEM, "%s: there is no spool: %s", dir, ps_strerror(-ENOTDIR));
    return 0;
}

int intake_main(int argc, char **argv)
{
    struct intake_conf conf = {.documents = true, .once = true, .tell = tell};
    struct verb_options v = {.own = set_own, .ctx = &conf.documents};
    struct workplace w;
    struct intake *in;
    struct intake_state state = {0};
    struct ps_fault fault = {""};
    int status = verb_options_read(&v, &prog, argc, argv);
    if (status >= 0)
        return status;
    if (v.argc != 1)
        return workplace_fail("intake", EXIT_USAGE, "wants one spool directory; --help tells more");
    conf.dir = v.argv[0];
    status = check_spool(conf.dir);
    if (status != 0)
        return status;
    status = workplace_open(&w, "intake", v.data, WORKPLACE_WRITE);
    if (status != 0)
        return status;
    if (intake_start(&in, w.writer, &conf, &fault) != 0)
        status = workplace_fail("intake", EXIT_SYSTEM, "%s", fault.text);
    else {
        intake_join(in);
        intake_look(in, &state);
        intake_stop(in);
    }
    workplace_close(&w);
    return status == 0 ? report(&state, v.json) : status;
}
