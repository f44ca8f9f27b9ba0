// SPDX-License-Identifier: Apache-2.0
// The kernel's list of addresses and its news are this program's own.
#include "loop_fix.h"
#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include "loop/ps_localnet.h"

#define IFS_MAX 8

struct iface {
    const char *name, *addr;
    unsigned bits;
    unsigned flags;
    unsigned scope;
};

static struct {
    struct iface ifs[IFS_MAX];
    size_t n;
    int err;
    int reads;
    int news[2]; // the kernel's end is 1
    bool silent; // it tells nothing
    ps_ns later; // what clocks are ahead by
} kernel;

struct entry {
    struct ifaddrs ifa;
    struct ps_addr addr, mask;
    char name[16];
};

static void set_mask(struct ps_addr *mask, const struct ps_addr *addr, unsigned bits)
{
    uint8_t octets[16] = {0};

    for (unsigned i = 0; i < bits && i < 128; i++)
        octets[i / 8] |= (uint8_t)(0x80 >> i % 8);
    assert_int_equal(ps_addr_from_wire(ps_addr_version(addr), octets, 0, mask), 0);
}

int getifaddrs(struct ifaddrs **out)
{
    struct entry *all = calloc(kernel.n + 1, sizeof *all);

    kernel.reads++;
    assert_non_null(all);
    for (size_t i = 0; i < kernel.n; i++) {
        struct entry *e = &all[i];
        strcpy(e->name, kernel.ifs[i].name);
        e->ifa.ifa_name = e->name;
        e->ifa.ifa_flags = kernel.ifs[i].flags;
        e->ifa.ifa_next = i + 1 < kernel.n ? &all[i + 1].ifa : NULL;
        if (!kernel.ifs[i].addr)
            continue; // of a link
        assert_int_equal(ps_addr_parse(kernel.ifs[i].addr, 99, &e->addr), 0);
        ps_addr_set_scope(&e->addr, kernel.ifs[i].scope);
        set_mask(&e->mask, &e->addr, kernel.ifs[i].bits);
        e->ifa.ifa_addr = &e->addr.sa;
        e->ifa.ifa_netmask = kernel.ifs[i].bits == 999 ? NULL : &e->mask.sa;
    }
    *out = kernel.n > 0 ? &all[0].ifa : NULL;
    if (kernel.n == 0 || kernel.err)
        free(all);
    errno = kernel.err;
    return kernel.err ? -1 : 0;
}

void freeifaddrs(struct ifaddrs *list)
{
    free(list); // its first member is the allocation's
}

int socket(int family, int type, int protocol)
{
    if (family != AF_NETLINK)
        return (int)syscall(SYS_socket, family, type, protocol);
    assert_int_equal(protocol, NETLINK_ROUTE);
    errno = EPERM;
    if (kernel.silent || socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, kernel.news))
        return -1;
    return kernel.news[0];
}

int bind(int fd, const struct sockaddr *addr, socklen_t len)
{
    if (addr->sa_family == AF_NETLINK) {
        assert_int_not_equal(((const struct sockaddr_nl *)(const void *)addr)->nl_groups, 0);
        return 0;
    }
    return (int)syscall(SYS_bind, fd, addr, len);
}

int clock_gettime(clockid_t id, struct timespec *ts)
{
    int rc = (int)syscall(SYS_clock_gettime, id, ts);

    ts->tv_sec += kernel.later / PS_SEC;
    return rc;
}

static const struct iface usual[] = {
    {"lo", NULL, 0, IFF_LOOPBACK, 0},     {"lo", "127.0.0.1", 8, IFF_LOOPBACK, 0},
    {"lo", "::1", 128, IFF_LOOPBACK, 0},  {"eth0", "192.0.2.17", 28, 0, 0},
    {"eth0", "2001:db8:7::17", 64, 0, 0}, {"eth0", "fe80::17", 64, 0, 3}};

static void have(const struct iface *ifs, size_t n)
{
    memcpy(kernel.ifs, ifs, n * sizeof *ifs);
    kernel.n = n;
}

static struct ps_localnet *net;

static void begin(struct fix *f)
{
    kernel.reads = 0;
    kernel.later = 0;
    kernel.err = 0;
    have(usual, 6);
    assert_int_equal(ps_localnet_new(f->loop, &net), 0);
}

static void end(struct fix *f)
{
    ps_localnet_free(net);
    if (!kernel.silent)
        close(kernel.news[1]);
    ps_loop_poll(f->loop);
    kernel.silent = false;
}

static bool is(bool (*what)(struct ps_localnet *, const struct ps_addr *), const char *addr, unsigned scope)
{
    struct ps_addr a;

    assert_int_equal(ps_addr_parse(addr, 861, &a), 0);
    ps_addr_set_scope(&a, scope);
    return what(net, &a);
}

static bool own(const char *addr)
{
    return is(ps_localnet_is_own, addr, 0);
}

static bool near(const char *addr)
{
    return is(ps_localnet_is_near, addr, 0);
}

