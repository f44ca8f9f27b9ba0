// SPDX-License-Identifier: Apache-2.0
// kafka_mock TOPIC N: librdkafka's own double of a Kafka cluster, on a free port of this host. Prints where it is, then
// the values of the first N messages of the topic, a line each.
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <stdio.h>
#include <stdlib.h>

#define TICK_MS 200

static rd_kafka_t *client(rd_kafka_type_t type, const char *servers)
{
    rd_kafka_conf_t *c = rd_kafka_conf_new();
    char why[256];

    (void)rd_kafka_conf_set(c, "bootstrap.servers", servers, why, sizeof why);
    (void)rd_kafka_conf_set(c, "group.id", "kafka_mock", why, sizeof why);
    return rd_kafka_new(type, c, why, sizeof why);
}

static void print(rd_kafka_t *from, long n)
{
    while (n > 0) {
        rd_kafka_message_t *m = rd_kafka_consumer_poll(from, TICK_MS);

        if (m && !m->err) {
            printf("%.*s\n", (int)m->len, (const char *)m->payload);
            fflush(stdout);
            n--;
        }
        if (m)
            rd_kafka_message_destroy(m);
    }
}

int main(int argc, char **argv)
{
    rd_kafka_t *host = client(RD_KAFKA_PRODUCER, ""), *from;
    rd_kafka_mock_cluster_t *cluster = host ? rd_kafka_mock_cluster_new(host, 1) : NULL;
    rd_kafka_topic_partition_list_t *parts = rd_kafka_topic_partition_list_new(1);

    if (argc != 3 || !cluster || rd_kafka_mock_topic_create(cluster, argv[1], 1, 1))
        return 4;
    from = client(RD_KAFKA_CONSUMER, rd_kafka_mock_cluster_bootstraps(cluster));
    rd_kafka_topic_partition_list_add(parts, argv[1], 0)->offset = RD_KAFKA_OFFSET_BEGINNING;
    if (!from || rd_kafka_assign(from, parts))
        return 4;
    printf("%s\n", rd_kafka_mock_cluster_bootstraps(cluster));
    fflush(stdout);
    print(from, strtol(argv[2], NULL, 10));
    rd_kafka_topic_partition_list_destroy(parts);
    rd_kafka_destroy(from);
    rd_kafka_mock_cluster_destroy(cluster);
    rd_kafka_destroy(host);
    return 0;
}
