// SPDX-License-Identifier: Apache-2.0
// Looks up what tl_names wants: names of addresses by the DNS, and whose they are by Team Cymru's service (whose
// answers come by DNS, too). For lib/tool alone.
#pragma once
#include "loop/ps_dns.h"
#include "tool/tl_names.h"

struct tl_naming;
// Done, or the patience has ended; what has come by then stands in the names. tl_naming_free is fine from inside.
typedef void (*tl_naming_cb)(void *ctx);

// names stay the caller's, and must not change but by this until cb is called. cb is not called from inside. -ENOENT: there is
// nothing to look up; -ENOMEM.
int tl_naming_start(struct ps_dns *dns, struct tl_names *names, ps_ns patience, tl_naming_cb cb, void *ctx,
                    struct tl_naming **out);
void tl_naming_free(struct tl_naming *n); // NULL is fine; calls nothing
