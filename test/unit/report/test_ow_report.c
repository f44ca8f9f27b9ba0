// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>
#include "base/ps_err.h"
#include "report/ow_report.h"

#define SECOND ((ps_ntp)1 << 32)
#define START ((ps_ntp)0xEEAE7B95 << 32) // 2026-11-23T08:45:09 UTC
#define MS (SECOND / 1000)
#define SYNCED 0x8801 // 2^8 * 2^-32 s

static const struct ow_slot slot = {OW_SLOT_FIXED, (ps_ntp)1 << 32};
static const struct ow_report_names names = {"a.example", "b.example"};

// Packets 0 to 3 of 4: one on time, two swapped, one of those twice, the last lost.
static const struct ow_rec plain[] = {
    {0, START + 1 * SECOND, START + 1 * SECOND + SECOND / 8, SYNCED, SYNCED, 254},
    {2, START + 3 * SECOND, START + 3 * SECOND + SECOND / 4, SYNCED, SYNCED, 254},
    {1, START + 2 * SECOND, START + 3 * SECOND + SECOND / 2, SYNCED, SYNCED, 250},
    {2, START + 3 * SECOND, START + 3 * SECOND + SECOND * 3 / 4, SYNCED, SYNCED, 254},
    {3, START + 4 * SECOND, 0, OW_LOST_ERR, SYNCED, 255},
};

static struct ow_file *file_of(const struct ow_rec *recs, size_t n, uint32_t npackets)
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
    struct ow_file_end end = {.finished = OW_FIN_NORMAL, .next_seqno = npackets, .end_seq = UINT32_MAX};
    int fd = memfd_create("test", MFD_CLOEXEC);
    struct ow_writer *w;
    struct ow_file *f;
    assert_true(fd >= 0);
    assert_int_equal(ow_writer_new(&w, fd, &req, &slot), 0);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(ow_writer_add(w, &recs[i]), 0);
    assert_int_equal(ow_writer_finish(w, &end), 0);
    ow_writer_free(w);
    assert_int_equal(ow_file_new(&f, fd, "x.owp", NULL), 0);
    return f; // the descriptor lasts as long as the test program
}

static struct ow_report_opts opts_of(void)
{
    return (struct ow_report_opts){.unit = 'm', .bucket_width = 0.001};
}

static char *report_of(struct ow_file *f, const struct ow_report_opts *opts)
{
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);
    struct ps_fault fault = {""};
    struct ps_json json;
    struct ow_report_extra extra = {
        "to",
        "open",
        3,
        -1,
        opts->json ? 2 : 0,
        {true, 0.25, "user", 40, 0.5, 0.75, {"chrony", "192.0.2.1", 3, true, "none", 0.125, 0.5}}};
    ps_json_init(&json, out, false);
    int err = ow_report(f, opts, &names, &extra, out, opts->json ? &json : NULL, &fault);
    if (err)
        fail_msg("%s", fault.text);
    fclose(out);
    return text;
}

static void reports(const struct ow_rec *recs, size_t n, uint32_t npackets, const struct ow_report_opts *opts,
                    const char *expected)
{
    struct ow_file *f = file_of(recs, n, npackets);
    char *text = report_of(f, opts);
    assert_string_equal(text, expected);
    free(text);
    ow_file_free(f);
}

#define HEAD                                                               \
    "\n--- owping statistics from [a.example]:8765 to [b.example]:9 ---\n" \
    "SID:\tabcd0000000000000000000000000000\n"

static void the_human_summary_is_word_for_word(void **state)
{
    (void)state;
    struct ow_report_opts o = opts_of();
    assert_int_equal(ow_report_percentiles("50,99.5", &o), 0);
    reports(plain, 5, 4, &o,
            HEAD "first:\t2026-11-23T08:45:10.000\n"
                 "last:\t2026-11-23T08:45:13.000\n"
                 "4 sent, 1 lost (25.000%), 1 duplicates\n"
                 "one-way delay min/median/max = 125/250/1.5e+03 ms, (err=0.000119 ms)\n"
                 "one-way jitter = nan ms (P95-P50)\n"
                 "Percentiles:\n"
                 "\t50.0: 250 ms\n"
                 "\t99.5: nan ms\n"
                 "hops takes 2 values; min hops = 1, max hops = 5\n"
                 "1-reordering = 25.000000%\n"
                 "no 2-reordering\n"
                 "\n");
}

