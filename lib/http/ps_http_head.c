// SPDX-License-Identifier: Apache-2.0
#include "http/ps_http_head.h"
#include <string.h>
#include <strings.h>
#include "base/ps_num.h"

#define BAD_REQUEST 400
#define EXPECTATION_FAILED 417
#define NOT_IMPLEMENTED 501

const char *ps_http_head_field(const struct ps_http_head *h, const char *name, size_t i)
{
    for (size_t k = 0; k < h->nfields; k++)
        if (strcasecmp(h->fields[k].name, name) == 0 && i-- == 0)
            return h->fields[k].value;
    return NULL;
}

// characters

static bool is_token_char(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           (c != '\0' && strchr("!#$%&'*+-.^_`|~", c));
}

static bool is_token(const char *s)
{
    size_t n = 0;

    while (is_token_char(s[n]))
        n++;
    return n > 0 && s[n] == '\0';
}

static bool is_value(const char *s)
{
    for (; *s; s++)
        if (((unsigned char)*s < ' ' && *s != '\t') || *s == 0x7f)
            return false;
    return true;
}

// Printable ASCII. What a URL may not hold otherwise is let through: old clients do not escape it.
static bool is_visible(const char *s)
{
    for (; *s; s++)
        if (*s <= ' ' || *s > '~')
            return false;
    return true;
}

static int refuse(const char **why, int status, const char *words)
{
    *why = words;
    return status;
}

// the request line

static const char *behind_authority(const char *target)
{
    const char *p = NULL;

    if (strncasecmp(target, "http://", 7) == 0)
        p = target + 7;
    else if (strncasecmp(target, "https://", 8) == 0)
        p = target + 8;
    return p ? p + strcspn(p, "/?") : NULL;
}

static int check_line(struct ps_http_head *h, const char **why)
{
    const char *p = h->target;

    if (!is_token(h->method))
        return refuse(why, BAD_REQUEST, "the method is not a word");
    if (!is_visible(p))
        return refuse(why, BAD_REQUEST, "the address asked for holds a character that has to be escaped");
    if (*p != '/' && !(strcmp(p, "*") == 0 && strcmp(h->method, "OPTIONS") == 0)) {
        p = behind_authority(p);
        if (!p)
            return refuse(why, BAD_REQUEST, "the address asked for begins with neither / nor http://");
    }
    h->path_len = strcspn(p, "?#");
    h->path = h->path_len ? p : "/";
    h->query = p[h->path_len] == '?' ? p + h->path_len + 1 : NULL;
    if (!h->path_len)
        h->path_len = 1;
    return strchr(p, '#') ? refuse(why, BAD_REQUEST, "the address asked for has a fragment (#)") : 0;
}

// fields

static int check_fields(const struct ps_http_head *h, const char **why)
{
    for (size_t i = 0; i < h->nfields; i++) {
        if (!is_token(h->fields[i].name))
            return refuse(why, BAD_REQUEST, "a header's name is not a word with a colon right behind it");
        if (!is_value(h->fields[i].value))
            return refuse(why, BAD_REQUEST, "a header's value holds a control character");
    }
    return 0;
}

bool ps_http_is_host(const char *s)
{
    size_t n = strcspn(s, " \t");

    return s[n + strspn(s + n, " \t")] == '\0' &&
           strspn(s, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-._~%!$&'()*+,;=[]:") ==
               n;
}

static int check_host(struct ps_http_head *h, const char **why)
{
    h->host = ps_http_head_field(h, "Host", 0);
    if (!h->host && strcmp(h->version, "HTTP/1.0") != 0)
        return refuse(why, BAD_REQUEST, "there is no Host header");
    if (ps_http_head_field(h, "Host", 1))
        return refuse(why, BAD_REQUEST, "there are two Host headers");
    return h->host && !ps_http_is_host(h->host) ? refuse(why, BAD_REQUEST, "the Host header names no host")
                                                : 0;
}

static int check_length(struct ps_http_head *h, const char **why)
{
    const char *text = ps_http_head_field(h, "Content-Length", 0);

    if (ps_http_head_field(h, "Content-Length", 1))
        return refuse(why, BAD_REQUEST, "there are two Content-Length headers");
    if (text &&
        (strspn(text, "0123456789") != strlen(text) || ps_num_u64(text, 10, 0, INT64_MAX, &h->length)))
        return refuse(why, BAD_REQUEST, "Content-Length is not a number");
    return 0;
}

static int check_coding(struct ps_http_head *h, const char **why)
{
    const char *text = ps_http_head_field(h, "Transfer-Encoding", 0);

    if (!text)
        return 0;
    if (ps_http_head_field(h, "Content-Length", 0))
        return refuse(why, BAD_REQUEST, "there are both Content-Length and Transfer-Encoding");
    if (strcmp(h->version, "HTTP/1.0") == 0)
        return refuse(why, BAD_REQUEST, "HTTP/1.0 has no Transfer-Encoding");
    if (ps_http_head_field(h, "Transfer-Encoding", 1) || strcasecmp(text, "chunked") != 0)
        return refuse(why, NOT_IMPLEMENTED, "no Transfer-Encoding but chunked is known here");
    h->chunked = true;
    return 0;
}

static int check_expect(struct ps_http_head *h, const char **why)
{
    const char *text = ps_http_head_field(h, "Expect", 0);

    h->expects = text && strcasecmp(text, "100-continue") == 0;
    if (ps_http_head_field(h, "Expect", 1) || (text && !h->expects))
        return refuse(why, EXPECTATION_FAILED, "nothing but 100-continue can be expected here");
    return 0;
}

int ps_http_head_check(struct ps_http_head *h, const char **why)
{
    static int (*const checks[])(struct ps_http_head *, const char **) = {
        check_line, check_host, check_length, check_coding, check_expect};
    int status = check_fields(h, why);

    h->chunked = h->expects = false;
    h->length = 0;
    for (size_t i = 0; status == 0 && i < sizeof checks / sizeof checks[0]; i++)
        status = checks[i](h, why);
    return status;
}

// lists

static bool is_zero_quality(const char *params, size_t n)
{
    const char *q = memchr(params, '=', n);

    if (!q)
        return false;
    n -= (size_t)(q + 1 - params);
    return n > 0 && strspn(q + 1, "0. \t") >= n;
}

bool ps_http_list_has(const char *list, const char *name)
{
    size_t len = strlen(name);

    while (*list) {
        size_t n, word;
        list += strspn(list, " \t,");
        n = strcspn(list, ",");
        word = strcspn(list, "; \t,");
        if (word == len && strncasecmp(list, name, len) == 0)
            return !is_zero_quality(list + word, n - word);
        list += n;
    }
    return false;
}
