import Glibc
import LinuxIO
import Playout
import SyntheticTape
import Tape
import Testing
import TransportStream

@testable import StationServer

@Suite struct ReadAheadTests {
  /// 2026-11-22 12:00:00 UTC.
  let noon = Ticks.seconds(1_795_348_800)
  let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  private func station(_ number: UInt16, _ tapes: [Tape]) throws -> ReadAhead.Listener {
    let identity = StationIdentity(number: number, name: "S", provider: "P", transportStreamID: 9)
    let station = try #require(Station(identity: identity, eras: [Era(.always(tapes), tapes: tapes)]))
    return ReadAhead.Listener(station: station, readiness: Readiness())
  }

  private func tape(_ name: String, milliseconds: Int) throws -> Tape {
    let path = directory.path("\(name).ts")
    try SyntheticTape(milliseconds: milliseconds).write(to: path)
    return try Tape(path: path, verify: false)
  }

  /// Just written, so it is in the page cache; the kernel may need a moment all the same.
  private func look(_ readAhead: ReadAhead, now: Ticks) -> Bool {
    (0..<100).contains { _ in
      if readAhead.look(now: now) { return true }
      SteadyClock.sleep(until: SteadyClock.now + 2_000_000)
      return false
    }
  }

  @Test func whatIsSentSoonIsHere() throws {
    let listener = try station(1, [tape("a", milliseconds: 1_200), tape("b", milliseconds: 40_000)])
    let readAhead = ReadAhead()
    readAhead.follow([listener]) { noon }
    for second in 0..<60 {
      #expect(look(readAhead, now: noon + .seconds(Int64(second))))
      #expect(listener.readiness.end == Ticks(.max))
    }
  }

  @Test func aTapeCutShortIsItsOwnStationsLoss() throws {
    let (good, bad) = (try tape("good", milliseconds: 20_000), try tape("bad", milliseconds: 20_000))
    let (fine, lost) = (try station(1, [good]), try station(2, [bad]))
    #expect(unsafe truncate(bad.path, 0) == 0)
    let readAhead = ReadAhead()
    readAhead.follow([fine, lost]) { noon }
    #expect(!look(readAhead, now: noon))
    #expect(fine.readiness.end == Ticks(.max))
    #expect(lost.readiness.end <= noon, "nothing of it is touched, so nothing raises SIGBUS")
  }

  @Test func aTapeIsOpenedOnceHoweverManyPlayIt() throws {
    let tape = try tape("a", milliseconds: 2_000)
    let stations = (1...50).map { number in
      StationPlan(
        identity: StationIdentity(number: number, name: "S", provider: "P", transportStreamID: 9),
        group: "239.255.78.\(number)", port: 5510, encapsulation: .rtp, ssrc: 1, eras: [EraRecord.always([tape])])
    }
    let plan = TransmitPlan(interface: "lo", ttl: 1, dscp: 0, clockOffset: nil, threads: 2, stations: stations)
    let (air, faults) = try PlannedAir().followed(by: plan, now: noon)
    #expect(faults.isEmpty && air.entries.count == 50 && air.threads == 2)
    #expect(Set(air.entries.flatMap(\.station.eras).flatMap(\.tapes).map { ObjectIdentifier($0) }).count == 1)
    #expect(air.entries.filter { $0.thread == 0 }.count == 25)

    // A tape made anew under the same name is another one; who is on the air keeps the one that he has.
    try SyntheticTape(milliseconds: 2_000).write(to: tape.path)
    var more = plan
    more.stations.append(stations[0])
    more.stations[50].identity.number = 51
    let (next, none) = try air.followed(by: more, now: noon)
    #expect(none.isEmpty)
    #expect(next.entries[49].station.eras[0].tapes[0] === air.entries[0].station.eras[0].tapes[0])
    #expect(next.entries[50].station.eras[0].tapes[0] !== air.entries[0].station.eras[0].tapes[0])
  }
}
