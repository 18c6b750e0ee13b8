#define _GNU_SOURCE
#include "CLinux.h"

#include <fcntl.h>
#include <linux/if_ether.h>
#include <netinet/udp.h>
#include <netpacket/packet.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/timex.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <errno.h>

const int CLinux_SOCK_STREAM = SOCK_STREAM;
const int CLinux_SOCK_DGRAM = SOCK_DGRAM;
const int CLinux_SOCK_CLOEXEC = SOCK_CLOEXEC;
const int CLinux_SOCK_NONBLOCK = SOCK_NONBLOCK;
const int CLinux_SO_TIMESTAMPNS = SO_TIMESTAMPNS;
const int CLinux_SO_RXQ_OVFL = SO_RXQ_OVFL;
const int CLinux_SO_RCVBUFFORCE = SO_RCVBUFFORCE;
const int CLinux_SO_SNDBUFFORCE = SO_SNDBUFFORCE;
const int CLinux_IP_MULTICAST_ALL = IP_MULTICAST_ALL;
const int CLinux_O_PATH = O_PATH;
const int CLinux_O_TMPFILE = O_TMPFILE;

_Static_assert(sizeof(CLinux_mmsghdr) == sizeof(struct mmsghdr), "mmsghdr");
_Static_assert(offsetof(CLinux_mmsghdr, length) == offsetof(struct mmsghdr, msg_len), "mmsghdr");

int CLinux_sendmmsg(int socket, CLinux_mmsghdr *messages, unsigned int count, int flags) {
  return sendmmsg(socket, (struct mmsghdr *)messages, count, flags);
}

size_t CLinux_segment_control_size(void) { return CMSG_SPACE(sizeof(uint16_t)); }

void CLinux_set_segment_size(struct msghdr *message, void *control, uint16_t length) {
  message->msg_control = control;
  message->msg_controllen = CMSG_SPACE(sizeof length);
  struct cmsghdr *c = CMSG_FIRSTHDR(message);
  c->cmsg_level = SOL_UDP;
  c->cmsg_type = UDP_SEGMENT;
  c->cmsg_len = CMSG_LEN(sizeof length);
  memcpy(CMSG_DATA(c), &length, sizeof length);
}

int CLinux_recvmmsg(int socket, CLinux_mmsghdr *messages, unsigned int count, int flags) {
  return recvmmsg(socket, (struct mmsghdr *)messages, count, flags, NULL);
}

void CLinux_read_control(const struct msghdr *message, int64_t *arrival, uint32_t *drops) {
  for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c != NULL; c = CMSG_NXTHDR((struct msghdr *)message, c)) {
    if (c->cmsg_level != SOL_SOCKET) continue;
    if (c->cmsg_type == SCM_TIMESTAMPNS) {
      struct timespec t;
      memcpy(&t, CMSG_DATA(c), sizeof t);
      *arrival = (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
    } else if (c->cmsg_type == SO_RXQ_OVFL) {
      memcpy(drops, CMSG_DATA(c), sizeof *drops);
    }
  }
}

size_t CLinux_control_size(void) {
  return CMSG_SPACE(sizeof(struct timespec)) + CMSG_SPACE(sizeof(uint32_t));
}

int CLinux_poll(struct pollfd *entries, size_t count, int64_t nanoseconds) {
  struct timespec limit = {.tv_sec = nanoseconds / 1000000000, .tv_nsec = nanoseconds % 1000000000};
  return ppoll(entries, count, &limit, NULL);
}

int64_t CLinux_clock_error(void) {
  struct timex clock = {0};
  return adjtimex(&clock) == -1 || (clock.status & STA_UNSYNC) ? -1 : (int64_t)clock.maxerror;
}

int CLinux_set_thread_name(pthread_t thread, const char *name) {
  return pthread_setname_np(thread, name);
}

int CLinux_leave_network(void) { return unshare(CLONE_NEWNET); }
int CLinux_enter_network(int descriptor) { return setns(descriptor, CLONE_NEWNET); }

int CLinux_open_tap(int interface) {
  int tap = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  struct sockaddr_ll place = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_IP), .sll_ifindex = interface};
  if (tap >= 0 && bind(tap, (struct sockaddr *)&place, sizeof place) < 0) {
    int error = errno;
    close(tap);
    errno = error;
    return -1;
  }
  return tap;
}

int CLinux_exit_status(int status) { return WIFEXITED(status) ? WEXITSTATUS(status) : -1; }
int CLinux_termination_signal(int status) { return WIFSIGNALED(status) ? WTERMSIG(status) : 0; }

static _Atomic uint64_t bus_errors;
static uintptr_t page_size;

