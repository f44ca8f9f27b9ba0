// SPDX-License-Identifier: Apache-2.0
// Result documents over HTTP: PUT and POST at /results and /logstash (where pScheduler's http archiver sends them)
// store one; GET /results/KEY/TS gives it back as it came. (Fact sheet of the archive, 6.)
#pragma once
#include "psarchive/site.h"

int results_routes(struct site *s);
