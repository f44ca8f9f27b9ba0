// SPDX-License-Identifier: Apache-2.0
// A made-up chronyd, ntpd or ptp4l on a datagram socket, that behaves as it is told.
#pragma once
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "base/ps_addr.h"
#include "clock_replies.h"

enum server_kind { SERVER_CHRONY, SERVER_NTPD, SERVER_PTP4L };
enum server_how {
    SERVER_GOOD,
    SERVER_UNSYNCED,
    SERVER_SILENT,
    SERVER_STALE,   // answers of earlier requests
    SERVER_LATE,    // such a one, garbage, one that is too long, and then the right one
    SERVER_GARBAGE, // no answer at all
    SERVER_REFUSES,
    SERVER_FLOODS, // with stale answers
};
#define SERVER_KINDS              \
    {                             \
        "chrony", "ntpd", "ptp4l" \
    }
#define SERVER_HOWS                                                                   \
    {                                                                                 \
        "good", "unsynced", "silent", "stale", "late", "garbage", "refuses", "floods" \
    }
#define SERVER_FLOOD 20000

struct clock_server {
    enum server_kind kind;
    _Atomic enum server_how how;
    _Atomic uint8_t domain, transport; // of ptp4l
    int fd;
    struct sockaddr_storage peer;
    socklen_t peer_len;
};

// path NULL: UDP on a free port of 127.0.0.1.
static inline int server_open(struct clock_server *s, const char *path, uint16_t *port)
{
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    struct ps_addr in;
    socklen_t len = sizeof in.in6;

    (void)ps_addr_parse("127.0.0.1", 0, &in);
    s->fd = socket(path ? AF_UNIX : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (path) {
        snprintf(un.sun_path, sizeof un.sun_path, "%s", path);
        return bind(s->fd, (struct sockaddr *)&un, sizeof un);
    }
    if (bind(s->fd, &in.sa, in.len) || getsockname(s->fd, &in.sa, &len))
        return -1;
    *port = ps_addr_port(&in);
    return 0;
}

static inline void server_send(struct clock_server *s, const void *data, size_t n)
{
    (void)!sendto(s->fd, data, n, MSG_DONTWAIT, (struct sockaddr *)&s->peer, s->peer_len);
}

static inline size_t server_chrony(const uint8_t *request, enum server_how how, uint8_t *out)
{
    struct chrony_says says = chrony_good;

    says.sequence =
        (uint32_t)request[8] << 24 | (uint32_t)request[9] << 16 | (uint32_t)request[10] << 8 | request[11];
    says.sequence += how == SERVER_STALE;
    says.leap = how == SERVER_UNSYNCED ? 3 : 0;
    says.status = how == SERVER_REFUSES ? 2 : 0;
    return chrony_reply(&says, out);
}

static inline size_t server_ntpd(const uint8_t *request, enum server_how how, uint8_t *out)
{
    struct ntpd_says says = ntpd_good;

    says.sequence = (uint16_t)((request[2] << 8 | request[3]) + (how == SERVER_STALE));
    says.status = how == SERVER_UNSYNCED ? 0xc016 : says.status;
    says.op = how == SERVER_REFUSES ? 0xc2 : says.op;
    return ntpd_reply(&says, out);
}

static inline size_t server_ptp4l(const struct clock_server *s, const uint8_t *request, enum server_how how,
                                  uint8_t *out)
{
    struct ptp_says says = ptp_good;
    uint8_t copy[PS_PTP_REQUEST];

    memcpy(copy, request, sizeof copy);
    copy[30] ^= (uint8_t)(how == SERVER_STALE ? 0x55 : 0);
    says.type = (uint8_t)(s->transport << 4 | says.type);
    says.domain = s->domain;
    says.state = how == SERVER_UNSYNCED ? 8 : says.state;
    says.tlv = how == SERVER_REFUSES ? 2 : says.tlv;
    return ptp_reply(copy, &says, out);
}

static inline void server_answer(struct clock_server *s, const uint8_t *request, enum server_how how)
{
    uint8_t out[REPLY_MAX];
    size_t n = s->kind == SERVER_CHRONY ? server_chrony(request, how, out)
               : s->kind == SERVER_NTPD ? server_ntpd(request, how, out)
                                        : server_ptp4l(s, request, how, out);

    server_send(s, out, n);
}

static inline void server_act(struct clock_server *s, const uint8_t *request)
{
    static const uint8_t garbage[2000] = {6, 2};
    enum server_how how = s->how;

    switch (how) {
    case SERVER_SILENT:
        break;
    case SERVER_GARBAGE:
        server_send(s, garbage, 100);
        server_send(s, garbage, 0);
        break;
    case SERVER_LATE:
        server_send(s, garbage, sizeof garbage);
        server_answer(s, request, SERVER_STALE);
        server_answer(s, request, SERVER_GOOD);
        break;
    case SERVER_FLOODS:
        for (int i = 0; i < SERVER_FLOOD; i++)
            server_answer(s, request, SERVER_STALE);
        break;
    case SERVER_GOOD:
    case SERVER_UNSYNCED:
    case SERVER_STALE:
    case SERVER_REFUSES:
        server_answer(s, request, how);
        break;
    }
}

// Serves a request if one comes within timeout_ms (-1: for ever): whether one did.
static inline bool server_turn(struct clock_server *s, int timeout_ms)
{
    struct pollfd p = {.fd = s->fd, .events = POLLIN};
    uint8_t request[REPLY_MAX] = {0};
    bool ours;

    if (poll(&p, 1, timeout_ms) <= 0)
        return false;
    s->peer_len = sizeof s->peer;
    if (recvfrom(s->fd, request, sizeof request, 0, (struct sockaddr *)&s->peer, &s->peer_len) < 0)
        return false;
    // As ptp4l does with what is of another domain or transport.
    ours = s->kind != SERVER_PTP4L || (request[4] == s->domain && request[0] >> 4 == s->transport);
    if (ours)
        server_act(s, request);
    return ours;
}
