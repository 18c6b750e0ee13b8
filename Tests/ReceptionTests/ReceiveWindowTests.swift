import Testing

@testable import Reception

struct ReceiveWindowTests {
  private static func payload(_ number: Int64) -> [UInt8] { [0x47, UInt8(truncatingIfNeeded: number)] }

  private static func put(_ window: inout ReceiveWindow, _ number: Int64, origin: Int = 0) -> ReceiveWindow.Verdict {
    window.put(number, timestamp: UInt32(truncatingIfNeeded: number * 7), origin: origin, payload(number).span)
  }

  private static func takeAll(_ window: inout ReceiveWindow) -> [UInt8] {
    var taken: [UInt8] = []
    while window.contiguous > window.next { window.take { taken.append($0[1]) } }
    return taken
  }

  @Test func whateverOrderTheyComeInTheyLeaveInTheirs() {
    var window = ReceiveWindow(capacity: 8)
    window.begin(at: 1000)
    for number: Int64 in [1003, 1001, 1007, 1000, 1002] { #expect(Self.put(&window, number) == .new) }
    #expect(window.contiguous == 1004 && window.end == 1008 && window.held == 5)
    #expect(Self.takeAll(&window) == [232, 233, 234, 235])
    #expect(window.next == 1004 && window.isBlocked && window.firstHeld == 1007)
    #expect(window.holds(1007) && !window.holds(1006) && window.timestamp(of: 1001) == 7007)
  }

  @Test func everyVerdictIsWhatItSays() {
    var window = ReceiveWindow(capacity: 8)
    window.begin(at: 100)
    #expect(Self.put(&window, 99) == .past)
    #expect(Self.put(&window, 108) == .beyond)
    #expect(Self.put(&window, 107) == .new)
    #expect(Self.put(&window, 107) == .duplicate)
    #expect(Self.put(&window, 107, origin: 1) == .again)
    #expect(Self.put(&window, 107, origin: ReceiveWindow.stream) == .again)
    #expect(Self.put(&window, 107, origin: ReceiveWindow.stream) == .duplicate)
    #expect(window.put(107, timestamp: 1, origin: 2, Self.payload(107).span) == .differs)
    #expect(window.put(101, timestamp: 1, origin: 2, [UInt8]().span) == .refused)
    #expect(
      window.put(101, timestamp: 1, origin: 2, [UInt8](repeating: 0x47, count: ReceiveWindow.slotSize + 1).span)
        == .refused)
    #expect(Self.put(&window, 100) == .new)
    #expect(Self.takeAll(&window) == [100])
    #expect(Self.put(&window, 100) == .duplicate)
    #expect(window.skip(to: 107) == 6)
    #expect(Self.put(&window, 103) == .late)
    #expect(Self.takeAll(&window) == [107])
  }

  @Test func aSkipPastEverythingBeginsThere() {
    var window = ReceiveWindow(capacity: 8)
    window.begin(at: 0)
    for number: Int64 in [0, 2, 3] { #expect(Self.put(&window, number) == .new) }
    #expect(window.skip(to: 1000) == 997)
    #expect(window.next == 1000 && window.end == 1000 && window.held == 0 && window.timestamp(of: 3) == nil)
    #expect(Self.put(&window, 1007) == .new && Self.put(&window, 1000) == .new)
    #expect(Self.takeAll(&window) == [232])
  }

  @Test func otherNumbersForTheSameDatagramsChangeNothingElse() {
    var window = ReceiveWindow(capacity: 8)
    window.begin(at: 65_530)
    #expect(Self.put(&window, 65_530) == .new && Self.put(&window, 65_533) == .new)
    window.renumber(by: 3 << 16)
    #expect(window.next == 65_530 + (3 << 16))
    #expect(window.holds(65_533 + (3 << 16)) && window.timestamp(of: 65_533 + (3 << 16)) == 65_533 * 7)
    #expect(Self.takeAll(&window) == [250])
  }

  @Test func payloadsTakeNoMoreMemoryThanAreHeldAtOnce() {
    var window = ReceiveWindow(capacity: 1024)
    window.begin(at: 5)
    for number in Int64(5)..<20_000 {
      #expect(Self.put(&window, number) == .new)
      if number % 3 == 0 { _ = Self.takeAll(&window) }
    }
    #expect(window.touched == 3)
  }
}
