// SPDX-License-Identifier: Apache-2.0
#include "owping/options_table.h"
#include <string.h>

enum { OPT_JSON = 256 };

#define PING PROGRAM_OWPING
#define CONN (PROGRAM_OWPING | PROGRAM_OWFETCH | PROGRAM_OWUP)
#define SHOW (PROGRAM_OWPING | PROGRAM_OWFETCH | PROGRAM_OWSTATS)
#define ALL (CONN | SHOW)

static const struct {
    unsigned programs;
    enum group group;
    struct ps_opt opt;
} all[] = {
    {PING,
     GROUP_DIRECTION,
     {'f', "from", NULL, "test from the server to here (default: both directions)", "Direction"}},
    {PING, GROUP_DIRECTION, {'t', "to", NULL, "test from here to the server", NULL}},
    {PING, GROUP_DIRECTION, {'F', "from-file", "FILE", "as -f, and save the session in FILE", NULL}},
    {PING, GROUP_DIRECTION, {'T', "to-file", "FILE", "as -t, and save the session in FILE", NULL}},
    {PING, GROUP_TEST, {'c', "count", "N", "packets in each direction (100)", "Test"}},
    {PING,
     GROUP_TEST,
     {'i', "interval", "S[e|f],...",
      "seconds between packets: e exponential mean (default), f fixed; several take turns (0.1e)", NULL}},
    {PING, GROUP_TEST, {'L', "timeout", "S", "a packet that takes longer is lost (round trip + 2)", NULL}},
    {PING, GROUP_TEST, {'s', "padding", "N", "octets of padding in each packet (0)", NULL}},
    {PING,
     GROUP_TEST,
     {'D', "dscp", "DSCP", "differentiated services: 0..63, 0x2e, ef, cs1, af11 ... (0)", NULL}},
    {PING, GROUP_TEST, {'P', "ports", "LO-HI", "local UDP ports; 0: the kernel's choice (8760-9960)", NULL}},
    {PING, GROUP_TEST, {'z', "delay", "S", "start no earlier than that from now (0)", NULL}},
    {PING,
     GROUP_TEST,
     {'E', "end-delay", "S",
      "wait so long behind the last packet's timeout before ending a test with another make's server (1)",
      NULL}},
    {PING,
     GROUP_TEST,
     {OPTIONS_HW, "hw-timestamps", "IFACE", "arrival times of this interface's clock, if it makes them",
      NULL}},
    {CONN, GROUP_CONNECTION, {'4', "ipv4", NULL, "IPv4 only", "Connection"}},
    {CONN, GROUP_CONNECTION, {'6', "ipv6", NULL, "IPv6 only", NULL}},
    {CONN,
     GROUP_CONNECTION,
     {'A', "authmode", "MODES",
      "acceptable modes: letters of A (authenticated), E (encrypted), O (open); with -u all, else O", NULL}},
    {CONN, GROUP_CONNECTION, {'u', "identity", "NAME", "who we are to the server", NULL}},
    {CONN,
     GROUP_CONNECTION,
     {'k', "pass-phrases", "FILE", "file with NAME's pass-phrase, see pfstore(1); else it is asked for",
      NULL}},
    {CONN, GROUP_CONNECTION, {'S', "source", "ADDR", "local address, name or interface", NULL}},
    {CONN,
     GROUP_CONNECTION,
     {'B', "bind-device", "IFACE", "bind control and test sockets to this interface", NULL}},
    {SHOW, GROUP_OUTPUT, {'M', "machine", NULL, "summary for machines: one key and value a line", "Output"}},
    {SHOW, GROUP_OUTPUT, {OPT_JSON, "json", NULL, "one JSON document; with -R or -v every packet too", NULL}},
    {SHOW, GROUP_OUTPUT, {'R', "raw", NULL, "one line a packet, nothing else", NULL}},
    {SHOW,
     GROUP_OUTPUT,
     {'v', "verbose", "[N]", "also a line for each packet (of the first N records)", NULL}},
    {SHOW, GROUP_OUTPUT, {'a', "percentiles", "P,...", "also these percentiles of the delay (0..100)", NULL}},
    {SHOW, GROUP_OUTPUT, {'b', "bucket-width", "S", "width of the histogram's buckets (0.0001)", NULL}},
    {SHOW, GROUP_OUTPUT, {'n', "units", "U", "n, u, m or s: nano-, micro-, milliseconds, seconds (m)", NULL}},
    {SHOW, GROUP_OUTPUT, {'N', "every", "N", "a summary for every N packets", NULL}},
    {SHOW, GROUP_OUTPUT, {'U', "unix", NULL, "Unix times in -v and -M", NULL}},
    {SHOW,
     GROUP_OUTPUT,
     {'p', "print-names", NULL, "write each summary into a file and print its name", NULL}},
    {SHOW, GROUP_OUTPUT, {'d', "directory", "DIR", "where -p writes (.)", NULL}},
    {SHOW, GROUP_OUTPUT, {'Q', "quiet", NULL, "no results", NULL}},
    {ALL, GROUP_NONE, {'h', "help", NULL, "this text", "Other"}},
    {ALL, GROUP_NONE, {'V', "version", NULL, "the version", NULL}},
};

