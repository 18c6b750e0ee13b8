/// Takes transport stream packets out of datagrams, bare or in RTP (RFC 3550 §5.1), in the order of their sequence numbers.
///
///     version 2 = 2 | padding 1 | extension 1 | CSRC count 4 | marker 1 | payload type 7 = 33 | sequence number 16 |
///     timestamp 32 | SSRC 32 | CSRC 32 each | if extension: profile 16, length 16 (in 32 bit words), words
struct RTPOrder: Sendable {
  /// Datagrams that held neither a transport stream nor RTP with one.
  private(set) var foreign = 0

  private struct Held {
    var sequence: UInt16
    var payload: [UInt8]
    var since: Int64
  }

  private var next: UInt16?
  private var source: UInt32?
  /// Those that came before others that should have come first, in order.
  private var held: [Held] = []

  /// What is missing is waited for as long as this, nanoseconds, and while no more than so many datagrams have come.
  static let patience: Int64 = 20_000_000
  static let most = 64
  /// MPEG-2 transport streams (RFC 3551 §6).
  private static let payloadType: UInt8 = 33
  private static let syncByte: UInt8 = 0x47

  /// Takes a datagram; appends what is due to be read to `ready`.
  /// - Parameter now: nanoseconds on any clock that does not go back.
  mutating func take(_ datagram: Span<UInt8>, at now: Int64, into ready: inout [UInt8]) {
    guard datagram.count >= 12, datagram[0] != RTPOrder.syncByte else {
      // A multiple of whole packets, or it is something else that happens to begin like one.
      guard datagram.count > 0, datagram[0] == RTPOrder.syncByte, datagram.count % 188 == 0 else {
        foreign += 1
        return
      }
      for index in datagram.indices { ready.append(datagram[index]) }
      return
    }
    guard let range = RTPOrder.payload(of: datagram) else {
      foreign += 1
      return
    }
    let sequence = UInt16(datagram[2]) << 8 | UInt16(datagram[3])
    let source = (8..<12).reduce(0 as UInt32) { $0 << 8 | UInt32(datagram[$1]) }
    var payload: [UInt8] = []
    payload.reserveCapacity(range.count)
    for index in range { payload.append(datagram[index]) }
    if source != self.source {
      // Another sender, which counts anew.
      flush(into: &ready)
      self.source = source
      next = sequence
    }
    let ahead = Int16(bitPattern: sequence &- (next ?? sequence))
    switch ahead {
    case 0:
      ready += payload
      next = sequence &+ 1
      release(into: &ready)
    case 1...512:
      let place = held.firstIndex { Int16(bitPattern: sequence &- $0.sequence) <= 0 } ?? held.count
      guard place == held.count || held[place].sequence != sequence else { return }
      held.insert(Held(sequence: sequence, payload: payload, since: now), at: place)
    case -512..<0: return  // seen, or given up
    default:
      flush(into: &ready)
      ready += payload
      next = sequence &+ 1
    }
    giveUpWaiting(at: now, into: &ready)
  }

  /// Goes on behind what has been missing for too long.
  mutating func giveUpWaiting(at now: Int64, into ready: inout [UInt8]) {
    while let first = held.first, held.count > RTPOrder.most || now - longest(first) > RTPOrder.patience {
      next = first.sequence
      release(into: &ready)
    }
  }

  private func longest(_ first: Held) -> Int64 { held.reduce(first.since) { min($0, $1.since) } }

  private mutating func release(into ready: inout [UInt8]) {
    while let first = held.first, first.sequence == next {
      ready += first.payload
      next = first.sequence &+ 1
      held.removeFirst()
    }
  }

  private mutating func flush(into ready: inout [UInt8]) {
    for each in held { ready += each.payload }
    held.removeAll()
  }

  /// Where the transport stream packets are; nil of what is no RTP with such.
  private static func payload(of datagram: Span<UInt8>) -> Range<Int>? {
    guard datagram.count > 12, datagram[0] >> 6 == 2, datagram[1] & 0x7F == payloadType else { return nil }
    var start = 12 + 4 * Int(datagram[0] & 0x0F)
    if datagram[0] & 0x10 != 0 {
      guard start + 4 <= datagram.count else { return nil }
      start += 4 + 4 * (Int(datagram[start + 2]) << 8 | Int(datagram[start + 3]))
    }
    var end = datagram.count
    if datagram[0] & 0x20 != 0 { end -= Int(datagram[end - 1]) }
    guard start < end, (end - start) % 188 == 0, datagram[start] == syncByte else { return nil }
    return start..<end
  }
}
