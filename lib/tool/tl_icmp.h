// SPDX-License-Identifier: Apache-2.0
// pScheduler's names of what ICMP says (its type icmp-error), from the codes of "destination unreachable" (RFC 792,
// RFC 1122), the marks of traceroute and the words of ping. What has no name there ("time-exceeded",
// "packet-too-big", "other") has one of ours.
#pragma once

const char *tl_icmp_code(unsigned code); // NULL: there is no such code
// "!H", "!X", "!13"; NULL: no such mark.
const char *tl_icmp_mark(const char *mark);
// "Destination Host Unreachable"; what is not known is "other".
const char *tl_icmp_words(const char *text);
