// SPDX-License-Identifier: Apache-2.0
#include "psarchive/shape.h"
#include <stdlib.h>
#include <string.h>

#define TIME_MAX 24

// So much of the text, and what comes behind it.
struct part {
    uint16_t len;
    uint8_t mark;  // SHAPE_PATH, SHAPE_TIME, 0: nothing
    uint8_t event; // of the time
};

struct shape {
    uint8_t nevents, event[ES_EVENT_COUNT];
    size_t nsummaries;
    struct es_summary *summaries;
    struct ps_buf text; // without the marks
    struct part *parts;
    size_t nparts, npaths, ntimes;
};

static void shape_free(struct shape *s)
{
    if (!s)
        return;
    free(s->summaries);
    free(s->parts);
    ps_buf_fini(&s->text);
    free(s);
}

void shapes_fini(struct shapes *s)
{
    for (size_t i = 0; i < SHAPES_MAX; i++)
        shape_free(s->at[i]);
    *s = (struct shapes){.next = 0};
}

static bool are_same(const struct es_summary *a, const struct es_summary *b)
{
    return a->event == b->event && a->type == b->type && a->window == b->window;
}

static bool is_of(const struct shape *s, const struct meta *m)
{
    size_t i = 0;

    if (s->nevents != m->nevents || s->nsummaries != m->nsummaries ||
        memcmp(s->event, m->event, m->nevents) != 0)
        return false;
    while (i < m->nsummaries && are_same(&s->summaries[i], &m->summaries[i]))
        i++;
    return i == m->nsummaries;
}

// --- from a text with marks

static size_t count_marks(const char *p, const char *end)
{
    size_t n = 0;

    for (; p < end; p++) {
        n += *p == SHAPE_PATH || *p == SHAPE_TIME;
        p += *p == SHAPE_TIME;
    }
    return n;
}

static bool end_part(struct shape *s, struct part *part, const char *from, size_t len)
{
    *part = (struct part){.len = (uint16_t)len};
    s->nparts++;
    return len <= UINT16_MAX && ps_buf_append(&s->text, from, len) == 0;
}

static bool cut(struct shape *s, const char *p, const char *end)
{
    const char *from = p;

    for (; p < end; p++) {
        struct part *part = &s->parts[s->nparts];
        if (*p != SHAPE_PATH && *p != SHAPE_TIME)
            continue;
        if (!end_part(s, part, from, (size_t)(p - from)))
            return false;
        part->mark = (uint8_t)*p;
        s->npaths += *p == SHAPE_PATH;
        s->ntimes += *p == SHAPE_TIME;
        if (*p == SHAPE_TIME)
            part->event = (uint8_t)(*++p - 1);
        from = p + 1;
    }
    return end_part(s, &s->parts[s->nparts], from, (size_t)(end - from));
}

static bool fill(struct shape *s, const struct meta *m, void (*make)(struct jtext *j, const struct meta *m))
{
    struct ps_buf marked;
    struct jtext j = {.out = &marked};
    const char *text;
    bool good;

    ps_buf_init(&marked, 0);
    make(&j, m);
    text = (const char *)ps_buf_head(&marked);
    s->parts = text ? calloc(count_marks(text, text + ps_buf_len(&marked)) + 1, sizeof *s->parts) : NULL;
    good = !j.err && s->parts && cut(s, text, text + ps_buf_len(&marked));
    ps_buf_fini(&marked);
    return good;
}

static struct shape *shape_new(const struct meta *m, void (*make)(struct jtext *j, const struct meta *m))
{
    struct shape *s = calloc(1, sizeof *s);
    size_t size = m->nsummaries * sizeof *m->summaries;

    if (!s)
        return NULL;
    ps_buf_init(&s->text, 0);
    s->nevents = m->nevents;
    memcpy(s->event, m->event, m->nevents);
    s->nsummaries = m->nsummaries;
    s->summaries = malloc(size + 1);
    if (s->summaries && size)
        memcpy(s->summaries, m->summaries, size);
    if (s->summaries && fill(s, m, make))
        return s;
    shape_free(s);
    return NULL;
}

const struct shape *shapes_get(struct shapes *s, const struct meta *m,
                               void (*make)(struct jtext *j, const struct meta *m))
{
    struct shape *made;

    for (size_t i = 0; i < SHAPES_MAX && s->at[i]; i++)
        if (is_of(s->at[i], m))
            return s->at[i];
    made = shape_new(m, make);
    if (!made)
        return NULL;
    shape_free(s->at[s->next]);
    s->at[s->next] = made;
    s->next = (s->next + 1) % SHAPES_MAX;
    return made;
}

// --- to a text

size_t shape_time(char out[TIME_MAX], const struct meta *m, int event)
{
    int64_t time = meta_updated(m, event);

    if (time)
        return jtext_digits(out, (uint64_t)time);
    memcpy(out, "null", 4);
    return 4;
}

struct times {
    char text[ES_EVENT_COUNT][TIME_MAX];
    size_t len[ES_EVENT_COUNT];
};

static uint8_t *put(uint8_t *to, const void *from, size_t len)
{
    memcpy(to, from, len);
    return to + len;
}

static uint8_t *put_parts(uint8_t *to, const struct shape *s, const struct times *t, const char *path,
                          size_t len)
{
    const uint8_t *from = ps_buf_head(&s->text);

    for (size_t i = 0; i < s->nparts; i++) {
        const struct part *p = &s->parts[i];
        to = put(to, from, p->len);
        from += p->len;
        if (p->mark == SHAPE_PATH)
            to = put(to, path, len);
        else if (p->mark == SHAPE_TIME)
            to = put(to, t->text[p->event], t->len[p->event]);
    }
    return to;
}

void shape_put(struct jtext *j, const struct shape *s, const struct meta *m, const char *path, size_t len)
{
    struct times t;
    uint8_t *to;

    if (!j->err)
        j->err = ps_buf_reserve(j->out, ps_buf_len(&s->text) + s->npaths * len + s->ntimes * TIME_MAX, &to);
    if (j->err)
        return;
    for (size_t i = 0; i < s->nevents; i++)
        t.len[s->event[i]] = shape_time(t.text[s->event[i]], m, s->event[i]);
    ps_buf_commit(j->out, (size_t)(put_parts(to, s, &t, path, len) - to));
}
