// SPDX-License-Identifier: Apache-2.0
#include "data/ow_file.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/ps_err.h"
#include "base/ps_wire.h"

#define HEAD_LEN (OW_FILE_FIXED + OW_REQUEST_LEN)
#define FINISHED_AT 8
#define COUNTS_AT 16
#define SKIP_LEN 8
#define BUF_RECORDS 163 // a little under 4 KiB
#define BUF_LEN (BUF_RECORDS * OW_REC_LEN)
#define BUF_FIRST ((size_t)16 * OW_REC_LEN)
#define MAX_SLOTS (1u << 20)
#define MAX_SKIPS (1u << 24)

static int write_at(int fd, const uint8_t *data, size_t n, uint64_t at)
{
    while (n > 0) {
        ssize_t k = pwrite(fd, data, n, (off_t)at);
        if (k < 0 && errno == EINTR)
            continue;
        if (k < 0)
            return -errno;
        data += k;
        at += (uint64_t)k;
        n -= (size_t)k;
    }
    return 0;
}

// How many octets were there, up to n, or an error.
static ssize_t read_at(int fd, uint8_t *data, size_t n, uint64_t at)
{
    size_t got = 0;
    while (got < n) {
        ssize_t k = pread(fd, data + got, n - got, (off_t)(at + got));
        if (k < 0 && errno == EINTR)
            continue;
        if (k < 0)
            return -errno;
        if (k == 0)
            break;
        got += (size_t)k;
    }
    return (ssize_t)got;
}

static int read_all_at(int fd, uint8_t *data, size_t n, uint64_t at)
{
    ssize_t got = read_at(fd, data, n, at);
    if (got < 0)
        return (int)got;
    return (size_t)got == n ? 0 : PS_ESHORT;
}

// A lock of the whole file. Where the file system has no locks we do without.
static void lock_file(int fd, short type)
{
    struct flock lock = {.l_type = type, .l_whence = SEEK_SET};
    while (fcntl(fd, F_SETLKW, &lock) && errno == EINTR)
        ;
}

// --- writing

struct ow_writer {
    int fd, err;
    uint64_t data_offset;
    uint64_t written; // records in the file
    uint64_t top;     // above every sequence number so far
    uint8_t *buf;     // only while something waits in it
    size_t used, cap;
};

// The head as it stands while the session runs: incomplete and without counts.
static int write_head(struct ow_writer *w, const struct ow_request *req, const struct ow_slot *slots)
{
    struct ow_file_head h = {
        .version = 3,
        .finished = OW_FIN_INCOMPLETE,
        .data_offset = w->data_offset,
        .request = *req,
    };
    uint8_t *head = calloc(1, w->data_offset);
    if (!head)
        return -ENOMEM;
    ow_file_head_pack(&h, head);
    for (uint32_t i = 0; i < req->nslots; i++)
        ow_slot_pack(&slots[i], head + HEAD_LEN + (size_t)i * OW_BLK);
    int err = write_at(w->fd, head, w->data_offset, 0);
    free(head);
    return err;
}

int ow_writer_new(struct ow_writer **out, int fd, const struct ow_request *req, const struct ow_slot *slots)
{
    if (req->nslots > MAX_SLOTS)
        return PS_ELIMIT;
    struct ow_writer *w = calloc(1, sizeof *w);
    if (!w)
        return -ENOMEM;
    w->fd = fd;
    w->data_offset = ow_file_data_offset(req->nslots);
    int err = write_head(w, req, slots);
    if (err) {
        ow_writer_free(w);
        return err;
    }
    *out = w;
    return 0;
}

void ow_writer_free(struct ow_writer *w)
{
    if (!w)
        return;
    free(w->buf);
    free(w);
}

static uint64_t data_end(const struct ow_writer *w)
{
    return w->data_offset + w->written * OW_REC_LEN;
}

