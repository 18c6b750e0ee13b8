import Foundation
import LibAV
import LinuxIO
import Synchronization
import Tape
import Testing
import TransportStream

@testable import Recorder

/// A desk with a clock that only the test moves, and a source that delivers as the test says.
private final class Studio {
  private final class Time: Sendable {
    let now = Atomic<Int64>(1_000_000_000_000)
  }

  private final class Script: LiveDelivery {
    var events: [(at: Int64, event: LiveSink.Event)] = []

    func take(at now: Int64) -> [LiveSink.Event] {
      let due = events.prefix { $0.at <= now }.map(\.event)
      events.removeFirst(due.count)
      return due
    }
  }

  let clips: Clips
  private let time = Time()
  private let script = Script()
  private let clock: LiveClock
  private let orders: LiveOrders
  private var desk: LiveDesk?
  private let ring: Ring
  let path: String
  private var next: Int64 = 0
  private var checker = StreamChecker()
  private(set) var bytes = Data()
  private(set) var reports: [LiveReport] = []
  /// What a rule of the time line was broken by.
  private(set) var breaches: [String] = []
  /// When the latest access unit of each PID began.
  private(set) var lastDates: [UInt16: Ticks] = [:]
  let lead: Ticks
  let begin: Int64

  init(lead: Ticks = .milliseconds(100), house: HouseFormat = LiveFormat.usual, afterTape: Bool = false) throws {
    clips = try Clips()
    self.lead = lead
    path = clips.directory.path("a.ring")
    let time = time
    // An hour before the time stamps wrap.
    let offset = Ticks.ninetyKilohertz(20_000 << 33).nanoseconds - 3_600_000_000_000
    clock = LiveClock(offset: offset) { time.now.load(ordering: .relaxed) }
    begin = time.now.load(ordering: .relaxed)
    orders = LiveOrders(clock: clock, wake: try WakeUp())
    orders.goOnDuty()
    let file = try RingFile(path: path)
    #expect(file.tryLock() == true)
    let format = try LiveFormat(house)
    let writer = try RingWriter(
      file, .init(info: RingInfo(format: house, map: format.map), base: RingCounts(), datagrams: 4_096))
    ring = try Ring(path: path)
    let start = clock.air(begin + 50_000_000)
    let from = Ticks.ninetyKilohertz(start.count / 300)
    let settings = LiveDesk.Settings(
      name: "Quay", start: from,
      earliest: (from + (afterTape ? .ninetyKilohertz(HouseTime.lead) : .zero)).count / 300, lead: lead)
    let shape = LivePictures.Shape(width: 320, height: 180, rate: 25)
    desk = try LiveDesk(
      settings, pictures: house.video.map { try LivePictures(codec: $0.codec, shape: shape, allowance: 400_000) },
      sounds: LiveDesk.sounds(house, lead: lead), clock: clock, orders: orders, delivery: script, writer: writer
    ) { self.reports.append($0) }
  }

  /// Delivers pictures: each says when it was captured and when it comes in, in seconds from the beginning.
  func deliver(_ pictures: [(captured: Double, arrival: Double)]) throws {
    var graph = try FilterGraph(.video, generating: "testsrc2=s=320x180:r=25,format=yuv420p")
    var frame = try Frame()
    for picture in pictures {
      guard try graph.receive(into: &frame) else { return }
      add(.picture(try .init(frame), .captured(begin + Int64(picture.captured * 1e9))), picture.arrival)
    }
  }

  /// Delivers pictures at a steady rate: the first captured and come in so many seconds from the beginning.
  func deliver(_ count: Int, rate: Double = 25, from captured: Double, arriving: Double, drift: Double = 0) throws {
    var pictures: [(captured: Double, arrival: Double)] = []
    for index in 0..<count {
      let passed = Double(index) / rate
      pictures.append((captured + passed * (1 + drift), arriving + passed))
    }
    try deliver(pictures)
  }

  func add(_ event: LiveSink.Event, _ arrival: Double) {
    script.events.append((begin + Int64(arrival * 1e9), event))
    script.events.sort { $0.at < $1.at }
  }

  func order(_ order: LiveOrder) throws {
    orders.take(String(decoding: try JSONEncoder().encode(order), as: UTF8.self))
  }

  func air(_ seconds: Double) -> Ticks { clock.air(begin + Int64(seconds * 1e9)) }

  /// Lets time pass up to so many seconds from the beginning.
  @discardableResult
  func run(until seconds: Double) throws -> LiveDesk.Outcome? {
    while time.now.load(ordering: .relaxed) < begin + Int64(seconds * 1e9) {
      let outcome = try desk?.step()
      read()
      if outcome != .goesOn { return outcome }
      time.now.wrappingAdd(5_000_000, ordering: .relaxed)
    }
    return .goesOn
  }

