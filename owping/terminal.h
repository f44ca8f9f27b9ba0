// SPDX-License-Identifier: Apache-2.0
// A secret asked for on the terminal, without echo.
#pragma once
#include <signal.h>
#include <stddef.h>
#include <stdint.h>

// Prints the prompt on /dev/tty and reads a line of at most max octets. 0; -ENXIO: there is no
// terminal; PS_ECANCELLED: end of input; PS_ELIMIT: too long; -errno. A signal that ends the program
// comes through after the terminal is as it was.
int terminal_ask(const char *prompt, uint8_t *out, size_t max, size_t *len);
// A line from a descriptor, octet by octet, without its end. PS_ECANCELLED at the end of input; PS_ELIMIT; -errno.
int terminal_read_line(int fd, uint8_t *out, size_t max, size_t *len);
// The signals that end a program at the terminal's will.
void terminal_signals(sigset_t *set);