// Leaves whole records only: a reader of the unfinished file counts them by its size.
static int writer_fail(struct ow_writer *w, int err)
{
    struct stat st;
    uint64_t end = data_end(w);
    if (fstat(w->fd, &st) == 0 && (uint64_t)st.st_size > end) {
        uint64_t whole = ((uint64_t)st.st_size - end) / OW_REC_LEN;
        w->written += whole;
        if (ftruncate(w->fd, (off_t)data_end(w)))
            w->written -= whole;
    }
    w->err = err;
    free(w->buf);
    w->buf = NULL;
    w->used = w->cap = 0;
    return err;
}

int ow_writer_flush(struct ow_writer *w)
{
    if (w->err || !w->used)
        return w->err;
    int err = write_at(w->fd, w->buf, w->used, data_end(w));
    if (err)
        return writer_fail(w, err);
    w->written += w->used / OW_REC_LEN;
    w->used = w->cap = 0;
    free(w->buf);
    w->buf = NULL;
    return 0;
}

// Most sessions have few records a second, and a host has thousands of sessions.
static int more_room(struct ow_writer *w)
{
    size_t cap = w->cap ? 2 * w->cap : BUF_FIRST;
    if (cap > BUF_LEN)
        cap = BUF_LEN;
    uint8_t *buf = realloc(w->buf, cap);
    if (!buf)
        return -ENOMEM;
    w->buf = buf;
    w->cap = cap;
    return 0;
}

int ow_writer_add(struct ow_writer *w, const struct ow_rec *rec)
{
    if (w->err)
        return w->err;
    int err = w->used == w->cap ? more_room(w) : 0;
    if (err)
        return err;
    ow_rec_pack(rec, w->buf + w->used);
    if (rec->seq >= w->top)
        w->top = (uint64_t)rec->seq + 1;
    w->used += OW_REC_LEN;
    return w->used == BUF_LEN ? ow_writer_flush(w) : 0;
}

uint64_t ow_writer_size(const struct ow_writer *w)
{
    return data_end(w) + w->used;
}

static bool dropped(const uint8_t *octets, const struct ow_file_end *end)
{
    struct ow_rec rec;
    ow_rec_unpack(octets, &rec);
    if (end->end_seq != UINT32_MAX && rec.seq >= end->end_seq)
        return true;
    return end->cut && ps_ntp_before(end->cut_time, rec.send);
}

// Moves the records to be kept to the front of buf; returns their octets.
static size_t filter(uint8_t *buf, size_t len, const struct ow_file_end *end)
{
    size_t kept = 0;
    for (size_t at = 0; at < len; at += OW_REC_LEN) {
        if (dropped(buf + at, end))
            continue;
        if (kept != at)
            memcpy(buf + kept, buf + at, OW_REC_LEN);
        kept += OW_REC_LEN;
    }
    return kept;
}

// Rewrites the records in place without those to be dropped.
static int compact(struct ow_writer *w, const struct ow_file_end *end)
{
    uint8_t buf[BUF_LEN];
    uint64_t from = w->data_offset, to = from, last = data_end(w);
    while (from < last) {
        size_t len = last - from < sizeof buf ? (size_t)(last - from) : sizeof buf;
        int err = read_all_at(w->fd, buf, len, from);
        if (err)
            return err;
        size_t kept = filter(buf, len, end);
        if ((to != from || kept != len) && (err = write_at(w->fd, buf, kept, to)))
            return err;
        from += len;
        to += kept;
    }
    w->written = (to - w->data_offset) / OW_REC_LEN;
    return ftruncate(w->fd, (off_t)to) ? -errno : 0;
}

static int append_skips(struct ow_writer *w, const struct ow_skip *skips, uint32_t n)
{
    uint8_t buf[512 * SKIP_LEN];
    uint64_t at = data_end(w);
    for (uint32_t i = 0; i < n;) {
        struct ps_wr wr;
        ps_wr_init(&wr, buf, sizeof buf);
        for (; i < n && ps_wr_len(&wr) < sizeof buf; i++) {
            ps_wr_u32(&wr, skips[i].first);
            ps_wr_u32(&wr, skips[i].last);
        }
        int err = write_at(w->fd, buf, ps_wr_len(&wr), at);
        if (err)
            return err;
        at += ps_wr_len(&wr);
    }
    return 0;
}