static bool notes(const struct ow_rec *rec, const struct ow_report_opts *o, int64_t steps, const char *note)
{
    struct ow_file *f = file_of(rec, 1, 1);
    struct ow_report_extra extra = {.host_dropped = -1, .ignored = -1, .clock_steps = steps};
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);
    assert_int_equal(ow_report(f, o, &names, &extra, out, NULL, NULL), 0);
    fclose(out);
    bool found = strstr(text, note) != NULL;
    free(text);
    ow_file_free(f);
    return found;
}

static void a_delay_less_than_its_error_is_noted_for_people_alone(void **state)
{
    (void)state;
    static const char less[] = "no reordering\nnote: the median delay is less than its error\n\n";
    struct ow_report_opts o = opts_of();
    struct ow_rec r = plain[0];
    assert_false(notes(&r, &o, 0, "note:"));
    r.send_err = 0xA001; // a second
    assert_true(notes(&r, &o, 0, less));
    r.recv = r.send - SECOND / 8;
    assert_true(notes(&r, &o, 0, less));
    o.bucket_width = 10;
    assert_true(notes(&r, &o, 0, less));
    r.send_err = 0x2001; // not synchronised: that is told already
    assert_false(notes(&r, &o, 0, "note:"));
    r.send_err = 0xA001;
    o.machine = true;
    assert_false(notes(&r, &o, 1, "note:"));
}

static void a_step_of_the_clock_is_noted(void **state)
{
    (void)state;
    struct ow_report_opts o = opts_of();
    assert_true(notes(plain, &o, 2, "no reordering\nnote: this host's clock was set during the test (2x)"));
}

static void a_unit_of_seconds_has_no_name(void **state)
{
    (void)state;
    struct ow_report_opts o = opts_of();
    o.unit = 's';
    struct ow_rec r = plain[0];
    r.send_err = 1;
    reports(&r, 1, 1, &o,
            HEAD "first:\t2026-11-23T08:45:10.000\n"
                 "last:\t2026-11-23T08:45:10.000\n"
                 "1 sent, 0 lost (0.000%), 0 duplicates\n"
                 "one-way delay min/median/max = 0.125/0.125/0.125 , (unsync)\n"
                 "one-way jitter = 0  (P95-P50)\n"
                 "hops = 1 (consistently)\n"
                 "no reordering\n"
                 "\n");
}

static void nothing_received_is_nan(void **state)
{
    (void)state;
    struct ow_report_opts o = opts_of();
    o.unit = 'u';
    reports(NULL, 0, 4, &o,
            HEAD "first:\t2026-11-23T08:45:10.000\n"
                 "last:\t2026-11-23T08:45:13.000\n"
                 "0 sent, 0 lost (0.000%), 0 duplicates\n"
                 "one-way delay min/median/max = nan/nan/nan us, (err=0 us)\n"
                 "one-way jitter = nan us (P95-P50)\n"
                 "TTL not reported\n"
                 "no reordering\n"
                 "\n");
}

static void packet_lines_come_before_the_summary(void **state)
{
    (void)state;
    struct ow_report_opts o = opts_of();
    o.verbose = true;
    struct ow_file *f = file_of(plain, 5, 4);
    char *text = report_of(f, &o);
    static const char expected[] = HEAD "seq_no=0          delay=125 ms\t(sync, err=0.000119 ms)\n"
                                        "seq_no=2          delay=250 ms\t(sync, err=0.000119 ms)\n"
                                        "seq_no=1          delay=1.5e+03 ms\t(sync, err=0.000119 ms)\n"
                                        "seq_no=2          delay=750 ms\t(sync, err=0.000119 ms)\n"
                                        "seq_no=3          *LOST*\n" HEAD "first:";
    assert_memory_equal(text, expected, sizeof expected - 1);
    free(text);

    o.record_limit = 1;
    o.unix_times = true;
    text = report_of(f, &o);
    static const char limited[] = HEAD "seq_no=0 delay=1.250000e+02 ms (sync, err=0.000119 ms) "
                                       "sent=1795423510.000000 recv=1795423510.125000\n" HEAD;
    assert_memory_equal(text, limited, sizeof limited - 1);
    assert_non_null(strstr(text, "\n1 sent, 0 lost"));
    free(text);
    ow_file_free(f);
}

