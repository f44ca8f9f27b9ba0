// SPDX-License-Identifier: Apache-2.0
// Where an archive is, of the data that archivers have.
#include <string.h>
#include "http/ps_url.h"
#include "psched/archive.h"

// Of a URL, user, path and query may be secret.
static bool place_of_url(const char *text, char out[ARCHIVE_PLACE])
{
    struct ps_url u;

    if (ps_url_parse(&u, text, strlen(text)))
        return false;
    snprintf(out, ARCHIVE_PLACE, u.literal6 ? "%s://[%s]" : "%s://%s", u.scheme, u.host);
    if (u.port)
        snprintf(out + strlen(out), ARCHIVE_PLACE - strlen(out), ":%u", u.port);
    ps_url_fini(&u);
    return true;
}

static const char *text_of(struct ps_jnode data, const char *key)
{
    const char *text = NULL;

    (void)ps_jnode_str(ps_jnode_member(data, key), 1, SIZE_MAX, &text, NULL);
    return text;
}

static bool place_of_port(struct ps_jnode data, char out[ARCHIVE_PLACE])
{
    const char *host = text_of(data, "host");
    uint64_t port;

    if (!host || ps_jnode_u64(ps_jnode_member(data, "port"), 0, UINT16_MAX, &port, NULL))
        return false;
    snprintf(out, ARCHIVE_PLACE, strchr(host, ':') ? "[%.250s]:%u" : "%.250s:%u", host, (unsigned)port);
    return true;
}

const char *archive_place(struct ps_jnode data, char out[ARCHIVE_PLACE])
{
    static const char *const urls[] = {"_url", "url"}, *const others[] = {"directory", "server", "dest",
                                                                          "table"};
    const char *text;

    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++)
        if ((text = text_of(data, urls[i])) && place_of_url(text, out))
            return out;
    if (place_of_port(data, out))
        return out;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        text = text_of(data, others[i]);
        if (text) {
            snprintf(out, ARCHIVE_PLACE, "%s", text);
            return out;
        }
    }
    return NULL;
}
