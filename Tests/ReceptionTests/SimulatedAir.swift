import TSBytes
import Wire

@testable import Reception

/// A station, its servers and the network between, in simulated time by the millisecond; everything random comes from one
/// seed. It asks a reception for what it puts out, and holds each datagram against what the station sent.
struct SimulatedAir: ~Copyable {
  /// Milliseconds beyond the least that something takes.
  enum Lateness {
    case none
    /// Up to so many, each as likely as the others.
    case uniform(Int)
    /// About so many, normally distributed.
    case normal(mean: Double, deviation: Double)

    /// The most that is likely.
    var most: Int {
      switch self {
      case .none: 0
      case .uniform(let most): most
      case .normal(let mean, let deviation): Int(mean + 4 * deviation)
      }
    }

    func pick(_ random: inout SplitMix) -> Int {
      switch self {
      case .none: return 0
      case .uniform(let most): return Int.random(in: 0...most, using: &random)
      case .normal(let mean, let deviation):
        // The sum of twelve has a variance of one.
        let sum = (0..<12).reduce(0) { sum, _ in sum + Double.random(in: 0..<1, using: &random) }
        return max(0, Int((mean + (sum - 6) * deviation).rounded()))
      }
    }
  }

  /// What the network does to one source.
  struct Source {
    /// When multicast begins and ends to come in, in milliseconds.
    var multicast = 0..<Int.max
    /// Chance of a datagram to be lost, to come twice; how late it may be.
    var loss = 0.0
    var twice = 0.0
    var lateness = Lateness.none
    /// Every so many datagrams, so many in a row are lost.
    var burst: (every: Int, length: Int)?
    /// Milliseconds to the server, one way; frames that come in one; nil where there is no server to reach.
    var delay = 1
    var framesPerMillisecond = 20
    var hasServer = true
    /// When the connection is cut; it is made again after so long, or never.
    var cuts: [Int] = []
    /// When the server stands still, and its kernel goes on, in milliseconds.
    var hangs = 0..<0
    var reconnect: Int? = 10
    /// Chance that the server does not answer for a datagram.
    var ignored = 0.0
    /// Chance of a TCP segment to be lost, each way; if nothing comes behind it, it is sent again after so many milliseconds.
    var segmentLoss = 0.0
    var segmentPause = 200
    /// How late segments of the server may be; none passes another.
    var segmentLateness = Lateness.none
    /// Added to the dates of its datagrams: it plays something else.
    var outOfStep: UInt32 = 0
    /// How long before their datagrams marks are told, where they are wanted; nil where the server knows none.
    var marksAhead: Int? = 500
  }

  /// Who plays what comes out: as ``FeedPace`` feeds a player that tells what it plays. Milliseconds.
  struct Player {
    /// From the first datagram to the first picture.
    var startup = 250
    /// How much it gets at once, and how far ahead it is kept.
    var opening = 400
    var lead = 120
    /// What it plays, and how far it has been fed; nil before the first.
    fileprivate(set) var clock: Int?
    fileprivate(set) var front = 0
    fileprivate var first = 0
    /// For how long it had nothing to play.
    fileprivate(set) var dry = 0

    fileprivate func wants(_ due: Int) -> Bool {
      guard let clock else { return true }
      return front < max(first + opening, clock + lead)
    }

    fileprivate mutating func take(_ due: Int) {
      if clock == nil { (first, clock) = (due, due) }
      front = due
    }

    /// Plays for a millisecond.
    fileprivate mutating func play() {
      guard let clock else { return }
      if startup > 0 {
        startup -= 1
      } else if clock < front {
        self.clock = clock + 1
      } else {
        dry += 1
      }
    }

    /// Nanoseconds, as ``PlayerFeed/spare(now:)`` has them.
    fileprivate var spare: Int64 { clock.map { Int64(max(0, front - $0 - 100)) * 1_000_000 } ?? 0 }
  }

