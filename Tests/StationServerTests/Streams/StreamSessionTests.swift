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
    #expect(budget.enter() && budget.enter() && !budget.enter())
    budget.leave()
    #expect(budget.enter() && budget.figures.connections == 2)
  }

  @Test func letsStationsBeFollowedUpToItsRate() {
    let budget = StreamBudget(.init(connections: 9, bitrate: 10_000_000))
    #expect(budget.reserve(4e6) && budget.reserve(4e6) && !budget.reserve(4e6))
    #expect(budget.figures.following == 2)
    budget.release(4e6)
    #expect(budget.reserve(6e6) && !budget.reserve(1))
    budget.release(4e6)
    budget.release(6e6)
    // One at least, whatever the station's rate.
    #expect(budget.reserve(50e6) && !budget.reserve(1))
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
