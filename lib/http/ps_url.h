// SPDX-License-Identifier: Apache-2.0
// URLs of RFC 3986 that name a host (http, https): read, written, joined, and the percent-encoding of their
// parts. Pure.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/ps_buf.h"

#define PS_URL_MAX 65536 // octets of a URL

// Parts as they stand in the text, still percent-encoded. "" stands for a part that is not there where that
// makes no difference; query and fragment are NULL then ("?" alone is an empty one).
struct ps_url {
    char *text;         // what the others point into
    const char *scheme; // lower case
    const char *user;   // "name" or "name:password"; NULL: none
    const char *host;   // lower case, without the brackets of an IPv6 literal
    uint16_t port;      // 0: none named
    const char *path;   // begins with "/", or ""
    const char *query;
    const char *fragment;
    bool literal6; // the host stood in brackets
};

// "http://host[:port]/path?query#fragment", any scheme. The copy is the caller's to free. PS_ESYNTAX: not a
// URL with a host (a blank, a control character, an octet above 126, a bad escape, a bad port); PS_ELIMIT;
// -ENOMEM.
int ps_url_parse(struct ps_url *u, const char *text, size_t len);
void ps_url_fini(struct ps_url *u);
// The port named, or that of the scheme (80, 443); 0 for other schemes.
uint16_t ps_url_port(const struct ps_url *u);
// Appends the URL, user left out when hide_user (for messages). 0, -ENOMEM or PS_ELIMIT.
int ps_url_format(const struct ps_url *u, bool hide_user, struct ps_buf *out);
// Appends what ref means where base is the document (RFC 3986, 5.2): another URL, "//host/x", "/x", "x",
// "../x", "?q", "#f". PS_ESYNTAX as above, for ref.
int ps_url_join(const struct ps_url *base, const char *ref, struct ps_buf *out);

// Appends text with all but unreserved characters (RFC 3986, 2.3) escaped: fit for a segment of a path, or
// for a name or value of a query.
int ps_url_escape(struct ps_buf *out, const char *text, size_t len);
// Decodes len octets into out, which has as many places (it may be in) and gets no NUL. plus: "+" is a blank,
// as in queries. PS_EMALFORMED: an escape that is none, or one that stands for NUL.
int ps_url_unescape(const char *in, size_t len, bool plus, char *out, size_t *out_len);