  private struct Connection {
    var epoch = 0
    var isUp = false
    /// Whether the reply has come.
    var isOpen = false
    var follow: Int64?
    /// The next one to tell a mark of, and when the first are told.
    var marks: Int64?
    var begun = 0
    /// Requests and frames on their way.
    var up = SimulatedTCP<[Order]>()
    var down = SimulatedTCP<(numbers: Range<Int64>, what: Frames)>()
    /// Lines and datagrams that the server grants.
    var lineAllowance = 400.0
    var repairAllowance = 0.0
    var heard = 0
    /// Milliseconds until it is made again when it could not be.
    var rest = 100
  }

  private enum Frames { case followed, repair, marks }

  private enum Order {
    case pause
    case follow(Int64)
    case repair(Int64, Int64)
  }

  private enum Event {
    case multicast(Int64, source: Int)
    case reply(StreamReply, source: Int, epoch: Int)
    case frame(Int64, isRepair: Bool, source: Int, epoch: Int)
    case marks(Range<Int64>, source: Int, epoch: Int)
    case connect(source: Int)
    case refused(source: Int)
    case forgery(like: Int64, source: Int)
    case creep(after: Int64, steps: Int)
  }

  /// Milliseconds between datagrams, or between so many at once; every so many there is a random access point.
  var spacing = 2
  var atOnce = 1
  /// When the receiver does not run, in milliseconds.
  var stalls: [Range<Int>] = []
  /// Datagrams that the kernel keeps for a receiver that does not run.
  var kernelBuffer = Int.max
  /// When nothing passes, one way or the other, in milliseconds.
  var outages: [Range<Int>] = []
  /// Chance that somebody else's datagram comes before one of the station's.
  var forged = 0.0
  /// When somebody else sends one a millisecond, each further ahead by as much as is believed; and how many of those came out.
  var creeping = 0..<0
  private(set) var forgedTaken = 0
  var access: Int64 = 12
  /// The number of the datagram that is due at 0, and how many are sent from then on.
  var base: Int64 = 70_000
  var count: Int64 = 60
  /// Unix time of 0, in seconds.
  var epoch = 1_795_359_872.0
  /// Whether multicast comes without RTP.
  var isBare = false
  /// The last of so many datagrams has packets that no counter counts; 0 for none. They may be all the same.
  var quiet: Int64 = 0
  var isBlank = false
  /// Datagrams that the player takes in a millisecond.
  var appetite = Int.max
  /// Who takes no more than is its turn; without, everything is taken as soon as it is there.
  var player: Player?
  /// The same, counting all that a millisecond brings.
  var mostTaken = Int.max
  /// When the player takes nothing, in milliseconds.
  var pauses: [Range<Int>] = []
  var sources: [Source] = [Source()]
  var random: SplitMix

  private(set) var reception: StationReception
  private(set) var failure: String?
  /// What came out: the first and how many, each the one after that before but for `jumps`.
  private(set) var first: Int64?
  private(set) var taken: Int64 = 0
  private(set) var jumps = 0
  private(set) var skipped: Int64 = 0
  /// Datagrams that multicast did not bring although it had begun.
  private(set) var lost = 0
  /// Milliseconds that the latest took longer than its date, and when that of the first came out.
  private(set) var slowest = 0
  private(set) var start = 0
  /// Datagrams that servers sent again, and lines that they got.
  private(set) var repairs = 0
  private(set) var lines = 0
  private(set) var time = 0
  /// Datagrams that came over streams and were no repairs.
  private(set) var followed = 0
  /// Datagrams that were not the station's.
  private(set) var forgeries = 0
  /// Lines and repairs beyond what a server grants.
  private(set) var excess = 0
  /// Datagrams that a server sent again although they were there already.
  private(set) var useless = 0

  /// Datagrams that a stream brought when they were there already, asked for one by one or not.
  private(set) var twice = 0
  /// Milliseconds in a row that the datagram whose turn it was had been lost, although a connection stood and nothing was on
  /// its way over any: the longest.
  private(set) var neglected = 0
  private var idle = 0

