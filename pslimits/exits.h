// SPDX-License-Identifier: Apache-2.0
// What pslimits' exit status says.
#pragma once

enum {
    EXIT_YES = 0,
    EXIT_NO = 1, // it ran, and the answer is no
    EXIT_USAGE = 2,
    EXIT_NETWORK = 3, // a daemon or a server does not answer
    EXIT_SYSTEM = 4,  // a file or something else of this host
};
