import TSBytes
import Testing

@testable import Reception

struct DatagramQueueTests {
  private func append(_ queue: inout DatagramQueue, _ number: UInt8, isAccess: Bool = false) {
    let bytes = [UInt8](repeating: number, count: 188)
    queue.append(bytes.span, isAccess: isAccess)
  }

  private func numbers(_ bytes: [UInt8]) -> [UInt8] {
    stride(from: 0, to: bytes.count, by: 188).map { bytes[$0] }
  }

  @Test func firstInFirstOut() {
    var queue = DatagramQueue(capacity: 4)
    for number in 1...3 { append(&queue, UInt8(number)) }
    #expect(numbers(drained(&queue)) == [1, 2, 3])
    #expect(queue.count == 0 && queue.dropped == 0)
  }

  @Test func aPlayerThatTakesLittleLosesNothing() {
    var queue = DatagramQueue(capacity: 4)
    var out: [UInt8] = []
    for number in 1...20 {
      append(&queue, UInt8(number))
      var allowance = 250
      queue.drain { (bytes: Span<UInt8>) throws(Never) in
        let taken = min(bytes.count, allowance)
        allowance -= taken
        for index in 0..<taken { out.append(bytes[index]) }
        return taken
      }
    }
    out += drained(&queue)
    #expect(numbers(out) == (1...20).map { UInt8($0) })
    #expect(out.count == 20 * 188)
  }

  @Test func aStalledPlayerGoesOnAtTheNextAccessPoint() {
    var queue = DatagramQueue(capacity: 8)
    for number in 1...8 { append(&queue, UInt8(number), isAccess: number == 1 || number == 5) }
    append(&queue, 9)
    #expect(queue.dropped == 4)
    #expect(numbers(drained(&queue)) == [5, 6, 7, 8, 9])
  }

  @Test func aHalfTakenPieceIsFinishedFirst() {
    var queue = DatagramQueue(capacity: 8)
    for number in 1...8 { append(&queue, UInt8(number), isAccess: number == 6) }
    var out: [UInt8] = []
    queue.drain { (bytes: Span<UInt8>) throws(Never) in
      guard out.isEmpty else { return 0 }
      for index in 0..<100 { out.append(bytes[index]) }
      return 100
    }
    append(&queue, 9)
    #expect(queue.dropped == 4)
    out += drained(&queue)
    #expect(out.count == 5 * 188)
    #expect(numbers(out) == [1, 6, 7, 8, 9])
  }

  @Test func withoutAnAccessPointEverythingGoesAndTheNextOneIsWaitedFor() {
    var queue = DatagramQueue(capacity: 4)
    for number in 1...6 { append(&queue, UInt8(number)) }
    #expect(queue.count == 0)
    append(&queue, 7, isAccess: true)
    append(&queue, 8)
    #expect(numbers(drained(&queue)) == [7, 8])
    #expect(queue.dropped == 6)
  }

  @Test func anErrorOfThePlayerComesThrough() {
    struct Gone: Error {}
    var queue = DatagramQueue(capacity: 4)
    append(&queue, 1)
    var thrown = false
    do throws(Gone) {
      try queue.drain { (_: Span<UInt8>) throws(Gone) in throw Gone() }
    } catch {
      thrown = true
    }
    #expect(thrown && queue.count == 1)
  }
}
