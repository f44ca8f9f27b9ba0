// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "base/ps_err.h"
#include "raw_peer.h"

#define PATIENCE_MS 60000

ps_ntp raw_now(double offset)
{
    struct timespec ts;
    clock_gettime(CLOCK_REALTIME, &ts);
    return ps_ntp_from_ns((ps_ns)ts.tv_sec * PS_SEC + ts.tv_nsec + (ps_ns)(offset * 1e9));
}

int raw_put(struct peer *p, const void *data, size_t n)
{
    const uint8_t *at = data;
    while (n > 0) {
        ssize_t k = send(p->fd, at, n, MSG_NOSIGNAL);
        if (k < 0 && errno == EINTR)
            continue;
        if (k < 0)
            return RAW_CLOSED;
        at += k;
        n -= (size_t)k;
    }
    return RAW_ON;
}

int raw_seal(struct peer *p, const void *data, size_t n)
{
    uint8_t *copy = malloc(n + 1);
    int rc = RAW_FAULT;
    if (copy == NULL)
        return rc;
    memcpy(copy, data, n);
    if (p->chan == NULL || ow_chan_seal(p->chan, copy, n) == 0)
        rc = raw_put(p, copy, n);
    free(copy);
    return rc;
}

int raw_seal_mac(struct peer *p)
{
    uint8_t mac[16] = {0};
    if (p->chan != NULL && ow_chan_seal_hmac(p->chan, mac) != 0)
        return RAW_FAULT;
    if (p->bad_mac)
        mac[3] ^= 0x55;
    return raw_put(p, mac, sizeof mac);
}

int raw_seal_msg(struct peer *p, const void *data, size_t n)
{
    int rc = raw_seal(p, data, n - 16);
    return rc != RAW_ON ? rc : raw_seal_mac(p);
}

int raw_seal_slots(struct peer *p)
{
    uint8_t blk[OW_BLK];
    int rc = RAW_ON;
    for (uint32_t i = 0; i < p->sent_slots && rc == RAW_ON; i++) {
        ow_slot_pack(&p->slots[i], blk);
        rc = raw_seal(p, blk, sizeof blk);
    }
    return rc != RAW_ON ? rc : raw_seal_mac(p);
}

int raw_get(struct peer *p, void *data, size_t n)
{
    uint8_t *at = data;
    while (n > 0) {
        struct pollfd pfd = {.fd = p->fd, .events = POLLIN};
        if (poll(&pfd, 1, PATIENCE_MS) == 0) {
            puts("silence");
            return RAW_FAULT;
        }
        ssize_t k = recv(p->fd, at, n, 0);
        if (k < 0 && errno == EINTR)
            continue;
        if (k <= 0)
            return RAW_CLOSED;
        at += k;
        n -= (size_t)k;
    }
    return RAW_ON;
}

int raw_open(struct peer *p, void *data, size_t n)
{
    int rc = raw_get(p, data, n);
    if (rc == RAW_ON && p->chan != NULL && ow_chan_open(p->chan, data, n) != 0)
        rc = RAW_FAULT;
    return rc;
}

int raw_open_mac(struct peer *p)
{
    uint8_t mac[16];
    int rc = raw_get(p, mac, sizeof mac);
    if (rc != RAW_ON || p->chan == NULL)
        return rc;
    if (ow_chan_open_hmac(p->chan, mac) == 0)
        return RAW_ON;
    puts("wrong HMAC");
    return RAW_FAULT;
}

int raw_open_msg(struct peer *p, void *data, size_t n)
{
    int rc = raw_open(p, data, n - 16);
    return rc != RAW_ON ? rc : raw_open_mac(p);
}

int raw_drain(struct peer *p)
{
    uint8_t buf[4096];
    int rc;
    do
        rc = raw_get(p, buf, 1);
    while (rc == RAW_ON);
    return rc;
}
