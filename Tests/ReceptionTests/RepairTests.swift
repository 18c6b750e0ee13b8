import FoundationEssentials
import Testing
import Wire

@testable import Reception

struct RepairTests {
  private static let millisecond: Int64 = 1_000_000

  private static func due(_ plan: inout RepairPlan, _ now: Int64) -> [[Int]] {
    var asked: [[Int]] = []
    plan.takeDue(now: now) { first, count, tries in
      asked.append([Int(first), count, tries])
      return true
    }
    return asked
  }

  @Test func whatIsMissedIsAskedForOnceTheDisorderIsOver() {
    var plan = RepairPlan(rate: 400, latency: 200 * Self.millisecond, now: 0)
    plan.miss(10, 13, now: 0)
    #expect(Self.due(&plan, Self.millisecond).isEmpty && plan.nextDue == 2 * Self.millisecond)
    #expect(Self.due(&plan, 2 * Self.millisecond) == [[10, 3, 0]])
    // Answers are taken to come within 20 ms: after a quarter more and 4 ms the next question, a probe.
    #expect(plan.nextDue == 31 * Self.millisecond)
    plan.hear(now: 10 * Self.millisecond)
    #expect(plan.fill(11, isRepair: true, now: 10 * Self.millisecond) == .init(wait: 10 * Self.millisecond, tries: 1))
    // A sixteenth less, and 0.1 ms.
    #expect(plan.answerTime.usual == 18_650_000)
    // That answer was none to these two, which the server has passed over.
    #expect(Self.due(&plan, 31 * Self.millisecond) == [[10, 1, 1], [12, 1, 1]])
    #expect(plan.fill(11, isRepair: true, now: 37 * Self.millisecond) == nil && plan.missing == 2)
    plan.forget(before: 12)
    #expect(plan.gaps.map(\.first) == [12] && plan.missing == 1)
    plan.forget(before: 13)
    #expect(plan.missing == 0 && plan.nextDue == .max)
  }

  /// A connection that says nothing has lost something, and what comes behind that brings it to light.
  @Test func whereNothingIsAnsweredOneIsAskedForAgainAndAgain() {
    var plan = RepairPlan(rate: 400, latency: 200 * Self.millisecond, now: 0)
    func due(_ milliseconds: Int64) -> [[Int]] { Self.due(&plan, milliseconds * Self.millisecond) }
    plan.miss(10, 13, now: 0)
    #expect(due(2) == [[10, 3, 0]] && due(30) == [])
    #expect(due(31) == [[10, 1, 1]] && plan.nextDue == 45_500_000)
    // Another question is as good as a probe.
    plan.miss(20, 22, now: 40 * Self.millisecond)
    #expect(due(46) == [[20, 2, 0]] && due(74) == [] && due(75) == [[10, 1, 2]])
    // Then what was asked for meanwhile is on its way.
    plan.hear(now: 80 * Self.millisecond)
    #expect(plan.fill(10, isRepair: true, now: 80 * Self.millisecond)?.tries == 1)
    let limit = plan.answerTime.limit
    #expect(plan.nextDue == 109 * Self.millisecond && due(109) == [])
    #expect(limit > 30 * Self.millisecond && plan.nextDue == 80 * Self.millisecond + limit)
    #expect(Self.due(&plan, plan.nextDue) == [[11, 2, 1], [20, 2, 1]])
    // Who asks anew asks for all.
    plan.askAnew(now: 120 * Self.millisecond)
    #expect(due(120) == [[11, 2, 0], [20, 2, 0]])
  }

