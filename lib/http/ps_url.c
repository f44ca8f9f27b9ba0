// SPDX-License-Identifier: Apache-2.0
#include "http/ps_url.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/ps_err.h"
#include "base/ps_num.h"

static bool is_alpha(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_unreserved(char c)
{
    return is_alpha(c) || is_digit(c) || (c != '\0' && strchr("-._~", c));
}

static char lower(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

static int hex_value(char c)
{
    c = lower(c);
    if (is_digit(c))
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

// escapes

int ps_url_escape(struct ps_buf *out, const char *text, size_t len)
{
    static const char digits[] = "0123456789ABCDEF";
    uint8_t *p;
    int err = len > SIZE_MAX / 3 ? PS_ELIMIT : ps_buf_reserve(out, 3 * len, &p);
    size_t n = 0;

    if (err)
        return err;
    for (size_t i = 0; i < len; i++) {
        uint8_t c = (uint8_t)text[i];
        if (is_unreserved(text[i])) {
            p[n++] = c;
        } else {
            p[n++] = '%';
            p[n++] = (uint8_t)digits[c >> 4];
            p[n++] = (uint8_t)digits[c & 15];
        }
    }
    ps_buf_commit(out, n);
    return 0;
}

int ps_url_unescape(const char *in, size_t len, bool plus, char *out, size_t *out_len)
{
    size_t n = 0;

    for (size_t i = 0; i < len; i++) {
        int high, low;

        if (in[i] != '%') {
            out[n++] = plus && in[i] == '+' ? ' ' : in[i];
            continue;
        }
        if (len - i < 3)
            return PS_EMALFORMED;
        high = hex_value(in[i + 1]);
        low = hex_value(in[i + 2]);
        if (high < 0 || low < 0 || (high == 0 && low == 0))
            return PS_EMALFORMED;
        out[n++] = (char)(high << 4 | low);
        i += 2;
    }
    *out_len = n;
    return 0;
}

// reading

// Printable ASCII without what RFC 3986 lets stand nowhere; every escape has its two digits.
static bool fit_for_url(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (text[i] <= ' ' || text[i] > '~' || strchr("\"<>\\^`{|}", text[i]))
            return false;
        if (text[i] == '%' && (len - i < 3 || hex_value(text[i + 1]) < 0 || hex_value(text[i + 2]) < 0))
            return false;
    }
    return true;
}

// Cuts the text at the first of c: what stands behind it, NULL if there is none.
static char *cut(char *text, char c)
{
    char *p = strchr(text, c);

    if (p)
        *p++ = '\0';
    return p;
}

static int read_scheme(struct ps_url *u, char **rest)
{
    char *p = strstr(*rest, "://");

    if (!p || !is_alpha(**rest))
        return PS_ESYNTAX;
    for (char *c = *rest; c < p; c++) {
        if (!is_alpha(*c) && !is_digit(*c) && !strchr("+-.", *c))
            return PS_ESYNTAX;
        *c = lower(*c);
    }
    *p = '\0';
    u->scheme = *rest;
    *rest = p + 3;
    return 0;
}

static int read_port(struct ps_url *u, const char *text)
{
    uint64_t port = 0;

    for (const char *c = text; *c; c++)
        if (!is_digit(*c))
            return PS_ESYNTAX;
    if (*text && ps_num_u64(text, 10, 1, UINT16_MAX, &port))
        return PS_ESYNTAX;
    u->port = (uint16_t)port;
    return 0;
}

static bool is_literal6(const char *host)
{
    return strspn(host, "0123456789abcdef:.") == strlen(host) && strchr(host, ':');
}

static int read_host(struct ps_url *u, char *text)
{
    char *port;

    u->literal6 = *text == '[';
    if (u->literal6) {
        char *end = cut(++text, ']');
        if (!end || (*end && *end != ':'))
            return PS_ESYNTAX;
        port = *end ? end + 1 : NULL;
    } else {
        port = cut(text, ':');
    }
    for (char *c = text; *c; c++)
        *c = lower(*c);
    u->host = text;
    if (!*text || strpbrk(text, "[]@") || (u->literal6 && !is_literal6(text)))
        return PS_ESYNTAX;
    return port ? read_port(u, port) : 0;
}

// What stands between "//" and the path.
static int read_authority(struct ps_url *u, char *text)
{
    char *at = strrchr(text, '@');

    if (!at)
        return read_host(u, text);
    *at = '\0';
    u->user = text;
    return strpbrk(text, "[]@") ? PS_ESYNTAX : read_host(u, at + 1);
}

// From behind "//". The path has to be moved by one, so that the authority can end with a NUL: text was
// copied with a place in front.
static int read_hier(struct ps_url *u, char *rest)
{
    size_t n = strcspn(rest, "/?#");
    char *tail = rest + n, *frag = strchr(tail, '#'), *query;

    if (n == 0)
        return PS_ESYNTAX;
    if (frag)
        *frag++ = '\0';
    query = cut(tail, '?');
    u->fragment = frag;
    u->query = query;
    memmove(rest - 1, rest, n); // over the last "/" of "//"
    rest[n - 1] = '\0';
    u->path = tail;
    return read_authority(u, rest - 1);
}

int ps_url_parse(struct ps_url *u, const char *text, size_t len)
{
    char *rest;
    int err;

    *u = (struct ps_url){.text = NULL};
    if (len > PS_URL_MAX)
        return PS_ELIMIT;
    if (!fit_for_url(text, len))
        return PS_ESYNTAX;
    u->text = strndup(text, len);
    if (!u->text)
        return -ENOMEM;
    rest = u->text;
    err = read_scheme(u, &rest);
    if (!err)
        err = read_hier(u, rest);
    if (err)
        ps_url_fini(u);
    return err;
}

void ps_url_fini(struct ps_url *u)
{
    free(u->text);
    *u = (struct ps_url){.text = NULL};
}

uint16_t ps_url_port(const struct ps_url *u)
{
    if (u->port)
        return u->port;
    if (strcmp(u->scheme, "https") == 0)
        return 443;
    return strcmp(u->scheme, "http") == 0 ? 80 : 0;
}

// writing

static int put(struct ps_buf *out, const char *before, const char *text)
{
    return text ? ps_buf_printf(out, "%s%s", before, text) : 0;
}

static int put_authority(const struct ps_url *u, bool hide_user, struct ps_buf *out)
{
    int err = ps_buf_printf(out, "%s://", u->scheme);

    if (!err && u->user && !hide_user)
        err = ps_buf_printf(out, "%s@", u->user);
    if (!err)
        err = ps_buf_printf(out, u->literal6 ? "[%s]" : "%s", u->host);
    if (!err && u->port)
        err = ps_buf_printf(out, ":%u", u->port);
    return err;
}

int ps_url_format(const struct ps_url *u, bool hide_user, struct ps_buf *out)
{
    int err = put_authority(u, hide_user, out);

    if (!err)
        err = put(out, "", u->path);
    if (!err)
        err = put(out, "?", u->query);
    return err ? err : put(out, "#", u->fragment);
}

// joining

// Segment by segment, in place: "." goes, ".." takes the one before with it.
static size_t remove_dots(char *path, size_t len)
{
    size_t in = 0, out = 0;

    while (in < len) {
        size_t n = 1;
        while (in + n < len && path[in + n] != '/')
            n++;
        bool last = in + n == len;
        if (n == 3 && memcmp(path + in, "/..", 3) == 0) {
            while (out > 0 && path[--out] != '/')
                ;
        } else if (n != 2 || memcmp(path + in, "/.", 2) != 0) {
            memmove(path + out, path + in, n);
            out += n;
            last = false;
        }
        if (last) // a directory
            path[out++] = '/';
        in += n;
    }
    return out;
}

static int put_merged(const struct ps_url *base, const char *path, size_t len, struct ps_buf *out)
{
    const char *slash = strrchr(base->path, '/');
    size_t dir = *path == '/' ? 0 : slash ? (size_t)(slash - base->path) + 1 : 0, n = 0;
    char *whole = malloc(dir + len + 2);
    int err;

    if (!whole)
        return -ENOMEM;
    if (*path != '/' && dir == 0)
        whole[n++] = '/';
    memcpy(whole + n, base->path, dir);
    memcpy(whole + n + dir, path, len);
    err = ps_buf_append(out, whole, remove_dots(whole, n + dir + len));
    free(whole);
    return err;
}

// A reference that names no host: a path, a query, a fragment, each or none of them.
static int join_within(const struct ps_url *base, const char *ref, struct ps_buf *out)
{
    size_t len = strcspn(ref, "?#");
    int err = put_authority(base, false, out);

    if (!err && len > 0)
        err = put_merged(base, ref, len, out);
    else if (!err)
        err = put(out, "", base->path);
    if (!err && len == 0 && ref[len] != '?')
        err = put(out, "?", base->query);
    return err ? err : put(out, "", ref + len);
}

static bool has_scheme(const char *ref)
{
    size_t n = strcspn(ref, ":/?#");

    return ref[n] == ':' && is_alpha(*ref);
}

int ps_url_join(const struct ps_url *base, const char *ref, struct ps_buf *out)
{
    struct ps_buf text;
    struct ps_url u;
    int err;

    if (!has_scheme(ref) && strncmp(ref, "//", 2) != 0)
        return fit_for_url(ref, strlen(ref)) ? join_within(base, ref, out) : PS_ESYNTAX;
    ps_buf_init(&text, 0);
    err =
        ps_buf_printf(&text, "%s%s%s", has_scheme(ref) ? "" : base->scheme, has_scheme(ref) ? "" : ":", ref);
    if (!err)
        err = ps_url_parse(&u, (char *)ps_buf_head(&text), ps_buf_len(&text));
    if (!err) {
        err = ps_url_format(&u, false, out);
        ps_url_fini(&u);
    }
    ps_buf_fini(&text);
    return err;
}
