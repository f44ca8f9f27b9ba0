// SPDX-License-Identifier: Apache-2.0
// The programs of this host that tools are made of, and what is permitted to them.
#pragma once
#include <stdbool.h>
#include <stddef.h>

enum tl_program {
    TL_PING,
    TL_TRACEROUTE,
    TL_TRACEPATH,
    TL_OWPING,
    TL_POWSTREAM,
    TL_IPERF3,
    TL_NUTTCP,
    TL_PROBE, // ps-probe, of this suite
    TL_PROGRAMS,
};

#define TL_PATH_MAX 200
#define TL_VERSION_MAX 16

struct tl_site {
    char path[TL_PROGRAMS][TL_PATH_MAX]; // "": not installed
    char iperf3_version[TL_VERSION_MAX]; // "3.12"; "": not known
    bool raw;                            // programs that this process starts may open raw sockets
};

// Looks for all of them: each where the environment says (PSCHED_PING, ..., PSCHED_PROBE: a path), else in the
// folders of `search` (separated by colons; NULL: where this suite is installed, and the usual ones). Looks at the
// file system, and starts iperf3 once to ask for its version (waits for 2 s at most). Blocks; meant for the start.
void tl_site_look(struct tl_site *site, const char *search);
// "ping", and the Debian package that has it: "iputils-ping".
const char *tl_program_name(enum tl_program p);
const char *tl_program_package(enum tl_program p);
