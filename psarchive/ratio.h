// SPDX-License-Identifier: Apache-2.0
// A percentage often says what two counts beside it say as well: lost and sent.
#pragma once
#include <stdbool.h>
#include "esmond/es_event.h"

// Whether `event` is such, and the events of its numerator and denominator.
bool ratio_of_counts(int event, int *numerator, int *denominator);
