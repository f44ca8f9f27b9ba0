// SPDX-License-Identifier: Apache-2.0
#include "raw_peer.h"
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/ps_num.h"
#include "base/ps_time.h"

// --- fields

enum kind { U8, U16, U32, U64, FLAG, SECONDS, SPAN, ADDRESS, TEXT, SID };

struct field {
    const char *name;
    enum kind kind;
    size_t at, size;
};

#define FIELD(name, kind)                                                        \
    {                                                                            \
#name, kind, offsetof(struct peer, name), sizeof((struct peer *)0)->name \
    }
#define OF_REQUEST(name, kind)                                                           \
    {                                                                                    \
#name, kind, offsetof(struct peer, req.name), sizeof((struct peer *)0)->req.name \
    }

static const struct field fields[] = {
    FIELD(modes, U32),
    FIELD(count, U32),
    FIELD(mode, U32),
    FIELD(keyid, TEXT),
    FIELD(pass, TEXT),
    FIELD(accept, U8),
    FIELD(port, U16),
    FIELD(early, U8),
    FIELD(bad_mac, FLAG),
    FIELD(start, SECONDS),
    FIELD(sessions, U32),
    FIELD(next_seqno, U32),
    FIELD(nskips, U32),
    FIELD(begin, U32),
    FIELD(end, U32),
    FIELD(finished, U32),
    FIELD(nrecords, U32),
    FIELD(version, U32),
    FIELD(skip_offset, U64),
    FIELD(data_offset, U64),
    FIELD(seq, U32),
    FIELD(step, U32),
    FIELD(repeat, U32),
    FIELD(size, U32),
    FIELD(pace, U32),
    FIELD(err, U32),
    FIELD(stamp, SECONDS),
    OF_REQUEST(ipvn, U8),
    OF_REQUEST(conf_sender, FLAG),
    OF_REQUEST(conf_receiver, FLAG),
    OF_REQUEST(nslots, U32),
    OF_REQUEST(npackets, U32),
    OF_REQUEST(sender_port, U16),
    OF_REQUEST(receiver_port, U16),
    OF_REQUEST(sender_addr, ADDRESS),
    OF_REQUEST(receiver_addr, ADDRESS),
    OF_REQUEST(padding, U32),
    OF_REQUEST(timeout, SPAN),
    OF_REQUEST(typep, U32),
    OF_REQUEST(sid, SID),
};

static int set_number(void *at, size_t size, const char *value)
{
    uint64_t n, most = size == 8 ? UINT64_MAX : (UINT64_C(1) << (8 * size)) - 1;
    int err = ps_num_u64(value, 0, 0, most, &n);
    if (err != 0)
        return err;
    if (size == 1)
        *(uint8_t *)at = (uint8_t)n;
    else if (size == 2)
        *(uint16_t *)at = (uint16_t)n;
    else if (size == 4)
        *(uint32_t *)at = (uint32_t)n;
    else
        *(uint64_t *)at = n;
    return 0;
}

static int set_seconds(void *at, enum kind kind, const char *value)
{
    double seconds;
    int err = ps_num_double(value, -1e10, 1e10, &seconds);
    if (err != 0)
        return err;
    if (kind == SECONDS)
        memcpy(at, &seconds, sizeof seconds);
    else
        *(ps_ntp *)at = ps_ntpdur_from_double(seconds);
    return 0;
}

static int set_address(uint8_t *at, const char *value)
{
    struct ps_addr a;
    int err = ps_addr_parse(value, 0, &a);
    if (err == 0)
        ps_addr_to_wire(&a, at);
    return err;
}

static int set_field(struct peer *p, const struct field *f, const char *value)
{
    uint8_t *at = (uint8_t *)p + f->at;
    switch (f->kind) {
    case U8:
    case U16:
    case U32:
    case U64:
        return set_number(at, f->size, value);
    case FLAG:
        *(bool *)at = value[0] == '1';
        return 0;
    case SECONDS:
    case SPAN:
        return set_seconds(at, f->kind, value);
    case ADDRESS:
        return set_address(at, value);
    case TEXT:
        snprintf((char *)at, f->size, "%s", value);
        return 0;
    case SID:
        return ps_num_hex(value, at, OW_SID_LEN);
    }
    return RAW_FAULT;
}

