// SPDX-License-Identifier: Apache-2.0
#include "loop/ps_clock.h"
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/timex.h>
#include <time.h>
#include "base/ps_err.h"
#include "base/ps_num.h"

#define OFFSET_MAX_SECONDS 1e9
#define KERNEL_MAX_ERROR_US 16000000L // what the kernel itself says of a clock nobody disciplines
#define KERNEL_NO_ERROR (KERNEL_MAX_ERROR_US * PS_USEC)

// The whole state is one word, so that a reader on another thread never sees half of two states:
// bit 63 synchronised, bits 62..32 error and bits 31..0 maximum error, in microseconds.
#define SYNCED_BIT (UINT64_C(1) << 63)
#define ERROR_MAX_US INT64_C(0x7fffffff)

struct ps_clock {
    ps_ns offset;
    _Atomic uint64_t state;
    _Atomic uint64_t kept; // what its source says, likewise; 0: nothing
    struct ps_source source;
    _Atomic int64_t read_at; // CLOCK_MONOTONIC
    _Atomic uint32_t steps;
};

static ps_ns read_clock(clockid_t id)
{
    struct timespec ts;

    clock_gettime(id, &ts);
    return (ps_ns)ts.tv_sec * PS_SEC + ts.tv_nsec;
}

static uint64_t clamp_us(long us)
{
    if (us < 1)
        return 1;
    return (uint64_t)(us < ERROR_MAX_US ? us : ERROR_MAX_US);
}

static uint64_t pack(bool synced, long error_us, long max_us)
{
    uint64_t max = clamp_us(max_us);
    uint64_t error = synced ? clamp_us(error_us) : max;

    return (synced ? SYNCED_BIT : 0) | error << 32 | max;
}

static uint64_t ask_kernel(void)
{
    struct timex tx = {.modes = 0};
    int rc = adjtimex(&tx);

    if (rc < 0)
        return pack(false, 0, KERNEL_MAX_ERROR_US);
    return pack(rc != TIME_ERROR && !(tx.status & STA_UNSYNC), tx.esterror, tx.maxerror);
}

int ps_clock_new(struct ps_clock **out, ps_ns offset)
{
    struct ps_clock *c = malloc(sizeof *c);

    if (!c)
        return -ENOMEM;
    c->offset = offset;
    atomic_init(&c->read_at, read_clock(CLOCK_MONOTONIC));
    atomic_init(&c->state, ask_kernel());
    atomic_init(&c->steps, 0);
    atomic_init(&c->kept, 0);
    c->source = (struct ps_source){.name = NULL};
    *out = c;
    return 0;
}

void ps_clock_free(struct ps_clock *c)
{
    free(c);
}

ps_ns ps_clock_now(const struct ps_clock *c)
{
    return read_clock(CLOCK_REALTIME) + c->offset;
}

ps_ns ps_clock_offset(const struct ps_clock *c)
{
    return c->offset;
}

void ps_clock_refresh(struct ps_clock *c)
{
    int64_t now = read_clock(CLOCK_MONOTONIC);
    int64_t last = atomic_load_explicit(&c->read_at, memory_order_relaxed);

    if (now - last < PS_SEC)
        return;
    // Of several threads that come at once, one asks.
    if (atomic_compare_exchange_strong_explicit(&c->read_at, &last, now, memory_order_relaxed,
                                                memory_order_relaxed))
        atomic_store_explicit(&c->state, ask_kernel(), memory_order_relaxed);
}

static ps_ns error_of(uint64_t state)
{
    return (ps_ns)((state & ~SYNCED_BIT) >> 32) * PS_USEC;
}

static ps_ns max_of(uint64_t state)
{
    return (ps_ns)(state & UINT32_MAX) * PS_USEC;
}

static ps_ns larger(ps_ns a, ps_ns b)
{
    return a > b ? a : b;
}

void ps_clock_get(const struct ps_clock *c, struct ps_clock_state *out)
{
    uint64_t state = atomic_load_explicit(&c->state, memory_order_relaxed);
    uint64_t kept = atomic_load_explicit(&c->kept, memory_order_relaxed);

    out->synced = (state & SYNCED_BIT) != 0;
    out->error = error_of(state);
    out->max_error = max_of(state);
    if (!out->synced || !(kept & SYNCED_BIT))
        return;
    if (out->error >= KERNEL_NO_ERROR && error_of(kept) > 0)
        out->error = 0;
    out->error = larger(out->error, error_of(kept));
    out->max_error = larger(out->max_error, larger(max_of(kept), error_of(kept)));
}

// Rounded up; 0: not told.
static uint64_t told_us(ps_ns t)
{
    return t == PS_SOURCE_UNKNOWN ? 0 : clamp_us((long)((t + PS_USEC - 1) / PS_USEC));
}

void ps_clock_set_source(struct ps_clock *c, const struct ps_source *source)
{
    uint64_t kept = 0;

    if (source->name && source->synced)
        kept = SYNCED_BIT | told_us(source->error) << 32 | told_us(source->bound);
    c->source = *source;
    atomic_store_explicit(&c->kept, kept, memory_order_relaxed);
}

const struct ps_source *ps_clock_source(const struct ps_clock *c)
{
    return &c->source;
}

void ps_clock_stepped(struct ps_clock *c)
{
    atomic_fetch_add_explicit(&c->steps, 1, memory_order_relaxed);
}

uint32_t ps_clock_steps(const struct ps_clock *c)
{
    return atomic_load_explicit(&c->steps, memory_order_relaxed);
}

int ps_clock_env_offset(ps_ns *offset)
{
    const char *text = getenv("OWAMP_DEBUG_TIMEOFFSET");
    double seconds = 0;

    if (text && text[0] == '+' && text[1] != '-')
        text++;
    if (text && ps_num_double(text, -OFFSET_MAX_SECONDS, OFFSET_MAX_SECONDS, &seconds))
        return PS_ESYNTAX;
    *offset = (ps_ns)(seconds * (double)PS_SEC + (seconds < 0 ? -0.5 : 0.5));
    return 0;
}
