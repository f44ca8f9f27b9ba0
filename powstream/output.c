// SPDX-License-Identifier: Apache-2.0
#include "powstream/output.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/ps_err.h"
#include "base/ps_num.h"
#include "powstream/publish.h"
#include "powstream/resume.h"
#include "report/ow_report.h"
#include "report/ow_result.h"

#define GAPS_FILE "powstream.gaps"
// A note has a line with a time, and one for each span that it names behind that: two times, and why that
// was not measured.
#define NOTE_TIME 21
#define NOTE_MAX (NOTE_TIME + (2 * NOTE_TIME + LEDGER_REASON) * LEDGER_SPANS + 1)
// Shorter ones are told at the level DEBUG: a stream's set-up is one.
#define GAP_NOTABLE 1.0

static const char *source_host(const struct output *o, const struct lane_result *r)
{
    return o->conf->to ? names_of(o->ground->names, r->local) : o->conf->server;
}

static const char *dest_host(const struct output *o, const struct lane_result *r)
{
    return o->conf->to ? o->conf->server : names_of(o->ground->names, r->local);
}

static bool wants_documents(const struct output *o)
{
    return o->conf->json || o->conf->spool != NULL;
}

// --- documents

static char *end_line(struct ps_text *t)
{
    (void)ps_json_end(&t->json);
    return ps_text_close(t, NULL);
}

static void hand_on(struct output *o, char *text)
{
    if (text != NULL && o->conf->json && o->conf->spool != NULL) {
        char *copy = strdup(text);
        if (copy != NULL)
            (void)sink_line(o->sink, copy);
    }
    // What is dropped the sink counts.
    if (text != NULL && o->conf->spool != NULL)
        (void)sink_document(o->sink, o->conf->spool, text);
    else if (text != NULL && o->conf->json)
        (void)sink_line(o->sink, text);
    else
        free(text);
}

// Of a session that ended in order: no packet came, none was lost, none was left out. NULL: that is not so.
static const char *nothing_told(const struct lane_result *r, const struct ow_file *file)
{
    uint32_t skips;
    (void)ow_file_skips(file, &skips);
    if (!r->whole || ow_file_count(file) != 0 || skips != 0)
        return NULL;
    return "the receiver recorded no packet as arrived or lost: are the two clocks further apart than the "
           "timeout?";
}

static int document(struct output *o, const struct lane_result *r, struct ow_file *file, uint32_t first,
                    uint32_t end)
{
    struct ow_result_meta meta = {.stream = o->conf->name,
                                  .from_host = source_host(o, r),
                                  .to_host = dest_host(o, r),
                                  .direction = o->conf->to ? "to" : "from",
                                  .mode = ow_mode_text(r->mode),
                                  .reason = nothing_told(r, file),
                                  .host_dropped = r->host_dropped,
                                  .ignored = r->ignored,
                                  .clock_steps = r->clock_steps,
                                  .here = r->here,
                                  .raw = o->conf->raw,
                                  .bucket_width = OW_RESULT_BUCKET_WIDTH};
    struct ps_fault fault = {""};
    struct ps_text t;
    int err = ow_result_write(file, first, end, &meta, ps_text_open(&t), &fault);
    char *text = end_line(&t);
    if (err != 0) {
        ps_log(o->ground->log, PS_LOG_WARN, o->conf->name, "result: %s", fault.text);
        free(text);
        return err;
    }
    err = text != NULL ? 0 : -ENOMEM;
    hand_on(o, text);
    return err;
}

// --- files

static void print_name(const struct output *o, char *path)
{
    char *line;
    if (path != NULL && o->conf->print && asprintf(&line, "%s\n", path) >= 0)
        (void)sink_line(o->sink, line);
    free(path);
}

static char *final_name(const struct output *o, ps_ntp start, ps_ntp end, const char *suffix)
{
    char *path;
    // Without -d names have no directory, as upstream's.
    const char *dir = strcmp(o->conf->directory, ".") == 0 ? "" : o->conf->directory;
    bool slash = dir[0] != '\0' && dir[strlen(dir) - 1] != '/';
    return asprintf(&path, "%s%s%020" PRIu64 "_%020" PRIu64 ".%s", dir, slash ? "/" : "", start, end,
                    suffix) < 0
               ? NULL
               : path;
}

