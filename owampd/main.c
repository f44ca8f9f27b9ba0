// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>
#include "owampd/run.h"

static int act(const struct options *o)
{
    return o->check ? run_check(o) : run_serve(o);
}

int main(int argc, char **argv)
{
    struct options *o = malloc(sizeof *o);
    int status = 1;
    if (o == NULL)
        return status;
    switch (options_read(o, argc, argv)) {
    case OPTIONS_RUN:
        status = act(o);
        break;
    case OPTIONS_DONE:
        status = 0;
        break;
    case OPTIONS_USAGE:
    case OPTIONS_FAULT:
        break;
    }
    free(o);
    return status;
}
