// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/ps_err.h"
#include "base/ps_wire.h"
#include "data/ow_file.h"

#define DATA 184 // with one slot

static const struct ow_slot slot = {OW_SLOT_EXP, 0x199999A0};
static const struct ow_file_end whole = {
    .finished = OW_FIN_NORMAL,
    .next_seqno = 1000,
    .end_seq = UINT32_MAX,
};

static int new_fd(void)
{
    int fd = memfd_create("test", MFD_CLOEXEC);
    assert_true(fd >= 0);
    return fd;
}

static off_t size_of(int fd)
{
    struct stat st;
    assert_int_equal(fstat(fd, &st), 0);
    return st.st_size;
}

static struct ow_rec rec_of(uint32_t seq)
{
    return (struct ow_rec){seq, 1000 + seq, 2000 + seq, 0x8001, 0x8002, 250};
}

// A writer with n records of sequence numbers 0 to n - 1.
static struct ow_writer *writer_of(int fd, uint32_t n)
{
    struct ow_request req = {.ipvn = 4, .nslots = 1, .npackets = 1000, .start = 77};
    struct ow_writer *w = NULL;
    assert_int_equal(ow_writer_new(&w, fd, &req, &slot), 0);
    for (uint32_t i = 0; i < n; i++) {
        struct ow_rec rec = rec_of(i);
        assert_int_equal(ow_writer_add(w, &rec), 0);
    }
    return w;
}

static int finished_fd(uint32_t n, const struct ow_file_end *end)
{
    int fd = new_fd();
    struct ow_writer *w = writer_of(fd, n);
    assert_int_equal(ow_writer_finish(w, end), 0);
    ow_writer_free(w);
    return fd;
}

static struct ow_file *file_of(int fd)
{
    struct ow_file *f = NULL;
    struct ps_fault fault = {""};
    int err = ow_file_new(&f, fd, "x.owp", &fault);
    if (err)
        fail_msg("%s", fault.text);
    return f;
}

// The file is refused with this error, and the fault says this.
static void refused(int fd, int err, const char *why)
{
    struct ow_file *f = NULL;
    struct ps_fault fault = {""};
    assert_int_equal(ow_file_new(&f, fd, "x.owp", &fault), err);
    assert_null(f);
    if (strncmp(fault.text, "x.owp: ", 7) || !strstr(fault.text, why))
        fail_msg("\"%s\" does not say \"%s\"", fault.text, why);
    close(fd);
}

static void put_u32(int fd, off_t at, uint32_t v)
{
    uint8_t b[4];
    struct ps_wr w;
    ps_wr_init(&w, b, sizeof b);
    ps_wr_u32(&w, v);
    assert_int_equal(pwrite(fd, b, 4, at), 4);
}

static void put_u64(int fd, off_t at, uint64_t v)
{
    put_u32(fd, at, (uint32_t)(v >> 32));
    put_u32(fd, at + 4, (uint32_t)v);
}

static void a_running_session_is_incomplete_and_without_counts(void **state)
{
    (void)state;
    int fd = new_fd();
    struct ow_writer *w = writer_of(fd, 0);
    static const uint8_t head[40] = "OwA\0\0\0\0\3\0\0\0\2"
                                    "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\270";
    uint8_t got[DATA];
    assert_int_equal(pread(fd, got, sizeof got, 0), DATA);
    assert_memory_equal(got, head, sizeof head);
    assert_int_equal(got[152], 0);
    assert_memory_equal(got + 160, "\0\0\0\0\x19\x99\x99\xA0", 8);
    assert_int_equal(size_of(fd), DATA);
    assert_true(ow_writer_size(w) == DATA);
    ow_writer_free(w);
    close(fd);
}

static void an_unfinished_file_has_as_many_records_as_fit_its_size(void **state)
{
    (void)state;
    int fd = new_fd();
    struct ow_writer *w = writer_of(fd, 3);
    assert_int_equal(size_of(fd), DATA);
    assert_true(ow_writer_size(w) == DATA + 75);
    assert_int_equal(ow_writer_flush(w), 0);
    assert_int_equal(ftruncate(fd, DATA + 74), 0);
    struct ow_file *f = file_of(fd);
    struct ow_rec rec;
    assert_int_equal(ow_file_head(f)->finished, OW_FIN_INCOMPLETE);
    assert_true(ow_file_count(f) == 2);
    assert_int_equal(ow_file_next(f, &rec), 1);
    assert_int_equal(ow_file_next(f, &rec), 1);
    assert_int_equal(rec.seq, 1);
    assert_int_equal(ow_file_next(f, &rec), 0);
    ow_file_free(f);
    ow_writer_free(w);
    close(fd);
}

