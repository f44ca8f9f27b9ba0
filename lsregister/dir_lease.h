// SPDX-License-Identifier: Apache-2.0
// How long a record is kept: the arithmetic of leases. (Fact sheet of the lookup service, 1.4.) Pure.
#pragma once
#include <stdbool.h>
#include <stdint.h>

struct dir_lease_conf {
    int64_t min_s, max_s, otherwise_s; // bounds, and what is granted when nothing is asked for
    bool clamp;                        // what is outside is brought to the bound; else it gets otherwise_s
    int64_t grace_s;                   // so long after its end a lease may still be renewed
};
// 30 s, 30 days, 2 h; clamped; 300 s.
extern const struct dir_lease_conf dir_lease_defaults;

// What a request says of "ttl" beside a number of seconds.
enum {
    DIR_TTL_NONE = -1,  // there is none
    DIR_TTL_EMPTY = -2, // an empty array: renewed without one
};

// An ISO 8601 duration to whole seconds, rounded up. PS_ESYNTAX; PS_EUNSUPPORTED: years and months; PS_ERANGE.
int dir_lease_parse(const char *text, int64_t *seconds);
#define DIR_LEASE_TEXT 32
// "PT2H", "PT90M" or "PT45S": always with a T, which the Perl client needs to see a duration in it. Returns out.
const char *dir_lease_text(int64_t seconds, char out[DIR_LEASE_TEXT]);
// What of a ttl is kept to be shown: 68 years at most.
static inline int32_t dir_lease_kept(int64_t ttl_s)
{
    return ttl_s > INT32_MAX ? INT32_MAX : (int32_t)ttl_s;
}
// Seconds that are granted to who asks for so many, or for none.
int64_t dir_lease_grant(const struct dir_lease_conf *c, int64_t asked_s);
// Times are milliseconds since 1970. A lease ends at `expires`: from then on nobody is shown the record.
static inline bool dir_lease_over(int64_t expires_ms, int64_t now_ms)
{
    return expires_ms <= now_ms;
}
// Whether it is too late to renew it. Then it may be removed.
bool dir_lease_gone(const struct dir_lease_conf *c, int64_t expires_ms, int64_t now_ms);
#define DIR_TIME_TEXT 32
// "2026-11-26T12:34:56.789Z". Returns out.
const char *dir_lease_time(int64_t ms, char out[DIR_TIME_TEXT]);
