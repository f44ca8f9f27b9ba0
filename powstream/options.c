// SPDX-License-Identifier: Apache-2.0
#include "powstream/options.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "base/ps_num.h"
#include "base/ps_opt.h"
#include "owamp/ow_test.h"

enum {
    OPT_JSON = 256,
    OPT_SPOOL,
    OPT_RAW,
    OPT_STREAMS,
    OPT_CONTROL,
    OPT_TELL,
    OPT_CHECK,
    OPT_NAME,
    OPT_PRECISE,
    OPT_HW
};

static const struct ps_opt table[] = {
    {'c', "count", "N", "packets in a session (300)", "Test"},
    {'i', "interval", "S", "mean seconds between packets, exponentially distributed; Sf: fixed (0.1)", NULL},
    {'L', "timeout", "S", "a packet that takes longer is lost (10)", NULL},
    {'s', "padding", "N", "octets of padding in each packet (0)", NULL},
    {'D', "dscp", "DSCP", "differentiated services: 0..63, 0x2e, ef, cs1, af11 ... (0)", NULL},
    {'t', "to", NULL, "send to the server (default: receive from it)", NULL},
    {'P', "ports", "LO-HI", "local UDP ports; 0: the kernel's choice (8760-9960)", NULL},
    {'z', "delay", "S", "wait so long before the first session (0)", NULL},
    {'E', "end-delay", "S", "wait so long behind the last packet's timeout with another make's server (1)",
     NULL},
    {'I', "retry", "S", "longest pause between attempts to connect (60, at most a session)", NULL},
    {OPT_PRECISE, "precise", NULL,
     "packets leave within microseconds of their time, each with a wake of its own: many cost much", NULL},
    {'4', "ipv4", NULL, "IPv4 only", "Connection"},
    {'6', "ipv6", NULL, "IPv6 only", NULL},
    {'A', "authmode", "MODES",
     "acceptable modes: letters of A (authenticated), E (encrypted), O (open); with -u all, else O", NULL},
    {'u', "identity", "NAME", "who we are to the server", NULL},
    {'k', "pass-phrases", "FILE", "file with NAME's pass-phrase, see pfstore(1)", NULL},
    {'S', "source", "ADDR", "local address, name or interface", NULL},
    {'B', "bind-device", "IFACE", "bind control and test sockets to this interface", NULL},
    {OPT_HW, "hw-timestamps", "IFACE", "arrival times of this interface's clock, if it makes them", NULL},
    {'d', "directory", "DIR", "where .owp and .sum files go (.)", "Output"},
    {'p', "print-names", NULL, "print the name of each file", NULL},
    {'N', "every", "N", "a summary for every N packets too; N divides -c", NULL},
    {'b', "bucket-width", "S", "width of the histogram's buckets in .sum files (0.0001)", NULL},
    {'U', "unix", NULL, "Unix times in .sum files too", NULL},
    {OPT_JSON, "json-lines", NULL,
     "a JSON document for each session, or each -N packets, on standard output; no files but with -d or -p",
     NULL},
    {OPT_SPOOL, "spool", "DIR", "the same into a spool directory", NULL},
    {OPT_RAW, "raw", NULL, "with every packet in the documents", NULL},
    {OPT_NAME, "name", "NAME", "the stream's name in documents (SERVER-from or SERVER-to)", NULL},
    {OPT_STREAMS, "streams", "FILE", "many streams, see powstream-streams(5); HUP reads FILE anew",
     "Many streams"},
    {OPT_CONTROL, "control", "SOCKET", "listen for requests on this Unix socket", NULL},
    {OPT_TELL, "tell", "REQUEST",
     "send it to the powstream behind --control: status, list, reload, or JSON; print the answer", NULL},
    {OPT_CHECK, "check", NULL, "check options and FILE, say what is wrong and where, and exit", NULL},
    {'e', "facility", "NAME", "syslog facility (user)", "Log"},
    {'g', "loglevel", "LEVEL", "none, fatal, warning, info, debug or all (info)", NULL},
    {'R', "syslog-only", NULL, "nothing on standard error", NULL},
    {'v', "verbose", NULL, "more: debug; twice: with places in the source", NULL},
    {'h', "help", NULL, "this text", "Other"},
    {'V', "version", NULL, "the version", NULL},
    {0, NULL, NULL, NULL, NULL},
};

static const struct ps_opt_prog prog = {
    "powstream",
    "[options] TESTADDR[:PORT] [SERVER[:PORT]] | --streams FILE",
    "Measures one-way delay and loss from or to an OWAMP server all day: session behind session without a "
    "gap, a result for each. TESTADDR is the server; where its test packets are to use another address than "
    "its control connection, that is SERVER.",
    "Examples:\n"
    "  powstream -p -d /var/tmp/pow -c 600 host.example.org\n"
    "  powstream --json-lines -c 600 -N 100 host.example.org | jq -c '.[\"packets-lost\"]'\n"
    "  powstream --streams streams.json --control /run/powstream.sock\n"
    "  powstream --control /run/powstream.sock --tell status | jq .\n"
    "Signals: INT and TERM end with the results so far; HUP begins anew, or reads FILE.\n"
    "Exit status: 0 ended by a signal; 1 usage, or something cannot be used.\n"
    "See powstream(1).",
    table,
};

