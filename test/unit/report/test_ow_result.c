// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "base/ps_err.h"
#include "report/ow_report.h"
#include "report/ow_result.h"

#define SECOND ((ps_ntp)1 << 32)
#define START ((ps_ntp)0xEEAE7B95 << 32) // 2026-11-23T08:45:09 UTC
#define SYNCED 0x8801                    // 2^8 * 2^-32 s
#define UNSYNCED 0x1401                  // 2^20 * 2^-32 s

static const struct ow_slot slot = {OW_SLOT_FIXED, (ps_ntp)1 << 32};

// Packets 0 to 3 of 4: one on time, two swapped, one of those twice, the last lost.
static const struct ow_rec plain[] = {
    {0, START + 1 * SECOND, START + 1 * SECOND + SECOND / 8, SYNCED, SYNCED, 254},
    {2, START + 3 * SECOND, START + 3 * SECOND + SECOND / 4, SYNCED, UNSYNCED, 254},
    {1, START + 2 * SECOND, START + 3 * SECOND + SECOND / 2, SYNCED, SYNCED, 250},
    {2, START + 3 * SECOND, START + 3 * SECOND + SECOND * 3 / 4, SYNCED, 0x9801, 254},
    {3, START + 4 * SECOND, 0, OW_LOST_ERR, SYNCED, 255},
};

struct session {
    int fd;
    struct ow_writer *writer;
};

static struct session session_of(const struct ow_rec *recs, size_t n, uint32_t npackets)
{
    struct ow_request req = {
        .ipvn = 4,
        .conf_receiver = true,
        .nslots = 1,
        .npackets = npackets,
        .sender_port = 8765,
        .receiver_port = 9,
        .sender_addr = {192, 0, 2, 1},
        .receiver_addr = {192, 0, 2, 2},
        .sid = {0xab, 0xcd},
        .padding = 10,
        .start = START,
        .timeout = 2 * SECOND,
        .typep = 46u << 24,
    };
    struct session s = {.fd = memfd_create("test", MFD_CLOEXEC)};
    assert_true(s.fd >= 0);
    assert_int_equal(ow_writer_new(&s.writer, s.fd, &req, &slot), 0);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(ow_writer_add(s.writer, &recs[i]), 0);
    assert_int_equal(ow_writer_flush(s.writer), 0);
    return s;
}

static void session_finish(struct session *s, const struct ow_skip *skips, uint32_t nskips)
{
    struct ow_file_end end = {
        .finished = OW_FIN_NORMAL, .end_seq = UINT32_MAX, .skips = skips, .nskips = nskips};
    assert_int_equal(ow_writer_finish(s->writer, &end), 0);
}

static void session_close(struct session *s)
{
    ow_writer_free(s->writer);
    close(s->fd);
}

static struct ow_result_meta meta_of(void)
{
    return (struct ow_result_meta){
        .stream = "a-to-b",
        .from_host = "a.example",
        .to_host = "b.example",
        .direction = "to",
        .mode = "open",
        .host_dropped = 3,
        .ignored = -1,
        .clock_steps = 1,
        .here = {true, 0.25, "user", 40, 0.5, 0.75, {"chrony", "192.0.2.1", 3, true, "none", 0.125, 0.5}},
        .bucket_width = OW_RESULT_BUCKET_WIDTH,
    };
}

// A line, and the error in *err.
static char *line_of(const struct session *s, uint32_t first, uint32_t end, const struct ow_result_meta *meta,
                     int *err, struct ps_fault *fault)
{
    struct ps_text t;
    struct ow_file *f;
    assert_int_equal(ow_file_new(&f, s->fd, "x.owp", fault), 0);
    *err = ow_result_write(f, first, end, meta, ps_text_open(&t), fault);
    ow_file_free(f);
    return ps_text_close(&t, NULL);
}

static char *result_of(const struct session *s, uint32_t first, uint32_t end,
                       const struct ow_result_meta *meta)
{
    struct ps_fault fault = {""};
    int err;
    char *text = line_of(s, first, end, meta, &err, &fault);
    if (err)
        fail_msg("%s", fault.text);
    return text;
}

