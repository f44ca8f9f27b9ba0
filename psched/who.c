// SPDX-License-Identifier: Apache-2.0
#include "psched/who.h"
#include <string.h>
#include "base/ps_err.h"
#include "base/ps_out.h"
#include "crypto/ps_crypto.h"
#include "psched/task.h"

#define LOOPBACK "127.0.0.1"

// Somebody passes requests on whose words do not count: who asks is not known, but it is not this host.
static bool comes_by_a_stranger(const struct site *s, const struct ps_http_req *req,
                                const struct ps_addr *client)
{
    if (!ps_http_header(req, "X-Forwarded-For") && !ps_http_header(req, "Forwarded"))
        return false;
    return !ps_front_trusts(&s->settings->front, client);
}

void who_asks(const struct site *s, const struct ps_http_req *req, struct who *out)
{
    const struct ps_addr *client = ps_http_client(req);
    struct ps_addr server;

    memset(out, 0, sizeof *out);
    ps_http_server(req, &server);
    snprintf(out->requester, sizeof out->requester, "%s", LOOPBACK);
    snprintf(out->server, sizeof out->server, "%s", LOOPBACK);
    if (client->len)
        ps_addr_host(client, out->requester);
    if (server.len)
        ps_addr_host(&server, out->server);
    out->local =
        (!client->len || ps_localnet_is_own(s->localnet, client)) && !comes_by_a_stranger(s, req, client);
}

char *who_hints(const struct who *w)
{
    struct ps_text t;
    struct ps_json *j = ps_text_open(&t);

    ps_json_open(j, '{');
    ps_json_put_str(j, "requester", w->requester);
    ps_json_put_str(j, "server", w->server);
    ps_json_close(j, '}');
    return ps_text_close(&t, NULL);
}

static bool has_key(const struct task *t, const char *key)
{
    size_t n = strlen(t->key);

    return n && key && strlen(key) == n && ps_mem_equal(t->key, key, n);
}

bool who_may_write(const struct who *w, const struct task *t, const char *key)
{
    return w->local || has_key(t, key) || strcmp(w->requester, t->detail.requester) == 0;
}

int who_may_see(const struct task *t, const char *key)
{
    if (!key || !t->key[0])
        return 0;
    return has_key(t, key) ? 1 : PS_EAUTH;
}
