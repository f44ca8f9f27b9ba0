// SPDX-License-Identifier: Apache-2.0
// The archiver "syslog": a line for each document, to the socket of this host's logger (RFC 3164).
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>
#include "base/ps_err.h"
#include "deliver/ps_deliver_kind.h"

#define LOGGER "/dev/log"
#define IDENT_MAX 64

// In the order of their numbers; those without a name are none of pScheduler's.
static const char *const facilities[] = {"kern",   "user",   "mail",   "daemon", "auth",   "syslog",
                                         "lpr",    "news",   "uucp",   "cron",   NULL,     NULL,
                                         NULL,     NULL,     NULL,     NULL,     "local0", "local1",
                                         "local2", "local3", "local4", "local5", "local6", "local7"};
static const char *const priorities[] = {"emerg",   "alert",  "crit", "err",
                                         "warning", "notice", "info", "debug"};
#define FACILITIES (sizeof facilities / sizeof facilities[0])
#define PRIORITIES (sizeof priorities / sizeof priorities[0])

struct target {
    char ident[IDENT_MAX];
    unsigned facility, priority;
};

struct own {
    struct ps_timer *timer;
    struct ps_deliver_call *call;
    char *line;
    size_t len;
};

static unsigned number_of(struct ps_jget *g, const char *key, const char *const *words, size_t n,
                          unsigned otherwise)
{
    const char *word = ps_jget_str(g, key, 1, 32, NULL);

    for (size_t i = 0; word && i < n; i++)
        if (words[i] && strcmp(words[i], word) == 0)
            return (unsigned)i;
    if (word)
        ps_jget_fail(g, key, PS_EUNKNOWN, "is none that syslog knows: \"%.32s\"", word);
    return otherwise;
}

static int read_data(struct ps_jget *g, void *target, struct ps_deliver_retry *retry)
{
    struct target *t = target;

    (void)retry;
    (void)ps_deliver_schema(g, 1);
    snprintf(t->ident, sizeof t->ident, "%s", ps_jget_str(g, "ident", 1, IDENT_MAX - 1, "pScheduler"));
    t->facility = number_of(g, "facility", facilities, FACILITIES, 1);
    t->priority = number_of(g, "priority", priorities, PRIORITIES, 6);
    return ps_deliver_data_end(g, NULL, 0);
}

static void cancel(void *own)
{
    struct own *o = own;

    ps_timer_free(o->timer);
    free(o->line);
    free(o);
}

static int write_line(const char *line, size_t len)
{
    struct sockaddr_un sa = {.sun_family = AF_UNIX, .sun_path = LOGGER};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), err = 0;

    if (fd < 0)
        return -errno;
    if (sendto(fd, line, len, MSG_NOSIGNAL, (struct sockaddr *)&sa, sizeof sa) < 0)
        err = -errno;
    close(fd);
    return err;
}

static void write_now(void *ctx)
{
    struct own *o = ctx;
    struct ps_deliver_call *call = o->call;
    int err = write_line(o->line, o->len);

    cancel(o);
    if (err)
        ps_deliver_failed(call, 0, "syslog: %s: %s", LOGGER, ps_strerror(err));
    else
        ps_deliver_done(call);
}

// "<14>Nov 26 12:00:00 pScheduler: {...}"
static int make_line(struct own *o, const struct target *t, const struct ps_deliver_job *job)
{
    time_t now = time(NULL);
    struct tm tm;
    char when[32];
    int n;

    localtime_r(&now, &tm);
    strftime(when, sizeof when, "%b %e %H:%M:%S", &tm);
    n = asprintf(&o->line, "<%u>%s %s: %.*s", t->facility * 8 + t->priority, when, t->ident, (int)job->len,
                 (const char *)job->doc);
    if (n < 0) {
        o->line = NULL;
        return -ENOMEM;
    }
    o->len = (size_t)n;
    return 0;
}

static int send_job(void *state, void *target, struct ps_deliver_call *call, const struct ps_deliver_job *job,
                    void **own, struct ps_fault *fault)
{
    struct own *o = calloc(1, sizeof *o);
    int err = o ? make_line(o, target, job) : -ENOMEM;

    if (!err)
        err = ps_timer_new(state, &o->timer, write_now, o);
    if (err) {
        if (o)
            free(o->line);
        free(o);
        ps_fault_set(fault, NULL, 0, "%s", ps_strerror(err));
        return err;
    }
    o->call = call;
    ps_timer_start(o->timer, 0);
    *own = o;
    return 0;
}

const struct ps_deliver_kind ps_deliver_syslog = {
    .name = "syslog",
    .target_size = sizeof(struct target),
    .read = read_data,
    .send = send_job,
    .cancel = cancel,
};