  /// Lets time pass while the desk stands still, busy with a picture, and only the pulse beats.
  func beat(until seconds: Double) throws {
    while time.now.load(ordering: .relaxed) < begin + Int64(seconds * 1e9) {
      try desk?.mux.keepUp(at: clock.air(clock.now))
      read()
      time.now.wrappingAdd(4_000_000, ordering: .relaxed)
    }
  }

  private func read() {
    var buffer = [UInt8](repeating: 0, count: 1_316)
    let now = clock.air(clock.now)
    while next < ring.count {
      var span = buffer.mutableSpan
      let count = ring.copy(next, into: &span)
      guard let entry = ring.entry(next), count > 0 else {
        breaches.append("datagram \(next) is not there")
        return
      }
      if entry.date < now + LiveMux.ahead { breaches.append("datagram \(next) is dated too early") }
      checker.check(buffer.span.extracting(first: count), arrival: entry.date)
      bytes.append(contentsOf: buffer[..<count])
      judge(buffer, count, entry.date)
      next += 1
    }
  }

  /// The rules of the time line that a stream checker does not know.
  private func judge(_ buffer: [UInt8], _ count: Int, _ date: Ticks) {
    for offset in stride(from: 0, to: count, by: 188) {
      guard let packet = TSPacket(buffer.span, at: offset), packet.payloadUnitStart, packet.hasPayload,
        let header = PESHeader(buffer.span, at: offset + packet.payloadOffset, end: offset + 188), let pts = header.pts
      else { continue }
      lastDates[packet.pid] = date
      let ahead = TimeStamp.distance(from: date.timestamp, to: header.dts ?? pts)
      if ahead > lead + .milliseconds(1) {
        breaches.append("\(packet.pid): decoded \(ahead.inSeconds) s after its date")
      }
      if ahead < .milliseconds(5) { breaches.append("\(packet.pid): decoded \(ahead.inSeconds) s after its date") }
    }
  }

  /// What is wrong with all that was on the air.
  func faults() -> [String] {
    let report = checker.report()
    var faults = report.faults + breaches.prefix(3)
    if report.clock.longestInterval > 30 { faults.append("\(report.clock.longestInterval) ms between clocks") }
    for table in ["PAT", "PMT", "SDT"] where (report.tables[table]?.longestInterval ?? 1_000) > 75 {
      faults.append("\(report.tables[table]?.longestInterval ?? 0) ms between \(table)s")
    }
    for line in report.lines where line.pid == PID.video && line.longestStep > 1_000 {
      faults.append("\(line.longestStep) ms between pictures")
    }
    return faults
  }

  func complaints(hasPicture: Bool = true) throws -> String {
    let file = clips.directory.path("air.ts")
    try bytes.write(to: URL(fileURLWithPath: file))
    return try Clips.complaints(file, hasPicture: hasPicture)
  }

  /// Of the video's access units: DTS and PTS, 90 kHz from the beginning.
  func count(of pid: UInt16) -> Int { checker.report().lines.first { $0.pid == pid }?.timestamps ?? 0 }
  var counts: RingCounts { ring.counts }
  var hasEnded: Bool { ring.hasEnded }
  var lastDate: Ticks? { ring.entry(ring.count - 1)?.date }
}

@Suite(.serialized) struct LiveDeskTests {
  @Test(arguments: [15.0, 25, 30, 50])
  func aSteadySource(rate: Double) throws {
    let studio = try Studio()
    try studio.deliver(Int(rate * 6), rate: rate, from: 0.5, arriving: 0.505)
    try studio.run(until: 6)
    #expect(studio.faults() == [])
    #expect(try studio.complaints() == "")
    #expect(studio.reports.map(\.showsSource) == [false, true])
    #expect(abs(studio.count(of: PID.video) - Int(5.5 * rate) - 4) <= 3)
  }

  @Test func aSourceThatJitters() throws {
    let studio = try Studio()
    var seed: UInt64 = 7
    var pictures: [(captured: Double, arrival: Double)] = []
    for index in 0..<150 {
      seed = seed &* 6_364_136_223_846_793_005 &+ 1
      let late = Double(seed >> 40) / Double(1 << 24) * 0.06
      let captured = 0.5 + Double(index) / 25
      pictures.append((captured, captured + late))
    }
    try studio.deliver(pictures)
    try studio.run(until: 6)
    #expect(studio.faults() == [])
    #expect(try studio.complaints() == "")
  }

