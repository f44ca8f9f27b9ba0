// SPDX-License-Identifier: Apache-2.0
// Adding up a stream's life.
#include "day.h"

__attribute__((format(printf, 3, 4), noreturn)) static void
wrong(const struct day *d, const struct day_entry *e, const char *fmt, ...)
{
    char what[200];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(what, sizeof what, fmt, ap);
    va_end(ap);
    if (e == NULL) {
        fail_msg("seed %llu: %s", (unsigned long long)d->conf.seed, what);
        abort();
    }
    fail_msg("seed %llu: %s: %s of part %u from %.6f to %.6f, told at %.6f: \"%s\"",
             (unsigned long long)d->conf.seed, what,
             e->kind == LEDGER_MEASURED ? "measured"
             : e->kind == LEDGER_GAP    ? "gap"
                                        : "step",
             e->gen, ps_ntpdiff_to_double(ps_ntp_diff(e->from, SIM_EPOCH)),
             ps_ntpdiff_to_double(ps_ntp_diff(e->to, SIM_EPOCH)), ps_ntpdiff_to_double(e->at), e->reason);
    abort();
}

// --- each moment once

static int by_time(const void *a, const void *b)
{
    const struct day_entry *x = a, *y = b;
    if (x->gen != y->gen)
        return x->gen < y->gen ? -1 : 1;
    if (x->from != y->from)
        return ps_ntp_before(x->from, y->from) ? -1 : 1;
    return 0;
}

// A session may be told of while an older one is still open; when powstream is killed then, the next run
// accounts from that one on, and passes over what its note names.
static unsigned part_of(const struct day *d, const struct day_entry *e)
{
    unsigned gen = e->gen;
    while (e->kind == LEDGER_MEASURED && gen < d->gen && !ps_ntp_before(e->from, d->gens[gen].to) &&
           d->gens[gen].to == d->gens[gen + 1].from)
        gen++;
    return gen;
}

static struct day_entry *sorted_entries(const struct day *d)
{
    struct day_entry *sorted = sim_alloc(d->nentries, sizeof *sorted);
    for (size_t i = 0; i < d->nentries; i++) {
        sorted[i] = d->entries[i];
        sorted[i].gen = part_of(d, &d->entries[i]);
    }
    qsort(sorted, d->nentries, sizeof *sorted, by_time);
    return sorted;
}

static void check_tiles(const struct day *d)
{
    struct day_entry *sorted = sorted_entries(d);
    ps_ntp at = d->gens[0].from;
    unsigned gen = 0;
    for (size_t i = 0; i < d->nentries; i++) {
        const struct day_entry *e = &sorted[i];
        if (e->kind == LEDGER_STEP)
            continue;
        for (; gen < e->gen; at = d->gens[++gen].from)
            if (at != d->gens[gen].to)
                wrong(d, e, "%.9f s are missing at the end of part %u, before",
                      ps_ntpdiff_to_double(ps_ntp_diff(d->gens[gen].to, at)), gen);
        if (e->from != at || !ps_ntp_before(e->from, e->to))
            wrong(d, e, "%.9f s are missing before", ps_ntpdiff_to_double(ps_ntp_diff(e->from, at)));
        at = e->to;
    }
    for (; gen < d->gen; at = d->gens[++gen].from)
        if (at != d->gens[gen].to)
            wrong(d, NULL, "time is missing at the end of part %u", gen);
    if (at != d->gens[gen].to)
        wrong(d, NULL, "%.9f s are missing at the end",
              ps_ntpdiff_to_double(ps_ntp_diff(d->gens[gen].to, at)));
    free(sorted);
}

sim_time day_sum(const struct day *d, enum ledger_kind kind)
{
    sim_time sum = 0;
    for (size_t i = 0; i < d->nentries; i++)
        if (d->entries[i].kind == kind)
            sum += ps_ntp_diff(d->entries[i].to, d->entries[i].from);
    return sum;
}

