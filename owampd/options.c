// SPDX-License-Identifier: Apache-2.0
#include "owampd/options.h"
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "base/ps_opt.h"

enum { OPT_VERSION = 'V', OPT_SANDBOX = 256, OPT_CONTROLSOCKET };

static const struct ps_opt table[] = {
    {'c', "confdir", "DIR",
     "read owamp-server.conf, .limits and .pfs from DIR (default: the current directory)", "Files"},
    {'d', "datadir", "DIR", "keep sessions in DIR (default: the current directory)", NULL},
    {'R', "vardir", "DIR", "write owamp-server.pid and .info in DIR (default: the current directory)", NULL},
    {'n', "check", NULL, "check the configuration, say what is wrong and where, and exit", NULL},
    {'S', "srcnode", "ADDR:PORT",
     "listen there; ADDR, ADDR:PORT, [V6]:PORT or :PORT (default: everywhere, 861)", "Service"},
    {'P', "testports", "LO-HI", "UDP ports for tests; 0: the kernel's choice (default)", NULL},
    {'a', "authmode", "MODES", "modes to offer: letters of A (authenticated), E (encrypted), O (open)", NULL},
    {'U', "user", "NAME", "become this user (or -NUMBER) when started as root", "Running"},
    {'G', "group", "NAME", "become this group (or -NUMBER) when started as root", NULL},
    {OPT_CONTROLSOCKET, "controlsocket", "PATH",
     "answer requests about the daemon at this Unix socket, or none (default)", NULL},
    {'f', "rootfolly", NULL, "allow running as root", NULL},
    {OPT_SANDBOX, "sandbox", "PARTS",
     "what it is held by: all (default), none, or some of capabilities,no_new_privs,landlock,seccomp", NULL},
    {'Z', "foreground", NULL, "do not become a daemon; log to standard error too", NULL},
    {'e', "facility", "NAME", "syslog facility (default: daemon)", NULL},
    {'v', "verbose", NULL, "taken for compatibility; loglevel in owamp-server.conf is what counts", NULL},
    {'h', "help", NULL, "this text", NULL},
    {OPT_VERSION, "version", NULL, "the version", NULL},
    {0, NULL, NULL, NULL, NULL},
};

static const struct ps_opt_prog prog = {
    "owampd",
    "[options]",
    "Serves one-way delay and loss measurements by OWAMP (RFC 4656).",
    "Example: serve on port 8861 in the foreground, data in /tmp/ow:\n"
    "  mkdir -p /tmp/ow && owampd -Z -f -S :8861 -d /tmp/ow -R /tmp/ow\n"
    "Signals: HUP reads limits and pass-phrases anew, TERM ends.\n"
    "See owampd(8), owamp-server.conf(5), owamp-server.limits(5), owamp-server.pfs(5).",
    table,
};

static int complain(const char *what, const char *value, const char *wants)
{
    fprintf(stderr, "owampd: %s: '%s': %s\n", what, value, wants);
    return PS_ESYNTAX;
}

static int set_text(char *out, size_t size, const char *what, const char *value)
{
    if (strlen(value) >= size)
        return complain(what, value, "too long");
    memcpy(out, value, strlen(value) + 1);
    return 0;
}

static int set_sandbox(unsigned *sandbox, const char *value)
{
    int err = conf_sandbox(value, sandbox);
    if (err == 0)
        return 0;
    return complain("--sandbox", value,
                    err == PS_ESTATE ? "landlock and seccomp need no_new_privs as well"
                                     : "wants " CONF_SANDBOX_WANTS);
}

static int set_option(struct options *o, int letter, const char *v)
{
    struct conf *c = &o->conf;
    switch (letter) {
    case 'a':
        return ow_modes_parse(v, &c->modes) == 0
                   ? 0
                   : complain("-a, --authmode", v, "wants letters of A, E and O, as in EO");
    case 'd':
        return set_text(c->datadir, sizeof c->datadir, "-d, --datadir", v);
    case 'R':
        return set_text(c->vardir, sizeof c->vardir, "-R, --vardir", v);
    case 'e':
        if (!ps_log_facility_known(v))
            return complain("-e, --facility", v, "wants a facility of syslog, such as daemon or local0");
        return set_text(c->facility, sizeof c->facility, "-e, --facility", v);
    case 'U':
        return set_text(c->user, sizeof c->user, "-U, --user", v);
    case 'G':
        return set_text(c->group, sizeof c->group, "-G, --group", v);
    case 'P':
        return ps_portrange_parse(v, &c->testports) == 0
                   ? 0
                   : complain("-P, --testports", v, "wants 0, PORT or LOW-HIGH");
    case 'S':
        return ps_hostport_parse(v, OW_PORT, true, &c->srcnode) == 0
                   ? 0
                   : complain("-S, --srcnode", v, "wants ADDR, ADDR:PORT, [V6]:PORT or :PORT");
    case OPT_SANDBOX:
        return set_sandbox(&c->sandbox, v);
    case OPT_CONTROLSOCKET:
        return conf_socket(v, c->controlsocket) == 0
                   ? 0
                   : complain("--controlsocket", v, "wants " CONF_SOCKET_WANTS);
    case 'f':
        c->rootfolly = true;
        break;
    case 'Z':
        o->foreground = true;
        break;
    case 'n':
        o->check = true;
        break;
    default: // -c, read in the first pass; -v
        break;
    }
    return 0;
}