static void the_machine_summary_is_word_for_word(void **state)
{
    (void)state;
    struct ow_report_opts o = opts_of();
    o.machine = true;
    o.unix_times = true;
    reports(plain, 5, 4, &o,
            "SUMMARY\t3.00\n"
            "SID\tabcd0000000000000000000000000000\n"
            "FROM_HOST\ta.example\nFROM_ADDR\t192.0.2.1\nFROM_PORT\t8765\n"
            "TO_HOST\tb.example\nTO_ADDR\t192.0.2.2\nTO_PORT\t9\n"
            "START_TIME\t17198819911149813760\nEND_TIME\t17198819924034715648\n"
            "UNIX_START_TIME\t1795423510.000000\nUNIX_END_TIME\t1795423513.000000\n"
            "DSCP\t0x2e\nLOSS_TIMEOUT\t8589934592\nPACKET_PADDING\t10\n"
            "SESSION_PACKET_COUNT\t4\nSAMPLE_PACKET_COUNT\t4\nBUCKET_WIDTH\t0.001\nSESSION_FINISHED\t1\n"
            "SENT\t4\nSYNC\t1\nMAXERR\t1.19209e-07\nDUPS\t1\nLOST\t1\n"
            "MIN\t0.125\nMEDIAN\t0.25\nMAX\t1.5\n"
            "<BUCKETS>\n\t125\t1\n\t250\t1\n\t1500\t1\n</BUCKETS>\n"
            "MINTTL\t250\nMAXTTL\t254\n"
            "<TTLBUCKETS>\n\t250\t1\n\t254\t2\n</TTLBUCKETS>\n"
            "\n"
            "<NREORDERING>\n\t1\t1\n</NREORDERING>\n");
}

static void an_empty_machine_summary_leaves_out_what_is_undefined(void **state)
{
    (void)state;
    struct ow_report_opts o = opts_of();
    o.machine = true;
    struct ow_file *f = file_of(&plain[4], 1, 4);
    char *text = report_of(f, &o);
    char *from = strstr(text, "SENT\t");
    assert_non_null(from);
    assert_string_equal(from, "SENT\t1\nSYNC\t1\nMAXERR\t5.96046e-08\nDUPS\t0\nLOST\t1\n"
                              "MINTTL\t255\nMAXTTL\t0\n\n<NREORDERING>\n\t1\t0\n</NREORDERING>\n");
    free(text);
    ow_file_free(f);
}

static void raw_records_are_eight_fields(void **state)
{
    (void)state;
    struct ow_report_opts o = opts_of();
    o.raw = o.quiet = true;
    reports(&plain[3], 2, 4, &o,
            "2 17198819919739748352 1 5.96046e-08 17198819922960973824 1 5.96046e-08 254\n"
            "3 17198819924034715648 0 2.32831e-10 00000000000000000000 1 5.96046e-08 255\n");
}

static void quiet_prints_nothing(void **state)
{
    (void)state;
    struct ow_report_opts o = opts_of();
    o.quiet = true;
    reports(plain, 5, 4, &o, "");
}

