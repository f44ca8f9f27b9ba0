// SPDX-License-Identifier: Apache-2.0
#include "report/ow_report.h"
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/ps_err.h"
#include "base/ps_num.h"
#include "report/report_impl.h"

#define MAX_PARTS (1u << 20)

int report_tell(const struct report *r, int err, const char *fmt, ...)
{
    if (!r->fault)
        return err;
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(r->fault->text, sizeof r->fault->text, fmt, ap);
    va_end(ap);
    return err;
}

const char *report_address(const struct ps_addr *a, char out[PS_ADDR_STRLEN])
{
    return a->len ? ps_addr_host(a, out) : "***";
}

double report_unix(ps_ntp t)
{
    return (double)ps_ntp_to_ns(t) / 1e9;
}

// --- counting

struct report_part report_whole(const struct report *r)
{
    uint32_t npackets = r->head->request.npackets, end = r->opts->end;
    if (end == 0 || end > npackets || r->opts->first >= end)
        return (struct report_part){0, npackets, 0, r->records};
    return (struct report_part){r->opts->first, end, 0, r->records};
}

// Notes for each part where its records begin and end.
static int parts_locate(struct report *r, struct report_part *parts, uint32_t size, uint32_t npackets)
{
    int got = ow_file_seek(r->file, 0);
    for (uint64_t i = 0; i < r->records && got >= 0; i++) {
        struct ow_rec rec;
        got = ow_file_next(r->file, &rec);
        r->foreign = r->foreign || (got == 1 && rec.seq >= npackets);
        if (got != 1 || rec.seq >= npackets)
            continue;
        struct report_part *p = &parts[rec.seq / size];
        if (p->to == 0)
            p->from = i;
        p->to = i + 1;
    }
    return got < 0 ? report_tell(r, got, "cannot read the records: %s", ps_strerror(got)) : 0;
}

int report_parts(struct report *r, struct report_part **parts, size_t *n)
{
    uint32_t npackets = r->head->request.npackets, size = r->opts->sub;
    size_t count = npackets / size + (npackets % size != 0);
    if (count > MAX_PARTS)
        return report_tell(r, PS_ELIMIT, "%zu summaries asked for; at most %u are made", count, MAX_PARTS);
    struct report_part *p = calloc(count + 1, sizeof *p);
    if (!p)
        return report_tell(r, -ENOMEM, "out of memory");
    for (size_t i = 0; i < count; i++) {
        p[i].first = (uint32_t)i * size;
        p[i].end = npackets - p[i].first < size ? npackets : p[i].first + size;
    }
    int err = parts_locate(r, p, size, npackets);
    if (err) {
        free(p);
        return err;
    }
    *parts = p;
    *n = count;
    return 0;
}

void report_clock_note(struct report_clock *c, uint16_t err)
{
    double seconds = ow_err_seconds(err);
    c->synced = (!c->any || c->synced) && ow_err_synced(err);
    if (!c->any || seconds > c->error)
        c->error = seconds;
    c->any = true;
}

static int count_record(struct report *r, const struct ow_rec *rec, FILE *lines)
{
    if (!ow_stats_covers(r->stats, rec->seq)) {
        r->foreign = r->foreign || rec->seq >= r->head->request.npackets;
        return 0;
    }
    int err = ow_stats_add(r->stats, rec);
    if (err == PS_EMALFORMED)
        return report_tell(r, err, "packet %" PRIu32 " is recorded as lost and as received", rec->seq);
    if (err == PS_ELIMIT)
        return report_tell(r, err, "too many histogram buckets; use a greater bucket width");
    if (err)
        return report_tell(r, err, "%s", ps_strerror(err));
    if (!ow_rec_lost(rec))
        report_clock_note(&r->sender, rec->send_err);
    report_clock_note(&r->receiver, rec->recv_err);
    if (lines)
        report_human_record(r, rec, lines);
    return 0;
}

