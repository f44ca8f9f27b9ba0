// SPDX-License-Identifier: Apache-2.0
#include "psarchive/workplace.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include "base/ps_err.h"
#include "psarchive/settings.h"

int workplace_fail(const char *verb, int status, const char *fmt, ...)
{
    va_list ap;
    fprintf(stderr, "psarchive %s: ", verb);
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fputc('\n', stderr);
    return status;
}

int workplace_flush(const char *verb, int status)
{
    if (fflush(stdout) != 0 || ferror(stdout))
        return workplace_fail(verb, EXIT_SYSTEM, "standard output: %s", ps_strerror(-errno));
    return status;
}

static int start(struct workplace *w, enum workplace_use use, struct ps_fault *fault)
{
    int err = reader_new(&w->reader, w->store, fault);
    if (err != 0 || use != WORKPLACE_WRITE)
        return err;
    err = writer_start(&w->writer, w->store, fault);
    if (err == 0 && (err = port_new(&w->port, w->writer)) != 0)
        ps_fault_set(fault, store_path(w->store), 0, "%s", ps_strerror(err));
    return err;
}

int workplace_open(struct workplace *w, const char *verb, const char *data, enum workplace_use use)
{
    struct ps_fault fault = {""};
    struct store_conf conf = {.dir = data != NULL ? data : SETTINGS_DATA,
                              .read_only = use == WORKPLACE_READ,
                              .existing = use == WORKPLACE_CHANGE};
    *w = (struct workplace){.verb = verb};
    int err = store_open(&w->store, &conf, &fault);
    if (err == 0)
        err = start(w, use, &fault);
    if (err == 0 && store_was_made(w->store))
        fprintf(stderr, "psarchive %s: a new archive is made in %s\n", verb, conf.dir);
    if (err == 0)
        return 0;
    workplace_close(w);
    return workplace_fail(verb, EXIT_SYSTEM, "%s", fault.text);
}

void workplace_close(struct workplace *w)
{
    reader_free(w->reader);
    port_free(w->port);
    writer_stop(w->writer);
    store_close(w->store);
    *w = (struct workplace){.verb = w->verb};
}