static int write_counts(struct ow_writer *w, uint32_t nskips)
{
    uint8_t counts[16];
    struct ps_wr wr;
    ps_wr_init(&wr, counts, sizeof counts);
    ps_wr_u32(&wr, nskips);
    ps_wr_u32(&wr, (uint32_t)w->written);
    ps_wr_u64(&wr, data_end(w));
    return write_at(w->fd, counts, sizeof counts, COUNTS_AT);
}

static int write_finished(struct ow_writer *w, const struct ow_file_end *end)
{
    uint8_t octets[8];
    struct ps_wr wr;
    ps_wr_init(&wr, octets, sizeof octets);
    ps_wr_u32(&wr, end->finished);
    ps_wr_u32(&wr, end->next_seqno);
    return write_at(w->fd, octets, sizeof octets, FINISHED_AT);
}

static int finish_locked(struct ow_writer *w, const struct ow_file_end *end)
{
    int err = 0;
    if (end->cut || w->top > end->end_seq)
        err = compact(w, end);
    else if (ftruncate(w->fd, (off_t)data_end(w))) // gives back what was set aside
        err = -errno;
    if (!err && w->written > UINT32_MAX)
        err = PS_ELIMIT;
    if (!err)
        err = append_skips(w, end->skips, end->nskips);
    if (!err)
        err = write_counts(w, end->nskips);
    // Last: whoever finds the file finished finds the rest of it in order.
    return err ? err : write_finished(w, end);
}

int ow_writer_finish(struct ow_writer *w, const struct ow_file_end *end)
{
    int err = ow_writer_flush(w);
    if (err)
        return err;
    lock_file(w->fd, F_WRLCK);
    w->err = finish_locked(w, end);
    lock_file(w->fd, F_UNLCK);
    return w->err;
}

// --- reading

struct ow_file {
    int fd;
    bool locked;
    uint64_t size;
    struct ow_file_head head;
    struct ow_slot *slots;
    struct ow_skip *skips;
    uint64_t count, next, surplus;
    uint64_t buf_first, buf_count; // the records in buf
    uint8_t buf[BUF_LEN];
};

struct told {
    const char *name;
    struct ps_fault *fault;
};

__attribute__((format(printf, 3, 4))) static int tell(const struct told *t, int err, const char *fmt, ...)
{
    if (!t->fault)
        return err;
    int n = snprintf(t->fault->text, sizeof t->fault->text, "%s: ", t->name);
    if (n < 0 || (size_t)n >= sizeof t->fault->text)
        return err;
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(t->fault->text + n, sizeof t->fault->text - (size_t)n, fmt, ap);
    va_end(ap);
    return err;
}

static int tell_head(const struct told *t, int err, uint32_t version)
{
    switch (err) {
    case 0:
        return 0;
    case PS_ESHORT:
        return tell(t, err, "too short for an OWAMP session file");
    case PS_EVERSION:
        if (version == (128 | 3))
            return tell(t, err, "a TWAMP session file; this program reads OWAMP's");
        return tell(t, err, "version %" PRIu32 " of session files is not known", version);
    case PS_EMALFORMED:
        return tell(t, err, "not an OWAMP session file");
    default:
        return tell(t, err, "cannot read: %s", ps_strerror(err));
    }
}

static int load_head(struct ow_file *f, const struct told *t)
{
    struct stat st;
    uint8_t head[HEAD_LEN];
    if (fstat(f->fd, &st))
        return tell(t, -errno, "cannot read: %s", strerror(errno));
    if (!S_ISREG(st.st_mode))
        return tell(t, -ESPIPE, "not a regular file");
    f->size = (uint64_t)st.st_size;
    ssize_t got = read_at(f->fd, head, sizeof head, 0);
    if (got < 0)
        return tell_head(t, (int)got, 0);
    int err = ow_file_head_unpack(head, (size_t)got, &f->head);
    if (!err && f->head.finished > OW_FIN_INCOMPLETE)
        f->head.finished = OW_FIN_ERROR;
    return tell_head(t, err, f->head.version);
}

