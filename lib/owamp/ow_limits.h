// SPDX-License-Identifier: Apache-2.0
// The owamp-server.limits file (fact sheet 4.3): a tree of classes, and who belongs to which.
#pragma once
#include "base/ps_addr.h"
#include "base/ps_conf.h"
#include "owamp/ow_pfs.h"

#define OW_CLASS_NAME 80

struct ow_class {
    char name[OW_CLASS_NAME + 1];
    const struct ow_class *parent; // NULL: the root
    uint64_t bandwidth;            // bit/s; 0: unlimited
    uint64_t disk;                 // octets; 0: unlimited
    uint64_t test_sessions;        // on one control connection; 0: unlimited
    bool delete_on_fetch;
    bool allow_open_mode;
    int line;     // where it was defined
    size_t index; // 0.. in order of definition
};

struct ow_limits;
// `users` checks that `assign user` names someone; NULL: there is no pfs file. Faults name file,
// line, cause (unknown key with the nearest known one; parent missing; duplicate; bad mask...).
int ow_limits_parse(struct ow_limits **out, const char *file, const char *text, size_t len,
                    const struct ow_pfs *users, struct ps_fault *fault);
// Reads on after a fault and tells them all, in their order: for a check. fault is good during the call. users NULL:
// who may be assigned is not known, and not checked. How many classes there are is put into *classes. 0 or -ENOMEM.
// warning: it is no fault, but hardly meant.
typedef void (*ow_limits_fault_cb)(void *ctx, int line, const struct ps_fault *fault, bool warning);
int ow_limits_check(const char *file, const char *text, size_t len, const struct ow_pfs *users,
                    ow_limits_fault_cb told, void *ctx, size_t *classes);
// What holds without a file: one unlimited class "default".
int ow_limits_default(struct ow_limits **out);
void ow_limits_free(struct ow_limits *l);
size_t ow_limits_count(const struct ow_limits *l);
const struct ow_class *ow_limits_class(const struct ow_limits *l, size_t i);
const struct ow_class *ow_limits_by_name(const struct ow_limits *l, const char *name);
// By address: longest prefix, else `assign default`, else the root.
const struct ow_class *ow_limits_by_addr(const struct ow_limits *l, const struct ps_addr *peer);
// For an authenticated user: the class of the same name, else `assign user`, else by address.
const struct ow_class *ow_limits_by_user(const struct ow_limits *l, const char *user,
                                         const struct ps_addr *peer);
// "root/regular": path of class names from the root, for directories. Returns the length.
size_t ow_class_path(const struct ow_class *c, char *out, size_t size);
