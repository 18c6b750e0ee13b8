// The floor: what sending costs when nothing but sending is done. 1,328-byte datagrams to many groups in turn, by
// sendmmsg, as trains (UDP_SEGMENT), flat out or at a rate. Prints one line of JSON.
//
//   bareloop INTERFACE GROUPS BATCH TRAIN SECONDS [RATE]
//
//   BATCH   datagrams in one system call     TRAIN   of them, so many in a row go to one group and are cut by the kernel
//   RATE    datagrams a second; without it, or 0: as fast as it goes
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>

enum { size = 1328, slot = 1500, most = 1024, first_group = 0xEFFF4201, port = 5004 };

static char bytes[most][slot];
static struct iovec vectors[most];
static struct mmsghdr messages[most];
static struct sockaddr_in addresses[most];
static _Alignas(8) char controls[most][CMSG_SPACE(sizeof(uint16_t))];

static double now(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int open_socket(const char *interface) {
  int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  struct ip_mreqn out = {.imr_ifindex = (int)if_nametoindex(interface)};
  int probe = IP_PMTUDISC_PROBE, room = 4 << 20;
  if (s < 0 || out.imr_ifindex == 0 || setsockopt(s, IPPROTO_IP, IP_MULTICAST_IF, &out, sizeof out) < 0) {
    perror(interface);
    exit(71);
  }
  // As stationd's sender has them.
  setsockopt(s, IPPROTO_IP, IP_MTU_DISCOVER, &probe, sizeof probe);
  setsockopt(s, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof room);
  return s;
}

// One message for each train of the batch; the last one may be shorter.
static unsigned int make_messages(int batch, int train) {
  unsigned int count = 0;
  for (int i = 0; i < batch; i += train, count++) {
    int cars = batch - i < train ? batch - i : train;
    struct msghdr *header = &messages[count].msg_hdr;
    addresses[count] = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port)};
    *header = (struct msghdr){.msg_name = &addresses[count], .msg_namelen = sizeof addresses[count],
                              .msg_iov = &vectors[i], .msg_iovlen = (size_t)cars};
    if (cars > 1) {
      uint16_t length = size;
      header->msg_control = controls[count];
      header->msg_controllen = sizeof controls[count];
      struct cmsghdr *c = CMSG_FIRSTHDR(header);
      c->cmsg_level = SOL_UDP;
      c->cmsg_type = UDP_SEGMENT;
      c->cmsg_len = CMSG_LEN(sizeof length);
      memcpy(CMSG_DATA(c), &length, sizeof length);
    }
  }
  return count;
}

int main(int argc, char **argv) {
  int groups = argc > 2 ? atoi(argv[2]) : 0, batch = argc > 3 ? atoi(argv[3]) : 0, train = argc > 4 ? atoi(argv[4]) : 0;
  double seconds = argc > 5 ? atof(argv[5]) : 0, rate = argc > 6 ? atof(argv[6]) : 0;
  if (groups < 1 || batch < 1 || batch > most || train < 1 || train > 48 || seconds <= 0 || seconds > 60) {
    fprintf(stderr, "usage: bareloop INTERFACE GROUPS BATCH TRAIN SECONDS [RATE]\n");
    return 64;
  }
  int s = open_socket(argv[1]);
  for (int i = 0; i < most; i++) {
    memset(bytes[i], i, slot);
    vectors[i] = (struct iovec){.iov_base = bytes[i], .iov_len = size};
  }
  unsigned int count = make_messages(batch, train);

  // Paced, it has the priority of stationd's transmitter. Flat out it would keep everybody else from running.
  struct sched_param priority = {.sched_priority = 50};
  int real_time = rate > 0 && sched_setscheduler(0, SCHED_FIFO, &priority) == 0;

  unsigned int group = 0;
  long long datagrams = 0, calls = 0, refused = 0;
  double start = now(CLOCK_MONOTONIC), cpu = now(CLOCK_PROCESS_CPUTIME_ID);
  struct rusage before, after;
  getrusage(RUSAGE_SELF, &before);
  while (now(CLOCK_MONOTONIC) - start < seconds) {
    for (unsigned int i = 0; i < count; i++) {
      addresses[i].sin_addr.s_addr = htonl(first_group + group);
      group = (group + 1) % (unsigned int)groups;
    }
    for (unsigned int done = 0; done < count;) {
      int taken = sendmmsg(s, messages + done, count - done, 0);
      calls++;
      if (taken <= 0) {
        refused++;
        done++;
        continue;
      }
      for (int i = 0; i < taken; i++) datagrams += (long long)messages[done + (unsigned int)i].msg_hdr.msg_iovlen;
      done += (unsigned int)taken;
    }
    if (rate > 0) {
      double due = start + (double)datagrams / rate;
      struct timespec wake = {.tv_sec = (time_t)due, .tv_nsec = (long)((due - (double)(time_t)due) * 1e9)};
      clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &wake, NULL);
    }
  }
  cpu = now(CLOCK_PROCESS_CPUTIME_ID) - cpu;
  double elapsed = now(CLOCK_MONOTONIC) - start;
  getrusage(RUSAGE_SELF, &after);
  double user = (double)(after.ru_utime.tv_sec - before.ru_utime.tv_sec) +
                (double)(after.ru_utime.tv_usec - before.ru_utime.tv_usec) / 1e6;
  double system = (double)(after.ru_stime.tv_sec - before.ru_stime.tv_sec) +
                  (double)(after.ru_stime.tv_usec - before.ru_stime.tv_usec) / 1e6;
  printf("{\"datagrams\":%lld,\"calls\":%lld,\"refused\":%lld,\"seconds\":%.6f,\"cpu\":%.6f,\"user\":%.6f,"
         "\"system\":%.6f,\"realTime\":%s}\n",
         datagrams, calls, refused, elapsed, cpu, user, system, real_time ? "true" : "false");
  return 0;
}
