// SPDX-License-Identifier: Apache-2.0
// The tools that ps-probe is: it is started as `ps-probe NAME`, and speaks the protocol of plug-ins.
#include <string.h>
#include "tool/tl_spec.h"
#include "tool/tl_tool_impl.h"

#define SLEEP_LEAST (15 * PS_SEC)
#define SNOOZE_MOST (60 * PS_SEC)

static void probe_command(const struct tl_job *job, struct tl_argv *argv)
{
    (void)job;
    (void)argv;
}

// --- idle

static void idle_duration(const struct tl_test *test, struct tl_span *out)
{
    out->duration = tl_spec_duration(test->spec, "duration", 0);
}

static void idle_can_run(const struct tl_test *test, struct tl_reasons *why)
{
    tl_reason_schema(why, test, strcmp(test->type, "idle") == 0 ? 2 : 1);
}

static void sleep_can_run(const struct tl_site *site, const struct tl_test *test, struct tl_reasons *why)
{
    (void)site;
    idle_can_run(test, why);
    if (tl_spec_duration(test->spec, "duration", 0) < SLEEP_LEAST)
        tl_reason(why, "Only sleeps for 15 seconds and longer.");
}

static void snooze_can_run(const struct tl_site *site, const struct tl_test *test, struct tl_reasons *why)
{
    (void)site;
    idle_can_run(test, why);
    if (tl_spec_duration(test->spec, "duration", 0) > SNOOZE_MOST)
        tl_reason(why, "Only sleeps for up to 60 seconds.");
}

const struct tl_tool tl_sleep = {
    .name = "sleep",
    .description = "Does nothing for a while",
    .tests = {"idle", "idleex"},
    .program = TL_PROBE,
    .probe = true,
    .can_run = sleep_can_run,
    .duration = idle_duration,
    .command = probe_command,
};

const struct tl_tool tl_snooze = {
    .name = "snooze",
    .description = "Does nothing for a short while",
    .tests = {"idle", "idleex"},
    .program = TL_PROBE,
    .probe = true,
    .can_run = snooze_can_run,
    .duration = idle_duration,
    .command = probe_command,
};

const struct tl_tool tl_sleepbgm = {
    .name = "sleepbgm",
    .description = "Does nothing, and says so now and then",
    .tests = {"idlebgm"},
    .program = TL_PROBE,
    .probe = true,
    .multi = true,
    .duration = idle_duration,
    .command = probe_command,
};

// --- what has a timeout

static ps_ns timeout_of(const struct tl_test *test, ps_ns otherwise)
{
    return tl_spec_duration(test->spec, "timeout", otherwise) + PS_SEC;
}

static void duration_of_5(const struct tl_test *test, struct tl_span *out)
{
    out->duration = timeout_of(test, 5 * PS_SEC);
}

static void duration_of_10(const struct tl_test *test, struct tl_span *out)
{
    out->duration = timeout_of(test, 10 * PS_SEC);
}

static void duration_fixed(const struct tl_test *test, struct tl_span *out)
{
    (void)test;
    out->duration = 5 * PS_SEC;
}

static void duration_none(const struct tl_test *test, struct tl_span *out)
{
    (void)test;
    out->duration = PS_SEC;
}

static void clock_can_run(const struct tl_site *site, const struct tl_test *test, struct tl_reasons *why)
{
    (void)site;
    tl_reason_schema(why, test, 2);
}

const struct tl_tool tl_psclock = {
    .name = "psclock",
    .description = "Compares clocks by pScheduler's interface",
    .tests = {"clock"},
    .program = TL_PROBE,
    .probe = true,
    .can_run = clock_can_run,
    .duration = duration_of_5,
    .command = probe_command,
};

const struct tl_tool tl_pstimer = {
    .name = "pstimer",
    .description = "Times an answer of pScheduler's interface",
    .tests = {"psresponse"},
    .program = TL_PROBE,
    .probe = true,
    .duration = duration_of_10,
    .command = probe_command,
};

static void mtu_can_run(const struct tl_site *site, const struct tl_test *test, struct tl_reasons *why)
{
    (void)site;
    tl_reason_schema(why, test, 2);
}