int report_count(struct report *r, const struct report_part *part, FILE *lines)
{
    r->sender = r->receiver = (struct report_clock){0};
    int err = ow_stats_range(r->stats, part->first, part->end);
    if (!err)
        err = ow_file_seek(r->file, part->from);
    if (err)
        return report_tell(r, err, "cannot count packets: %s", ps_strerror(err));
    for (uint64_t i = part->from; i < part->to; i++) {
        struct ow_rec rec;
        int got = ow_file_next(r->file, &rec);
        if (got != 1)
            return report_tell(r, got ? got : PS_ESHORT, "cannot read record %" PRIu64, i);
        err = count_record(r, &rec, lines);
        if (err)
            return err;
    }
    err = ow_stats_get(r->stats, &r->sum);
    return err ? report_tell(r, err, "%s", ps_strerror(err)) : 0;
}

// --- text

static int print_part(struct report *r, const struct report_part *part, FILE *out)
{
    bool lines = r->opts->verbose;
    if (lines)
        report_human_head(r, out);
    int err = report_count(r, part, lines ? out : NULL);
    if (err)
        return err;
    if (r->opts->machine)
        report_machine(r, out);
    else
        report_human(r, out);
    return ferror(out) ? report_tell(r, -EIO, "cannot write the summary") : 0;
}

