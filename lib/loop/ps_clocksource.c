// SPDX-License-Identifier: Apache-2.0
#include "loop/ps_clocksource.h"
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include "base/ps_err.h"
#include "clock/ps_chrony.h"
#include "clock/ps_ntpd.h"

#define EVERY_SLACK PS_SEC
#define ENV_MAX 1000

// What a worker has in hand. It outlives the source if that is freed meanwhile.
struct job {
    struct ps_clocksource *owner; // NULL: given up
    struct ps_clocksource_conf conf;
    struct ps_source answer;
    int wake_fd;
};

struct ps_clocksource {
    struct ps_loop *loop;
    struct ps_clock *clock;
    struct ps_clocksource_conf conf;
    struct ps_timer *timer;
    struct job *job; // NULL: none runs
    unsigned users;
    bool asked, told, synced;
    const char *name; // as told
    ps_ns asked_at;   // monotonic
    ps_clocksource_cb cb;
    void *ctx;
};

// --- where

static void usual(struct ps_clocksource_conf *out)
{
    // The sockets that anybody may write to, where ptp4l has some, before the others.
    static const char *const ptp4l[PS_CLOCKSOURCE_PTP4L] = {"/var/run/ptp/ptp4lro", "/var/run/ptp4lro",
                                                            "/var/run/ptp/ptp4l", "/var/run/ptp4l"};

    (void)ps_addr_parse("127.0.0.1", PS_CHRONY_PORT, &out->chrony);
    (void)ps_addr_parse("127.0.0.1", PS_NTPD_PORT, &out->ntpd);
    snprintf(out->chrony_path, sizeof out->chrony_path, "/run/chrony/chronyd.sock");
    for (size_t i = 0; i < PS_CLOCKSOURCE_PTP4L; i++)
        snprintf(out->ptp4l[i], sizeof out->ptp4l[i], "%s", ptp4l[i]);
}

static int set_path(char out[PS_CLOCKSOURCE_PATH], const char *path)
{
    if (path[0] != '/')
        return PS_ESYNTAX;
    if (strlen(path) >= PS_CLOCKSOURCE_PATH || out[0] != '\0')
        return PS_ELIMIT;
    strcpy(out, path);
    return 0;
}

static int set_addr(struct ps_addr *out, const char *text, uint16_t port)
{
    struct ps_hostport hp;

    if (out->len != 0)
        return PS_ELIMIT;
    if (ps_hostport_parse(text, port, false, &hp) || ps_addr_parse(hp.host, hp.port, out))
        return PS_ESYNTAX;
    return 0;
}

static int set_ptp4l(struct ps_clocksource_conf *out, const char *path)
{
    size_t i = 0;

    while (i < PS_CLOCKSOURCE_PTP4L - 1 && out->ptp4l[i][0] != '\0')
        i++;
    return set_path(out->ptp4l[i], path);
}

static int set_word(struct ps_clocksource_conf *out, const char *word)
{
    if (strncmp(word, "chrony=/", 8) == 0)
        return set_path(out->chrony_path, word + 7);
    if (strncmp(word, "chrony=", 7) == 0)
        return set_addr(&out->chrony, word + 7, PS_CHRONY_PORT);
    if (strncmp(word, "ntpd=", 5) == 0)
        return set_addr(&out->ntpd, word + 5, PS_NTPD_PORT);
    if (strncmp(word, "ptp4l=", 6) == 0)
        return set_ptp4l(out, word + 6);
    return strcmp(word, "none") == 0 ? 0 : PS_ESYNTAX;
}

int ps_clocksource_env(struct ps_clocksource_conf *out)
{
    const char *env = getenv("OWAMP_DEBUG_CLOCKSOURCE");
    char text[ENV_MAX], *rest = text, *word;
    int err = 0;

    memset(out, 0, sizeof *out);
    if (!env) {
        usual(out);
        return 0;
    }
    if (strlen(env) >= sizeof text)
        return PS_ELIMIT;
    strcpy(text, env);
    while (err == 0 && (word = strsep(&rest, ",")) != NULL)
        err = set_word(out, word);
    return err;
}

static bool asks_nobody(const struct ps_clocksource_conf *conf)
{
    return conf->chrony.len == 0 && conf->ntpd.len == 0 && conf->chrony_path[0] == '\0' &&
           conf->ptp4l[0][0] == '\0';
}

// --- asking

static void job_free(struct job *j)
{
    if (!j)
        return;
    if (j->wake_fd >= 0)
        close(j->wake_fd);
    free(j);
}

static void job_work(void *ctx)
{
    struct job *j = ctx;

    (void)ps_clocksource_ask(&j->conf, j->wake_fd, &j->answer);
}

