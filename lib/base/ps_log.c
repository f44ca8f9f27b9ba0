// SPDX-License-Identifier: Apache-2.0
#include "base/ps_log.h"
#include "base/ps_err.h"
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>
#include <syslog.h>

static int facility_code(const char *name)
{
    static const struct {
        const char *name;
        int code;
    } table[] = {
        {"auth", LOG_AUTH},     {"authpriv", LOG_AUTHPRIV}, {"cron", LOG_CRON},     {"daemon", LOG_DAEMON},
        {"ftp", LOG_FTP},       {"kern", LOG_KERN},         {"lpr", LOG_LPR},       {"mail", LOG_MAIL},
        {"news", LOG_NEWS},     {"syslog", LOG_SYSLOG},     {"user", LOG_USER},     {"uucp", LOG_UUCP},
        {"local0", LOG_LOCAL0}, {"local1", LOG_LOCAL1},     {"local2", LOG_LOCAL2}, {"local3", LOG_LOCAL3},
        {"local4", LOG_LOCAL4}, {"local5", LOG_LOCAL5},     {"local6", LOG_LOCAL6}, {"local7", LOG_LOCAL7},
    };

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (strcasecmp(name, table[i].name) == 0)
            return table[i].code;
    return PS_EUNKNOWN;
}

void ps_log_init(struct ps_log *log, const char *prog)
{
    *log = (struct ps_log){.prog = prog, .level = PS_LOG_WARN, .file = stderr};
}

bool ps_log_facility_known(const char *name)
{
    return facility_code(name) >= 0;
}

int ps_log_open_syslog(struct ps_log *log, const char *facility)
{
    int code = facility_code(facility);

    if (code < 0)
        return code;
    // Connected now, because after a change of root or user it may not be possible.
    openlog(log->prog, LOG_PID | LOG_NDELAY, code);
    log->syslog = true;
    return 0;
}

int ps_log_parse_level(const char *name, enum ps_log_level *out)
{
    static const struct {
        const char *name;
        enum ps_log_level level;
    } table[] = {
        {"none", PS_LOG_NONE}, {"fatal", PS_LOG_FATAL}, {"warn", PS_LOG_WARN}, {"warning", PS_LOG_WARN},
        {"info", PS_LOG_INFO}, {"debug", PS_LOG_DEBUG}, {"all", PS_LOG_ALL},
    };

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (strcasecmp(name, table[i].name) == 0) {
            *out = table[i].level;
            return 0;
        }
    return PS_EUNKNOWN;
}

static int priority(enum ps_log_level level)
{
    switch (level) {
    case PS_LOG_NONE:
    case PS_LOG_FATAL:
        return LOG_ERR;
    case PS_LOG_WARN:
        return LOG_WARNING;
    case PS_LOG_INFO:
        return LOG_INFO;
    case PS_LOG_DEBUG:
    case PS_LOG_ALL:
        break;
    }
    return LOG_DEBUG;
}

static void emit(const struct ps_log *log, enum ps_log_level level, const char *line)
{
    if (log->file) {
        fprintf(log->file, "%s: %s\n", log->prog, line);
        fflush(log->file);
    }
    if (log->syslog)
        syslog(priority(level), "%s", line);
    if (log->hook)
        log->hook(log->hook_ctx, level, line);
}

// What a peer sent may be in the text: it must not start a line of its own or drive a terminal.
static void blunt(char *line)
{
    size_t n = strlen(line);

    while (n > 0 && line[n - 1] == '\n')
        line[--n] = '\0';
    for (unsigned char *p = (unsigned char *)line; *p; p++)
        if (*p < 0x20 || *p == 0x7f)
            *p = '?';
}

// Where a line was written, and what it is about.
struct origin {
    const char *file, *component;
    int line_number;
};

static size_t put_prefix(const struct ps_log *log, const struct origin *from, char *out, size_t size)
{
    const char *base = strrchr(from->file, '/');
    char where[96] = "";
    int n;

    if (log->location)
        snprintf(where, sizeof where, "FILE=%s, LINE=%d, ", base ? base + 1 : from->file, from->line_number);
    n = snprintf(out, size, "%s%s%s", where, from->component ? from->component : "",
                 from->component ? ": " : "");
    return n < 0 ? 0 : (size_t)n < size ? (size_t)n : size - 1;
}

__attribute__((format(printf, 5, 0))) static void compose(const struct ps_log *log, const struct origin *from,
                                                          char *out, size_t size, const char *fmt, va_list ap)
{
    size_t used = put_prefix(log, from, out, size);
    int n = vsnprintf(out + used, size - used, fmt, ap);

    if (n >= 0 && (size_t)n >= size - used)
        memcpy(out + size - 4, "...", 4);
    blunt(out);
}

static void submit(struct ps_log *log, enum ps_log_level level, const char *line)
{
    if (level == log->last_level && strcmp(line, log->last) == 0) {
        log->repeated++;
        return;
    }
    ps_log_flush(log);
    snprintf(log->last, sizeof log->last, "%s", line);
    log->last_level = level;
    emit(log, level, line);
}

void ps_log_at(struct ps_log *log, enum ps_log_level level, const char *file, int line_number,
               const char *component, const char *fmt, ...)
{
    struct origin from = {file, component, line_number};
    char line[sizeof log->last];
    int saved = errno;
    va_list ap;

    if (level > log->level || level == PS_LOG_NONE)
        return;
    va_start(ap, fmt);
    compose(log, &from, line, sizeof line, fmt, ap);
    va_end(ap);
    submit(log, level, line);
    errno = saved;
}

void ps_log_flush(struct ps_log *log)
{
    char line[64];

    if (log->repeated == 0)
        return;
    snprintf(line, sizeof line, "last line repeated %u time%s", log->repeated, log->repeated == 1 ? "" : "s");
    log->repeated = 0;
    emit(log, log->last_level, line);
}
