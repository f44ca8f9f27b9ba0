// SPDX-License-Identifier: Apache-2.0
#include "owampd/session.h"
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "base/ps_num.h"
#include "base/ps_rand.h"
#include "base/ps_wire.h"

#define UDP_MAX 65507u // the largest UDP payload over IPv4

static ps_ntp now_ntp(const struct daemon *d)
{
    return ps_ntp_from_ns(ps_clock_now(d->clock));
}

static void tell(const struct session *s, enum ps_log_level level, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

// A log line that names the peer and the session, once it is one.
static void tell(const struct session *s, enum ps_log_level level, const char *fmt, ...)
{
    char hex[2 * OW_SID_LEN + 1] = "", text[400];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    if (s->accepted)
        ps_num_to_hex(s->party.req.sid, OW_SID_LEN, hex);
    ps_log(s->d->log, level, "session", "%s%s%s: %s", s->peer, hex[0] != '\0' ? " " : "", hex, text);
}

static uint8_t refuse(const struct session *s, uint8_t accept, const char *why)
{
    tell(s, PS_LOG_INFO, "refused (%s): %s", ow_accept_text(accept), why);
    return accept;
}

// RFC 4656 section 3.5: address, time, random.
static int make_sid(const struct session *s, const struct ps_addr *receiver, uint8_t sid[16])
{
    struct ps_wr w;
    uint8_t addr[16];
    ps_addr_to_wire(receiver, addr);
    ps_wr_init(&w, sid, OW_SID_LEN);
    ps_wr_bytes(&w, ps_addr_version(receiver) == 4 ? addr : addr + 12, 4);
    ps_wr_u64(&w, now_ntp(s->d));
    return ps_rand_bytes(sid + 12, 4);
}

// The parts of a request that need no look at the host.
static const char *bad_request(const struct ow_request *req, uint32_t mode, uint8_t *dscp)
{
    if (req->ipvn != 4 && req->ipvn != 6)
        return "IP version is neither 4 nor 6";
    if (req->conf_sender == req->conf_receiver)
        return req->conf_sender ? "both ends are to be configured" : "neither end is to be configured";
    if (ow_typep_dscp(req->typep, dscp) != 0)
        return "Type-P is not a DSCP";
    if (ow_test_header_len(mode) + (uint64_t)req->padding > UDP_MAX)
        return "packets would be larger than UDP can carry";
    return NULL;
}

static const char *scope_address(const struct session_peer *from, struct ps_addr *a)
{
    if (!ps_addr_is_linklocal(a))
        return NULL;
    if (!ps_addr_is_linklocal(from->peer))
        return "a link-local address needs a link-local control connection";
    ps_addr_set_scope(a, ps_addr_scope(from->peer));
    return NULL;
}

// Our address and the peer's, with the peer's port.
static const char *addresses(const struct session_peer *from, const struct ow_request *req,
                             struct ps_addr *local, struct ps_addr *peer)
{
    const uint8_t *ours = req->conf_sender ? req->sender_addr : req->receiver_addr;
    const uint8_t *theirs = req->conf_sender ? req->receiver_addr : req->sender_addr;
    uint16_t port = req->conf_sender ? req->receiver_port : req->sender_port;
    if (ps_addr_from_wire(req->ipvn, ours, 0, local) != 0 ||
        ps_addr_from_wire(req->ipvn, theirs, port, peer) != 0)
        return "bad address";
    if (ps_addr_is_any(local) || ps_addr_is_any(peer))
        return "an address is all zeros";
    if (port == 0)
        return "the peer's UDP port is zero";
    const char *why = scope_address(from, local);
    return why != NULL ? why : scope_address(from, peer);
}

static uint8_t open_error(const struct session *s, int err, const struct ps_addr *local)
{
    char host[PS_ADDR_STRLEN], why[200];
    ps_addr_host(local, host);
    if (err == -EADDRNOTAVAIL)
        snprintf(why, sizeof why, "%s is not an address of this host (behind NAT?)", host);
    else if (err == -EADDRINUSE)
        snprintf(why, sizeof why, "no UDP port is left on %s; widen testports", host);
    else
        snprintf(why, sizeof why, "cannot open a test port on %s: %s", host, ps_strerror(err));
    return refuse(s, err == -EADDRNOTAVAIL ? OW_ACCEPT_UNSUPPORTED : OW_ACCEPT_TEMPORARY, why);
}

// What it may come to hold: slots as asked for and as kept, what is outstanding, a packet.
static uint64_t memory_need(const struct ow_request *req, const struct ow_slot *slots)
{
    uint64_t need = MEMORY_SESSION + req->nslots * 2 * (uint64_t)sizeof *slots;
    if (req->conf_sender)
        return need + req->padding;
    uint64_t window = ow_recv_window(slots, req->nslots, req->npackets, req->timeout);
    return need + 2 * (sizeof(ps_ntp) + 1) * (window < EP_WINDOW_MAX ? window : EP_WINDOW_MAX);
}

static uint8_t take_memory(struct session *s, const struct ow_slot *slots)
{
    struct ps_fault why;
    uint64_t need = memory_need(&s->party.req, slots);
    if (memory_take(&s->d->memory, need)) {
        s->memory = need;
        return OW_ACCEPT_OK;
    }
    ps_fault_set(&why, NULL, 0, "maxmemory=%u: %llu MiB are in use, and %llu KiB may be needed",
                 s->d->conf->maxmemory_mib, (unsigned long long)(memory_used(&s->d->memory) >> 20),
                 (unsigned long long)(need >> 10));
    return refuse(s, OW_ACCEPT_TEMPORARY, why.text);
}

static uint8_t enter_class(struct session *s)
{
    struct ps_fault why;
    int err = ow_policy_enter(s->d->policy, &s->charge, s->d->conf->maxsessions, &why);
    if (err == 0)
        return OW_ACCEPT_OK;
    if (err != PS_ELIMIT)
        return refuse(s, OW_ACCEPT_TEMPORARY, why.text);
    char text[sizeof why.text + 32];
    snprintf(text, sizeof text, "maxsessions: %s", why.text);
    return refuse(s, OW_ACCEPT_TEMPORARY, text);
}

static uint8_t charge(struct session *s, const struct session_peer *from, const struct ow_slot *slots)
{
    struct ps_fault why;
    const struct ow_class *class = from->class;
    if (class->test_sessions != 0 && from->opened >= class->test_sessions) {
        ps_fault_set(&why, NULL, 0, "class %s: test_sessions=%llu on one connection is used up", class->name,
                     (unsigned long long)class->test_sessions);
        return refuse(s, OW_ACCEPT_REJECT, why.text);
    }
    uint64_t bandwidth = ow_policy_bandwidth(from->mode, &s->party.req, slots);
    uint64_t disk = s->party.req.conf_receiver ? ow_policy_disk(&s->party.req) : 0;
    if (ow_policy_charge(s->d->policy, class, bandwidth, disk, &s->charge, &why) != 0)
        return refuse(s, OW_ACCEPT_REJECT, why.text);
    uint8_t accept = enter_class(s);
    return accept == OW_ACCEPT_OK ? take_memory(s, slots) : accept;
}

static void on_complete(void *ctx)
{
    struct session *s = ctx;
    ep_trial_progress(s->trial);
}

static void on_sent(void *ctx)
{
    struct session *s = ctx;
    uint64_t n;
    int err = ep_sender_send_error(s->party.sender, &n);
    if (err != 0)
        tell(s, PS_LOG_WARN, "%llu packets could not be sent: %s", (unsigned long long)n, ps_strerror(err));
    ep_trial_progress(s->trial);
}

static void on_failed(void *ctx, int err)
{
    struct session *s = ctx;
    s->party.failed = true;
    tell(s, PS_LOG_WARN, "recording ended: %s", ps_strerror(err));
    ep_trial_progress(s->trial);
}

static uint8_t open_sender(struct session *s, const struct session_peer *from, const struct ow_slot *slots,
                           const struct ps_addr *local, const struct ps_addr *peer, uint8_t dscp)
{
    struct ep_sender_conf sc = {
        .pump = s->d->pump, .local = *local, .peer = *peer, .dscp = dscp, .ctx = s, .done = on_sent};
    int err = ep_sender_open(&s->party.sender, &sc);
    if (err != 0)
        return open_error(s, err, local);
    s->party.req.sender_port = ep_sender_port(s->party.sender);
    err = ep_sender_ready(s->party.sender, &s->party.req, slots, from->mode, from->keys, 0);
    return err == 0 ? OW_ACCEPT_OK : refuse(s, OW_ACCEPT_FAILURE, ps_strerror(err));
}

// What another time may be had.
static bool is_shortage(int err)
{
    return err == -ENOSPC || err == -EDQUOT || err == -EMFILE || err == -ENFILE || err == -ENOMEM;
}

static uint8_t make_file(struct session *s, const struct session_peer *from, int *fd)
{
    char why[200];
    int err = store_create(s->d->store, from->class, s->party.req.sid, ow_policy_disk(&s->party.req), fd);
    if (err == 0)
        return OW_ACCEPT_OK;
    snprintf(why, sizeof why, "cannot make the session's file: %s", ps_strerror(err));
    return refuse(s, is_shortage(err) ? OW_ACCEPT_TEMPORARY : OW_ACCEPT_FAILURE, why);
}

static uint8_t open_receiver(struct session *s, const struct session_peer *from, const struct ow_slot *slots,
                             const struct ps_addr *local, const struct ps_addr *peer)
{
    int fd = -1;
    struct ep_receiver_conf rc = {.loop = s->d->loop,
                                  .pump = s->d->pump,
                                  .clock = s->d->clock,
                                  .local = *local,
                                  .peer = *peer,
                                  .ctx = s,
                                  .complete = on_complete,
                                  .failed = on_failed};
    if (ow_recv_window(slots, s->party.req.nslots, s->party.req.npackets, s->party.req.timeout) >
        EP_WINDOW_MAX)
        return refuse(s, OW_ACCEPT_PERMANENT, "rate times timeout is more than can be kept track of");
    int err = ep_receiver_open(&s->party.receiver, &rc);
    if (err != 0)
        return open_error(s, err, local);
    s->party.req.receiver_port = ep_receiver_port(s->party.receiver);
    if (make_sid(s, local, s->party.req.sid) != 0)
        return refuse(s, OW_ACCEPT_FAILURE, "no random numbers");
    uint8_t accept = make_file(s, from, &fd);
    if (accept != OW_ACCEPT_OK)
        return accept;
    s->kept = true;
    err = ep_receiver_ready(s->party.receiver, &s->party.req, slots, from->mode, from->keys, 0, fd);
    if (err == 0)
        err = ps_map_put(&s->d->receiving, s->party.req.sid, s);
    if (err == 0)
        return OW_ACCEPT_OK;
    (void)store_remove(s->d->store, s->party.req.sid); // what is left of it is told below
    s->kept = false;
    return refuse(s, err == -ENOSPC ? OW_ACCEPT_TEMPORARY : OW_ACCEPT_FAILURE, ps_strerror(err));
}

static uint8_t refuse_number(struct session *s, unsigned most)
{
    char why[80];
    snprintf(why, sizeof why, "%" PRIu32 " packets, maxpackets is %u", s->party.req.npackets, most);
    return refuse(s, OW_ACCEPT_PERMANENT, why);
}

static uint8_t judge(struct session *s, const struct session_peer *from, const struct ow_slot *slots)
{
    struct ps_addr local, peer;
    uint8_t dscp = 0;
    const char *why = bad_request(&s->party.req, from->mode, &dscp);
    if (why == NULL)
        why = addresses(from, &s->party.req, &local, &peer);
    if (why != NULL)
        return refuse(s, OW_ACCEPT_UNSUPPORTED, why);
    if (s->party.req.nslots == 0)
        return refuse(s, OW_ACCEPT_FAILURE, "a schedule without slots cannot be kept");
    // In open mode anyone could aim our packets at a third party.
    if (from->mode == OW_MODE_OPEN && s->party.req.conf_sender && !ps_addr_same_host(&peer, from->peer))
        return refuse(s, OW_ACCEPT_REJECT, "in open mode packets are sent to the asking host alone");
    unsigned most = s->d->conf->maxpackets;
    if (most != 0 && s->party.req.npackets > most)
        return refuse_number(s, most);
    uint8_t accept = charge(s, from, slots);
    if (accept != OW_ACCEPT_OK)
        return accept;
    return s->party.req.conf_sender ? open_sender(s, from, slots, &local, &peer, dscp)
                                    : open_receiver(s, from, slots, &local, &peer);
}

static struct session *session_new(struct daemon *d, const struct session_peer *from,
                                   const struct ow_request *req, struct ep_trial *trial)
{
    struct session *s = calloc(1, sizeof *s);
    if (s == NULL)
        return NULL;
    ps_list_init(&s->party.node);
    s->d = d;
    s->party.req = *req;
    s->trial = trial;
    s->peer = from->label;
    d->nsessions++;
    ps_clocksource_use(d->clocksource);
    return s;
}

uint8_t session_open(struct daemon *d, const struct session_peer *from, const struct ow_request *req,
                     const struct ow_slot *slots, struct ep_trial *trial, uint16_t *port, uint8_t sid[16])
{
    struct session *s = session_new(d, from, req, trial);
    if (s == NULL)
        return OW_ACCEPT_TEMPORARY;
    uint8_t accept = judge(s, from, slots);
    if (accept != OW_ACCEPT_OK) {
        session_free(s);
        return accept;
    }
    s->accepted = true;
    tell(s, PS_LOG_DEBUG, "accepted: %s %u packets", s->party.sender != NULL ? "sending" : "receiving",
         (unsigned)s->party.req.npackets);
    *port = s->party.sender != NULL ? s->party.req.sender_port : s->party.req.receiver_port;
    memcpy(sid, s->party.req.sid, OW_SID_LEN);
    ep_trial_add(trial, &s->party);
    return OW_ACCEPT_OK;
}

struct session *session_of(struct ps_list *node)
{
    return PS_CONTAINER(node, struct session, party.node);
}

int session_start(struct session *s)
{
    s->started = true;
    s->steps_before = ps_clock_steps(s->d->clock);
    return s->party.sender != NULL ? ep_sender_start(s->party.sender) : ep_receiver_start(s->party.receiver);
}

static void tell_ignored(const struct session *s)
{
    uint64_t ignored = ep_receiver_ignored(s->party.receiver),
             dropped = ep_receiver_host_dropped(s->party.receiver);
    if (ignored != 0)
        tell(s, PS_LOG_INFO, "%llu datagrams ignored: too late, or not packets of this session",
             (unsigned long long)ignored);
    if (dropped != 0)
        tell(s, PS_LOG_WARN, "this host dropped %llu datagrams at the socket: not the network's loss",
             (unsigned long long)dropped);
}

static void tell_steps(const struct session *s)
{
    ps_clockwatch_look(s->d->clockwatch);
    uint32_t steps = ps_clock_steps(s->d->clock) - s->steps_before;
    if (s->started && steps != 0)
        tell(s, PS_LOG_WARN, "the clock was set during the session (%ux): its delays are not all right",
             (unsigned)steps);
}

static void settle(struct session *s)
{
    int err = ow_policy_settle_disk(s->d->policy, &s->charge, ep_receiver_file_size(s->party.receiver));
    if (err != PS_ELIMIT)
        return;
    tell(s, PS_LOG_WARN, "deleted: class %s is over its disk limit", s->charge.class_name);
    (void)store_remove(s->d->store, s->party.req.sid); // the charge goes in any case
    s->kept = false;
}

void session_end(struct session *s)
{
    if (s->ended)
        return;
    s->ended = true;
    tell_steps(s);
    if (s->party.receiver == NULL)
        return;
    (void)ps_map_take(&s->d->receiving, s->party.req.sid);
    int err = ep_trial_finish_file(s->trial, &s->party);
    if (err != 0 && !s->party.failed)
        tell(s, PS_LOG_WARN, "cannot complete the session's file: %s", ps_strerror(err));
    tell_ignored(s);
    settle(s);
}

// A receiving session that never started leaves nothing behind.
static void end_unfinished(struct session *s)
{
    if (s->party.receiver == NULL || s->ended || !s->kept)
        return;
    if (s->started) {
        session_end(s);
        return;
    }
    (void)ps_map_take(&s->d->receiving, s->party.req.sid);
    (void)store_remove(s->d->store, s->party.req.sid); // an empty file at worst: it will expire
    s->kept = false;
}

void session_free(struct session *s)
{
    if (s == NULL)
        return;
    end_unfinished(s);
    s->d->nsessions--;
    ps_clocksource_release(s->d->clocksource);
    ow_policy_leave(s->d->policy, &s->charge);
    memory_give(&s->d->memory, s->memory);
    ow_policy_release_bandwidth(s->d->policy, &s->charge);
    if (!s->kept)
        ow_policy_release_disk(s->d->policy, &s->charge);
    ps_list_remove(&s->party.node);
    ep_sender_close(s->party.sender);
    ep_receiver_close(s->party.receiver);
    free(s);
}