static void has(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("%s\nis not in\n%s", part, text);
}

static void lacks(const char *text, const char *part)
{
    if (strstr(text, part))
        fail_msg("%s\nis in\n%s", part, text);
}

static void a_session_is_told_word_for_word(void **state)
{
    (void)state;
    struct session s = session_of(plain, 5, 4);
    struct ow_result_meta m = meta_of();
    session_finish(&s, NULL, 0);
    char *text = result_of(&s, 0, 4, &m);
    assert_string_equal(
        text,
        "{\"type\":\"measurement\",\"schema\":1,\"succeeded\":true,\"stream\":\"a-to-b\","
        "\"start\":\"2026-11-23T08:45:10.000000000Z\",\"end\":\"2026-11-23T08:45:13.000000000Z\","
        "\"start-ntp\":17198819911149813760,\"end-ntp\":17198819924034715648,"
        "\"first-seq\":0,\"last-seq\":3,\"packets-skipped\":0,\"packets-unrecorded\":0,\"complete\":true,"
        "\"packets-sent\":4,\"packets-received\":3,\"packets-lost\":1,\"packets-duplicated\":1,"
        "\"packets-reordered\":1,\"max-clock-error\":0.24,"
        "\"histogram-latency\":{\"125.00\":1,\"250.00\":1,\"1500.00\":1},"
        "\"histogram-ttl\":{\"250\":1,\"254\":2},\"bucket-width\":0.001,"
        "\"delay\":{\"min\":0.125,\"mean\":0.625,\"median\":0.25,\"max\":1.5,"
        "\"p25\":0.125,\"p75\":1.5,\"p95\":null,\"p99\":null},"
        "\"synced\":false,\"clock\":{\"source\":{\"synced\":true,\"error\":5.9604644775390625e-08,"
        "\"bound\":0.25,\"stamps\":\"user\","
        "\"self-delay\":{\"samples\":40,\"median\":0.5,\"p99\":0.75},"
        "\"clock-source\":{\"name\":\"chrony\",\"reference\":\"192.0.2.1\",\"stratum\":3,\"synced\":true,"
        "\"leap\":\"none\",\"error\":0.125,\"bound\":0.5}},"
        "\"dest\":{\"synced\":false,\"error\":0.00390625,"
        "\"bound\":null,\"stamps\":null,"
        "\"self-delay\":{\"samples\":null,\"median\":null,\"p99\":null},"
        "\"clock-source\":{\"name\":null,\"reference\":null,\"stratum\":null,\"synced\":null,\"leap\":null,"
        "\"error\":null,\"bound\":null}}},"
        "\"sid\":\"abcd0000000000000000000000000000\","
        "\"source\":{\"host\":\"a.example\",\"address\":\"192.0.2.1\",\"port\":8765},"
        "\"dest\":{\"host\":\"b.example\",\"address\":\"192.0.2.2\",\"port\":9},"
        "\"direction\":\"to\",\"mode\":\"open\",\"dscp\":46,\"padding\":10,\"timeout\":2,"
        "\"session-packets\":4,\"finished\":true,\"reason\":null,\"host-dropped\":3,\"ignored\":null,\"clock-"
        "steps\":1}");
    free(text);
    session_close(&s);
}

static void raw_packets_come_on_demand_with_lost_ones_received_at_0(void **state)
{
    (void)state;
    struct session s = session_of(plain, 5, 4);
    struct ow_result_meta m = meta_of();
    session_finish(&s, NULL, 0);
    char *text = result_of(&s, 0, 4, &m);
    lacks(text, "raw-packets");
    free(text);
    m.raw = true;
    text = result_of(&s, 3, 4, &m);
    has(text, ",\"raw-packets\":[{\"seq-num\":3,\"src-ts\":17198819924034715648,\"src-clock-sync\":false,"
              "\"src-clock-err\":2.3283064365386963e-10,\"dst-ts\":0,\"dst-clock-sync\":true,"
              "\"dst-clock-err\":5.9604644775390625e-08,\"ip-ttl\":255}]}");
    free(text);
    text = result_of(&s, 0, 3, &m);
    has(text, ",\"raw-packets\":[{\"seq-num\":0,");
    has(text, "},{\"seq-num\":1,\"src-ts\":17198819915444781056,\"src-clock-sync\":true,"
              "\"src-clock-err\":5.9604644775390625e-08,\"dst-ts\":17198819921887232000,");
    lacks(text, "\"seq-num\":3,");
    free(text);
    session_close(&s);
}

