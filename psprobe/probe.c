// SPDX-License-Identifier: Apache-2.0
#include "psprobe/probe.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "base/ps_err.h"
#include "base/ps_rand.h"

int probe_init(struct probe *p, const char *text, size_t len, struct ps_fault *fault)
{
    struct ps_jnode root;
    int err;

    memset(p, 0, sizeof *p);
    tl_answer_init(&p->answer);
    err = ps_jdoc_parse_foreign(&p->doc, "standard input", text, len, fault);
    if (err)
        return err;
    root = ps_jdoc_root(p->doc);
    p->spec = ps_jnode_member(ps_jnode_member(root, "test"), "spec");
    p->parts = ps_jnode_member(root, "participant-data");
    p->participant = (unsigned)tl_spec_count(root, "participant", 0);
    p->duration = tl_spec_duration(ps_jnode_member(root, "schedule"), "duration", 60 * PS_SEC);
    if (ps_jnode_type(p->spec) == PS_JTYPE_OBJECT)
        return 0;
    ps_jnode_fault(root, fault, "has no test with a spec");
    probe_fini(p);
    return PS_EMALFORMED;
}

void probe_fini(struct probe *p)
{
    tl_answer_fini(&p->answer);
    ps_jdoc_free(p->doc);
}

static ps_ns read_clock(clockid_t id)
{
    struct timespec ts;

    clock_gettime(id, &ts);
    return (ps_ns)ts.tv_sec * PS_SEC + ts.tv_nsec;
}

ps_ns probe_mono(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

ps_ns probe_wall(void)
{
    return read_clock(CLOCK_REALTIME);
}

void probe_sleep(ps_ns since, ps_ns length)
{
    ps_ns end = since + length;
    struct timespec ts = {.tv_sec = end / PS_SEC, .tv_nsec = end % PS_SEC};

    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL) == EINTR)
        ;
}

bool probe_happens(double probability)
{
    uint64_t seed = 0;
    struct ps_rand r;

    if (ps_rand_bytes(&seed, sizeof seed))
        return false;
    ps_rand_seed(&r, seed);
    return ps_rand_double(&r) < probability;
}

int probe_record(const struct probe *p)
{
    struct ps_json j;

    putchar('\x1e');
    ps_json_init(&j, stdout, false);
    tl_answer_local(&p->answer, false, "", &j);
    putchar('\n');
    return fflush(stdout) == 0 ? 0 : -EIO;
}