#define COUNT (sizeof all / sizeof *all)

static const struct {
    enum program program;
    struct ps_opt_prog prog;
} programs[] = {
    {PROGRAM_OWPING,
     {"owping", "[options] SERVER[:PORT]",
      "Measures one-way delay, loss, duplicates, reordering and hops to and from a host that runs an OWAMP "
      "server (owampd, port 861).",
      "Examples:\n"
      "  owping host.example.org                     both directions, 100 packets\n"
      "  owping -c 1000 -i 0.01f -t host.example.org to it, 1000 packets, 100 a second\n"
      "  owping --json '[2001:db8::1]:8861' | jq .\n"
      "Exit status: 0 measured; 1 usage, no connection, refused, failed; 2 interrupted\n"
      "before the test or twice.\n"
      "See owping(1).",
      NULL}},
    {PROGRAM_OWFETCH,
     {"owfetch", "[options] SERVER[:PORT] SID FILE [SID FILE]...",
      "Fetches sessions that an OWAMP server received, saves each in FILE and prints its summary.",
      "Example:\n"
      "  owfetch host.example.org c0000201e2a5d0d5b3b3a6a1f1c2d3e4 session.owp\n"
      "See owfetch(1).",
      NULL}},
    {PROGRAM_OWUP,
     {"owup", "[options] SERVER[:PORT]", "Tells since when an OWAMP server has been up.",
      "Example:\n  owup host.example.org\nSee owup(1).", NULL}},
    {PROGRAM_OWSTATS,
     {"owstats", "[options] FILE...", "Prints the summaries of sessions saved in files (.owp).",
      "Examples:\n"
      "  owstats -a 50,95,99 session.owp\n"
      "  owstats -R session.owp | awk '$5 == 0' | wc -l\n"
      "See owstats(1).",
      NULL}},
};

enum group options_group(int letter)
{
    for (size_t i = 0; i < COUNT; i++)
        if (all[i].opt.letter == letter)
            return all[i].group;
    return GROUP_NONE;
}

const char *options_long_name(int letter)
{
    for (size_t i = 0; i < COUNT; i++)
        if (all[i].opt.letter == letter)
            return all[i].opt.name;
    return "?";
}

void options_program(enum program program, struct ps_opt table[OPTIONS_MAX], struct ps_opt_prog *prog)
{
    size_t n = 0;
    for (size_t i = 0; i < COUNT; i++)
        if ((all[i].programs & program) != 0)
            table[n++] = all[i].opt;
    memset(&table[n], 0, sizeof table[n]);
    for (size_t i = 0; i < sizeof programs / sizeof *programs; i++)
        if (programs[i].program == program)
            *prog = programs[i].prog;
    prog->opts = table;
}
