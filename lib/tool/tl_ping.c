// SPDX-License-Identifier: Apache-2.0
// ping of iputils: a line a reply or an error, then the counts.
#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_num.h"
#include "tool/tl_icmp.h"
#include "tool/tl_spec.h"
#include "tool/tl_tool_impl.h"

#define COUNT 5
#define TIMEOUT PS_SEC
#define TIMEOUT_PLANNED (2 * PS_SEC)
#define FASTEST (2 * PS_MSEC) // the shortest interval that is permitted to all users
#define TRIPS_MAX 100000
#define LENGTH_MAX 65507 // of a packet of 65535 octets: the headers of IPv4 and ICMP are in it

// --- before

static void can_run(const struct tl_site *site, const struct tl_test *test, struct tl_reasons *why)
{
    static const char *const none[] = {"port", NULL};
    const char *protocol = tl_spec_str(test->spec, "protocol");
    ps_ns interval = tl_spec_duration(test->spec, "interval", PS_SEC);

    tl_reason_schema(why, test, 4);
    if (protocol && strcmp(protocol, "icmp") != 0)
        tl_reason(why, "Supports the protocol icmp only, not %.40s.", protocol);
    tl_reason_keys(why, test, none);
    if (tl_spec_has(test->spec, "flow-label") && tl_spec_family(test->spec) == 4)
        tl_reason(why, "There are no flow labels in IPv4.");
    if (interval < FASTEST && !site->raw)
        tl_reason(why, "An interval below 2 ms needs root.");
    if (tl_spec_count(test->spec, "count", COUNT) > TRIPS_MAX)
        tl_reason(why, "A count of more than %d is not supported.", TRIPS_MAX);
    if (tl_spec_count(test->spec, "length", 0) > LENGTH_MAX)
        tl_reason(why, "A length of more than %d fits no packet.", LENGTH_MAX);
}

static void duration(const struct tl_test *test, struct tl_span *out)
{
    uint64_t count = tl_spec_count(test->spec, "count", COUNT);
    ps_ns interval = tl_spec_duration(test->spec, "interval", PS_SEC), wait;

    if (count > TRIPS_MAX)
        count = TRIPS_MAX;
    wait = tl_spec_duration(test->spec, "timeout", TIMEOUT_PLANNED);
    if (tl_spec_has(test->spec, "deadline"))
        wait = tl_spec_duration(test->spec, "deadline", wait);
    if (interval > 86400 * PS_SEC)
        interval = 86400 * PS_SEC;
    out->duration = (ps_ns)(count ? count - 1 : 0) * interval + wait + 2 * PS_SEC;
    if (tl_spec_flag(test->spec, "hostnames", true))
        out->duration += 2 * PS_SEC;
}

static void command(const struct tl_job *job, struct tl_argv *argv)
{
    struct ps_jnode spec = job->test.spec;

    if (job->family)
        tl_argv_add(argv, job->family == 4 ? "-4" : "-6");
    tl_argv_add(argv, "-n");
    tl_argv_opt(argv, "-c", "%" PRIu64, tl_spec_count(spec, "count", COUNT));
    if (job->family != 4)
        tl_argv_number(argv, "-F", spec, "flow-label");
    if (tl_spec_has(spec, "fragment"))
        tl_argv_opt(argv, "-M", "%s", tl_spec_flag(spec, "fragment", true) ? "want" : "do");
    tl_argv_seconds(argv, "-i", tl_spec_duration(spec, "interval", PS_SEC));
    if (job->near) {
        tl_argv_add(argv, "-I");
        tl_argv_operand(argv, job->near);
    }
    if (tl_spec_flag(spec, "suppress-loopback", false))
        tl_argv_add(argv, "-L");
    tl_argv_number(argv, "-Q", spec, "ip-tos");
    tl_argv_number(argv, "-s", spec, "length");
    tl_argv_number(argv, "-t", spec, "ttl");
    if (tl_spec_has(spec, "deadline"))
        tl_argv_opt(argv, "-w", "%" PRId64, tl_round_up(tl_spec_duration(spec, "deadline", PS_SEC)) / PS_SEC);
    tl_argv_seconds(argv, "-W", tl_spec_duration(spec, "timeout", TIMEOUT));
    tl_argv_operand(argv, job->far);
}

