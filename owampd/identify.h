// SPDX-License-Identifier: Apache-2.0
// Who is it? Pass-phrase look-up, exact, and key derivation on a worker.
#pragma once
#include "owampd/conn.h"

void identify(struct conn *c, const struct ow_server_event *ev);
// The connection goes while the worker is busy.
void identify_cancel(struct conn *c);
