import CLibAV
import Glibc

/// Why a feed does not come, or does not any more.
package struct FeedError: Error, Hashable, Sendable, CustomStringConvertible {
  package enum Cause: Hashable, Sendable {
    /// It was told to stop.
    case stopped
    /// Nothing came within so many seconds.
    case late(Double)
    /// No such host.
    case unknownHost
    /// It led to an address that it must not reach.
    case refused(PeerAddress)
    /// Connections cannot be looked at in this program, so none is made.
    case unguarded
    /// libav's status.
    case libav(Int32)
  }

  package let cause: Cause
  /// The feed, as people are shown it: no secrets.
  package let name: String

  package init(_ cause: Cause, _ name: String) {
    self.cause = cause
    self.name = name
  }

  /// The next read may well succeed: one packet was damaged.
  package var isPassing: Bool { cause == .libav(CLIBAV_INVALIDDATA) }

  /// One sentence: whose fault, and what it is.
  package var description: String {
    switch cause {
    case .stopped: "\(name): stopped"
    case .late(let seconds): "\(name): no data for \(seconds.formatted) s"
    case .unknownHost: "\(name): no such host is known"
    case .refused(let peer): "\(name): it leads to \(peer), where a feed must not lead"
    case .unguarded: "\(name): this program cannot guard its connections"
    case .libav(let code): "\(name): \(FeedError.words(code))"
    }
  }

  private static func words(_ code: Int32) -> String {
    switch code {
    case CLIBAV_HTTP_UNAUTHORIZED: "401: needs user and password, or others"
    case CLIBAV_HTTP_FORBIDDEN: "403: forbidden"
    case CLIBAV_HTTP_NOT_FOUND: "404: there is no such stream"
    case CLIBAV_HTTP_BAD_REQUEST, CLIBAV_HTTP_OTHER_4XX: "it refuses the request"
    case CLIBAV_HTTP_SERVER_ERROR: "the server has failed (5xx)"
    case CLIBAV_INVALIDDATA: "what it sends is no stream"
    case CLIBAV_PROTOCOL_NOT_FOUND, CLIBAV_EINVAL: "it leads to what a feed must not open"
    case -ECONNREFUSED: "connection refused"
    case -ETIMEDOUT: "no answer"
    case -EHOSTUNREACH, -ENETUNREACH: "no way leads there"
    case -ECONNRESET, -EPIPE: "it broke the connection"
    case -EIO: "the connection failed"
    default: LibAVError(operation: "", subject: "", code: code).reason
    }
  }
}

extension Double {
  /// "2", "0.5".
  fileprivate var formatted: String { self == rounded() ? "\(Int(self))" : "\(self)" }
}
