// SPDX-License-Identifier: Apache-2.0
#include "psarchive/pull_state.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/ps_err.h"
#include "base/ps_map.h"
#include "base/ps_num.h"

#define LINE_MAX_OCTETS 256

struct place {
    struct pull_series series;
    int64_t from, to;
};

struct pull_state {
    FILE *file;
    char *path;
    struct ps_map places; // by series, as octets without gaps
};

// Structs have gaps.
static void key_of(const struct pull_series *s, uint8_t out[22])
{
    memcpy(out, s->key, 16);
    out[16] = s->event;
    out[17] = s->type;
    memcpy(out + 18, &s->window, 4);
}

static struct place *find(const struct pull_state *s, const struct pull_series *series)
{
    uint8_t key[22];
    key_of(series, key);
    return ps_map_get(&s->places, key);
}

static int set(struct pull_state *s, const struct place *p)
{
    struct place *there = find(s, &p->series);
    uint8_t key[22];
    if (there != NULL) {
        *there = *p;
        return 0;
    }
    there = malloc(sizeof *there);
    if (there == NULL)
        return -ENOMEM;
    *there = *p;
    key_of(&p->series, key);
    int err = ps_map_put(&s->places, key, there);
    if (err != 0)
        free(there);
    return err;
}

// --- the file

static int write_place(FILE *f, const struct place *p)
{
    char key[2 * ES_REG_KEY_LEN + 1];
    ps_num_to_hex(p->series.key, ES_REG_KEY_LEN, key);
    int n = fprintf(f, "%s %s %s %u %lld %lld\n", key, es_event_name(p->series.event),
                    es_summary_name((enum es_summary_type)p->series.type, false), p->series.window,
                    (long long)p->from, (long long)p->to);
    return n < 0 ? -EIO : 0;
}

static int read_place(char *line, struct place *p)
{
    char *words[6], *rest = line;
    enum es_summary_type type;
    uint64_t window;
    for (int i = 0; i < 6; i++)
        if ((words[i] = ps_conf_word(&rest)) == NULL)
            return PS_ESYNTAX;
    int event = es_event_find(words[1]);
    if (ps_num_hex(words[0], p->series.key, ES_REG_KEY_LEN) != 0 || event < 0 ||
        es_summary_find(words[2], false, &type) != 0 ||
        ps_num_u64(words[3], 10, 0, ES_SUMMARY_WINDOW_MAX, &window) != 0 ||
        ps_num_i64(words[4], 10, 0, INT64_MAX, &p->from) != 0 ||
        ps_num_i64(words[5], 10, 0, INT64_MAX, &p->to) != 0)
        return PS_ESYNTAX;
    p->series.event = (uint8_t)event;
    p->series.type = (uint8_t)type;
    p->series.window = (uint32_t)window;
    return 0;
}

static int read_all(struct pull_state *s)
{
    FILE *f = fopen(s->path, "re");
    char line[LINE_MAX_OCTETS];
    struct place p;
    int err = 0;
    if (f == NULL)
        return errno == ENOENT ? 0 : -errno;
    while (err == 0 && fgets(line, sizeof line, f) != NULL) {
        size_t len = strlen(line);
        if (len > 0 && line[len - 1] == '\n' && read_place(line, &p) == 0)
            err = set(s, &p);
    }
    if (err == 0 && ferror(f))
        err = -EIO;
    fclose(f);
    return err;
}

// One line for each series, in a file that takes the place of the old one.
static int write_all(struct pull_state *s)
{
    size_t size = strlen(s->path) + 5, pos = 0;
    char *temp = malloc(size);
    int err = 0;
    if (temp == NULL)
        return -ENOMEM;
    snprintf(temp, size, "%s.new", s->path);
    s->file = fopen(temp, "we");
    if (s->file == NULL)
        err = -errno;
    for (struct place *p; err == 0 && (p = ps_map_each(&s->places, &pos)) != NULL;)
        err = write_place(s->file, p);
    if (err == 0 && (fflush(s->file) != 0 || rename(temp, s->path) != 0))
        err = -errno;
    free(temp);
    return err;
}

int pull_state_open(struct pull_state **out, const char *path, bool again, struct ps_fault *fault)
{
    struct pull_state *s = calloc(1, sizeof *s);
    int err = s == NULL ? -ENOMEM : ps_map_init(&s->places, 22);
    if (err == 0 && (s->path = strdup(path)) == NULL)
        err = -ENOMEM;
    if (err == 0 && !again)
        err = read_all(s);
    if (err == 0)
        err = write_all(s);
    if (err != 0) {
        ps_fault_set(fault, path, 0, "%s", ps_strerror(err));
        (void)pull_state_close(s);
    } else
        *out = s;
    return err;
}

int pull_state_close(struct pull_state *s)
{
    size_t pos = 0;
    int err = 0;
    if (s == NULL)
        return 0;
    for (struct place *p; (p = ps_map_each(&s->places, &pos)) != NULL;)
        free(p);
    ps_map_fini(&s->places);
    if (s->file != NULL && fclose(s->file) != 0)
        err = -errno;
    free(s->path);
    free(s);
    return err;
}

int64_t pull_state_get(const struct pull_state *s, const struct pull_series *series, int64_t from)
{
    const struct place *p = find(s, series);
    return p != NULL && p->from <= from ? p->to : -1;
}

int pull_state_note(struct pull_state *s, const struct pull_series *series, int64_t from, int64_t to)
{
    struct place p = {*series, from, to};
    const struct place *there = find(s, series);
    if (there != NULL && there->from < from && there->to >= from)
        p.from = there->from; // that part is here too
    int err = set(s, &p);
    if (err == 0)
        err = write_place(s->file, &p);
    return err == 0 && fflush(s->file) != 0 ? -errno : err;
}