const struct tl_tool tl_fwmtu = {
    .name = "fwmtu",
    .description = "Finds the MTU of a path by what is too big for it",
    .tests = {"mtu"},
    .program = TL_PROBE,
    .probe = true,
    .can_run = mtu_can_run,
    .duration = duration_fixed,
    .command = probe_command,
};

const struct tl_tool tl_dnspy = {
    .name = "dnspy",
    .description = "Times an answer of the DNS",
    .tests = {"dns"},
    .program = TL_PROBE,
    .probe = true,
    .duration = duration_of_5,
    .command = probe_command,
};

static void http_can_run(const struct tl_site *site, const struct tl_test *test, struct tl_reasons *why)
{
    const char *url = tl_spec_str(test->spec, "url");

    (void)site;
    tl_reason_schema(why, test, 4);
    if (url && strncmp(url, "http://", 7) != 0 && strncmp(url, "https://", 8) != 0)
        tl_reason(why, "Supports http and https only.");
}

const struct tl_tool tl_curl = {
    .name = "curl",
    .description = "Times the fetching of a URL",
    .tests = {"http"},
    .program = TL_PROBE,
    .probe = true,
    .can_run = http_can_run,
    .duration = duration_of_10,
    .command = probe_command,
};

const struct tl_tool tl_passthrough = {
    .name = "passthrough",
    .description = "Gives back what it is given",
    .tests = {"noop"},
    .program = TL_PROBE,
    .probe = true,
    .duration = duration_none,
    .command = probe_command,
};

// --- simplestream

#define STREAM_PORT 5890

static void stream_can_run(const struct tl_site *site, const struct tl_test *test, struct tl_reasons *why)
{
    (void)site;
    tl_reason_schema(why, test, 3);
}

static void stream_duration(const struct tl_test *test, struct tl_span *out)
{
    ps_ns dawdle = tl_spec_duration(test->spec, "dawdle", -1), most = 3600 * PS_SEC;

    out->duration = dawdle >= 0 ? 2 * (dawdle < most ? dawdle : most) : 5 * PS_SEC;
    out->duration = tl_spec_duration(test->spec, "timeout", out->duration);
}

static void stream_data(const struct tl_site *site, const struct tl_test *test, unsigned participant,
                        unsigned port, struct ps_json *j)
{
    (void)site;
    if (participant == 1)
        ps_json_put_u64(j, "listen-port", tl_spec_count(test->spec, "port", port ? port : STREAM_PORT));
}

// What was sent is the first one's to say, what came and when the second one's.
static void stream_merge(const struct tl_test *test, struct ps_jnode results, struct ps_json *j)
{
    struct ps_jnode sender = ps_jnode_first(results), receiver = ps_jnode_next(sender), bad;
    bool sent = tl_spec_flag(sender, "succeeded", false), came = tl_spec_flag(receiver, "succeeded", false);
    const char *error;

    (void)test;
    ps_json_open(j, '{');
    ps_json_put_bool(j, "succeeded", sent && came);
    if (sent && came) {
        ps_json_put_u64(j, "schema", 1);
        ps_jnode_put(j, "dawdled", ps_jnode_member(ps_jnode_member(sender, "result"), "dawdled"));
        ps_jnode_put(j, "sent", ps_jnode_member(ps_jnode_member(sender, "result"), "sent"));
        ps_jnode_put(j, "received", ps_jnode_member(ps_jnode_member(receiver, "result"), "received"));
        ps_jnode_put(j, "elapsed-time", ps_jnode_member(ps_jnode_member(receiver, "result"), "elapsed-time"));
    } else {
        bad = sent ? receiver : sender;
        error = tl_spec_str(bad, "error");
        ps_json_put_str(j, "error", error ? error : "There is no result of one of the participants.");
        ps_jnode_put(j, "diags", ps_jnode_member(bad, "diags"));
    }
    ps_json_close(j, '}');
}

const struct tl_tool tl_simplestreamer = {
    .name = "simplestreamer",
    .description = "Sends a text by TCP",
    .tests = {"simplestream"},
    .program = TL_PROBE,
    .probe = true,
    .can_run = stream_can_run,
    .duration = stream_duration,
    .command = probe_command,
    .data = stream_data,
    .merge = stream_merge,
};