// "slot=TYPE:SECONDS" is appended; "slot=" alone forgets all.
static int set_slot(struct peer *p, const char *value)
{
    char *rest;
    if (*value == '\0') {
        p->req.nslots = p->sent_slots = 0;
        return 0;
    }
    if (p->sent_slots == RAW_SLOTS)
        return RAW_FAULT;
    struct ow_slot *s = &p->slots[p->sent_slots++];
    s->type = (uint8_t)strtoul(value, &rest, 0);
    s->value = ps_ntpdur_from_double(strtod(rest + (*rest == ':'), NULL));
    p->req.nslots = p->sent_slots;
    return 0;
}

static int set_hex(struct peer *p, const char *hex)
{
    uint8_t octets[256];
    size_t n = strlen(hex) / 2;
    if (n > sizeof octets || ps_num_hex(hex, octets, n) != 0)
        return RAW_FAULT;
    return raw_seal(p, octets, n);
}

static int assign(struct peer *p, const char *word, const char *value)
{
    size_t len = (size_t)(value - 1 - word);
    if (strncmp(word, "slot=", 5) == 0)
        return set_slot(p, value);
    if (strncmp(word, "send=", 5) == 0)
        return set_hex(p, value);
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (strlen(fields[i].name) == len && strncmp(word, fields[i].name, len) == 0)
            return set_field(p, &fields[i], value);
    return RAW_FAULT;
}

// --- verbs

static int shut(struct peer *p)
{
    return shutdown(p->fd, SHUT_WR) == 0 ? RAW_ON : RAW_CLOSED;
}

static int hold(struct peer *p)
{
    (void)p;
    puts("holding");
    fflush(stdout);
    pause(); // for a signal that ends us
    return RAW_ON;
}

static int proceed(struct peer *p)
{
    int c = getchar();
    (void)p;
    return c == EOF ? RAW_FAULT : RAW_ON;
}

static const struct verb general_verbs[] = {
    {"closed?", raw_drain}, {"shut", shut}, {"hold", hold}, {"line?", proceed}, {NULL, NULL}};

static const struct verb *find_verb(const char *word)
{
    const struct verb *const lists[] = {general_verbs, raw_client_verbs, raw_server_verbs, raw_udp_verbs};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        for (const struct verb *v = lists[i]; v->name != NULL; v++)
            if (strcmp(v->name, word) == 0)
                return v;
    return NULL;
}

static int run_word(struct peer *p, const char *word)
{
    const char *value = strchr(word, '=');
    const struct verb *v = value == NULL ? find_verb(word) : NULL;
    int rc = RAW_FAULT;
    if (value != NULL)
        rc = assign(p, word, value + 1) == 0 ? RAW_ON : RAW_FAULT;
    else if (v != NULL)
        rc = v->run(p);
    if (rc == RAW_CLOSED)
        puts("closed");
    else if (rc != RAW_ON)
        fprintf(stderr, "raw_peer: at '%s'\n", word);
    fflush(stdout);
    return rc;
}

static int run_words(struct peer *p, char **words)
{
    int rc = RAW_ON;
    for (; *words != NULL && rc == RAW_ON; words++)
        rc = run_word(p, *words);
    return rc;
}

// --- connections

static void defaults(struct peer *p)
{
    memset(p, 0, sizeof *p);
    p->udp = -1;
    p->mode = OW_MODE_OPEN;
    p->modes = OW_MODE_OPEN;
    p->count = OW_COUNT_DEFAULT;
    p->version = 3;
    p->req.ipvn = 4;
    p->req.conf_receiver = true;
    p->req.npackets = 10;
    p->req.timeout = ps_ntpdur_from_double(1);
    p->req.sender_port = p->req.receiver_port = 9;
    p->slots[0] = (struct ow_slot){OW_SLOT_FIXED, ps_ntpdur_from_double(0.01)};
    p->req.nslots = p->sent_slots = 1;
    p->sessions = 1;
    p->end = UINT32_MAX;
    p->finished = OW_FIN_NORMAL;
    p->step = p->repeat = 1;
    p->pace = 50;
    p->err = 0x8001;
    memset(&p->keys, 0x31, sizeof p->keys);
    memset(p->iv, 0x17, sizeof p->iv);
}

static int learn_addresses(struct peer *p)
{
    socklen_t here = sizeof p->local.in6, there = sizeof p->remote.in6;
    if (getsockname(p->fd, &p->local.sa, &here) != 0 || getpeername(p->fd, &p->remote.sa, &there) != 0)
        return RAW_FAULT;
    p->local.len = here;
    p->remote.len = there;
    ps_addr_to_wire(&p->local, p->req.sender_addr);
    ps_addr_to_wire(&p->remote, p->req.receiver_addr);
    return RAW_ON;
}

