import ArgumentParser
import FoundationEssentials
import LibAV
import LinuxIO
import Synchronization
import Tape
import TransportStream

/// Writes a live station's ring, or stands by for the one that does.
struct LiveCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "live",
    abstract: "Puts a camera, a feed or the test card into a ring, as stationd plays it.",
    discussion: """
      stationd starts two of these for each live station: the first to lock the ring writes it, the other waits for that \
      one's end. Orders come as lines of JSON on standard input, reports go as lines of JSON to standard output.
      """)

  @Option(
    parsing: .unconditional,
    help: "The source, as JSON; without it, standard input's first order names it, which no list of processes shows.")
  var source: String?

  @Option(parsing: .unconditional, help: "The ring's file.")
  var ring: String

  @Option(parsing: .unconditional, help: "The station's name, for cards.")
  var name: String

  @Option(parsing: .unconditional, help: "The station's house format, as JSON; H.264 and AAC by default.")
  var format: String?

  @Option(help: "Bit/s of the station; without it as many as its pictures ask for.")
  var bitrate: Int?

  @Option(
    parsing: .unconditional, help: "What the station has sent when the ring begins, as JSON: datagrams, slots, packets."
  )
  var base: String = "{}"

  @Option(help: "When the ring begins: ticks of 27 MHz since 1970.")
  var from: Int64

  @Option(help: "UTC minus the machine's steady clock: nanoseconds.")
  var clockOffset: Int64

  @Flag(help: "A tape is on the air before: its last pictures are seen until 0.9 s after the ring's beginning.")
  var afterTape = false

  @Option(help: "Show the card for so many seconds before touching the source.")
  var hold: Double = 0

  @Option(help: "How many seconds the ring holds at least.")
  var seconds: Int = 10

  @Flag(help: "Go on for 60 s after standard input has ended, then end.")
  var supervised = false

  @Flag(help: "Let libav say on standard error what it dislikes.")
  var verbose = false

  @Flag(help: "Say each second on standard error how long pictures take from stage to stage, as JSON in milliseconds.")
  var stages = false

  /// How long the station goes on without stationd: nanoseconds.
  private static let orphanage: Int64 = 60_000_000_000
  /// Address space for codecs of large pictures, and a feed's bursts. Bytes.
  private static let addressSpace: UInt64 = 3 << 30

  private struct Base: Decodable {
    var datagrams: Int64?
    var slots: Int64?
    var packets: [Int64]?
  }

  private func parsed() throws -> (LiveSource?, HouseFormat, RingCounts) {
    // What is not as it should be is not printed: a source may have a password in it.
    func decode<T: Decodable>(_ type: T.Type, _ text: String, _ option: String) throws -> T {
      do {
        return try JSONDecoder().decode(type, from: Data(text.utf8))
      } catch {
        throw ValidationError("\(option) is not the JSON that it should be.")
      }
    }
    let source = try source.map { try decode(LiveSource.self, $0, "--source") }
    let house = try format.map { try decode(HouseFormat.self, $0, "--format") } ?? LiveFormat.usual
    let base = try decode(Base.self, base, "--base")
    var counts = RingCounts(datagrams: base.datagrams ?? 0, slots: base.slots ?? 0)
    for (slot, count) in (base.packets ?? []).prefix(PID.slotCount).enumerated() { counts.packets[slot] = count }
    return (source, house, counts)
  }

  func validate() throws {
    let house = try parsed().1
    if let fault = RecordingPlan.fault(in: house) { throw ValidationError("The house format has \(fault).") }
    guard (2...600).contains(seconds) else { throw ValidationError("A ring holds 2 to 600 seconds, not \(seconds).") }
    if let bitrate, !(200_000...60_000_000).contains(bitrate) {
      throw ValidationError("A bitrate of \(bitrate) bit/s is not between 200000 and 60000000.")
    }
  }

  func run() throws {
    LibAV.setLogging(verbose)
    do {
      try play()
    } catch let error as CleanExit {
      throw error
    } catch {
      let error = RecorderError(wrapping: error)
      DescriptorIO.log("stationd-recorder: \(name): \(error)")
      throw ExitCode(error.status.rawValue)
    }
  }

  private func play() throws {
    let (named, house, base) = try parsed()
    ProcessLimits.set(addressSpace: LiveCommand.addressSpace)
    ProcessLimits.goAhead()
    let wake = try WakeUp()
    let clock = LiveClock(offset: clockOffset)
    let orders = LiveOrders(clock: clock, wake: wake)
    guard let source = named ?? orders.source() else {
      throw RecorderError(.configuration, "no source: neither --source nor standard input names one")
    }
    orders.listen()
    // All that takes time is done before the ring is anybody's.
    let streams = try LiveFormat(house)
    let input = try source.input(house: house, bitrate: bitrate, name: name, clock: clock)
    let pictures = try house.video.map {
      try LivePictures(codec: $0.codec, shape: source.shape, allowance: pictureRate(house))
    }
    let sounds = try LiveDesk.sounds(house, lead: input.lead)
    let start = Ticks(from)
    let settings = LiveDesk.Settings(
      name: name, start: start,
      earliest: (start + (afterTape ? .ninetyKilohertz(HouseTime.lead) : .zero)).count / 300,
      lead: input.lead, pictureRate: pictureRate(house), shape: source.shape,
      reason: hold > 0 ? "its source is given a rest" : "starting")
    var card: LiveCard.Drawn?
    if let pictures {
      let first = settings.card(settings.reason, size: pictures.size)
      card = try pictures.warmUp(first).map { (first, $0) }
    }
    let file = try RingFile(path: ring)
    file.announceHeir()
    if !file.tryLock() {
      Self.report(LiveReport(isOnDuty: false, showsSource: false))
      let waits = HeirCalls(path: ring)
      try file.lock()
      waits.stop()
    }
    orders.goOnDuty()
    guard file.isCurrent else { throw RecorderError(.inputOutput, "\(ring): the ring is gone") }
    let rate = bitrate ?? LivePictures.bitrate(pictures?.size ?? source.shape) + 1_000_000
    let writer = try RingWriter(
      file,
      RingWriter.Plan(
        info: RingInfo(format: house, map: streams.map), base: base,
        datagrams: seconds * (rate / (8 * TSPacket.size * 5) + 150)))
    if writer.hasEnded {
      Self.report(LiveReport(isOnDuty: true, showsSource: false, hasLeft: true))
      return
    }
    let runner = LiveRunner(input, wake: wake, start: clock.now + Int64(hold * 1e9))
    let desk = try LiveDesk(
      settings, pictures: pictures, sounds: sounds, card: card, clock: clock, orders: orders, delivery: runner,
      writer: writer, stages: stages ? LiveStages(now: clock.now) : nil, report: Self.report)
    let pulse = LivePulse(desk.mux, clock)
    defer { pulse.stop() }
    try loop(desk, clock, orders, wake)
  }

  private func loop(_ desk: LiveDesk, _ clock: LiveClock, _ orders: LiveOrders, _ wake: WakeUp) throws {
    let beats = LiveWatchdog(name: name)
    var checkAt = clock.now
    while true {
      beats.beat()
      guard try desk.step() == .goesOn else { return }
      let now = clock.now
      if now >= checkAt {
        checkAt = now + 1_000_000_000
        if !desk.isCurrent { throw RecorderError(.inputOutput, "\(ring): the ring is gone") }
      }
      if let gone = orders.orphanedAt, now - gone > LiveCommand.orphanage || !supervised { return }
      wake.sleep(until: now + 5_000_000)
    }
  }

  /// What is left for pictures of the station's bitrate.
  private func pictureRate(_ house: HouseFormat) -> Int? {
    guard let bitrate else { return nil }
    let sound = house.audio.reduce(0) { $0 + SoundSettings($1).bitrate }
    return max(100_000, (bitrate - 250_000) * 9 / 10 - sound * 12 / 10)
  }

  /// A line on standard output; a reader that is gone or slow loses it.
  @Sendable private static func report(_ state: LiveReport) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    guard let json = try? encoder.encode(state) else { return }
    let line = Array(json) + [UInt8(ascii: "\n")]
    _ = try? DescriptorIO.write(line.span, to: 1, timeoutMilliseconds: 0)
  }
}