static void a_part_counts_its_own_packets(void **state)
{
    (void)state;
    struct session s = session_of(plain, 5, 4);
    struct ow_result_meta m = meta_of();
    session_finish(&s, NULL, 0);
    char *text = result_of(&s, 1, 3, &m);
    has(text, "\"start\":\"2026-11-23T08:45:11.000000000Z\",\"end\":\"2026-11-23T08:45:12.000000000Z\"");
    has(text, "\"first-seq\":1,\"last-seq\":2,");
    has(text, "\"packets-sent\":2,\"packets-received\":2,\"packets-lost\":0,\"packets-duplicated\":1,"
              "\"packets-reordered\":1,");
    has(text, "\"session-packets\":4,");
    free(text);
    m.from_record = 2; // without the first copy of packet 2
    text = result_of(&s, 1, 3, &m);
    has(text, "\"packets-sent\":2,\"packets-received\":2,\"packets-lost\":0,\"packets-duplicated\":0,"
              "\"packets-reordered\":0,");
    free(text);
    session_close(&s);
}

static void a_running_session_shows_its_part_and_is_not_finished(void **state)
{
    (void)state;
    struct session s = session_of(plain, 4, 10);
    struct ow_result_meta m = meta_of();
    char *text = result_of(&s, 0, 3, &m);
    has(text, "\"packets-unrecorded\":0,\"complete\":true,\"packets-sent\":3,");
    has(text, "\"finished\":false,\"reason\":null,");
    free(text);
    session_close(&s);
}

static void a_broken_session_tells_what_is_not_recorded(void **state)
{
    (void)state;
    struct session s = session_of(plain, 5, 10);
    struct ow_result_meta m = meta_of();
    m.reason = "server gone";
    assert_int_equal(ftruncate(s.fd, lseek(s.fd, 0, SEEK_END) - 3), 0);
    char *text = result_of(&s, 0, 10, &m);
    has(text, "\"packets-skipped\":0,\"packets-unrecorded\":7,\"complete\":false,\"packets-sent\":3,");
    has(text, "\"finished\":false,\"reason\":\"server gone\",");
    free(text);
    session_close(&s);
}

static void skipped_packets_are_neither_sent_nor_unrecorded(void **state)
{
    (void)state;
    static const struct ow_skip skips[] = {{8, 11}, {3, 5}, {5, 6}};
    struct session s = session_of(plain, 4, 20);
    struct ow_result_meta m = meta_of();
    session_finish(&s, skips, 3);
    char *text = result_of(&s, 0, 20, &m);
    has(text, "\"packets-skipped\":8,\"packets-unrecorded\":9,\"complete\":false,\"packets-sent\":3,");
    free(text);
    text = result_of(&s, 4, 9, &m);
    has(text, "\"packets-skipped\":4,\"packets-unrecorded\":1,\"complete\":false,\"packets-sent\":0,");
    free(text);
    session_close(&s);
}

static void what_nothing_defines_is_null_or_left_out(void **state)
{
    (void)state;
    struct session s = session_of(&plain[4], 1, 4);
    struct ow_result_meta m = {.host_dropped = -1, .ignored = -1, .clock_steps = -1, .bucket_width = 0.01};
    char *text = result_of(&s, 3, 4, &m);
    has(text, "\"stream\":null,");
    has(text, "\"packets-sent\":1,\"packets-received\":0,\"packets-lost\":1,\"packets-duplicated\":0,"
              "\"packets-reordered\":0,\"histogram-latency\":{},\"histogram-ttl\":{},\"bucket-width\":0.01,"
              "\"delay\":{\"min\":null,\"mean\":null,\"median\":null,\"max\":null,");
    has(text, "\"source\":{\"synced\":null,\"error\":null,");
    has(text, "\"dest\":{\"synced\":true,");
    has(text, "\"direction\":null,\"mode\":null,");
    has(text, "\"host-dropped\":null,\"ignored\":null,\"clock-steps\":null}");
    free(text);
    session_close(&s);
}