// From the address in RAW_SOURCE, if it is set.
static int begin_client(struct peer *p, const char *port)
{
    const char *source = getenv("RAW_SOURCE");
    struct ps_addr to, from;
    uint64_t n;
    defaults(p);
    if (ps_num_u64(port, 10, 1, 65535, &n) != 0 || ps_addr_parse("127.0.0.1", (uint16_t)n, &to) != 0)
        return RAW_FAULT;
    p->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (source != NULL && (ps_addr_parse(source, 0, &from) != 0 || bind(p->fd, &from.sa, from.len) != 0))
        return RAW_FAULT;
    if (p->fd < 0 || connect(p->fd, &to.sa, to.len) != 0) {
        perror("raw_peer: connect");
        return RAW_FAULT;
    }
    return learn_addresses(p);
}

// Tells the port in a file and serves one connection.
static int begin_server(struct peer *p, const char *path)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    char temp[4096];
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    defaults(p);
    if (fd < 0 || bind(fd, (struct sockaddr *)&at, len) != 0 || listen(fd, 8) != 0 ||
        getsockname(fd, (struct sockaddr *)&at, &len) != 0)
        return RAW_FAULT;
    snprintf(temp, sizeof temp, "%s.new", path);
    FILE *f = fopen(temp, "we");
    if (f == NULL || fprintf(f, "%u\n", ntohs(at.sin_port)) < 0 || fclose(f) != 0 || rename(temp, path) != 0)
        return RAW_FAULT;
    p->fd = accept(fd, NULL, NULL);
    close(fd);
    return p->fd < 0 ? RAW_FAULT : learn_addresses(p);
}

// The same words on many connections, all of which stay open.
static int crowd(const char *port, const char *count, char **words)
{
    struct peer p = {0};
    uint64_t n;
    int rc = ps_num_u64(count, 10, 1, 10000, &n) == 0 ? RAW_ON : RAW_FAULT;
    for (uint64_t i = 0; rc != RAW_FAULT && i < n; i++) {
        rc = begin_client(&p, port);
        if (rc == RAW_ON)
            rc = run_words(&p, words);
        ow_chan_free(p.chan);
    }
    return rc == RAW_FAULT ? rc : hold(&p);
}

// The same without end: of the last so many the oldest is closed for each new one.
static int storm(const char *port, const char *count, char **words)
{
    static int fds[10000];
    struct peer p = {0};
    uint64_t n = 0, i = 0;
    if (ps_num_u64(count, 10, 1, 10000, &n) != 0 || n == 0)
        return RAW_FAULT;
    for (;; i++) {
        if (i >= n && fds[i % n] >= 0)
            close(fds[i % n]);
        if (begin_client(&p, port) == RAW_ON)
            (void)run_words(&p, words);
        fds[i % n] = p.fd;
        ow_chan_free(p.chan);
        if (i == n)
            puts("raging");
        fflush(stdout);
    }
}

static int usage(void)
{
    fputs("Usage: raw_peer connect PORT WORD...\n"
          "       raw_peer serve FILE-FOR-THE-PORT WORD...\n"
          "       raw_peer crowd PORT COUNT WORD...\n"
          "       raw_peer storm PORT COUNT WORD...\n"
          "       raw_peer file PATH WORD...\n",
          stderr);
    return 2;
}

int main(int argc, char **argv)
{
    struct peer p;
    int rc = RAW_ON;
    if (argc < 3)
        return usage();
    signal(SIGPIPE, SIG_IGN);
    defaults(&p);
    if (strcmp(argv[1], "crowd") == 0 && argc > 3)
        rc = crowd(argv[2], argv[3], argv + 4);
    else if (strcmp(argv[1], "storm") == 0 && argc > 3)
        rc = storm(argv[2], argv[3], argv + 4);
    else if (strcmp(argv[1], "connect") == 0)
        rc = begin_client(&p, argv[2]);
    else if (strcmp(argv[1], "serve") == 0)
        rc = begin_server(&p, argv[2]);
    else if (strcmp(argv[1], "file") != 0)
        return usage();
    if (rc == RAW_ON)
        rc = run_words(&p, argv + 3);
    if (rc == RAW_ON && strcmp(argv[1], "file") == 0)
        rc = raw_file(&p, argv[2]);
    ow_chan_free(p.chan);
    return rc == RAW_FAULT ? 1 : 0;
}
