// SPDX-License-Identifier: Apache-2.0
#include "endpoint/ep_pass.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "crypto/ps_crypto.h"
#include "owamp/ow_pfs.h"

#define FILE_MAX (16u << 20)

static int told(struct ps_fault *fault, const char *path, int err, const char *why)
{
    ps_fault_set(fault, path, 0, "%s", why);
    return err;
}

static int keep(const struct ow_pfs *pfs, const char *path, const char *identity, uint8_t **pass, size_t *len,
                struct ps_fault *fault)
{
    const uint8_t *found;
    if (!ow_pfs_find(pfs, identity, &found, len)) {
        ps_fault_set(fault, path, 0, "no identity '%s' in it; add it with pfstore(1)", identity);
        return PS_ENOTFOUND;
    }
    if (*len > EP_PASS_MAX)
        return told(fault, path, PS_ELIMIT, "the pass-phrase is too long");
    *pass = malloc(*len + 1);
    if (*pass == NULL)
        return told(fault, path, -ENOMEM, ps_strerror(-ENOMEM));
    memcpy(*pass, found, *len);
    return 0;
}

int ep_pass_load(const char *path, const char *identity, uint8_t **pass, size_t *len, struct ps_fault *fault)
{
    struct ow_pfs *pfs;
    char *text;
    size_t size;
    int err = ps_conf_load(path, FILE_MAX, &text, &size);
    if (err != 0)
        return told(fault, path, err, ps_strerror(err));
    err = ow_pfs_parse(&pfs, path, text, size, fault);
    ps_mem_wipe(text, size);
    free(text);
    if (err != 0)
        return err;
    err = keep(pfs, path, identity, pass, len, fault);
    ow_pfs_free(pfs);
    return err;
}

void ep_pass_free(uint8_t *pass, size_t len)
{
    if (pass != NULL)
        ps_mem_wipe(pass, len);
    free(pass);
}