  @Test func whoIsNeverAnsweredProbesOnceASecondForEver() {
    var probe = Probe()
    var now: Int64 = 0
    probe.ask(now: now, limit: 29 * Self.millisecond)
    for count in 1...300 {
      now = probe.due
      probe.send(now: now, limit: 29 * Self.millisecond)
      #expect(probe.count == count && probe.due > now && probe.due <= now + 1_000_000_000)
      if count > 20 { #expect(probe.due == now + 1_000_000_000) }
    }
  }

  @Test func aQuestionIsProbedForThatComesLongAfterTheLastAnswer() {
    var plan = RepairPlan(rate: 400, latency: 200 * Self.millisecond, now: 0)
    func due(_ milliseconds: Int64) -> [[Int]] { Self.due(&plan, milliseconds * Self.millisecond) }
    plan.miss(10, 11, now: 0)
    #expect(due(2) == [[10, 1, 0]])
    plan.miss(20, 21, now: 90 * Self.millisecond)
    plan.hear(now: 10 * Self.millisecond)
    _ = plan.fill(10, isRepair: true, now: 10 * Self.millisecond)
    #expect(due(92) == [[20, 1, 0]])
    #expect(plan.nextDue < 121 * Self.millisecond && due(121) == [[20, 1, 1]])
  }

  @Test func whoeverComesLateByItselfIsWaitedForLonger() {
    var plan = RepairPlan(rate: 400, latency: 200 * Self.millisecond, now: 0)
    plan.miss(10, 11, now: 0)
    #expect(plan.fill(10, isRepair: false, now: 8 * Self.millisecond) != nil)
    plan.miss(20, 21, now: 10 * Self.millisecond)
    // 8 ms, a quarter of it, 2 ms, and the least wait of 2 ms.
    #expect(plan.nextDue == 24 * Self.millisecond)
  }

  @Test func noMoreIsAskedForThanTheServerGrants() {
    var plan = RepairPlan(rate: 400, latency: 200 * Self.millisecond, now: 0)
    plan.miss(0, 300, now: 0)
    #expect(plan.isHopeless == false)
    #expect(Self.due(&plan, 2 * Self.millisecond) == [[0, 300, 0]])
    plan.clear()
    plan.miss(1000, 1150, now: 0)
    #expect(Self.due(&plan, 2 * Self.millisecond).isEmpty && plan.isHopeless)
    // 200 a second come to what is left of 400.
    plan.tick(now: 260 * Self.millisecond)
    #expect(Self.due(&plan, 260 * Self.millisecond) == [[1000, 150, 0]] && plan.isHopeless == false)
    plan.miss(2000, 2401, now: 0)
    #expect(plan.isHopeless == true)
  }

  @Test func linesAreTheProtocols() throws {
    var plan = RepairPlan(rate: 4000, latency: 200 * Self.millisecond, now: 0)
    plan.miss(4_611_686_018_427, 4_611_686_018_427 + 600, now: 0)
    for number in Int64(0)..<80 { plan.miss(5_000_000_000_000 + 2 * number, 5_000_000_000_001 + 2 * number, now: 0) }
    var messages: [ClientMessage] = []
    func say(_ write: (inout MutableSpan<UInt8>) -> Int) throws -> Bool {
      var room = [UInt8](repeating: 0, count: 2304)
      var span = room.mutableSpan
      let length = write(&span)
      guard length > 0 else { return false }
      #expect(room[length - 1] == UInt8(ascii: "\n"))
      messages.append(try JSONDecoder().decode(ClientMessage.self, from: Data(room[0..<length - 1])))
      return true
    }
    #expect(try say { StreamLine.pause(into: &$0) })
    #expect(try say { StreamLine.follow(from: 0, into: &$0) })
    #expect(try say { StreamLine.follow(from: .max, into: &$0) })
    while try say({ StreamLine.repair(&plan, now: 3 * Self.millisecond, into: &$0) { _ in true } }) {}
    let long: [[Int64]] = [[4_611_686_018_427, 512], [4_611_686_018_939, 88]]
    let singles = (0..<80).map { [5_000_000_000_000 + 2 * Int64($0), 1] }
    #expect(
      messages == [
        .pause, .follow(.init(from: 0)), .follow(.init(from: .max)),
        .repair(.init(packets: long + singles[..<62])), .repair(.init(packets: Array(singles[62...]))),
      ])
  }

  @Test func holdBackGrowsAtOnceAndIsForgottenSlowly() {
    var hold = HoldBack(limit: 200 * Self.millisecond, now: 0)
    hold.tick(now: 1_000_000_000)
    #expect(hold.delay == 0)
    hold.note(wait: 40 * Self.millisecond)
    #expect(hold.delay == 52 * Self.millisecond)
    hold.note(wait: 10 * Self.millisecond)
    #expect(hold.delay == 52 * Self.millisecond)
    hold.tick(now: 1_000_000_000 + HoldBack.halfLife)
    #expect(abs(hold.delay - 26 * Self.millisecond) < Self.millisecond)
    hold.note(wait: 900 * Self.millisecond)
    #expect(hold.delay == 200 * Self.millisecond)
    hold.tick(now: 1_000_000_000 + 20 * HoldBack.halfLife)
    #expect(hold.delay == 0)
  }
}
