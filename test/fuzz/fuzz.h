// SPDX-License-Identifier: Apache-2.0
// The entry point that libFuzzer and replay_main.c call.
#pragma once
#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
