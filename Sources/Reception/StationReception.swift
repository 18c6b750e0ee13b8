import TransportStream
import Wire

/// One station's way from what multicast and stream connections bring to datagrams in order: pure, with no clock, no I/O,
/// and nothing allocated for a datagram. All times are steady nanoseconds.
///
///     waiting ──reply──▶ stream ──multicast goes on from it──▶ multicast (repairs only)
///        │                 ▲  ◀──multicast is silent, or loses more than repairs can mend──┘
///        └──no server──────┴──▶ multicast, numbered by what RTP tells
///
/// Datagrams have the station's own numbers. RTP brings the last 16 bits of them, a reply on a stream connection all.
struct StationReception: ~Copyable {
  enum Mode { case waiting, stream, multicast }

  var figures = ReceptionFigures()

  let tuning: Tuning
  let isLive: Bool
  /// Whether multicast comes without RTP, so that numbers are those that servers' marks tell.
  let isBare: Bool
  /// How long a missing datagram may be waited for, and how long multicast may be silent, in nanoseconds.
  let latency: Int64
  let silence: Int64
  /// What was missed for so long is made up for, in nanoseconds; and how long a connection that has it is waited for when
  /// multicast is back without it.
  let makeUp: Int64
  let connectionPatience: Int64
  /// Datagrams with dates further from the newest than this, in ticks of 90 kHz, cannot be numbered by 16 bits.
  let reach: Int64
  /// Datagrams per second, as far as the server has told.
  let rate: Int64
  let started: Int64

  var mode = Mode.waiting
  /// Whether the numbers are the server's, not only equal to them modulo 2^16.
  var isAnchored = false
  /// The last time that was told.
  var now: Int64
  var sources: [SourceState]
  /// The source that is asked first.
  var carrier = 0
  /// How often another source has become the carrier since the last one brought something.
  var handOvers = 0
  var window: ReceiveWindow
  var plan: RepairPlan
  /// Of a station without RTP.
  var bare: BareNumbering
  var run = MulticastRun()
  var losses = MulticastLosses()
  /// The newest datagram that is known of, on the air or in a reply, and its RTP timestamp.
  var edge: Int64 = 0
  var edgeTimestamp: UInt32 = 0
  /// When the newest became known.
  var edgeSince: Int64
  /// What timestamps may be by now.
  var clock = StationClock()
  /// The newest datagram that a stream connection has brought, its RTP timestamp, and when that was.
  var told: (number: Int64, timestamp: UInt32, since: Int64) = (.min, 0, .min / 2)
  /// Everything missing before this one is known to be gone.
  var leap: Int64 = 0
  /// When that one is due: Unix time in 90 kHz.
  var leapDate: Int64 = 0
  /// When something new came last, by whatever way.
  var progress: Int64
  /// When repairs were asked for last.
  var lastAsked = Int64.min / 2
  /// Whether a frame came that had no place.
  var isOverrun = false
  /// Until then what is missing is left to a stream connection that is being made, whatever the latency.
  var awaited = Int64.min / 2
  /// Since when datagrams come whose numbers only a server can tell; `Int64.max` when none do.
  var unnumberedSince = Int64.max
  /// Whether stream connections are to be made anew.
  var wantsRenewal = false
  var renewed = Int64.min / 2
  /// Whether what was missed is too much for being made up for: the next reply's beginning is where it goes on.
  var isOutdated = false

  var meter = ReceptionMeter(comparesClocks: false)
  private var secondDue: Int64
  /// The date of the datagram that was taken last: Unix time in 90 kHz.
  var lastDate: Int64 = 0
  /// Since when the head is missing while others wait behind it, and which one.
  private var blockedSince: Int64 = 0
  var blocked: Int64 = -1
  /// How long the receiver had stood still then.
  private var blockedStood: Int64 = 0
  /// When the next tick was to come at the latest.
  private var promised = Int64.max
  var streamSince: Int64
  var hadMulticast = false

  /// A first reply may take this long before multicast is begun with where it stands; and a burst's beginning so long.
  static let openingPatience: Int64 = 1_000_000_000
  /// A tick that comes no later than this was in time.
  private static let punctuality: Int64 = 25_000_000

  /// - Parameter now: steady nanoseconds, as everywhere here.
  init(_ tuning: Tuning, now: Int64) {
    self.tuning = tuning
    isLive = tuning.start == .live
    isBare = tuning.station.encapsulation == .udp
    latency = Int64(clamping: max(0, tuning.latency)) * 1_000_000
    silence = max(20_000_000, min(250_000_000, latency / 2))
    makeUp = Int64(clamping: max(0, min(tuning.makeUp, 1 << 20))) * 1_000_000_000
    connectionPatience = max(latency, Self.orphaned)
    let bits = tuning.station.bitrate > 0 ? min(tuning.station.bitrate, 1 << 40) : 8_000_000
    let rate = max(20, bits / 8 / ReceiveWindow.slotSize)
    self.rate = Int64(rate)
    var capacity = 2048
    // What is made up for leaves a player behind by so much.
    while capacity < 16 * rate, capacity < 32768 { capacity *= 2 }
    window = ReceiveWindow(capacity: capacity)
    // A quarter of what 16 bits tell apart, for a station may have more than its mean rate for a while.
    reach = 8192 * 90_000 / Int64(rate)
    plan = RepairPlan(rate: rate, latency: latency, now: now)
    (started, self.now, progress, streamSince, secondDue) = (now, now, now, now, now + 1_000_000_000)
    edgeSince = now
    let isAlone = tuning.sources.count == 1
    sources = tuning.sources.map { SourceState(hasServer: $0.server != nil, agrees: isAlone) }
    bare = BareNumbering(isUsed: isBare, sources: sources.count, capacity: capacity, rate: rate)
    window.comparesDates = !isBare
    figures.path = .waiting
  }

