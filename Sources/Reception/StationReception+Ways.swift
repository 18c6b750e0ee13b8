/// Which way the station comes: by multicast, or over a stream connection.
extension StationReception {
  /// The stream connection is shown as the way after so long.
  private static let newsPatience: Int64 = 1_500_000_000
  /// Multicast has to come for so long before it is trusted again.
  private static let steadiness: Int64 = 250_000_000
  /// A stream connection that could be made is waited for so long, when multicast is back without what came before.
  static let orphaned: Int64 = 2_000_000_000

  /// Whether repairs cannot mend what is missing.
  var isTooMuch: Bool { canAsk && plan.isHopeless }

  /// Whether there is a server that knows these numbers.
  var canAsk: Bool { isAnchored && mode == .multicast && sources.contains { $0.isOpen } }

  /// Whether there is a server that may be asked, now or soon. Who can wait, waits for one that has been away for long.
  var hasServer: Bool { sources.contains { $0.hasServer && ($0.failures < Self.away || latency > Self.orphaned) } }
  /// After so many attempts in vain, of 10 s, a server is taken to be away.
  private static let away = 8

  /// Whether a stream connection brings what comes next, or would if there were room.
  var isFed: Bool {
    guard let source = carrying(0), sources[source].isFollowing else { return false }
    return now - progress < Self.hanging || !wantsFrames(from: source)
  }
  /// A connection that has brought nothing for so long may have been cut together with multicast.
  private static let hanging: Int64 = 500_000_000

  /// Multicast is back after a silence. What it did not bring is on the server, and so is what it brings now: for a while
  /// it is left to a stream connection, which is to be made at once.
  mutating func comesBack() {
    guard mode == .stream, isAnchored, hasServer, hadMulticast || carrying(0) == nil, !bare.isCounting else { return }
    if awaited < streamSince { awaited = now + connectionPatience }
    if !isFed, now - renewed > Self.renewalPause { wantsRenewal = true }
  }
  /// So long a connection has to come about before another is made.
  private static let renewalPause: Int64 = 1_500_000_000

  /// Nothing of what is here is of use any more: the servers are asked for what is on the air.
  mutating func beginAnew() {
    isOutdated = true
    wantsRenewal = true
    follow()
    awaited = now + connectionPatience
  }

  /// Whether the stream connections are to be closed and made again, because they may be dead or do not know where we
  /// are; once.
  mutating func takeRenewal() -> Bool {
    guard wantsRenewal else { return false }
    wantsRenewal = false
    renewed = now
    return true
  }

  /// Begins with a datagram.
  mutating func begin(at number: Int64, date: Int64, as mode: Mode, isAnchored: Bool) {
    window.begin(at: number)
    plan.clear()
    (leap, blocked, isOverrun, isOutdated) = (0, -1, false, false)
    clock = StationClock()
    told = (.min, 0, .min / 2)
    unnumberedSince = .max
    run = MulticastRun()
    bare.unknownSince = run.last
    losses = MulticastLosses()
    if isAnchored { bare.stopCounting(near: number) }
    lastDate = date
    self.mode = mode
    self.isAnchored = isAnchored
    hadMulticast = mode == .multicast
    progress = now
    streamSince = now
  }

  /// From now on all comes over a stream connection, if one is open; one that opens begins where we are.
  mutating func follow() { follow(carrying(0)) }

  private mutating func follow(_ source: Int?) {
    if mode != .stream { streamSince = now }
    mode = .stream
    isOverrun = false
    plan.clear()
    guard isAnchored, let source else { return }
    carry(source)
  }

  /// Has a source's stream connection bring all from where we are, and the former carrier's no more.
  private mutating func carry(_ source: Int) {
    if source != carrier, sources[carrier].isOpen { sources[carrier].order = .pause }
    carrier = source
    sources[source].order = .follow
    sources[source].heard = now
  }

  /// A server that hangs keeps its connection, for the kernel answers in its place: when the carrier brings nothing although
  /// there is room, another source carries. Pauses double, for there may be nothing that anybody could bring.
  mutating func handOver() {
    guard isAnchored, !bare.isCounting, sources[carrier].isOpen else { return }
    if !wantsFrames(from: carrier) { sources[carrier].heard = now }
    guard now - sources[carrier].heard >= Self.hanging << Int64(min(handOvers, 4)), let next = carrying(1),
      next != carrier
    else { return }
    handOvers += 1
    follow(next)
  }

  /// Back to multicast, when what is there goes on with it.
  mutating func comeBack() {
    guard isLive, mode == .stream, now - run.last < silence, run.isGood, window.contiguous > run.first,
      !hadMulticast || now - run.since >= Self.steadiness || !sources.contains(where: \.isFollowing)
    else { return }
    mode = .multicast
    hadMulticast = true
    for index in sources.indices where sources[index].isFollowing || sources[index].order == .follow {
      sources[index].order = .pause
    }
    var number = window.contiguous
    while number < window.end {
      let first = number
      while number < window.end, !window.holds(number) { number += 1 }
      if number > first { plan.miss(first, number, now: now) }
      while number < window.end, window.holds(number) { number += 1 }
    }
  }

  /// The open stream connection that is asked at the `tries`th time: the carrier first, then the others in turn. One that is out
  /// of step only if all are.
  func carrying(_ tries: Int) -> Int? {
    var (open, good) = (0, 0)
    for source in sources where source.isOpen {
      open += 1
      if !source.isOutOfStep { good += 1 }
    }
    guard open > 0 else { return nil }
    var rest = tries % (good > 0 ? good : open)
    for step in sources.indices {
      let source = (carrier + step) % sources.count
      guard sources[source].isOpen, good == 0 || !sources[source].isOutOfStep else { continue }
      if rest == 0 { return source }
      rest -= 1
    }
    return nil
  }

  mutating func show() {
    switch mode {
    case .waiting: break
    case .multicast: figures.path = .multicast
    case .stream:
      let isComing = sources.contains { $0.isOpen }
      if isComing, !isLive || now - streamSince >= Self.newsPatience { figures.path = .stream }
    }
  }
}