// A packet's delay of so many buckets of 1 ms, in thousandths.
static struct ow_rec delayed(uint32_t seq, int thousandths)
{
    struct ow_rec r = {seq, START + (seq + 1) * SECOND, 0, SYNCED, SYNCED, 64};
    r.recv = r.send + (ps_ntp)((int64_t)thousandths * (int64_t)(SECOND / 1000) / 1000);
    return r;
}

static void buckets_have_two_decimals_and_no_minus_zero(void **state)
{
    (void)state;
    const struct ow_rec recs[] = {delayed(0, -4),   delayed(1, 4),     delayed(2, -7),
                                  delayed(3, 1234), delayed(4, -2346), delayed(5, 12),
                                  delayed(6, 14),   delayed(7, 16),    delayed(8, 1000)};
    struct session s = session_of(recs, 9, 9);
    struct ow_result_meta m = meta_of();
    char *text = result_of(&s, 0, 9, &m);
    has(text, "\"histogram-latency\":{\"-2.35\":1,\"-0.01\":1,\"0.00\":2,\"0.01\":2,\"0.02\":1,\"1.00\":1,"
              "\"1.23\":1},");
    free(text);
    m.bucket_width = 0.01;
    text = result_of(&s, 0, 9, &m);
    has(text, "\"histogram-latency\":{\"-0.23\":1,\"0.00\":6,\"0.10\":1,\"0.12\":1},");
    free(text);
    session_close(&s);
}

static void what_is_no_result_is_told_and_nothing_is_written(void **state)
{
    (void)state;
    static const struct ow_rec both[] = {
        {1, START, 0, OW_LOST_ERR, SYNCED, 255},
        {1, START, START + 1, SYNCED, SYNCED, 255},
    };
    struct session s = session_of(both, 2, 4);
    struct ow_result_meta m = meta_of();
    struct ps_fault fault = {""};
    int err;
    char *text = line_of(&s, 0, 4, &m, &err, &fault);
    assert_int_equal(err, PS_EMALFORMED);
    assert_string_equal(fault.text, "packet 1 is recorded as lost and as received");
    assert_string_equal(text, "");
    free(text);
    free(line_of(&s, 2, 5, &m, &err, &fault));
    assert_int_equal(err, PS_ERANGE);
    has(fault.text, "packets 2 to 5 of 4: ");
    free(line_of(&s, 2, 2, &m, &err, &fault));
    assert_int_equal(err, PS_ERANGE);
    m.from_record = 3;
    free(line_of(&s, 0, 4, &m, &err, &fault));
    assert_int_equal(err, PS_ERANGE);
    assert_string_equal(fault.text, "it has no record 3");
    session_close(&s);
}

// --- against the way of pScheduler, which reads the lines of owstats -R

#define MANY 2000
#define TICK 2048 // doubles hold multiples of it, below 2^64, exactly

struct counts {
    unsigned sent, received, dups, reordered;
    double error;
    unsigned ttl[256];
    struct {
        char name[32];
        unsigned n;
    } bucket[MANY];
    unsigned nbuckets;
};

static void count_bucket(struct counts *c, double x)
{
    char name[32];
    unsigned i = 0;
    snprintf(name, sizeof name, "%.2f", x);
    snprintf(name, sizeof name, "%.2f", strtod(name, NULL) + 0.0); // -0 + 0 is 0
    while (i < c->nbuckets && strcmp(c->bucket[i].name, name) != 0)
        i++;
    if (i == c->nbuckets)
        snprintf(c->bucket[c->nbuckets++].name, sizeof name, "%s", name);
    c->bucket[i].n++;
}

