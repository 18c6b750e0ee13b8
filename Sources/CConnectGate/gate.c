#include "CConnectGate.h"

#include <dlfcn.h>
#include <errno.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

static _Thread_local CConnectGate thread_gate;
static _Thread_local void *thread_context;

void CConnectGate_set(CConnectGate gate, void *context) {
  thread_gate = gate;
  thread_context = context;
}

// The dynamic linker looks in the program before it looks in the C library, so this is the one that libavformat calls.
// glibc's own resolver does not come by here.
__attribute__((visibility("default"))) int connect(int socket, const struct sockaddr *address, socklen_t length) {
  if (thread_gate != NULL) {
    int refusal = thread_gate(thread_context, address, length);
    if (refusal != 0) {
      errno = refusal;
      return -1;
    }
  }
  return (int)syscall(SYS_connect, socket, address, length);
}

int CConnectGate_stands(void) {
  // NULL is the default order of search, the one by which libraries are bound.
  return dlsym(NULL, "connect") == (void *)connect;
}
