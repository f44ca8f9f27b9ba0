// SPDX-License-Identifier: Apache-2.0
// The parts of a session (-N): each is written as soon as its packets are decided, the rest at the session's
// end.
#pragma once
#include "powstream/output.h"

struct parts;
// conf: as of the lanes of the stream.
int parts_new(struct parts **out, const struct lane_conf *conf, struct output *output);
void parts_free(struct parts *p); // NULL is fine
// The lane's session is agreed.
void parts_begin(struct parts *p, struct lane *lane);
// It has ended and reaches up to `upto`: what has not been written yet.
void parts_finish(struct parts *p, const struct lane_result *r, ps_ntp upto);
// Forgets the session. NULL is fine.
void parts_stop(struct parts *p);