static void count_line(struct counts *c, const char *line, bool seen[MANY], long *before)
{
    char send[32], recv[32];
    double send_err, recv_err;
    unsigned seq, ttl;
    assert_int_equal(
        sscanf(line, "%u %31s %*d %lf %31s %*d %lf %u", &seq, send, &send_err, recv, &recv_err, &ttl), 6);
    c->dups += seen[seq];
    if (seen[seq])
        return;
    seen[seq] = true;
    c->sent++;
    if (strtod(recv, NULL) == 0)
        return;
    c->received++;
    count_bucket(c, (strtod(recv, NULL) - strtod(send, NULL)) / 4294967296.0 / 0.001);
    c->ttl[ttl]++;
    c->reordered += seq < *before;
    *before = seq;
    if (send_err + recv_err > c->error)
        c->error = send_err + recv_err;
}

static void count_raw(const struct session *s, struct counts *c)
{
    struct ow_report_opts o = {.raw = true};
    struct ow_file *f;
    struct ps_fault fault = {""};
    char *text, *save, line[200];
    size_t len;
    bool seen[MANY] = {false};
    long before = -1;
    FILE *out = open_memstream(&text, &len);
    assert_int_equal(ow_file_new(&f, s->fd, "x", &fault), 0);
    assert_int_equal(ow_report(f, &o, NULL, NULL, out, NULL, &fault), 0);
    ow_file_free(f);
    fclose(out);
    for (char *l = strtok_r(text, "\n", &save); l; l = strtok_r(NULL, "\n", &save)) {
        snprintf(line, sizeof line, "%s", l);
        count_line(c, line, seen, &before);
    }
    free(text);
}

// The same at every run: packets in a jumble within eights, each fifth lost, some twice.
static size_t jumble(struct ow_rec recs[2 * MANY])
{
    uint64_t x = 42;
    size_t n = 0;
    for (uint32_t i = 0; i < MANY; i++) {
        x = x * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        uint32_t die = (uint32_t)(x >> 33);
        struct ow_rec r = {.seq = (i & ~7u) | ((i * 5 + i / 8) & 7), .send_err = SYNCED};
        r.send = START + SECOND * (r.seq + 1);
        r.recv_err = (uint16_t)(0x9400 | (die % 255 + 1));
        r.ttl = OW_TTL_UNKNOWN;
        if (r.seq % 5 == 2) {
            r.send_err = OW_LOST_ERR;
            recs[n++] = r;
            continue;
        }
        r.recv = r.send + TICK * (ps_ntp)(die % 20000) - TICK * 100;
        r.ttl = (uint8_t)(60 + die % 4);
        recs[n++] = r;
        if (die % 16 == 3)
            recs[n++] = r;
        if (die % 16 == 4 && n > 5 && recs[n - 4].recv) {
            recs[n] = recs[n - 4];
            n++;
        }
    }
    return n;
}

static void has_number(const char *text, const char *name, unsigned n)
{
    char part[64];
    snprintf(part, sizeof part, "\"%s\":%u", name, n);
    const char *at = strstr(text, part);
    if (!at || !strchr(",}", at[strlen(part)]))
        fail_msg("%s\nis not in\n%s", part, text);
}

static void has_buckets(char *histogram, const struct counts *c)
{
    unsigned n = 1;
    *strchr(histogram, '}') = ',';
    for (const char *p = strchr(histogram, '{'); *p != ',' || p[1] != ','; p++)
        n += *p == ',';
    assert_int_equal(n, c->nbuckets);
    for (unsigned i = 0; i < n; i++)
        has_number(histogram, c->bucket[i].name, c->bucket[i].n);
}

