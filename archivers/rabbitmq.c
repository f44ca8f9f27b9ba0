// SPDX-License-Identifier: Apache-2.0
// The archiver "rabbitmq": a message for each result, persistent, confirmed by the broker (AMQP 0-9-1 with its
// extension of publisher confirms). One that the exchange can put into no queue is a failure, not a success.
#include <amqp.h>
#include <amqp_framing.h>
#include <amqp_ssl_socket.h>
#include <amqp_tcp_socket.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include "archivers/archiver.h"
#include "base/ps_err.h"

#define URL_MAX 4096
#define NAME_OCTETS 255 // of a short string
#define PATIENCE 10     // seconds: to connect, and for the broker's word
#define FRAME_MAX 131072
#define CHANNEL 1
#define EXPIRES (3600 * PS_SEC)

struct target {
    char *url; // what info points into
    struct amqp_connection_info info;
    char *exchange, *key;
    ps_ns expires;
};

static const char connection[] = "connection";
static char root[] = "/";

// --- data

static void drop(void *target)
{
    struct target *t = target;

    free(t->url);
    free(t->exchange);
    free(t->key);
}

// The URL is not told: it may hold a password.
static int take_url(struct ps_jget *g, struct target *t)
{
    const char *url = ps_jneed_str(g, "_url", 1, URL_MAX);

    if (g->err)
        return 0;
    t->url = strdup(url);
    if (!t->url)
        return -ENOMEM;
    if (amqp_parse_url(t->url, &t->info) != AMQP_STATUS_OK)
        ps_jget_fail(g, "_url", PS_ESYNTAX, "wants amqp[s]://[USER:PASSWORD@]HOST[:PORT][/VHOST]");
    else if (t->info.vhost[0] == '\0')
        t->info.vhost = root; // a slash with nothing behind it names none
    return 0;
}

static int take_names(struct ps_jget *g, struct target *t)
{
    struct ps_jnode key = ps_jget_node(g, "routing-key");

    t->exchange = strdup(ps_jget_str(g, "exchange", 0, NAME_OCTETS, ""));
    if (ps_jnode_type(key) == PS_JTYPE_OBJECT)
        ps_jget_fail(g, "routing-key", PS_EUNSUPPORTED,
                     "a transform is not supported: give the key, or an archive for each of them");
    t->key = strdup(ps_jget_str(g, "routing-key", 0, NAME_OCTETS, ""));
    return t->exchange && t->key ? 0 : -ENOMEM;
}

static int read_data(struct ps_jget *g, void *target, struct ps_deliver_retry *retry)
{
    struct target *t = target;
    static const char *const secret[] = {"_url"};
    int err = take_url(g, t);

    (void)ps_deliver_schema(g, 2);
    if (!err)
        err = take_names(g, t);
    t->expires = ps_deliver_duration(g, "connection-expires", 0, 365 * 86400 * PS_SEC, EXPIRES);
    ps_deliver_retry_policy(g, retry);
    return err ? err : ps_deliver_data_end(g, secret, 1);
}

static ps_ns expires(const void *target)
{
    const struct target *t = target;

    return t->expires;
}

// --- what the broker says

static int tell(const struct target *t, struct ps_fault *fault, int err, const char *what, const char *why,
                size_t len)
{
    ps_fault_set(fault, NULL, 0, "%s port %d: %s: %.*s", t->info.host, t->info.port, what,
                 (int)(len < 200 ? len : 200), why);
    return err;
}

static int tell_status(const struct target *t, struct ps_fault *fault, const char *what, int status)
{
    const char *why = amqp_error_string2(status);
    int err = status == AMQP_STATUS_CONNECTION_CLOSED || status == AMQP_STATUS_SOCKET_ERROR ? PS_ECLOSED
              : status == AMQP_STATUS_TIMEOUT                                               ? PS_ETIMEOUT
                                                                                            : PS_EPROTO;

    return tell(t, fault, err, what, why, strlen(why));
}

// A method that the broker sent in place of the one that was wanted: channel.close or connection.close has a text.
static int tell_method(const struct target *t, struct ps_fault *fault, const char *what,
                       const amqp_method_t *m)
{
    static const char other[] = "an answer that makes no sense here";

    if (m->id == AMQP_CHANNEL_CLOSE_METHOD) {
        const amqp_channel_close_t *c = m->decoded;
        return tell(t, fault, PS_EREFUSED, what, c->reply_text.bytes, c->reply_text.len);
    }
    if (m->id == AMQP_CONNECTION_CLOSE_METHOD) {
        const amqp_connection_close_t *c = m->decoded;
        return tell(t, fault, PS_EREFUSED, what, c->reply_text.bytes, c->reply_text.len);
    }
    return tell(t, fault, PS_EPROTO, what, other, strlen(other));
}

static int look(const struct target *t, struct ps_fault *fault, const char *what, amqp_rpc_reply_t r)
{
    if (r.reply_type == AMQP_RESPONSE_NORMAL)
        return 0;
    if (r.reply_type == AMQP_RESPONSE_SERVER_EXCEPTION)
        return tell_method(t, fault, what, &r.reply);
    return tell_status(t, fault, what, r.library_error);
}

// --- connecting

