// SPDX-License-Identifier: Apache-2.0
// How the iperf3 of two participants know each other: the server's participant data have, in "_auth", a user with a
// password and the two halves of a key that were made for the run, and the client shows that it has been told. For
// lib/tool alone.
#pragma once
#include "tool/tl_tool_impl.h"

#define TL_IPERF3_SCHEMA 3 // of participant data: the client can do this

// The options that it takes; the secrets themselves are no words of a command line.
void tl_iperf3_auth_command(const struct tl_job *job, struct tl_argv *argv);
void tl_iperf3_auth_secrets(const struct tl_job *job, struct tl_secrets *out);
