// SPDX-License-Identifier: Apache-2.0
// The system's side of ps_hwstamp.h.
#include <errno.h>
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/net_tstamp.h>
#include <linux/ptp_clock.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/ps_err.h"
#include "loop/ps_hwstamp.h"

#define SAMPLES 5 // of a reading; the best counts
#define NEEDED (SOF_TIMESTAMPING_RX_HARDWARE | SOF_TIMESTAMPING_RAW_HARDWARE)

struct ps_hwstamp {
    int ptp;
    pthread_mutex_t lock;
    struct ps_phc phc;
};

static int no(struct ps_fault *fault, const char *iface, int err, const char *why)
{
    ps_fault_set(fault, NULL, 0, "%s: no hardware receive stamps: %s%s%s", iface, why, err ? ": " : "",
                 err ? ps_strerror(err) : "");
    return err ? err : -EOPNOTSUPP;
}

static int ask(int sock, const char *iface, unsigned long request, void *data)
{
    struct ifreq r;

    memset(&r, 0, sizeof r);
    snprintf(r.ifr_name, sizeof r.ifr_name, "%s", iface);
    r.ifr_data = data;
    return ioctl(sock, request, &r) < 0 ? -errno : 0;
}

// What it can do; the number of its clock.
static int look_at(int sock, const char *iface, int *index, struct ps_fault *fault)
{
    struct ethtool_ts_info info = {.cmd = ETHTOOL_GET_TS_INFO};
    int rc = ask(sock, iface, SIOCETHTOOL, &info);

    if (rc)
        return no(fault, iface, rc, "it cannot be asked");
    if ((info.so_timestamping & NEEDED) != NEEDED)
        return no(fault, iface, 0, "it makes none");
    if ((info.rx_filters & 1u << HWTSTAMP_FILTER_ALL) == 0)
        return no(fault, iface, 0, "it stamps packets of PTP alone");
    if (info.phc_index < 0)
        return no(fault, iface, 0, "its clock cannot be read");
    *index = info.phc_index;
    return 0;
}

// As little as is needed is changed: what it does for others (ptp4l) stays.
static int switch_on(int sock, const char *iface, struct ps_fault *fault)
{
    struct hwtstamp_config c = {.tx_type = HWTSTAMP_TX_OFF};
    int rc = ask(sock, iface, SIOCGHWTSTAMP, &c);

    if (rc == 0 && c.rx_filter == HWTSTAMP_FILTER_ALL)
        return 0;
    c.rx_filter = HWTSTAMP_FILTER_ALL;
    rc = ask(sock, iface, SIOCSHWTSTAMP, &c);
    if (rc)
        return no(fault, iface, rc, "they cannot be switched on");
    return c.rx_filter == HWTSTAMP_FILTER_ALL ? 0 : no(fault, iface, 0, "it stamps some packets alone");
}

static int prepare(const char *iface, bool on, int *index, struct ps_fault *fault)
{
    int rc, sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    if (sock < 0)
        return no(fault, iface, -errno, "no socket");
    rc = strlen(iface) < IFNAMSIZ ? look_at(sock, iface, index, fault)
                                  : no(fault, iface, -ENODEV, "it cannot be asked");
    if (!rc && on)
        rc = switch_on(sock, iface, fault);
    close(sock);
    return rc;
}

int ps_hwstamp_check(const char *iface, struct ps_fault *fault)
{
    int index;

    return prepare(iface, false, &index, fault);
}

static ps_ns ns_of(const struct ptp_clock_time *t)
{
    return (ps_ns)t->sec * PS_SEC + t->nsec;
}

static int read_clocks(int ptp, struct ps_phc_point *out)
{
    struct ptp_sys_offset_extended o = {.n_samples = SAMPLES};
    struct ps_phc_sample s[SAMPLES];

    if (ioctl(ptp, PTP_SYS_OFFSET_EXTENDED, &o) < 0)
        return -errno;
    for (int i = 0; i < SAMPLES; i++)
        s[i] = (struct ps_phc_sample){ns_of(&o.ts[i][0]), ns_of(&o.ts[i][1]), ns_of(&o.ts[i][2])};
    return ps_phc_pick(s, SAMPLES, out) ? 0 : -ETIME;
}

static int open_clock(const char *iface, int index, int *fd, struct ps_fault *fault)
{
    struct ps_phc_point p;
    char path[32];
    int rc;

    snprintf(path, sizeof path, "/dev/ptp%d", index);
    *fd = open(path, O_RDONLY | O_CLOEXEC);
    if (*fd < 0)
        return no(fault, iface, -errno, path);
    rc = read_clocks(*fd, &p);
    if (rc == 0)
        return 0;
    close(*fd);
    return rc == -ETIME ? no(fault, iface, 0, "reading its clock takes too long to be exact")
                        : no(fault, iface, rc, "its clock cannot be compared with ours");
}

int ps_hwstamp_open(const char *iface, struct ps_hwstamp **out, struct ps_fault *fault)
{
    struct ps_hwstamp *h;
    int index = -1, rc = prepare(iface, true, &index, fault), ptp = -1;

    if (!rc)
        rc = open_clock(iface, index, &ptp, fault);
    if (rc)
        return rc;
    h = calloc(1, sizeof *h);
    if (!h) {
        close(ptp);
        return no(fault, iface, -ENOMEM, "no memory");
    }
    h->ptp = ptp;
    pthread_mutex_init(&h->lock, NULL);
    *out = h;
    return 0;
}

void ps_hwstamp_free(struct ps_hwstamp *h)
{
    if (!h)
        return;
    close(h->ptp);
    pthread_mutex_destroy(&h->lock);
    free(h);
}

// After a reading that failed the former one holds until it is too old.
void ps_hwstamp_read(struct ps_hwstamp *h)
{
    struct ps_phc_point p;

    if (read_clocks(h->ptp, &p))
        return;
    pthread_mutex_lock(&h->lock);
    ps_phc_update(&h->phc, &p);
    pthread_mutex_unlock(&h->lock);
}

void ps_hwstamp_get(struct ps_hwstamp *h, struct ps_phc *out)
{
    pthread_mutex_lock(&h->lock);
    *out = h->phc;
    pthread_mutex_unlock(&h->lock);
}
