// SPDX-License-Identifier: Apache-2.0
#include "lsregister/filter.h"
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include "base/ps_addr.h"
#include "http/ps_url.h"

#define HOST 300

bool filter_like(const char *text, const char *pattern)
{
    const char *star = NULL, *back = NULL;
    while (*text) {
        if (*pattern == '*') {
            star = pattern++;
            back = text;
        } else if (tolower((unsigned char)*pattern) == tolower((unsigned char)*text)) {
            pattern++;
            text++;
        } else if (star) {
            // The star takes one more.
            pattern = star + 1;
            text = ++back;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return *pattern == '\0';
}

static bool any_like(const struct words *w, const char *pattern)
{
    for (size_t i = 0; w && i < w->n; i++)
        if (filter_like(w->at[i], pattern))
            return true;
    return false;
}

// The host of a locator, or the address that may have the length of its network behind it. "": it is too long.
static void host_of(const char *text, char host[HOST])
{
    const char *p = strstr(text, "://");
    bool locator = p != NULL;
    p = p ? p + 3 : text;
    size_t n = *p == '[' ? strcspn(++p, "]") : strcspn(p, locator ? ":/" : "/");
    snprintf(host, HOST, "%.*s", n < HOST ? (int)n : 0, p);
}

// Whether it is, or leads to, a host of that name or of that address, however that is written.
static bool is_host(const char *text, const char *pattern)
{
    char host[HOST];
    struct ps_addr a, b;
    host_of(text, host);
    if (ps_addr_parse(pattern, 0, &a) == 0 && ps_addr_parse(host, 0, &b) == 0)
        return ps_addr_same_host(&a, &b);
    return filter_like(host, pattern);
}

static bool any_host(const struct record *r, const char *pattern)
{
    static const char *const keys[] = {"host-name", "service-locator", "interface-addresses"};
    for (size_t k = 0; k < sizeof keys / sizeof *keys; k++) {
        const struct words *w = record_all(r, keys[k]);
        for (size_t i = 0; w && i < w->n; i++)
            if (is_host(w->at[i], pattern))
                return true;
    }
    return false;
}

static bool any_key_like(const struct record *r, const char *const *keys, const char *pattern)
{
    for (; *keys; keys++)
        if (any_like(record_all(r, *keys), pattern))
            return true;
    return false;
}

static bool term_matches(const struct record *r, const struct filter_term *t)
{
    static const char *const places[] = {"location-sitename", "location-city", "location-state",
                                         "location-country",  "location-code", NULL};
    static const char *const names[] = {
        "host-name",      "service-name",        "service-locator", "person-name",
        "interface-name", "interface-addresses", "person-emails",   NULL};
    if (strcmp(t->key, "location") == 0)
        return any_key_like(r, places, t->value);
    if (strcmp(t->key, "name") == 0)
        return any_key_like(r, names, t->value) || any_host(r, t->value);
    return any_like(record_all(r, t->key), t->value);
}

static bool is_version(const char *text, int version)
{
    char host[HOST];
    struct ps_addr a;
    host_of(text, host);
    return ps_addr_parse(host, 0, &a) == 0 && ps_addr_version(&a) == version;
}

bool filter_has_address(const struct record *r, int version)
{
    static const char *const keys[] = {"host-name", "interface-addresses", "service-locator"};
    if (version == 6 && record_has(r, "host-net-ipv6-enabled", "1"))
        return true;
    for (size_t k = 0; k < 3; k++) {
        const struct words *w = record_all(r, keys[k]);
        for (size_t i = 0; w && i < w->n; i++)
            if (is_version(w->at[i], version))
                return true;
    }
    return false;
}

bool filter_matches(const struct filter *f, const struct record *r)
{
    if (f->type && !record_has(r, "type", f->type))
        return false;
    for (size_t i = 0; i < f->n; i++)
        if (!term_matches(r, &f->terms[i]))
            return false;
    return !f->version || filter_has_address(r, f->version);
}

// Whether servers find by it all that is meant: no pattern, no list, and a key that they look up by words.
static bool is_askable(const struct filter_term *t)
{
    static const char *const keys[] = {"service-type", "group-communities", "location-country",
                                       "group-domains"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (strcmp(t->key, keys[i]) == 0)
            return !strpbrk(t->value, "*,");
    return false;
}

static int put_pair(struct ps_buf *out, const char *key, const char *value)
{
    int err = ps_buf_printf(out, "%s%s=", ps_buf_len(out) ? "&" : "", key);
    return err ? err : ps_url_escape(out, value, strlen(value));
}

int filter_query(const struct filter *f, struct ps_buf *out)
{
    int err = f->type ? put_pair(out, "type", f->type) : 0;
    for (size_t i = 0; i < f->n && !err; i++) {
        bool asked = false;
        // Of a parameter that is repeated only the first counts.
        for (size_t k = 0; k < i; k++)
            asked |= strcmp(f->terms[k].key, f->terms[i].key) == 0 && is_askable(&f->terms[k]);
        if (!asked && is_askable(&f->terms[i]))
            err = put_pair(out, f->terms[i].key, f->terms[i].value);
    }
    return err ? err : ps_buf_append(out, "", 1);
}
