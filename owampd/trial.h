// SPDX-License-Identifier: Apache-2.0
// The test on a connection, as the server runs it.
#pragma once
#include "owampd/conn.h"

int trial_setup(struct conn *c);
// Start-Sessions came: starts all sessions and answers.
void trial_start(struct conn *c);
// The peer's Stop-Sessions came.
void trial_stopped(struct conn *c, const struct ow_stop *stop);
// The connection died: ends all sessions as broken and frees them.
void trial_broken(struct conn *c);
