import Testing
import Wire

@testable import StationServer

/// What a stream's client may ask for, and how much of it.
@Suite struct StreamSessionTests {
  private func session(first: Int64? = nil, rate: Double = 400) -> StreamSession {
    StreamSession(first: first, datagramRate: rate, now: 0)
  }

  private func say(
    _ session: inout StreamSession, _ line: Result<ClientMessage, MessageError>, at now: Double
  ) -> Bool { session.take(line, at: now) }

  private func sent(_ session: inout StreamSession, turn: Int, next: Int64) -> Bool {
    session.followed(turn: turn, next: next)
  }

  private func repairs(_ session: inout StreamSession) -> [Range<Int64>] {
    var ranges: [Range<Int64>] = []
    while let range = session.nextRepair() { ranges.append(range) }
    return ranges
  }

  @Test func makesPortionsOfWhatIsMissing() {
    var session = session()
    #expect(say(&session, .success(.repair(.init(packets: [[10, 3], [100, 60]]))), at: 1))
    #expect(session.hasRepairs)
    #expect(repairs(&session) == [10..<13, 100..<148, 148..<160])
    #expect(!session.hasRepairs)
  }

  @Test func passesOverNonsense() {
    var session = session()
    let packets: [[Int64]] = [[], [1], [1, 0], [1, -5], [-1, 2], [.max, 1], [.max, .max], [1, 2, 3], [7, 1]]
    #expect(say(&session, .success(.repair(.init(packets: packets))), at: 1))
    #expect(repairs(&session) == [7..<8])
  }

