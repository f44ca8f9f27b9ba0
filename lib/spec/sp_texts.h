// SPDX-License-Identifier: Apache-2.0
// The texts of results that are more than lines of labels and values. For lib/spec alone.
#pragma once
#include "spec/sp_table.h"

void sp_text_rtt(struct sp_text_of *t);
void sp_text_latency(struct sp_text_of *t);
void sp_text_trace(struct sp_text_of *t);
void sp_text_throughput(struct sp_text_of *t);
void sp_text_dns(struct sp_text_of *t);