// The end of slots and of the zero block behind them: nothing else begins before it.
static uint64_t slots_end(const struct ow_file *f)
{
    if (!f->head.has_request)
        return 16;
    return ow_file_slots_offset(f->head.version) + OW_BLK * ((uint64_t)f->head.request.nslots + 1);
}

static int check_offsets(const struct ow_file *f, const struct told *t)
{
    const struct ow_file_head *h = &f->head;
    uint64_t least = slots_end(f);
    if (h->has_request && h->request.nslots > MAX_SLOTS)
        return tell(t, PS_ELIMIT, "%" PRIu32 " schedule slots; at most %u are read", h->request.nslots,
                    MAX_SLOTS);
    if (least > f->size)
        return tell(t, PS_ESHORT, "ends within its %" PRIu32 " schedule slots", h->request.nslots);
    if (h->data_offset < least || h->data_offset > f->size)
        return tell(t, PS_EMALFORMED, "records cannot begin at octet %" PRIu64 " of %" PRIu64, h->data_offset,
                    f->size);
    if (!h->nskips)
        return 0;
    if (h->nskips > MAX_SKIPS)
        return tell(t, PS_ELIMIT, "%" PRIu32 " skip ranges; at most %u are read", h->nskips, MAX_SKIPS);
    uint64_t room = h->skip_offset < h->data_offset ? h->data_offset : f->size;
    if (h->skip_offset < least || h->skip_offset > room || (room - h->skip_offset) / SKIP_LEN < h->nskips)
        return tell(t, PS_EMALFORMED, "no room for %" PRIu32 " skip ranges at octet %" PRIu64, h->nskips,
                    h->skip_offset);
    return 0;
}

static int load_slots(struct ow_file *f, const struct told *t)
{
    uint32_t n = f->head.has_request ? f->head.request.nslots : 0;
    if (!f->head.has_request)
        return 0;
    uint8_t *octets = malloc((size_t)n * OW_BLK + 1);
    f->slots = calloc((size_t)n + 1, sizeof *f->slots);
    int err = octets && f->slots ? 0 : -ENOMEM;
    if (!err)
        err = read_all_at(f->fd, octets, (size_t)n * OW_BLK, ow_file_slots_offset(f->head.version));
    if (err)
        tell(t, err, "cannot read the schedule slots: %s", ps_strerror(err));
    for (uint32_t i = 0; i < n && !err; i++)
        if (ow_slot_unpack(octets + (size_t)i * OW_BLK, &f->slots[i]))
            err = tell(t, PS_EMALFORMED, "schedule slot %" PRIu32 " is of an unknown type", i);
    free(octets);
    return err;
}

static int load_skips(struct ow_file *f, const struct told *t)
{
    uint32_t n = f->head.nskips;
    if (!n)
        return 0;
    uint8_t *octets = malloc((size_t)n * SKIP_LEN);
    f->skips = calloc(n, sizeof *f->skips);
    int err = octets && f->skips ? 0 : -ENOMEM;
    if (!err)
        err = read_all_at(f->fd, octets, (size_t)n * SKIP_LEN, f->head.skip_offset);
    if (err)
        tell(t, err, "cannot read the skip ranges: %s", ps_strerror(err));
    struct ps_rd r;
    ps_rd_init(&r, octets, err ? 0 : (size_t)n * SKIP_LEN);
    for (uint32_t i = 0; i < n && !err; i++) {
        f->skips[i].first = ps_rd_u32(&r);
        f->skips[i].last = ps_rd_u32(&r);
        if (f->skips[i].last < f->skips[i].first)
            err = tell(t, PS_EMALFORMED, "skip range %" PRIu32 " ends before it begins", i);
    }
    free(octets);
    return err;
}

