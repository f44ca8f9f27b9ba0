// SPDX-License-Identifier: Apache-2.0
// The archiver "postgresql": a row for each result, the document in one column.
#include <errno.h>
#include <libpq-fe.h>
#include <stdlib.h>
#include <string.h>
#include "archivers/archiver.h"
#include "base/ps_err.h"

#define DSN_MAX 4096
#define NAME_OCTETS 63 // of an identifier
#define EXPIRES (3600 * PS_SEC)
#define PATIENCE "SET statement_timeout = '60s'"
#define CONNECT_PATIENCE "10" // seconds, where the DSN does not say

struct target {
    char *dsn, *table, *column;
    ps_ns expires;
};

// --- data

static void drop(void *target)
{
    struct target *t = target;

    free(t->dsn);
    free(t->table);
    free(t->column);
}

// The DSN is not told: it may hold a password. What libpq says of a bad one may quote it.
static void check_dsn(struct ps_jget *g, const char *dsn)
{
    PQconninfoOption *parts = g->err ? NULL : PQconninfoParse(dsn, NULL);

    if (!g->err && !parts)
        ps_jget_fail(
            g, "_dsn", PS_ESYNTAX,
            "wants a connection string of PostgreSQL: \"host=H dbname=D user=U\" or postgresql://...");
    PQconninfoFree(parts);
}

// NAME, or with dots SCHEMA.NAME.
static void check_name(struct ps_jget *g, const char *key, const char *name, unsigned dots)
{
    static const char first[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
    static const char more[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789$";

    if (g->err)
        return;
    for (;; dots--) {
        size_t n = strspn(name, more);

        if (n == 0 || n > NAME_OCTETS || !strchr(first, name[0]))
            break;
        name += n;
        if (*name == '\0')
            return;
        if (*name != '.' || dots == 0)
            break;
        name++;
    }
    ps_jget_fail(g, key, PS_ESYNTAX, "wants an identifier: letters, digits, '_' and '$', at most %d of them",
                 NAME_OCTETS);
}

static int read_data(struct ps_jget *g, void *target, struct ps_deliver_retry *retry)
{
    struct target *t = target;
    static const char *const secret[] = {"_dsn"};
    const char *dsn = ps_jneed_str(g, "_dsn", 1, DSN_MAX);
    const char *table = ps_jneed_str(g, "table", 1, 2 * NAME_OCTETS + 1);
    const char *column = ps_jneed_str(g, "column", 1, NAME_OCTETS);

    (void)ps_deliver_schema(g, 1);
    check_dsn(g, dsn);
    check_name(g, "table", table, 1);
    check_name(g, "column", column, 0);
    t->expires = ps_deliver_duration(g, "connection-expires", 0, 365 * 86400 * PS_SEC, EXPIRES);
    ps_deliver_retry_policy(g, retry);
    t->dsn = strdup(dsn);
    t->table = strdup(table);
    t->column = strdup(column);
    return t->dsn && t->table && t->column ? ps_deliver_data_end(g, secret, 1) : -ENOMEM;
}

static ps_ns expires(const void *target)
{
    const struct target *t = target;

    return t->expires;
}

// --- the database

// In one line, without the end of it.
static int tell(PGconn *c, const struct target *t, struct ps_fault *fault)
{
    bool gone = PQstatus(c) != CONNECTION_OK;

    ps_fault_set(fault, NULL, 0, "table %s: %s", t->table, PQerrorMessage(c));
    for (char *p = fault->text; *p; p++)
        if (*p == '\n' || *p == '\t')
            *p = p[1] ? ' ' : '\0';
    return gone ? PS_ECLOSED : PS_EREFUSED;
}

static int run(PGconn *c, const struct target *t, PGresult *r, struct ps_fault *fault)
{
    int err = PQresultStatus(r) == PGRES_COMMAND_OK ? 0 : tell(c, t, fault);

    PQclear(r);
    return err;
}

static void silence(void *ctx, const char *message)
{
    (void)ctx;
    (void)message;
}

static void hang_up(void *link)
{
    PQfinish(link);
}

static int open_link(const void *target, void **link, struct ps_fault *fault)
{
    const struct target *t = target;
    // The later ones count: what the DSN says is before what is said here, which is for what it leaves out.
    const char *const keys[] = {"connect_timeout", "application_name", "dbname", "client_encoding", NULL};
    const char *const values[] = {CONNECT_PATIENCE, "psuite", t->dsn, "UTF8", NULL};
    PGconn *c = PQconnectdbParams(keys, values, 1);
    int err;

    if (!c)
        return -ENOMEM;
    (void)PQsetNoticeProcessor(c, silence, NULL);
    if (PQstatus(c) == CONNECTION_OK)
        err = run(c, t, PQexec(c, PATIENCE), fault);
    else
        err = tell(c, t, fault);
    if (err)
        hang_up(c);
    else
        *link = c;
    return err;
}

// Names were checked: they hold neither quotes nor more than one dot.
static void put_name(char *out, size_t size, const char *name)
{
    const char *dot = strchr(name, '.');

    if (dot)
        snprintf(out, size, "\"%.*s\".\"%s\"", (int)(dot - name), name, dot + 1);
    else
        snprintf(out, size, "\"%s\"", name);
}

static int send_doc(void *link, const void *target, const struct archiver_doc *doc, struct ps_fault *fault)
{
    const struct target *t = target;
    const char *const values[] = {doc->text};
    char table[2 * NAME_OCTETS + 8], column[NAME_OCTETS + 8], sql[sizeof table + sizeof column + 64];

    put_name(table, sizeof table, t->table);
    put_name(column, sizeof column, t->column);
    snprintf(sql, sizeof sql, "INSERT INTO %s (%s) VALUES ($1)", table, column);
    return run(link, t, PQexecParams(link, sql, 1, NULL, values, NULL, NULL, 0), fault);
}

int main(int argc, char **argv)
{
    static const struct archiver postgresql = {
        .name = "postgresql",
        .about = "Inserts results into a table of a PostgreSQL database.",
        .target_size = sizeof(struct target),
        .read = read_data,
        .drop = drop,
        .expires = expires,
        .open = open_link,
        .send = send_doc,
        .close = hang_up,
    };

    return archiver_main(&postgresql, argc, argv);
}
