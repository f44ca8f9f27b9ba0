// SPDX-License-Identifier: Apache-2.0
// The archiver "kafka": a message for each result, acknowledged by all replicas that are in step.
#include <errno.h>
#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "archivers/archiver.h"
#include "base/ps_err.h"

#define SERVER_MAX 4096
#define TOPIC_MAX 249     // octets of a topic's name, as Kafka bounds it
#define FILE_OCTETS 65536 // of a path, or of a key itself
#define PATIENCE_MS 30000
#define TICK_MS 100
#define LINGER_MS 2000 // for what is given up
#define RETRIES_MAX 1000
#define MESSAGE_MAX "67108864" // octets; the broker has a bound of its own

enum { CACERT, CERT, KEY, PASSWORD, SECRETS };

static const char *const secret[SECRETS] = {"_ssl-cacert", "_ssl-cert", "_ssl-key", "_ssl-password"};

struct target {
    char *topic, *server, *id;
    bool ssl, check_host;
    char *secrets[SECRETS]; // NULL: not given
    uint64_t retries;
};

struct link {
    rd_kafka_t *producer;
    bool unreachable;
    char why[256]; // what went wrong last
    bool ended;    // the message
    rd_kafka_resp_err_t outcome;
};

// --- data

static void drop(void *target)
{
    struct target *t = target;

    free(t->topic);
    free(t->server);
    free(t->id);
    for (int i = 0; i < SECRETS; i++)
        free(t->secrets[i]);
}

static int keep(char **out, const char *text)
{
    *out = text ? strdup(text) : NULL;
    return text && !*out ? -ENOMEM : 0;
}