  private var connections: [Connection] = []
  private var calendar: [Int: [Event]] = [:]
  private var expected: Int64?
  /// What has reached the receiver by whatever way.
  private var brought: Set<Int64> = []
  private var multicast: Int64 = 0
  private var (takenAt, takenNow) = (0, 0)
  /// What the kernel keeps just now.
  private var kept = 0
  private var hasSent = false

  init(_ tuning: Tuning, seed: UInt64) {
    random = SplitMix(state: seed)
    reception = StationReception(tuning, now: Self.steady(0))
  }

  private static func steady(_ time: Int) -> Int64 { 5_000_000_000 + Int64(time) * 1_000_000 }

  /// When a datagram is due, in milliseconds.
  private func due(_ number: Int64) -> Int { Int(number - base) / atOnce * spacing }
  private var end: Int64 { base + count }
  /// The first that is not due at a time.
  private func next(at time: Int) -> Int64 {
    min(end, base + Int64(time / spacing + (time < 0 ? 0 : 1)) * Int64(atOnce))
  }
  private func timestamp(_ number: Int64) -> Int64 { Int64(epoch * 90_000) + Int64(due(number)) * 90 }

  /// Runs until all has come out or so many milliseconds are over.
  mutating func run(until limit: Int) {
    connections = sources.map { _ in Connection() }
    multicast = base
    for index in sources.indices where sources[index].hasServer { connect(index) }
    while time < limit, failure == nil {
      step()
      time += 1
      if let first, first + taken == end, jumps == 0 { break }
    }
  }

  private mutating func step() {
    let now = Self.steady(time)
    send()
    // At the end there is nothing left to play.
    if first.map({ $0 + taken < end }) == true { player?.play() }
    for index in sources.indices { cut(index) }
    breakDown()
    if !isOut { serve() }
    if let stall = stalls.first(where: { $0.contains(time) }) {
      for event in calendar.removeValue(forKey: time) ?? [] {
        if case .multicast = event, kept == kernelBuffer { continue }
        if case .multicast = event { kept += 1 }
        calendar[stall.upperBound, default: []].append(event)
      }
      return
    }
    kept = 0
    let isTurn = time % 4 == 0 || now >= reception.wake
    guard let events = calendar.removeValue(forKey: time) ?? (isTurn ? [] : nil) else { return lookForNeglect() }
    if !events.isEmpty {
      // Which of the two comes first within a millisecond is as it happens.
      let isStreamFirst = Bool.random(using: &random)
      for pass in [isStreamFirst, !isStreamFirst] {
        for event in events { carry(event, isStream: pass, now: now) }
      }
    }
    if isTurn { reception.tick(now: now, spare: player?.spare ?? 0) }
    renew()
    take()
    for index in sources.indices { listen(index) }
    lookForNeglect()
  }

  /// Whether nobody does anything for the datagram whose turn it is.
  private mutating func lookForNeglect() {
    guard let first, first + taken < end, !brought.contains(first + taken),
      due(first + taken) + (sources.map { $0.delay + $0.lateness.most }.max() ?? 0) < time,
      connections.contains(where: \.isOpen),
      connections.allSatisfy({ !$0.isUp || ($0.isOpen && $0.up.isIdle && $0.down.isIdle) })
    else {
      idle = 0
      return
    }
    idle += 1
    neglected = max(neglected, idle)
  }

