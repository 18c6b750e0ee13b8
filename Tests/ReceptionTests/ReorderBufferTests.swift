import TSBytes
import Testing

@testable import Reception

struct ReorderBufferTests {
  /// Feeds sequence numbers, one millisecond apart; each packet's payload is its own number.
  private struct Run: ~Copyable {
    var buffer = ReorderBuffer(patienceMilliseconds: 60)
    var out: [UInt16] = []
    var now: Int64 = 0

    mutating func feed(_ sequences: [UInt16]) {
      for sequence in sequences {
        let payload = [UInt8(sequence >> 8), UInt8(sequence & 0xFF)]
        buffer.accept(sequence, payload.span, now: now) { out.append(UInt16($0[0]) << 8 | UInt16($0[1])) }
        now += 1_000_000
      }
    }

    mutating func wait(milliseconds: Int64) {
      now += milliseconds * 1_000_000
      buffer.expire(now: now) { out.append(UInt16($0[0]) << 8 | UInt16($0[1])) }
    }
  }

  @Test func inOrderOverTheWrapGoesStraightThrough() {
    var run = Run()
    run.feed([65534, 65535, 0, 1])
    #expect(run.out == [65534, 65535, 0, 1])
    #expect((run.buffer.received, run.buffer.lost, run.buffer.duplicates) == (4, 0, 0))
  }

  @Test func swappedOverTheWrapIsPutBack() {
    var run = Run()
    run.feed([65533, 65535, 0, 65534, 1])
    #expect(run.out == [65533, 65534, 65535, 0, 1])
    #expect((run.buffer.received, run.buffer.lost, run.buffer.duplicates) == (5, 0, 0))
  }

  @Test func duplicatesAreDroppedWhetherHeldOrGone() {
    var run = Run()
    run.feed([7, 7, 9, 9, 8, 8, 9, 10])
    #expect(run.out == [7, 8, 9, 10])
    #expect((run.buffer.received, run.buffer.lost, run.buffer.duplicates) == (4, 0, 4))
  }

  @Test func aMissingPacketIsWaitedForAndThenLost() {
    var run = Run()
    run.feed([1, 3, 4])
    run.wait(milliseconds: 50)
    #expect(run.out == [1])
    run.wait(milliseconds: 10)
    #expect(run.out == [1, 3, 4])
    run.feed([2, 5])  // too late
    #expect(run.out == [1, 3, 4, 5])
    #expect((run.buffer.received, run.buffer.lost, run.buffer.duplicates) == (4, 1, 1))
  }

  @Test func twoHolesAreGivenUpEachInItsTime() {
    var run = Run()
    run.feed([1, 3])
    run.wait(milliseconds: 40)
    run.feed([5])
    run.wait(milliseconds: 20)
    #expect(run.out == [1, 3])
    run.wait(milliseconds: 40)
    #expect(run.out == [1, 3, 5])
    #expect(run.buffer.lost == 2)
  }

  @Test func aLongOutageIsCountedAndTheStreamGoesOn() {
    var run = Run()
    run.feed([10] + (1010..<1200))
    run.wait(milliseconds: 100)
    #expect(run.out == [10] + (1010..<1200))
    #expect(run.buffer.lost == 999)
  }

  @Test func aStrayNumberIsIgnoredAndANewBeginningIsFollowed() {
    var run = Run()
    run.feed([10, 30000, 11, 12])
    #expect(run.out == [10, 11, 12])
    run.feed([40000, 40001, 40002])
    #expect(run.out == [10, 11, 12, 40001, 40002])
    // Backwards: another beginning, with nothing lost that could be counted.
    let lost = run.buffer.lost
    run.feed([20000, 20001])
    #expect(run.out.last == 20001)
    #expect(run.buffer.lost == lost)
  }

  @Test func tooLongPayloadsAreRefused() {
    var buffer = ReorderBuffer()
    let long = [UInt8](repeating: 0x47, count: ReorderBuffer.slotSize + 1)
    buffer.accept(1, long.span, now: 0) { _ in Issue.record("delivered") }
    #expect(buffer.received == 0)
  }

  /// Any local disorder, losses and duplicates: what comes out ascends, and every packet is accounted for.
  @Test(arguments: 1...40) func seededDisorder(seed: UInt64) {
    var random = SplitMix(state: seed)
    let start = UInt16.random(in: .min ... .max, using: &random)
    let count = 2000
    var sent: [(at: Int, sequence: UInt16)] = []
    var missing: Set<UInt16> = []
    for index in 0..<count {
      let sequence = start &+ UInt16(index)
      if index > 0, index < count - 100, Int.random(in: 0..<50, using: &random) == 0 {
        missing.insert(sequence)
        continue
      }
      let delay = index == 0 ? 0 : Int.random(in: 0..<20, using: &random)
      sent.append((index + delay, sequence))
      if Int.random(in: 0..<30, using: &random) == 0 { sent.append((index + delay + 5, sequence)) }
    }
    sent.sort { $0.at < $1.at }
    // The very first may not be overtaken: a receiver cannot know what came before it.
    sent.removeAll { $0.sequence == start }
    var run = Run()
    run.feed([start] + sent.map(\.sequence))
    run.wait(milliseconds: 1000)
    let expected = (0..<count).map { start &+ UInt16($0) }.filter { !missing.contains($0) }
    #expect(run.out == expected)
    #expect(run.buffer.received == UInt64(expected.count))
    #expect(run.buffer.lost == UInt64(missing.count))
    #expect(run.buffer.duplicates == UInt64(sent.count + 1 - expected.count))
  }
}
