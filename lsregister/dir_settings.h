// SPDX-License-Identifier: Apache-2.0
// What the directory is told: its configuration file as a value. Man page lsregister-directory(1).
#pragma once
#include <limits.h>
#include "http/ps_front.h"
#include "lsregister/dir_lease.h"

#define DIR_PORT 8090
#define DIR_HOSTS 64
#define DIR_LOCATOR_MAX 512
#define DIR_FILE_MAX ((size_t)1 << 20) // octets of the file
#define DIR_DATA "/var/lib/lsregister/directory.db"

// One line of the list of servers.
struct dir_host_conf {
    char locator[DIR_LOCATOR_MAX];
    unsigned priority;
};

enum dir_duplicates {
    DIR_ADOPT, // the record that is there is renewed and given, when it has a client-uuid
    DIR_REFUSE // 403
};
enum dir_ownership {
    DIR_OWNER_OPEN,   // who says a client-uuid has to say the record's
    DIR_OWNER_STRICT, // who wants to change a record has to say it
};

struct dir_settings {
    char data[PATH_MAX];
    struct ps_front_conf front; // where it listens, and for whom
    struct ps_netset *writers;  // who may register; NULL: everybody
    struct dir_lease_conf lease;
    enum dir_duplicates duplicates;
    enum dir_ownership ownership;
    uint64_t records_max;
    int64_t prune_every_s;
    struct dir_host_conf hosts[DIR_HOSTS];
    size_t nhosts;
    int64_t probe_every_s;
    char snapshot[PATH_MAX]; // "": none
    int64_t snapshot_every_s;
    char upper[DIR_LOCATOR_MAX]; // "": none
    char upper_query[DIR_LOCATOR_MAX];
    int64_t upper_every_s;
    bool sandbox; // it confines itself
};

void dir_settings_init(struct dir_settings *s);
void dir_settings_fini(struct dir_settings *s);
// Takes over what the file says. The fault names file, line, place and cause.
int dir_settings_load(struct dir_settings *s, const char *path, struct ps_fault *fault);
// What cannot be as a whole. PS_ESTATE.
int dir_settings_check(const struct dir_settings *s, struct ps_fault *fault);
// What a running directory cannot change it keeps: as ps_keys_keep.
const char *dir_settings_keep_fixed(struct dir_settings *next, const struct dir_settings *now, char *out,
                                    size_t size);
