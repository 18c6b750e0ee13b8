import LibAV
import LinuxIO
import Tape
import TransportStream

/// The loop of a live recorder on duty: takes what the source delivers, shows the card where it delivers nothing, and
/// keeps the ring going whatever happens. One thread's own; it is called every few milliseconds, and whenever something
/// comes in.
final class LiveDesk {
  struct Settings: Sendable {
    /// On the card.
    var name: String
    /// Nothing is dated before.
    var start: Ticks
    /// No access unit is decoded before: 90 kHz. What was on the air before is still being seen until then.
    var earliest: Int64
    var lead: Ticks
    /// Bit/s for pictures that are encoded here; nil: what their size asks for.
    var pictureRate: Int?
    /// What the encoder is made for until the source's pictures are known.
    var shape = LivePictures.Shape(width: 1280, height: 720, rate: 25)
    /// Why the card is shown at first.
    var reason = "starting"

    /// The card that gives a reason.
    func card(_ reason: String, size: LivePictures.Shape) -> CardPicture {
      CardPicture(
        lines: [name, reason.isEmpty ? "" : "back soon: \(reason)"], width: size.width, height: size.height)
    }
  }

  /// What is on the air.
  enum Stage: Hashable {
    case card
    /// Raw pictures, encoded here.
    case frames
    /// Access units of the source's own.
    case units
  }

  /// A time stamp that an earlier writer left is believed if it is no further ahead of what is due, 90 kHz. 2 s.
  private static let furthestStamp: Int64 = 180_000
  /// Sound is sent at least so long before it is heard, or not at all.
  private static let leastMargin = Ticks.milliseconds(5)

  let settings: Settings
  let clock: LiveClock
  let delivery: any LiveDelivery
  /// Shared with the thread that keeps clocks and tables coming.
  let mux: LiveOutlet
  let pictures: LivePictures?
  let sounds: [LiveSound]
  let card: LiveCard
  private let orders: LiveOrders
  private let report: (LiveReport) -> Void
  private var reported: LiveReport?
  private var isOrphan = false

  var stage = Stage.card
  /// Why the card is shown.
  var reason: String
  /// Of raw pictures and sound that are dated by our own clock, and of what the source dates by its own.
  var frames: LiveTimeline
  var units: LiveTimeline
  var held = HeldBack()
  /// Copied units were lost, or are another run's: the next one has to be a key picture.
  var needsKey = false
  /// The source has ended; what it delivers next is of another run.
  var hasEnded = false
  var lastDTS: Int64
  var lastPTS: Int64
  /// The key picture that began the copied source: pictures that are shown before it are left out.
  var firstPTS: Int64 = .min
  var lastPicture: LiveSink.HeldFrame?
  var lastPictureAt = Ticks.zero
  var lastSoundAt: Ticks?
  /// What counts as now while the rest of the ring is written ahead.
  var future: Ticks?
  /// How long the encoder took for the latest picture: nanoseconds.
  var encoding: Int64 = 0
  let stages: LiveStages?

  init(
    _ settings: Settings, pictures: LivePictures?, sounds: [LiveSound], card: LiveCard.Drawn? = nil, clock: LiveClock,
    orders: LiveOrders, delivery: any LiveDelivery, writer: consuming RingWriter, stages: LiveStages? = nil,
    report: @escaping (LiveReport) -> Void
  ) throws {
    self.stages = stages
    self.settings = settings
    self.pictures = pictures
    self.clock = clock
    self.orders = orders
    self.delivery = delivery
    self.report = report
    reason = settings.reason
    frames = LiveTimeline(lead: settings.lead, isSteady: true)
    units = LiveTimeline(lead: settings.lead, isSteady: false)
    self.sounds = sounds
    self.card = LiveCard(card)
    let begun = clock.air(clock.now)
    let latest = (begun + settings.lead).count / 300 + LiveDesk.furthestStamp
    // One that is far ahead would silence its stream until then.
    func inherited(_ stamp: Int64?) -> Int64? { stamp.flatMap { $0 <= max(latest, settings.earliest) ? $0 : nil } }
    let stamps = writer.stamps(of: PID.video)
    lastDTS = max(inherited(stamps?.dts) ?? .min, settings.earliest - 1)
    lastPTS = max(inherited(stamps?.pts) ?? .min, settings.earliest - 1)
    for (index, sound) in sounds.enumerated() {
      let last = inherited(writer.stamps(of: PID.firstAudio + UInt16(index))?.pts)
      sound.begin(after: last, earliest: settings.earliest)
    }
    mux = LiveOutlet(try LiveMux(writer, start: settings.start))
    pictures?.requestKey()
    // Whoever took the ring over first says what time it is.
    try mux.keepUp(at: begun)
  }

  /// The sound encoders of a station, opened: that takes a while, so it is done before the ring is anybody's.
  static func sounds(_ house: HouseFormat, lead: Ticks) throws -> [LiveSound] {
    try house.audio.enumerated().map { try LiveSound($1, index: $0, lead: lead) }
  }

  /// What a call of ``step()`` came to.
  enum Outcome: Hashable, Sendable {
    case goesOn
    /// All is written as it was told.
    case left
    /// The ring is somebody else's from now on.
    case yielded
  }

  /// Whether anybody can find the ring still.
  var isCurrent: Bool { mux.isCurrent }

  var now: Ticks { future ?? clock.air(clock.now) }

  /// Does what is due.
  func step() throws -> Outcome {
    if let end = orders.leave {
      try playAhead(to: end)
      try mux.leave(at: end, now: now)
      tell(LiveReport(isOnDuty: true, showsSource: stage != .card, hasLeft: true))
      return .left
    }
    if orders.yields || isInherited() { return .yielded }
    // Whatever the source does, the air goes on.
    try mux.keepUp(at: now)
    do {
      for event in try delivery.take(at: clock.now) { try take(event) }
      try release()
    } catch let error as LibAVError {
      // What cannot be shown costs the source, not the station.
      pictures?.forgetSource()
      delivery.giveUp(at: clock.now)
      try take(.ended(RecorderError(wrapping: error)))
    }
    if pictures != nil { try fillPause() } else { judgeRadio() }
    for sound in sounds {
      try sound.advance(now) { packet in
        // After a standstill: what would come too late to be heard is left out.
        try mux.send(packet, at: now) { Ticks.ninetyKilohertz(packet.pts) > $0 + LiveDesk.leastMargin }
      }
    }
    try mux.keepUp(at: now)
    tell(LiveReport(isOnDuty: true, showsSource: stage != .card, reason: stage == .card ? reason : nil))
    return .goesOn
  }

  /// Whether stationd is gone, and another's recorder waits for the ring.
  private func isInherited() -> Bool {
    guard orders.orphanedAt != nil else { return false }
    if !isOrphan {
      isOrphan = true
      mux.forgetHeirs()
    }
    return mux.hasHeir
  }

  private func tell(_ state: LiveReport) {
    guard state != reported else { return }
    reported = state
    report(state)
  }
}