static void a_finished_file_reads_back_as_written(void **state)
{
    (void)state;
    struct ow_skip skips[600];
    for (uint32_t i = 0; i < 600; i++)
        skips[i] = (struct ow_skip){2 * i, 2 * i};
    struct ow_file_end end = whole;
    end.skips = skips;
    end.nskips = 600;
    int fd = finished_fd(1000, &end);
    struct ow_file *f = file_of(fd);
    assert_true(ow_file_head(f)->skip_offset == DATA + 25000);
    assert_int_equal(size_of(fd), DATA + 25000 + 4800);
    assert_int_equal(ow_file_head(f)->next_seqno, 1000);
    assert_int_equal(ow_file_head(f)->finished, OW_FIN_NORMAL);
    assert_true(ow_file_head(f)->request.start == 77);
    assert_true(ow_file_slots(f)[0].value == slot.value);
    uint32_t n;
    const struct ow_skip *back = ow_file_skips(f, &n);
    assert_int_equal(n, 600);
    assert_memory_equal(back, skips, sizeof skips);
    assert_true(ow_file_count(f) == 1000);
    for (uint32_t i = 0; i < 1000; i++) {
        struct ow_rec rec, expected = rec_of(i);
        assert_int_equal(ow_file_next(f, &rec), 1);
        assert_int_equal(rec.seq, i);
        assert_true(rec.send == expected.send && rec.recv == expected.recv);
    }
    ow_file_free(f);
    close(fd);
}

static void records_can_be_read_from_anywhere(void **state)
{
    (void)state;
    int fd = finished_fd(1000, &whole);
    struct ow_file *f = file_of(fd);
    static const uint32_t at[] = {999, 0, 500, 501, 163, 162};
    struct ow_rec rec;
    for (size_t i = 0; i < 6; i++) {
        assert_int_equal(ow_file_seek(f, at[i]), 0);
        assert_true(ow_file_tell(f) == at[i]);
        assert_int_equal(ow_file_next(f, &rec), 1);
        assert_int_equal(rec.seq, at[i]);
    }
    assert_int_equal(ow_file_seek(f, 1000), 0);
    assert_int_equal(ow_file_next(f, &rec), 0);
    assert_int_equal(ow_file_seek(f, 1001), PS_ERANGE);
    ow_file_free(f);
    close(fd);
}

static void records_past_the_end_or_the_cut_are_dropped(void **state)
{
    (void)state;
    struct ow_file_end end = whole;
    struct ow_skip skip = {3, 4};
    end.end_seq = 900;
    end.cut = true;
    end.cut_time = 1000 + 400;
    end.skips = &skip;
    end.nskips = 1;
    int fd = finished_fd(1000, &end);
    struct ow_file *f = file_of(fd);
    assert_true(ow_file_count(f) == 401);
    assert_int_equal(size_of(fd), DATA + 401 * 25 + 8);
    ow_file_free(f);
    close(fd);

    end.cut = false;
    end.end_seq = 0;
    fd = finished_fd(1000, &end);
    f = file_of(fd);
    assert_true(ow_file_count(f) == 0);
    ow_file_free(f);
    close(fd);
}

static void dropping_from_the_middle_keeps_the_order(void **state)
{
    (void)state;
    int fd = new_fd();
    struct ow_writer *w = writer_of(fd, 0);
    for (uint32_t i = 0; i < 1000; i++) {
        struct ow_rec rec = rec_of(i % 3 == 1 ? 5000 + i : i);
        assert_int_equal(ow_writer_add(w, &rec), 0);
    }
    struct ow_file_end end = whole;
    end.end_seq = 5000;
    assert_int_equal(ow_writer_finish(w, &end), 0);
    ow_writer_free(w);
    struct ow_file *f = file_of(fd);
    assert_true(ow_file_count(f) == 667);
    struct ow_rec rec;
    for (uint32_t i = 0; i < 1000; i++) {
        if (i % 3 == 1)
            continue;
        assert_int_equal(ow_file_next(f, &rec), 1);
        assert_int_equal(rec.seq, i);
    }
    ow_file_free(f);
    close(fd);
}

static void a_full_disk_leaves_whole_records_and_the_error_stays(void **state)
{
    (void)state;
    char path[] = "/tmp/ow_file_test.XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    unlink(path);
    struct ow_writer *w = writer_of(fd, 0);
    struct rlimit old, small;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    small = (struct rlimit){DATA + 25 * 10 + 7, old.rlim_max};
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    int err = 0;
    for (uint32_t i = 0; i < 1000 && !err; i++) {
        struct ow_rec rec = rec_of(i);
        err = ow_writer_add(w, &rec);
    }
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    assert_int_equal(err, -EFBIG);
    assert_int_equal(size_of(fd), DATA + 250);
    struct ow_rec rec = rec_of(1);
    assert_int_equal(ow_writer_add(w, &rec), -EFBIG);
    assert_int_equal(ow_writer_flush(w), -EFBIG);
    assert_int_equal(ow_writer_finish(w, &whole), -EFBIG);
    assert_true(ow_writer_size(w) == DATA + 250);
    ow_writer_free(w);
    struct ow_file *f = file_of(fd);
    assert_true(ow_file_count(f) == 10);
    ow_file_free(f);
    close(fd);
}

