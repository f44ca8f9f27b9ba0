// SPDX-License-Identifier: Apache-2.0
#include "psched/health.h"
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "psched/planner.h"

#define LOOK (30 * PS_SEC)
#define PATIENCE (10 * PS_SEC)
#define DAY (86400 * PS_SEC)
#define RENEW (30 * DAY) // a certificate that runs out sooner wants somebody

struct health {
    struct site *site;
    struct ps_timer *timer;
    char limits[400]; // why they give no answer; ""
    char certificate[PATH_MAX];
    ps_ns until; // of it; SCH_NEVER: none is in use
};

// --- limits

void health_limits(struct health *h, const char *why)
{
    struct ps_log *log = h ? h->site->log : NULL;
    bool was = h && h->limits[0];

    if (!h)
        return;
    snprintf(h->limits, sizeof h->limits, "%s", why ? why : "");
    if (!was && why)
        ps_log(log, PS_LOG_WARN, "limits",
               "%s: until they answer, new tasks are refused, and runs that are to be judged wait", why);
    else if (was && !why)
        ps_log(log, PS_LOG_INFO, "limits", "%s: they answer again", h->site->settings->limits);
}

static void answered(void *ctx, int err, const char *reply, size_t len, const char *why)
{
    (void)reply, (void)len;
    health_limits(ctx, err ? why : NULL);
}

static void look(void *ctx)
{
    static const char status[] = "{\"verb\":\"status\"}";
    struct health *h = ctx;

    (void)ps_ctl_ask(h->site->limits, status, sizeof status - 1, PATIENCE, answered, h, NULL);
    ps_timer_start(h->timer, LOOK);
}

// --- all

void health_certificate(struct health *h, const char *file, ps_ns until)
{
    snprintf(h->certificate, sizeof h->certificate, "%s", file);
    h->until = until;
}

static void add(char *out, size_t size, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
static void add(char *out, size_t size, const char *fmt, ...)
{
    size_t n = strlen(out);
    va_list ap;

    if (n > 0 && n < size)
        n += (size_t)snprintf(out + n, size - n, "; ");
    if (n >= size)
        return;
    va_start(ap, fmt);
    vsnprintf(out + n, size - n, fmt, ap);
    va_end(ap);
}

void health_words(const struct site *s, char *out, size_t size)
{
    const struct health *h = s->health;
    ps_ns left = h->until == SCH_NEVER ? SCH_NEVER : h->until - site_now(s);
    struct planner_state st;

    out[0] = '\0';
    planner_look(s->planner, &st);
    if (st.trouble)
        add(out, size, "%s", st.words);
    if (h->limits[0])
        add(out, size, "limits: %s: new tasks are refused", h->limits);
    if (left < 0)
        add(out, size, "%s: has run out: clients that verify it refuse; put a new one there", h->certificate);
    else if (left < RENEW)
        add(out, size, "%s: runs out in %lld days: renew it", h->certificate, (long long)(left / DAY));
}

int health_new(struct health **out, struct site *s)
{
    struct health *h = calloc(1, sizeof *h);
    int err = h ? 0 : -ENOMEM;

    if (!err) {
        h->site = s;
        h->until = SCH_NEVER;
        if (s->limits)
            err = ps_timer_new(s->loop, &h->timer, look, h);
    }
    if (err) {
        free(h);
        return err;
    }
    if (s->limits)
        ps_timer_start(h->timer, 0);
    *out = h;
    return 0;
}

void health_free(struct health *h)
{
    if (!h)
        return;
    ps_timer_free(h->timer);
    free(h);
}
