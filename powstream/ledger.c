// SPDX-License-Identifier: Apache-2.0
#include "powstream/ledger.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"

static void tell(struct ledger *l, enum ledger_kind kind, ps_ntp from, ps_ntp to, const char *reason)
{
    struct ledger_entry e = {kind, from, to, reason};
    if (kind == LEDGER_STEP || ps_ntp_before(from, to))
        l->emit(l->ctx, &e);
}

static const char *words(const char *reason)
{
    return reason != NULL ? reason : "out of memory";
}

const char *ledger_reason(const struct ledger *l)
{
    return words(l->reason);
}

static ps_ntp sooner(ps_ntp a, ps_ntp b)
{
    return ps_ntp_before(a, b) ? a : b;
}

static void remove_span(struct ledger *l, unsigned i)
{
    free(l->spans[i].reason);
    l->nspans--;
    memmove(&l->spans[i], &l->spans[i + 1], (l->nspans - i) * sizeof l->spans[0]);
}

static void remove_all(struct ledger *l)
{
    while (l->nspans > 0)
        remove_span(l, l->nspans - 1);
}

void ledger_fini(struct ledger *l)
{
    remove_all(l);
    free(l->spans);
    free(l->reason);
    l->spans = NULL;
    l->reason = NULL;
    l->room = 0;
}

static void set_reason(struct ledger *l, const char *reason)
{
    char *copy = strdup(reason); // first: it may be the one that is there
    free(l->reason);
    l->reason = copy;
}

void ledger_begin(struct ledger *l, ps_ntp at, const char *reason)
{
    remove_all(l);
    l->covered = l->certain = at;
    set_reason(l, reason);
}

// Most streams have two or three spans at once.
static int make_room(struct ledger *l, unsigned more)
{
    unsigned want = l->nspans + more, room = want > 4 ? LEDGER_SPANS : 4;
    if (want > LEDGER_SPANS)
        return PS_ELIMIT;
    if (want <= l->room)
        return 0;
    struct ledger_span *spans = realloc(l->spans, room * sizeof *spans);
    if (spans == NULL)
        return -ENOMEM;
    l->spans = spans;
    l->room = room;
    return 0;
}

static void add_gap(struct ledger_span *s, ps_ntp from, ps_ntp to, const char *reason)
{
    *s = (struct ledger_span){.state = SPAN_GAP, .from = from, .to = to, .reason = strdup(words(reason))};
}

int ledger_agree(struct ledger *l, uint32_t id, ps_ntp from, ps_ntp to)
{
    bool gap = ps_ntp_before(l->covered, from);
    if (ps_ntp_before(from, l->covered) || ps_ntp_before(to, from))
        return PS_ERANGE;
    int err = make_room(l, gap + 1u);
    if (err != 0)
        return err;
    if (gap)
        add_gap(&l->spans[l->nspans++], l->covered, from, l->reason);
    l->spans[l->nspans++] = (struct ledger_span){.id = id, .from = from, .to = to};
    l->covered = to;
    return 0;
}

static unsigned find(const struct ledger *l, uint32_t id)
{
    unsigned i = 0;
    while (i < l->nspans && (l->spans[i].state != SPAN_OPEN || l->spans[i].id != id))
        i++;
    return i;
}

static bool first_is_over(const struct ledger *l, ps_ntp now)
{
    const struct ledger_span *s = &l->spans[0];
    if (l->nspans == 0)
        return false;
    return s->state == SPAN_MEASURED || (s->state == SPAN_GAP && !ps_ntp_before(now, s->to));
}

void ledger_pass(struct ledger *l, ps_ntp now)
{
    while (first_is_over(l, now)) {
        struct ledger_span s = l->spans[0];
        l->spans[0].reason = NULL; // ours now
        remove_span(l, 0);
        if (s.state == SPAN_GAP)
            tell(l, LEDGER_GAP, s.from, s.to, words(s.reason));
        free(s.reason);
    }
}

// What is still to come behind the last session may be measured after all; for what has passed the reason
// stays.
static void open_end(struct ledger *l, ps_ntp now)
{
    const ps_ntp end = l->covered;
    while (l->nspans > 0 && ps_ntp_before(now, l->covered)) {
        const struct ledger_span *s = &l->spans[l->nspans - 1];
        if (s->state != SPAN_GAP || s->to != l->covered)
            break;
        l->covered = s->from;
        set_reason(l, words(s->reason));
        remove_span(l, l->nspans - 1);
    }
    if (l->covered != end)
        l->certain = now;
}

static bool any_open(const struct ledger *l)
{
    for (unsigned i = 0; i < l->nspans; i++)
        if (l->spans[i].state == SPAN_OPEN)
            return true;
    return false;
}