static void parts_stand_apart(void **state)
{
    (void)state;
    struct ow_report_opts o = opts_of();
    o.sub = 3;
    struct ow_file *f = file_of(plain, 5, 4);
    char *text = report_of(f, &o);
    char *second = strstr(text + 2, "\n--- owping");
    assert_non_null(strstr(text, "\n3 sent, 0 lost (0.000%), 1 duplicates\n"));
    assert_non_null(second);
    assert_non_null(strstr(second, "first:\t2026-11-23T08:45:13.000\n"
                                   "last:\t2026-11-23T08:45:13.000\n1 sent, 1 lost"));
    assert_non_null(strstr(second, "\nno reordering\n"));
    free(text);
    o.sub = 4;
    text = report_of(f, &o);
    assert_null(strstr(text + 2, "\n--- owping"));
    free(text);
    ow_file_free(f);
}

static void milliseconds_are_rounded(void **state)
{
    (void)state;
    struct ow_slot odd = {OW_SLOT_FIXED, SECOND - MS / 4};
    struct ow_request req = {.ipvn = 4, .nslots = 1, .npackets = 1, .start = START};
    int fd = memfd_create("test", MFD_CLOEXEC);
    struct ow_writer *w;
    struct ow_file *f;
    assert_int_equal(ow_writer_new(&w, fd, &req, &odd), 0);
    ow_writer_free(w);
    assert_int_equal(ow_file_new(&f, fd, "x", NULL), 0);
    struct ow_report_opts o = opts_of();
    char *text = report_of(f, &o);
    assert_non_null(strstr(text, "first:\t2026-11-23T08:45:10.000\n"));
    free(text);
    ow_file_free(f);
    close(fd);
}

static char *slurp(const char *dir, const char *name)
{
    char path[256];
    static char text[4096];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *f = fopen(path, "r");
    if (!f)
        fail_msg("%s is not there", path);
    text[fread(text, 1, sizeof text - 1, f)] = '\0';
    fclose(f);
    unlink(path);
    return text;
}

static int entries(const char *dir)
{
    int n = 0;
    DIR *d = opendir(dir);
    while (readdir(d))
        n++;
    closedir(d);
    return n - 2;
}

static void files_are_named_by_first_and_last_time_and_never_replaced(void **state)
{
    (void)state;
    char dir[] = "/tmp/ow_report_test.XXXXXX", expected[128];
    assert_non_null(mkdtemp(dir));
    struct ow_report_opts o = opts_of();
    o.out_dir = dir;
    struct ow_file *f = file_of(plain, 5, 4);
    char *text = report_of(f, &o);
    static const char name[] = "17198819911149813760_17198819924034715648.txt";
    snprintf(expected, sizeof expected, "%s/%s\n", dir, name);
    assert_string_equal(text, expected);
    free(text);
    assert_int_equal(entries(dir), 1);

    struct ps_fault fault = {""};
    assert_int_equal(ow_report(f, &o, &names, NULL, stdout, NULL, &fault), -EEXIST);
    assert_non_null(strstr(fault.text, name));
    assert_int_equal(entries(dir), 1);
    assert_non_null(strstr(slurp(dir, name), "\nSID:\tabcd"));

    o.machine = true;
    o.sub = 3;
    text = report_of(f, &o);
    free(text);
    assert_int_equal(entries(dir), 2);
    assert_memory_equal(slurp(dir, "17198819911149813760_17198819919739748352.sum"), "SUMMARY\t3.00\n", 13);
    slurp(dir, "17198819924034715648_17198819924034715648.sum");
    assert_int_equal(rmdir(dir), 0);
    assert_int_equal(ow_report(f, &o, &names, NULL, stdout, NULL, &fault), -ENOENT);
    ow_file_free(f);
}

