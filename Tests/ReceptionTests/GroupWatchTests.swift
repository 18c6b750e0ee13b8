import Testing

@testable import Reception

struct GroupWatchTests {
  private static let second: Int64 = 1_000_000_000

  @Test func inSilenceItLooksAndJoinsAgain() {
    var watch = GroupWatch(now: 0)
    var duties: [(Int64, GroupWatch.Duty)] = []
    for tenth in Int64(1)...250 {
      let now = tenth * Self.second / 10
      #expect((watch.wake <= now) == (tenth % 20 == 0 || tenth == 100 || tenth == 200))
      if let duty = watch.duty(now: now) { duties.append((tenth, duty)) }
    }
    #expect(duties.filter { $0.1 == .rejoin }.map(\.0) == [100, 200])
    #expect(duties.filter { $0.1 == .look }.map(\.0) == [20, 40, 60, 80, 120, 140, 160, 180, 220, 240])
  }

  @Test func whatArrivesPutsThatOff() {
    var watch = GroupWatch(now: 0)
    for step in Int64(1)...100 {
      let now = step * Self.second
      #expect(watch.duty(now: now) == nil)
      watch.arrived(now: now)
    }
    #expect(watch.duty(now: 101 * Self.second) == nil)
    #expect(watch.duty(now: 102 * Self.second) == .look)
  }
}
