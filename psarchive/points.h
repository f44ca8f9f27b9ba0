// SPDX-License-Identifier: Apache-2.0
// The bodies by which esmond's clients write points. Pure. (Fact sheet of the archive, 1.7.)
#pragma once
#include "json/ps_jdoc.h"
#include "psarchive/put.h"

// {"ts": T, "val": V} of one event type. PS_EMALFORMED and such, with a fault that names the place; -ENOMEM.
int points_single(struct put *p, int event, struct ps_jnode root, struct ps_fault *fault);
// {"data": [{"ts": T, "val": [{"event-type": E, "val": V}, ...]}, ...]}. An event type that the meta does not have is passed
// over, PS_EUNKNOWN if there is nothing else.
int points_bulk(struct put *p, struct ps_jnode root, struct ps_fault *fault);