static amqp_socket_t *make_socket(amqp_connection_state_t c, const struct target *t)
{
    return t->info.ssl ? amqp_ssl_socket_new(c) : amqp_tcp_socket_new(c);
}

static int log_in(amqp_connection_state_t c, const struct target *t, struct ps_fault *fault)
{
    const struct timeval patience = {PATIENCE, 0};
    int err;

    (void)amqp_set_rpc_timeout(c, &patience);
    err = look(t, fault, "log-in",
               amqp_login(c, t->info.vhost, 0, FRAME_MAX, 0, AMQP_SASL_METHOD_PLAIN, t->info.user,
                          t->info.password));
    if (err)
        return err;
    (void)amqp_channel_open(c, CHANNEL);
    err = look(t, fault, "channel", amqp_get_rpc_reply(c));
    if (err)
        return err;
    (void)amqp_confirm_select(c, CHANNEL);
    return look(t, fault, "confirms", amqp_get_rpc_reply(c));
}

static void hang_up(void *link)
{
    (void)amqp_destroy_connection(link);
}

static int open_link(const void *target, void **link, struct ps_fault *fault)
{
    const struct target *t = target;
    struct timeval patience = {PATIENCE, 0};
    amqp_connection_state_t c = amqp_new_connection();
    amqp_socket_t *s = c ? make_socket(c, t) : NULL;
    int err = -ENOMEM, status;

    if (s) {
        status = amqp_socket_open_noblock(s, t->info.host, t->info.port, &patience);
        err = status == AMQP_STATUS_OK ? log_in(c, t, fault) : tell_status(t, fault, connection, status);
    }
    if (err && c)
        hang_up(c);
    else
        *link = c;
    return err;
}

// --- sending

// The message that came back is read and let go.
static int take_back(amqp_connection_state_t c, const struct target *t, const amqp_basic_return_t *r,
                     struct ps_fault *fault)
{
    amqp_message_t message;
    char why[NAME_OCTETS + 1];

    snprintf(why, sizeof why, "%.*s: no queue takes what has this routing key", (int)r->reply_text.len,
             (const char *)r->reply_text.bytes);
    if (amqp_read_message(c, CHANNEL, &message, 0).reply_type == AMQP_RESPONSE_NORMAL)
        amqp_destroy_message(&message);
    return tell(t, fault, PS_EREFUSED, "returned", why, strlen(why));
}

// 1: go on waiting.
static int take_frame(amqp_connection_state_t c, const struct target *t, const amqp_frame_t *f,
                      struct ps_fault *fault)
{
    static const char nack[] = "the broker could not keep it";

    if (f->frame_type != AMQP_FRAME_METHOD)
        return 1;
    if (f->payload.method.id == AMQP_BASIC_ACK_METHOD)
        return 0;
    if (f->payload.method.id == AMQP_BASIC_RETURN_METHOD)
        return take_back(c, t, f->payload.method.decoded, fault);
    if (f->payload.method.id == AMQP_BASIC_NACK_METHOD)
        return tell(t, fault, PS_EREFUSED, "message", nack, strlen(nack));
    return tell_method(t, fault, "message", &f->payload.method);
}

static int wait_for_word(amqp_connection_state_t c, const struct target *t, struct ps_fault *fault)
{
    int err = 1;

    while (err == 1) {
        struct timeval patience = {PATIENCE, 0};
        amqp_frame_t frame;
        int status = amqp_simple_wait_frame_noblock(c, &frame, &patience);

        err = status == AMQP_STATUS_OK ? take_frame(c, t, &frame, fault)
                                       : tell_status(t, fault, "the broker's word", status);
        amqp_maybe_release_buffers(c);
    }
    return err;
}

static amqp_bytes_t octets(const char *text, size_t len)
{
    char *bytes;

    memcpy(&bytes, &text, sizeof bytes); // the library's type has no const; it does not write
    return (amqp_bytes_t){len, bytes};
}

static int send_doc(void *link, const void *target, const struct archiver_doc *doc, struct ps_fault *fault)
{
    const struct target *t = target;
    const amqp_basic_properties_t properties = {
        ._flags = AMQP_BASIC_CONTENT_TYPE_FLAG | AMQP_BASIC_DELIVERY_MODE_FLAG,
        .content_type = octets("application/json", strlen("application/json")),
        .delivery_mode = AMQP_DELIVERY_PERSISTENT,
    };
    int status =
        amqp_basic_publish(link, CHANNEL, amqp_cstring_bytes(t->exchange), amqp_cstring_bytes(t->key), 1, 0,
                           &properties, octets(doc->text, doc->len));

    if (status != AMQP_STATUS_OK)
        return tell_status(t, fault, "message", status);
    return wait_for_word(link, t, fault);
}

int main(int argc, char **argv)
{
    static const struct archiver rabbitmq = {
        .name = "rabbitmq",
        .about = "Sends results to an AMQP broker, as RabbitMQ is one.",
        .target_size = sizeof(struct target),
        .read = read_data,
        .drop = drop,
        .expires = expires,
        .open = open_link,
        .send = send_doc,
        .close = hang_up,
    };

    return archiver_main(&rabbitmq, argc, argv);
}
