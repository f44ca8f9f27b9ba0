// SPDX-License-Identifier: Apache-2.0
// One writer for a directory of results: the .powlock of upstream, which holds a binary process number.
#pragma once
#include "base/ps_conf.h"

// The descriptor is kept open as long as the lock is to be held. Within one process a directory is taken
// once. -EBUSY: another process has it.
// What a killed process left half written (START_END.owp.i, .sum.i) is removed.
int lock_directory(const char *dir, int *fd, struct ps_fault *fault);
// The same for one stream's notes in a spool that many may share.
int lock_spool(const char *dir, const char *stream, int *fd, struct ps_fault *fault);