static void its_own_addresses_are_known(void **state)
{
    struct ps_addr none = {.len = 0};

    begin(*state);
    assert_true(own("192.0.2.17"));
    assert_true(own("::ffff:192.0.2.17"));
    assert_true(own("2001:db8:7::17"));
    assert_true(own("::1"));
    assert_true(own("127.0.0.1"));
    assert_true(own("127.9.9.9"));
    assert_false(own("192.0.2.18"));
    assert_false(own("2001:db8:7::18"));
    assert_false(own("::2"));
    assert_false(ps_localnet_is_own(net, &none));
    assert_false(ps_localnet_is_near(net, &none));
    end(*state);
}

static void what_is_on_its_subnets_is_known(void **state)
{
    begin(*state);
    assert_true(near("192.0.2.16"));
    assert_true(near("192.0.2.31"));
    assert_true(near("192.0.2.17"));
    assert_false(near("192.0.2.15"));
    assert_false(near("192.0.2.32"));
    assert_true(near("2001:db8:7::ffff"));
    assert_false(near("2001:db8:7:1::17"));
    assert_true(near("127.1.2.3"));
    assert_false(near("::2"));
    end(*state);
}

static void a_link_local_address_is_near_on_its_own_link(void **state)
{
    begin(*state);
    assert_true(near("fe80::99"));
    assert_true(is(ps_localnet_is_near, "fe80::99", 3));
    assert_false(is(ps_localnet_is_near, "fe80::99", 4));
    assert_true(own("fe80::17"));
    assert_true(is(ps_localnet_is_own, "fe80::17", 3));
    assert_false(is(ps_localnet_is_own, "fe80::17", 4));
    end(*state);
}

static void the_list_can_be_had(void **state)
{
    const struct ps_localnet_addr *all;
    char host[PS_ADDR_STRLEN];
    size_t n;

    begin(*state);
    all = ps_localnet_all(net, &n);
    assert_int_equal(n, 5);
    assert_string_equal(all[2].ifname, "eth0");
    assert_string_equal(ps_addr_host(&all[2].addr, host), "192.0.2.17");
    assert_int_equal(ps_addr_port(&all[2].addr), 0);
    assert_int_equal(all[2].bits, 28);
    assert_false(all[2].loopback);
    assert_true(all[0].loopback);
    end(*state);
}

static void without_a_mask_an_address_is_alone(void **state)
{
    static const struct iface tunnel[] = {{"tun0", "198.51.100.1", 999, 0, 0}};

    begin(*state);
    have(tunnel, 1);
    kernel.later = 31 * PS_SEC;
    assert_true(near("198.51.100.1"));
    assert_false(near("198.51.100.0"));
    end(*state);
}

static void the_kernels_news_count_at_the_next_question(void **state)
{
    static const struct iface moved[] = {{"eth0", "198.51.100.1", 24, 0, 0}};
    struct fix *f = *state;

    begin(f);
    have(moved, 1);
    assert_true(own("192.0.2.17")); // nobody has said so
    assert_int_equal(kernel.reads, 1);
    for (int i = 0; i < 3; i++)
        assert_int_equal(write(kernel.news[1], "x", 1), 1);
    ps_loop_poll(f->loop);
    assert_int_equal(kernel.reads, 1);
    assert_false(own("192.0.2.17"));
    assert_true(near("198.51.100.9"));
    assert_int_equal(kernel.reads, 2);
    end(f);
}

static void the_list_is_never_old(void **state)
{
    begin(*state);
    kernel.later = PS_LOCALNET_AGE - PS_SEC;
    assert_true(own("192.0.2.17"));
    assert_int_equal(kernel.reads, 1);
    kernel.later = PS_LOCALNET_AGE + 2 * PS_SEC;
    assert_true(own("192.0.2.17"));
    assert_int_equal(kernel.reads, 2);
    end(*state);
}

static void where_the_kernel_tells_nothing_it_is_younger(void **state)
{
    kernel.silent = true;
    begin(*state);
    kernel.later = PS_LOCALNET_BLIND_AGE + 2 * PS_SEC;
    assert_true(own("192.0.2.17"));
    assert_int_equal(kernel.reads, 2);
    end(*state);
}

static void a_list_that_cannot_be_read_leaves_the_one_before(void **state)
{
    struct ps_localnet *other;
    struct fix *f = *state;

    begin(f);
    kernel.err = EMFILE;
    kernel.later = PS_LOCALNET_AGE + 2 * PS_SEC;
    assert_true(own("192.0.2.17"));
    assert_int_equal(ps_localnet_error(net), -EMFILE);
    kernel.err = 0;
    kernel.later *= 2;
    assert_true(own("192.0.2.17"));
    assert_int_equal(ps_localnet_error(net), 0);
    end(f);
    kernel.err = EMFILE;
    assert_int_equal(ps_localnet_new(f->loop, &other), -EMFILE);
    close(kernel.news[1]);
    ps_loop_poll(f->loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(its_own_addresses_are_known),
        TEST(what_is_on_its_subnets_is_known),
        TEST(a_link_local_address_is_near_on_its_own_link),
        TEST(the_list_can_be_had),
        TEST(without_a_mask_an_address_is_alone),
        TEST(the_kernels_news_count_at_the_next_question),
        TEST(the_list_is_never_old),
        TEST(where_the_kernel_tells_nothing_it_is_younger),
        TEST(a_list_that_cannot_be_read_leaves_the_one_before),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