  /// Multicast that is due leaves.
  private mutating func send() {
    while multicast < end, due(multicast) <= time {
      for index in sources.indices where sources[index].multicast.contains(time) && !isOut {
        let source = sources[index]
        if forged > 0, Double.random(in: 0..<1, using: &random) < forged {
          calendar[time + source.delay, default: []].append(.forgery(like: multicast, source: index))
        }
        let isInBurst = source.burst.map { Int(multicast - base) % $0.every < $0.length } ?? false
        // The last one always comes: who misses what is before it need not wait for silence.
        if isInBurst || (Double.random(in: 0..<1, using: &random) < source.loss && multicast < end - 1) {
          lost += hasSent ? 1 : 0
          continue
        }
        hasSent = true
        for _ in 0..<(Double.random(in: 0..<1, using: &random) < source.twice ? 2 : 1) {
          let late = source.lateness.pick(&random)
          calendar[time + source.delay + late, default: []].append(.multicast(multicast, source: index))
        }
      }
      multicast += 1
    }
    if creeping.contains(time) {
      let began = creeping.lowerBound
      calendar[time + 1, default: []].append(.creep(after: next(at: began), steps: time - began))
    }
  }

  private mutating func carry(_ event: Event, isStream: Bool, now: Int64) {
    switch event {
    case .multicast(let number, let source):
      guard !isStream else { return }
      let packet = packet(number, sources[source].outOfStep)
      brought.insert(number)
      reception.datagram(
        isBare ? packet.span.extracting(12..<200) : packet.span, by: source,
        arrival: Int64(epoch * 1e9) + Int64(time) * 1_000_000, now: now)
    case .frame(let number, let isRepair, let source, let epoch):
      guard isStream, connections[source].epoch == epoch else { return }
      // What is not wanted stays in the socket, and what comes behind it too.
      guard reception.wantsFrames(from: source) else {
        connections[source].follow = min(connections[source].follow ?? number, number)
        return
      }
      let packet = packet(number, sources[source].outOfStep)
      if !brought.insert(number).inserted {
        twice += 1
        if isRepair { useless += 1 }
      }
      reception.frame(packet.span, by: source, now: now)
    case .marks(let numbers, let source, let epoch):
      guard isStream, connections[source].epoch == epoch else { return }
      let marks = numbers.map { number in
        let packet = packet(number, sources[source].outOfStep)
        return MarkFrame.Mark(
          timestamp: UInt32(truncatingIfNeeded: timestamp(number)) &+ sources[source].outOfStep,
          digest: MarkFrame.digest(packet.span.extracting(12..<200)))
      }
      let frame = MarkFrame.bytes(first: numbers.lowerBound, ssrc: 1, marks)
      reception.frame(frame.span.extracting(2..<frame.count), by: source, now: now)
    case .reply(let reply, let source, let epoch):
      guard isStream, connections[source].epoch == epoch else { return }
      if reception.mode == .waiting { expected = reply.first }
      reception.opened(reply, by: source, now: now)
      connections[source].isOpen = true
    case .connect(let source):
      if isStream { attempt(source) }
    case .forgery(let number, let source):
      guard !isStream, !isBare else { return }
      forgeries += 1
      let packet = forgery(number)
      reception.datagram(packet.span, by: source, arrival: 0, now: now)
    case .creep(let number, let steps):
      guard !isStream else { return }
      var bytes = packet(number + Int64(40 * steps), 0)
      var room = bytes.mutableSpan
      RTPHeader(
        sequenceNumber: UInt16(truncatingIfNeeded: number + Int64(40 * steps)),
        timestamp: UInt32(truncatingIfNeeded: timestamp(number) + Int64(40_500 * steps)), ssrc: 1
      ).write(into: &room)
      room[199] = 0xFF
      reception.datagram(bytes.span, by: 0, arrival: 0, now: now)
    case .refused(let source):
      if isStream { reception.closed(by: source, now: now) }
    }
    take()
  }

