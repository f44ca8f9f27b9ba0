// SPDX-License-Identifier: Apache-2.0
// The whole server, with octets on a connection of their own. The first octet says in how many pieces they come.
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "fuzz.h"
#include "http/ps_httpd_impl.h"

#define TURNS 4 // of the loop, after each piece

static void echo(void *ctx, struct ps_http_req *req)
{
    struct ps_buf origin;
    const char *body;
    size_t len;

    (void)ctx;
    body = ps_http_body(req, &len);
    if (body[len] != '\0' || len > 100 || ps_http_header_at(req, "Host", 1))
        abort();
    ps_buf_init(&origin, 0);
    ps_http_origin(req, &origin);
    ps_buf_fini(&origin);
    ps_http_reply(req, 200, "text/plain", body, len);
}

static bool trusts(void *ctx, const struct ps_addr *peer)
{
    (void)ctx;
    return peer->len == 0;
}

static void feed(struct ps_loop *l, int fd, const uint8_t *data, size_t size, size_t pieces)
{
    size_t step = size / pieces + 1;
    char sink[4096];

    while (size > 0) {
        size_t n = size < step ? size : step;
        if (send(fd, data, n, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
            break;
        for (int i = 0; i < TURNS; i++)
            ps_loop_poll(l);
        while (recv(fd, sink, sizeof sink, MSG_DONTWAIT) > 0)
            ;
        data += n;
        size -= n;
    }
    shutdown(fd, SHUT_WR);
    for (int i = 0; i < TURNS; i++)
        ps_loop_poll(l);
}

static struct ps_httpd *serve(struct ps_loop *l)
{
    const struct ps_http_route route = {.methods = PS_HTTP_GET | PS_HTTP_PUT | PS_HTTP_POST,
                                        .pattern = "/{a}/{rest...}",
                                        .handler = echo,
                                        .body_max = 100,
                                        .flags = PS_HTTP_GZIP | PS_HTTP_ANY_ORIGIN};
    struct ps_httpd_conf conf = ps_httpd_defaults;
    struct ps_httpd *h;
    struct ps_fault fault;

    conf.trusts = trusts;
    if (ps_httpd_new(l, &conf, &h) || ps_httpd_route(h, &route) ||
        httpd_engine_start(h, NULL, NULL, &fault, &h->plain))
        abort();
    return h;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct ps_addr nobody = {.len = 0};
    struct ps_httpd *h;
    struct ps_loop *l;
    int fds[2];

    if (size < 1 || ps_loop_new(&l))
        return 0;
    h = serve(l);
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) < 0)
        abort();
    httpd_arrive(h, false, fds[0], &nobody);
    feed(l, fds[1], data + 1, size - 1, data[0] % 8 + 1);
    close(fds[1]);
    ps_httpd_close(h);
    ps_loop_free(l);
    return 0;
}
