// SPDX-License-Identifier: Apache-2.0
// What a host does by itself, or asks of a service: clock, idle, idleex, idlebgm, noop, psresponse, dns, http.
#include "spec/sp_keys.h"
#include "spec/sp_texts.h"

static const struct sp_key clock_keys[] = {
    KEY_DEST(SP_T_HOSTPORT),
    {.name = "source",
     .type = SP_T_HOSTPORT,
     .letter = 's',
     .arg = "HOST[:PORT]",
     .help = "the other host (this one)"},
    {.name = "source-node",
     .type = SP_T_HOSTPORT,
     .since = 2,
     .arg = "HOST[:PORT]",
     .help = "the scheduler of the source, if it is another host"},
    KEY_TIMEOUT(" (PT5S)"),
};

static const struct sp_line clock_lines[] = {
    {"Local Time", {"local", "time"}, SP_V_TEXT, NULL},
    {"Local Synchronized", {"local", "synchronized"}, SP_V_BOOL, NULL},
    {"Local Source", {"local", "source"}, SP_V_TEXT, NULL},
    {"Local Reference", {"local", "reference"}, SP_V_TEXT, NULL},
    {"Local Offset", {"local", "offset"}, SP_V_NUMBER, "s"},
    {"Remote Time", {"remote", "time"}, SP_V_TEXT, NULL},
    {"Remote Synchronized", {"remote", "synchronized"}, SP_V_BOOL, NULL},
    {"Remote Source", {"remote", "source"}, SP_V_TEXT, NULL},
    {"Remote Reference", {"remote", "reference"}, SP_V_TEXT, NULL},
    {"Remote Offset", {"remote", "offset"}, SP_V_NUMBER, "s"},
    {"Difference", {"difference"}, SP_V_DURATION, NULL},
    {0},
};

const struct sp_test sp_clock = {
    .name = "clock",
    .about = "The difference between the clocks of two hosts",
    .cls = SP_BACKGROUND,
    .who = SP_WHO_SOURCE,
    .schema = 2,
    SP_KEYS(clock_keys),
    .lines = clock_lines,
};

#define KEY_IDLE_DURATION                                                                              \
    {                                                                                                  \
        .name = "duration", .type = SP_T_DURATION, .required = true, .letter = 'd', .arg = "DURATION", \
        .help = "how long to do nothing"                                                               \
    }
#define KEYS_COMMENT                                                                                   \
    {.name = "starting-comment", .type = SP_T_STRING, .arg = "TEXT", .help = "noted when it starts"},  \
    {                                                                                                  \
        .name = "parting-comment", .type = SP_T_STRING, .arg = "TEXT", .help = "noted when it is over" \
    }

static const struct sp_key idle_keys[] = {
    KEY_IDLE_DURATION,
    KEY_HOST(.until = 1),
    {.name = "host",
     .type = SP_T_HOSTS,
     .since = 2,
     .arg = "HOST",
     .help = "again for each host that takes part"},
    KEY_HOST_NODE(.until = 1),
    KEYS_COMMENT,
};

static const struct sp_line idle_lines[] = {{"Time Slept", {"duration"}, SP_V_DURATION, NULL}, {0}};

const struct sp_test sp_idle = {
    .name = "idle",
    .about = "Nothing, for a time, beside other tests",
    .cls = SP_BACKGROUND,
    .who = SP_WHO_LIST,
    .schema = 2,
    SP_KEYS(idle_keys),
    .lines = idle_lines,
};

static const struct sp_key idleex_keys[] = {
    KEY_IDLE_DURATION,
    KEY_HOST(.since = 1),
    KEY_HOST_NODE(.since = 1),
    KEYS_COMMENT,
};

const struct sp_test sp_idleex = {
    .name = "idleex",
    .about = "Nothing, for a time, and no other test beside it",
    .cls = SP_EXCLUSIVE,
    .who = SP_WHO_HOST,
    .schema = 1,
    SP_KEYS(idleex_keys),
    .lines = idle_lines,
};

static const struct sp_key idlebgm_keys[] = {
    KEY_IDLE_DURATION,
    KEY_HOST(.since = 1),
    KEY_HOST_NODE(.since = 1),
    {.name = "interval",
     .type = SP_T_DURATION,
     .open = true,
     .letter = 'i',
     .arg = "DURATION",
     .help = "time between results (PT1S)"},
    KEYS_COMMENT,
};

static const struct sp_line idlebgm_lines[] = {{"Time Slept", {"time-slept"}, SP_V_DURATION, NULL}, {0}};

