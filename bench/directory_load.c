// SPDX-License-Identifier: Apache-2.0
// directory_load URL RECORDS RENEWALS: registers records with a lookup server as hosts with perfSONAR do (for each host a
// person, two interfaces, the host, six services and two measurements), renews some one by one and in bulk, and asks
// for some. Prints rates, and how long answers took as this client saw it. URL is that of /lookup/records.
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "base/ps_num.h"
#include "http/ps_httpc.h"

#define AT_A_TIME 48
#define BULK 1000
#define BULKS 20
#define QUERIES 100
#define A_HOST 12 // records

static struct load {
    struct ps_loop *loop;
    struct ps_httpc *client;
    const char *url;
    char **uris;
    size_t records, begun, done, wanted, failed;
    ps_ns started, asked;
    double took[QUERIES]; // ms
    size_t octets;
} load;

static const char *const json[] = {"Content-Type: application/json"};

__attribute__((noreturn)) static void die(const char *what, const char *why)
{
    fprintf(stderr, "directory_load: %s: %s\n", what, why);
    exit(4);
}

static double since(ps_ns start)
{
    return (double)(ps_loop_mono() - start) / 1e9;
}

// --- what is registered

static const char *const service_types[] = {"owamp", "twamp", "pscheduler", "ma", "gridftp", "dashboard"};

static int site_keys(char *out, size_t size, size_t host)
{
    return snprintf(
        out, size,
        "\"client-uuid\":[\"%08zx-1111-4222-8333-444455556666\"],\"location-sitename\":[\"Site %zu\"],"
        "\"location-city\":[\"City %zu\"],\"location-country\":[\"C%zu\"],\"location-latitude\":[\"%zu.5\"],"
        "\"location-longitude\":[\"7.%zu\"],\"group-communities\":[\"Community %zu\",\"LHCONE\"],"
        "\"group-domains\":[\"site%zu.example.net\",\"example.net\"],",
        host, host / 4, host / 8, host % 60, host % 90, host % 1000, host % 100, host / 4);
}

static int host_keys(char *out, size_t size, size_t host)
{
    return snprintf(
        out, size,
        "\"type\":[\"host\"],\"host-name\":[\"ps%zu.site%zu.example.net\",\"2001:db8::%zx\"],"
        "\"host-net-interfaces\":[\"lookup/interface/%08zx-aaaa-4000-8000-000000000001\","
        "\"lookup/interface/%08zx-aaaa-4000-8000-000000000002\"],\"host-administrators\":[\"lookup/person/"
        "%08zx-bbbb-"
        "4000-8000-000000000001\"],\"host-hardware-memory\":[\"%zu "
        "MB\"],\"host-hardware-processorspeed\":[\"2400.000 "
        "MHz\"],\"host-hardware-processorcount\":[\"2\"],\"host-hardware-processorcore\":[\"%zu\"],"
        "\"host-hardware-cpuid\":[\"Intel(R) Xeon(R) CPU E5-26%zu v4 @ "
        "2.40GHz\"],\"host-os-name\":[\"AlmaLinux\"],"
        "\"host-os-version\":[\"9.%zu\"],\"host-os-kernel\":[\"Linux 5.14.0-%zu.el9.x86_64\"],"
        "\"host-os-architecture\":[\"x86_64\"],\"host-net-tcp-congestionalgorithm\":[\"htcp\"],"
        "\"host-net-tcp-maxbuffer-send\":[\"67108864 bytes\"],\"host-net-tcp-maxbuffer-recv\":[\"67108864 "
        "bytes\"],"
        "\"host-net-tcp-autotunemaxbuffer-send\":[\"33554432 "
        "bytes\"],\"host-net-tcp-autotunemaxbuffer-recv\":[\"33554432 "
        "bytes\"],\"host-net-tcp-maxbacklog\":[\"250000\"],\"host-net-ipv6-enabled\":[\"1\"],\"host-vm\":["
        "\"0\"],"
        "\"host-manufacturer\":[\"Dell Inc.\"],\"host-productname\":[\"PowerEdge "
        "R%zu\"],\"pshost-role\":[\"test-host\"],"
        "\"pshost-access-policy\":[\"public\"],\"pshost-bundle\":[\"perfsonar-toolkit\"],\"pshost-bundle-"
        "version\":[\"5.2."
        "%zu\"],\"pshost-toolkitversion\":[\"5.2.%zu\"]",
        host, host / 4, host, host, host, host, 15000 + host % 400, 8 + host % 5 * 8, 20 + host % 80,
        host % 6, 100 + host % 400, 600 + host % 50 * 10, host % 5, host % 5);
}

