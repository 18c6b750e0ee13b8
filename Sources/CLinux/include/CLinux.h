// What Swift's Glibc module does not show: a few Linux calls, structures and numbers, each with the prefix CLinux_.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <termios.h>

/// struct mmsghdr, which glibc declares only under _GNU_SOURCE.
typedef struct {
  struct msghdr header;
  unsigned int length;
} CLinux_mmsghdr;

// glibc's enumerators for these are seen or not depending on what else a module imports.
extern const int CLinux_SOCK_STREAM;
extern const int CLinux_SOCK_DGRAM;
extern const int CLinux_SOCK_CLOEXEC;
extern const int CLinux_SOCK_NONBLOCK;

extern const int CLinux_SO_TIMESTAMPNS;
extern const int CLinux_SO_RXQ_OVFL;
extern const int CLinux_SO_RCVBUFFORCE;
extern const int CLinux_SO_SNDBUFFORCE;
extern const int CLinux_IP_MULTICAST_ALL;
extern const int CLinux_O_PATH;
extern const int CLinux_O_TMPFILE;

int CLinux_sendmmsg(int socket, CLinux_mmsghdr *messages, unsigned int count, int flags);

/// Bytes of control data that CLinux_set_segment_size writes, a multiple of eight.
size_t CLinux_segment_control_size(void);

/// Has the kernel cut the message's payload into datagrams of this length, the last one maybe shorter (UDP_SEGMENT).
/// `control` has room for CLinux_segment_control_size bytes, and stays as long as the message.
void CLinux_set_segment_size(struct msghdr *message, void *control, uint16_t length);

/// recvmmsg without a time limit of its own (the kernel checks it only after a datagram has come): poll first.
int CLinux_recvmmsg(int socket, CLinux_mmsghdr *messages, unsigned int count, int flags);

/// Reads a received message's control data: the kernel's arrival time (Unix nanoseconds) and its count of datagrams
/// dropped on this socket (modulo 2^32). What the message does not carry is left as it is.
void CLinux_read_control(const struct msghdr *message, int64_t *arrival, uint32_t *drops);

/// ppoll, with a time limit in nanoseconds.
int CLinux_poll(struct pollfd *entries, size_t count, int64_t nanoseconds);

/// Bytes of control data that a receiver of both wants.
size_t CLinux_control_size(void);

/// How far the system clock may be from UTC, as the kernel reckons: microseconds; -1 when nothing keeps it.
int64_t CLinux_clock_error(void);

int CLinux_set_thread_name(pthread_t thread, const char *name);

/// Moves this thread into a network namespace: a new one, or that of a descriptor. Returns 0, or -1 with errno.
int CLinux_leave_network(void);
int CLinux_enter_network(int descriptor);

/// A packet socket that gets a copy of every IPv4 packet, from its IP header on, that comes in by an interface; -1 with
/// errno.
int CLinux_open_tap(int interface);

/// waitpid's macros.
int CLinux_exit_status(int status);
int CLinux_termination_signal(int status);

/// Puts this thread's disk accesses behind everybody else's; returns 0, or -1 with errno.
int CLinux_set_idle_io_priority(void);

/// Makes reads beyond the end of a truncated, mapped file yield zeros; returns 0, or -1 with errno.
int CLinux_guard_bus_errors(void);

/// How many pages were replaced by zeros since the start.
uint64_t CLinux_bus_errors(void);

/// pipe2 with O_CLOEXEC: reading end, writing end.
int CLinux_pipe(int ends[2]);

/// Has a spawned program start without any descriptor from this one on.
int CLinux_close_from(posix_spawn_file_actions_t *actions, int first);

/// From now on, each of these signals, whichever thread gets it, becomes a byte, its number, in the pipe whose writing
/// end is `pipe`; to be called once. Returns 0, or -1 with errno.
int CLinux_catch_signals(const int *signals, size_t count, int pipe);

/// Forks a guard over a terminal: a process that does nothing but wait for the end of this one, however it comes. Then it
/// writes `bytes` to the terminal and gives it its settings of `before`, unless somebody else has changed them from `mine`
/// by then. A byte sent to it first sends it home. Returns the pipe's writing end, or -1 with errno; `pid` is the guard's.
int CLinux_guard_terminal(int terminal, const struct termios *before, const struct termios *mine, const void *bytes,
                          size_t count, pid_t *pid);
