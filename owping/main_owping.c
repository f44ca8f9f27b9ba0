// SPDX-License-Identifier: Apache-2.0
// owping(1)
#include "owping/ping.h"

int main(int argc, char **argv)
{
    struct options o;
    switch (options_read(&o, PROGRAM_OWPING, argc, argv)) {
    case OPTIONS_RUN:
        return ping_run(&o);
    case OPTIONS_DONE:
        return 0;
    case OPTIONS_USAGE:
        break;
    }
    return 1;
}
