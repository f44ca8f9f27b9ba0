// SPDX-License-Identifier: Apache-2.0
// Answers Fetch-Session: whole sessions, and parts also of sessions that are still running.
#pragma once
#include "owampd/conn.h"

void fetch_begin(struct conn *c, const struct ow_fetch *f);
// The stream has room again.
void fetch_more(struct conn *c);
void fetch_cancel(struct conn *c);