static int count_records(struct ow_file *f, const struct told *t)
{
    const struct ow_file_head *h = &f->head;
    uint64_t end = f->size;
    if (h->skip_offset > h->data_offset && h->skip_offset < end)
        end = h->skip_offset;
    uint64_t room = (end - h->data_offset) / h->rec_len;
    f->count = room;
    if (h->version != 3 || h->finished != OW_FIN_NORMAL)
        return 0;
    if (h->nrecords > room)
        return tell(t, PS_EMALFORMED, "should have %" PRIu32 " records and has %" PRIu64, h->nrecords, room);
    f->count = h->nrecords;
    uint64_t known = (uint64_t)h->nrecords * h->rec_len;
    if (h->skip_offset >= h->data_offset)
        known += (uint64_t)h->nskips * SKIP_LEN;
    f->surplus = known < f->size - h->data_offset ? f->size - h->data_offset - known : 0;
    return 0;
}

static int load(struct ow_file *f, const struct told *t)
{
    int err = load_head(f, t);
    if (!err && f->head.version == 3 && f->head.finished != OW_FIN_NORMAL) {
        // Its writer may be about to finish it: hold that off, and look again.
        lock_file(f->fd, F_RDLCK);
        f->locked = true;
        err = load_head(f, t);
    }
    if (!err)
        err = check_offsets(f, t);
    if (!err)
        err = load_slots(f, t);
    if (!err)
        err = load_skips(f, t);
    return err ? err : count_records(f, t);
}

int ow_file_new(struct ow_file **out, int fd, const char *name, struct ps_fault *fault)
{
    struct told t = {name, fault};
    struct ow_file *f = calloc(1, sizeof *f);
    if (!f)
        return tell(&t, -ENOMEM, "out of memory");
    f->fd = fd;
    int err = load(f, &t);
    if (err) {
        ow_file_free(f);
        return err;
    }
    *out = f;
    return 0;
}

void ow_file_free(struct ow_file *f)
{
    if (!f)
        return;
    if (f->locked)
        lock_file(f->fd, F_UNLCK);
    free(f->slots);
    free(f->skips);
    free(f);
}

const struct ow_file_head *ow_file_head(const struct ow_file *f)
{
    return &f->head;
}

const struct ow_slot *ow_file_slots(const struct ow_file *f)
{
    return f->slots;
}

const struct ow_skip *ow_file_skips(const struct ow_file *f, uint32_t *n)
{
    *n = f->head.nskips;
    return f->skips;
}

uint64_t ow_file_count(const struct ow_file *f)
{
    return f->count;
}

uint64_t ow_file_surplus(const struct ow_file *f)
{
    return f->surplus;
}

int ow_file_seek(struct ow_file *f, uint64_t record)
{
    if (record > f->count)
        return PS_ERANGE;
    f->next = record;
    return 0;
}

uint64_t ow_file_tell(const struct ow_file *f)
{
    return f->next;
}

static int fill(struct ow_file *f)
{
    uint64_t left = f->count - f->next, room = sizeof f->buf / f->head.rec_len;
    uint64_t n = left < room ? left : room;
    f->buf_count = 0;
    int err = read_all_at(f->fd, f->buf, (size_t)n * f->head.rec_len,
                          f->head.data_offset + f->next * f->head.rec_len);
    if (err)
        return err;
    f->buf_first = f->next;
    f->buf_count = n;
    return 0;
}

int ow_file_next(struct ow_file *f, struct ow_rec *rec)
{
    if (f->next >= f->count)
        return 0;
    if (f->next < f->buf_first || f->next - f->buf_first >= f->buf_count) {
        int err = fill(f);
        if (err)
            return err;
    }
    const uint8_t *octets = f->buf + (size_t)(f->next - f->buf_first) * f->head.rec_len;
    if (f->head.rec_len == OW_REC_LEN)
        ow_rec_unpack(octets, rec);
    else
        ow_rec_unpack_old(octets, rec);
    f->next++;
    return 1;
}