static int set_files(struct options *o, const char *dir)
{
    const char *d = dir == NULL ? "." : dir;
    char *abs = realpath(d, NULL);
    if (abs == NULL || strlen(abs) > sizeof o->files.conf - 32) {
        fprintf(stderr, "owampd: configuration directory %s: %s\n", d,
                abs == NULL ? strerror(errno) : "name too long");
        free(abs);
        return PS_ENOTFOUND;
    }
    snprintf(o->files.conf, sizeof o->files.conf, "%s/owamp-server.conf", abs);
    snprintf(o->files.limits, sizeof o->files.limits, "%s/owamp-server.limits", abs);
    snprintf(o->files.pfs, sizeof o->files.pfs, "%s/owamp-server.pfs", abs);
    free(abs);
    return 0;
}

static int read_conf(struct options *o, bool must)
{
    struct ps_fault fault;
    char *text;
    size_t len;
    int err = ps_conf_load(o->files.conf, CONF_FILE_MAX, &text, &len);
    if (err == -ENOENT && !must)
        return 0;
    if (err != 0) {
        fprintf(stderr, "owampd: %s: %s\n", o->files.conf, ps_strerror(err));
        return err;
    }
    err = conf_parse(&o->conf, o->files.conf, text, len, &fault);
    if (err != 0)
        fprintf(stderr, "owampd: %s\n", fault.text);
    free(text);
    return err;
}

static enum options_next printed(void)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return OPTIONS_DONE;
    fprintf(stderr, "owampd: standard output did not take the text\n");
    return OPTIONS_FAULT;
}

// The first pass finds -c alone and answers -h and -V; the second one overrides the file.
static enum options_next first_pass(struct options *o, int argc, char **argv, const char **confdir)
{
    struct ps_opt_iter it;
    enum options_next next = OPTIONS_RUN;
    int letter;
    (void)o;
    if (ps_opt_begin(&it, &prog, argc, argv, false) != 0)
        return OPTIONS_FAULT;
    while (next == OPTIONS_RUN && (letter = ps_opt_next(&it)) != -1) {
        if (letter == 'c') {
            *confdir = it.value;
        } else if (letter == 'h' || letter == OPT_VERSION) {
            letter == 'h' ? ps_opt_help(&prog, stdout) : ps_opt_version(&prog, stdout);
            next = printed();
        } else if (letter == '?') {
            next = OPTIONS_USAGE;
        }
    }
    if (next == OPTIONS_RUN && ps_opt_index(&it) < argc) {
        fprintf(stderr, "owampd: unexpected '%s'; try 'owampd --help'\n", argv[ps_opt_index(&it)]);
        next = OPTIONS_USAGE;
    }
    ps_opt_end(&it);
    return next;
}

static enum options_next second_pass(struct options *o, int argc, char **argv)
{
    struct ps_opt_iter it;
    int letter, err = ps_opt_begin(&it, &prog, argc, argv, false);
    while (err == 0 && (letter = ps_opt_next(&it)) != -1)
        err = set_option(o, letter, it.value);
    ps_opt_end(&it);
    return err == 0 ? OPTIONS_RUN : OPTIONS_USAGE;
}

enum options_next options_read(struct options *o, int argc, char **argv)
{
    const char *confdir = NULL;
    memset(o, 0, sizeof *o);
    conf_init(&o->conf);
    enum options_next next = first_pass(o, argc, argv, &confdir);
    if (next != OPTIONS_RUN)
        return next;
    if (set_files(o, confdir) != 0 || read_conf(o, confdir != NULL) != 0)
        return OPTIONS_FAULT;
    o->of_file = o->conf;
    return second_pass(o, argc, argv);
}
