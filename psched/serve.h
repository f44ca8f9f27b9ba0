// SPDX-License-Identifier: Apache-2.0
// psched serve: the daemon.
#pragma once

int serve_main(int argc, char **argv);
