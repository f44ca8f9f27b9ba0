// SPDX-License-Identifier: Apache-2.0
#include "psarchive/schema.h"

const struct ps_db_migration schema[SCHEMA_VERSION] = {
    {"CREATE TABLE meta (id INTEGER PRIMARY KEY AUTOINCREMENT, key BLOB NOT NULL UNIQUE, hash BLOB NOT NULL "
     "UNIQUE,"
     " created INTEGER NOT NULL, body BLOB NOT NULL);"
     "CREATE TABLE seen (meta INTEGER PRIMARY KEY, body BLOB NOT NULL);"
     "CREATE TABLE point (place INTEGER PRIMARY KEY, body BLOB NOT NULL);"
     "CREATE TABLE rollup (place INTEGER PRIMARY KEY, body BLOB NOT NULL);"
     "CREATE TABLE phrase (id INTEGER PRIMARY KEY AUTOINCREMENT, text BLOB NOT NULL UNIQUE, used INTEGER NOT "
     "NULL);"
     "CREATE TABLE document (place INTEGER PRIMARY KEY, len INTEGER NOT NULL, body BLOB NOT NULL);"
     "CREATE TABLE template (meta INTEGER PRIMARY KEY, body BLOB NOT NULL);"
     "CREATE TABLE token (name TEXT PRIMARY KEY, hash BLOB NOT NULL UNIQUE, created INTEGER NOT NULL) "
     "WITHOUT ROWID;"
     "CREATE TABLE setting (name TEXT PRIMARY KEY, value) WITHOUT ROWID;",
     NULL},
    {"CREATE TABLE purged (meta INTEGER PRIMARY KEY, body BLOB NOT NULL);", NULL},
};