// --- behind

struct trip {
    uint64_t seq;
    char ip[TL_NAMES_ADDR];
    uint64_t length, ttl;
    ps_ns rtt;
    bool has_length, has_ttl, has_rtt, duplicate;
    const char *error; // icmp-error; NULL: a reply
};

struct tally {
    struct trip *trips;
    size_t n, cap;
    bool has_counts, has_rtts;
    uint64_t sent, received, duplicates;
    ps_ns min, mean, max, stddev;
};

static struct trip *new_trip(struct tally *t)
{
    if (t->n == t->cap) {
        size_t cap = t->cap ? t->cap * 2 : 64;
        struct trip *more = cap > 2 * TRIPS_MAX ? NULL : realloc(t->trips, cap * sizeof *more);
        if (!more)
            return NULL;
        t->trips = more;
        t->cap = cap;
    }
    memset(&t->trips[t->n], 0, sizeof t->trips[t->n]);
    return &t->trips[t->n];
}

// The number behind a word such as "icmp_seq=".
static bool number_behind(const char *line, const char *word, uint64_t *out)
{
    const char *p = strstr(line, word);
    char digits[24];
    size_t n;

    if (!p)
        return false;
    p += strlen(word);
    n = strspn(p, "0123456789");
    if (n == 0 || n >= sizeof digits)
        return false;
    memcpy(digits, p, n);
    digits[n] = '\0';
    return ps_num_u64(digits, 10, 0, UINT64_MAX, out) == 0;
}

// "NAME (ADDRESS)" or "ADDRESS", up to a blank or a colon with one behind it.
static const char *take_ip(const char *p, char out[TL_NAMES_ADDR])
{
    const char *end = p, *open;
    size_t n;

    while (*end && *end != ' ' && !(*end == ':' && (end[1] == ' ' || end[1] == '\0')))
        end++;
    open = *end == ' ' && end[1] == '(' ? end + 2 : NULL;
    if (open && strchr(open, ')')) {
        p = open;
        end = strchr(open, ')');
    }
    n = (size_t)(end - p);
    if (n == 0 || n >= TL_NAMES_ADDR)
        return NULL;
    memcpy(out, p, n);
    out[n] = '\0';
    return end;
}

// "64 bytes from 192.0.2.1: icmp_seq=1 ttl=64 time=1.63 ms (DUP!)"
static void take_reply(struct tally *t, const char *line)
{
    const char *from = strstr(line, " bytes from "), *time, *end;
    struct trip *trip = new_trip(t);

    if (!trip || !number_behind(line, "icmp_seq=", &trip->seq) || !take_ip(from + 12, trip->ip))
        return;
    trip->length = strtoull(line, NULL, 10);
    trip->has_length = isdigit((unsigned char)*line);
    trip->has_ttl = number_behind(line, " ttl=", &trip->ttl);
    time = strstr(line, " time=");
    trip->has_rtt = time && tl_millis(time + 6, &end, &trip->rtt);
    trip->duplicate = strstr(line, "(DUP!)") != NULL;
    t->n++;
}

// "From 192.0.2.1 icmp_seq=1 Destination Host Unreachable", "From 192.0.2.1: icmp_seq=1 Frag needed ..."
static void take_error(struct tally *t, const char *line)
{
    struct trip *trip = new_trip(t);
    const char *seq = strstr(line, "icmp_seq="), *text;

    if (!trip || !number_behind(line, "icmp_seq=", &trip->seq) || !take_ip(line + 5, trip->ip))
        return;
    text = seq + strcspn(seq, " ");
    text += strspn(text, " ");
    trip->error = tl_icmp_words(text);
    t->n++;
}