// Only what a signal handler may do: mmap is a bare system call, the counter is lock-free.
static void on_bus_error(int number, siginfo_t *info, void *context) {
  (void)context;
  int saved = errno;
  // BUS_ADRERR: a mapped file has no such page any more. Anything else is a fault of our own, to die of.
  if (info->si_code == BUS_ADRERR) {
    void *page = (void *)((uintptr_t)info->si_addr & ~(page_size - 1));
    void *mapped = mmap(page, page_size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    if (mapped == page) {
      atomic_fetch_add_explicit(&bus_errors, 1, memory_order_relaxed);
      errno = saved;
      return;
    }
  }
  signal(number, SIG_DFL);
  errno = saved;
}

int CLinux_guard_bus_errors(void) {
  page_size = (uintptr_t)sysconf(_SC_PAGESIZE);
  struct sigaction action = {0};
  action.sa_sigaction = on_bus_error;
  action.sa_flags = SA_SIGINFO;
  sigemptyset(&action.sa_mask);
  return sigaction(SIGBUS, &action, NULL);
}

uint64_t CLinux_bus_errors(void) { return atomic_load_explicit(&bus_errors, memory_order_relaxed); }

int CLinux_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC); }

int CLinux_close_from(posix_spawn_file_actions_t *actions, int first) {
  return posix_spawn_file_actions_addclosefrom_np(actions, first);
}

int CLinux_set_idle_io_priority(void) {
  // Who: a process (1), this one (0); how: class 3 (idle), by the kernel's ioprio.h, which glibc does not wrap.
  return (int)syscall(SYS_ioprio_set, 1, 0, 3 << 13);
}

static volatile sig_atomic_t signal_pipe = -1;

static void on_signal(int number) {
  int saved = errno;
  unsigned char byte = (unsigned char)number;
  // A full pipe holds more signals than anybody will read.
  ssize_t written = write(signal_pipe, &byte, 1);
  (void)written;
  errno = saved;
}

int CLinux_catch_signals(const int *signals, size_t count, int pipe) {
  if (fcntl(pipe, F_SETFL, O_NONBLOCK) < 0) return -1;
  signal_pipe = pipe;
  struct sigaction action = {0};
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  for (size_t i = 0; i < count; i++) {
    if (sigaction(signals[i], &action, NULL) < 0) return -1;
  }
  return 0;
}

static int same_settings(const struct termios *a, const struct termios *b) {
  return a->c_iflag == b->c_iflag && a->c_oflag == b->c_oflag && a->c_cflag == b->c_cflag && a->c_lflag == b->c_lflag &&
         memcmp(a->c_cc, b->c_cc, sizeof a->c_cc) == 0;
}

// After fork in a program of many threads: nothing but system calls.
static _Noreturn void guard(int end, int terminal, const struct termios *before, const struct termios *mine,
                            const void *bytes, size_t count) {
  // In a session of its own, it may change the terminal from the background, and survives its hang-up.
  setsid();
  prctl(PR_SET_NAME, "tuner-guard");
  // The descriptors of the others are theirs alone; these two become 0 and 1.
  int kept = fcntl(terminal, F_DUPFD, 10);
  if (kept < 0 || dup2(end, 0) < 0 || dup2(kept, 1) < 0) _exit(1);
  close_range(2, ~0U, 0);
  char byte;
  ssize_t read_bytes;
  do read_bytes = read(0, &byte, 1);
  while (read_bytes < 0 && errno == EINTR);
  if (read_bytes != 0) _exit(0);
  struct termios now;
  if (tcgetattr(1, &now) == 0 && same_settings(&now, mine)) tcsetattr(1, TCSANOW, before);
  // A terminal that is stopped (Ctrl-S) is not waited for.
  struct pollfd entry = {.fd = 1, .events = POLLOUT};
  if (poll(&entry, 1, 1000) > 0 && write(1, bytes, count) < 0) _exit(1);
  _exit(0);
}

int CLinux_guard_terminal(int terminal, const struct termios *before, const struct termios *mine, const void *bytes,
                          size_t count, pid_t *pid) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) < 0) return -1;
  // No signal comes between fork and setsid.
  sigset_t all, former;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, &former);
  pid_t child = fork();
  if (child == 0) {
    close(ends[1]);
    guard(ends[0], terminal, before, mine, bytes, count);
  }
  int code = errno;
  pthread_sigmask(SIG_SETMASK, &former, NULL);
  close(ends[0]);
  if (child < 0) {
    close(ends[1]);
    errno = code;
    return -1;
  }
  *pid = child;
  return ends[1];
}
