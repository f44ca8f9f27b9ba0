// SPDX-License-Identifier: Apache-2.0
// Pass-phrase files (.pfs, fact sheet 4.4): "identity BLANK hex", '#' comments.
#pragma once
#include "base/ps_conf.h"
#include "owamp/ow_msg.h"

struct ow_pfs;
// Parses the whole text. PS_ESYNTAX, PS_EDUPLICATE..., with the fault naming file and line.
int ow_pfs_parse(struct ow_pfs **out, const char *file, const char *text, size_t len, struct ps_fault *fault);
void ow_pfs_free(struct ow_pfs *p); // wipes the secrets
// The pass-phrase of exactly this identity, owned by p; false if there is none.
bool ow_pfs_find(const struct ow_pfs *p, const char *identity, const uint8_t **pass, size_t *len);
size_t ow_pfs_count(const struct ow_pfs *p);
const char *ow_pfs_identity(const struct ow_pfs *p, size_t i);

// The text with one identity set or (pass NULL) removed, other lines and comments untouched; *out
// is malloc'ed. PS_ENOTFOUND when removing what is not there.
int ow_pfs_edit(const char *text, size_t len, const char *identity, const uint8_t *pass, size_t pass_len,
                char **out, size_t *out_len);
// 1..80 octets, printable, no blank, not beginning with '#'. PS_ESYNTAX, PS_ELIMIT.
int ow_pfs_check_identity(const char *identity);
