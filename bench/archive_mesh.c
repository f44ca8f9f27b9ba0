// SPDX-License-Identifier: Apache-2.0
#include "bench/archive_mesh.h"
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include "base/ps_num.h"
#include "base/ps_time.h"

// About normal, with variance 1: a sum of four numbers in [0, 1).
static double normal(struct ps_rand *r)
{
    uint64_t u = ps_rand_u64(r);
    double sum = (double)((u & 0xffff) + (u >> 16 & 0xffff) + (u >> 32 & 0xffff) + (u >> 48)) / 65536;
    return (sum - 2) * 1.7320508075688772;
}

struct es_value mesh_delays(struct ps_rand *r, uint64_t path, unsigned packets)
{
    struct es_value v = {.form = ES_VALUE_HIST};
    double base = 5 + (double)(path * 7919 % 9000) / 100, width = 0.02 + (double)(path % 7) / 100;
    unsigned counts[200] = {0};
    char key[32];
    for (unsigned i = 0; i < packets; i++) {
        double late = fabs(normal(r)) * width;
        if (ps_rand_u64(r) % 100 == 0)
            late += ps_rand_double(r) * 1.5;
        unsigned k = (unsigned)(late * 100);
        counts[k < 199 ? k : 199]++;
    }
    for (unsigned k = 0; k < 200; k++) {
        if (counts[k] == 0)
            continue;
        snprintf(key, sizeof key, "%.2f", base + (double)k / 100);
        (void)es_hist_add(&v.hist, key, counts[k]);
    }
    (void)es_hist_settle(&v.hist);
    return v;
}

void mesh_uuid(struct ps_rand *r, char out[37])
{
    uint8_t o[16];
    ps_rand_fill(r, o, sizeof o);
    snprintf(out, 37, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", o[0], o[1],
             o[2], o[3], o[4], o[5], o[6], o[7], o[8], o[9], o[10], o[11], o[12], o[13], o[14], o[15]);
}

char *mesh_powstream(struct ps_rand *r, uint64_t path, int64_t ts, size_t *len)
{
    unsigned lost = ps_rand_u64(r) % 10 == 0 ? (unsigned)(ps_rand_u64(r) % 6) : 0;
    struct es_value h = mesh_delays(r, path, 600 - lost);
    char *text = NULL, when[2][40], key[ES_HIST_KEY_MAX + 1], sid[33];
    FILE *f = open_memstream(&text, len);
    uint8_t id[16];
    ps_rand_fill(r, id, sizeof id);
    ps_num_to_hex(id, sizeof id, sid);
    for (int i = 0; i < 2; i++)
        ps_ntp_format_utc(ps_ntp_from_ns((ts + i * MESH_STEP) * PS_SEC), when[i], sizeof when[i]);
    fprintf(f,
            "{\"type\":\"measurement\",\"schema\":1,\"succeeded\":true,\"stream\":\"path%" PRIu64 "\","
            "\"start\":\"%s\",\"end\":\"%s\",\"start-ntp\":%" PRIu64 ",\"end-ntp\":%" PRIu64
            ",\"source\":{\"host\":\"host%" PRIu64 ".example.net\",\"address\":\"10.0.%" PRIu64 ".%" PRIu64
            "\",\"port\":8760},\"dest\":{\"host\":\"centre.example.net\",\"address\":\"192.0.2.1\","
            "\"port\":8761},\"direction\":\"from\",\"packets-sent\":600,\"packets-received\":%u,"
            "\"packets-lost\":%u,\"packets-duplicated\":0,\"packets-reordered\":0,\"max-clock-error\":%.2f,"
            "\"histogram-latency\":{",
            path, when[0], when[1], ps_ntp_from_ns(ts * PS_SEC), ps_ntp_from_ns((ts + MESH_STEP) * PS_SEC),
            path, path / 250, path % 250 + 1, 600 - lost, lost, 0.1 + ps_rand_double(r));
    for (size_t i = 0; i < h.hist.n; i++)
        fprintf(f, "%s\"%s\":%" PRIu64, i > 0 ? "," : "", es_hist_key(&h.hist.at[i], key),
                h.hist.at[i].count);
    fprintf(f,
            "},\"histogram-ttl\":{\"251\":%u},\"sid\":\"%s\",\"session-packets\":600,\"first-seq\":0,"
            "\"last-seq\":599,\"packets-skipped\":0,\"packets-unrecorded\":0,\"mode\":\"open\",\"dscp\":0,"
            "\"padding\":0,\"timeout\":10.0,\"bucket-width\":0.001,\"delay\":{\"min\":0.0051,\"mean\":0.0052,"
            "\"median\":0.0052,\"max\":0.0071,\"p25\":0.0051,\"p75\":0.0053,\"p95\":0.006,\"p99\":0.0065},"
            "\"synced\":true,\"clock\":{\"source\":{\"synced\":true,\"error\":0.0001,\"bound\":null,"
            "\"stamps\":null,\"self-delay\":null,\"clock-source\":null},\"dest\":{\"synced\":true,\"error\":"
            "0.0001,"
            "\"bound\":0.0002,\"stamps\":\"kernel\",\"self-delay\":0.00001,\"clock-source\":\"chrony\"}},"
            "\"finished\":true,\"complete\":true,\"reason\":null,\"host-dropped\":0,\"ignored\":0,"
            "\"clock-steps\":0}\n",
            600 - lost, sid);
    fclose(f);
    es_value_fini(&h);
    return text;
}

