// SPDX-License-Identifier: Apache-2.0
// Writes numbered results into an archive and says of each what came of it, line by line, when it is durable; for
// archive.t, which kills it and fills its disk.
//   archive_writer DIR FROM COUNT      "ok N", "fail N ERROR"; COUNT 0: on and on
#include <stdio.h>
#include <stdlib.h>
#include "base/ps_err.h"
#include "base/ps_num.h"
#include "psarchive/store.h"
#include "psarchive/writer.h"

#define START 1700000400
#define PATHS 5

struct result {
    uint64_t number;
    struct put *put;
};

static int complain(const char *what)
{
    fprintf(stderr, "archive_writer: %s\n", what);
    return 1;
}

static void done(void *ctx, struct put *p)
{
    struct result *r = ctx;
    char line[100];
    int n = p->err == 0 ? snprintf(line, sizeof line, "ok %llu\n", (unsigned long long)r->number)
                        : snprintf(line, sizeof line, "fail %llu %s\n", (unsigned long long)r->number,
                                   ps_strerror(p->err));
    fwrite(line, 1, (size_t)n, stdout);
    put_free(p);
    free(r);
}

static void describe(struct es_reg *r, uint64_t path)
{
    char source[32];
    es_reg_init(r);
    snprintf(source, sizeof source, "10.0.0.%d", (int)path + 1);
    (void)es_reg_set(r, "subject-type", "point-to-point");
    (void)es_reg_set(r, "source", source);
    (void)es_reg_set(r, "destination", "192.0.2.1");
    (void)es_reg_summary(r, es_event_find("packet-count-lost"), ES_SUMMARY_AGGREGATION, 300);
    (void)es_reg_summary(r, es_event_find("histogram-owdelay"), ES_SUMMARY_AGGREGATION, 3600);
    (void)es_reg_event(r, es_event_find("failures"));
    (void)es_reg_check(r, NULL);
}

// The number makes all of it.
static struct put *make(uint64_t number)
{
    struct es_reg reg;
    struct es_value lost, delays = {.form = ES_VALUE_HIST}, words;
    char key[32], text[700];
    int64_t ts = START + (int64_t)(number / PATHS) * 10;
    struct put *p = put_new(NULL);
    if (p == NULL)
        return NULL;
    describe(&reg, number % PATHS);
    put_register(p, &reg);
    (void)es_value_number((double)(number % 600), &lost);
    snprintf(key, sizeof key, "%d.%02d", (int)(number % 50), (int)(number * 7 % 100));
    (void)es_hist_add(&delays.hist, key, number % 1000 + 1);
    int n = snprintf(text, sizeof text, "{\"number\":%llu,\"fill\":\"", (unsigned long long)number);
    for (int i = 0; i < 500; i++)
        text[n++] = (char)('a' + (number * 31 + (uint64_t)i * (number + 7)) % 26);
    text[n++] = '"';
    text[n++] = '}';
    (void)es_value_json(text, (size_t)n, &words);
    (void)put_value(p, ts, es_event_find("packet-count-lost"), &lost);
    (void)put_value(p, ts, es_event_find("histogram-owdelay"), &delays);
    (void)put_value(p, ts, es_event_find("failures"), &words);
    return p;
}

static int write_on(struct port *port, uint64_t from, uint64_t count)
{
    for (uint64_t n = from; count == 0 || n < from + count; n++) {
        struct result *r = malloc(sizeof *r);
        if (r == NULL)
            return complain("out of memory");
        *r = (struct result){.number = n, .put = make(n)};
        if (r->put == NULL)
            return complain("out of memory");
        r->put->done = done;
        r->put->ctx = r;
        if (port_put(port, r->put) != 0)
            return complain("the writer takes no more");
        port_wait(port, 3);
    }
    port_wait(port, 0);
    return 0;
}

int main(int argc, char **argv)
{
    struct ps_fault fault = {""};
    struct store *store;
    struct writer *writer;
    struct port *port;
    uint64_t from, count;
    if (argc != 4 || ps_num_u64(argv[2], 10, 0, UINT32_MAX, &from) != 0 ||
        ps_num_u64(argv[3], 10, 0, UINT32_MAX, &count) != 0)
        return complain("DIR FROM COUNT");
    setvbuf(stdout, NULL, _IOLBF, 0);
    struct store_conf conf = {.dir = argv[1]};
    if (store_open(&store, &conf, &fault) != 0 || writer_start(&writer, store, &fault) != 0 ||
        port_new(&port, writer) != 0)
        return complain(fault.text);
    int status = write_on(port, from, count);
    port_free(port);
    writer_stop(writer);
    store_close(store);
    return status;
}
