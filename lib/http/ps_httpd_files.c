// SPDX-License-Identifier: Apache-2.0
// Files, of the program or of a folder.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/ps_err.h"
#include "http/ps_httpd_impl.h"

#define ETAG_LEN 40
#define GUNZIP_MAX ((size_t)64 << 20)

// What a route of files points to: one asset, or a folder.
struct httpd_files {
    struct ps_list link;
    struct ps_http_asset asset;
    char etag[ETAG_LEN];
    int dir; // -1: an asset
};

static const char *type_of(const char *path)
{
    static const struct {
        const char *ending, *type;
    } types[] = {{".html", "text/html; charset=utf-8"},
                 {".css", "text/css; charset=utf-8"},
                 {".js", "text/javascript; charset=utf-8"},
                 {".json", "application/json"},
                 {".svg", "image/svg+xml"},
                 {".txt", "text/plain; charset=utf-8"},
                 {".png", "image/png"},
                 {".ico", "image/x-icon"},
                 {".woff2", "font/woff2"}};
    const char *dot = strrchr(path, '.');

    for (size_t i = 0; dot && i < sizeof types / sizeof types[0]; i++)
        if (strcmp(dot, types[i].ending) == 0)
            return types[i].type;
    return "application/octet-stream";
}

// assets

// FNV-1a: it has to tell versions of a file apart, and guards nothing.
static uint64_t hash(const uint8_t *data, size_t len)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325);

    for (size_t i = 0; i < len; i++)
        h = (h ^ data[i]) * UINT64_C(0x100000001b3);
    return h;
}

static void reply_plain(struct ps_http_req *req, const struct ps_http_asset *a, const char *type)
{
    struct ps_buf plain;
    int err;

    ps_buf_init(&plain, GUNZIP_MAX);
    err = httpd_gunzip(a->data, a->len, &plain);
    if (err)
        ps_http_reply_error(req, 500, "this page is stored in a form that cannot be read: %s",
                            ps_strerror(err));
    else
        ps_http_reply(req, 200, type, ps_buf_head(&plain), ps_buf_len(&plain));
    ps_buf_fini(&plain);
}

static void give_asset(void *ctx, struct ps_http_req *req)
{
    const struct httpd_files *f = ctx;
    const struct ps_http_asset *a = &f->asset;
    const char *accepted = ps_http_header(req, "Accept-Encoding");
    const char *type = a->type ? a->type : type_of(a->path);

    ps_http_add(req, "Cache-Control", a->immutable ? "public, max-age=31536000, immutable" : "no-cache");
    if (a->gzip)
        ps_http_add(req, "Vary", "Accept-Encoding");
    if (ps_http_unchanged(req, f->etag))
        return;
    if (a->gzip && !(accepted && ps_http_list_has(accepted, "gzip"))) {
        reply_plain(req, a, type);
        return;
    }
    if (a->gzip)
        ps_http_add(req, "Content-Encoding", "gzip");
    ps_http_reply(req, 200, type, a->data, a->len);
}

// folders

// Every part of the name is one that a file may have here.
static bool is_open_name(const char *path)
{
    for (; *path; path += strcspn(path, "/") + (strchr(path, '/') != NULL))
        if (*path == '.' || *path == '/')
            return false;
    return true;
}

