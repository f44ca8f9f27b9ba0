// SPDX-License-Identifier: Apache-2.0
#include "psarchive/token.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include "base/ps_err.h"
#include "base/ps_num.h"
#include "base/ps_rand.h"
#include "crypto/ps_crypto.h"
#include "psarchive/store_impl.h"

// Of the octets, so that the case of the digits does not matter.
static int hash_of(const char *token, uint8_t out[PS_SHA256_LEN])
{
    uint8_t octets[TOKEN_LEN / 2];
    if (ps_num_hex(token, octets, sizeof octets) != 0)
        return PS_EAUTH;
    return ps_sha256(octets, sizeof octets, out);
}

int token_check(struct reader *r, const char *token, char name[TOKEN_NAME_MAX + 1])
{
    uint8_t hash[PS_SHA256_LEN];
    int got = hash_of(token, hash);
    if (got == 0 && r->token == NULL)
        got = ps_stmt_new(&r->token, r->db, "SELECT name FROM token WHERE hash = ?1");
    if (got != 0)
        return got;
    ps_stmt_blob(r->token, 1, hash, sizeof hash);
    got = ps_stmt_step(r->token);
    if (got <= 0)
        return got == 0 ? PS_EAUTH : got;
    const char *found = ps_stmt_col_text(r->token, 0);
    snprintf(name, TOKEN_NAME_MAX + 1, "%s", found != NULL ? found : "");
    ps_stmt_reset(r->token);
    return 0;
}

static bool is_name(const char *name)
{
    size_t len = strlen(name);
    if (len == 0 || len > TOKEN_NAME_MAX)
        return false;
    for (size_t i = 0; i < len; i++)
        if (name[i] <= ' ' || name[i] > '~')
            return false;
    return true;
}

static int insert(struct store *s, const char *name, const uint8_t hash[PS_SHA256_LEN])
{
    struct ps_stmt *st;
    int err = ps_stmt_new(&st, s->db, "INSERT INTO token (name, hash, created) VALUES (?1, ?2, ?3)");
    if (err != 0)
        return err;
    ps_stmt_text(st, 1, name);
    ps_stmt_blob(st, 2, hash, PS_SHA256_LEN);
    ps_stmt_i64(st, 3, (int64_t)time(NULL));
    err = ps_stmt_run(st);
    ps_stmt_free(st);
    return err;
}

int token_add(struct store *s, const char *name, char token[TOKEN_LEN + 1], struct ps_fault *fault)
{
    uint8_t octets[TOKEN_LEN / 2], hash[PS_SHA256_LEN];
    int err = is_name(name) ? ps_rand_bytes(octets, sizeof octets) : PS_EMALFORMED;
    if (err == 0)
        err = ps_sha256(octets, sizeof octets, hash);
    if (err == 0)
        err = insert(s, name, hash);
    if (err == 0)
        ps_num_to_hex(octets, sizeof octets, token);
    else if (err == PS_EMALFORMED)
        ps_fault_set(fault, NULL, 0, "a token's name has 1 to %d printable characters and no blanks",
                     TOKEN_NAME_MAX);
    else if (err == PS_EDUPLICATE)
        ps_fault_set(fault, NULL, 0, "%s has a token already: remove it first", name);
    else
        ps_fault_set(fault, s->path, 0, "token: %s", ps_strerror(err));
    return err;
}

int token_remove(struct store *s, const char *name, struct ps_fault *fault)
{
    struct ps_stmt *st;
    int err = ps_stmt_new(&st, s->db, "DELETE FROM token WHERE name = ?1");
    if (err == 0) {
        ps_stmt_text(st, 1, name);
        err = ps_stmt_run(st);
        if (err == 0 && ps_db_changes(s->db) == 0)
            err = PS_ENOTFOUND;
        ps_stmt_free(st);
    }
    if (err == PS_ENOTFOUND)
        ps_fault_set(fault, NULL, 0, "%s has no token", name);
    else if (err != 0)
        ps_fault_set(fault, s->path, 0, "token: %s", ps_strerror(err));
    return err;
}

int token_list(struct reader *r, void (*each)(void *ctx, const char *name, int64_t created), void *ctx)
{
    struct ps_stmt *st;
    int got = ps_stmt_new(&st, r->db, "SELECT name, created FROM token ORDER BY name");
    if (got != 0)
        return got;
    while ((got = ps_stmt_step(st)) > 0) {
        const char *name = ps_stmt_col_text(st, 0);
        each(ctx, name != NULL ? name : "", ps_stmt_col_i64(st, 1));
    }
    ps_stmt_free(st);
    return got;
}