static void a_fetched_file_has_its_skips_before_its_records(void **state)
{
    (void)state;
    int fd = finished_fd(10, &whole);
    uint8_t data[250], skips[16] = {0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 5, 0, 0, 0, 5};
    assert_int_equal(pread(fd, data, 250, DATA), 250);
    assert_int_equal(pwrite(fd, skips, 16, DATA), 16);
    assert_int_equal(pwrite(fd, data, 250, DATA + 16), 250);
    put_u32(fd, 16, 2);
    put_u64(fd, 24, DATA);
    put_u64(fd, 32, DATA + 16);
    struct ow_file *f = file_of(fd);
    uint32_t n;
    assert_int_equal(ow_file_skips(f, &n)[1].first, 5);
    assert_true(ow_file_count(f) == 10);
    struct ow_rec rec;
    assert_int_equal(ow_file_next(f, &rec), 1);
    assert_int_equal(rec.seq, 0);
    ow_file_free(f);
    put_u64(fd, 32, DATA + 15);
    refused(fd, PS_EMALFORMED, "no room for 2 skip ranges");
}

static void hostile_offsets_are_refused(void **state)
{
    (void)state;
    static const uint64_t bad[] = {0, DATA - 1, 100000, UINT64_MAX, UINT64_C(1) << 63};
    for (size_t i = 0; i < 5; i++) {
        int fd = finished_fd(10, &whole);
        put_u64(fd, 32, bad[i]);
        refused(fd, PS_EMALFORMED, "records cannot begin at octet");
        fd = finished_fd(10, &whole);
        put_u32(fd, 16, 1);
        put_u64(fd, 24, bad[i]);
        refused(fd, PS_EMALFORMED, "no room for 1 skip ranges");
    }
}

static void hostile_counts_are_refused(void **state)
{
    (void)state;
    int fd = finished_fd(10, &whole);
    put_u32(fd, 16, UINT32_MAX);
    refused(fd, PS_ELIMIT, "skip ranges");
    fd = finished_fd(10, &whole);
    put_u32(fd, 16, 1000);
    refused(fd, PS_EMALFORMED, "no room");
    fd = finished_fd(10, &whole);
    put_u32(fd, 20, 11);
    refused(fd, PS_EMALFORMED, "should have 11 records and has 10");
    fd = finished_fd(10, &whole);
    put_u32(fd, 40 + 4, UINT32_MAX);
    refused(fd, PS_ELIMIT, "schedule slots");
    fd = finished_fd(10, &whole);
    put_u32(fd, 40 + 4, 1000);
    refused(fd, PS_ESHORT, "ends within its 1000 schedule slots");
}

static void bad_slots_and_skips_are_refused(void **state)
{
    (void)state;
    int fd = finished_fd(10, &whole);
    put_u32(fd, 152, 0x02000000);
    refused(fd, PS_EMALFORMED, "slot 0 is of an unknown type");
    struct ow_skip skip = {5, 4};
    struct ow_file_end end = whole;
    end.skips = &skip;
    end.nskips = 1;
    fd = finished_fd(10, &end);
    refused(fd, PS_EMALFORMED, "ends before it begins");
}

static void what_is_no_session_file_is_told_so(void **state)
{
    (void)state;
    int fd = new_fd();
    refused(fd, PS_ESHORT, "too short");
    fd = finished_fd(1, &whole);
    assert_int_equal(ftruncate(fd, 151), 0);
    refused(fd, PS_ESHORT, "too short");
    fd = finished_fd(1, &whole);
    put_u32(fd, 0, 0x7F454C46);
    refused(fd, PS_EMALFORMED, "not an OWAMP session file");
    fd = finished_fd(1, &whole);
    put_u32(fd, 4, 131);
    refused(fd, PS_EVERSION, "TWAMP");
    fd = finished_fd(1, &whole);
    put_u32(fd, 4, 9);
    refused(fd, PS_EVERSION, "version 9");
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    close(ends[1]);
    refused(ends[0], -ESPIPE, "not a regular file");
    struct ow_file *f;
    assert_int_equal(ow_file_new(&f, -1, "x", NULL), -EBADF);
}