static int copy_file(int from, int to)
{
    char buf[16384];
    off_t at = 0;
    for (;;) {
        ssize_t n = pread(from, buf, sizeof buf, at);
        if (n == 0)
            return 0;
        if (n < 0 && errno != EINTR)
            return -errno;
        int err = n > 0 ? publish_write(to, buf, (size_t)n) : 0;
        if (err != 0)
            return err;
        at += n > 0 ? n : 0;
    }
}

// Text in memory: on a disk that is full it waits.
static int make_sum(const struct output *o, const struct lane_result *r, struct ow_file *file,
                    const struct output_part *part, char **text)
{
    struct ow_report_opts opts = {.quiet = false,
                                  .machine = true,
                                  .unix_times = o->conf->unix_times,
                                  .unit = 'm',
                                  .bucket_width = o->conf->bucket_width,
                                  .first = part->first,
                                  .end = part->end};
    struct ow_report_names names = {source_host(o, r), dest_host(o, r)};
    struct ps_fault fault = {""};
    size_t len;
    FILE *f = open_memstream(text, &len);
    if (f == NULL)
        return -ENOMEM;
    int err = ow_report(file, &opts, &names, NULL, f, NULL, &fault);
    if (fclose(f) != 0 && err == 0)
        err = -ENOMEM;
    if (err != 0)
        free(*text);
    return err;
}

static int write_copy(void *ctx, int fd)
{
    const struct lane_result *r = ctx;
    return copy_file(r->fd, fd);
}

static int publish_session(const struct lane_result *r, const char *path)
{
    struct lane_result copy = *r;
    return r->linkable ? publish_link(r->fd, path) : publish_make(path, write_copy, &copy);
}

static void tell_failed(const struct output *o, const char *path, int err, const char *then)
{
    ps_log(o->ground->log, PS_LOG_WARN, o->conf->name, "%s: %s%s", path, ps_strerror(err), then);
}

// Makes DIR/START_END.owp of the session's file. Its name is in *name then, to be freed.
static int write_session(const struct output *o, const struct lane_result *r, const struct output_part *all,
                         char **name)
{
    char *path = final_name(o, all->start, all->until, "owp");
    if (path == NULL)
        return -ENOMEM;
    int err = publish_session(r, path);
    sink_wrote(o->sink, o->conf->directory, err);
    if (err != 0)
        tell_failed(o, path, err, "");
    else
        *name = path;
    if (err != 0)
        free(path);
    return err;
}

// To be written as soon as it can be; its name is printed then. Path and text are freed.
static void let_wait(const struct output *o, char *path, char *text, int err)
{
    const char *slash = strrchr(path, '/'), *name = slash != NULL ? slash + 1 : path;
    char *line = NULL;
    tell_failed(o, path, err, "; it is tried again");
    if (o->conf->print && asprintf(&line, "%s\n", path) < 0)
        line = NULL;
    (void)sink_whole(o->sink, o->conf->directory, name, text, line);
    free(path);
}

// The same for its summary, .sum.
static void write_sum(const struct output *o, const struct lane_result *r, struct ow_file *file,
                      const struct output_part *part, char **name)
{
    char *path = final_name(o, part->start, part->until, "sum"), *text;
    int err = path == NULL ? -ENOMEM : make_sum(o, r, file, part, &text);
    if (err != 0) {
        tell_failed(o, path != NULL ? path : "summary", err, "");
        free(path);
        return;
    }
    err = publish_text(path, text, strlen(text));
    if (err != 0 && err != -EEXIST) { // a session that ends in its first part has that part's summary
        let_wait(o, path, text, err);
        return;
    }
    if (err == 0)
        *name = path;
    else
        free(path);
    free(text);
}

// --- a session

static int highest(struct ow_file *file, uint32_t *seq)
{
    struct ow_rec rec;
    int got, any = PS_ENOTFOUND;
    while ((got = ow_file_next(file, &rec)) == 1) {
        if (any != 0 || rec.seq > *seq)
            *seq = rec.seq;
        any = 0;
    }
    return got < 0 ? got : any;
}

