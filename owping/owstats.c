// SPDX-License-Identifier: Apache-2.0
#include "owping/owstats.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "owping/output.h"

static int one_file(struct output *out, const char *path)
{
    static const struct ow_report_extra unknown = {.host_dropped = -1, .ignored = -1, .clock_steps = -1};
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) {
        fprintf(stderr, "owstats: %s: %s\n", path, strerror(errno));
        return -1;
    }
    int err = output_session(out, fd, path, NULL, &unknown);
    close(fd);
    return err;
}

static void list_files(struct output *out)
{
    ps_json_put_open(&out->json, "files", '[');
    for (int i = 0; i < out->o->noperands; i++)
        ps_json_str(&out->json, out->o->operands[i]);
    ps_json_close(&out->json, ']');
}

int owstats_run(const struct options *o)
{
    struct output out;
    int err = 0;
    output_begin(&out, o);
    if (o->report.json)
        list_files(&out);
    output_sessions(&out);
    for (int i = 0; err == 0 && i < o->noperands; i++)
        err = one_file(&out, o->operands[i]);
    int end = output_end(&out);
    return err != 0 || end != 0;
}
