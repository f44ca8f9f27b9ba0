// SPDX-License-Identifier: Apache-2.0
#include "owping/terminal.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>
#include "base/ps_err.h"
#include "crypto/ps_crypto.h"

struct terminal {
    int fd, signals;
    struct termios before;
    sigset_t mask_before;
};

void terminal_signals(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGINT);
    sigaddset(set, SIGTERM);
    sigaddset(set, SIGHUP);
    sigaddset(set, SIGQUIT);
}

// Signals come as input while the echo is off, so that none can leave the terminal mute.
static int terminal_open(struct terminal *t)
{
    sigset_t watched, blocked;
    terminal_signals(&watched);
    blocked = watched;
    sigaddset(&blocked, SIGTSTP);
    t->fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    if (t->fd < 0)
        return -ENXIO;
    sigprocmask(SIG_BLOCK, &blocked, &t->mask_before);
    t->signals = signalfd(-1, &watched, SFD_CLOEXEC);
    struct termios quiet;
    if (t->signals >= 0 && tcgetattr(t->fd, &t->before) == 0) {
        quiet = t->before;
        quiet.c_lflag &= ~(tcflag_t)(ECHO | ECHONL);
        quiet.c_lflag |= ICANON;
        if (tcsetattr(t->fd, TCSADRAIN, &quiet) == 0)
            return 0;
    }
    int err = -errno;
    if (t->signals >= 0)
        close(t->signals);
    close(t->fd);
    sigprocmask(SIG_SETMASK, &t->mask_before, NULL);
    return err;
}

static void terminal_close(struct terminal *t)
{
    tcsetattr(t->fd, TCSADRAIN, &t->before);
    close(t->signals);
    close(t->fd);
    sigprocmask(SIG_SETMASK, &t->mask_before, NULL);
}

// The number of a signal that came, 0 when there is something to read.
static int terminal_wait(const struct terminal *t)
{
    struct pollfd fds[2] = {{.fd = t->signals, .events = POLLIN}, {.fd = t->fd, .events = POLLIN}};
    while (poll(fds, 2, -1) < 0 && errno == EINTR)
        ;
    struct signalfd_siginfo info;
    if ((fds[0].revents & POLLIN) && read(t->signals, &info, sizeof(info)) == sizeof(info))
        return (int)info.ssi_signo;
    return 0;
}

// A line without its end. Negative: an error; PS_ECANCELLED at the end of input; PS_ELIMIT.
int terminal_read_line(int fd, uint8_t *out, size_t max, size_t *len)
{
    *len = 0;
    for (;;) {
        uint8_t c;
        ssize_t n = read(fd, &c, 1);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        if (n == 0)
            return *len ? 0 : PS_ECANCELLED;
        if (c == '\n')
            return 0;
        if (*len == max)
            return PS_ELIMIT;
        out[(*len)++] = c;
    }
}

int terminal_ask(const char *prompt, uint8_t *out, size_t max, size_t *len)
{
    struct terminal t;
    int err = terminal_open(&t);
    if (err != 0)
        return err;
    dprintf(t.fd, "%s", prompt);
    int signum = terminal_wait(&t);
    err = signum != 0 ? PS_ECANCELLED : terminal_read_line(t.fd, out, max, len);
    dprintf(t.fd, "\n");
    terminal_close(&t);
    if (signum != 0) {
        ps_mem_wipe(out, max);
        raise(signum);
    }
    return err;
}
