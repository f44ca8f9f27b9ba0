// SPDX-License-Identifier: Apache-2.0
#include "lsregister/verb_options.h"
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/ps_buf.h"
#include "base/ps_err.h"
#include "lsregister/exits.h"

int verb_fail(const struct ps_opt_prog *prog, int status, const char *fmt, ...)
{
    va_list ap;
    fprintf(stderr, "%s: ", prog->name);
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fputc('\n', stderr);
    return status;
}

int verb_flush(const struct ps_opt_prog *prog, int status)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    return verb_fail(prog, EXIT_SYSTEM, "standard output did not take the text");
}

static int take(struct verb_options *o, const struct ps_opt_prog *prog, int letter, const char *value)
{
    switch (letter) {
    case 'c':
        o->config = value;
        return -1;
    case VERB_JSON:
        o->json = true;
        return -1;
    case 'h':
        ps_opt_help(prog, stdout);
        return verb_flush(prog, EXIT_DONE);
    case 'V':
        ps_opt_version(prog, stdout);
        return verb_flush(prog, EXIT_DONE);
    case '?':
        return EXIT_USAGE;
    default:
        return o->own && o->own(o->ctx, letter, value) != 0 ? EXIT_USAGE : -1;
    }
}

int verb_options_read(struct verb_options *o, const struct ps_opt_prog *prog, int max, int argc, char **argv)
{
    struct ps_opt_iter it;
    int letter, status = -1;
    if (ps_opt_begin(&it, prog, argc, argv, false) != 0)
        return EXIT_SYSTEM;
    while (status < 0 && (letter = ps_opt_next(&it)) != -1)
        status = take(o, prog, letter, it.value);
    int at = ps_opt_index(&it);
    o->argc = argc - at;
    o->argv = argv + at;
    ps_opt_end(&it);
    if (status < 0 && o->argc > max)
        status = verb_fail(prog, EXIT_USAGE, "too many words; try '%s --help'", prog->name);
    return status;
}

const char *verb_config_path(const char *config)
{
    if (config)
        return config;
    return access(VERB_CONFIG, F_OK) != 0 && access(VERB_CONFIG_UPSTREAM, F_OK) == 0 ? VERB_CONFIG_UPSTREAM
                                                                                     : VERB_CONFIG;
}

static int read_input(char **text, size_t *len)
{
    size_t n;
    *text = malloc(PLAN_FILE_MAX + 1);
    if (!*text)
        return -ENOMEM;
    n = fread(*text, 1, PLAN_FILE_MAX + 1, stdin);
    if (!ferror(stdin) && n <= PLAN_FILE_MAX) {
        (*text)[n] = '\0';
        *len = n;
        return 0;
    }
    free(*text);
    return n > PLAN_FILE_MAX ? PS_ELIMIT : -EIO;
}

int verb_load(const char *path, struct plan *p, struct ps_fault *fault)
{
    bool input = strcmp(path, "-") == 0;
    const char *name = input ? "standard input" : path;
    char *text;
    size_t len;
    int err = plan_init(p);
    if (!err)
        err = input ? read_input(&text, &len) : ps_conf_load(path, PLAN_FILE_MAX, &text, &len);
    if (err == PS_ELIMIT)
        ps_fault_set(fault, name, 0, "is larger than %zu octets", PLAN_FILE_MAX);
    else if (err)
        ps_fault_set(fault, name, 0, "%s", ps_strerror(err));
    if (err)
        return err;
    err = plan_read_any(p, name, text, len, fault);
    free(text);
    if (err == -ENOMEM)
        ps_fault_set(fault, name, 0, "%s", ps_strerror(err));
    return err;
}

int verb_resolver(const struct ps_opt_prog *prog, const char *text, struct ps_addr *out)
{
    struct ps_hostport hp;
    if (ps_hostport_parse(text, 53, false, &hp) == 0 && ps_addr_parse(hp.host, hp.port, out) == 0)
        return 0;
    return verb_fail(prog, -1, "--resolver %s: wants an address, as in 192.0.2.53 or [2001:db8::53]:5353",
                     text);
}
