// SPDX-License-Identifier: Apache-2.0
// What iperf3 and nuttcp have in common as tools of throughput. For lib/tool alone.
#pragma once
#include "tool/tl_tool_impl.h"

// One participant: a server that is there already, or this host with itself.
bool tl_throughput_is_single(const struct tl_test *test);
bool tl_throughput_is_loopback(const struct tl_test *test);
// Whom the client connects to, and the port: the other participant's, the server's that is there, the other half's.
const char *tl_throughput_dest(const struct tl_job *job);
unsigned tl_throughput_port(const struct tl_job *job, const char *key, unsigned otherwise);
// The result of two participants: the client's, or the server's with what the client says has come; with the words of
// both.
void tl_throughput_merge(struct ps_jnode results, bool server_tells, struct ps_json *j);
