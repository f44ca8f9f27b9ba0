// SPDX-License-Identifier: Apache-2.0
#include "base/ps_buf.h"
#include "base/ps_err.h"
#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CAP_MIN ((size_t)64)
#define CAP_KEEP ((size_t)512)

void ps_buf_init(struct ps_buf *b, size_t max)
{
    *b = (struct ps_buf){.max = max};
}

void ps_buf_fini(struct ps_buf *b)
{
    free(b->data);
    ps_buf_init(b, b->max);
}

size_t ps_buf_len(const struct ps_buf *b)
{
    return b->tail - b->head;
}

uint8_t *ps_buf_head(const struct ps_buf *b)
{
    return b->data ? b->data + b->head : NULL;
}

static int check_max(const struct ps_buf *b, size_t n)
{
    return b->max && n > b->max - ps_buf_len(b) ? PS_ELIMIT : 0;
}

// Half as much again as is needed now, so that the copies cost a constant an octet.
static int grow(struct ps_buf *b, size_t need)
{
    size_t len = ps_buf_len(b), cap = need + need / 2 < PTRDIFF_MAX ? need + need / 2 : PTRDIFF_MAX;
    uint8_t *data;

    if (cap < CAP_MIN)
        cap = CAP_MIN;
    data = malloc(cap);
    if (!data)
        return -ENOMEM;
    if (len)
        memcpy(data, b->data + b->head, len);
    free(b->data);
    b->data = data;
    b->head = 0;
    b->tail = len;
    b->cap = cap;
    return 0;
}

static int make_room(struct ps_buf *b, size_t n)
{
    size_t len = ps_buf_len(b);

    if (b->cap - b->tail >= n && b->data)
        return 0;
    // Moving more than was consumed since the last move would make small steps quadratic.
    if (b->data && b->head >= len && b->cap - len >= n) {
        memmove(b->data, b->data + b->head, len);
        b->head = 0;
        b->tail = len;
        return 0;
    }
    return n > PTRDIFF_MAX - len ? -ENOMEM : grow(b, len + n);
}

int ps_buf_reserve(struct ps_buf *b, size_t n, uint8_t **out)
{
    int err = check_max(b, n);

    if (!err)
        err = make_room(b, n);
    if (!err)
        *out = b->data + b->tail;
    return err;
}

void ps_buf_commit(struct ps_buf *b, size_t n)
{
    assert(n <= b->cap - b->tail);
    b->tail += n;
}

int ps_buf_append(struct ps_buf *b, const void *data, size_t n)
{
    uint8_t *p;
    int err = ps_buf_reserve(b, n, &p);

    if (err || n == 0)
        return err;
    memcpy(p, data, n);
    ps_buf_commit(b, n);
    return 0;
}

__attribute__((format(printf, 3, 0))) static int print_at_end(struct ps_buf *b, size_t n, const char *fmt,
                                                              va_list ap)
{
    int err = check_max(b, n);

    // The NUL that vsnprintf adds needs a place but does not count against the bound.
    if (!err)
        err = make_room(b, n + 1);
    if (err)
        return err;
    vsnprintf((char *)b->data + b->tail, n + 1, fmt, ap);
    b->tail += n;
    return 0;
}

int ps_buf_printf(struct ps_buf *b, const char *fmt, ...)
{
    va_list ap;
    int n;

    va_start(ap, fmt);
    n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    if (n < 0)
        return -errno;
    va_start(ap, fmt);
    n = print_at_end(b, (size_t)n, fmt, ap);
    va_end(ap);
    return n;
}

void ps_buf_consume(struct ps_buf *b, size_t n)
{
    assert(n <= ps_buf_len(b));
    b->head += n;
    if (b->head != b->tail)
        return;
    if (b->cap > CAP_KEEP) // what thousands of connections held once would stay for ever
        ps_buf_fini(b);
    else
        ps_buf_clear(b);
}

void ps_buf_clear(struct ps_buf *b)
{
    b->head = b->tail = 0;
}

void ps_buf_cut(struct ps_buf *b, size_t n)
{
    assert(n <= ps_buf_len(b));
    b->tail = b->head + n;
}