  /// Another source has come: the one behind the last.
  mutating func add(hasServer: Bool) {
    sources.append(SourceState(hasServer: hasServer, agrees: false))
    bare.addSource()
  }

  // MARK: what comes out

  /// The datagram whose turn it is, and its date (Unix time in 90 kHz), if it is there.
  var head: (n: Int64, date: Int64)? {
    guard window.contiguous > window.next, let timestamp = window.timestamp(of: window.next) else { return nil }
    return (window.next, date(of: timestamp))
  }

  /// Hands over the head's payload, whole transport packets, and goes on to the next; nothing where there is no head.
  mutating func take(_ body: (Span<UInt8>) -> Void) {
    guard let head else { return }
    lastDate = head.date
    window.take(body)
    figures.isPlaying = true
    lookAtHead()
  }

  /// Whether there is room for what a stream connection brings; if not, its bytes are to be left in the socket.
  func wantsFrames(from source: Int) -> Bool {
    // Frames with numbers that say nothing are not waited with: they are dropped.
    guard sources.indices.contains(source), mode != .waiting, isAnchored, sources[source].isFollowing else {
      return true
    }
    return sources[source].position - window.next < Int64(window.capacity - window.capacity / 4)
  }

  /// When ``tick(now:spare:)`` is due at the latest.
  var wake: Int64 {
    var due = secondDue
    if canAsk { due = min(due, askDue) }
    if let deadline { due = min(due, deadline) }
    if mode == .multicast { due = min(due, run.last + silence) }
    if isBare { due = min(due, bareDue) }
    return max(due, now + 1_000_000)
  }

  // MARK: time

  /// Lets time pass.
  ///
  /// - Parameter spare: nanoseconds until the player needs the head; so long, missing datagrams are waited for whatever
  ///   their latency.
  mutating func tick(now: Int64, spare: Int64) {
    self.now = max(self.now, now)
    if now > promised {
      plan.stand(still: now - promised)
      // A machine that slept, a tuner that was stopped: all that came is from before.
      if now - promised > makeUp, isAnchored, isLive, hasServer { beginAnew() }
    }
    defer { promised = max(wake, now + Self.punctuality) }
    plan.tick(now: now)
    tickBare()
    if let deadline, now >= deadline, spare <= 0 { giveUp(to: window.firstHeld) }
    switch mode {
    case .waiting: break
    case .multicast:
      if isLive, now - run.last >= silence || isTooMuch { follow() }
    case .stream:
      if isOverrun, wantsFrames(from: carrier) { follow() }
      handOver()
      comeBack()
    }
    lookAtHead()
    show()
    if now >= secondDue {
      figures.second = meter.second(now: now)
      secondDue += (now - secondDue) / 1_000_000_000 * 1_000_000_000 + 1_000_000_000
    }
  }

  /// Whether the server's clock and ours can be compared, being kept both or the same; nobody knows before it has answered.
  mutating func compareClocks(_ areGood: Bool) { meter.comparesClocks = areGood }

  /// When the missing head is given up; nil when it is there, or nothing behind it is.
  private var deadline: Int64? {
    guard window.isBlocked, blocked == window.next else { return nil }
    // Until multicast has come in once, the burst has the time that a connection takes.
    let patience = mode == .stream && !hadMulticast ? max(latency, Self.openingPatience) : latency
    let blockedSince = blockedSince + min(RepairPlan.mostStood, plan.stood - blockedStood)
    let since = mode == .multicast ? min(blockedSince, plan.since(window.next) ?? blockedSince) : blockedSince
    return max(since + patience, mode == .stream ? awaited : 0)
  }

  /// Gives up all before `number` that is not there.
  mutating func giveUp(to number: Int64) {
    let missing = window.skip(to: number)
    account(lost: missing)
    if mode == .multicast { meter.missed(missing) }
    plan.forget(before: window.next)
    lookAtHead()
  }

  /// Keeps account of a head that is missing.
  mutating func lookAtHead() {
    if window.next < leap, window.contiguous == window.next {
      let missing = window.skip(to: window.held > 0 ? min(leap, window.firstHeld) : leap)
      account(lost: missing)
      plan.forget(before: window.next)
      // By timestamps alone, whatever is half a day later would be half a day earlier.
      if window.next == leap { lastDate = leapDate }
    }
    guard window.isBlocked else {
      blocked = -1
      return
    }
    if blocked != window.next { (blocked, blockedSince, blockedStood) = (window.next, now, plan.stood) }
  }
}