extension LiveSource {
  /// What its pictures are like, as far as that is said.
  var shape: LivePictures.Shape {
    switch self {
    case .camera(let camera):
      LivePictures.Shape(fitting: camera.width ?? 1280, camera.height ?? 720, rate: camera.rate ?? 30)
    case .testCard(let card): LivePictures.Shape(fitting: card.width, card.height, rate: card.rate)
    case .stream: LivePictures.Shape(width: 1280, height: 720, rate: 25)
    }
  }
}

/// Ends the process when its loop stands still, so that the recorder that stands by takes over.
final class LiveWatchdog: Sendable {
  private static let patience: Int64 = 2_000_000_000

  private final class Beats: Sendable {
    let last = Atomic<Int64>(RunningClock.now)
  }

  private let beats = Beats()

  init(name: String) {
    let beats = beats
    _ = try? RealTimeThread.detach(name: "watchdog") {
      while RunningClock.now - beats.last.load(ordering: .relaxed) < LiveWatchdog.patience {
        ProcessLimits.sleep(milliseconds: 100)
      }
      DescriptorIO.log("stationd-recorder: \(name): has stood still for 2 s; the other recorder takes over")
      ProcessLimits.exitNow(RecorderError.Status.internal.rawValue)
    }
  }

  /// The loop goes on.
  func beat() { beats.last.store(RunningClock.now, ordering: .relaxed) }
}
