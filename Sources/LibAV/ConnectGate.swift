import CConnectGate
import Glibc
import Synchronization

/// Asks, for every connection that libav makes on a thread, whether a feed may lead there.
///
/// libav follows redirects, playlists and RTSP's referrals by itself, and resolves names while it does: whoever looks at
/// URLs beforehand looks at something else than what is dialled. So the rule is held where no way leads past: in front
/// of connect(2), where there are only addresses.
final class ConnectGate: Sendable {
  private let rule: PeerRule
  private let watch: FeedWatch
  private let refused = Mutex<PeerAddress?>(nil)

  /// - Parameter watch: told to give up what leads to the wrong place: it would only be tried again.
  init(_ rule: PeerRule, _ watch: FeedWatch) {
    self.rule = rule
    self.watch = watch
  }

  /// The last address that was not let through.
  var refusal: PeerAddress? { refused.withLock { $0 } }

  /// Whether the gate stands in this program: else nothing may be opened.
  static let stands = CConnectGate_stands() == 1

  /// Runs `body` with the gate closed around this thread.
  func guarding<Result>(_ body: () -> Result) -> Result {
    unsafe CConnectGate_set(
      { context, address, length in
        guard let context = unsafe context else { return EACCES }
        let gate = unsafe Unmanaged<ConnectGate>.fromOpaque(context).takeUnretainedValue()
        return unsafe gate.judge(address, length)
      }, Unmanaged.passUnretained(self).toOpaque())
    defer { CConnectGate_set(nil, nil) }
    return body()
  }

  private func judge(_ address: UnsafePointer<sockaddr>?, _ length: socklen_t) -> Int32 {
    guard let address = unsafe address, let peer = unsafe PeerAddress(address, length) else { return EACCES }
    if rule.allows(peer) { return 0 }
    refused.withLock { $0 = peer }
    watch.giveUp()
    return EACCES
  }
}

extension PeerAddress: CustomStringConvertible {
  /// Nil of anything but TCP/IP.
  init?(_ address: UnsafePointer<sockaddr>, _ length: socklen_t) {
    let raw = unsafe UnsafeRawPointer(address)
    switch unsafe Int32(address.pointee.sa_family) {
    case AF_INET where length >= socklen_t(MemoryLayout<sockaddr_in>.size):
      let found = unsafe raw.loadUnaligned(as: sockaddr_in.self)
      var place = found.sin_addr
      let bytes = unsafe withUnsafeBytes(of: &place) { unsafe Array($0) }
      self.init(bytes: bytes, port: found.sin_port.bigEndian)
    case AF_INET6 where length >= socklen_t(MemoryLayout<sockaddr_in6>.size):
      let found = unsafe raw.loadUnaligned(as: sockaddr_in6.self)
      let bytes = unsafe withUnsafeBytes(of: found.sin6_addr) { unsafe Array($0) }
      self.init(bytes: bytes, port: found.sin6_port.bigEndian)
    default: return nil
    }
  }

  /// What a host's name stands for; empty where the resolver knows nothing of it.
  static func resolve(_ host: String, port: UInt16) -> [PeerAddress] {
    var hints = unsafe addrinfo()
    unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var list: UnsafeMutablePointer<addrinfo>?
    guard unsafe getaddrinfo(host, String(port), &hints, &list) == 0 else { return [] }
    defer { unsafe freeaddrinfo(list) }
    var found: [PeerAddress] = []
    var next = unsafe list
    while let entry = unsafe next {
      unsafe next = entry.pointee.ai_next
      guard let address = unsafe entry.pointee.ai_addr else { continue }
      if let peer = unsafe PeerAddress(address, entry.pointee.ai_addrlen) { found.append(peer) }
    }
    return found
  }

  package var description: String {
    var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
    unsafe bytes.withUnsafeBytes { source in
      _ = unsafe inet_ntop(bytes.count == 4 ? AF_INET : AF_INET6, source.baseAddress, &text, socklen_t(text.count))
    }
    let name = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return bytes.count == 4 ? "\(name):\(port)" : "[\(name)]:\(port)"
  }
}
