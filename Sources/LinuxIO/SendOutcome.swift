import Glibc

/// What became of a batch of datagrams.
package struct SendOutcome: Hashable, Sendable {
  /// Taken by the kernel.
  package var sent = 0
  /// System calls made for it.
  package var calls = 0
  /// Messages that the kernel took: a train counts once.
  package var trains = 0
  /// Not taken: ENOBUFS, the interface's queue is full.
  package var noBuffers = 0
  /// Not taken: EAGAIN, the socket's buffer is full.
  package var wouldBlock = 0
  /// Not taken: the interface is down or without a way out (ENETDOWN, ENETUNREACH, EHOSTUNREACH, ENODEV, EADDRNOTAVAIL).
  package var networkDown = 0
  /// Not taken, for any other reason.
  package var otherErrors = 0
  /// Trains that the kernel would not cut up, for the interface cannot, and that were sent as single datagrams instead.
  package var uncut = 0
  /// Calls interrupted by a signal (EINTR) and made again; no datagram is lost by them.
  package var interrupted = 0
  /// The last reason, an errno value; 0 when all were taken.
  package var lastError: Int32 = 0

  package init() {}

  /// Not taken, for whatever reason.
  package var failed: Int { noBuffers + wouldBlock + networkDown + otherErrors }

  mutating func count(_ code: Int32) {
    lastError = code
    switch code {
    case ENOBUFS, ENOMEM: noBuffers += 1
    case EAGAIN: wouldBlock += 1
    case ENETDOWN, ENETUNREACH, EHOSTUNREACH, ENODEV, ENXIO, EADDRNOTAVAIL: networkDown += 1
    default: otherErrors += 1
    }
  }
}