// Session i was measured up to `upto`. Behind something open that is kept, for the note; without room for
// it a gap behind it goes on from there all the same.
static void settle_span(struct ledger *l, unsigned i, ps_ntp upto, const char *reason)
{
    struct ledger_span *s = &l->spans[i];
    const ps_ntp from = s->from, to = s->to;
    bool measured = ps_ntp_before(from, upto), gap = ps_ntp_before(upto, to);
    if (measured && gap && i > 0 && make_room(l, 1) == 0) {
        s = &l->spans[i];
        memmove(s + 1, s, (l->nspans++ - i) * sizeof *s);
        *s = (struct ledger_span){.state = SPAN_MEASURED, .from = from, .to = upto};
        s++;
    }
    if (gap)
        add_gap(s, upto, to, reason);
    else
        s->state = SPAN_MEASURED;
}

void ledger_settle(struct ledger *l, uint32_t id, ps_ntp upto, const char *reason, ps_ntp now)
{
    unsigned i = find(l, id);
    if (i == l->nspans)
        return;
    ps_ntp from = l->spans[i].from, to = l->spans[i].to;
    if (ps_ntp_before(to, upto))
        upto = to;
    if (ps_ntp_before(upto, from))
        upto = from;
    tell(l, LEDGER_MEASURED, from, upto, NULL);
    settle_span(l, i, upto, reason);
    ledger_pass(l, now);
    open_end(l, now);
    if (!any_open(l)) // the others are certain
        ledger_pass(l, l->covered);
}

void ledger_idle(struct ledger *l, ps_ntp now)
{
    ledger_pass(l, now);
    if (!ps_ntp_before(l->covered, now))
        return;
    struct ledger_span *last = l->nspans > 0 ? &l->spans[l->nspans - 1] : NULL;
    if (last != NULL && last->state == SPAN_GAP && last->to == l->covered &&
        strcmp(words(last->reason), words(l->reason)) == 0)
        last->to = now;
    else if (last != NULL && make_room(l, 1) == 0)
        add_gap(&l->spans[l->nspans++], l->covered, now, l->reason);
    else
        tell(l, LEDGER_GAP, l->covered, now, words(l->reason));
    l->covered = now;
}

void ledger_blame(struct ledger *l, const char *reason, ps_ntp now)
{
    bool other = strcmp(words(l->reason), reason) != 0;
    ps_ntp until = sooner(l->certain, now); // a clock that was set since may have told of times to come
    if (other && ps_ntp_before(l->covered + ps_ntpdur_from_ns(LEDGER_LEAST), until))
        ledger_idle(l, until);
    if (other)
        set_reason(l, reason);
    ledger_confirm(l, now);
}

void ledger_confirm(struct ledger *l, ps_ntp now)
{
    if (ps_ntp_before(l->certain, now))
        l->certain = now;
}

void ledger_step(struct ledger *l, ps_ntp before, ps_ntp after)
{
    ledger_idle(l, before);
    tell(l, LEDGER_STEP, l->covered, after, words(l->reason));
    l->covered = l->certain = after;
}

ps_ntp ledger_told(const struct ledger *l)
{
    return l->nspans > 0 ? l->spans[0].from : l->covered;
}

static void note_span(struct ledger_note *note, ps_ntp from, ps_ntp to, const char *reason)
{
    if (note->n == LEDGER_SPANS || !ps_ntp_before(from, to))
        return;
    note->later[note->n].from = from;
    note->later[note->n].to = to;
    snprintf(note->later[note->n++].reason, LEDGER_REASON, "%s", reason);
}

void ledger_note_gap(struct ledger_note *note, ps_ntp upto, const char *reason)
{
    note_span(note, note->n > 0 ? note->later[note->n - 1].to : note->told, upto, reason);
}

void ledger_make_note(const struct ledger *l, ps_ntp now, struct ledger_note *note)
{
    note->told = ledger_told(l);
    note->n = 0;
    for (unsigned i = 0; i < l->nspans; i++) {
        const struct ledger_span *s = &l->spans[i];
        if (s->state == SPAN_MEASURED)
            note_span(note, s->from, s->to, "");
        else if (s->state == SPAN_GAP)
            note_span(note, s->from, sooner(s->to, now), words(s->reason));
    }
    note_span(note, l->covered, now, words(l->reason));
}

void ledger_resume(struct ledger *l, const struct ledger_note *note, const char *reason)
{
    ledger_begin(l, note->told, reason);
    for (unsigned i = 0; i < note->n; i++) {
        ps_ntp from = note->later[i].from, to = note->later[i].to;
        tell(l, LEDGER_GAP, l->covered, from, "powstream ended before the result was safe");
        if (ps_ntp_before(l->covered, from))
            l->covered = from;
        if (note->later[i].reason[0] != '\0')
            tell(l, LEDGER_GAP, l->covered, to, note->later[i].reason);
        if (ps_ntp_before(l->covered, to))
            l->covered = to;
    }
}