static void check_sums(const struct day *d)
{
    const sim_time life = ps_ntp_diff(d->gens[d->gen].to, d->gens[0].from);
    const sim_time sum = day_sum(d, LEDGER_MEASURED) + day_sum(d, LEDGER_GAP);
    if (sum != life - d->told)
        wrong(d, NULL, "measured and not measured are %.9f s, the life is %.9f s and steps %.9f s",
              ps_ntpdiff_to_double(sum), ps_ntpdiff_to_double(life), ps_ntpdiff_to_double(d->told));
    // Where the server's clock is ahead, a session may be over before its end has come.
    bool ahead = d->ahead_of_time;
    for (unsigned g = 0; g <= d->gen; g++)
        ahead |= d->conf.server_ahead > d->gens[g].ahead;
    if (!ahead && d->told - d->silently != d->stepped)
        wrong(d, NULL, "the clock was set by %.9f s in all, told are %.9f s",
              ps_ntpdiff_to_double(d->stepped), ps_ntpdiff_to_double(d->told - d->silently));
}

// --- what is measured

// Each measured time is that of a session's file, and each file's time is measured.
static void check_files(const struct day *d)
{
    size_t measured = 0;
    for (size_t i = 0; i < d->nentries; i++) {
        const struct day_entry *e = &d->entries[i];
        size_t k = 0;
        if (e->kind != LEDGER_MEASURED)
            continue;
        while (k < d->nfiles && (d->files[k].gen != e->gen || d->files[k].start != e->from))
            k++;
        if (k == d->nfiles || d->files[k].upto != e->to)
            wrong(d, e, "no session's file is of this time");
        measured++;
    }
    if (measured != d->nfiles)
        wrong(d, NULL, "%zu sessions' files, %zu are told of", d->nfiles, measured);
}

// --- why what is not measured is not

struct why {
    const char *text;
    enum day_kind kind; // that must have been about; DAY_KINDS: any
    bool beginning;     // of a run
    bool end;
};

static const struct why whys[] = {
    {"no further session was agreed", DAY_KINDS, false, false},
    {"all control connections are busy with sessions that have not ended", DAY_KINDS, false, false},
    {"the server ended the session early", DAY_KINDS, false, false},
    {"the session ended before its last packets were decided", DAY_KINDS, false, false},
    {"the server agreed too late", DAY_LATE, false, false},
    {"the server agreed too late", DAY_CUT, false, false},
    {"the server agreed too late", DAY_STEP, false, false},
    {"the clock was set by", DAY_STEP, false, false},
    {"the clock was set, and set back", DAY_STEP, false, false},
    {"powstream was not running", DAY_KILL, true, false},
    {"the clock was set back while powstream was not running", DAY_KILL, true, false},
    {"restarted by SIGHUP", DAY_RESET, false, false},
    {"powstream ended before the result was safe", DAY_KILL, false, false},
    {"setting up", DAY_KILL, true, false},
    {"setting up", DAY_KINDS, true, false},
    {"powstream was stopped", DAY_KINDS, false, true},
};

// The true time of a time of the ledger.
static sim_time true_time(const struct day *d, const struct day_entry *e, ps_ntp t)
{
    return ps_ntp_diff(t, SIM_EPOCH) - d->gens[e->gen].ahead;
}

// What a new run tells at once of the former one, whose clock may have been another.
static bool told_after_kill(const struct day *d, const struct day_entry *e)
{
    for (unsigned i = 0; i < d->conf.nfaults; i++)
        if (d->conf.faults[i].kind == DAY_KILL && d->conf.faults[i].span.to == e->at)
            return true;
    return false;
}

