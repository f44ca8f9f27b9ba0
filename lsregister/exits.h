// SPDX-License-Identifier: Apache-2.0
// What lsregister's exit status says.
#pragma once

enum {
    EXIT_DONE = 0,
    EXIT_NO = 1, // it ran, and the answer is no
    EXIT_USAGE = 2,
    EXIT_NETWORK = 3, // a server or a daemon does not answer
    EXIT_SYSTEM = 4,  // a file or something else of this host
};