static void json_tells_the_session(void **state)
{
    (void)state;
    struct ow_report_opts o = opts_of();
    o.json = true;
    assert_int_equal(ow_report_percentiles("25", &o), 0);
    reports(plain, 5, 4, &o,
            "{\"sid\":\"abcd0000000000000000000000000000\",\"direction\":\"to\",\"mode\":\"open\","
            "\"from\":{\"host\":\"a.example\",\"address\":\"192.0.2.1\",\"port\":8765},"
            "\"to\":{\"host\":\"b.example\",\"address\":\"192.0.2.2\",\"port\":9},"
            "\"dscp\":46,\"padding\":10,\"timeout\":2,\"session_packets\":4,\"finished\":true,"
            "\"host_dropped\":3,\"ignored\":null,\"clock_steps\":2,\"first_seq\":0,\"last_seq\":3,\"sample_"
            "packets\":4,"
            "\"start\":{\"ntp\":\"17198819911149813760\",\"time\":\"2026-11-23T08:45:10.000000000Z\"},"
            "\"end\":{\"ntp\":\"17198819924034715648\",\"time\":\"2026-11-23T08:45:13.000000000Z\"},"
            "\"synced\":true,\"max_error\":1.1920928955078125e-07,"
            "\"packets\":{\"sent\":4,\"received\":3,\"lost\":1,\"loss_ratio\":0.25,"
            "\"duplicates\":1,\"reordered\":1},"
            "\"delay\":{\"min\":0.125,\"mean\":0.625,\"median\":0.25,\"max\":1.5,\"p25\":0.125,\"p75\":1.5,"
            "\"p95\":null,\"p99\":null,\"below_error\":false,\"percentiles\":[{\"percentile\":25,\"value\":0."
            "125}]},"
            "\"jitter\":null,"
            "\"histogram\":{\"bucket_width\":0.001,\"buckets\":[{\"index\":125,\"value\":0.125,\"count\":1},"
            "{\"index\":250,\"value\":0.25,\"count\":1},{\"index\":1500,\"value\":1.5,\"count\":1}]},"
            "\"hops\":{\"min\":1,\"max\":5},\"ttl\":[{\"ttl\":250,\"count\":1},{\"ttl\":254,\"count\":2}],"
            "\"reordering\":[{\"n\":1,\"count\":1}],"
            "\"clock\":{\"sender\":{\"synced\":true,\"error\":5.9604644775390625e-08,"
            "\"bound\":0.25,\"stamps\":\"user\","
            "\"self_delay\":{\"samples\":40,\"median\":0.5,\"p99\":0.75},"
            "\"clock_source\":{\"name\":\"chrony\",\"reference\":\"192.0.2.1\",\"stratum\":3,\"synced\":true,"
            "\"leap\":\"none\",\"error\":0.125,\"bound\":0.5}},"
            "\"receiver\":{\"synced\":true,\"error\":5.9604644775390625e-08,"
            "\"bound\":null,\"stamps\":null,"
            "\"self_delay\":{\"samples\":null,\"median\":null,\"p99\":null},"
            "\"clock_source\":{\"name\":null,\"reference\":null,\"stratum\":null,\"synced\":null,\"leap\":"
            "null,\"error\":null,\"bound\":null}}}}");
}

static void json_has_records_and_samples_when_asked(void **state)
{
    (void)state;
    struct ow_report_opts o = opts_of();
    o.json = o.raw = true;
    o.sub = 2;
    struct ow_file *f = file_of(plain, 5, 4);
    char *text = report_of(f, &o);
    assert_non_null(strstr(text, "\"records\":[{\"seq\":0,\"lost\":false,\"delay\":0.125,"
                                 "\"send\":\"17198819911149813760\",\"send_synced\":true,"));
    assert_non_null(strstr(text, "{\"seq\":3,\"lost\":true,\"delay\":null,"));
    char *samples = strstr(text, "\"samples\":[{\"first_seq\":0,\"last_seq\":1,");
    assert_non_null(samples);
    assert_non_null(strstr(samples, "},{\"first_seq\":2,\"last_seq\":3,"));
    assert_string_equal(text + strlen(text) - 3, "}]}");
    free(text);
    ow_file_free(f);
}

static void refused_as(struct ow_file *f, const struct ow_report_opts *o, int err, const char *why)
{
    struct ps_fault fault = {""};
    FILE *null = fopen("/dev/null", "w");
    assert_int_equal(ow_report(f, o, &names, NULL, null, NULL, &fault), err);
    if (!strstr(fault.text, why))
        fail_msg("\"%s\" does not say \"%s\"", fault.text, why);
    fclose(null);
}

