import FoundationEssentials
import NIOCore
import Testing
import Wire

@testable import StationServer

@Suite struct ReceptionsTests {
  private static func report(
    _ received: UInt64, lost: UInt64 = 0, _ quality: Quality? = nil, station: Int = 1
  ) -> ClientMessage.Report {
    .init(station: station, received: received, lost: lost, bitrate: 4_000_000, quality: quality)
  }

  private static func heard(
    _ report: ClientMessage.Report, after former: ReceiverReport? = nil, at now: Double = 0, every: Double = 1
  ) -> ReceiverReport {
    ReceiverReport(report, after: former, at: now, expected: every)
  }

  @Test func tellsWhatIsNewSinceTheReportBefore() {
    let first = Self.heard(Self.report(1_000, lost: 5, Quality(path: .multicast, repaired: 50)))
    #expect(first.recent == (1_000, 50, 5))
    let second = Self.heard(Self.report(1_400, lost: 5, Quality(path: .multicast, repaired: 58)), after: first)
    #expect(second.recent == (400, 8, 0))
    // It has joined anew.
    let anew = Self.heard(Self.report(300, lost: 1, Quality(path: .stream)), after: second)
    #expect(anew.recent == (300, 0, 1))
  }

  @Test func lastsFiveSecondsOrTwoReportsAndAHalf() {
    let report = Self.heard(Self.report(1), at: 100)
    #expect(report.isFresh(at: 105))
    #expect(!report.isFresh(at: 105.1))
    let seldom = Self.heard(Self.report(1), at: 100, every: 10)
    #expect(seldom.isFresh(at: 125))
    #expect(!seldom.isFresh(at: 125.1))
  }

  /// Whatever strangers say, sums stay numbers that JSON can carry.
  @Test func bearsAnyNumbers() throws {
    let quality = Quality(
      path: .init(rawValue: String(repeating: "x", count: 60_000)), repaired: .max, late: .max, reordered: .max,
      duplicated: .max, jitter: .max, delayFactor: .min, mediaLossRate: .max, clockJitter: .max,
      delay: .greatestFiniteMagnitude, buffer: .min)
    var report = Self.report(.max, lost: .max, quality)
    report.bitrate = .min
    let odd = Self.heard(report)
    #expect(odd.quality?.path == .waiting)
    #expect(odd.quality?.delay == 60_000)
    #expect((odd.quality?.delayFactor, odd.quality?.buffer, odd.bitrate) == (0, 0, 0))
    report.quality?.path = .multicast
    var totals = ReceptionTotals()
    for _ in 0..<10_000 { totals.add(Self.heard(report)) }
    let summary = totals.summary(of: 1)
    #expect(summary.worstJitter == 60_000_000)
    #expect(try !JSONEncoder().encode(summary).isEmpty)
  }

  @Test func addsUpWhatAllLoopsNote() {
    let receptions = Receptions()
    let (one, other) = (Audience(), Audience())
    var near = ReceptionTotals()
    near.add(Self.heard(Self.report(100, lost: 1, Quality(path: .multicast, repaired: 2, jitter: 100, delay: 1))))
    var far = ReceptionTotals()
    far.add(Self.heard(Self.report(300, lost: 3, Quality(path: .multicast, repaired: 4, jitter: 900, delay: 2))))
    far.add(Self.heard(Self.report(50, Quality(path: .stream, jitter: 77, delay: 70))))
    far.add(Self.heard(Self.report(10)))  // of a client that says no more
    receptions.note([7: near, 3: near], from: ObjectIdentifier(one))
    receptions.note([7: far], from: ObjectIdentifier(other))
    #expect(
      receptions.summaries == [
        .init(station: 3, reports: 1, received: 100, repaired: 2, lost: 1, jitter: 100, worstJitter: 100, delay: 1),
        .init(
          station: 7, reports: 4, streams: 1, received: 460, repaired: 6, lost: 4, jitter: 500, worstJitter: 900,
          delay: 1.5),
      ])
    receptions.note([:], from: ObjectIdentifier(one))
    #expect(receptions.summaries.map(\.station) == [7])
    #expect(receptions.summaries.first?.reports == 3)
  }

  @Test func answersInLinesThatAllCanRead() throws {
    let receptions = Receptions()
    #expect(String(buffer: receptions.answer()) == #"{"stations":[],"type":"receptions"}"# + "\n")
    var worst = ReceptionTotals()
    for _ in 0..<1_000 {
      worst.add(Self.heard(Self.report(.max, lost: .max, Quality(path: .multicast, repaired: .max, jitter: .max))))
    }
    let owner = Audience()
    receptions.note(
      Dictionary(uniqueKeysWithValues: (0..<1_000).map { (60_000 + $0, worst) }), from: ObjectIdentifier(owner))
    var answer = receptions.answer()
    var decoder = MessageDecoder<ServerMessage>()
    var numbers: [Int] = []
    while let line = try decoder.decode(buffer: &answer) {
      guard case .receptions(let page) = try line.get() else {
        Issue.record("\(line)")
        return
      }
      numbers += page.stations.map(\.station)
      #expect(page.more == (numbers.count < 1_000 ? true : nil))
    }
    #expect(numbers == Array(60_000..<61_000))
  }

  @Test(arguments: [(0, 1), (1_000, 1), (1_001, 2), (10_000, 10), (1_000_000, 60)])
  func wantsAThousandReportsASecondAtTheMost(receivers: Int, seconds: Int) {
    #expect(Receptions.interval(forReceivers: receivers) == seconds)
  }
}