// The descriptor, or -errno; a folder's index becomes the path.
static int open_file(int dir, const char **path, struct stat *st)
{
    int fd = openat(dir, **path ? *path : ".", O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), index;

    if (fd < 0)
        return -errno;
    if (fstat(fd, st) == 0 && S_ISDIR(st->st_mode)) {
        index = openat(fd, "index.html", O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
        close(fd);
        fd = index;
        *path = "index.html";
    }
    if (fd < 0 || fstat(fd, st) < 0 || !S_ISREG(st->st_mode)) {
        if (fd >= 0)
            close(fd);
        return -ENOENT;
    }
    return fd;
}

struct reading {
    int fd;
    uint64_t left;
};

static int read_on(void *ctx, struct ps_buf *out)
{
    struct reading *r = ctx;
    size_t n = r->left < PS_HTTP_PIECE ? (size_t)r->left : PS_HTTP_PIECE;
    uint8_t *to;
    int err = ps_buf_reserve(out, n, &to);
    ssize_t got;

    if (err || r->left == 0)
        return err ? err : PS_HTTP_DONE;
    got = read(r->fd, to, n);
    if (got <= 0) // it became shorter
        return got < 0 ? -errno : PS_ESHORT;
    ps_buf_commit(out, (size_t)got);
    r->left -= (uint64_t)got;
    return r->left ? PS_HTTP_MORE : PS_HTTP_DONE;
}

static void end_reading(void *ctx)
{
    struct reading *r = ctx;

    close(r->fd);
    free(r);
}

static void give_open(struct ps_http_req *req, int fd, const struct stat *st, const char *path)
{
    static const struct ps_http_source source = {read_on, end_reading};
    struct reading *r;
    char etag[ETAG_LEN];

    snprintf(etag, sizeof etag, "\"%llx-%llx\"", (unsigned long long)st->st_size,
             (unsigned long long)st->st_mtim.tv_sec * 1000000000ULL +
                 (unsigned long long)st->st_mtim.tv_nsec);
    ps_http_add(req, "Cache-Control", "no-cache");
    if (ps_http_unchanged(req, etag)) {
        close(fd);
        return;
    }
    r = malloc(sizeof *r);
    if (!r) {
        close(fd);
        ps_http_reply_error(req, 503, "out of memory");
        return;
    }
    *r = (struct reading){fd, (uint64_t)st->st_size};
    ps_http_reply_stream(req, 200, type_of(path), r->left, &source, r);
}

static void give_file(void *ctx, struct ps_http_req *req)
{
    const struct httpd_files *f = ctx;
    const char *path = ps_http_arg(req, "file");
    struct stat st;
    int fd = is_open_name(path) ? open_file(f->dir, &path, &st) : -ENOENT;

    if (fd >= 0)
        give_open(req, fd, &st, path);
    else if (fd == -EACCES)
        ps_http_reply_error(req, 403, "this file may not be read");
    else
        ps_http_reply_error(req, 404, "there is no such file");
}

// routes

static int add(struct ps_httpd *h, struct httpd_files *f, const char *prefix, const char *path,
               ps_http_handler handler, unsigned flags)
{
    struct ps_http_route route = {.methods = PS_HTTP_GET, .handler = handler, .ctx = f, .flags = flags};
    struct ps_buf pattern;
    int err;

    ps_buf_init(&pattern, 0);
    err = ps_buf_printf(&pattern, "%s/%s", strcmp(prefix, "/") == 0 ? "" : prefix, path);
    if (!err)
        err = ps_buf_append(&pattern, "", 1);
    route.pattern = (const char *)ps_buf_head(&pattern);
    if (!err)
        err = ps_httpd_route(h, &route);
    ps_buf_fini(&pattern);
    if (err) {
        free(f);
        return err;
    }
    ps_list_append(&h->files, &f->link);
    return 0;
}

static int add_asset(struct ps_httpd *h, const char *prefix, const struct ps_http_asset *a)
{
    struct httpd_files *f = malloc(sizeof *f);

    if (!f)
        return -ENOMEM;
    *f = (struct httpd_files){.asset = *a, .dir = -1};
    snprintf(f->etag, sizeof f->etag, "\"%016llx\"", (unsigned long long)hash(a->data, a->len));
    return add(h, f, prefix, a->path, give_asset, a->gzip ? 0 : PS_HTTP_GZIP);
}

int ps_httpd_assets(struct ps_httpd *h, const char *prefix, const struct ps_http_asset *assets, size_t n)
{
    int err = 0;

    for (size_t i = 0; !err && i < n; i++)
        err = add_asset(h, prefix, &assets[i]);
    return err;
}

int ps_httpd_files(struct ps_httpd *h, const char *prefix, const char *dir, struct ps_fault *fault)
{
    struct httpd_files *f = malloc(sizeof *f);
    int fd = f ? open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    int err = f ? (fd < 0 ? -errno : 0) : -ENOMEM;

    if (err) {
        ps_fault_set(fault, dir, 0, "%s", ps_strerror(err));
        free(f);
        return err;
    }
    *f = (struct httpd_files){.dir = fd};
    err = add(h, f, prefix, "{file...}", give_file, PS_HTTP_GZIP);
    if (err)
        close(fd);
    return err;
}

void httpd_files_fini(struct ps_httpd *h)
{
    PS_LIST_EACH_SAFE(it, &h->files) {
        struct httpd_files *f = PS_CONTAINER(it, struct httpd_files, link);
        if (f->dir >= 0)
            close(f->dir);
        free(f);
    }
}