static void check_topic(struct ps_jget *g, const char *topic)
{
    static const char good[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";

    if (!g->err && (topic[strspn(topic, good)] || strcmp(topic, ".") == 0 || strcmp(topic, "..") == 0))
        ps_jget_fail(g, "topic", PS_ESYNTAX, "wants letters, digits, '.', '_' and '-'");
}

static int read_ssl(struct ps_jget *g, struct target *t, unsigned schema)
{
    int err = 0;

    for (int i = 0; i < SECRETS; i++) {
        ps_deliver_since(g, secret[i], schema, 2);
        err = err ? err : keep(&t->secrets[i], ps_jget_str(g, secret[i], 1, FILE_OCTETS, NULL));
    }
    ps_deliver_since(g, "ssl-checkhostname", schema, 2);
    t->check_host = ps_jget_bool(g, "ssl-checkhostname", true);
    return err;
}

static void read_protocol(struct ps_jget *g, struct target *t, unsigned schema)
{
    static const char *const words[] = {"PLAINTEXT", "SSL"};

    ps_deliver_since(g, "security-protocol", schema, 2);
    t->ssl = schema >= 2 && ps_jneed_word(g, "security-protocol", words, 2) == 1;
    ps_deliver_since(g, "archiver-id", schema, 2);
    ps_deliver_since(g, "kafka-retries", schema, 2);
    ps_deliver_since(g, "retry-policy", schema, 2);
    t->retries = ps_jget_u64(g, "kafka-retries", 0, RETRIES_MAX, 3);
}

static int read_data(struct ps_jget *g, void *target, struct ps_deliver_retry *retry)
{
    struct target *t = target;
    unsigned schema = ps_deliver_schema(g, 2);
    int err = keep(&t->topic, ps_jneed_str(g, "topic", 1, TOPIC_MAX));

    if (!err)
        err = keep(&t->server, ps_jneed_str(g, "server", 1, SERVER_MAX));
    if (!err)
        check_topic(g, t->topic);
    read_protocol(g, t, schema);
    if (!err)
        err = keep(&t->id, ps_jget_str(g, "archiver-id", 1, 255, "psuite"));
    if (!err)
        err = read_ssl(g, t, schema);
    ps_deliver_retry_policy(g, retry);
    return err ? err : ps_deliver_data_end(g, secret, SECRETS);
}

// --- what the library tells

static void note_fault(rd_kafka_t *producer, int err, const char *why, void *ctx)
{
    struct link *l = ctx;

    (void)producer;
    if (err == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN)
        l->unreachable = true;
    else
        snprintf(l->why, sizeof l->why, "%s", why);
}

static void note_end(rd_kafka_t *producer, const rd_kafka_message_t *message, void *ctx)
{
    struct link *l = ctx;

    (void)producer;
    l->ended = true;
    l->outcome = message->err;
}

static void say_nothing(const rd_kafka_t *producer, int level, const char *facility, const char *text)
{
    (void)producer;
    (void)level;
    (void)facility;
    (void)text;
}

// --- connecting

static int set(rd_kafka_conf_t *c, const char *key, const char *value, struct ps_fault *fault)
{
    char why[256];

    if (rd_kafka_conf_set(c, key, value, why, sizeof why) == RD_KAFKA_CONF_OK)
        return 0;
    if (strncmp(key, "ssl.", 4) == 0)
        ps_fault_set(fault, NULL, 0, "%s: is not taken", key);
    else
        ps_fault_set(fault, NULL, 0, "%s", why);
    return PS_EMALFORMED;
}

// A certificate or key is a file's path, or the text itself (PEM).
static int set_file(rd_kafka_conf_t *c, const char *path_key, const char *text_key, const char *value,
                    struct ps_fault *fault)
{
    bool is_text = value && strncmp(value, "-----BEGIN ", 11) == 0;

    return value ? set(c, is_text ? text_key : path_key, value, fault) : 0;
}

static int set_ssl(rd_kafka_conf_t *c, const struct target *t, struct ps_fault *fault)
{
    int err = set(c, "security.protocol", t->ssl ? "SSL" : "PLAINTEXT", fault);

    if (err || !t->ssl)
        return err;
    err = set_file(c, "ssl.ca.location", "ssl.ca.pem", t->secrets[CACERT], fault);
    if (!err)
        err = set_file(c, "ssl.certificate.location", "ssl.certificate.pem", t->secrets[CERT], fault);
    if (!err)
        err = set_file(c, "ssl.key.location", "ssl.key.pem", t->secrets[KEY], fault);
    if (!err && t->secrets[PASSWORD])
        err = set(c, "ssl.key.password", t->secrets[PASSWORD], fault);
    if (!err)
        err = set(c, "ssl.endpoint.identification.algorithm", t->check_host ? "https" : "none", fault);
    return err;
}

static int configure(rd_kafka_conf_t *c, const struct target *t, struct ps_fault *fault)
{
    char retries[24];
    const char *const values[][2] = {
        {"bootstrap.servers", t->server},
        {"client.id", t->id},
        {"retries", retries},
        {"acks", "all"},
        {"message.timeout.ms", "30000"},
        {"message.max.bytes", MESSAGE_MAX},
        {"linger.ms", "0"},
    };
    int err = 0;

    snprintf(retries, sizeof retries, "%llu", (unsigned long long)t->retries);
    for (size_t i = 0; !err && i < sizeof values / sizeof values[0]; i++)
        err = set(c, values[i][0], values[i][1], fault);
    return err ? err : set_ssl(c, t, fault);
}

static void hang_up(void *link)
{
    struct link *l = link;

    if (l->producer)
        rd_kafka_destroy(l->producer);
    free(l);
}

static int open_link(const void *target, void **link, struct ps_fault *fault)
{
    struct link *l = calloc(1, sizeof *l);
    rd_kafka_conf_t *c = l ? rd_kafka_conf_new() : NULL;
    char why[256];
    int err = c ? configure(c, target, fault) : -ENOMEM;

    if (!err) {
        rd_kafka_conf_set_opaque(c, l);
        rd_kafka_conf_set_error_cb(c, note_fault);
        rd_kafka_conf_set_dr_msg_cb(c, note_end);
        rd_kafka_conf_set_log_cb(c, say_nothing);
        l->producer = rd_kafka_new(RD_KAFKA_PRODUCER, c, why, sizeof why);
        if (!l->producer) {
            ps_fault_set(fault, NULL, 0, "%s", why);
            err = PS_EMALFORMED;
        }
    }
    if (!err) {
        *link = l;
        return 0;
    }
    if (c)
        rd_kafka_conf_destroy(c);
    free(l);
    return err;
}

// --- sending

// What goes on trying is given up, so that the retry policy decides.
static void give_up(struct link *l)
{
    (void)rd_kafka_purge(l->producer, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    (void)rd_kafka_flush(l->producer, LINGER_MS);
}

static int tell(const struct target *t, struct ps_fault *fault, int err, const char *what, const char *why)
{
    ps_fault_set(fault, NULL, 0, "%.200s: topic %s: %s%s%s", t->server, t->topic, what, *why ? ": " : "",
                 why);
    return err;
}

static int wait_for_word(struct link *l, const struct target *t, struct ps_fault *fault)
{
    for (int ms = 0; !l->ended && !l->unreachable && ms < PATIENCE_MS; ms += TICK_MS)
        (void)rd_kafka_poll(l->producer, TICK_MS);
    if (l->ended)
        return l->outcome ? tell(t, fault, PS_EREFUSED, rd_kafka_err2str(l->outcome), l->why) : 0;
    give_up(l);
    if (l->ended && !l->outcome)
        return 0;
    return l->unreachable ? tell(t, fault, -EHOSTUNREACH, "no broker can be reached", l->why)
                          : tell(t, fault, PS_ETIMEOUT, "no broker has taken it in 30 s", l->why);
}

static int send_doc(void *link, const void *target, const struct archiver_doc *doc, struct ps_fault *fault)
{
    const struct target *t = target;
    struct link *l = link;
    rd_kafka_resp_err_t err;

    l->ended = l->unreachable = false;
    l->why[0] = '\0';
    err = rd_kafka_producev(l->producer, RD_KAFKA_V_TOPIC(t->topic), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                            RD_KAFKA_V_VALUE((void *)(uintptr_t)doc->text, doc->len), RD_KAFKA_V_END);
    if (err)
        return tell(t, fault, PS_EREFUSED, rd_kafka_err2str(err), "");
    return wait_for_word(l, t, fault);
}

int main(int argc, char **argv)
{
    static const struct archiver kafka = {
        .name = "kafka",
        .about = "Sends results to a topic of a Kafka cluster.",
        .target_size = sizeof(struct target),
        .read = read_data,
        .drop = drop,
        .open = open_link,
        .send = send_doc,
        .close = hang_up,
    };

    return archiver_main(&kafka, argc, argv);
}
