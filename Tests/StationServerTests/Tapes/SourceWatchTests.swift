import Testing

@testable import StationServer

@Suite struct SourceWatchTests {
  private let old = SourceFile(path: "/a", size: 1, modified: 1)
  private let new = SourceFile(path: "/a", size: 2, modified: 2)

  @Test func aFileIsReplacedOnceItIsStill() {
    var watch = SourceWatch()
    #expect(watch.replacement(of: 0, known: old, found: new, now: 0) == nil)
    #expect(watch.replacement(of: 0, known: old, found: new, now: SourceWatch.stillness - 1) == nil)
    #expect(watch.replacement(of: 0, known: old, found: new, now: SourceWatch.stillness) == new)
  }

  @Test func twoProgrammesOfOneFileAreToldApart() {
    var watch = SourceWatch()
    for now in [0, SourceWatch.stillness] {
      #expect(watch.replacement(of: 0, known: old, found: new, now: now) == (now > 0 ? new : nil))
      #expect(watch.replacement(of: 1, known: new, found: new, now: now) == nil)
    }
  }
}