static void count(struct output *o, struct ow_file *file)
{
    struct ow_rec rec;
    uint64_t sent = 0, lost = 0, dups = 0;
    uint32_t n = ow_file_head(file)->request.npackets;
    uint8_t *seen = calloc(n / 8 + (size_t)1, 1);
    (void)ow_file_seek(file, 0);
    while (seen != NULL && ow_file_next(file, &rec) == 1) {
        if (rec.seq >= n)
            continue;
        bool again = (seen[rec.seq / 8] >> rec.seq % 8 & 1) != 0;
        seen[rec.seq / 8] |= (uint8_t)(1u << rec.seq % 8);
        sent += !again;
        dups += again;
        lost += !again && ow_rec_lost(&rec);
    }
    free(seen);
    o->counts.sessions++;
    o->counts.sent += sent;
    o->counts.lost += lost;
    o->counts.duplicates += dups;
}

static int write_all(struct output *o, const struct lane_result *r, struct ow_file *file,
                     const struct output_part *all)
{
    const char *nothing = nothing_told(r, file);
    int files = 0, document_err = 0;
    if (nothing != NULL)
        ps_log(o->ground->log, PS_LOG_WARN, o->conf->name, "%s", nothing);
    if (o->conf->directory != NULL) {
        files = write_session(o, r, all, &o->names[0]);
        if (files == 0)
            write_sum(o, r, file, all, &o->names[1]);
    }
    if (wants_documents(o) && o->conf->every == 0)
        document_err = document(o, r, file, 0, all->end);
    return files != 0 ? files : document_err;
}

ps_ntp output_session(struct output *o, const struct lane_result *r, const char **fault)
{
    struct ow_file *file = NULL;
    struct ps_fault why = {""};
    uint32_t last = 0;
    struct output_part all = {0, r->req->npackets, r->start, r->end};
    int err = ow_file_new(&file, r->fd, "the session's file", &why);
    if (err == 0 && !r->whole) {
        err = highest(file, &last);
        all.end = last + 1;
        if (err == 0)
            err = ow_sched_time(r->req->sid, r->slots, 1, r->req->start, last, &all.until);
    }
    if (err == PS_ENOTFOUND) { // it ended before anything was decided
        ow_file_free(file);
        return 0;
    }
    if (err == 0)
        err = write_all(o, r, file, &all);
    if (err == 0)
        count(o, file);
    ow_file_free(file);
    if (err != 0)
        *fault = ps_strerror(err);
    return err == 0 ? all.until : 0;
}

void output_names(struct output *o)
{
    for (size_t i = 0; i < sizeof o->names / sizeof *o->names; i++) {
        print_name(o, o->names[i]);
        o->names[i] = NULL;
    }
}

int output_part(struct output *o, const struct lane_result *r, const struct output_part *part)
{
    struct ow_file *file;
    struct ps_fault why = {""};
    int err = ow_file_new(&file, r->fd, "the session's file", &why);
    if (err != 0) {
        ps_log(o->ground->log, PS_LOG_WARN, o->conf->name, "%s", why.text);
        return err;
    }
    if (o->conf->directory != NULL) {
        char *name = NULL;
        write_sum(o, r, file, part, &name);
        print_name(o, name);
    }
    if (wants_documents(o))
        err = document(o, r, file, part->first, part->end);
    ow_file_free(file);
    return err;
}

// --- gaps

static char *entry_text(const struct output *o, const struct ledger_entry *e)
{
    struct ow_result_meta meta = {.stream = o->conf->name,
                                  .from_host = o->conf->to ? NULL : o->conf->server,
                                  .to_host = o->conf->to ? o->conf->server : NULL,
                                  .direction = o->conf->to ? "to" : "from",
                                  .reason = e->reason,
                                  .host_dropped = -1,
                                  .ignored = -1,
                                  .clock_steps = -1,
                                  .bucket_width = OW_RESULT_BUCKET_WIDTH};
    struct ps_text t;
    struct ps_json *j = ps_text_open(&t);
    if (e->kind == LEDGER_STEP)
        ow_result_step(j, &meta, e->from, e->to);
    else
        ow_result_gap(j, &meta, e->from, e->to);
    return end_line(&t);
}

void output_entry(struct output *o, const struct ledger_entry *e)
{
    if (e->kind == LEDGER_MEASURED)
        return; // its result tells
    char from[40];
    double seconds = ps_ntpdiff_to_double(ps_ntp_diff(e->to, e->from));
    ps_ntp_format_utc(e->from, from, sizeof from);
    if (e->kind == LEDGER_GAP) {
        o->counts.gaps++;
        o->counts.gap_seconds += seconds;
    }
    bool usual = e->kind == LEDGER_GAP && (seconds < GAP_NOTABLE || strcmp(e->reason, "setting up") == 0);
    ps_log(o->ground->log, usual ? PS_LOG_DEBUG : PS_LOG_WARN, o->conf->name,
           e->kind == LEDGER_GAP ? "%.3f s not measured from %s on: %s" : "clock set by %.3f s at %s: %s",
           seconds, from, e->reason);
    char *text = entry_text(o, e);
    if (text != NULL && o->conf->directory != NULL)
        (void)sink_append(o->sink, o->conf->directory, GAPS_FILE, strdup(text));
    hand_on(o, text);
}