static void run_figures(FILE *f, struct ps_rand *r, uint64_t path)
{
    unsigned lost = ps_rand_u64(r) % 10 == 0 ? (unsigned)(ps_rand_u64(r) % 6) : 0;
    struct es_value h = mesh_delays(r, path, 600 - lost);
    char key[ES_HIST_KEY_MAX + 1];
    fprintf(
        f,
        "{\"schema\":1,\"succeeded\":true,\"packets-sent\":600,\"packets-received\":%u,\"packets-lost\":%u,"
        "\"packets-reordered\":0,\"packets-duplicated\":0,\"max-clock-error\":%.2f,\"histogram-latency\":{",
        600 - lost, lost, 0.1 + ps_rand_double(r));
    for (size_t i = 0; i < h.hist.n; i++)
        fprintf(f, "%s\"%s\":%" PRIu64, i > 0 ? "," : "", es_hist_key(&h.hist.at[i], key),
                h.hist.at[i].count);
    fprintf(f, "},\"histogram-ttl\":{\"251\":%u}}", 600 - lost);
    es_value_fini(&h);
}

char *mesh_run(struct ps_rand *r, uint64_t path, int64_t ts, size_t *len)
{
    struct ps_rand of_task;
    char *text = NULL, when[2][40], task[37], run[37];
    FILE *f = open_memstream(&text, len);
    ps_rand_seed(&of_task, path * 1000003 + (uint64_t)(ts / 86400)); // a task is renewed each day
    mesh_uuid(&of_task, task);
    mesh_uuid(r, run);
    for (int i = 0; i < 2; i++)
        ps_ntp_format_utc(ps_ntp_from_ns((ts + i * MESH_STEP) * PS_SEC), when[i], sizeof when[i]);
    fprintf(f,
            "{\"id\":\"%s\",\"schedule\":{\"start\":\"%s\",\"duration\":\"PT1M\"},\"test\":{\"type\":"
            "\"latencybg\","
            "\"spec\":{\"schema\":1,\"source\":\"10.0.%" PRIu64 ".%" PRIu64
            "\",\"dest\":\"192.0.2.1\",\"flip\":true,"
            "\"ip-version\":4,\"bucket-width\":0.0001,\"packet-count\":600,\"packet-interval\":0.1,"
            "\"packet-timeout\":0,\"packet-padding\":0,\"duration\":\"PT24H\",\"ctrl-port\":861,"
            "\"data-ports\":{\"lower\":8760,\"upper\":9960}}},\"tool\":{\"schema\":1,\"name\":\"powstream\","
            "\"description\":\"powstream\",\"version\":\"1.0\",\"preference\":0},\"participants\":[\"10.0."
            "%" PRIu64 ".%" PRIu64 "\"],",
            run, when[0], path / 250, path % 250 + 1, path / 250, path % 250 + 1);
    fprintf(
        f,
        "\"task\":{\"href\":\"https://host%" PRIu64
        ".example.net/pscheduler/tasks/%s\",\"detail\":{\"added\":"
        "\"%s\",\"duration\":\"PT24H\",\"enabled\":true,\"anytime\":true,\"exclusive\":false,\"multi-"
        "result\":"
        "true,\"runs\":null,\"slip\":null,\"participants\":[\"host%" PRIu64
        ".example.net\"]}},\"run\":{\"href\":"
        "\"https://host%" PRIu64
        ".example.net/pscheduler/tasks/%s/runs/%s\",\"start-time\":\"%s\",\"end-time\":"
        "\"%s\",\"duration\":\"PT1M\",\"state\":\"finished\"},\"reference\":{\"psconfig\":{\"created-by\":{"
        "\"user-agent\":\"psconfig-pscheduler-agent\",\"uuid\":\"5E5ED2A2-6B6D-11EE-8A5E-%012" PRIX64
        "\"}}},\"result\":",
        path, task, when[0], path, path, task, run, when[0], when[1], path);
    run_figures(f, r, path);
    fputs("}\n", f);
    fclose(f);
    return text;
}
