import LinuxIO
import Playout
import SyntheticTape
import Tape
import Testing
import TransportStream

@testable import StationServer

/// A transmitter's plan where not all of it can be opened.
@Suite struct PlannedAirTests {
  /// 2026-11-22 12:00:00 UTC.
  let noon = Ticks.seconds(1_795_348_800)
  let directory: TemporaryDirectory
  /// What is on, and what follows ten seconds later.
  let eras: [Era]

  init() throws {
    let directory = try TemporaryDirectory()
    self.directory = directory
    let tapes = try ["a", "b", "c"].map { name in
      let path = directory.path("\(name).ts")
      try SyntheticTape(milliseconds: 4_000).write(to: path)
      return try Tape(path: path, verify: false)
    }
    let first = try Era(.always([tapes[0]]), tapes: [tapes[0]])
    let second = try first.followed(by: [tapes[0], tapes[1]], after: noon + .seconds(10))
    eras = [first, second, try second.followed(by: [tapes[2]], after: noon + .seconds(60))]
  }

  private func plan(_ records: [EraRecord]) -> TransmitPlan {
    let stations = (UInt16(1)...2).map { number in
      StationPlan(
        identity: StationIdentity(number: number, name: "S", provider: "P", transportStreamID: 9),
        group: "239.255.78.\(number)", port: 5510, encapsulation: .rtp, ssrc: UInt32(number),
        eras: number == 1 ? records : [eras[0].record])
    }
    return TransmitPlan(interface: "lo", ttl: 1, dscp: 0, clockOffset: nil, stations: stations)
  }

  private func played(_ air: PlannedAir) -> [EraRecord] { air.entries[0].station.eras.map(\.record) }

  @Test func aTapeThatIsGoneCostsOnlyTheErasThatPlayIt() throws {
    let records = eras.map(\.record)
    Scratch.remove(directory.path("b.ts"))
    let (air, faults) = try PlannedAir().followed(by: plan(records), now: noon)
    #expect(air.entries.map(\.plan.identity.number) == [1, 2])
    #expect(played(air) == [records[0], records[2]])
    #expect(air.entries[0].begins == nil && air.entries[1].fault == nil)
    #expect(faults.map(\.number) == [1] && faults.first?.goesOn == true)
    #expect(faults.first?.paths == [directory.path("b.ts")])
    #expect(faults.first?.fault.contains("b.ts") == true)
    // What is sent now is what would be sent.
    let whole = try #require(Station(identity: air.entries[0].plan.identity, eras: eras))
    #expect(air.entries[0].station.index(at: noon) == whole.index(at: noon))

    // It is back: so is the era.
    try SyntheticTape(milliseconds: 4_000).write(to: directory.path("b.ts"))
    let (mended, none) = try air.followed(by: plan(records), now: noon)
    #expect(none.isEmpty && played(mended) == records && mended.entries[0].fault == nil)
    // And once it is over, nobody asks for it.
    Scratch.remove(directory.path("b.ts"))
    let (later, over) = try PlannedAir().followed(by: plan(records), now: noon + .seconds(100))
    #expect(over.isEmpty && played(later) == [records[0], records[2]])
  }

  @Test func aDamagedIndexIsNoWorse() throws {
    let records = eras.map(\.record)
    try Scratch.write("nonsense", to: directory.path("c.index"))
    let (air, faults) = try PlannedAir().followed(by: plan(records), now: noon)
    #expect(played(air) == Array(records[..<2]) && faults.first?.goesOn == true)
  }

  @Test func whereNothingIsOnAStationBeginsWithWhatComesNext() throws {
    let records = eras.map(\.record)
    Scratch.remove(directory.path("a.ts"))
    Scratch.remove(directory.path("a.index"))
    let only = plan([records[0], records[2]])
    let (air, faults) = try PlannedAir().followed(by: only, now: noon)
    #expect(air.entries.map(\.plan.identity.number) == [1])
    #expect(air.entries[0].begins == records[2].start && faults.map(\.goesOn) == [false, false])
    let roster = air.rosters(after: PlannedAir(), from: noon)[0]
    var (silent, heard) = (AirCount(), AirCount())
    var begun = roster
    begun.begin(after: AirRoster([], grain: Grain(datagramsPerSecond: 0), batchCapacity: 0))
    #expect(try #require(begun.nextDate) >= records[2].start - .milliseconds(3))
    _ = begun.collect(now: records[2].start - .milliseconds(4), before: Ticks(.max), into: &silent)
    _ = begun.collect(now: records[2].start + .milliseconds(100), before: Ticks(.max), into: &heard)
    #expect(silent.count == 0 && heard.count > 0)
    // Once that has begun, nothing is wrong any more.
    let (later, none) = try PlannedAir().followed(by: only, now: records[2].start + .seconds(1))
    #expect(none.map(\.number) == [2] && played(later) == [records[2]] && later.entries[0].begins == nil)
  }

  @Test func whatIsOnGoesOnWithoutWhatIsToFollow() throws {
    let records = eras.map(\.record)
    let (air, _) = try PlannedAir().followed(by: plan([records[0]]), now: noon)
    for name in ["b.ts", "c.ts"] { Scratch.remove(directory.path(name)) }
    // None of the plan: all that was on goes on.
    let (next, faults) = try air.followed(by: plan(Array(records[1...])), now: records[1].start + .seconds(1))
    #expect(played(next) == [records[0]] && faults.map(\.goesOn) == [true])
    #expect(next.entries[0].figures === air.entries[0].figures && next.entries[0].begins == nil)
  }
}

/// Counts datagrams.
private struct AirCount: DatagramBatch {
  private(set) var count = 0
  let capacity = 256

  mutating func append(
    to destination: Destination, headerSize: Int,
    _ fill: (_ header: inout MutableSpan<UInt8>, _ payload: inout MutableSpan<UInt8>) -> Int
  ) -> Bool {
    var header = [UInt8](repeating: 0, count: headerSize)
    var payload = [UInt8](repeating: 0, count: 1500)
    var headerSpan = header.mutableSpan
    var payloadSpan = payload.mutableSpan
    guard fill(&headerSpan, &payloadSpan) > 0 else { return false }
    count += 1
    return true
  }
}
