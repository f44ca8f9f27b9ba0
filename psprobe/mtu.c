// SPDX-License-Identifier: Apache-2.0
// fwmtu: datagrams that must not be fragmented, as large as the path is thought to allow, until nobody says that they
// are too big. A router on the way that drops them in silence is not found out.
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/ps_err.h"
#include "psprobe/sockets.h"

#define PORT 1060
#define LARGEST 65535
#define LASTS (4 * PS_SEC) // less than the run
#define QUIET (PS_SEC)     // so long nobody complains: then the size is good
#define HEADERS_4 28       // IPv4 and UDP
#define HEADERS_6 48

static int get_mtu(int fd, bool six)
{
    int mtu = 0;
    socklen_t len = sizeof mtu;

    if (getsockopt(fd, six ? IPPROTO_IPV6 : IPPROTO_IP, six ? IPV6_MTU : IP_MTU, &mtu, &len) < 0)
        return -errno;
    return mtu;
}

static int open_socket(const struct ps_addr *dest, const struct ps_addr *source, int *fd)
{
    bool six = ps_addr_version(dest) == 6;
    int probe = six ? IPV6_PMTUDISC_DO : IP_PMTUDISC_DO;

    *fd = socket(dest->sa.sa_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (*fd < 0)
        return -errno;
    if (setsockopt(*fd, six ? IPPROTO_IPV6 : IPPROTO_IP, six ? IPV6_MTU_DISCOVER : IP_MTU_DISCOVER, &probe,
                   sizeof probe) < 0 ||
        (source->len && bind(*fd, &source->sa, source->len) < 0) || connect(*fd, &dest->sa, dest->len) < 0)
        return -errno;
    return 0;
}

// Errors of datagrams before are told in place of the sending of the next one: then once more.
static int send_of(int fd, int size)
{
    static const char octets[LARGEST];
    int i;

    for (i = 0; i < 3; i++) {
        if (send(fd, octets, (size_t)size, 0) >= 0)
            return 0;
        if (errno != ECONNREFUSED && errno != EAGAIN && errno != ENOBUFS)
            break;
    }
    return errno == EMSGSIZE ? 0 : i == 3 ? 0 : -errno;
}

// An answer (that nobody listens there) and a complaint end the waiting.
static void await_complaint(int fd, ps_ns until)
{
    int err = 0;
    socklen_t len = sizeof err;

    if (probe_wait(fd, POLLIN, until))
        (void)getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len);
}

static int find_mtu(int fd, bool six)
{
    ps_ns end = probe_mono() + LASTS;
    int mtu = get_mtu(fd, six), before = 0, err;

    while (mtu > 0 && mtu != before && probe_mono() < end) {
        ps_ns quiet = probe_mono() + QUIET;
        before = mtu;
        err = send_of(fd, (mtu > LARGEST ? LARGEST : mtu) - (six ? HEADERS_6 : HEADERS_4));
        if (err)
            return err;
        await_complaint(fd, quiet < end ? quiet : end);
        mtu = get_mtu(fd, six);
    }
    return mtu;
}

void probe_mtu(struct probe *p)
{
    struct ps_addr dest, source;
    int fd = -1, mtu;
    struct ps_json *j;

    if (!probe_ends(p, SOCK_DGRAM, (unsigned)tl_spec_count(p->spec, "port", PORT), &dest, &source))
        return;
    mtu = open_socket(&dest, &source, &fd);
    if (mtu == 0)
        mtu = find_mtu(fd, ps_addr_version(&dest) == 6);
    if (fd >= 0)
        close(fd);
    if (mtu <= 0) {
        tl_answer_fail(&p->answer, "%s", ps_strerror(mtu));
        return;
    }
    j = tl_answer_begin(&p->answer, 1);
    ps_json_put_u64(j, "mtu", (uint64_t)mtu);
    tl_answer_end(&p->answer);
}
