// SPDX-License-Identifier: Apache-2.0
// latencybg by powstream: what it is told, and what its documents are as results. Pure.
#pragma once
#include "base/ps_conf.h"
#include "base/ps_out.h"
#include "tool/tl_answer.h"
#include "json/ps_jdoc.h"

// The request that adds a stream: {"verb":"add","stream":{...}}, without a newline. dir: of its notes; spool: where
// its documents go. PS_EMALFORMED: the spec names no host.
int tl_powstream_add(struct ps_json *j, const char *name, const char *spool, struct ps_jnode spec,
                     struct ps_fault *fault);
void tl_powstream_remove(struct ps_json *j, const char *name);
// The name of the stream that a document is of; NULL: it is none of powstream's.
const char *tl_powstream_of(struct ps_jnode document);
// A document as a result of latencybg. false: it is none (a gap, a step).
bool tl_powstream_result(struct ps_jnode document, struct tl_answer *a);
// A document that tells of a gap of a second or more: how long, and why (it lives as long as the document).
bool tl_powstream_gap(struct ps_jnode document, double *seconds, const char **why);

#define TL_POWSTREAM_LIST "{\"verb\":\"list\"}"
// Why one of the streams that LIST is answered with measures nothing, with its server; "": it does. false: it has only
// begun, or stopped.
bool tl_powstream_trouble(struct ps_jnode stream, char *why, size_t size);