static void contradictions_and_missing_sessions_are_told(void **state)
{
    (void)state;
    struct ow_report_opts o = opts_of();
    struct ow_rec both[2] = {plain[4], plain[4]};
    both[1].recv = both[1].send + 1;
    struct ow_file *f = file_of(both, 2, 4);
    refused_as(f, &o, PS_EMALFORMED, "packet 3 is recorded as lost and as received");
    ow_file_free(f);

    static const uint8_t v0[16] = "OwA\0\0\0\0\0\0\0\0\0\0\0\0\20";
    int fd = memfd_create("test", MFD_CLOEXEC);
    assert_int_equal(write(fd, v0, 16), 16);
    assert_int_equal(ow_file_new(&f, fd, "x", NULL), 0);
    refused_as(f, &o, PS_EVERSION, "only -R reads it");
    o.raw = true;
    char *text = report_of(f, &o);
    assert_string_equal(text, "");
    free(text);
    ow_file_free(f);
    close(fd);
}

static void a_full_output_is_an_error(void **state)
{
    (void)state;
    struct ow_file *f = file_of(plain, 5, 4);
    FILE *full = fopen("/dev/full", "w");
    struct ow_report_opts o = opts_of();
    setvbuf(full, NULL, _IONBF, 0);
    assert_int_equal(ow_report(f, &o, &names, NULL, full, NULL, NULL), -EIO);
    o.raw = true;
    assert_int_equal(ow_report(f, &o, &names, NULL, full, NULL, NULL), -EIO);
    fclose(full);
    ow_file_free(f);
}

static void percentile_lists_are_read_strictly(void **state)
{
    (void)state;
    struct ow_report_opts o = opts_of();
    assert_int_equal(ow_report_percentiles("0,50.5,100", &o), 0);
    assert_int_equal(o.npercentiles, 3);
    assert_true(o.percentiles[1] == 50.5);
    static const char *const bad[] = {"", "50,", ",50", "50,,60", "x", "101", "-1", "nan", "50;60"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_true(ow_report_percentiles(bad[i], &o) < 0);
    assert_int_equal(ow_report_percentiles("101", &o), PS_ERANGE);
    assert_int_equal(o.npercentiles, 3);
    char many[2 * (OW_REPORT_PERCENTILES + 1)];
    for (size_t i = 0; i < sizeof many; i++)
        many[i] = i % 2 ? ',' : '1';
    many[2 * OW_REPORT_PERCENTILES - 1] = '\0';
    assert_int_equal(ow_report_percentiles(many, &o), 0);
    many[2 * OW_REPORT_PERCENTILES - 1] = ',';
    many[2 * OW_REPORT_PERCENTILES + 1] = '\0';
    assert_int_equal(ow_report_percentiles(many, &o), PS_ELIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_human_summary_is_word_for_word),
        cmocka_unit_test(a_delay_less_than_its_error_is_noted_for_people_alone),
        cmocka_unit_test(a_step_of_the_clock_is_noted),
        cmocka_unit_test(a_unit_of_seconds_has_no_name),
        cmocka_unit_test(nothing_received_is_nan),
        cmocka_unit_test(packet_lines_come_before_the_summary),
        cmocka_unit_test(the_machine_summary_is_word_for_word),
        cmocka_unit_test(an_empty_machine_summary_leaves_out_what_is_undefined),
        cmocka_unit_test(raw_records_are_eight_fields),
        cmocka_unit_test(quiet_prints_nothing),
        cmocka_unit_test(parts_stand_apart),
        cmocka_unit_test(milliseconds_are_rounded),
        cmocka_unit_test(files_are_named_by_first_and_last_time_and_never_replaced),
        cmocka_unit_test(json_tells_the_session),
        cmocka_unit_test(json_has_records_and_samples_when_asked),
        cmocka_unit_test(contradictions_and_missing_sessions_are_told),
        cmocka_unit_test(a_full_output_is_an_error),
        cmocka_unit_test(percentile_lists_are_read_strictly),
    };
    setenv("TZ", "UTC", 1);
    tzset();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
