// SPDX-License-Identifier: Apache-2.0
// Lines of the control socket of pslimits. Those that ask for a verdict get one; scripts answer with the octets
// behind the first NUL, or with the line.
#include "fuzz.h"
#include "fuzz_drive.h"
#include "pslimits/request.h"

static const char rules_text[] =
    "{\"schema\":4,\"identifiers\":[{\"name\":\"a\",\"description\":\"\",\"type\":\"always\",\"data\":{}},"
    "{\"name\":\"h\",\"description\":\"\",\"type\":\"hint\",\"data\":{\"hint\":\"server\",\"match\":{"
    "\"style\":\"regex\","
    "\"match\":\"^1|x$\"}}},{\"name\":\"n\",\"description\":\"\",\"type\":\"ip-cidr-list\",\"data\":{"
    "\"cidrs\":[\"10.0.0.0/8\"]}}],"
    "\"classifiers\":[{\"name\":\"a\",\"description\":\"\",\"identifiers\":[\"a\",\"h\",\"n\"]}],"
    "\"rewrite\":{\"script\":\".\"},\"limits\":["
    "{\"name\":\"s\",\"description\":\"\",\"type\":\"run-schedule\",\"data\":{\"hour\":[8],\"week\":[53],"
    "\"year\":[2026]}},"
    "{\"name\":\"d\",\"description\":\"\",\"type\":\"run-daterange\",\"data\":{\"start\":\"2020-01-01\","
    "\"end\":\"2030-01-01\"}},"
    "{\"name\":\"j\",\"description\":\"\",\"type\":\"jq\",\"data\":{\"script\":\".\"}},"
    "{\"name\":\"f\",\"description\":\"\",\"type\":\"url-fetch\",\"data\":{\"url\":\"http://x/"
    "\",\"params-transform\":{\"script\":\".\"}}}],"
    "\"applications\":[{\"apply\":[{\"require\":\"any\",\"limits\":[\"s\",\"d\",\"j\",\"f\"]}],\"invert\":"
    "true},"
    "{\"apply\":[{\"require\":\"one\",\"limits\":[\"s\",\"d\",\"j\",\"f\"]}]}],\"priority\":{\"script\":\"."
    "\"}}";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lim_faults faults;
    struct lim_rules *rules;
    struct request request;
    struct ps_fault fault = {""};
    const uint8_t *nul = size ? memchr(data, '\0', size) : NULL;
    size_t line = nul ? (size_t)(nul - data) : size, at = nul ? line + 1 : 0;
    lim_faults_init(&faults);
    if (lim_parse(&rules, rules_text, sizeof rules_text - 1, &faults) != 0)
        abort();
    int err = request_read(&request, (const char *)data, line, &fault);
    if (err != 0 && fault.text[0] == '\0')
        abort();
    if (err == 0 && request.verb == REQUEST_JUDGE)
        drive(rules, &request.of, (unsigned)size, (const char *)data + at, size - at);
    request_fini(&request);
    lim_rules_free(rules);
    lim_faults_fini(&faults);
    return 0;
}
