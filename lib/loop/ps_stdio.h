// SPDX-License-Identifier: Apache-2.0
// The standard descriptors.
#pragma once

// One that is closed gets /dev/null, lest the next file opened becomes it and takes what is written there;
// it is opened for reading alone, so that writing still fails. ps_loop_new does this; a program that opens
// files before calls it first.
void ps_stdio_hold(void);
