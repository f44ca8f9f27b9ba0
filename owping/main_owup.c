// SPDX-License-Identifier: Apache-2.0
// owup(1)
#include "owping/owup.h"

int main(int argc, char **argv)
{
    struct options o;
    switch (options_read(&o, PROGRAM_OWUP, argc, argv)) {
    case OPTIONS_RUN:
        return owup_run(&o);
    case OPTIONS_DONE:
        return 0;
    case OPTIONS_USAGE:
        break;
    }
    return 1;
}
