// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include "http/ps_httpd.h"

static int listen_at(struct ps_httpd *h, const struct ps_place *p, struct ps_addr *bound,
                     struct ps_fault *fault)
{
    struct ps_addr v4;
    int err = ps_httpd_listen(h, &p->addr, p->tls, bound, fault);

    if (err == -EAFNOSUPPORT && ps_addr_is_any(&p->addr) &&
        ps_addr_parse("0.0.0.0", ps_addr_port(&p->addr), &v4) == 0)
        err = ps_httpd_listen(h, &v4, p->tls, bound, fault);
    return err;
}

int ps_httpd_listen_all(struct ps_httpd *h, const struct ps_places *places, struct ps_addr *bound,
                        struct ps_fault *fault)
{
    int err = 0;

    for (size_t i = 0; !err && i < places->n; i++)
        err = listen_at(h, &places->at[i], &bound[i], fault);
    return err;
}

void ps_httpd_tell(const struct ps_places *places, const struct ps_addr *bound, struct ps_log *log)
{
    char text[PS_ADDR_STRLEN];

    for (size_t i = 0; i < places->n; i++)
        ps_log(log, PS_LOG_INFO, NULL, "listening on %s%s", ps_addr_text(&bound[i], text),
               places->at[i].tls ? " (TLS)" : "");
}
