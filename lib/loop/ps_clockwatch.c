// SPDX-License-Identifier: Apache-2.0
#include "loop/ps_clockwatch.h"
#include <errno.h>
#include <stdlib.h>
#include <sys/timerfd.h>
#include <unistd.h>
#include "loop/ps_uv.h"

#define LOOK_EVERY PS_SEC // without notice
// What may lie between the readings of one look.
#define LOOK_TAKES (10 * PS_MSEC)
// Without notice less than this may be a look that was held up.
#define STEP_LEAST (100 * PS_MSEC)
// Less cannot be told from none: between the readings of a look there may be so much.
#define STEP_SHOWS (100 * PS_USEC)
#define FAR_SECONDS (INT64_C(1) << 33) // of the timer, which is there to be cancelled: the year 2242

struct ps_clockwatch {
    uv_poll_t poll; // active: the kernel gives notice
    struct ps_clock *clock;
    struct ps_timer *timer; // without notice
    int fd;                 // -1: none
    struct ps_moment last;
    ps_step_cb cb;
    void *ctx;
};

bool ps_step_between(const struct ps_moment *last, const struct ps_moment *now, bool noticed,
                     struct ps_step *out)
{
    ps_ns step = (now->wall - now->mono) - (last->wall - last->mono);

    if (!noticed && step <= STEP_LEAST && step >= -STEP_LEAST)
        return false;
    if (step < STEP_SHOWS && step > -STEP_SHOWS)
        step = 0;
    *out = (struct ps_step){.last_good = last->wall, .before = now->wall - step, .after = now->wall};
    return true;
}

static struct ps_moment read_clocks(const struct ps_clock *c)
{
    ps_ns before, wall, after;

    do {
        before = ps_loop_mono();
        wall = ps_clock_now(c);
        after = ps_loop_mono();
    } while (after - before > LOOK_TAKES);
    return (struct ps_moment){wall, before + (after - before) / 2};
}

// A timer that is cancelled says so to each read once.
static bool take_notice(const struct ps_clockwatch *w)
{
    uint64_t expired;

    return w->fd >= 0 && read(w->fd, &expired, sizeof expired) < 0 && errno == ECANCELED;
}

void ps_clockwatch_look(struct ps_clockwatch *w)
{
    struct ps_moment last = w->last;
    bool noticed = take_notice(w);
    struct ps_step step;

    w->last = read_clocks(w->clock);
    // Set meanwhile: notice and reading must be of the same steps, or one would be told twice.
    while (take_notice(w)) {
        noticed = true;
        w->last = read_clocks(w->clock);
    }
    if (!ps_step_between(&last, &w->last, noticed, &step))
        return;
    ps_clock_stepped(w->clock);
    if (w->cb)
        w->cb(w->ctx, &step);
}

static void on_timer(void *ctx)
{
    ps_clockwatch_look(ctx);
}

static void on_notice(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    ps_clockwatch_look(poll->data);
}

static int open_timer(void)
{
    struct itimerspec far = {.it_value = {.tv_sec = FAR_SECONDS}};
    int fd = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC);

    if (fd < 0)
        return -1;
    if (timerfd_settime(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &far, NULL) == 0)
        return fd;
    close(fd);
    return -1;
}

static void watch_closed(uv_handle_t *h)
{
    struct ps_clockwatch *w = h->data;

    if (w->fd >= 0)
        close(w->fd);
    free(w);
}

// 0: notice will be given.
static int await_notice(struct ps_clockwatch *w, struct ps_loop *l)
{
    w->fd = open_timer();
    if (w->fd < 0)
        return -ENOSYS;
    w->poll.data = w;
    if (uv_poll_init(ps_loop_uv(l), &w->poll, w->fd) == 0) {
        uv_unref((uv_handle_t *)&w->poll);
        (void)uv_poll_start(&w->poll, UV_READABLE, on_notice); // fails for a closing handle alone
        return 0;
    }
    close(w->fd);
    w->fd = -1;
    return -ENOSYS;
}

int ps_clockwatch_new(struct ps_loop *l, struct ps_clock *c, ps_step_cb cb, void *ctx,
                      struct ps_clockwatch **out)
{
    struct ps_clockwatch *w = calloc(1, sizeof *w);
    int rc;

    if (!w)
        return -ENOMEM;
    w->clock = c;
    w->cb = cb;
    w->ctx = ctx;
    if (await_notice(w, l)) {
        rc = ps_timer_new(l, &w->timer, on_timer, w);
        if (rc) {
            free(w);
            return rc;
        }
        ps_timer_repeat(w->timer, LOOK_EVERY);
    }
    w->last = read_clocks(c);
    *out = w;
    return 0;
}

void ps_clockwatch_free(struct ps_clockwatch *w)
{
    if (!w)
        return;
    if (w->fd >= 0) {
        uv_close((uv_handle_t *)&w->poll, watch_closed);
        return;
    }
    ps_timer_free(w->timer);
    free(w);
}

bool ps_clockwatch_is_noticed(const struct ps_clockwatch *w)
{
    return w->fd >= 0;
}