  @Test(arguments: [-0.0002, 0.0002, -0.02, 0.02])
  func aSourceThatDrifts(drift: Double) throws {
    let studio = try Studio()
    // Ten minutes of 200 ppm move 0.12 s; so that it need not take as long, some drift a hundred times as fast.
    try studio.deliver(500, from: 0.5, arriving: 0.52, drift: drift)
    try studio.run(until: 20)
    #expect(studio.faults() == [])
    #expect(try studio.complaints() == "")
    #expect(studio.count(of: PID.video) >= 470)
  }

  @Test func aSourceThatStopsAndComesBack() throws {
    let studio = try Studio()
    for turn in 0..<5 {
      let start = 0.5 + Double(turn) * 4
      try studio.deliver(50, from: start, arriving: start + 0.01)
      if turn % 2 == 0 {
        studio.add(.ended(RecorderError(.noInput, "/dev/video9 is not there")), start + 2.05)
      }
    }
    try studio.run(until: 20)
    #expect(studio.faults() == [])
    #expect(try studio.complaints() == "")
    #expect(studio.reports.filter { $0.reason == "/dev/video9 is not there" }.count == 3)
    #expect(studio.reports.filter { $0.reason == "its source shows no picture" }.count == 2)
    #expect(studio.reports.filter(\.showsSource).count == 5)
  }

  /// Clocks and tables come however long a picture takes: what is late is pictures and sound alone.
  @Test func aDeskThatStandsStill() throws {
    let studio = try Studio()
    try studio.deliver(150, from: 0.5, arriving: 0.51)
    for turn in 1...5 {
      try studio.run(until: Double(turn))
      try studio.beat(until: Double(turn) + 0.4)
    }
    try studio.run(until: 6)
    #expect(studio.faults() == [])
    #expect(studio.count(of: PID.video) > 80)
    // Not when the ring has ended.
    try studio.order(LiveOrder(leave: studio.air(6.2).count))
    #expect(try studio.run(until: 7) == .left)
    let last = studio.lastDate
    try studio.beat(until: 8)
    #expect(studio.lastDate == last)
    #expect(studio.faults() == [])
  }

  @Test func aSourceWhoseClockJumps() throws {
    let studio = try Studio()
    try studio.deliver(75, from: 0.5, arriving: 0.51)
    try studio.deliver(75, from: -90, arriving: 3.51)
    try studio.deliver(75, from: 5_000, arriving: 6.51)
    try studio.run(until: 9)
    #expect(studio.faults() == [])
    #expect(try studio.complaints() == "")
    #expect(studio.count(of: PID.video) >= 215)
  }

  /// A clip's own access units, delivered in bursts, with gaps, from a clock that begins anywhere.
  @Test func aCopiedSourceAndTheCard() throws {
    let studio = try Studio(lead: .milliseconds(400))
    let clip = try studio.clips.make(
      "clip.ts",
      "-f lavfi -i testsrc2=s=320x180:r=25:d=4 -f lavfi -i sine=440:r=48000:d=4 \(Clips.h264) -bf 2 -g 25 -c:a aac -ac 2"
    )
    for turn in 0..<4 {
      try deliver(clip, studio, at: 0.3 + Double(turn) * 6, clock: Int64(turn) * 777_777_777)
      if turn != 1 { studio.add(.ended(RecorderError(.inputOutput, "cut off")), 4.5 + Double(turn) * 6) }
    }
    try studio.run(until: 24)
    #expect(studio.faults() == [])
    #expect(try studio.complaints() == "")
    #expect(studio.reports.filter(\.showsSource).count == 4)
    #expect(studio.reports.filter { $0.reason == "cut off" }.count >= 3)
  }

  /// One wild time stamp costs its own unit.
  @Test(arguments: [Int64(90_000 * 3_600), -90_000, .max, .min])
  func aWildTimeStamp(pts: Int64) throws {
    let studio = try Studio(lead: .milliseconds(400))
    let clip = try studio.clips.make(
      "clip.ts",
      "-f lavfi -i testsrc2=s=320x180:r=25:d=4 -f lavfi -i sine=440:r=48000:d=4 \(Clips.h264) -g 25 -c:a aac -ac 2")
    try deliver(clip, studio, at: 0.3, clock: 0) { unit in
      if unit.stream == .video, unit.isKey, unit.dts > 200_000 { unit.pts = pts }
    }
    try studio.run(until: 4)
    #expect(studio.faults() == [])
    #expect(studio.count(of: PID.video) > 80)
  }

