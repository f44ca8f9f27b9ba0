// SPDX-License-Identifier: Apache-2.0
// owfetch(1)
#include "owping/owfetch.h"

int main(int argc, char **argv)
{
    struct options o;
    switch (options_read(&o, PROGRAM_OWFETCH, argc, argv)) {
    case OPTIONS_RUN:
        return owfetch_run(&o);
    case OPTIONS_DONE:
        return 0;
    case OPTIONS_USAGE:
        break;
    }
    return 1;
}
