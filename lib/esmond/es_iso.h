// SPDX-License-Identifier: Apache-2.0
// Times and durations of ISO 8601, as result documents have them: beyond base/ps_iso8601 up to the year 9999,
// without a zone in UTC, and without seconds. Pure.
#pragma once
#include <stdint.h>

// "2026-01-02T03:04:05.25-04:00" (or "Z", or no zone: UTC; seconds may lack) as seconds since 1970, whole ones.
// PS_EMALFORMED.
int es_iso_time(const char *text, int64_t *seconds);
// "PT0.0004S", "P1DT2H3M4S", "P2W". Years and months are no length: PS_EMALFORMED.
int es_iso_duration(const char *text, double *seconds);
