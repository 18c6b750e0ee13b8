import LinuxIO
import Playout
import SyntheticTape
import Testing
import TransportStream
import Wire

@testable import StationServer

/// A registry whose stations are on the air, in simulated time and without a network, while its configuration is edited:
/// every datagram is looked at as it leaves.
final class EditedAir {
  let lab: StationLab
  let registry: StationRegistry
  private(set) var reading: ConfigurationReading
  /// What the file says.
  private(set) var file: Configuration
  private var planned = PlannedAir()
  private var roster = AirRoster<Station>([], grain: Grain(datagramsPerSecond: 0))
  private var judge = AirJudge()
  /// The source of each tape, by its path.
  private(set) var sources: [String: String] = [:]

  init(_ lab: StationLab) {
    self.lab = lab
    registry = lab.registry()
    file = lab.configuration
    reading = ConfigurationReading(file: "stations.json", said: file, running: file)
  }

  /// As a start does.
  func begin() async throws {
    await registry.begin()
    try await record()
  }

  /// Lets recorders make so many tapes, or all.
  func record(atMost count: Int = .max) async throws {
    var left = count
    while left > 0 {
      let recordings = await registry.startRecordings()
      if recordings.isEmpty { break }
      for recording in recordings {
        sources[recording.output] = recording.request.source?.path ?? "card"
        let length = 1000 + Int(FNV.hash32(recording.output.utf8) % 40) * 40
        try lab.record(recording, milliseconds: length)
        await registry.finished(recording.request, .done)
        left -= 1
      }
    }
    try await takePlan()
  }

  /// The file is saved: read and applied as stationd does, and the plan handed to the transmitter.
  ///
  /// - Returns: which stations the edit names.
  @discardableResult
  func save(_ file: Configuration) async throws -> Set<Int> {
    self.file = file
    guard let edit = reading.take(.success(file), wasAsked: false).edit else { return [] }
    await registry.apply(edit)
    try await takePlan()
    return Set(edit.added.map(\.number) + edit.removed.map(\.number) + edit.changed.map(\.after.number))
  }

  /// The file is saved with errors in it.
  func saveNonsense() async throws {
    let outcome = reading.take(.failure(.init(message: "stations.json: nonsense", status: 78)), wasAsked: false)
    #expect(outcome.edit == nil)
  }

  private func takePlan() async throws {
    let (next, faults) = try planned.followed(by: await registry.plan(clockOffset: nil), now: lab.now)
    #expect(faults.isEmpty)
    var rosters = next.rosters(after: planned, from: lab.now + .milliseconds(10))
    #expect(rosters.count == 1)
    guard var new = rosters.popLast() else { return }
    new.begin(after: roster)
    (roster, planned) = (new, next)
    judge.follow(next.entries)
  }

  /// Time passes, and datagrams leave.
  func pass(milliseconds: Int) async {
    let start = lab.now
    lab.pass(seconds: Double(milliseconds) / 1000)
    var now = start
    while now < lab.now {
      judge.now = now
      while !roster.collect(now: now, before: Ticks(.max), into: &judge) { judge.count = 0 }
      judge.count = 0
      guard let next = roster.nextDate else { break }
      now = max(next, now + Ticks(1))
    }
    await registry.tick()
  }

  /// Everything that was wrong with any station's air up to now.
  var faults: [String] {
    judge.faults
      + planned.entries.flatMap { entry -> [String] in
        let figures = entry.figures.summary(number: entry.plan.identity.number, planFault: nil)
        return figures.late + figures.skipped + figures.errors == 0
          ? [] : ["station \(figures.number): \(figures.late) late, \(figures.skipped) left out, \(figures.errors) bad"]
      }
  }

  var datagrams: Int { judge.datagrams }

  /// The plan of each station, by number.
  func plans() async -> [Int: StationPlan] {
    Dictionary(
      await registry.plan(clockOffset: nil).stations.map { (Int($0.identity.number), $0) },
      uniquingKeysWith: { first, _ in first })
  }
}

/// A batch that judges each datagram as it is put in: whose it is by where it goes, and whether it goes on where that
/// station's last one ended.
private struct AirJudge: DatagramBatch {
  /// One station's air since it was put on.
  private struct Watch {
    var plan: StationPlan
    var last: UInt16?
    var checker = StreamChecker()
  }

  var now = Ticks.zero
  var count = 0
  let capacity = 256
  private(set) var datagrams = 0
  private var watches: [UInt16: Watch] = [:]
  private var owners: [Destination: UInt16] = [:]
  private var offences: [String] = []

  /// Another plan is on the air.
  mutating func follow(_ entries: [PlannedAir.Entry]) {
    owners = Dictionary(
      entries.map { ($0.destination, $0.plan.identity.number) }, uniquingKeysWith: { first, _ in first })
    let gone = Set(watches.keys).subtracting(entries.map(\.plan.identity.number))
    for number in gone {
      offences += found(number)
      watches[number] = nil
    }
    for entry in entries { watches[entry.plan.identity.number, default: Watch(plan: entry.plan)].plan = entry.plan }
  }

  mutating func append(
    to destination: Destination, headerSize: Int,
    _ fill: (_ header: inout MutableSpan<UInt8>, _ payload: inout MutableSpan<UInt8>) -> Int
  ) -> Bool {
    var header = [UInt8](repeating: 0, count: headerSize)
    var payload = [UInt8](repeating: 0, count: 1500)
    var headerSpan = header.mutableSpan
    var payloadSpan = payload.mutableSpan
    let length = fill(&headerSpan, &payloadSpan)
    guard length > 0 else { return false }
    count += 1
    datagrams += 1
    guard let number = owners[destination], var watch = watches.removeValue(forKey: number) else {
      offences.append("a datagram to nobody's group")
      return true
    }
    defer { watches[number] = watch }
    if headerSize > 0, let (header, _) = RTPHeader.parse(header.span) {
      if header.ssrc != watch.plan.ssrc { offences.append("station \(number): SSRC \(header.ssrc)") }
      if let last = watch.last, header.sequenceNumber != last &+ 1 {
        offences.append("station \(number): \(header.sequenceNumber) after \(last)")
      }
      watch.last = header.sequenceNumber
    } else {
      watch.last = watch.last.map { $0 &+ 1 }
    }
    if (headerSize > 0) != (watch.plan.encapsulation == .rtp) { offences.append("station \(number): encapsulation") }
    watch.checker.check(payload.span.extracting(first: length), arrival: now)
    return true
  }

  private func found(_ number: UInt16) -> [String] {
    guard let report = watches[number]?.checker.report(), report.seconds > 3 else { return [] }
    return report.faults.map { "station \(number): \($0)" }
  }

  var faults: [String] { offences + watches.keys.sorted().flatMap(found) }
}
