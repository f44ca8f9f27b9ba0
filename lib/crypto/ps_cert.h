// SPDX-License-Identifier: Apache-2.0
// Certificates (X.509, RFC 5280) in PEM: how long one is good, and a self-made one for hosts that nobody has given
// one, as is usual among pScheduler's hosts, who do not verify each other (fact sheet scheduler 0).
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include "base/ps_conf.h"
#include "base/ps_time.h"

#define PS_CERT_NAMES 32 // names in a self-made certificate

// What is known of the first certificate of a file.
struct ps_cert {
    ps_ns from, until; // it is good between these
    bool self_made;    // its issuer is itself
};
// PS_EMALFORMED: no certificate in PEM is in there; -errno. The fault names the file.
int ps_cert_look(const char *path, struct ps_cert *out, struct ps_fault *fault);

// Makes an elliptic key (P-256) and a certificate signed by it for the names, host names or addresses of which the
// first is its subject, good from a day before now for so many days. The files appear whole, the key with mode
// 0600; a file that is there is replaced, and after an error there is no certificate, so that none is beside another's key. PS_ECRYPTO, PS_ELIMIT, -errno; the fault names what it is about.
int ps_cert_make(const char *cert_path, const char *key_path, const char *const *names, size_t n, ps_ns now,
                 unsigned days, struct ps_fault *fault);
