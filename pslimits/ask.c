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
#define INPUT_MAX ((size_t)16 << 20)

// "status" and "reload" are words for requests.
static char *request_text(const char *text)
{
    char *line = NULL;
    size_t len;
    if (strcmp(text, "status") == 0 || strcmp(text, "reload") == 0)
        return asprintf(&line, "{\"verb\":\"%s\"}", text) < 0 ? NULL : line;
    if (strcmp(text, "-") != 0)
        return strdup(text);
    (void)source_read(text, INPUT_MAX, &line, &len);
    return line;
}

static bool is_json(const char *text, size_t len)
{
    struct ps_jdoc *doc;
    if (ps_jdoc_parse(&doc, NULL, text, len, NULL) != 0)
        return false;
    ps_jdoc_free(doc);
    return true;
}

static bool is_blank(const char *text, size_t len)
{
    return strspn(text, " \t\r\n") >= len;
}

// A document may have many lines; else each line is a request of its own.
static bool is_many(const char *text)
{
    if (!strchr(text, '\n') || is_json(text, strlen(text)))
        return false;
    for (const char *line = text; *line;) {
        size_t len = strcspn(line, "\n");
        if (!is_blank(line, len) && !is_json(line, len))
            return false;
        line += len + (line[len] == '\n');
    }
    return true;
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

static int ask_one(const char *socket, char *line)
{
    struct ps_fault fault = {""};
    char *reply = NULL;
    size_t len;
    for (char *p = line; (p = strpbrk(p, "\r\n"));)
        *p = ' ';
    int err = ps_ctl_call(socket, line, PATIENCE, &reply, &len, &fault);
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

// The status of the worst.
static int ask_each(const char *socket, char *lines)
{
    int status = EXIT_YES;
    for (char *line; (line = strsep(&lines, "\n")) && status != EXIT_NETWORK && status != EXIT_SYSTEM;) {
        int one = is_blank(line, strlen(line)) ? EXIT_YES : ask_one(socket, line);
        status = one > status ? one : status;
    }
    return status;
}

int ask_run(const struct options *o)
{
    char *text = request_text(o->request);
    if (!text)
        return EXIT_SYSTEM;
    int status = is_many(text) ? ask_each(o->socket, text) : ask_one(o->socket, text);
    free(text);
    return status;
}
