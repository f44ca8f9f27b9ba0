// SPDX-License-Identifier: Apache-2.0
#include "tool/tl_powstream.h"
#include <inttypes.h>
#include <string.h>
#include "base/ps_err.h"
#include "tool/tl_spec.h"
#include "tool/tl_tool_impl.h"

#define COUNT 600
#define COUNT_MAX 1000000
#define INTERVAL 0.1
#define TIMEOUT 10
#define PORT 861
#define LASTING (24 * 3600 * PS_SEC)
#define GAP_SHORT 1.0 // seconds; what is shorter is not worth a word
#define GAP_LONG 5.0  // what lasts longer is trouble, also if no attempt has failed

// --- the tool

static void can_run(const struct tl_site *site, const struct tl_test *test, struct tl_reasons *why)
{
    static const char *const none[] = {"reverse", "traverse-nat", "data-ports", NULL};
    const char *protocol = tl_spec_str(test->spec, "protocol");
    double count = (double)tl_spec_count(test->spec, "packet-count", COUNT);

    (void)site;
    tl_reason_schema(why, test, 2);
    tl_reason_flip(why, test);
    tl_reason_keys(why, test, none);
    if (protocol && strcmp(protocol, "owamp") != 0)
        tl_reason(why, "Supports the protocol owamp only, not %.40s.", protocol);
    if (tl_spec_count(test->spec, "ip-tos", 0) & 3)
        tl_reason(why, "Supports an ip-tos that is a DSCP, a multiple of 4, only.");
    if (count > COUNT_MAX)
        tl_reason(why, "Supports no more than %d packets.", COUNT_MAX);
    if (count * tl_spec_double(test->spec, "packet-interval", INTERVAL) < 0.1)
        tl_reason(why, "A session, packet-count times packet-interval, has to last 0.1 s.");
    if (tl_spec_has(test->spec, "bucket-width") && tl_spec_double(test->spec, "bucket-width", 0.001) != 0.001)
        tl_reason(why, "Supports a bucket-width of 0.001 only.");
}

static void duration(const struct tl_test *test, struct tl_span *out)
{
    out->duration = tl_spec_duration(test->spec, "duration", LASTING);
}

const struct tl_tool tl_powstream = {
    .name = "powstream",
    .description = "One-way delay and loss, without end, by powstream",
    .tests = {"latencybg"},
    .program = TL_POWSTREAM,
    .multi = true,
    .flat = true,
    .can_run = can_run,
    .duration = duration,
};

// --- requests

static void put_server(struct ps_json *j, const char *host, uint64_t port)
{
    char text[300];

    snprintf(text, sizeof text, strchr(host, ':') ? "[%.270s]:%" PRIu64 : "%.270s:%" PRIu64, host, port);
    ps_json_put_str(j, "server", text);
}

static void put_stream(struct ps_json *j, const char *name, const char *spool, struct ps_jnode spec)
{
    int family = tl_spec_family(spec);
    const char *near = tl_spec_near(spec);
    uint64_t n;

    ps_json_open(j, '{');
    ps_json_put_str(j, "name", name);
    put_server(j, tl_spec_far(spec), tl_spec_count(spec, "ctrl-port", PORT));
    ps_json_put_str(j, "direction", tl_spec_flag(spec, "flip", false) ? "from" : "to");
    if (family)
        ps_json_put_str(j, "family", family == 4 ? "ipv4" : "ipv6");
    if (near)
        ps_json_put_str(j, "source", near);
    ps_json_put_u64(j, "count", tl_spec_count(spec, "packet-count", COUNT));
    ps_json_put_double(j, "interval", tl_spec_double(spec, "packet-interval", INTERVAL));
    n = tl_spec_count(spec, "packet-timeout", 0);
    ps_json_put_u64(j, "timeout", n ? n : TIMEOUT);
    ps_json_put_u64(j, "padding", tl_spec_count(spec, "packet-padding", 0));
    ps_json_put_u64(j, "dscp", tl_spec_count(spec, "ip-tos", 0) >> 2 & 63);
    ps_json_put_bool(j, "raw", tl_spec_flag(spec, "output-raw", false));
    ps_json_put_str(j, "spool", spool);
    ps_json_close(j, '}');
}

int tl_powstream_add(struct ps_json *j, const char *name, const char *spool, struct ps_jnode spec,
                     struct ps_fault *fault)
{
    const char *far = tl_spec_far(spec);

    if (!far || !*far || strlen(far) > 255) {
        ps_fault_set(fault, NULL, 0, "the test names no host to measure to");
        return PS_EMALFORMED;
    }
    ps_json_open(j, '{');
    ps_json_put_str(j, "verb", "add");
    ps_json_key(j, "stream");
    put_stream(j, name, spool, spec);
    ps_json_close(j, '}');
    return 0;
}

void tl_powstream_remove(struct ps_json *j, const char *name)
{
    ps_json_open(j, '{');
    ps_json_put_str(j, "verb", "remove");
    ps_json_put_str(j, "name", name);
    ps_json_close(j, '}');
}

// --- documents

const char *tl_powstream_of(struct ps_jnode document)
{
    return tl_spec_str(document, "stream");
}

// What pScheduler's result has of it, as it stands there.
static void put_measurement(struct ps_jnode document, struct ps_json *j)
{
    static const char *const keys[] = {
        "packets-sent",    "packets-received",  "packets-lost",  "packets-duplicated", "packets-reordered",
        "max-clock-error", "histogram-latency", "histogram-ttl", "raw-packets",
    };

    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        ps_jnode_put(j, keys[i], ps_jnode_member(document, keys[i]));
}

bool tl_powstream_result(struct ps_jnode document, struct tl_answer *a)
{
    const char *type = tl_spec_str(document, "type");

    if (!type || strcmp(type, "measurement") != 0)
        return false;
    put_measurement(document, tl_answer_begin(a, 1));
    tl_answer_end(a);
    return a->succeeded;
}

static const char *reason_of(struct ps_jnode n)
{
    const char *reason = tl_spec_str(n, "reason");

    return reason && *reason ? reason : "no reason was told";
}

bool tl_powstream_gap(struct ps_jnode document, double *seconds, const char **why)
{
    const char *type = tl_spec_str(document, "type");

    *seconds = tl_spec_double(document, "seconds", 0);
    *why = reason_of(document);
    return type && strcmp(type, "gap") == 0 && *seconds >= GAP_SHORT;
}

bool tl_powstream_trouble(struct ps_jnode stream, char *why, size_t size)
{
    struct ps_jnode gap = ps_jnode_member(stream, "gap-open");
    const char *server = tl_spec_str(stream, "server");

    why[0] = '\0';
    if (ps_jnode_type(gap) != PS_JTYPE_OBJECT)
        return true;
    if (tl_spec_count(stream, "failures-in-a-row", 0) == 0 && tl_spec_double(gap, "seconds", 0) < GAP_LONG)
        return false;
    snprintf(why, size, "%.100s port %" PRIu64 ": %.300s", server ? server : "?",
             tl_spec_count(stream, "port", PORT), reason_of(gap));
    return true;
}
