// SPDX-License-Identifier: Apache-2.0
// Files of rules. Those that are good judge a request; the first octet picks the answers.
#include <errno.h>
#include "fuzz.h"
#include "fuzz_drive.h"

static const char asked[] =
    "{\"hints\":{\"requester\":\"192.0.2.7\",\"server\":\"198.51.100.9\"},\"task\":{\"test\":{\"type\":"
    "\"rtt\",\"spec\":{}},"
    "\"priority\":3},\"run\":{\"start\":\"2026-06-17T08:59:50+02:00\",\"duration\":\"PT20S\"}}";

static void check_faults(const struct lim_faults *f, const struct lim_rules *rules)
{
    if ((rules != NULL) != (f->faults == 0) || (f->faults && f->n == 0))
        abort();
    for (size_t i = 0; i < f->n; i++)
        if (!f->at[i].path[0] || !f->at[i].text[0])
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lim_faults faults;
    struct lim_rules *rules;
    struct lim_request request;
    struct ps_jdoc *doc = NULL;
    char url[100];
    if (size < 1)
        return 0;
    lim_faults_init(&faults);
    (void)lim_is_url((const char *)data + 1, size - 1, url, sizeof url);
    if (lim_parse(&rules, (const char *)data + 1, size - 1, &faults) == -ENOMEM)
        abort();
    check_faults(&faults, rules);
    if (rules && ps_jdoc_parse(&doc, NULL, asked, sizeof asked - 1, NULL) == 0) {
        struct ps_jnode root = ps_jdoc_root(doc);
        if (lim_request_read(&request, ps_jnode_member(root, "hints"), ps_jnode_member(root, "task"),
                             ps_jnode_member(root, "run"), NULL) != 0)
            abort();
        request.rewrite = data[0] & 1;
        drive(rules, &request, data[0], (const char *)data + 1, size - 1);
    }
    ps_jdoc_free(doc);
    lim_rules_free(rules);
    lim_faults_fini(&faults);
    return 0;
}
