// SPDX-License-Identifier: Apache-2.0
// Tokens that allow writing. The database knows the hash of each, not the token.
#pragma once
#include "psarchive/store.h"

#define TOKEN_LEN 40      // hexadecimal digits
#define TOKEN_NAME_MAX 64 // printable octets, no blanks

// The name of this token's owner: 0, PS_EAUTH for one that is not (or no longer) valid, or another error.
// Looks into the database each time, so a token is good and gone at once (some 10 us).
int token_check(struct reader *r, const char *token, char name[TOKEN_NAME_MAX + 1]);

// The following write, on a thread of their own or the writer's.
// Draws a new one. PS_EDUPLICATE: the name has one; PS_EMALFORMED: no name.
int token_add(struct store *s, const char *name, char token[TOKEN_LEN + 1], struct ps_fault *fault);
int token_remove(struct store *s, const char *name, struct ps_fault *fault); // PS_ENOTFOUND
// Calls each(ctx, name, created) in the order of names.
int token_list(struct reader *r, void (*each)(void *ctx, const char *name, int64_t created), void *ctx);