static const char *long_name(int letter)
{
    for (size_t i = 0; table[i].letter != 0; i++)
        if (table[i].letter == letter)
            return table[i].name;
    return "?";
}

static int complain(int letter, const char *value, const char *wants)
{
    if (letter < 256)
        fprintf(stderr, "powstream: -%c, --%s: '%s': %s\n", letter, long_name(letter), value, wants);
    else
        fprintf(stderr, "powstream: --%s: '%s': %s\n", long_name(letter), value, wants);
    return PS_ESYNTAX;
}

static int tell(const char *text)
{
    fprintf(stderr, "powstream: %s\n", text);
    return PS_ESYNTAX;
}

static int set_u32(int letter, const char *v, uint32_t min, uint32_t max, uint32_t *out)
{
    uint64_t n;
    char wants[80];
    snprintf(wants, sizeof wants, "wants a whole number from %u to %u", min, max);
    if (ps_num_u64(v, 10, min, max, &n) != 0)
        return complain(letter, v, wants);
    *out = (uint32_t)n;
    return 0;
}

static int set_seconds(int letter, const char *v, double min, double *out)
{
    char wants[80];
    snprintf(wants, sizeof wants, "wants seconds, from %g to 1e6", min);
    return ps_num_double(v, min, 1e6, out) == 0 ? 0 : complain(letter, v, wants);
}

static int set_text(char **out, const char *v)
{
    free(*out);
    *out = strdup(v);
    return *out != NULL ? 0 : tell("out of memory");
}

static int set_word(int letter, const char *v, char **out)
{
    return v[0] != '\0' ? set_text(out, v) : complain(letter, v, "is empty");
}

static int set_slot(int letter, const char *v, struct ow_slot *out)
{
    struct ow_slot slots[1];
    uint32_t n;
    if (ow_slots_parse(v, slots, 1, &n) != 0 || slots[0].value == 0)
        return complain(letter, v, "wants seconds between packets, as in 0.1 or 0.1f");
    *out = slots[0];
    return 0;
}

static int set_test(struct options *o, int letter, const char *v)
{
    struct stream_conf *c = &o->stream;
    switch (letter) {
    case 'c':
        return set_u32(letter, v, 1, STREAM_COUNT_MAX, &c->count);
    case 'i':
        return set_slot(letter, v, &c->slot);
    case 'L':
        return set_seconds(letter, v, 0, &c->timeout);
    case 's':
        return set_u32(letter, v, 0, OW_PADDING_MAX, &c->padding);
    case 'D':
        return ow_dscp_parse(v, &c->dscp) == 0
                   ? 0
                   : complain(letter, v, "wants 0..63 or a name such as ef, cs1, af11");
    case 't':
        c->to = true;
        return 0;
    case 'P':
        if (ps_portrange_parse(v, &o->ports) != 0 || (o->ports.low != 0 && o->ports.low == o->ports.high))
            return complain(letter, v, "wants 0 or LOW-HIGH, two ports at least");
        return 0;
    case 'z':
        return set_seconds(letter, v, 0, &c->delay);
    case 'E':
        return set_seconds(letter, v, 0, &c->enddelay);
    default:
        return set_seconds(letter, v, 0.01, &c->retry);
    }
}

static int set_family(struct stream_conf *c, int family)
{
    if (c->family != AF_UNSPEC && c->family != family)
        return tell("-4 and -6 exclude each other");
    c->family = family;
    return 0;
}

static int set_interface(int letter, const char *v)
{
    return v[0] != '\0' ? 0 : complain(letter, v, "wants the name of an interface");
}

static int set_connection(struct options *o, int letter, const char *v)
{
    struct stream_conf *c = &o->stream;
    switch (letter) {
    case '4':
        return set_family(c, AF_INET);
    case '6':
        return set_family(c, AF_INET6);
    case 'A':
        return ow_modes_parse(v, &c->modes) == 0
                   ? 0
                   : complain(letter, v, "wants letters of A, E and O, as in EO");
    case 'u':
        return strlen(v) <= OW_KEYID_LEN && v[0] != '\0' ? set_text(&c->identity, v)
                                                         : complain(letter, v, "wants 1 to 80 characters");
    case 'k':
        return set_word(letter, v, &c->pass_path);
    case 'S':
        return set_word(letter, v, &c->source);
    case OPT_HW:
        o->hw = v;
        return set_interface(letter, v);
    default:
        o->device = v;
        return set_interface(letter, v);
    }
}

static int set_output(struct options *o, int letter, const char *v)
{
    struct stream_conf *c = &o->stream;
    switch (letter) {
    case 'd':
        return set_word(letter, v, &c->directory);
    case 'p':
        c->print = true;
        return 0;
    case 'N':
        return set_u32(letter, v, 0, UINT32_MAX, &c->every);
    case 'b':
        return set_seconds(letter, v, 1e-9, &c->bucket_width);
    case 'U':
        c->unix_times = true;
        return 0;
    case OPT_JSON:
        c->json = true;
        return 0;
    case OPT_SPOOL:
        return set_word(letter, v, &c->spool);
    case OPT_RAW:
        c->raw = true;
        return 0;
    default:
        return set_word(letter, v, &c->name);
    }
}

