// SPDX-License-Identifier: Apache-2.0
// psarchive.conf as a value. Man page psarchive.conf(5).
#pragma once
#include <limits.h>
#include <stdint.h>
#include "base/ps_addr.h"
#include "base/ps_conf.h"
#include "psarchive/nets.h"

#define SETTINGS_PORT 8085
#define SETTINGS_LISTENS 32
#define SETTINGS_SPOOLS 16
#define SETTINGS_NAME 64             // of a user, with the NUL
#define SETTINGS_FILE_MAX (1u << 20) // octets of the file
#define SETTINGS_DATA "/var/lib/psarchive"

struct settings_listen {
    struct ps_addr addr;
    bool tls;
};

struct settings {
    char data[PATH_MAX];
    struct settings_listen listens[SETTINGS_LISTENS];
    size_t nlistens;
    char unix_path[PATH_MAX]; // ""; none
    unsigned unix_mode;
    char certificate[PATH_MAX], key[PATH_MAX]; // ""; none
    char control[PATH_MAX];                    // ""; none
    char spools[SETTINGS_SPOOLS][PATH_MAX];
    size_t nspools;
    struct nets writers;                            // may write without a token
    struct nets readers;                            // who may read without a token, when restricted
    bool restricted;                                // not everybody may read
    struct nets proxies;                            // X-Forwarded-For is believed
    bool proxy_unix;                                // and so it is of who comes by the Unix socket
    char retention[PATH_MAX];                       // "": everything is kept
    bool documents;                                 // result documents are kept
    uint64_t floor;                                 // octets that stay free on the disk
    char user[SETTINGS_NAME], group[SETTINGS_NAME]; // whom root becomes; "": nobody, the user's own
    unsigned connections, connections_per_net;
    unsigned rate;   // requests a second from one address; 0: no bound
    uint64_t body;   // octets of a request
    uint64_t bodies; // octets of all requests at once
};

// Everything at its default: no listener, everybody may read, nobody but token holders may write.
void settings_init(struct settings *s);
void settings_fini(struct settings *s);
// "HOST:PORT", "[V6]:PORT", "ADDR" (port 8085), ":PORT" (all addresses). PS_ESYNTAX; PS_ELIMIT.
int settings_listen(struct settings *s, const char *text, bool tls);
// Takes over what the text says. PS_EUNKNOWN, PS_ESYNTAX, PS_ERANGE, PS_ELIMIT, with the fault naming file, line and
// cause; -ENOMEM.
int settings_parse(struct settings *s, const char *file, const char *text, size_t len,
                   struct ps_fault *fault);
// What cannot be as a whole: TLS without a certificate, nothing to listen on. PS_ESTATE.
int settings_check(const struct settings *s, struct ps_fault *fault);
