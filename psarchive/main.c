// SPDX-License-Identifier: Apache-2.0
// psarchive(1): a verb, and what it does.
#include <stdio.h>
#include <string.h>
#include "psarchive/serve.h"

static const char usage[] = "Usage: psarchive serve [options]\n";

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "serve") == 0)
        return serve_main(argc - 1, argv + 1);
    if (argc > 1 && (strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "--help") == 0)) {
        fputs(usage, stdout);
        return 0;
    }
    fputs(usage, stderr);
    return 2;
}
