// SPDX-License-Identifier: Apache-2.0
// psarchive.conf as a value. Man page psarchive.conf(5).
#pragma once
#include <limits.h>
#include <stdint.h>
#include "http/ps_front.h"

#define SETTINGS_PORT 8085
#define SETTINGS_SPOOLS 16
#define SETTINGS_FILE_MAX (1u << 20) // octets of the file
#define SETTINGS_DATA "/var/lib/psarchive"

struct settings {
    char data[PATH_MAX];
    struct ps_front_conf front; // where it listens, and for whom
    char spools[SETTINGS_SPOOLS][PATH_MAX];
    size_t nspools;
    struct ps_netset *writers; // may write without a token; NULL: nobody
    struct ps_netset *readers; // who may read without a token, when restricted
    bool restricted;           // not everybody may read
    char retention[PATH_MAX];  // "": everything is kept
    bool sandbox;              // it confines itself
    bool documents;            // result documents are kept
    uint64_t floor;            // octets that stay free on the disk
    uint64_t body;             // octets of a request
    uint64_t bodies;           // octets of all requests at once
};

// Everything at its default: no listener, everybody may read, nobody but token holders may write.
void settings_init(struct settings *s);
void settings_fini(struct settings *s);
// Takes over what the text says. PS_EUNKNOWN, PS_ESYNTAX, PS_ERANGE, PS_ELIMIT, with the fault naming file, line and
// cause; -ENOMEM.
int settings_parse(struct settings *s, const char *file, const char *text, size_t len,
                   struct ps_fault *fault);
// The same of a file, of SETTINGS_FILE_MAX octets at most; what it cannot be read for is told as well.
int settings_load(struct settings *s, const char *path, struct ps_fault *fault);
// What cannot be as a whole: TLS without a certificate, nothing to listen on. PS_ESTATE.
int settings_check(const struct settings *s, struct ps_fault *fault);
// What a running server cannot change it keeps: next gets it from now. out: the keys of what would have changed, separated by blanks; "": none. Returns out.
const char *settings_keep_fixed(struct settings *next, const struct settings *now, char *out, size_t size);