  @Test func repairsHalfOfWhatTheStationSends() {
    // 400 a second: 2 s' worth of the half at once, that half each second.
    var session = session()
    for _ in 0..<10 { #expect(say(&session, .success(.repair(.init(packets: [[0, 512]]))), at: 0)) }
    #expect(repairs(&session).reduce(0) { $0 + $1.count } == 400)
    #expect(say(&session, .success(.repair(.init(packets: [[0, 512]]))), at: 0.5))
    #expect(repairs(&session).reduce(0) { $0 + $1.count } == 100)
    #expect(say(&session, .success(.pause), at: 100))
    for _ in 0..<10 { #expect(say(&session, .success(.repair(.init(packets: [[0, 512]]))), at: 100)) }
    #expect(repairs(&session).reduce(0) { $0 + $1.count } == 400)
    // A station that sends little may be repaired as well.
    var radio = self.session(rate: 10)
    #expect(say(&radio, .success(.repair(.init(packets: [[0, 512]]))), at: 0))
    #expect(repairs(&radio).reduce(0) { $0 + $1.count } == 256)
  }

  @Test func followsWhatItWasLastToldTo() {
    var session = session(first: 5)
    #expect(session.following == 5)
    let turn = session.turn
    #expect(sent(&session, turn: turn, next: 20))
    #expect(session.following == 20)
    #expect(say(&session, .success(.pause), at: 1))
    #expect(session.following == nil)
    #expect(!sent(&session, turn: turn, next: 40))
    #expect(session.following == nil)
    #expect(say(&session, .success(.follow(.init(from: 30))), at: 1))
    // What was asked for before is late.
    #expect(!sent(&session, turn: turn, next: 40))
    #expect(session.following == 30)
    let other = session.turn
    #expect(sent(&session, turn: other, next: 31))
    #expect(session.following == 31)
    #expect(say(&session, .success(.follow(.init(from: -7))), at: 1))
    #expect(session.following == 0)
  }

  @Test func hangsUpOnFloodsNoiseAndSilence() {
    var flood = session()
    for _ in 0..<400 { #expect(say(&flood, .success(.pause), at: 0)) }
    #expect(!say(&flood, .success(.pause), at: 0))
    var steady = session()
    for line in 0..<2_000 { #expect(say(&steady, .success(.pause), at: Double(line) / 250)) }
    var noise = session()
    #expect(say(&noise, .failure(.notAnObject), at: 0))
    #expect(say(&noise, .failure(.lineTooLong), at: 0))
    #expect(!say(&noise, .failure(.notAnObject), at: 0))
    var silence = session()
    #expect(!silence.isIdle(at: 300) && silence.isIdle(at: 301))
    #expect(say(&silence, .success(.unknown(type: "x")), at: 301))
    #expect(!silence.isIdle(at: 600))
  }
}

@Suite struct StreamBudgetTests {
  @Test func hasPlacesForSoMany() {
    let budget = StreamBudget(.init(connections: 2, bitrate: 1_000_000))
    #expect(budget.enter("a") && budget.enter("b") && !budget.enter("c"))
    budget.leave("b")
    #expect(budget.enter("c") && budget.figures.connections == 2)
  }

  @Test func leavesPlacesToOtherAddresses() {
    let budget = StreamBudget(.init())
    #expect((0..<500).count { _ in budget.enter("a") } == 250)
    #expect((0..<500).count { _ in budget.enter("b") } == 125)
    #expect(budget.enter("c") && budget.figures.connections == 376)
    for _ in 0..<250 { budget.leave("a") }
    #expect((0..<500).count { _ in budget.enter("c") } > 100)
  }

  @Test func letsStationsBeFollowedUpToItsRate() {
    let budget = StreamBudget(.init(connections: 9, bitrate: 10_000_000))
    #expect(budget.reserve(4e6, for: "a") && budget.reserve(4e6, for: "b") && !budget.reserve(4e6, for: "c"))
    #expect(budget.figures.following == 2)
    budget.release(4e6, for: "a")
    #expect(budget.reserve(6e6, for: "a") && !budget.reserve(1, for: "a"))
    budget.release(4e6, for: "b")
    budget.release(6e6, for: "a")
    // One at least, whatever the station's rate.
    #expect(budget.reserve(50e6, for: "a") && !budget.reserve(1, for: "b"))
  }

  @Test func leavesSomeOfItsRateToOtherAddresses() {
    let budget = StreamBudget(.init(bitrate: 100_000_000))
    #expect((0..<20).count { _ in budget.reserve(5e6, for: "a") } == 17)
    #expect((0..<20).count { _ in budget.reserve(5e6, for: "b") } == 2)
    // The last one that there is room for is for whoever has none.
    #expect(!budget.reserve(5e6, for: "a") && !budget.reserve(5e6, for: "b") && budget.reserve(5e6, for: "c"))
    #expect(!budget.reserve(5e6, for: "d"))
    for _ in 0..<17 { budget.release(5e6, for: "a") }
    #expect((0..<20).count { _ in budget.reserve(5e6, for: "d") } == 14)
    #expect(budget.figures.following == 17)
  }

  /// As many as lose multicast at the same moment behind one router.
  @Test func letsTwoHundredOfOneAddressFollow() {
    let budget = StreamBudget(.init())
    #expect((0..<200).allSatisfy { _ in budget.enter("a") && budget.reserve(4.1e6, for: "a") })
    #expect(budget.enter("b") && budget.reserve(20e6, for: "b"))
  }

  @Test func sharesWhatPassesInATime() {
    // 80 Mb/s: 10 MB a second, half a megabyte at once.
    let budget = StreamBudget(.init(connections: 9, bitrate: 80_000_000))
    #expect(budget.hasRoom(at: 1))
    budget.take(600_000, isRepair: false, at: 0)
    #expect(!budget.hasRoom(at: 1) && !budget.hasRoom(at: 1.005) && budget.hasRoom(at: 1.02))
    budget.take(1_000_000, isRepair: true, at: 0)
    #expect(!budget.hasRoom(at: 1.05) && budget.hasRoom(at: 1.2))
    #expect(budget.figures.bytes == 1_600_000 && budget.figures.repairBytes == 1_000_000)
  }
}
