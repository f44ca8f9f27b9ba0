// SPDX-License-Identifier: Apache-2.0
// Tests that measure nothing: idle, idleex, idlebgm and noop.
#include "psprobe/probe.h"

void probe_idle(struct probe *p)
{
    ps_ns since = probe_mono();
    struct ps_json *j;

    probe_sleep(since, tl_spec_duration(p->spec, "duration", 0));
    j = tl_answer_begin(&p->answer, 1);
    tl_put_duration(j, "duration", probe_mono() - since);
    tl_answer_end(&p->answer);
}

void probe_idlebgm(struct probe *p)
{
    ps_ns begin = probe_mono(), length = tl_spec_duration(p->spec, "duration", 0), done = 0;
    ps_ns interval = tl_spec_duration(p->spec, "interval", PS_SEC);
    struct ps_json *j;
    int err = 0;

    interval = interval > PS_MSEC ? interval : PS_MSEC;
    while (!err && done + interval <= length) {
        probe_sleep(begin + done, interval);
        done += interval;
        j = tl_answer_begin(&p->answer, 1);
        tl_put_duration(j, "time-slept", interval);
        tl_answer_end(&p->answer);
        err = probe_record(p);
    }
    if (!err)
        probe_sleep(begin, length);
}

void probe_noop(struct probe *p)
{
    struct ps_json *j;

    if (probe_happens(tl_spec_double(p->spec, "fail", 0))) {
        tl_answer_fail(&p->answer, "It was asked to fail now and then, and did.");
        return;
    }
    j = tl_answer_begin(&p->answer, 1);
    ps_jnode_put(j, "data", ps_jnode_member(p->spec, "data"));
    tl_answer_end(&p->answer);
}
