// SPDX-License-Identifier: Apache-2.0
// GET /: a page that lists paths and draws what was measured on them. It asks the API for all it shows.
#pragma once
#include "psarchive/site.h"

int page_routes(struct site *s);