// --- notes

static const char *note_dir(const struct output *o)
{
    return o->conf->spool != NULL ? o->conf->spool : o->conf->directory;
}

static void note_name(const struct output *o, char *out, size_t size)
{
    snprintf(out, size, ".powstate.%s", o->conf->name);
}

void output_note(struct output *o, const struct ledger_note *note)
{
    char name[256], *text = NULL;
    size_t len;
    FILE *f = note_dir(o) != NULL ? open_memstream(&text, &len) : NULL;
    if (f == NULL)
        return;
    fprintf(f, "%020" PRIu64 "\n", note->told);
    for (unsigned i = 0; i < note->n; i++)
        fprintf(f, "%020" PRIu64 " %020" PRIu64 " %s\n", note->later[i].from, note->later[i].to,
                note->later[i].reason);
    note_name(o, name, sizeof name);
    if (fclose(f) == 0)
        (void)sink_file(o->sink, note_dir(o), name, text);
    else
        free(text);
}

static void read_note(const struct output *o, const char *name, char *text, size_t size)
{
    char *path;
    if (asprintf(&path, "%s/%s", note_dir(o), name) < 0)
        return;
    FILE *f = fopen(path, "re");
    if (f != NULL) {
        text[fread(text, 1, size - 1, f)] = '\0';
        fclose(f);
    }
    free(path);
}

// The 20 digits at *at, and one octet behind them; moves on.
static bool take_time(const char **at, char end, ps_ntp *out)
{
    char digits[NOTE_TIME];
    if (strspn(*at, "0123456789") != NOTE_TIME - 1 || (*at)[NOTE_TIME - 1] != end)
        return false;
    memcpy(digits, *at, NOTE_TIME - 1);
    digits[NOTE_TIME - 1] = '\0';
    *at += NOTE_TIME;
    return ps_num_u64(digits, 10, 1, UINT64_MAX, out) == 0;
}

// The rest of the line; moves on.
static bool take_reason(const char **at, char reason[LEDGER_REASON])
{
    size_t len = strcspn(*at, "\n");
    if ((*at)[len] != '\n' || len >= LEDGER_REASON)
        return false;
    memcpy(reason, *at, len);
    reason[len] = '\0';
    *at += len + 1;
    return true;
}

static bool parse_note(const char *text, struct ledger_note *note)
{
    ps_ntp from, to;
    char reason[LEDGER_REASON];
    note->n = 0;
    if (!take_time(&text, '\n', &note->told))
        return false;
    while (note->n < LEDGER_SPANS && take_time(&text, ' ', &from) && take_time(&text, ' ', &to) &&
           take_reason(&text, reason)) {
        note->later[note->n].from = from;
        note->later[note->n].to = to;
        memcpy(note->later[note->n++].reason, reason, sizeof reason);
    }
    return true;
}

// Between a result and its note a former run may have been killed.
static void look_behind(const char *directory, struct ledger_note *note)
{
    note->told = resume_from(directory, note->told);
    for (unsigned i = 0; i < note->n; i++)
        note->later[i].to = resume_from(directory, note->later[i].to);
}

bool output_noted(const struct output *o, struct ledger_note *note)
{
    char name[256], text[NOTE_MAX] = "";
    if (note_dir(o) == NULL)
        return false;
    note_name(o, name, sizeof name);
    // A stream of that name that has just been removed may have left one that is not written yet.
    if (!sink_file_waits(o->sink, note_dir(o), name, text, sizeof text))
        read_note(o, name, text, sizeof text);
    if (!parse_note(text, note)) {
        if (text[0] != '\0')
            ps_log(o->ground->log, PS_LOG_WARN, o->conf->name,
                   "%s/%s: is no note of a former run; what was before now is not accounted for", note_dir(o),
                   name);
        return false;
    }
    if (o->conf->directory != NULL)
        look_behind(o->conf->directory, note);
    return true;
}
