// SPDX-License-Identifier: Apache-2.0
// psarchive serve: the daemon.
#pragma once

// argv[0] is "serve". The exit status: 0 ended by a signal, or checked and good; 1 the configuration is faulty; 2 usage; 4 it cannot serve.
int serve_main(int argc, char **argv);
