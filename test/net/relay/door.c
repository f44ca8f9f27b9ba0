// SPDX-License-Identifier: Apache-2.0
#include "door.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <arpa/inet.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define NETNS_DIR "/run/netns/"
#define SNAP 96 // enough to tell packets apart
#define TAP_BUFFER (4 * 1024 * 1024)

ps_ns door_now(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_REALTIME, &ts);
    return (ps_ns)ts.tv_sec * PS_SEC + ts.tv_nsec;
}

static int open_tun(void)
{
    struct ifreq ifr = {.ifr_flags = IFF_TUN | IFF_NO_PI};
    int err, fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);

    if (fd < 0)
        return -errno;
    snprintf(ifr.ifr_name, sizeof ifr.ifr_name, "%s", DOOR_DEVICE);
    if (ioctl(fd, TUNSETIFF, &ifr) == 0)
        return fd;
    err = -errno;
    close(fd);
    return err;
}

static int bind_tap(int fd)
{
    struct sockaddr_ll at = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
    int on = 1, size = TAP_BUFFER;

    at.sll_ifindex = (int)if_nametoindex(DOOR_DEVICE);
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size);
    if (setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on) ||
        bind(fd, (struct sockaddr *)&at, sizeof at))
        return -errno;
    return 0;
}

static int open_tap(void)
{
    int err, fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return -errno;
    err = bind_tap(fd);
    if (!err)
        return fd;
    close(fd);
    return err;
}

// In the namespace already.
static int open_both(struct door *d, const char **what)
{
    *what = "cannot open /dev/net/tun";
    d->tun = open_tun();
    if (d->tun < 0)
        return d->tun;
    *what = "cannot tap the device";
    d->tap = open_tap();
    return d->tap < 0 ? d->tap : 0;
}

static int open_within(struct door *d, int netns, int home, const char **what)
{
    int err;

    *what = "cannot enter the namespace";
    if (setns(netns, CLONE_NEWNET))
        return -errno;
    err = open_both(d, what);
    if (setns(home, CLONE_NEWNET) == 0)
        return err;
    *what = "cannot return from the namespace";
    return -errno;
}

int door_open(struct door *d, const char *netns, const char **what)
{
    char path[256];
    int home, there, err;

    *d = (struct door){.tun = -1, .tap = -1};
    *what = "cannot open the namespace";
    if (snprintf(path, sizeof path, NETNS_DIR "%s", netns) >= (int)sizeof path)
        return -ENAMETOOLONG;
    there = open(path, O_RDONLY | O_CLOEXEC);
    if (there < 0)
        return -errno;
    home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    err = home < 0 ? -errno : open_within(d, there, home, what);
    close(there);
    if (home >= 0)
        close(home);
    return err;
}

void door_close(struct door *d)
{
    if (d->tun >= 0)
        close(d->tun);
    if (d->tap >= 0)
        close(d->tap);
    *d = (struct door){.tun = -1, .tap = -1};
}

static void take_stamp(struct msghdr *h, ps_ns *stamp)
{
    struct timespec ts;

    for (struct cmsghdr *c = CMSG_FIRSTHDR(h); c; c = CMSG_NXTHDR(h, c)) {
        if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPNS) {
            memcpy(&ts, CMSG_DATA(c), sizeof ts);
            *stamp = (ps_ns)ts.tv_sec * PS_SEC + ts.tv_nsec;
        }
    }
}

// One packet from the tap: its first octets, or less than 0 when there is none. Packets on their way
// in have a length of 0, and so has the word that the device was down.
static ssize_t tap_read(int fd, uint8_t *data, ps_ns *stamp)
{
    union {
        struct cmsghdr align;
        uint8_t octets[CMSG_SPACE(sizeof(struct timespec))];
    } control;
    struct sockaddr_ll from;
    struct iovec iov = {data, SNAP};
    struct msghdr h = {.msg_name = &from,
                       .msg_namelen = sizeof from,
                       .msg_iov = &iov,
                       .msg_iovlen = 1,
                       .msg_control = &control,
                       .msg_controllen = sizeof control};
    ssize_t n = recvmsg(fd, &h, 0);

    if (n < 0 && errno == ENETDOWN)
        return 0;
    if (n < 0 || from.sll_pkttype != PACKET_OUTGOING)
        return n < 0 ? n : 0;
    take_stamp(&h, stamp);
    return n;
}

// The tap saw this packet before the device had it, in the same order.
static ps_ns stamp_of(struct door *d, const uint8_t *data, size_t n)
{
    uint8_t seen[SNAP];
    ps_ns stamp = 0;
    ssize_t got;

    if (n > SNAP)
        n = SNAP;
    while ((got = tap_read(d->tap, seen, &stamp)) >= 0)
        if ((size_t)got == n && memcmp(seen, data, n) == 0 && stamp)
            return stamp;
    d->unstamped++;
    return door_now();
}

int door_read(struct door *d, uint8_t *data, size_t cap, ps_ns *entry)
{
    ssize_t n = read(d->tun, data, cap);

    // A device that is not up yet has nothing to give.
    if (n < 0)
        return errno == EAGAIN || errno == EINTR || errno == EBADFD ? 0 : -errno;
    *entry = stamp_of(d, data, (size_t)n);
    return (int)n;
}

int door_write(struct door *d, const uint8_t *data, size_t n)
{
    return write(d->tun, data, n) < 0 ? -errno : 0;
}
