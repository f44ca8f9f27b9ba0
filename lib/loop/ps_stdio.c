// SPDX-License-Identifier: Apache-2.0
#include "loop/ps_stdio.h"
#include <fcntl.h>
#include <unistd.h>

void ps_stdio_hold(void)
{
    int fd;

    do
        fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd >= 0)
        close(fd);
}
