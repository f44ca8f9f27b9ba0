// SPDX-License-Identifier: Apache-2.0
// Test packets of any kind, and session files of any kind.
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "raw_peer.h"

#define PACKET_MAX 65507

static int send_one(struct peer *p, struct ow_test *t, const struct ps_addr *to)
{
    static uint8_t buf[PACKET_MAX];
    struct ow_test_packet packet = {.seq = p->seq, .stamp = raw_now(p->stamp), .err = (uint16_t)p->err};
    size_t len = ow_test_header_len(p->mode) + p->req.padding;
    if (ow_test_pack(t, &packet, buf) != 0)
        return RAW_FAULT;
    if (p->bad_mac)
        buf[40] ^= 1;
    if (p->size != 0)
        len = p->size;
    // A full queue of the receiver is the test's business, not an error here.
    (void)!sendto(p->udp, buf, len, 0, &to->sa, to->len);
    p->seq += p->step;
    return RAW_ON;
}

// `repeat` packets of the session, from `seq` on.
static int send_packets(struct peer *p)
{
    struct ps_addr to = p->remote;
    struct ow_test *t;
    int rc = RAW_ON;
    ps_addr_set_port(&to, p->req.receiver_port);
    if (ow_test_new(&t, p->mode, p->mode == OW_MODE_OPEN ? NULL : &p->keys, p->req.sid) != 0)
        return RAW_FAULT;
    for (uint32_t i = 0; i < p->repeat && rc == RAW_ON; i++) {
        if (i % p->pace == p->pace - 1)
            nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
        rc = send_one(p, t, &to);
    }
    ow_test_free(t);
    return rc;
}

// Opens the UDP socket and tells its port in the next request.
static int open_udp(struct peer *p)
{
    struct ps_addr at = p->local;
    socklen_t len = sizeof at.in6;
    ps_addr_set_port(&at, 0);
    p->udp = socket(at.sa.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (p->udp < 0 || bind(p->udp, &at.sa, at.len) != 0 || getsockname(p->udp, &at.sa, &len) != 0)
        return RAW_FAULT;
    p->req.sender_port = p->req.receiver_port = ps_addr_port(&at);
    p->port = ps_addr_port(&at);
    return RAW_ON;
}

// Another socket, whose port nobody was told.
static int open_foreign(struct peer *p)
{
    uint16_t sender = p->req.sender_port, receiver = p->req.receiver_port;
    int rc = open_udp(p);
    p->req.sender_port = sender;
    p->req.receiver_port = receiver;
    return rc;
}

const struct verb raw_udp_verbs[] = {
    {"udp", open_udp},
    {"foreign", open_foreign},
    {"packets", send_packets},
    {NULL, NULL},
};

static int put_file(int fd, const void *data, size_t n)
{
    return write(fd, data, n) == (ssize_t)n ? RAW_ON : RAW_FAULT;
}

static int put_records(struct peer *p, int fd)
{
    uint8_t out[OW_REC_LEN];
    int rc = RAW_ON;
    for (uint32_t i = 0; i < p->repeat && rc == RAW_ON; i++) {
        struct ow_rec rec = {.seq = p->seq + i * p->step,
                             .send = p->req.start,
                             .recv = p->req.start + 1,
                             .send_err = 1,
                             .recv_err = 1,
                             .ttl = 64};
        ow_rec_pack(&rec, out);
        rc = put_file(fd, out, sizeof out);
    }
    return rc;
}

int raw_file(struct peer *p, const char *path)
{
    uint64_t data = ow_file_data_offset(p->sent_slots);
    struct ow_file_head h = {.version = p->version,
                             .finished = p->finished,
                             .next_seqno = p->next_seqno,
                             .nskips = p->nskips,
                             .nrecords = p->nrecords,
                             .skip_offset = p->skip_offset,
                             .data_offset = p->data_offset != 0 ? p->data_offset : data};
    uint8_t head[OW_FILE_FIXED + OW_REQUEST_LEN], blk[OW_BLK] = {0};
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0)
        return RAW_FAULT;
    p->req.start = raw_now(p->start);
    h.request = p->req;
    ow_file_head_pack(&h, head);
    int rc = put_file(fd, head, sizeof head);
    for (uint32_t i = 0; i < p->sent_slots && rc == RAW_ON; i++) {
        ow_slot_pack(&p->slots[i], blk);
        rc = put_file(fd, blk, sizeof blk);
    }
    memset(blk, 0, sizeof blk);
    if (rc == RAW_ON)
        rc = put_file(fd, blk, sizeof blk);
    if (rc == RAW_ON)
        rc = put_records(p, fd);
    close(fd);
    return rc;
}
