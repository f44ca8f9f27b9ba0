// SPDX-License-Identifier: Apache-2.0
// Keys that many tests have. For the tables of lib/spec alone.
#pragma once
#include "spec/sp_table.h"

#define PORT_MAX 65535
#define TOS_MAX 255
#define COUNT_MAX 2147483647

#define KEY_SOURCE                                                          \
    {                                                                       \
        .name = "source", .type = SP_T_HOST, .letter = 's', .arg = "HOST",  \
        .help = "where the test starts from: an address, name or interface" \
    }
#define KEY_SOURCE_NODE                                                     \
    {                                                                       \
        .name = "source-node", .type = SP_T_HOSTPORT, .arg = "HOST[:PORT]", \
        .help = "the scheduler of the source, if it is another host"        \
    }
#define KEY_DEST(type_)                                                                \
    {                                                                                  \
        .name = "dest", .type = type_, .required = true, .letter = 'd', .arg = "HOST", \
        .help = "the destination"                                                      \
    }
#define KEY_DEST_NODE                                                     \
    {                                                                     \
        .name = "dest-node", .type = SP_T_HOSTPORT, .arg = "HOST[:PORT]", \
        .help = "the scheduler of the destination, if it is another host" \
    }
#define KEY_HOST(...)                                                                                  \
    {                                                                                                  \
        .name = "host", .type = SP_T_HOST, .arg = "HOST", .help = "the host that does it", __VA_ARGS__ \
    }
#define KEY_HOST_NODE(...)                                                      \
    {                                                                           \
        .name = "host-node", .type = SP_T_HOSTPORT, .arg = "HOST[:PORT]",       \
        .help = "the scheduler of that host, if it is another one", __VA_ARGS__ \
    }
#define KEY_IP_VERSION(...)                                                                       \
    {                                                                                             \
        .name = "ip-version", .type = SP_T_IP_VERSION, .arg = "4|6", .help = "the version of IP", \
        __VA_ARGS__                                                                               \
    }
#define KEY_IP_TOS(...)                                                 \
    {                                                                   \
        .name = "ip-tos", .type = SP_T_INT, .max = TOS_MAX, .arg = "N", \
        .help = "the type-of-service octet, 0 to 255", __VA_ARGS__      \
    }
#define KEY_TIMEOUT(default_)                                        \
    {                                                                \
        .name = "timeout", .type = SP_T_DURATION, .arg = "DURATION", \
        .help = "how long to wait for an answer" default_            \
    }
