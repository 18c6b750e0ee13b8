// Stands where libraries look for connect(2): asks a thread's gate about each address before the kernel is asked.
#pragma once
#include <sys/socket.h>

/// Says whether this thread may connect to the address: 0 lets it through, anything else is the errno of its refusal.
typedef int (*CConnectGate)(void *context, const struct sockaddr *address, socklen_t length);

/// Sets the calling thread's gate; NULL takes it away, and all addresses are let through.
void CConnectGate_set(CConnectGate gate, void *context);

/// Whether the connect(2) that shared libraries call is the one that asks: 1, or 0 where they would go past it.
int CConnectGate_stands(void);
