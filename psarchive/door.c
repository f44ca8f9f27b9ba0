// SPDX-License-Identifier: Apache-2.0
#include "psarchive/door.h"
#include <string.h>
#include <strings.h>
#include "base/ps_err.h"
#include "psarchive/token.h"

#define BASIC_MAX 512 // octets of a name and a pass-word

// --- tokens

static int digit_of(char c)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c ? strchr(digits, c) : NULL;

    return at ? (int)(at - digits) : -1;
}

// Base 64 (RFC 4648, 4), with or without padding.
static int decode(const char *text, char out[BASIC_MAX])
{
    unsigned bits = 0, nbits = 0;
    size_t n = 0;

    for (; digit_of(*text) >= 0; text++) {
        bits = (bits << 6 | (unsigned)digit_of(*text)) & 0xffffff;
        nbits += 6;
        if (nbits < 8)
            continue;
        nbits -= 8;
        if (n == BASIC_MAX - 1)
            return PS_EMALFORMED;
        out[n++] = (char)(bits >> nbits & 0xff);
    }
    out[n] = '\0';
    return text[strspn(text, "= ")] ? PS_EMALFORMED : 0;
}

static int copy(const char *token, char out[DOOR_SECRET])
{
    size_t len = strlen(token);

    while (len && token[len - 1] == ' ')
        len--;
    if (len == 0 || len >= DOOR_SECRET)
        return PS_EMALFORMED;
    memcpy(out, token, len);
    out[len] = '\0';
    return 0;
}

static int basic(const char *text, char out[DOOR_SECRET])
{
    char both[BASIC_MAX];
    const char *colon;

    if (decode(text, both))
        return PS_EMALFORMED;
    colon = strchr(both, ':');
    return colon ? copy(colon + 1, out) : PS_EMALFORMED;
}

int door_token(const char *header, char token[DOOR_SECRET])
{
    size_t len = strcspn(header, " ");
    const char *rest = header + len;

    while (*rest == ' ')
        rest++;
    if ((len == 5 && strncasecmp(header, "Token", len) == 0) ||
        (len == 6 && strncasecmp(header, "Bearer", len) == 0))
        return copy(rest, token);
    if (len == 5 && strncasecmp(header, "Basic", len) == 0)
        return basic(rest, token);
    return PS_ENOTFOUND;
}

// --- gates

static bool refuse(struct ps_http_req *req, const char *why)
{
    ps_http_add(req, "WWW-Authenticate", "Token");
    ps_http_reply_error(req, 401, "%s", why);
    return false;
}

static bool by_token(struct site *s, struct ps_http_req *req, const char *without)
{
    const char *header = ps_http_header(req, "Authorization");
    char token[DOOR_SECRET], name[TOKEN_NAME_MAX + 1];
    int err;

    if (!header)
        return refuse(req, without);
    if (door_token(header, token))
        return refuse(req, "The Authorization header wants a token: Token, Bearer or Basic");
    err = token_check(s->reader, token, name);
    if (err == 0)
        return true;
    if (err == PS_EAUTH)
        return refuse(req, "Invalid token");
    ps_log(s->log, PS_LOG_WARN, "tokens", "cannot be looked at: %s", ps_strerror(err));
    ps_http_reply_error(req, 500, "The archive cannot read its tokens");
    return false;
}

bool door_write(void *site, struct ps_http_req *req)
{
    struct site *s = site;
    const struct ps_addr *client = ps_http_client(req);

    if (!client->len || ps_netset_has(s->settings->writers, client))
        return true;
    return by_token(s, req, "Writing needs a token");
}

bool door_read(void *site, struct ps_http_req *req)
{
    struct site *s = site;
    const struct ps_addr *client = ps_http_client(req);

    if (!s->settings->restricted || !client->len || ps_netset_has(s->settings->readers, client) ||
        ps_netset_has(s->settings->writers, client))
        return true;
    return by_token(s, req, "Reading needs a token");
}
