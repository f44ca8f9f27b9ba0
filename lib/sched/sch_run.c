// SPDX-License-Identifier: Apache-2.0
#include "sched/sch_run.h"
#include <string.h>
#include "base/ps_err.h"

#define BIT(s) (1u << (s))

static const char *const state_words[] = {
#define WORD(name, value, word, display) [value] = word,
    SCH_STATE_LIST(WORD)
#undef WORD
};
static const char *const state_displays[] = {
#define DISPLAY(name, value, word, display) [value] = display,
    SCH_STATE_LIST(DISPLAY)
#undef DISPLAY
};
static const char *const class_words[] = {"exclusive", "normal", "background", "background-multi"};
static const char *const class_displays[] = {"Exclusive", "Normal", "Background Single-Result",
                                             "Background Multi-Result"};
static const char *const reason_words[] = {
#define REASON_WORD(name, word, text) word,
    SCH_REASON_LIST(REASON_WORD)
#undef REASON_WORD
};
static const char *const reason_texts[] = {
#define REASON_TEXT(name, word, text) text,
    SCH_REASON_LIST(REASON_TEXT)
#undef REASON_TEXT
};
#define COUNT(a) (sizeof(a) / sizeof(a)[0])

// The states that each may change to.
static const unsigned changes[SCH_STATES] = {
    [SCH_SCHEDULING] = BIT(SCH_PENDING) | BIT(SCH_PREEMPTED) | BIT(SCH_CANCELED) | BIT(SCH_NONSTART),
    [SCH_PENDING] = BIT(SCH_ON_DECK) | BIT(SCH_RUNNING) | BIT(SCH_MISSED) | BIT(SCH_FAILED) |
                    BIT(SCH_PREEMPTED) | BIT(SCH_CANCELED) | BIT(SCH_NONSTART),
    [SCH_ON_DECK] = BIT(SCH_RUNNING) | BIT(SCH_OVERDUE) | BIT(SCH_MISSED) | BIT(SCH_FAILED) |
                    BIT(SCH_CANCELED) | BIT(SCH_PREEMPTED),
    [SCH_RUNNING] = BIT(SCH_CLEANUP) | BIT(SCH_FINISHED) | BIT(SCH_OVERDUE) | BIT(SCH_MISSED) |
                    BIT(SCH_FAILED) | BIT(SCH_PREEMPTED) | BIT(SCH_CANCELED),
    [SCH_CLEANUP] = BIT(SCH_FINISHED) | BIT(SCH_FAILED),
    [SCH_FINISHED] = BIT(SCH_FAILED),
    [SCH_OVERDUE] =
        BIT(SCH_FINISHED) | BIT(SCH_MISSED) | BIT(SCH_FAILED) | BIT(SCH_CANCELED) | BIT(SCH_PREEMPTED),
    [SCH_MISSED] = BIT(SCH_FAILED),
    [SCH_NONSTART] = BIT(SCH_CANCELED),
};

const char *sch_state_word(enum sch_state s)
{
    return state_words[s];
}

const char *sch_state_display(enum sch_state s)
{
    return state_displays[s];
}

static int find(const char *const *words, size_t n, const char *word, unsigned *out)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(words[i], word) == 0) {
            *out = (unsigned)i;
            return 0;
        }
    }
    return PS_EUNKNOWN;
}

int sch_state_from_word(const char *word, enum sch_state *out)
{
    unsigned i = 0;
    const int err = find(state_words, COUNT(state_words), word, &i);
    if (err == 0)
        *out = (enum sch_state)i;
    return err;
}

bool sch_state_may(enum sch_state from, enum sch_state to)
{
    return (changes[from] & BIT(to)) != 0;
}

bool sch_state_over(enum sch_state s)
{
    return s == SCH_FINISHED || s >= SCH_MISSED;
}

int sch_state_success(enum sch_state s)
{
    if (s == SCH_FINISHED)
        return 1;
    return s >= SCH_OVERDUE && s <= SCH_NONSTART ? -1 : 0;
}

const char *sch_class_word(enum sch_class c)
{
    return class_words[c];
}

const char *sch_class_display(enum sch_class c)
{
    return class_displays[c];
}

int sch_class_from_word(const char *word, enum sch_class *out)
{
    unsigned i = 0;
    const int err = find(class_words, COUNT(class_words), word, &i);
    if (err == 0)
        *out = (enum sch_class)i;
    return err;
}

bool sch_class_anytime(enum sch_class c)
{
    return c == SCH_BACKGROUND || c == SCH_BACKGROUND_MULTI;
}

const char *sch_reason_word(enum sch_reason r)
{
    return reason_words[r];
}

const char *sch_reason_text(enum sch_reason r)
{
    return reason_texts[r];
}

int sch_reason_from_word(const char *word, enum sch_reason *out)
{
    unsigned i = 0;
    const int err = find(reason_words, COUNT(reason_words), word, &i);
    if (err == 0)
        *out = (enum sch_reason)i;
    return err;
}
