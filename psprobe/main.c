// SPDX-License-Identifier: Apache-2.0
// ps-probe NAME: a tool of psched's, in the form of a plug-in's method "run": what is to be done comes as JSON on
// standard input, the result goes as JSON to standard output.
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/ps_buf.h"
#include "base/ps_err.h"
#include "psprobe/probe.h"

#define INPUT_MAX ((size_t)16 << 20)
#define CHUNK ((size_t)65536)

static const struct tool {
    const char *name;
    void (*run)(struct probe *p);
    bool multi;
} tools[] = {
    {"sleep", probe_idle, false},       {"snooze", probe_idle, false},
    {"sleepbgm", probe_idlebgm, true},  {"psclock", probe_clock, false},
    {"pstimer", probe_response, false}, {"curl", probe_http, false},
    {"dnspy", probe_dns, false},        {"fwmtu", probe_mtu, false},
    {"passthrough", probe_noop, false}, {"simplestreamer", probe_stream, false},
};

static const struct tool *find(const char *name)
{
    for (size_t i = 0; i < sizeof tools / sizeof *tools; i++) {
        if (strcmp(tools[i].name, name) == 0)
            return &tools[i];
    }
    return NULL;
}

static int usage(void)
{
    fputs("usage: ps-probe NAME, one of", stderr);
    for (size_t i = 0; i < sizeof tools / sizeof *tools; i++)
        fprintf(stderr, " %s", tools[i].name);
    fputs("; psched starts it, with a run as JSON on its standard input\n", stderr);
    return 2;
}

static int read_all(struct ps_buf *b)
{
    uint8_t *room;
    ssize_t n;
    int err;

    do {
        err = ps_buf_reserve(b, CHUNK, &room);
        if (err)
            return err;
        n = read(STDIN_FILENO, room, CHUNK);
        if (n > 0)
            ps_buf_commit(b, (size_t)n);
    } while (n > 0);
    return n < 0 ? -1 : 0;
}

static int put_result(const struct probe *p)
{
    struct ps_json j;

    ps_json_init(&j, stdout, false);
    tl_answer_local(&p->answer, false, "", &j);
    return ps_json_end(&j) ? 4 : 0;
}

int main(int argc, char **argv)
{
    const struct tool *tool = argc == 2 ? find(argv[1]) : NULL;
    struct ps_fault fault = {""};
    struct ps_buf in;
    struct probe p;
    int rc, err;

    if (!tool)
        return usage();
    ps_buf_init(&in, INPUT_MAX);
    err = read_all(&in);
    if (!err)
        err = probe_init(&p, (char *)ps_buf_head(&in), ps_buf_len(&in), &fault);
    else
        ps_fault_set(&fault, NULL, 0, "standard input cannot be read, or is too long");
    if (err) {
        fprintf(stderr, "ps-probe: %s\n", fault.text);
        ps_buf_fini(&in);
        return 2;
    }
    tool->run(&p);
    rc = tool->multi ? 0 : put_result(&p);
    probe_fini(&p);
    ps_buf_fini(&in);
    return rc;
}