  /// A large picture is there in time, with clocks and tables in the midst of it.
  @Test func aLargePicture() throws {
    let studio = try Studio(lead: .milliseconds(400))
    let clip = try studio.clips.make(
      "clip.ts",
      "-f lavfi -i testsrc2=s=320x180:r=25:d=4 -f lavfi -i sine=440:r=48000:d=4 \(Clips.h264) -g 25 -c:a aac -ac 2")
    try deliver(clip, studio, at: 0.3, clock: 0) { unit in
      // Filler data (type 12) is left out by decoders.
      if unit.stream == .video, unit.isKey {
        unit.bytes += [0, 0, 1, 12] + [UInt8](repeating: 0xFF, count: 1_000_000) + [0x80]
      }
    }
    try studio.run(until: 4)
    #expect(studio.faults() == [])
    #expect(studio.bytes.count > 3_000_000)
  }

  private func deliver(
    _ clip: String, _ studio: Studio, at start: Double, clock: Int64, change: (inout LiveUnit) -> Void = { _ in }
  ) throws {
    var demuxer = try Demuxer(path: clip)
    var packet = try Packet()
    var first: Int64?
    while try demuxer.read(into: &packet) {
      guard let dts = packet.dts, let pts = packet.pts else { continue }
      if first == nil { first = dts }
      let isVideo = demuxer.streams[packet.streamIndex].kind == .video
      // As networks have it: several at once, every tenth of a second.
      let arrival = start + (Double(dts - (first ?? 0)) / 90_000 * 10).rounded(.up) / 10
      var unit = LiveUnit(
        stream: isVideo ? .video : .audio(0), bytes: packet.withBytes { bytes in bytes.indices.map { bytes[$0] } },
        pts: pts + clock, dts: dts + clock, duration: packet.duration, isKey: packet.isKey,
        arrival: studio.begin + Int64(arrival * 1e9))
      change(&unit)
      studio.add(.unit(unit), arrival)
    }
  }

  @Test func afterATapeItWaitsForWhatIsStillSeen() throws {
    let studio = try Studio(afterTape: true)
    try studio.deliver(50, from: 0.1, arriving: 0.11)
    try studio.run(until: 0.7)
    #expect(studio.count(of: PID.video) == 0 && studio.count(of: PID.firstAudio) == 0)
    #expect(studio.counts.packets[0] > 5)
    try studio.run(until: 2)
    #expect(studio.count(of: PID.video) > 20)
    #expect(studio.faults() == [])
  }

  @Test func itLeavesAsItIsTold() throws {
    let studio = try Studio()
    try studio.deliver(50, from: 0.1, arriving: 0.11)
    try studio.run(until: 1)
    let end = studio.air(1.5)
    try studio.order(LiveOrder(leave: end.count))
    #expect(try studio.run(until: 2) == .left)
    #expect(studio.hasEnded)
    #expect(studio.reports.last?.hasLeft == true)
    let last = try #require(studio.lastDate)
    #expect(last < end && end - last < .milliseconds(30))
    #expect(studio.faults() == [])
    #expect(try studio.complaints() == "")
  }

  /// Tapes are decoded 0.7 s after their start at the soonest: what leaves has pictures and sound until its end.
  @Test(arguments: [true, false]) func itIsSeenAndHeardUntilItLeaves(hasSource: Bool) throws {
    let studio = try Studio()
    if hasSource { try studio.deliver(50, from: 0.1, arriving: 0.11) }
    try studio.run(until: 1)
    let end = studio.air(1.6)
    try studio.order(LiveOrder(leave: end.count))
    #expect(try studio.run(until: 2) == .left)
    // Shown 0.1 s after its date; a tape's first picture is 0.9 s after the end: less than a second lies between.
    for pid in [PID.video, PID.firstAudio] {
      let last = try #require(studio.lastDates[pid])
      #expect(end - last < .milliseconds(150))
    }
    #expect(studio.faults() == [])
    #expect(try studio.complaints() == "")
  }

  @Test func itYieldsWhenItIsAsked() throws {
    let studio = try Studio()
    try studio.run(until: 0.5)
    try studio.order(LiveOrder(yield: true))
    #expect(try studio.run(until: 1) == .yielded)
    #expect(!studio.hasEnded)
  }

  @Test func aRadioStationIsHeard() throws {
    let house = HouseFormat(video: nil, audio: [.init(codec: "mp2", sampleRate: 48_000, channels: 2)])
    let studio = try Studio(house: house)
    var graph = try FilterGraph(.audio, generating: "sine=f=440:r=44100:samples_per_frame=441,aformat=sample_fmts=s16")
    var frame = try Frame()
    for index in 0..<300 where try graph.receive(into: &frame) {
      let date = 0.2 + Double(index) / 100
      studio.add(.sound(try .init(frame), .captured(studio.begin + Int64(date * 1e9))), date + 0.015)
    }
    try studio.run(until: 5)
    #expect(studio.faults() == [])
    #expect(try studio.complaints(hasPicture: false) == "")
    #expect(studio.reports.map(\.showsSource) == [false, true, false])
  }
}
