// SPDX-License-Identifier: Apache-2.0
#include "psarchive/inlets.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "loop/ps_watch.h"

struct inlet {
    struct inlets *all;
    struct intake *intake;
    const char *dir;
};

struct inlets {
    struct site *site;
    struct inlet at[SETTINGS_SPOOLS];
    char dirs[SETTINGS_SPOOLS][PATH_MAX]; // a reload does not change them
    size_t n;
    int said[2]; // a pipe: what the threads say, "LEVEL TEXT" a line
    struct ps_watch *watch;
    char line[PIPE_BUF];
    size_t len;
};

// On an intake's thread. A line is written as a whole or not at all.
static void tell(void *ctx, enum ps_log_level level, const char *text)
{
    const struct inlet *in = ctx;
    char line[PIPE_BUF];
    int n = snprintf(line, sizeof line - 1, "%d %s", (int)level, text);

    if (n < 0)
        return;
    if ((size_t)n > sizeof line - 2)
        n = sizeof line - 2;
    for (int i = 0; i < n; i++)
        if (line[i] == '\n')
            line[i] = ' ';
    line[n] = '\n';
    // Nobody can be told that nobody can be told.
    if (write(in->all->said[1], line, (size_t)n + 1) < 0)
        return;
}

// --- on the loop

static void log_line(const struct inlets *in, char *line)
{
    char *text = strchr(line, ' ');

    if (text)
        ps_log(in->site->log, (enum ps_log_level)atoi(line), NULL, "%s", text + 1);
}

static void hear(struct inlets *in)
{
    char *end;
    ssize_t n;

    while ((n = read(in->said[0], in->line + in->len, sizeof in->line - in->len)) > 0) {
        in->len += (size_t)n;
        while ((end = memchr(in->line, '\n', in->len))) {
            *end = '\0';
            log_line(in, in->line);
            in->len -= (size_t)(end + 1 - in->line);
            memmove(in->line, end + 1, in->len);
        }
        if (in->len == sizeof in->line)
            in->len = 0;
    }
}

static void ready(void *ctx, int bits)
{
    (void)bits;
    hear(ctx);
}

static int open_pipe(struct inlets *in)
{
    int err;

    if (pipe2(in->said, O_CLOEXEC | O_NONBLOCK))
        return -errno;
    err = ps_watch_new(in->site->loop, in->said[0], ready, in, &in->watch);
    if (!err)
        ps_watch_set(in->watch, PS_WATCH_READ);
    return err;
}

static int open_spool(struct inlets *in, const char *dir, struct ps_fault *fault)
{
    struct inlet *one = &in->at[in->n];
    struct intake_conf conf = {.documents = in->site->settings->documents, .tell = tell, .ctx = one};
    int err;

    snprintf(in->dirs[in->n], sizeof in->dirs[0], "%s", dir);
    one->all = in;
    one->dir = conf.dir = in->dirs[in->n];
    err = intake_start(&one->intake, in->site->writer, &conf, fault);
    if (!err)
        in->n++;
    return err;
}

int inlets_start(struct inlets **out, struct site *s, struct ps_fault *fault)
{
    struct inlets *in = NULL;
    int err = 0;

    *out = NULL;
    if (!s->settings->nspools)
        return 0;
    in = calloc(1, sizeof *in);
    if (!in)
        return -ENOMEM;
    in->site = s;
    in->said[0] = in->said[1] = -1;
    err = open_pipe(in);
    for (size_t i = 0; !err && i < s->settings->nspools; i++)
        err = open_spool(in, s->settings->spools[i], fault);
    if (err)
        inlets_stop(in);
    else
        *out = in;
    return err;
}

void inlets_stop(struct inlets *in)
{
    if (!in)
        return;
    for (size_t i = 0; i < in->n; i++)
        intake_stop(in->at[i].intake);
    if (in->said[0] >= 0)
        hear(in);
    ps_watch_free(in->watch);
    for (int i = 0; i < 2; i++)
        if (in->said[i] >= 0)
            close(in->said[i]);
    free(in);
}

size_t inlets_count(const struct inlets *in)
{
    return in ? in->n : 0;
}

const char *inlets_look(struct inlets *in, size_t i, struct intake_state *out)
{
    intake_look(in->at[i].intake, out);
    return in->at[i].dir;
}
