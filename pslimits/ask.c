// SPDX-License-Identifier: Apache-2.0
#include "pslimits/ask.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "json/ps_jdoc.h"
#include "loop/ps_ctl.h"
#include "pslimits/exits.h"
#include "pslimits/source.h"

#define PATIENCE (120 * PS_SEC)

// "status" and "reload" are words for requests; a file's lines are one.
static char *request_line(const char *text)
{
    char *line = NULL;
    size_t len;
    if (strcmp(text, "status") == 0 || strcmp(text, "reload") == 0)
        return asprintf(&line, "{\"verb\":\"%s\"}", text) < 0 ? NULL : line;
    if (strcmp(text, "-") == 0)
        (void)source_read(text, PS_CTL_LINE_MAX, &line, &len);
    else
        line = strdup(text);
    for (size_t i = 0; line && line[i]; i++)
        if (line[i] == '\n')
            line[i] = ' ';
    return line;
}

// Passed, or done; denied; or not understood.
static int meaning(const char *reply, size_t len)
{
    struct ps_jdoc *doc;
    bool ok = false, passed = true;
    if (ps_jdoc_parse(&doc, NULL, reply, len, NULL) != 0)
        return EXIT_NETWORK;
    struct ps_jnode root = ps_jdoc_root(doc);
    (void)ps_jnode_bool(ps_jnode_member(root, "ok"), &ok, NULL);
    // Of status it is a count.
    (void)ps_jnode_bool(ps_jnode_member(root, "passed"), &passed, NULL);
    ps_jdoc_free(doc);
    return ok && passed ? EXIT_YES : EXIT_NO;
}

int ask_run(const struct options *o)
{
    struct ps_fault fault = {""};
    char *reply = NULL, *line = request_line(o->request);
    size_t len;
    if (!line)
        return EXIT_SYSTEM;
    int err = ps_ctl_call(o->socket, line, PATIENCE, &reply, &len, &fault);
    free(line);
    if (err) {
        fprintf(stderr, "pslimits: %s\n", fault.text[0] ? fault.text : ps_strerror(err));
        return EXIT_NETWORK;
    }
    int status = meaning(reply, len);
    if (puts(reply) < 0 || fflush(stdout) != 0) {
        fprintf(stderr, "pslimits: standard output did not take the text\n");
        status = EXIT_SYSTEM;
    }
    free(reply);
    return status;
}
