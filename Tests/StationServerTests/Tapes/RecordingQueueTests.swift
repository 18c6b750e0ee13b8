import Testing

@testable import StationServer

@Suite struct RecordingQueueTests {
  private func request(_ name: String) -> TapeRequest {
    TapeRequest(source: SourceFile(path: name, size: 1, modified: 1))
  }

  private let second: Int64 = 1_000_000_000

  @Test func startsAsManyAsThereAreSlots() {
    var queue = RecordingQueue(slots: 2)
    for name in ["a", "b", "c"] { queue.add(request(name), .init(programme: 0, station: 1)) }
    #expect(queue.start(at: 0).count == 2)
    #expect(queue.start(at: 0).isEmpty)
  }

  @Test func takesEveryStationsFirstProgrammeFirst() {
    var queue = RecordingQueue(slots: 1)
    queue.add(request("1b"), .init(programme: 1, station: 1))
    queue.add(request("2a"), .init(programme: 0, station: 2))
    queue.add(request("1a"), .init(programme: 0, station: 1))
    var order: [String] = []
    while let next = queue.start(at: 0).first {
      order.append(next.label)
      queue.succeeded(next)
    }
    #expect(order == ["1a", "2a", "1b"])
  }

  @Test func asksOnlyOnce() {
    var queue = RecordingQueue(slots: 3)
    queue.add(request("a"), .init(programme: 5, station: 1))
    queue.add(request("a"), .init(programme: 0, station: 2))
    #expect(queue.start(at: 0).count == 1)
    queue.add(request("a"), .init(programme: 0, station: 3))
    #expect(queue.start(at: 0).isEmpty)
  }

  @Test func waitsLongerAfterEachFailure() {
    var queue = RecordingQueue(slots: 1)
    let a = request("a")
    queue.add(a, .init(programme: 0, station: 1))
    var now: Int64 = 0
    var waits: [Int64] = []
    for failure in 1...6 {
      #expect(queue.start(at: now) == [a])
      #expect(queue.failed(a, .init(programme: 0, station: 1), at: now) == failure)
      let next = queue.nextTry ?? -1
      #expect(queue.start(at: next - 1).isEmpty)
      waits.append((next - now) / second)
      now = next
    }
    #expect(waits == [1, 4, 16, 64, 256, 256])
    _ = queue.start(at: now)
    queue.succeeded(a)
    queue.add(a, .init(programme: 0, station: 1))
    _ = queue.start(at: now)
    #expect(queue.failed(a, .init(programme: 0, station: 1), at: now) == 1)
  }

  @Test func letsOthersGoAheadOfOneThatWaits() {
    var queue = RecordingQueue(slots: 1)
    let (a, b) = (request("a"), request("b"))
    queue.add(a, .init(programme: 0, station: 1))
    queue.add(b, .init(programme: 9, station: 9))
    #expect(queue.start(at: 0) == [a])
    queue.failed(a, .init(programme: 0, station: 1), at: 0)
    #expect(queue.start(at: 0) == [b])
  }
}
