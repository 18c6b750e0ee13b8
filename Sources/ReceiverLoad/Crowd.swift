import LinuxIO
import Reception
import Wire

/// Many receivers at one multicast socket.
struct Crowd: ~Copyable {
  /// One of them, and what is known of what came out of it.
  struct Member {
    let reception: BareReception
    var generator: SplitMix
    /// Datagrams that it did not get to see.
    var dropped = 0
    /// The number of the datagram that came out last.
    var last: Int64?
    var delivered = 0
    /// Numbers that it went on without; and datagrams that are not what was on the air.
    var missing = 0
    var wrong = 0
    /// Datagrams that came out before any came by multicast: nothing to compare them with.
    var unseen = 0
  }

  private var members: [Member] = []
  private var socket: MulticastReceiver
  /// What multicast brought, by the last 14 bits of its number; 40 seconds at 4 Mb/s.
  private var air = [[UInt8]](repeating: [], count: Crowd.kept)
  private var numbers = [Int](repeating: -1, count: Crowd.kept)
  private var came = 0
  private var began = SteadyClock.now
  private static let kept = 16_384

  init(_ tuning: Tuning, server: StreamServer, receivers: Int, seed: UInt64) throws {
    guard let source = tuning.sources.first else { throw SystemError(operation: "find", subject: "a source", code: 2) }
    socket = try MulticastReceiver(
      group: source.group, port: UInt16(clamping: source.port), interface: source.interface, receiveBuffer: 32 << 20)
    var seeds = SplitMix(state: seed)
    let now = SteadyClock.now
    for _ in 0..<receivers {
      members.append(
        Member(
          reception: BareReception(tuning, server: server, now: now), generator: SplitMix(state: seeds.next())))
    }
  }

  /// Receives for so many seconds, every member with this loss in percent. New ones come five milliseconds after one
  /// another, so that they do not all connect at once.
  mutating func run(for seconds: Double, loss: Double) throws {
    let end = SteadyClock.now + Int64(seconds * 1e9)
    let threshold = loss >= 100 ? UInt64.max : UInt64(loss / 100 * 0x1p64)
    while SteadyClock.now < end {
      SteadyClock.sleep(until: SteadyClock.now + 3_000_000)
      while try hear(threshold) == 64 {}
      let now = SteadyClock.now
      let present = min(members.count, Int((now - began) / 5_000_000))
      for index in 0..<present {
        members[index].reception.advance(now: now)
        look(index)
      }
    }
  }

  private mutating func hear(_ threshold: UInt64) throws -> Int {
    let now = SteadyClock.now
    var heard: [([UInt8], Int64)] = []
    let count = try socket.receive(timeoutMilliseconds: 0) { bytes, arrival in
      heard.append((bytes.indices.map { bytes[$0] }, arrival))
    }
    for (bytes, arrival) in heard {
      guard let (header, payload) = RTPHeader.parse(bytes.span) else { continue }
      let number = Int(header.sequenceNumber)
      air[number % Self.kept] = Array(bytes[payload])
      numbers[number % Self.kept] = number
      came += 1
      for index in members.indices {
        if threshold > 0, members[index].generator.next() < threshold {
          members[index].dropped += 1
        } else {
          members[index].reception.datagram(bytes.span, arrival: arrival, now: now)
        }
      }
    }
    return count
  }

  /// Looks at what has come out of one.
  private mutating func look(_ index: Int) {
    var member = members[index]
    member.reception.take { n, payload in
      member.delivered += 1
      // One that began before the server had told the numbers counts modulo 2^16 until then.
      if let last = member.last { member.missing += Int(UInt16(truncatingIfNeeded: n - last - 1)) }
      member.last = n
      let number = Int(n & 0xFFFF)
      guard numbers[number % Self.kept] == number else {
        member.unseen += 1
        return
      }
      if !Self.equal(air[number % Self.kept], payload) { member.wrong += 1 }
    }
    members[index] = member
  }

  private static func equal(_ sent: [UInt8], _ payload: Span<UInt8>) -> Bool {
    guard sent.count == payload.count else { return false }
    for at in sent.indices where sent[at] != payload[at] { return false }
    return true
  }

  func report() -> LoadReport {
    LoadReport(members, came: came, kernelDrops: Int(socket.kernelDrops))
  }
}

/// A small seeded generator (SplitMix64), so that a run's losses can be had again.
struct SplitMix {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
