// SPDX-License-Identifier: Apache-2.0
#include "lsregister/discover.h"
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>
#include "base/ps_err.h"
#include "base/ps_netset.h"
#include "base/ps_num.h"

#define FILE_SIZE 65536 // octets of a file that are looked at

void discovered_fini(struct discovered *d)
{
    record_fini(&d->host);
    free(d->interfaces);
    *d = (struct discovered){0};
}

// files

// The beginning of a file with a NUL behind it, trailing blanks cut; false: it cannot be read. Files of /proc and /sys
// tell no length, and some want to be read at once.
static bool read_file(const char *root, const char *path, char *out, size_t size)
{
    char *full;
    if (asprintf(&full, "%s%s", root, path) < 0)
        return false;
    int fd = open(full, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    size_t n = 0;
    ssize_t got = fd < 0 ? -1 : 1;
    free(full);
    while (got > 0 && n + 1 < size) {
        got = read(fd, out + n, size - 1 - n);
        n += got > 0 ? (size_t)got : 0;
    }
    if (fd >= 0)
        close(fd);
    out[n] = '\0';
    while (n && isspace((unsigned char)out[n - 1]))
        out[--n] = '\0';
    return got >= 0 && n > 0;
}

// What stands behind "KEY" and a separator in a file of lines, without quotes; the first or the last such line.
static bool find_line(const char *text, const char *key, char separator, char *out, size_t size)
{
    size_t len = strlen(key);
    for (const char *line = text; line && *line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
        const char *p = line + len;
        if (strncmp(line, key, len) != 0)
            continue;
        p += strspn(p, " \t");
        if (*p != separator)
            continue;
        p += 1 + strspn(p + 1, " \t\"");
        size_t n = strcspn(p, "\n\"");
        snprintf(out, size, "%.*s", (int)(n < 400 ? n : 400), p);
        return n > 0;
    }
    return false;
}

static int put(struct record *r, const char *key, const char *value)
{
    return value[0] ? record_set(r, key, value) : 0;
}

// system

static int find_release(const char *root, struct record *out)
{
    char text[FILE_SIZE], name[400] = "", version[400] = "";
    if (read_file(root, "/etc/os-release", text, sizeof text) ||
        read_file(root, "/usr/lib/os-release", text, sizeof text)) {
        find_line(text, "NAME", '=', name, sizeof name);
        find_line(text, "VERSION_ID", '=', version, sizeof version);
        if (!version[0])
            find_line(text, "VERSION", '=', version, sizeof version);
    }
    // It tells the point release, which os-release does not.
    char debian[100];
    if (strncmp(name, "Debian", 6) == 0 && read_file(root, "/etc/debian_version", debian, sizeof debian) &&
        strlen(debian) < 40 && !strchr(debian, '\n'))
        snprintf(version, sizeof version, "%s", debian);
    int err = put(out, "host-os-name", name);
    return err ? err : put(out, "host-os-version", version);
}

static int find_kernel(const char *root, struct record *out)
{
    char type[100] = "Linux", release[200];
    struct utsname u;
    (void)read_file(root, "/proc/sys/kernel/ostype", type, sizeof type);
    int err = 0;
    if (read_file(root, "/proc/sys/kernel/osrelease", release, sizeof release)) {
        record_drop(out, "host-os-kernel");
        err = record_addf(out, "host-os-kernel", "%s %s", type, release);
    }
    char arch[100];
    if (!err && read_file(root, "/proc/sys/kernel/arch", arch, sizeof arch))
        return record_set(out, "host-os-architecture", arch);
    if (!err && uname(&u) == 0)
        err = put(out, "host-os-architecture", u.machine);
    return err;
}

static int find_memory(const char *root, struct record *out)
{
    char text[FILE_SIZE], value[400];
    uint64_t kib;
    if (!read_file(root, "/proc/meminfo", text, sizeof text) ||
        !find_line(text, "MemTotal", ':', value, sizeof value))
        return 0;
    value[strcspn(value, " ")] = '\0';
    if (ps_num_u64(value, 10, 1, UINT64_MAX / 1024, &kib) != 0)
        return 0;
    return record_addf(out, "host-hardware-memory", "%llu MB", (unsigned long long)(kib / 1024));
}

// Sockets and processors, counted in /proc/cpuinfo.
struct processors {
    unsigned logical;
    char sockets[64][16];
    size_t nsockets;
    double mhz;
    char model[400];
};

static void count_socket(struct processors *p, const char *id)
{
    for (size_t i = 0; i < p->nsockets; i++)
        if (strcmp(p->sockets[i], id) == 0)
            return;
    if (p->nsockets < 64)
        snprintf(p->sockets[p->nsockets++], sizeof p->sockets[0], "%.15s", id);
}

static void read_processor_line(struct processors *p, const char *line)
{
    char value[400];
    double mhz;
    if (strncmp(line, "processor", 9) == 0 && find_line(line, "processor", ':', value, sizeof value))
        p->logical++;
    else if (find_line(line, "physical id", ':', value, sizeof value))
        count_socket(p, value);
    else if (!p->model[0] && find_line(line, "model name", ':', value, sizeof value))
        snprintf(p->model, sizeof p->model, "%s", value);
    else if (find_line(line, "cpu MHz", ':', value, sizeof value) &&
             ps_num_double(value, 0, 1e7, &mhz) == 0 && mhz > p->mhz)
        p->mhz = mhz;
}

static void find_max_mhz(const char *root, struct processors *p)
{
    char text[60];
    uint64_t khz;
    if (read_file(root, "/sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq", text, sizeof text) &&
        ps_num_u64(text, 10, 1, UINT64_C(10000000000), &khz) == 0)
        p->mhz = (double)khz / 1000;
}

static int find_processors(const char *root, struct record *out)
{
    struct processors p = {0};
    char *text = malloc((size_t)1 << 22), *rest = text, *line;
    int err = text ? 0 : -ENOMEM;
    if (text && read_file(root, "/proc/cpuinfo", text, (size_t)1 << 22))
        while ((line = strsep(&rest, "\n")) != NULL)
            read_processor_line(&p, line);
    free(text);
    find_max_mhz(root, &p);
    if (!err && p.mhz > 0)
        err = record_addf(out, "host-hardware-processorspeed", "%.3f MHz", p.mhz);
    if (!err && p.logical)
        err = record_addf(out, "host-hardware-processorcount", "%zu", p.nsockets ? p.nsockets : 1);
    if (!err && p.logical)
        err = record_addf(out, "host-hardware-processorcore", "%u", p.logical);
    return err ? err : put(out, "host-hardware-cpuid", p.model);
}

// network

static int find_tcp(const char *root, struct record *out)
{
    // word: which of the numbers in the file.
    static const struct {
        const char *key, *path;
        int word;
        const char *unit;
    } table[] = {
        {"host-net-tcp-maxbuffer-send", "core/wmem_max", 0, " bytes"},
        {"host-net-tcp-maxbuffer-recv", "core/rmem_max", 0, " bytes"},
        {"host-net-tcp-autotunemaxbuffer-send", "ipv4/tcp_wmem", 2, " bytes"},
        {"host-net-tcp-autotunemaxbuffer-recv", "ipv4/tcp_rmem", 2, " bytes"},
        {"host-net-tcp-maxbacklog", "core/netdev_max_backlog", 0, ""},
        {"host-net-tcp-congestionalgorithm", "ipv4/tcp_congestion_control", 0, ""},
    };
    int err = 0;
    for (size_t i = 0; i < sizeof table / sizeof *table && !err; i++) {
        char path[100], text[400], *rest = text, *word = NULL;
        snprintf(path, sizeof path, "/proc/sys/net/%s", table[i].path);
        if (!read_file(root, path, text, sizeof text))
            continue;
        for (int w = 0; w <= table[i].word; w++)
            do
                word = strsep(&rest, " \t\n");
            while (word && !*word);
        if (word)
            err = record_addf(out, table[i].key, "%s%s", word, table[i].unit);
    }
    return err;
}

// machine

static bool has_any(const char *text, const char *const *words)
{
    while (*words && !strcasestr(text, *words))
        words++;
    return *words != NULL;
}

static bool is_virtual(const char *root, const char *vendor, const char *product)
{
    static const char *const vendors[] = {"QEMU", "Xen", "Amazon EC2", "innotek", "Parallels", NULL};
    static const char *const products[] = {"VMware", "VirtualBox", "KVM",   "Virtual Machine", "OpenStack",
                                           "BHYVE",  "HVM domU",   "Bochs", "Google Compute",  NULL};
    char text[FILE_SIZE];
    if (has_any(vendor, vendors) || has_any(product, products))
        return true;
    if (read_file(root, "/sys/hypervisor/type", text, sizeof text) ||
        read_file(root, "/proc/xen/capabilities", text, sizeof text))
        return true;
    // A processor that knows of a hypervisor above it.
    return read_file(root, "/proc/cpuinfo", text, sizeof text) && strstr(text, " hypervisor");
}

static int find_machine(const char *root, struct record *out)
{
    char vendor[200] = "", product[200] = "";
    (void)read_file(root, "/sys/devices/virtual/dmi/id/sys_vendor", vendor, sizeof vendor);
    (void)read_file(root, "/sys/devices/virtual/dmi/id/product_name", product, sizeof product);
    int err = put(out, "host-manufacturer", vendor);
    if (!err)
        err = put(out, "host-productname", product);
    return err ? err : record_set(out, "host-vm", is_virtual(root, vendor, product) ? "1" : "0");
}

// interfaces

struct discover_interface *discover_interface(struct discovered *d, const char *name)
{
    for (size_t i = 0; i < d->ninterfaces; i++)
        if (strcmp(d->interfaces[i].name, name) == 0)
            return &d->interfaces[i];
    if (d->ninterfaces == DISCOVER_INTERFACES)
        return NULL;
    struct discover_interface *at = realloc(d->interfaces, (d->ninterfaces + 1) * sizeof *at);
    if (!at)
        return NULL;
    d->interfaces = at;
    at += d->ninterfaces++;
    *at = (struct discover_interface){0};
    snprintf(at->name, sizeof at->name, "%s", name);
    return at;
}

static unsigned prefix_bits(const struct sockaddr *mask)
{
    struct ps_addr m;
    uint8_t octets[16];
    unsigned bits = 0;
    if (!mask ||
        ps_addr_from_sockaddr(mask, mask->sa_family == AF_INET6 ? sizeof m.in6 : sizeof m.in, &m) != 0)
        return 0;
    ps_addr_to_wire(&m, octets);
    for (size_t i = 0; i < sizeof octets; i++)
        bits += (unsigned)__builtin_popcount(octets[i]);
    return bits;
}

static int add_address(struct discovered *out, const struct ifaddrs *a)
{
    int family = a->ifa_addr ? a->ifa_addr->sa_family : AF_UNSPEC;
    struct ps_addr addr;
    if ((family != AF_INET && family != AF_INET6) || !(a->ifa_flags & IFF_UP) ||
        (a->ifa_flags & IFF_LOOPBACK))
        return 0;
    if (ps_addr_from_sockaddr(a->ifa_addr, family == AF_INET6 ? sizeof addr.in6 : sizeof addr.in, &addr) !=
            0 ||
        ps_addr_is_linklocal(&addr))
        return 0;
    struct discover_interface *i = discover_interface(out, a->ifa_name);
    if (!i)
        return out->ninterfaces == DISCOVER_INTERFACES ? 0 : -ENOMEM;
    if (i->naddrs == DISCOVER_ADDRESSES)
        return 0;
    ps_addr_set_port(&addr, 0);
    i->bits[i->naddrs] = prefix_bits(a->ifa_netmask);
    i->addrs[i->naddrs++] = addr;
    return 0;
}

int discover_addrs(struct discovered *out)
{
    struct ifaddrs *list;
    int err = 0;
    if (getifaddrs(&list) != 0)
        return -errno;
    for (const struct ifaddrs *a = list; a && !err; a = a->ifa_next)
        err = add_address(out, a);
    freeifaddrs(list);
    return err;
}

static void find_link(const char *root, struct discover_interface *i)
{
    char path[100], text[100];
    uint64_t n;
    snprintf(path, sizeof path, "/sys/class/net/%s/address", i->name);
    if (read_file(root, path, text, sizeof text) && strlen(text) == 17 &&
        strcmp(text, "00:00:00:00:00:00") != 0)
        snprintf(i->mac, sizeof i->mac, "%.17s", text);
    snprintf(path, sizeof path, "/sys/class/net/%s/mtu", i->name);
    if (read_file(root, path, text, sizeof text) && ps_num_u64(text, 10, 1, UINT32_MAX, &n) == 0)
        i->mtu = n;
    // Mbit/s; -1, or an error, where it is not known.
    snprintf(path, sizeof path, "/sys/class/net/%s/speed", i->name);
    if (read_file(root, path, text, sizeof text) && ps_num_u64(text, 10, 1, UINT32_MAX, &n) == 0)
        i->capacity = n * 1000000;
}

// Networks that no router of the internet knows (IANA's special-purpose registries, RFC 6890).
static bool is_unrouted(const struct ps_addr *a)
{
    static const char *const nets[] = {
        "0.0.0.0/8",       "10.0.0.0/8",     "100.64.0.0/10", "127.0.0.0/8",    "169.254.0.0/16",
        "172.16.0.0/12",   "192.0.0.0/24",   "192.0.2.0/24",  "192.168.0.0/16", "198.18.0.0/15",
        "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3",   "::/127",         "64:ff9b:1::/48",
        "100::/64",        "2001:2::/48",    "2001:10::/28",  "2001:db8::/32",  "3fff::/20",
        "5f00::/16",       "fc00::/7",       "fe80::/10",     "fec0::/10",      "ff00::/8",
    };
    for (size_t i = 0; i < sizeof nets / sizeof *nets; i++) {
        struct ps_net net;
        if (ps_net_parse(nets[i], &net) == 0 && ps_net_has(&net, a))
            return true;
    }
    return false;
}

// The address of IPv4 that one of IPv6 carries: of 6to4 (RFC 3056) and NAT64 (RFC 6052).
static bool carried(const struct ps_addr *a, struct ps_addr *out)
{
    static const uint8_t nat64[12] = {0, 0x64, 0xff, 0x9b};
    uint8_t in[16], wire[16] = {0};
    if (ps_addr_version(a) != 6)
        return false;
    ps_addr_to_wire(a, in);
    if (in[0] == 0x20 && in[1] == 0x02)
        memcpy(wire, in + 2, 4);
    else if (memcmp(in, nat64, sizeof nat64) == 0)
        memcpy(wire, in + 12, 4);
    else
        return false;
    return ps_addr_from_wire(4, wire, 0, out) == 0;
}

bool discover_is_private(const struct ps_addr *a)
{
    struct ps_addr v4;
    return is_unrouted(a) || (carried(a, &v4) && is_unrouted(&v4));
}

int discover(const char *root, discover_addrs_fn addrs, struct discovered *out)
{
    static int (*const finders[])(const char *, struct record *) = {
        find_release, find_kernel, find_memory, find_processors, find_tcp, find_machine};
    *out = (struct discovered){0};
    int err = addrs(out);
    for (size_t i = 0; i < sizeof finders / sizeof *finders && !err; i++)
        err = finders[i](root, &out->host);
    for (size_t i = 0; i < out->ninterfaces; i++)
        find_link(root, &out->interfaces[i]);
    return err;
}

void discover_machine(const char *root, char out[DISCOVER_MACHINE])
{
    if (!read_file(root, "/etc/machine-id", out, DISCOVER_MACHINE))
        out[0] = '\0';
    for (char *p = out; *p; p++)
        if (!isalnum((unsigned char)*p))
            *p = '-';
}