  private func packet(_ number: Int64, _ outOfStep: UInt32) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: 200)
    var room = bytes.mutableSpan
    RTPHeader(
      sequenceNumber: UInt16(truncatingIfNeeded: number),
      timestamp: UInt32(truncatingIfNeeded: timestamp(number)) &+ outOfStep, ssrc: 1
    ).write(into: &room)
    room[12] = 0x47
    let isQuiet = isQuiet(number)
    (room[13], room[14]) = isQuiet ? (0x1F, 0xFF) : (0x01, 0x00)
    let counted = quiet > 0 ? number / quiet * (quiet - 1) + number % quiet : number
    room[15] = 0x10 | UInt8(isQuiet ? 0 : counted & 15)
    if isQuiet, isBlank { return bytes }
    for index in 0..<8 { room[16 + index] = UInt8(truncatingIfNeeded: number >> Int64(8 * index)) }
    room[199] = UInt8(truncatingIfNeeded: outOfStep)
    return bytes
  }

  /// What no station sends: a number, a date or both that do not go with what it sends.
  private mutating func forgery(_ number: Int64) -> [UInt8] {
    var bytes = packet(number, 0)
    let (step, ticks): (Int, Int) =
      switch Int.random(in: 0..<6, using: &random) {
      case 0: (30_000, 0)
      case 1: (-20_000, 0)
      case 2: (0, 20 * 90_000)
      case 3: (5000, 5000 / atOnce * spacing * 90)
      case 4: (Int.random(in: 100...65_000, using: &random), Int.random(in: 0..<1 << 32, using: &random))
      default: (3, -90_000)
      }
    var room = bytes.mutableSpan
    RTPHeader(
      sequenceNumber: UInt16(truncatingIfNeeded: Int(number) + step),
      timestamp: UInt32(truncatingIfNeeded: timestamp(number)) &+ UInt32(truncatingIfNeeded: ticks), ssrc: 1
    ).write(into: &room)
    room[199] = 0xFF
    return bytes
  }

  private func isQuiet(_ number: Int64) -> Bool { quiet > 0 && number % quiet == quiet - 1 }

  private mutating func take() {
    if takenAt != time { (takenAt, takenNow) = (time, 0) }
    guard !pauses.contains(where: { $0.contains(time) }) else { return }
    var rest = min(appetite, mostTaken - takenNow)
    while rest > 0, let head = reception.head {
      let date = due(head.n)
      guard player?.wants(date) != false else { break }
      player?.take(date)
      rest -= 1
      takenNow += 1
      var number: Int64 = 0
      var (isWhole, isForged) = (true, false)
      reception.take { payload in
        isForged = payload[187] == 0xFF
        for index in 0..<8 { number |= Int64(payload[4 + index]) << Int64(8 * index) }
        isWhole = payload.count == 188 && payload[187] == 0
      }
      // Blank ones do not say which they are.
      if isBlank, number == 0 {
        number = first.map { $0 + taken } ?? head.n
        isWhole = isWhole && isQuiet(number)
      }
      let isCounted = reception.bare.isCounting
      if isForged, !creeping.isEmpty {
        forgedTaken += 1
      } else if !isWhole || (!isBare && head.date != timestamp(number)) {
        failure = "\(time): datagram \(number) is not as it was sent"
      }
      if reception.isAnchored, !isCounted, head.n != number {
        failure = "\(time): datagram \(number) came as \(head.n)"
      }
      if first == nil {
        (first, start) = (number, time)
        if let expected, expected != number { failure = "begins with \(number) instead of \(expected)" }
      } else if let first, number != first + taken {
        if number < first + taken { failure = "\(time): \(number) came again" }
        jumps += 1
        skipped += number - first - taken
        taken = number - first
      }
      taken += 1
      slowest = max(slowest, due(number) < start ? 0 : time - due(number))
    }
  }

  /// Whether all came out, in order and once, from where it began.
  var isExact: Bool {
    failure == nil && jumps == 0 && first.map { $0 + taken } == end && reception.figures.lost == 0
  }

  /// Another's datagram comes by the first source's multicast.
  mutating func disturb(with packets: [UInt8]) {
    reception.datagram(packets.span, by: 0, arrival: 0, now: Self.steady(time))
    take()
  }

  // MARK: servers

  private var isOut: Bool { outages.contains { $0.contains(time) } }

  /// Connects as ``StreamLink`` does: a second at the most, then a rest, longer each time.
  private mutating func attempt(_ index: Int) {
    let isDead = sources[index].reconnect == nil && sources[index].cuts.contains { $0 <= time }
    let hangs = sources[index].hangs.contains(time)
    guard isOut || isDead || hangs || !sources[index].hasServer else {
      connections[index].rest = 100
      return connect(index)
    }
    connections[index].rest = min(1600, connections[index].rest * 2)
    let limit = hangs ? 5000 : 1000
    calendar[time + limit, default: []].append(.refused(source: index))
    calendar[time + limit + connections[index].rest, default: []].append(.connect(source: index))
  }

  /// A connection over which nothing passes is taken for dead after three seconds.
  private mutating func breakDown() {
    guard let outage = outages.first(where: { $0.contains(time) }), time - outage.lowerBound == 3100 else { return }
    for index in connections.indices where connections[index].isUp {
      disconnect(index)
      calendar[time + 100, default: []].append(.connect(source: index))
    }
  }

  private mutating func disconnect(_ index: Int) {
    (connections[index].isUp, connections[index].isOpen) = (false, false)
    connections[index].marks = nil
    connections[index].epoch += 1
    connections[index].follow = nil
    reception.closed(by: index, now: Self.steady(time))
  }

  /// Has connections made anew where the reception wants them.
  private mutating func renew() {
    guard reception.takeRenewal() else { return }
    for index in connections.indices {
      if connections[index].isUp { disconnect(index) }
      for (at, events) in calendar where at > time {
        calendar[at] = events.filter { event in
          switch event {
          case .connect(index), .refused(index): false
          default: true
          }
        }
      }
      connections[index].rest = 100
      calendar[time + 50, default: []].append(.connect(source: index))
    }
  }

  private mutating func connect(_ index: Int) {
    let delay = sources[index].delay
    let request = reception.opening(for: index)
    let at = time + delay
    connections[index].epoch += 1
    (connections[index].isUp, connections[index].isOpen) = (true, false)
    connections[index].up = SimulatedTCP()
    connections[index].down = SimulatedTCP()
    connections[index].up.delay = delay
    connections[index].down.delay = delay
    connections[index].down.lateness = sources[index].segmentLateness
    connections[index].repairAllowance = mostRepairs
    connections[index].heard = time
    var first = next(at: at)
    if let from = request.from {
      first = from
    } else if let back = request.back {
      let latest = next(at: at - Int(back * 1000)) - 1
      first = latest - (latest - base + access * 100) % access
    }
    if let date = request.at {
      let latest = next(at: Int((date - epoch) * 1000)) - 1
      first = latest - (latest - base + access * 1000) % access
    }
    connections[index].follow = nil
    connections[index].begun = at + 1
    let marked = max(due(first) - 1000, at - 20_000)
    connections[index].marks = request.marks == true ? max(base, next(at: marked) - 1) : nil
    if request.at != nil || request.from != nil || request.back != nil {
      connections[index].up.send([.follow(first)], at: time + 1, &random)
    }
    let reply = StreamReply(
      station: request.station, ssrc: 1, first: first, date: Double(timestamp(first)) / 90_000, next: next(at: at),
      now: epoch + Double(at) / 1000, earliest: epoch - 1000)
    // The beginning is not lost.
    (connections[index].up.loss, connections[index].up.patience) = (
      sources[index].segmentLoss, sources[index].segmentPause
    )
    (connections[index].down.loss, connections[index].down.patience) = (
      sources[index].segmentLoss, sources[index].segmentPause
    )
    let epoch = connections[index].epoch
    calendar[at + delay, default: []].append(.reply(reply, source: index, epoch: epoch))
  }

  private mutating func cut(_ index: Int) {
    guard sources[index].cuts.contains(time), connections[index].isUp else { return }
    disconnect(index)
    guard let pause = sources[index].reconnect else { return }
    calendar[time + pause, default: []].append(.connect(source: index))
    for attempt in stride(from: 100, to: pause, by: 400) {
      calendar[time + attempt, default: []].append(.refused(source: index))
    }
  }

  private mutating func serve() {
    for index in connections.indices where connections[index].isUp && !sources[index].hangs.contains(time) {
      let source = sources[index]
      let epoch = connections[index].epoch
      for order in connections[index].up.advance(to: time, &random).joined() {
        switch order {
        case .pause: connections[index].follow = nil
        case .follow(let number): connections[index].follow = number
        case .repair(let first, let count):
          for number in first..<max(first, min(first + count, next(at: time))) {
            if Double.random(in: 0..<1, using: &random) < source.ignored { continue }
            repairs += 1
            connections[index].repairAllowance -= 1
            connections[index].down.send((number..<number + 1, .repair), at: time, &random)
          }
        }
      }
      for (numbers, what) in connections[index].down.advance(to: time, &random) {
        calendar[time, default: []] +=
          what == .marks
          ? [.marks(numbers, source: index, epoch: epoch)]
          : numbers.map { .frame($0, isRepair: what == .repair, source: index, epoch: epoch) }
      }
      tellMarks(index, source)
      guard let follow = connections[index].follow else { continue }
      let until = min(next(at: time), follow + Int64(source.framesPerMillisecond))
      guard until > follow else { continue }
      followed += Int(until - follow)
      connections[index].down.send((follow..<until, .followed), at: time, &random)
      connections[index].follow = until
    }
  }

  /// Tells marks of what is due soon, eight times a second, or as they come where they come late.
  private mutating func tellMarks(_ index: Int, _ source: Source) {
    guard let ahead = source.marksAhead, let first = connections[index].marks, time >= connections[index].begun else {
      return
    }
    let horizon = ahead > 100 ? (time + ahead) / 125 * 125 : (time + ahead) / 20 * 20
    let end = min(next(at: horizon), first + Int64(MarkFrame.most))
    guard end > first else { return }
    connections[index].down.send((first..<end, .marks), at: time, &random)
    connections[index].marks = end
  }

  /// What a server grants at once: half of the datagrams of two seconds.
  private var mostRepairs: Double { max(256, Double(1000 * atOnce / spacing)) }

  /// Takes what the reception has to say; a line is what ``ClientMessage`` makes of the same.
  private mutating func listen(_ index: Int) {
    var room = [UInt8](repeating: 0, count: 2300)
    while true {
      var span = room.mutableSpan
      let length = reception.line(for: index, into: &span)
      guard length > 0 else { return }
      lines += 1
      let passed = Double(time - connections[index].heard) / 1000
      connections[index].heard = time
      connections[index].lineAllowance = min(400, connections[index].lineAllowance + passed * 250) - 1
      connections[index].repairAllowance = min(
        mostRepairs, connections[index].repairAllowance + passed * mostRepairs / 2)
      if connections[index].lineAllowance < 0 || connections[index].repairAllowance < 0 { excess += 1 }
      let numbers = Self.numbers(room[0..<length])
      // {"type":"p… r… f…
      let orders: [Order]
      switch (room[9], room[10]) {
      case (UInt8(ascii: "p"), _): orders = [.pause]
      case (UInt8(ascii: "f"), _): orders = [.follow(numbers[0])]
      default: orders = stride(from: 0, to: numbers.count - 1, by: 2).map { .repair(numbers[$0], numbers[$0 + 1]) }
      }
      connections[index].up.send(orders, at: time, &random)
    }
  }

  private static func numbers(_ line: ArraySlice<UInt8>) -> [Int64] {
    var numbers: [Int64] = []
    var isIn = false
    for byte in line {
      let isDigit = (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
      if isDigit {
        let digit = Int64(byte - UInt8(ascii: "0"))
        if isIn { numbers[numbers.count - 1] = numbers[numbers.count - 1] * 10 + digit } else { numbers.append(digit) }
      }
      isIn = isDigit
    }
    return numbers
  }
}
