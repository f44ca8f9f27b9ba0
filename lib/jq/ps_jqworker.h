// SPDX-License-Identifier: Apache-2.0
// What a worker's exit status says.
#pragma once

enum {
    PS_JQWORKER_NO_MEMORY = 3,
    PS_JQWORKER_PROTOCOL = 4,   // what came was no frame
    PS_JQWORKER_UNCONFINED = 5, // the kernel refused what should confine it
};
