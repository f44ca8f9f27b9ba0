// SPDX-License-Identifier: Apache-2.0
// The command line.
#pragma once
#include "base/ps_log.h"
#include "powstream/stream_conf.h"

struct options {
    struct stream_conf stream; // of the operand; with --streams what the file's streams begin with
    struct ps_portrange ports;
    const char *device, *hw;
    bool precise; // see ps_pump_conf
    const char *facility;
    enum ps_log_level level;
    bool syslog_only;
    unsigned verbose;
    const char *streams_path; // NULL: one stream
    const char *control_path; // NULL: no control socket
    const char *tell;         // a request for the control socket of another powstream; NULL: none
    bool check;
};

enum options_next { OPTIONS_RUN, OPTIONS_DONE, OPTIONS_USAGE };
// OPTIONS_USAGE: what is wrong has been told. o->stream is to be freed in any case.
enum options_next options_read(struct options *o, int argc, char **argv);
