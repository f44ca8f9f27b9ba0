// SPDX-License-Identifier: Apache-2.0
#include "owampd/identify.h"
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "crypto/ps_crypto.h"

struct derivation {
    struct conn *conn;   // NULL: gone meanwhile
    atomic_bool useless; // the same, for the worker
    uint8_t *pass;       // NULL: no such identity
    size_t pass_len;
    uint8_t salt[16], key[16];
    uint32_t count;
    int err;
};

static void derivation_free(struct derivation *w)
{
    if (w->pass != NULL)
        ps_mem_wipe(w->pass, w->pass_len);
    ps_mem_wipe(w->key, sizeof w->key);
    free(w->pass);
    free(w);
}

static void work(void *ctx)
{
    struct derivation *w = ctx;
    static const uint8_t nobody[1] = {0};
    if (atomic_load(&w->useless))
        return;
    // The same work for an unknown name: the time taken does not tell who exists.
    w->err = ow_derive(w->pass != NULL ? w->pass : nobody, w->pass != NULL ? w->pass_len : 1, w->salt,
                       w->count, w->key);
}

static void done(void *ctx)
{
    struct derivation *w = ctx;
    struct conn *c = w->conn;
    if (c != NULL) {
        c->derivation = NULL;
        int err = w->err != 0 ? w->err : ow_server_identity(c->machine, w->pass != NULL ? w->key : NULL);
        if (err != 0)
            conn_drop(c, PS_LOG_WARN, ps_strerror(err));
        else
            conn_pump(c);
    }
    derivation_free(w);
}

static int fill(struct derivation *w, const struct conn *c, const char *keyid)
{
    const uint8_t *pass;
    size_t len;
    if (c->d->pfs == NULL || !ow_pfs_find(c->d->pfs, keyid, &pass, &len))
        return 0;
    w->pass = malloc(len + 1);
    if (w->pass == NULL)
        return -ENOMEM;
    memcpy(w->pass, pass, len);
    w->pass_len = len;
    return 0;
}

void identify(struct conn *c, const struct ow_server_event *ev)
{
    struct derivation *w = calloc(1, sizeof *w);
    if (w == NULL) {
        conn_drop(c, PS_LOG_WARN, ps_strerror(-ENOMEM));
        return;
    }
    w->conn = c;
    w->count = c->d->conf->pbkdf2_count;
    memcpy(w->salt, c->salt, sizeof w->salt);
    c->user = strdup(ev->setup.keyid);
    int err = c->user == NULL ? -ENOMEM : fill(w, c, c->user);
    if (err == 0)
        err = ps_work_run(c->d->loop, work, done, w);
    if (err != 0) {
        derivation_free(w);
        conn_drop(c, PS_LOG_WARN, ps_strerror(err));
        return;
    }
    c->derivation = w;
}

void identify_cancel(struct conn *c)
{
    if (c->derivation != NULL) {
        c->derivation->conn = NULL;
        atomic_store(&c->derivation->useless, true);
    }
    c->derivation = NULL;
}