static void counts_are_those_of_pscheduler_from_raw_lines(void **state)
{
    (void)state;
    static struct ow_rec recs[2 * MANY];
    static struct counts c;
    char error[32], ttl[12];
    struct session s = session_of(recs, jumble(recs), MANY);
    struct ow_result_meta m = meta_of();
    session_finish(&s, NULL, 0);
    count_raw(&s, &c);
    assert_true(c.dups > 50 && c.reordered > 50 && c.sent - c.received > 50 && c.nbuckets > 100);
    char *text = result_of(&s, 0, MANY, &m);
    has_number(text, "packets-sent", c.sent);
    has_number(text, "packets-received", c.received);
    has_number(text, "packets-lost", c.sent - c.received);
    has_number(text, "packets-duplicated", c.dups);
    has_number(text, "packets-reordered", c.reordered);
    snprintf(error, sizeof error, "%.2f", c.error / 0.001);
    assert_string_equal(error, strtok(strstr(text, "\"max-clock-error\":") + 18, ","));
    free(text);
    text = result_of(&s, 0, MANY, &m);
    for (unsigned i = 0; i < 256; i++) {
        snprintf(ttl, sizeof ttl, "%u", i);
        if (c.ttl[i])
            has_number(strstr(text, "\"histogram-ttl\":"), ttl, c.ttl[i]);
    }
    has_buckets(strstr(text, "\"histogram-latency\":"), &c);
    free(text);
    session_close(&s);
}

// --- what was not measured

static char *told(void (*put)(struct ps_json *, const struct ow_result_meta *, ps_ntp, ps_ntp),
                  const struct ow_result_meta *m, ps_ntp from, ps_ntp to)
{
    struct ps_text t;
    put(ps_text_open(&t), m, from, to);
    return ps_text_close(&t, NULL);
}

static void a_gap_has_its_times_and_its_reason(void **state)
{
    (void)state;
    struct ow_result_meta m = meta_of();
    m.reason = "no answer from b.example";
    char *text = told(ow_result_gap, &m, START, START + 90 * SECOND + SECOND / 2);
    assert_string_equal(
        text, "{\"type\":\"gap\",\"schema\":1,\"succeeded\":false,\"stream\":\"a-to-b\","
              "\"start\":\"2026-11-23T08:45:09.000000000Z\",\"end\":\"2026-11-23T08:46:39.500000000Z\","
              "\"start-ntp\":17198819906854846464,\"end-ntp\":17198820295549386752,"
              "\"source\":{\"host\":\"a.example\"},\"dest\":{\"host\":\"b.example\"},"
              "\"direction\":\"to\",\"reason\":\"no answer from b.example\",\"seconds\":90.5}");
    free(text);
}

static void a_step_back_is_negative(void **state)
{
    (void)state;
    struct ow_result_meta m = {.stream = NULL};
    char *text = told(ow_result_step, &m, START + 2 * SECOND, START + SECOND / 4);
    assert_string_equal(
        text, "{\"type\":\"step\",\"schema\":1,\"succeeded\":false,\"stream\":null,"
              "\"start\":\"2026-11-23T08:45:11.000000000Z\",\"end\":\"2026-11-23T08:45:09.250000000Z\","
              "\"start-ntp\":17198819915444781056,\"end-ntp\":17198819907928588288,"
              "\"source\":{\"host\":null},\"dest\":{\"host\":null},"
              "\"direction\":null,\"reason\":null,\"step\":-1.75}");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_session_is_told_word_for_word),
        cmocka_unit_test(raw_packets_come_on_demand_with_lost_ones_received_at_0),
        cmocka_unit_test(a_part_counts_its_own_packets),
        cmocka_unit_test(a_running_session_shows_its_part_and_is_not_finished),
        cmocka_unit_test(a_broken_session_tells_what_is_not_recorded),
        cmocka_unit_test(skipped_packets_are_neither_sent_nor_unrecorded),
        cmocka_unit_test(what_nothing_defines_is_null_or_left_out),
        cmocka_unit_test(buckets_have_two_decimals_and_no_minus_zero),
        cmocka_unit_test(what_is_no_result_is_told_and_nothing_is_written),
        cmocka_unit_test(counts_are_those_of_pscheduler_from_raw_lines),
        cmocka_unit_test(a_gap_has_its_times_and_its_reason),
        cmocka_unit_test(a_step_back_is_negative),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