static void tell(struct ps_clocksource *s, const struct ps_source *answer)
{
    bool news = !s->told || s->name != answer->name || s->synced != answer->synced;

    s->told = true;
    s->name = answer->name;
    s->synced = answer->synced;
    if (news && s->cb)
        s->cb(s->ctx, answer);
}

static void again_later(struct ps_clocksource *s)
{
    ps_ns wait = s->asked_at + PS_CLOCKSOURCE_EVERY - ps_loop_mono();

    if (s->users > 0)
        ps_timer_about(s->timer, wait > 0 ? wait : 0, EVERY_SLACK);
}

static void job_done(void *ctx)
{
    struct job *j = ctx;
    struct ps_clocksource *s = j->owner;

    if (s) {
        s->job = NULL;
        ps_clock_set_source(s->clock, &j->answer);
        again_later(s);
        tell(s, &j->answer);
    }
    job_free(j);
}

static void ask(struct ps_clocksource *s)
{
    struct job *j = calloc(1, sizeof *j);

    s->asked = true;
    s->asked_at = ps_loop_mono();
    if (j) {
        *j = (struct job){.owner = s, .conf = s->conf, .wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
        if (j->wake_fd >= 0 && ps_work_run(s->loop, job_work, job_done, j) == 0) {
            s->job = j;
            return;
        }
    }
    job_free(j);
    again_later(s);
}

void ps_clocksource_look(struct ps_clocksource *s)
{
    if (s->job || asks_nobody(&s->conf))
        return;
    if (!s->asked || ps_loop_mono() - s->asked_at >= PS_CLOCKSOURCE_EVERY)
        ask(s);
    else
        again_later(s);
}

static void on_timer(void *ctx)
{
    ps_clocksource_look(ctx);
}

// What was said long ago is not what holds now.
static void forget_old(struct ps_clocksource *s)
{
    static const struct ps_source unknown = {.name = NULL};

    if (s->asked && ps_loop_mono() - s->asked_at > PS_CLOCKSOURCE_EVERY + 2 * EVERY_SLACK)
        ps_clock_set_source(s->clock, &unknown);
}

void ps_clocksource_use(struct ps_clocksource *s)
{
    if (s->users++ > 0)
        return;
    forget_old(s);
    ps_clocksource_look(s);
}

void ps_clocksource_release(struct ps_clocksource *s)
{
    assert(s->users > 0);
    if (--s->users == 0)
        ps_timer_stop(s->timer);
}

int ps_clocksource_new(struct ps_loop *l, struct ps_clock *c, const struct ps_clocksource_conf *conf,
                       ps_clocksource_cb cb, void *ctx, struct ps_clocksource **out)
{
    struct ps_clocksource *s = calloc(1, sizeof *s);
    int err;

    if (!s)
        return -ENOMEM;
    s->loop = l;
    s->clock = c;
    s->conf = *conf;
    s->cb = cb;
    s->ctx = ctx;
    err = ps_timer_new(l, &s->timer, on_timer, s);
    if (err) {
        free(s);
        return err;
    }
    *out = s;
    return 0;
}

static void give_up(struct job *j)
{
    uint64_t one = 1;

    j->owner = NULL;
    while (write(j->wake_fd, &one, sizeof one) < 0 && errno == EINTR)
        continue;
}

void ps_clocksource_free(struct ps_clocksource *s)
{
    if (!s)
        return;
    if (s->job)
        give_up(s->job);
    ps_timer_free(s->timer);
    free(s);
}

// --- in words

static void add_seconds(char *out, size_t size, const char *what, ps_ns t)
{
    size_t n = strlen(out);

    if (t != PS_SOURCE_UNKNOWN)
        snprintf(out + n, size - n, ", %s %.6f s", what, (double)t / (double)PS_SEC);
}

const char *ps_clocksource_text(const struct ps_source *source, char out[PS_CLOCKSOURCE_TEXT])
{
    size_t n;

    if (!source->name) {
        snprintf(out, PS_CLOCKSOURCE_TEXT, "no daemon that keeps it answers");
        return out;
    }
    if (!source->synced) {
        snprintf(out, PS_CLOCKSOURCE_TEXT, "%s is not synchronised", source->name);
        return out;
    }
    snprintf(out, PS_CLOCKSOURCE_TEXT, "%s follows %s", source->name,
             source->reference[0] != '\0' ? source->reference : "what it does not name");
    n = strlen(out);
    if (source->stratum != PS_SOURCE_UNKNOWN)
        snprintf(out + n, PS_CLOCKSOURCE_TEXT - n, ", stratum %d", source->stratum);
    add_seconds(out, PS_CLOCKSOURCE_TEXT, "error", source->error);
    add_seconds(out, PS_CLOCKSOURCE_TEXT, "bound", source->bound);
    return out;
}
