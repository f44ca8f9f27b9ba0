// SPDX-License-Identifier: Apache-2.0
// Another daemon's control socket, asked from the loop: any number of questions, a few connections that are kept, an
// answer or a reason for each. (For commands, which may block, there is ps_ctl_call.)
#pragma once
#include <stddef.h>
#include "loop/ps_loop.h"

#define PS_CTL_ASK_CONNS 4      // at a time; each carries one question at a time
#define PS_CTL_ASK_QUEUE 20000u // questions that wait

struct ps_ctl_asker;
struct ps_ctl_question;

// err 0: reply is the line without its end, with a NUL behind len octets, good during the call. Otherwise why says
// what is wrong, naming the socket: PS_ETIMEOUT, PS_ECLOSED (the daemon went before it had answered), PS_ELIMIT (a
// longer reply than PS_CTL_REPLY_MAX), -errno of the connection (-ENOENT: no daemon), -ENOMEM.
typedef void (*ps_ctl_answer_cb)(void *ctx, int err, const char *reply, size_t len, const char *why);

// Connects when there is something to ask. 0, -ENOMEM, -ENAMETOOLONG.
int ps_ctl_asker_new(struct ps_loop *l, const char *path, struct ps_ctl_asker **out);
// Questions that are not answered yet are forgotten without a call. NULL is fine; not from inside a callback.
void ps_ctl_asker_free(struct ps_ctl_asker *a);

// Sends len octets, which hold no newline, and one behind them; they are copied. cb is called once, from the loop,
// unless the question is dropped before. A question that the daemon had no time to read before it ended is asked
// once more, so it may come to it twice. *out may be NULL. 0, -EINVAL (a newline, or nothing), PS_ELIMIT (too many
// wait), -ENOMEM.
int ps_ctl_ask(struct ps_ctl_asker *a, const char *line, size_t len, ps_ns timeout, ps_ctl_answer_cb cb,
               void *ctx, struct ps_ctl_question **out);
void ps_ctl_question_drop(struct ps_ctl_question *q); // NULL is fine