static int set_running(struct options *o, int letter, const char *v)
{
    switch (letter) {
    case OPT_STREAMS:
        o->streams_path = v;
        return 0;
    case OPT_CONTROL:
        o->control_path = v;
        return 0;
    case OPT_TELL:
        o->tell = v;
        return 0;
    case OPT_CHECK:
        o->check = true;
        return 0;
    case OPT_PRECISE:
        o->precise = true;
        return 0;
    case 'e':
        o->facility = v;
        return ps_log_facility_known(v) ? 0 : complain(letter, v, "no such syslog facility");
    case 'g':
        return ps_log_parse_level(v, &o->level) == 0
                   ? 0
                   : complain(letter, v, "wants none, fatal, warning, info, debug or all");
    case 'R':
        o->syslog_only = true;
        return 0;
    default:
        o->verbose++;
        return 0;
    }
}

static int set_option(struct options *o, int letter, const char *v)
{
    if (letter < 256 && strchr("ciLsDtPzEI", letter) != NULL)
        return set_test(o, letter, v);
    if (letter == OPT_HW || (letter < 256 && strchr("46AukSB", letter) != NULL))
        return set_connection(o, letter, v);
    if (letter == OPT_JSON || letter == OPT_SPOOL || letter == OPT_RAW || letter == OPT_NAME ||
        (letter < 256 && strchr("dpNbU", letter) != NULL))
        return set_output(o, letter, v);
    return set_running(o, letter, v);
}

static int take_host(const char *operand, char **host, uint16_t *port)
{
    struct ps_hostport hp;
    if (ps_hostport_parse(operand, OW_PORT, false, &hp) != 0 || hp.port == 0) {
        fprintf(stderr, "powstream: %s: not a server: wants NAME, ADDRESS, NAME:PORT or [V6]:PORT\n",
                operand);
        return PS_ESYNTAX;
    }
    *port = hp.port;
    return set_text(host, hp.host);
}

static int take_operands(struct options *o, char **operands, int n)
{
    struct stream_conf *c = &o->stream;
    uint16_t ignored;
    if (o->streams_path != NULL || o->tell != NULL)
        return n == 0 ? 0 : tell("with --streams the servers are in the file; with --tell none is named");
    if (n < 1 || n > 2) {
        fprintf(stderr, "powstream: usage: powstream %s\npowstream: try 'powstream --help'\n", prog.synopsis);
        return PS_ESYNTAX;
    }
    if (n == 1)
        return take_host(operands[0], &c->server, &c->port);
    int err = take_host(operands[1], &c->server, &c->port);
    return err != 0 ? err : take_host(operands[0], &c->test_host, &ignored);
}

static int settle(struct options *o)
{
    struct stream_conf *c = &o->stream;
    if (o->tell != NULL)
        return o->control_path != NULL ? 0 : tell("--tell needs --control SOCKET: where does it listen?");
    if (o->streams_path != NULL)
        return c->name == NULL ? 0 : tell("--name is for one stream; in a file each has its own");
    if (c->pass_path != NULL && c->identity == NULL)
        return tell("-k needs -u: whose pass-phrase in the file is it?");
    bool documents = c->json || c->spool != NULL;
    if (c->directory == NULL && (c->print || !documents) && set_text(&c->directory, ".") != 0)
        return PS_ESYNTAX;
    struct ps_fault fault = {""};
    return stream_conf_settle(c, false, &fault) == 0 ? 0 : tell(fault.text);
}

static int take_all(struct options *o, struct ps_opt_iter *it, bool *done)
{
    int letter;
    while ((letter = ps_opt_next(it)) != -1) {
        if (letter == 'h' || letter == 'V') {
            letter == 'h' ? ps_opt_help(&prog, stdout) : ps_opt_version(&prog, stdout);
            *done = true;
            return fflush(stdout) == 0 ? 0 : tell("standard output did not take the text");
        }
        if (letter == '?' || set_option(o, letter, it->value) != 0)
            return PS_ESYNTAX;
    }
    return take_operands(o, it->argv + ps_opt_index(it), it->argc - ps_opt_index(it));
}

enum options_next options_read(struct options *o, int argc, char **argv)
{
    struct ps_opt_iter it;
    bool done = false;
    memset(o, 0, sizeof *o);
    stream_conf_defaults(&o->stream);
    o->ports = (struct ps_portrange){8760, 9960};
    o->facility = "user";
    o->level = PS_LOG_INFO;
    if (ps_opt_begin(&it, &prog, argc, argv, false) != 0)
        return OPTIONS_USAGE;
    int err = take_all(o, &it, &done);
    ps_opt_end(&it);
    if (err != 0)
        return OPTIONS_USAGE;
    if (done)
        return OPTIONS_DONE;
    return settle(o) == 0 ? OPTIONS_RUN : OPTIONS_USAGE;
}