static int other_keys(char *out, size_t size, size_t host, size_t which)
{
    if (which == 0)
        return snprintf(
            out, size,
            "\"type\":[\"person\"],\"person-name\":[\"Person %zu\"],\"person-emails\":[\"p%zu@site%zu."
            "example.net\"]",
            host, host, host / 4);
    if (which <= 2)
        return snprintf(
            out, size,
            "\"type\":[\"interface\"],\"interface-name\":[\"eth%zu\"],\"interface-addresses\":[\"10.%zu.%zu.%"
            "zu\","
            "\"2001:db8:%zu::%zx\"],\"interface-capacity\":[\"10000000000\"],\"interface-mtu\":[\"9000\"],"
            "\"interface-mac\":[\"02:00:%02zx:%02zx:%02zx:%02zx\"]",
            which, host >> 16 & 255, host >> 8 & 255, host & 255, which, host, which, host >> 16 & 255,
            host >> 8 & 255, host & 255);
    if (which >= 10)
        return snprintf(
            out, size,
            "\"type\":[\"psmetadata\"],\"psmetadata-ma-locator\":[\"https://ps%zu.site%zu.example.net/"
            "logstash\"],"
            "\"psmetadata-uri\":[\"/m/%zu/%zu\"],\"psmetadata-src-address\":[\"10.1.%zu.%zu\"],"
            "\"psmetadata-dst-address\":[\"10.2.%zu.%zu\"],\"psmetadata-tool-name\":[\"bwctl/iperf3\"],"
            "\"psmetadata-eventtypes\":[\"throughput\",\"failures\",\"packet-retransmits\"]",
            host, host / 4, host, which, host >> 8 & 255, host & 255, host & 255, which);
    return snprintf(
        out, size,
        "\"type\":[\"service\"],\"service-type\":[\"%s\"],\"service-name\":[\"Site %zu "
        "%s\"],\"service-locator\":"
        "[\"tcp://ps%zu.site%zu.example.net:%zu\",\"tcp://"
        "[2001:db8::%zx]:%zu\"],\"service-version\":[\"5.2.%zu\"],"
        "\"service-host\":[\"lookup/host/%08zx-cccc-4000-8000-000000000001\"],\"service-administrators\":"
        "[\"lookup/person/%08zx-bbbb-4000-8000-000000000001\"],\"psservice-eventtypes\":[\"e1\",\"e2\"]",
        service_types[which - 4], host / 4, service_types[which - 4], host, host / 4, 861 + which, host,
        861 + which, host % 5, host, host);
}

static size_t make_record(char *out, size_t size, size_t i)
{
    size_t host = i / A_HOST, which = i % A_HOST, n = 1;

    out[0] = '{';
    n += (size_t)site_keys(out + n, size - n, host);
    n += (size_t)(which == 3 ? host_keys(out + n, size - n, host)
                             : other_keys(out + n, size - n, host, which));
    n += (size_t)snprintf(out + n, size - n, "}");
    if (n >= size)
        die("a record", "is too long");
    return n;
}

// --- many requests at a time

static void next(void *unused);

static void answered(void *ctx, const struct ps_httpc_answer *a)
{
    size_t i = (size_t)(uintptr_t)ctx;
    const char *uri = a->err ? NULL : strstr(a->body, "\"uri\":\"");

    if (a->err || a->status != 200 || !uri) {
        if (load.failed++ == 0)
            fprintf(stderr, "directory_load: %s\n", a->err ? a->why : a->body);
    } else if (!load.uris[i]) {
        uri += 7;
        load.uris[i] = strndup(uri, strcspn(uri, "\""));
    }
    if (++load.done == load.wanted)
        ps_loop_stop(load.loop);
    else
        next(NULL);
}

static void send_one(size_t i, bool renewal)
{
    char body[4096], url[512];
    struct ps_httpc_ask ask = {
        .method = "POST", .url = load.url, .headers = json, .nheaders = 1, .body = body};

    if (renewal) {
        snprintf(url, sizeof url, "%.*s/%s", (int)(strstr(load.url, "/lookup/") - load.url), load.url,
                 load.uris[i] ? load.uris[i] : "none");
        ask.url = url;
    } else {
        ask.body_len = make_record(body, sizeof body, i);
        load.octets += ask.body_len;
    }
    if (ps_httpc_ask(load.client, &ask, answered, (void *)(uintptr_t)i, NULL))
        die(load.url, "cannot be asked");
}