static void every_cut_of_a_file_is_refused_or_read(void **state)
{
    (void)state;
    struct ow_skip skip = {1, 1};
    struct ow_file_end end = whole;
    end.skips = &skip;
    end.nskips = 1;
    int fd = finished_fd(10, &end);
    for (off_t size = size_of(fd) - 1; size >= 0; size--) {
        struct ow_file *f;
        assert_int_equal(ftruncate(fd, size), 0);
        assert_true(ow_file_new(&f, fd, "x", NULL) < 0);
    }
    close(fd);
}

static void every_changed_octet_of_a_head_does_no_harm(void **state)
{
    (void)state;
    for (off_t at = 0; at < DATA; at++) {
        for (int v = 0; v < 256; v += 15) {
            int fd = finished_fd(3, &whole);
            uint8_t octet = (uint8_t)v;
            struct ow_file *f = NULL;
            struct ow_rec rec;
            assert_int_equal(pwrite(fd, &octet, 1, at), 1);
            if (!ow_file_new(&f, fd, "x", NULL))
                while (ow_file_next(f, &rec) == 1)
                    assert_true(ow_file_tell(f) <= ow_file_count(f));
            ow_file_free(f);
            close(fd);
        }
    }
}

static void a_file_that_shrinks_while_it_is_read_is_an_error(void **state)
{
    (void)state;
    int fd = finished_fd(10, &whole);
    struct ow_file *f = file_of(fd);
    struct ow_rec rec;
    assert_int_equal(ftruncate(fd, DATA + 100), 0);
    assert_int_equal(ow_file_next(f, &rec), PS_ESHORT);
    ow_file_free(f);
    close(fd);
}

static void old_versions_are_read(void **state)
{
    (void)state;
    static const uint8_t v0[16 + 2 * 24 + 5] = {
        'O', 'w', 'A', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,    0, 0, 16,                            // head
        0,   0,   0,   7, 0, 0, 0, 1, 0, 0, 0, 0, 0x80, 1, 0, 0,  0, 2, 0, 0, 0, 0, 0x80, 2, // record
        0,   0,   0,   8, 0, 0, 0, 3,
    };
    struct ow_rec rec;
    int fd = new_fd();
    assert_int_equal(write(fd, v0, sizeof v0), (ssize_t)sizeof v0);
    struct ow_file *f = file_of(fd);
    assert_null(ow_file_slots(f));
    assert_true(ow_file_count(f) == 2);
    assert_int_equal(ow_file_next(f, &rec), 1);
    assert_int_equal(rec.seq, 7);
    assert_true(rec.recv == UINT64_C(2) << 32);
    assert_int_equal(ow_file_next(f, &rec), 1);
    assert_int_equal(rec.seq, 8);
    ow_file_free(f);

    uint8_t v2[164 + 24] = "OwA\0\0\0\0\2\0\0\0\0\0\0\0\244\0\0\0\1\1\4";
    v2[20 + 7] = 1; // slots
    v2[164 + 3] = 9;
    assert_int_equal(ftruncate(fd, 0), 0);
    assert_int_equal(pwrite(fd, v2, sizeof v2, 0), (ssize_t)sizeof v2);
    f = file_of(fd);
    assert_int_equal(ow_file_next(f, &rec), 1);
    assert_int_equal(rec.seq, 9);
    assert_int_equal(ow_file_next(f, &rec), 0);
    ow_file_free(f);
    put_u64(fd, 8, 163);
    refused(fd, PS_EMALFORMED, "records cannot begin at octet 163");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_running_session_is_incomplete_and_without_counts),
        cmocka_unit_test(an_unfinished_file_has_as_many_records_as_fit_its_size),
        cmocka_unit_test(a_finished_file_reads_back_as_written),
        cmocka_unit_test(records_can_be_read_from_anywhere),
        cmocka_unit_test(records_past_the_end_or_the_cut_are_dropped),
        cmocka_unit_test(dropping_from_the_middle_keeps_the_order),
        cmocka_unit_test(a_full_disk_leaves_whole_records_and_the_error_stays),
        cmocka_unit_test(a_fetched_file_has_its_skips_before_its_records),
        cmocka_unit_test(hostile_offsets_are_refused),
        cmocka_unit_test(hostile_counts_are_refused),
        cmocka_unit_test(bad_slots_and_skips_are_refused),
        cmocka_unit_test(what_is_no_session_file_is_told_so),
        cmocka_unit_test(every_cut_of_a_file_is_refused_or_read),
        cmocka_unit_test(every_changed_octet_of_a_head_does_no_harm),
        cmocka_unit_test(a_file_that_shrinks_while_it_is_read_is_an_error),
        cmocka_unit_test(old_versions_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