static char *file_name(const struct report *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static char *file_name(const struct report *r, const char *fmt, ...)
{
    char name[64];
    char *path;
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(name, sizeof name, fmt, ap);
    va_end(ap);
    const char *dir = r->opts->out_dir;
    return asprintf(&path, "%s%s%s", dir, *dir ? "/" : "", name) < 0 ? NULL : path;
}

static int print_to_temp(struct report *r, const struct report_part *part, const char *temp)
{
    int fd = open(temp, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0666);
    FILE *f = fd < 0 ? NULL : fdopen(fd, "w");
    if (!f) {
        int err = -errno;
        if (fd >= 0)
            close(fd);
        return report_tell(r, err, "%s: %s", temp, ps_strerror(err));
    }
    int err = print_part(r, part, f);
    if (fclose(f) && !err)
        err = report_tell(r, -errno, "%s: %s", temp, strerror(errno));
    return err;
}

// The name is not known before the summary is; link() never replaces a file that is there.
static int name_temp(struct report *r, const char *temp)
{
    char *path = file_name(r, "%020" PRIu64 "_%020" PRIu64 ".%s", r->sum.first_time, r->sum.last_time,
                           r->opts->machine ? "sum" : "txt");
    if (!path)
        return report_tell(r, -ENOMEM, "out of memory");
    int err = 0;
    if (link(temp, path))
        err = report_tell(r, -errno, "%s: %s", path, strerror(errno));
    else
        fprintf(r->out, "%s\n", path);
    fflush(r->out);
    free(path);
    return err;
}

static int file_part(struct report *r, const struct report_part *part)
{
    char *temp = file_name(r, "%020" PRIu64 ".i", r->head->request.start);
    if (!temp)
        return report_tell(r, -ENOMEM, "out of memory");
    int err = print_to_temp(r, part, temp);
    if (!err)
        err = name_temp(r, temp);
    unlink(temp);
    free(temp);
    return err;
}

static int text_part(struct report *r, const struct report_part *part)
{
    return r->opts->out_dir ? file_part(r, part) : print_part(r, part, r->out);
}

static int report_text(struct report *r)
{
    if (!r->opts->sub || r->opts->sub >= r->head->request.npackets) {
        struct report_part whole = report_whole(r);
        return text_part(r, &whole);
    }
    struct report_part *parts;
    size_t n;
    int err = report_parts(r, &parts, &n);
    if (err)
        return err;
    for (size_t i = 0; i < n && !err; i++)
        err = text_part(r, &parts[i]);
    free(parts);
    return err;
}

// --- the session

static void set_unit(struct report *r)
{
    switch (r->opts->unit) {
    case 'n':
        r->factor = 1e9;
        r->unit = "ns";
        break;
    case 'u':
        r->factor = 1e6;
        r->unit = "us";
        break;
    case 's':
        r->factor = 1;
        r->unit = "";
        break;
    default:
        r->factor = 1e3;
        r->unit = "ms";
    }
}

static int start_stats(struct report *r)
{
    const struct ow_request *q = &r->head->request;
    struct ow_stats_conf conf = {
        .slots = ow_file_slots(r->file),
        .nslots = q->nslots,
        .npackets = q->npackets,
        .start = q->start,
        .bucket_width = r->opts->bucket_width,
        .keep_delays = !r->opts->machine || r->opts->json,
    };
    memcpy(conf.sid, q->sid, sizeof conf.sid);
    conf.skips = ow_file_skips(r->file, &conf.nskips);
    if (!q->nslots)
        return report_tell(r, PS_EMALFORMED, "the session has no schedule");
    int err = ow_stats_new(&r->stats, &conf);
    return err ? report_tell(r, err, "cannot count packets: %s", ps_strerror(err)) : 0;
}

static int start(struct report *r)
{
    const struct ow_request *q = &r->head->request;
    if (!r->head->has_request)
        return report_tell(r, PS_EVERSION,
                           "a file of version %" PRIu32 " tells nothing of its session; "
                           "only -R reads it",
                           r->head->version);
    if (ps_addr_from_wire(q->ipvn, q->sender_addr, q->sender_port, &r->from))
        r->from.len = 0;
    if (ps_addr_from_wire(q->ipvn, q->receiver_addr, q->receiver_port, &r->to))
        r->to.len = 0;
    ps_num_to_hex(q->sid, sizeof q->sid, r->sid);
    r->records = ow_file_count(r->file);
    if (r->opts->record_limit && r->opts->record_limit < r->records)
        r->records = r->opts->record_limit;
    set_unit(r);
    return start_stats(r);
}

// A file that contradicts itself is reported as far as it goes, and the person is told.
static int remark(const struct report *r)
{
    uint64_t surplus = ow_file_surplus(r->file);
    if (r->foreign)
        return report_tell(r, 0,
                           "note: it holds records of packets from %" PRIu32 " on: its session has fewer",
                           r->head->request.npackets);
    if (surplus != 0)
        return report_tell(r, 0, "note: %" PRIu64 " octets behind its records are not looked at", surplus);
    return 0;
}

int ow_report(struct ow_file *file, const struct ow_report_opts *opts, const struct ow_report_names *names,
              const struct ow_report_extra *extra, FILE *out, struct ps_json *json, struct ps_fault *fault)
{
    struct report r = {
        .file = file,
        .head = ow_file_head(file),
        .opts = opts,
        .extra = extra,
        .fault = fault,
        .out = out,
        .json = json,
        .from_host = names && names->from ? names->from : "***",
        .to_host = names && names->to ? names->to : "***",
    };
    if (opts->raw && !opts->json)
        return report_raw(&r);
    if (opts->quiet && !opts->json)
        return 0;
    int err = start(&r);
    if (!err)
        err = opts->json ? report_json(&r) : report_text(&r);
    ow_stats_free(r.stats);
    return err ? err : remark(&r);
}

int ow_report_percentiles(const char *text, struct ow_report_opts *opts)
{
    uint32_t n = 0;
    for (const char *p = text;; p++) {
        char number[64];
        size_t len = strcspn(p, ",");
        if (len >= sizeof number)
            return PS_ESYNTAX;
        if (n == OW_REPORT_PERCENTILES)
            return PS_ELIMIT;
        memcpy(number, p, len);
        number[len] = '\0';
        int err = ps_num_double(number, 0, 100, &opts->percentiles[n++]);
        if (err)
            return err;
        p += len;
        if (!*p)
            break;
    }
    opts->npercentiles = n;
    return 0;
}
