// SPDX-License-Identifier: Apache-2.0
// The metas of a batch: found, registered, and published when they are durable.
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "psarchive/batch_impl.h"
#include "psarchive/place.h"

static int touch_new(struct batch *b, const struct meta *m, bool fresh, struct touch **out)
{
    struct touch *t = calloc(1, sizeof *t);
    if (t == NULL)
        return -ENOMEM;
    *t = (struct touch){.meta = meta_ref(m), .fresh = fresh, .newest = atomic_load(&m->newest)};
    int err = ps_map_put(&b->touched, &m->id, t);
    if (err == 0 && fresh)
        err = ps_map_put(&b->hashes, m->hash, t);
    if (err != 0) {
        (void)ps_map_take(&b->touched, &m->id);
        meta_unref(t->meta);
        free(t);
        return err;
    }
    *out = t;
    return 0;
}

static int touch_of(struct batch *b, struct meta *m, struct touch **out)
{
    *out = ps_map_get(&b->touched, &m->id);
    if (*out != NULL)
        return 0;
    int err = store_look_newest(b->store, m);
    return err == 0 ? touch_new(b, m, false, out) : err;
}

static int insert(struct batch *b, const struct es_reg *r, struct meta **out)
{
    uint8_t *body;
    size_t len;
    int err = meta_new(r, 0, b->now, out);
    if (err != 0)
        return err;
    (*out)->looked = b->store->version;
    err = meta_pack(r, &body, &len);
    if (err == 0) {
        ps_stmt_blob(b->meta_add, 1, (*out)->key, ES_REG_KEY_LEN);
        ps_stmt_blob(b->meta_add, 2, (*out)->hash, sizeof(*out)->hash);
        ps_stmt_i64(b->meta_add, 3, b->now);
        ps_stmt_blob(b->meta_add, 4, body, len);
        err = ps_stmt_step(b->meta_add);
        if (err > 0) {
            (*out)->id = ps_stmt_col_i64(b->meta_add, 0);
            err = ps_stmt_run(b->meta_add);
            if ((*out)->id > PLACE_META_MAX)
                err = PS_ESTATE;
        }
        free(body);
    }
    if (err != 0)
        meta_unref(*out);
    return err;
}

static int add_meta(struct batch *b, struct put *p, const struct es_reg *r, struct touch **out)
{
    struct meta *m;
    int err = insert(b, r, &m);
    if (err == PS_EDUPLICATE) // another key of ours, or one that was given, is taken by another registration
        return PS_ESTATE;
    if (err != 0)
        return err;
    err = touch_new(b, m, true, out);
    meta_unref(m);
    p->registered = err == 0;
    return err;
}

static int find_registered(struct batch *b, struct put *p, const struct es_reg *r, const uint8_t hash[32],
                           struct touch **out)
{
    *out = ps_map_get(&b->hashes, hash);
    if (*out != NULL)
        return 0;
    struct meta *m = catalog_find_hash(b->store->catalog, hash);
    if (m == NULL)
        return add_meta(b, p, r, out);
    int err = touch_of(b, m, out);
    meta_unref(m);
    return err;
}

// It has been purged since the put was made.
static int revive(struct batch *b, struct put *p, struct touch **out)
{
    struct es_reg r;
    meta_registration(p->meta, &r);
    return find_registered(b, p, &r, p->meta->hash, out);
}

static int register_put(struct batch *b, struct put *p, struct touch **out)
{
    uint8_t hash[32];
    int err = registration_hash(&p->reg, hash);
    return err == 0 ? find_registered(b, p, &p->reg, hash, out) : err;
}

int batch_meta(struct batch *b, struct put *p, struct touch **out)
{
    if (p->reg.events != 0)
        return register_put(b, p, out);
    if (p->meta == NULL)
        return PS_ENOTFOUND;
    *out = ps_map_get(&b->touched, &p->meta->id);
    if (*out != NULL)
        return 0;
    struct meta *m = catalog_find_id(b->store->catalog, p->meta->id);
    if (m == NULL)
        return p->revives ? revive(b, p, out) : PS_ENOTFOUND;
    int err = touch_of(b, m, out);
    meta_unref(m);
    return err;
}

static void publish_times(struct batch *b, struct touch *t)
{
    struct meta *m = meta_ref(t->meta);
    for (size_t i = 0; i < m->nevents; i++)
        if (t->events >> m->event[i] & 1)
            atomic_store(&m->updated[i], b->now);
    if (t->newest > atomic_load(&m->newest))
        atomic_store(&m->newest, t->newest);
    if (t->events != 0 && ps_map_get(&b->unnoted, &m->id) == NULL && ps_map_put(&b->unnoted, &m->id, m) == 0)
        return; // the reference is the map's
    meta_unref(m);
}

int batch_publish(struct batch *b)
{
    size_t pos = 0;
    int err = 0;
    for (struct touch *t; (t = ps_map_each(&b->touched, &pos)) != NULL;) {
        struct meta *m = meta_ref(t->meta);
        publish_times(b, t);
        if (t->fresh && err == 0)
            err = catalog_add(b->store->catalog, m);
        meta_unref(m);
    }
    batch_drop_touched(b);
    return err;
}

void batch_drop_touched(struct batch *b)
{
    size_t pos = 0;
    for (struct touch *t; (t = ps_map_each(&b->touched, &pos)) != NULL;) {
        meta_unref(t->meta);
        free(t);
    }
    ps_map_fini(&b->touched);
    ps_map_fini(&b->hashes);
}
