// SPDX-License-Identifier: Apache-2.0
#include "owamp/ow_ctl_impl.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "crypto/ps_crypto.h"

void ow_ctl_init(struct ow_ctl *c)
{
    memset(c, 0, sizeof *c);
    ps_buf_init(&c->in, OW_IN_HARD);
    ps_buf_init(&c->out, 0);
}

void ow_ctl_fini(struct ow_ctl *c)
{
    ow_ctl_stop_clear(c);
    ps_buf_fini(&c->in);
    ps_buf_fini(&c->out);
    ow_chan_free(c->chan);
    free(c->why);
    ps_mem_wipe(c, sizeof *c);
}

void ow_ctl_fail(struct ow_ctl *c, int err, const char *fmt, ...)
{
    va_list ap;

    if (c->err != 0)
        return;
    c->err = err;
    va_start(ap, fmt);
    if (vasprintf(&c->why, fmt, ap) < 0)
        c->why = NULL;
    va_end(ap);
}

int ow_ctl_fault(struct ow_ctl *c, int err)
{
    if (err != 0)
        ow_ctl_fail(c, err, "%s", ps_strerror(err));
    return err;
}

bool ow_ctl_tell(struct ow_ctl *c, char *why, size_t size)
{
    if (c->err == 0 || c->told)
        return false;
    c->told = true;
    snprintf(why, size, "%s", c->why != NULL ? c->why : ps_strerror(c->err));
    return true;
}

int ow_ctl_input(struct ow_ctl *c, const void *data, size_t n)
{
    int err;

    if (c->err != 0)
        return 0;
    err = ps_buf_append(&c->in, data, n);
    if (err == PS_ELIMIT)
        ow_ctl_fail(c, err, "the peer sends much more than it may before it is answered");
    return ow_ctl_fault(c, err);
}

size_t ow_ctl_want(const struct ow_ctl *c)
{
    const size_t len = ps_buf_len(&c->in);

    return c->err != 0 || len >= OW_IN_SOFT ? 0 : OW_IN_SOFT - len;
}

bool ow_ctl_has(const struct ow_ctl *c, size_t n)
{
    return c->err == 0 && ps_buf_len(&c->in) >= n;
}

bool ow_ctl_take(struct ow_ctl *c, void *out, size_t n)
{
    if (!ow_ctl_has(c, n))
        return false;
    if (n > 0)
        memcpy(out, ps_buf_head(&c->in), n);
    ps_buf_consume(&c->in, n);
    return true;
}

bool ow_ctl_open(struct ow_ctl *c, void *out, size_t n)
{
    if (!ow_ctl_take(c, out, n))
        return false;
    return n == 0 || ow_ctl_fault(c, ow_chan_open(c->chan, out, n)) == 0;
}

bool ow_ctl_open_msg(struct ow_ctl *c, void *out, size_t n, const char *what)
{
    uint8_t mac[OW_BLK];
    int err;

    if (!ow_ctl_has(c, n + OW_BLK) || !ow_ctl_open(c, out, n) || !ow_ctl_take(c, mac, sizeof mac))
        return false;
    err = ow_chan_open_hmac(c->chan, mac);
    if (err == PS_EAUTH)
        ow_ctl_fail(c, err, "the HMAC of %s is wrong", what);
    return ow_ctl_fault(c, err) == 0;
}

int ow_ctl_put(struct ow_ctl *c, const void *data, size_t n)
{
    if (c->err != 0)
        return PS_ESTATE;
    return ow_ctl_fault(c, ps_buf_append(&c->out, data, n));
}

int ow_ctl_seal(struct ow_ctl *c, const void *data, size_t n)
{
    uint8_t *place;
    int err;

    if (c->err != 0)
        return PS_ESTATE;
    if (n == 0)
        return 0;
    err = ps_buf_reserve(&c->out, n, &place);
    if (err != 0)
        return ow_ctl_fault(c, err);
    memcpy(place, data, n);
    err = ow_chan_seal(c->chan, place, n);
    if (err == 0)
        ps_buf_commit(&c->out, n);
    return ow_ctl_fault(c, err);
}

int ow_ctl_seal_hmac(struct ow_ctl *c)
{
    uint8_t mac[OW_BLK];
    int err;

    if (c->err != 0)
        return PS_ESTATE;
    err = ow_ctl_fault(c, ow_chan_seal_hmac(c->chan, mac));
    return err != 0 ? err : ow_ctl_put(c, mac, sizeof mac);
}

int ow_ctl_seal_msg(struct ow_ctl *c, const void *data, size_t n)
{
    int err = ow_ctl_seal(c, data, n - OW_BLK);

    return err != 0 ? err : ow_ctl_seal_hmac(c);
}

int ow_ctl_seal_slots(struct ow_ctl *c, const struct ow_slot *slots, uint32_t n)
{
    uint8_t blk[OW_BLK];

    for (uint32_t i = 0; i < n; i++) {
        int err;

        ow_slot_pack(&slots[i], blk);
        err = ow_ctl_seal(c, blk, sizeof blk);
        if (err != 0)
            return err;
    }
    return ow_ctl_seal_hmac(c);
}

void ow_ctl_test_begin(struct ow_ctl *c)
{
    c->testing = true;
    c->stop_sent = c->stop_got = false;
}