// The fault was on in the entry's time, or so long before that it may still be felt, or a session that
// began in the entry's time met it later.
static bool about(const struct day *d, const struct day_entry *e, const struct day_fault *f)
{
    const sim_time session = d->conf.interval * d->conf.count * 2;
    const sim_time felt = 120 * SIM_SEC + d->conf.timeout + session;
    const bool other_clock = e->kind == LEDGER_STEP || told_after_kill(d, e);
    const sim_time from = other_clock ? e->at : true_time(d, e, e->from);
    const sim_time to = other_clock ? e->at : true_time(d, e, e->to);
    return f->span.from <= to + session + 2 * d->conf.timeout + 31 * SIM_SEC && f->span.to + felt >= from;
}

static bool any_about(const struct day *d, const struct day_entry *e, enum day_kind kind)
{
    for (unsigned i = 0; i < d->conf.nfaults; i++)
        if ((kind == DAY_KINDS || d->conf.faults[i].kind == kind) && about(d, e, &d->conf.faults[i]))
            return true;
    return false;
}

static bool begins_here(const struct day *d, const struct day_entry *e)
{
    for (unsigned g = 0; g <= e->gen; g++)
        if (d->gens[g].from == e->from || true_time(d, e, e->from) < SIM_SEC)
            return true;
    return any_about(d, e, DAY_KILL);
}

// The server's clock is ahead of ours by so much.
static sim_time server_ahead(const struct day *d, const struct day_entry *e)
{
    return d->conf.server_ahead - d->gens[e->gen].ahead;
}

// One gives up the last packet when the other, whose clock is ahead of it, still awaits it.
static bool tail_undecided(const struct day *d, const struct day_entry *e)
{
    return strstr(e->reason, "were decided") != NULL &&
           llabs(server_ahead(d, e)) + e->at / 20000 > SIM_SEC / 4;
}

// Then the one gives up packets, or passes them over, before the other has sent or awaits them.
static bool clocks_apart(const struct day *d, const struct day_entry *e)
{
    return llabs(server_ahead(d, e)) > d->conf.timeout - SIM_SEC;
}

static bool fits(const struct day *d, const struct day_entry *e, const struct why *w)
{
    if (strncmp(e->reason, w->text, strlen(w->text)) != 0)
        return false;
    if (w->beginning && w->kind == DAY_KINDS)
        return begins_here(d, e);
    if (w->end)
        return e->at >= d->conf.life; // of sessions that were over but for their results, too
    if (w->kind == DAY_KILL && told_after_kill(d, e))
        return true;
    return any_about(d, e, w->kind) || (w->kind == DAY_KINDS && clocks_apart(d, e)) || tail_undecided(d, e);
}

static bool fault_named(const struct day *d, const struct day_entry *e)
{
    const char *at = strrchr(e->reason, '#');
    unsigned i = at != NULL ? (unsigned)strtoul(at + 1, NULL, 10) : d->conf.nfaults;
    return i < d->conf.nfaults && about(d, e, &d->conf.faults[i]);
}

static void check_reasons(const struct day *d)
{
    for (size_t i = 0; i < d->nentries; i++) {
        const struct day_entry *e = &d->entries[i];
        bool good = e->kind == LEDGER_MEASURED || fault_named(d, e);
        for (size_t k = 0; k < SIM_COUNT(whys) && !good; k++)
            good = fits(d, e, &whys[k]);
        if (!good)
            wrong(d, e, "the reason does not fit what happened");
    }
}

// Nothing is told before it is over, but by a server whose clock is ahead.
static void check_told(const struct day *d)
{
    for (size_t i = 0; i < d->nentries; i++) {
        const struct day_entry *e = &d->entries[i];
        const sim_time slack = (server_ahead(d, e) > 0 ? server_ahead(d, e) : 0) + SIM_SEC / 2;
        if (e->kind != LEDGER_STEP && !clocks_apart(d, e) && !told_after_kill(d, e) &&
            true_time(d, e, e->to) > e->at + slack + e->at / 5000)
            wrong(d, e, "told before it was over");
    }
}

void day_check(const struct day *d)
{
    check_tiles(d);
    check_sums(d);
    check_files(d);
    check_reasons(d);
    check_told(d);
}
