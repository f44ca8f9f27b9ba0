// SPDX-License-Identifier: Apache-2.0
// owstats(1)
#include "owping/owstats.h"

int main(int argc, char **argv)
{
    struct options o;
    switch (options_read(&o, PROGRAM_OWSTATS, argc, argv)) {
    case OPTIONS_RUN:
        return owstats_run(&o);
    case OPTIONS_DONE:
        return 0;
    case OPTIONS_USAGE:
        break;
    }
    return 1;
}
