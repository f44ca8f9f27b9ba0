// SPDX-License-Identifier: Apache-2.0
// The tables of the database, by version; doc/psarchive-format.md tells what is in them.
#pragma once
#include "db/ps_db.h"

#define SCHEMA_APPLICATION 0x70734172 // "psAr"
#define SCHEMA_VERSION 2

extern const struct ps_db_migration schema[SCHEMA_VERSION];
