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
  private enum Stage: Hashable {
    case card
    /// Raw pictures, encoded here.
    case frames
    /// Access units of the source's own.
    case units
  }

  /// A card that has been drawn.
  typealias Card = (picture: CardPicture, frame: LiveSink.HeldFrame)

  /// A delivery whose time has not come.
  private struct Held {
    let due: Ticks
    let event: LiveSink.Event
  }

  /// The decoding time of pictures never steps by more than this, 90 kHz: something else is shown first. 0.9 s.
  private static let longestPause: Int64 = 81_000
  /// Raw pictures that pause are repeated after this, 90 kHz, and given up after that.
  private static let repeatPeriod: Int64 = 36_000
  private static let longestStill = Ticks.milliseconds(1_500)
  /// Pictures of the card: 90 kHz from one to the next.
  private static let cardPeriod: Int64 = 9_000
  /// Sound is sent at least so long before it is heard, or not at all.
  private static let leastMargin = Ticks.milliseconds(5)
  /// How far ahead a source may deliver, in deliveries and in bytes.
  private static let mostHeld = 20_000
  private static let mostHeldBytes = 64 << 20
  /// A time stamp that an earlier writer left is believed if it is no further ahead of what is due, 90 kHz. 2 s.
  private static let furthestStamp: Int64 = 180_000
  /// Pictures are not queued further than this ahead of the lead.
  private static let longestQueue = Ticks.milliseconds(500)

  private let settings: Settings
  private let clock: LiveClock
  private let orders: LiveOrders
  private let delivery: any LiveDelivery
  private let report: (LiveReport) -> Void
  private var mux: LiveMux
  private let pictures: LivePictures?
  private let sounds: [LiveSound]

  private var stage = Stage.card
  private var reason: String
  private var frames: LiveTimeline
  private var units: LiveTimeline
  private var held: [Held] = []
  private var heldBytes = 0
  /// Copied units were lost, or are another run's: the next one has to be a key picture.
  private var needsKey = false
  /// The source has ended; what it delivers next is of another run.
  private var hasEnded = false
  private var lastDTS: Int64
  private var lastPTS: Int64
  /// The key picture that began the copied source: pictures that are shown before it are left out.
  private var firstPTS: Int64 = .min
  private var lastPicture: LiveSink.HeldFrame?
  private var lastPictureAt = Ticks.zero
  private var lastSoundAt: Ticks?
  private var cardPicture: Card?
  private let painter = CardPainter()
  private var reported: LiveReport?
  private var isOrphan = false
  /// What counts as now while the rest of the ring is written ahead.
  private var future: Ticks?
  /// How long the encoder took for the latest picture: nanoseconds.
  private(set) var encoding: Int64 = 0
  private let stages: LiveStages?

  init(
    _ settings: Settings, pictures: LivePictures?, sounds: [LiveSound], card: Card? = nil, clock: LiveClock,
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
    cardPicture = card
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
    mux = try LiveMux(writer, start: settings.start)
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

  private var now: Ticks { future ?? clock.air(clock.now) }

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
        let date = mux.date(at: now)
        guard Ticks.ninetyKilohertz(packet.pts) > date + LiveDesk.leastMargin else { return }
        try mux.send(packet, at: date)
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

  // MARK: What comes in

  private func take(_ event: LiveSink.Event) throws {
    guard event.isPlausible else { return }
    if hasEnded, !event.isEnd {
      hasEnded = false
      forgetHeld()
    }
    switch event {
    case .picture(let frame, .captured(let date)):
      let due = frames.place(clock.air(date), arrival: now)
      let begun = clock.now
      try show(frame, dts: due.count / 300)
      if let stages, let source = delivery.timings {
        let sent = clock.steady(mux.date(at: now))
        stages.note(captured: date, source: source, begun: begun, encoding: encoding, sent: sent)
      }
    case .sound(let frame, .captured(let date)):
      hear(frame, at: clock.air(date))
    case .picture(_, .stamped(let pts, let arrival)):
      hold(event, units.place(.ninetyKilohertz(pts), arrival: clock.air(arrival)))
    case .sound(_, .stamped(let pts, let arrival)):
      hold(event, units.place(.ninetyKilohertz(pts), arrival: clock.air(arrival), leads: pictures == nil))
    case .unit(let unit):
      let leads = pictures == nil || unit.stream == .video
      hold(event, units.place(.ninetyKilohertz(unit.dts), arrival: clock.air(unit.arrival), leads: leads))
    case .ended(let error):
      reason = error?.description ?? "its source has ended"
      frames = LiveTimeline(lead: settings.lead, isSteady: true)
      units = LiveTimeline(lead: settings.lead, isSteady: false)
      lastPicture = nil
      lastSoundAt = nil
      if stage == .frames { stage = .card }
      for sound in sounds { sound.forgetSource() }
      hasEnded = true
    }
  }

  /// Raw sound for every track; one that cannot make anything of it stays silent.
  private func hear(_ frame: LiveSink.HeldFrame, at date: Ticks) {
    lastSoundAt = now
    for sound in sounds { try? sound.take(frame.frame, at: date) }
  }

  private func forgetHeld() {
    held.removeAll()
    heldBytes = 0
    needsKey = true
  }

  private func hold(_ event: LiveSink.Event, _ due: Ticks) {
    if held.count >= LiveDesk.mostHeld || heldBytes >= LiveDesk.mostHeldBytes { forgetHeld() }
    heldBytes += event.size
    var place = held.count
    while place > 0, held[place - 1].due > due { place -= 1 }
    held.insert(Held(due: due, event: event), at: place)
  }

  /// Sends what was held back until its time.
  private func release() throws {
    let horizon = mux.date(at: now) + settings.lead
    var done = 0
    defer { held.removeFirst(done) }
    for item in held {
      guard item.due <= horizon else { return }
      done += 1
      heldBytes -= item.event.size
      let dts = item.due.count / 300
      switch item.event {
      case .picture(let frame, _): try show(frame, dts: dts)
      case .sound(let frame, _):
        hear(frame, at: item.due - settings.lead)
      case .unit(let unit) where unit.stream == .video: try copy(unit, dts: dts)
      case .unit(let unit): try copySound(unit, pts: dts + unit.pts - unit.dts)
      case .ended: break
      }
    }
  }

  private func show(_ frame: LiveSink.HeldFrame, dts: Int64) throws {
    guard let pictures else { return }
    if stage != .frames {
      stage = .frames
      let (width, height) = (frame.frame.width, frame.frame.height)
      try pictures.change(to: .init(fitting: width, height, rate: pictures.size.rate))
      pictures.requestKey()
    }
    (lastPicture, lastPictureAt) = (frame, now)
    try encode(frame, dts: dts)
  }

  private func encode(_ frame: LiveSink.HeldFrame, dts: Int64) throws {
    guard dts > lastDTS, dts > lastPTS else { return }
    let begun = clock.now
    try pictures?.encode(frame.frame, pts: dts) { pts, isKey, bytes in
      encoding = clock.now - begun
      // After a standstill in the middle of it: what would come too late is left out, and what builds on it too.
      let datagrams = Int64(bytes.count / (TSPacket.perDatagram * (TSPacket.size - 4)) + 2)
      guard Ticks.ninetyKilohertz(pts) > mux.date(at: now) + LiveMux.fastest * datagrams else {
        pictures?.requestKey()
        return
      }
      try sendPicture(pts: pts, dts: pts, isKey: isKey, bytes: bytes)
    }
  }

  private func copy(_ unit: LiveUnit, dts: Int64) throws {
    guard pictures != nil else { return }
    let pts = dts + unit.pts - unit.dts
    if stage != .units || needsKey {
      guard unit.isKey, dts > lastDTS, pts > lastPTS else { return }
      stage = .units
      firstPTS = pts
      needsKey = false
    }
    guard dts > lastDTS, pts >= firstPTS, pts >= dts else { return }
    lastPictureAt = now
    try sendPicture(pts: pts, dts: dts, isKey: unit.isKey, bytes: unit.bytes)
  }

  private func sendPicture(pts: Int64, dts: Int64, isKey: Bool, bytes: [UInt8]) throws {
    let date = mux.date(at: now)
    // More than fits the time there is: what is queued has to go out first.
    guard date < now + settings.lead + LiveDesk.longestQueue else {
      pictures?.requestKey()
      needsKey = true
      return
    }
    lastDTS = dts
    lastPTS = max(lastPTS, pts)
    try mux.send(
      PESPacket(pid: PID.video, streamID: 0xE0, pts: pts, dts: dts, isKey: isKey, bytes: bytes), at: date)
  }

  private func copySound(_ unit: LiveUnit, pts: Int64) throws {
    guard case .audio(let index) = unit.stream, sounds.indices.contains(index) else { return }
    lastSoundAt = now
    if let packet = sounds[index].copy(unit.bytes, pts: pts, duration: unit.duration) {
      try mux.send(packet, at: mux.date(at: now))
    }
  }

  // MARK: What stands in

  /// Shows something where the source pauses: its last picture for a while, then the card.
  private func fillPause() throws {
    let due = (now + settings.lead).count / 300
    switch stage {
    case .frames:
      guard due - lastDTS >= LiveDesk.repeatPeriod else { return }
      if let lastPicture, now - lastPictureAt < LiveDesk.longestStill { return try encode(lastPicture, dts: due) }
      reason = "its source shows no picture"
    case .units:
      let isOver = held.isEmpty && lastSoundAt == nil
      guard due - lastDTS >= LiveDesk.longestPause || (isOver && due - lastDTS >= LiveDesk.cardPeriod) else { return }
      if !isOver { reason = "its source shows no picture" }
    case .card:
      guard due - lastDTS >= LiveDesk.cardPeriod else { return }
    }
    if stage != .card {
      stage = .card
      pictures?.requestKey()
    }
    guard due > settings.earliest, let card = try card() else { return }
    // Drawing it may have taken a while.
    let shown = (now + settings.lead).count / 300
    // Never later than a second after the one before, and never earlier than one that is still to be shown.
    try encode(card, dts: max(shown, lastPTS + 1))
  }

  /// Writes what is left of the ring ahead: what has come in, the last picture or the card, and sound. A tape that follows
  /// is seen 0.9 s after `end` at the soonest, so there must be pictures until then.
  private func playAhead(to end: Ticks) throws {
    var moment = now
    // Datagrams of one picture take their time, and all are dated before the end.
    while moment < end - .milliseconds(30) {
      future = moment
      try release()
      let due = (moment + settings.lead).count / 300
      if pictures != nil, due - lastDTS >= (stage == .units ? LiveDesk.repeatPeriod : LiveDesk.cardPeriod) {
        if stage == .units {
          stage = .card
          pictures?.requestKey()
        }
        let picture = stage == .frames ? lastPicture : nil
        if due > settings.earliest, let still = try picture ?? card() { try encode(still, dts: max(due, lastPTS + 1)) }
      }
      for sound in sounds { try sound.advance(moment) { try mux.send($0, at: mux.date(at: moment)) } }
      try mux.keepUp(at: moment)
      moment = moment + .milliseconds(5)
    }
    future = nil
  }

  private func judgeRadio() {
    let isHeard = lastSoundAt.map { now - $0 < .seconds(1) } ?? false
    if stage != .card, !isHeard { reason = "its source is silent" }
    stage = isHeard ? .units : .card
  }

  /// The card as it is to be now: drawn anew when the reason, or the pictures' size, is another. The one before is shown
  /// for as long as that takes.
  private func card() throws -> LiveSink.HeldFrame? {
    guard let size = pictures?.size else { return nil }
    let wanted = settings.card(reason, size: size)
    if let drawn = painter.drawn { cardPicture = drawn }
    if let cardPicture {
      if cardPicture.picture != wanted { painter.paint(wanted) }
      return cardPicture.frame
    }
    try mux.keepUp(at: now)
    guard let frame = try wanted.drawn() else { return nil }
    cardPicture = (wanted, frame)
    return frame
  }
}
