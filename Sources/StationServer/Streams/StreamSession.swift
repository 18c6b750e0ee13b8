import Wire

/// One stream's conversation after its first line: lines in, and out what is to be sent next. It reads and writes nothing, and
/// knows no clock but the one it is told: steady seconds.
struct StreamSession {
  struct Limits: Sendable {
    /// Seconds that a client may say nothing.
    var idle = 300.0
    /// Malformed lines until the connection is closed.
    var malformed = 3
    /// Lines at once, and how many more each second.
    var burst = 400.0
    var rate = 250.0
    /// Datagrams that are repaired at once, at least, and seconds' worth of those that are.
    var leastRepairs = 256.0
    var repairSeconds = 2.0
  }

  private let limits: Limits
  private var lastHeard: Double
  private var malformed = 0
  private var allowance: Double
  /// Datagrams that may be repaired now, and how many more each second.
  private var repairAllowance: Double
  private let repairRate: Double
  private let mostRepairs: Double
  private var repairs: [Range<Int64>] = []
  private var waiting: Int64 = 0
  /// The next datagram to send; nil while it sends repairs only.
  private(set) var following: Int64?
  /// Which of the client's `follow` and `pause` this is.
  private(set) var turn = 0

  /// - Parameters:
  ///   - first: the first datagram to send, if the stream begins with any.
  ///   - datagramRate: of the station, datagrams per second: half as many are repaired.
  init(first: Int64?, datagramRate: Double, limits: Limits = Limits(), now: Double) {
    self.limits = limits
    following = first
    lastHeard = now
    allowance = limits.burst
    repairRate = datagramRate / 2
    mostRepairs = max(limits.leastRepairs, repairRate * limits.repairSeconds)
    repairAllowance = mostRepairs
  }

  /// Takes a line in; false when the connection is to be closed for it.
  mutating func take(_ line: Result<ClientMessage, MessageError>, at now: Double) -> Bool {
    let passed = max(0, now - lastHeard)
    lastHeard = now
    allowance = min(limits.burst, allowance + passed * limits.rate) - 1
    repairAllowance = min(mostRepairs, repairAllowance + passed * repairRate)
    guard allowance >= 0 else { return false }
    switch line {
    case .failure:
      malformed += 1
      return malformed < limits.malformed
    case .success(.repair(let request)): repair(request)
    case .success(.follow(let request)): follow(request.from)
    case .success(.pause): follow(nil)
    case .success: break
    }
    return true
  }

  private mutating func follow(_ first: Int64?) {
    turn += 1
    following = first.map { max(0, $0) }
  }

  /// What is beyond the limits is not answered: who still wants it asks again.
  private mutating func repair(_ request: RepairRequest) {
    for pair in request.packets.prefix(RepairRequest.mostRanges) {
      guard pair.count == 2, pair[0] >= 0, pair[0] < 1 << 60, pair[1] > 0 else { continue }
      let room = min(repairAllowance, mostRepairs - Double(waiting)).rounded(.down)
      let count = min(pair[1], RepairRequest.mostDatagrams, Int64(max(0, room)))
      guard count > 0 else { break }
      repairs.append(pair[0]..<pair[0] + count)
      waiting += count
      repairAllowance -= Double(count)
    }
  }

  var hasRepairs: Bool { !repairs.isEmpty }

  /// What to repair next, which is more urgent than what follows.
  mutating func nextRepair() -> Range<Int64>? {
    guard let range = repairs.first else { return nil }
    let end = min(range.upperBound, range.lowerBound + Int64(FrameFill.most))
    if end == range.upperBound { repairs.removeFirst() } else { repairs[0] = end..<range.upperBound }
    waiting -= end - range.lowerBound
    return range.lowerBound..<end
  }

  /// Frames of what follows are ready; false when the client wants something else by now.
  ///
  /// - Parameters:
  ///   - turn: the ``turn`` in which they were asked for.
  ///   - next: the first datagram that is not among them.
  mutating func followed(turn: Int, next: Int64) -> Bool {
    guard turn == self.turn, following != nil else { return false }
    following = next
    return true
  }

  func isIdle(at now: Double) -> Bool { now - lastHeard > limits.idle }
}
