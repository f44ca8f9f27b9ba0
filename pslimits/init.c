// SPDX-License-Identifier: Apache-2.0
#include "pslimits/init.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "pslimits/exits.h"

// The same as conf/limits.conf.
static const char *const lines[] = {
#include "pslimits/init_lines.h"
};

static int write_lines(FILE *f)
{
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        fprintf(f, "%s\n", lines[i]);
    return fflush(f) == 0 && !ferror(f) ? 0 : -EIO;
}

static int write_file(const char *path)
{
    // Never over what is there.
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    FILE *f = fd < 0 ? NULL : fdopen(fd, "w");
    if (!f) {
        fprintf(stderr, "pslimits: %s: %s\n", path,
                errno == EEXIST ? "is there already, and stays" : strerror(errno));
        if (fd >= 0)
            close(fd);
        return EXIT_SYSTEM;
    }
    int err = write_lines(f);
    if (fclose(f) != 0)
        err = -EIO;
    if (err) {
        fprintf(stderr, "pslimits: %s: could not be written\n", path);
        unlink(path);
    }
    return err ? EXIT_SYSTEM : EXIT_YES;
}

int init_run(const struct options *o)
{
    if (o->file)
        return write_file(o->file);
    if (write_lines(stdout) == 0)
        return EXIT_YES;
    fprintf(stderr, "pslimits: standard output did not take the text\n");
    return EXIT_SYSTEM;
}