static bool renewing;

static void next(void *unused)
{
    (void)unused;
    if (load.begun == load.wanted)
        return;
    send_one(renewing ? load.begun * 7919 % load.records : load.begun, renewing);
    load.begun++;
}

// So many requests, AT_A_TIME of them at a time.
static double many(size_t wanted)
{
    load.begun = load.done = load.failed = 0;
    load.wanted = wanted;
    load.started = ps_loop_mono();
    for (int i = 0; i < AT_A_TIME; i++)
        next(NULL);
    ps_loop_run(load.loop);
    return since(load.started);
}

// --- one at a time

static void one_answered(void *ctx, const struct ps_httpc_answer *a)
{
    double *ms = ctx;

    *ms = (double)(ps_loop_mono() - load.asked) / 1e6;
    load.octets = a->len;
    if (a->err || a->status != 200)
        die(load.url, a->err ? a->why : a->body);
    ps_loop_stop(load.loop);
}

static double one(const struct ps_httpc_ask *ask)
{
    double ms;

    load.asked = ps_loop_mono();
    if (ps_httpc_ask(load.client, ask, one_answered, &ms, NULL))
        die(load.url, "cannot be asked");
    ps_loop_run(load.loop);
    return ms;
}

static int by_value(const void *a, const void *b)
{
    const double *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

static void tell(const char *what, size_t n)
{
    qsort(load.took, n, sizeof load.took[0], by_value);
    printf("%-58s %8.2f ms median %8.2f ms most %10zu octets\n", what, load.took[n / 2], load.took[n - 1],
           load.octets);
}

static void renew_bulk(void)
{
    size_t size = BULK * 80 + 100;
    char *body = malloc(size);

    for (size_t k = 0; body && k < BULKS; k++) {
        size_t n = (size_t)snprintf(body, size, "{\"ttl\":[\"PT2H\"],\"record-uris\":[");
        struct ps_httpc_ask ask = {
            .method = "PUT", .url = load.url, .headers = json, .nheaders = 1, .body = body};

        for (size_t i = 0; i < BULK; i++)
            n += (size_t)snprintf(body + n, size - n, "%s\"%s\"", i ? "," : "",
                                  load.uris[(k * BULK + i * 31) % load.records]);
        n += (size_t)snprintf(body + n, size - n, "]}");
        ask.body_len = n;
        load.took[k] = one(&ask);
    }
    free(body);
    tell("bulk renewal of 1,000 records", BULKS);
}

static void query(const char *filter)
{
    char url[512];
    struct ps_httpc_ask ask = {.method = "GET", .url = url, .answer_max = (size_t)1 << 30};
    size_t n = *filter ? QUERIES : 3;

    snprintf(url, sizeof url, "%s%s%s", load.url, *filter ? "?" : "", filter);
    for (size_t i = 0; i < n; i++)
        load.took[i] = one(&ask);
    tell(*filter ? filter : "(everything)", n);
}

int main(int argc, char **argv)
{
    static const struct ps_httpc_conf conf = {.conns_max = AT_A_TIME, .conns_per_host = AT_A_TIME};
    uint64_t records, renewals;
    double s;

    if (argc != 4 || ps_num_u64(argv[2], 10, BULK, 10000000, &records) ||
        ps_num_u64(argv[3], 10, 1, 10000000, &renewals) || !strstr(argv[1], "/lookup/")) {
        fprintf(stderr, "directory_load URL RECORDS RENEWALS\n");
        return 2;
    }
    load.url = argv[1];
    load.records = (size_t)records;
    load.uris = calloc(load.records, sizeof(char *));
    if (!load.uris || ps_loop_new(&load.loop) || ps_httpc_new(load.loop, &conf, &load.client))
        die("start", "out of memory");
    s = many(load.records);
    printf("registered %zu records, %zu failed: %.0f/s, %zu octets each\n", load.records, load.failed,
           (double)load.records / s, load.octets / load.records);
    renewing = true;
    s = many((size_t)renewals);
    printf("renewed %zu one by one, %zu failed: %.0f/s\n", (size_t)renewals, load.failed,
           (double)renewals / s);
    renew_bulk();
    query("type=service&service-type=owamp&group-communities=Community%2042");
    query("host-name=ps777.site194.example.net");
    query("type=host&host-name=*.site77.example.net");
    query("type=host&location-country=C7");
    query("");
    ps_httpc_free(load.client);
    ps_loop_free(load.loop);
    return 0;
}