// "3 packets transmitted, 2 received, +1 duplicates, +1 errors, 33.3333% packet loss, time 420ms"
static void take_counts(struct tally *t, const char *line)
{
    const char *p;

    t->sent = strtoull(line, NULL, 10);
    p = strstr(line, "transmitted, ");
    t->received = p ? strtoull(p + 13, NULL, 10) : 0;
    p = strstr(line, " duplicates") ? strchr(line, '+') : NULL;
    t->duplicates = p ? strtoull(p + 1, NULL, 10) : 0;
    t->has_counts = t->sent <= TRIPS_MAX && t->received <= t->sent;
}

// "rtt min/avg/max/mdev = 0.039/0.573/1.626/0.744 ms"
static void take_rtts(struct tally *t, const char *line)
{
    ps_ns *const into[] = {&t->min, &t->mean, &t->max, &t->stddev};
    const char *p = strstr(line, " = ");

    p = p ? p + 3 : "";
    for (size_t i = 0; i < 4; i++) {
        if (!tl_millis(p, &p, into[i]))
            return;
        p += *p == '/';
    }
    t->has_rtts = true;
}

static void take_line(struct tally *t, const char *line)
{
    if (strstr(line, " bytes from "))
        take_reply(t, line);
    else if (strncmp(line, "From ", 5) == 0 && strstr(line, "icmp_seq="))
        take_error(t, line);
    else if (strstr(line, " packets transmitted, "))
        take_counts(t, line);
    else if (strncmp(line, "rtt min/avg/max/", 16) == 0 || strncmp(line, "round-trip ", 11) == 0)
        take_rtts(t, line);
}

static void put_trip(const struct trip *trip, struct tl_names *names, struct ps_json *j)
{
    ps_json_open(j, '{');
    ps_json_put_u64(j, "seq", trip->seq);
    tl_names_put(names, trip->ip, false, j);
    if (trip->error) {
        ps_json_put_str(j, "error", trip->error);
    } else {
        if (trip->has_length)
            ps_json_put_u64(j, "length", trip->length);
        if (trip->has_ttl)
            ps_json_put_u64(j, "ttl", trip->ttl);
        if (trip->has_rtt)
            tl_put_duration(j, "rtt", trip->rtt);
    }
    ps_json_close(j, '}');
}

// Replies whose number is lower than one that came before.
static uint64_t reorders(const struct tally *t)
{
    uint64_t highest = 0, n = 0;

    for (size_t i = 0; i < t->n; i++) {
        const struct trip *trip = &t->trips[i];
        if (trip->error || trip->duplicate)
            continue;
        if (trip->seq < highest)
            n++;
        else
            highest = trip->seq;
    }
    return n;
}

static void put_all(const struct tally *t, struct tl_names *names, struct tl_answer *a)
{
    struct ps_json *j = tl_answer_begin(a, 1);
    uint64_t lost = t->sent - t->received;

    ps_json_put_open(j, "roundtrips", '[');
    for (size_t i = 0; i < t->n; i++)
        put_trip(&t->trips[i], names, j);
    ps_json_close(j, ']');
    ps_json_put_u64(j, "sent", t->sent);
    ps_json_put_u64(j, "received", t->received);
    ps_json_put_u64(j, "lost", lost);
    ps_json_put_double(j, "loss", t->sent ? (double)lost / (double)t->sent : 0);
    ps_json_put_u64(j, "duplicates", t->duplicates);
    ps_json_put_u64(j, "reorders", reorders(t));
    if (t->has_rtts) {
        tl_put_duration(j, "min", t->min);
        tl_put_duration(j, "max", t->max);
        tl_put_duration(j, "mean", t->mean);
        tl_put_duration(j, "stddev", t->stddev);
    }
    tl_answer_end(a);
}

static void parse(const struct tl_said *said, struct tl_names *names, struct tl_answer *a)
{
    struct tally t = {0};
    char line[TL_LINE];
    const char *p = said->out;

    while (tl_line(&p, line))
        take_line(&t, line);
    if (t.has_counts && t.sent > 0)
        put_all(&t, names, a);
    else
        tl_answer_blame(a, said, "ping");
    free(t.trips);
}

const struct tl_tool tl_ping = {
    .name = "ping",
    .description = "Round trips by ping",
    .tests = {"rtt"},
    .program = TL_PING,
    .can_run = can_run,
    .duration = duration,
    .command = command,
    .parse = parse,
};
