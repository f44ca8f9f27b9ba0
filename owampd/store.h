// SPDX-License-Identifier: Apache-2.0
// The data directory (fact sheet 4.5): hierarchy/<class path>/<SID>.owp holds the sessions,
// catalog/<SID>.owp links to them.
#pragma once
#include "base/ps_log.h"
#include "owamp/ow_policy.h"

struct store;

// Makes the directories where they are missing, empties and rebuilds the catalogue from the
// hierarchy, and charges what is there to the classes. `datadir` may be relative.
int store_open(struct store **out, const char *datadir, struct ow_policy *policy, struct ps_log *log,
               struct ps_fault *fault);
void store_free(struct store *s);
// A new empty file for a session of this class, linked in the catalogue, with room for `reserve`
// octets set aside on the disk. -EEXIST: the SID is taken. -ENOSPC...
int store_create(struct store *s, const struct ow_class *class, const uint8_t sid[16], uint64_t reserve,
                 int *fd);
// Opens a session for reading. class_name: the class directory that holds it. -ENOENT.
int store_find(struct store *s, const uint8_t sid[16], int *fd, char class_name[OW_CLASS_NAME + 1]);
// Removes the session's file and link; 0 also when they are gone.
int store_remove(struct store *s, const uint8_t sid[16]);
// Removes sessions last written before `before` (Unix seconds) for which in_use says false, and gives
// their disk back to the policy. Returns how many.
unsigned store_expire(struct store *s, int64_t before, bool (*in_use)(void *ctx, const uint8_t sid[16]),
                      void *ctx);