const struct sp_test sp_idlebgm = {
    .name = "idlebgm",
    .about = "Nothing, for a time, with a result every so often",
    .cls = SP_BACKGROUND_MULTI,
    .who = SP_WHO_HOST,
    .schema = 1,
    SP_KEYS(idlebgm_keys),
    .lines = idlebgm_lines,
};

static const struct sp_key noop_keys[] = {
    {.name = "data", .type = SP_T_ANY, .arg = "JSON", .help = "what the result is to hold"},
    KEY_HOST(.since = 1),
    KEY_HOST_NODE(.since = 1),
    {.name = "fail",
     .type = SP_T_NUMBER,
     .max = 1,
     .arg = "P",
     .help = "how probable it is that the test fails, 0 to 1"},
};

static const struct sp_line noop_lines[] = {{"Data", {"data"}, SP_V_JSON, NULL}, {0}};

const struct sp_test sp_noop = {
    .name = "noop",
    .about = "Nothing; the result is what was put in",
    .cls = SP_BACKGROUND,
    .who = SP_WHO_HOST,
    .schema = 1,
    SP_KEYS(noop_keys),
    .lines = noop_lines,
};

static const struct sp_key psresponse_keys[] = {
    KEY_DEST(SP_T_HOSTPORT),
    KEY_SOURCE,
    KEY_SOURCE_NODE,
    KEY_TIMEOUT(" (PT10S)"),
};

static const struct sp_line psresponse_lines[] = {
    {"Response Time", {"time"}, SP_V_DURATION, NULL},
    {"Reason", {"reason"}, SP_V_TEXT, NULL},
    {0},
};

const struct sp_test sp_psresponse = {
    .name = "psresponse",
    .about = "How long a host's scheduler takes to answer",
    .cls = SP_BACKGROUND,
    .who = SP_WHO_SOURCE,
    .schema = 1,
    SP_KEYS(psresponse_keys),
    .lines = psresponse_lines,
};

static const char *const dns_records[] = {"a", "aaaa", "ns", "cname", "soa", "ptr", "mx", "txt", NULL};

static const struct sp_key dns_keys[] = {
    {.name = "query", .type = SP_T_STRING, .required = true, .arg = "NAME", .help = "the name to ask for"},
    {.name = "record",
     .type = SP_T_WORD,
     .required = true,
     .words = dns_records,
     .arg = "TYPE",
     .help = "a, aaaa, ns, cname, soa, ptr, mx or txt"},
    {.name = "nameserver", .type = SP_T_HOST, .arg = "HOST", .help = "the server to ask (the system's)"},
    KEY_HOST(.since = 1),
    KEY_HOST_NODE(.since = 1),
    KEY_TIMEOUT(" (PT5S)"),
};

const struct sp_test sp_dns = {
    .name = "dns",
    .about = "A question to the DNS, and how long its answer takes",
    .cls = SP_BACKGROUND,
    .who = SP_WHO_HOST,
    .schema = 1,
    SP_KEYS(dns_keys),
    .text = sp_text_dns,
};

static const struct sp_key http_keys[] = {
    {.name = "url", .type = SP_T_URL, .required = true, .arg = "URL", .help = "what to fetch"},
    {.name = "parse", .type = SP_T_STRING, .arg = "TEXT", .help = "a text to look for in the answer"},
    KEY_HOST(.since = 1),
    KEY_HOST_NODE(.since = 1),
    KEY_TIMEOUT(" (PT10S)"),
    {.name = "always-succeed",
     .type = SP_T_BOOL,
     .since = 2,
     .help = "an answer that is an error will do as well"},
    {.name = "keep-content",
     .type = SP_T_SI,
     .since = 2,
     .min = 0,
     .max = (double)SP_INT_MAX,
     .arg = "SIZE",
     .help = "octets of the answer to keep; 0: all"},
    KEY_IP_VERSION(.since = 3),
    {.name = "headers",
     .type = SP_T_HEADERS,
     .since = 4,
     .arg = "NAME: VALUE",
     .help = "a header to send, again for each"},
};

static const struct sp_line http_lines[] = {
    {"Time", {"time"}, SP_V_DURATION, NULL},   {"Status", {"status"}, SP_V_NUMBER, NULL},
    {"Found", {"found"}, SP_V_BOOL, NULL},     {"Headers", {"headers"}, SP_V_JSON, NULL},
    {"Content", {"content"}, SP_V_TEXT, NULL}, {0},
};

const struct sp_test sp_http = {
    .name = "http",
    .about = "How long a web server takes to answer",
    .cls = SP_BACKGROUND,
    .who = SP_WHO_HOST,
    .schema = 4,
    SP_KEYS(http_keys),
    .lines = http_lines,
};
