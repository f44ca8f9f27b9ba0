// SPDX-License-Identifier: Apache-2.0
#include "http/ps_httpd.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "http/ps_httpd_impl.h"
#include "loop/ps_stream.h"

#define BACKLOG 512
#define PEM_MAX ((size_t)1 << 20)

const struct ps_httpd_conf ps_httpd_defaults = {
    .head_max = 32768,
    .body_total = (size_t)64 << 20,
    .conns_max = 1024,
    .conns_per_net = 64,
    .head_timeout = 10 * PS_SEC,
    .idle = 60 * PS_SEC,
    .grace = 30 * PS_SEC,
    .slow = 1024,
};

static void destroy(struct ps_httpd *h)
{
    PS_LIST_EACH_SAFE(it, &h->kept)
        free(PS_CONTAINER(it, struct httpd_kept, link));
    httpd_files_fini(h);
    ps_routes_free(h->routes);
    ps_timer_free(h->sweep);
    httpd_net_fini(h);
    free(h);
}

int ps_httpd_new(struct ps_loop *l, const struct ps_httpd_conf *conf, struct ps_httpd **out)
{
    struct ps_httpd *h = calloc(1, sizeof *h);
    int err;

    if (!h)
        return -ENOMEM;
    h->loop = l;
    h->conf = *conf;
    if (h->conf.rate && !h->conf.burst)
        h->conf.burst = h->conf.rate;
    ps_list_init(&h->kept);
    ps_list_init(&h->files);
    ps_list_init(&h->engines);
    ps_list_init(&h->doors);
    ps_list_init(&h->idle);
    ps_list_init(&h->busy);
    err = ps_map_init(&h->nets, 16);
    if (!err)
        err = ps_routes_new(&h->routes);
    if (!err && conf->merge_slashes)
        ps_routes_merge_slashes(h->routes);
    if (!err)
        err = ps_timer_new(l, &h->sweep, httpd_sweep, h);
    if (err)
        destroy(h);
    else
        *out = h;
    return err;
}

void httpd_tidy(struct ps_httpd *h)
{
    if (h->running)
        return;
    PS_LIST_EACH_SAFE(it, &h->engines) {
        struct httpd_engine *e = PS_CONTAINER(it, struct httpd_engine, link);
        if (h->closed || (e->retired && e->conns == 0))
            httpd_engine_stop(e);
    }
    if (h->closed)
        destroy(h);
}

void ps_httpd_close(struct ps_httpd *h)
{
    if (!h || h->closed)
        return;
    h->closed = true;
    PS_LIST_EACH_SAFE(it, &h->doors) {
        struct httpd_door *d = PS_CONTAINER(it, struct httpd_door, link);
        ps_listener_close(d->listener);
        free(d);
    }
    httpd_tidy(h);
}

// listening

static void came(void *ctx, int fd, const struct ps_addr *peer)
{
    struct httpd_door *d = ctx;

    httpd_arrive(d->h, d->tls, fd, peer);
}

static int new_door(struct ps_httpd *h, bool tls, struct ps_fault *fault, struct httpd_door **out)
{
    struct httpd_door *d;
    int err = 0;

    if (tls && !h->secure) {
        ps_fault_set(fault, NULL, 0, "there is no certificate yet");
        return PS_ESTATE;
    }
    if (!tls && !h->plain)
        err = httpd_engine_start(h, NULL, NULL, fault, &h->plain);
    if (err)
        return err;
    d = calloc(1, sizeof *d);
    if (!d) {
        ps_fault_set(fault, NULL, 0, "%s", ps_strerror(-ENOMEM));
        return -ENOMEM;
    }
    d->h = h;
    d->tls = tls;
    *out = d;
    return 0;
}

static int open_door(struct httpd_door *d, int err)
{
    if (err)
        free(d);
    else
        ps_list_append(&d->h->doors, &d->link);
    return err;
}

int ps_httpd_listen(struct ps_httpd *h, const struct ps_addr *addr, bool tls, struct ps_addr *bound,
                    struct ps_fault *fault)
{
    char text[PS_ADDR_STRLEN];
    struct httpd_door *d;
    int err = new_door(h, tls, fault, &d);

    if (err)
        return err;
    err = ps_listen_fd(h->loop, addr, BACKLOG, came, d, &d->listener);
    if (err)
        ps_fault_set(fault, NULL, 0, "cannot listen on %s: %s", ps_addr_text(addr, text), ps_strerror(err));
    else if (bound)
        *bound = *ps_listener_addr(d->listener);
    return open_door(d, err);
}

int ps_httpd_listen_unix(struct ps_httpd *h, const char *path, unsigned mode, struct ps_fault *fault)
{
    struct httpd_door *d;
    int err = new_door(h, false, fault, &d);

    return err ? err : open_door(d, ps_listen_unix(h->loop, path, mode, came, d, &d->listener, fault));
}

// TLS

static int load_pem(const char *path, char **text, struct ps_fault *fault)
{
    size_t len;
    int err = ps_conf_load(path, PEM_MAX, text, &len);

    if (err)
        ps_fault_set(fault, path, 0, "%s", ps_strerror(err));
    return err;
}

static void retire(struct httpd_engine *e)
{
    if (!e)
        return;
    e->retired = true;
    httpd_engine_kick(e); // which stops it when nobody is left
}

int ps_httpd_tls(struct ps_httpd *h, const char *cert_file, const char *key_file, struct ps_fault *fault)
{
    struct httpd_engine *e;
    struct ps_fault why;
    char *cert = NULL, *key = NULL;
    int err = load_pem(cert_file, &cert, fault);

    if (!err)
        err = load_pem(key_file, &key, fault);
    if (!err) {
        err = httpd_engine_start(h, cert, key, &why, &e);
        if (err)
            ps_fault_set(fault, cert_file, 0, "with the key %s: %s", key_file, why.text);
    }
    if (!err) {
        retire(h->secure);
        h->secure = e;
    }
    free(cert);
    if (key)
        explicit_bzero(key, strlen(key));
    free(key);
    return err;
}

// the rest

int ps_httpd_route(struct ps_httpd *h, const struct ps_http_route *route)
{
    struct httpd_kept *kept = malloc(sizeof *kept);
    int err;

    if (!kept)
        return -ENOMEM;
    kept->route = *route;
    kept->route.pattern = NULL; // the caller's
    err = ps_routes_add(h->routes, route->methods, route->pattern, kept);
    if (err)
        free(kept);
    else
        ps_list_append(&h->kept, &kept->link);
    return err;
}

void ps_httpd_stats(const struct ps_httpd *h, struct ps_httpd_stats *out)
{
    *out = h->stats;
    out->conns = h->conns;
}
