// SPDX-License-Identifier: Apache-2.0
#include "psarchive/page.h"

// The files of psarchive/page, as octets (Makefile.inc).
static const signed char index_html[] = {
#include "psarchive/page_index.inc"
};
static const signed char style_css[] = {
#include "psarchive/page_style.inc"
};
static const signed char app_js[] = {
#include "psarchive/page_app.inc"
};

static void give(void *ctx, struct ps_http_req *req)
{
    (void)ctx;
    // Nothing of other sites, and no script but ours.
    ps_http_add(req, "Content-Security-Policy", "default-src 'self'");
    ps_http_reply(req, 200, "text/html; charset=utf-8", index_html, sizeof index_html);
}

int page_routes(struct site *s)
{
    static const struct ps_http_asset assets[] = {
        {.path = "style.css", .data = style_css, .len = sizeof style_css},
        {.path = "app.js", .data = app_js, .len = sizeof app_js},
    };
    const struct ps_http_route r = {
        .methods = PS_HTTP_GET, .pattern = "/", .handler = give, .ctx = s, .flags = PS_HTTP_GZIP};
    int err = ps_httpd_route(s->httpd, &r);

    return err ? err : ps_httpd_assets(s->httpd, "/page", assets, sizeof assets / sizeof assets[0]);
}
