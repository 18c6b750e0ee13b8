import Testing
import TransportStream
import Wire

@testable import AirWatch

@Suite struct FeedCheckTests {
  /// A packet with a payload that no other has; `clock` puts a PCR into it.
  private static func packet(_ pid: UInt16, _ number: Int, counter: Int, clock: UInt64? = nil) -> [UInt8] {
    var bytes: [UInt8] = [0x47, UInt8(pid >> 8), UInt8(pid & 0xFF), 0x10 | UInt8(counter & 15)]
    if let clock {
      bytes[3] |= 0x20
      bytes += [7, 0x10] + [UInt8](repeating: 0, count: 6)
      var room = bytes.mutableSpan
      ClockReference.write(clock, to: &room, at: 6)
    }
    while bytes.count < 188 { bytes.append(UInt8(truncatingIfNeeded: number &* 31 &+ bytes.count &* (number >> 4))) }
    return bytes
  }

  /// Two packets, the second with a PCR: `shift` is added to the clock, `counters` to the counters.
  private static func payload(_ n: Int, shift: UInt64 = 0, counters: Int = 0) -> [UInt8] {
    packet(0x101, 2 * n, counter: n + counters)
      + packet(0x100, 2 * n + 1, counter: n + counters, clock: UInt64(n) * 27_000 + shift)
  }

  private static func frame(_ n: Int) -> [UInt8] {
    let payload = payload(n)
    var bytes = [UInt8](repeating: 0, count: 14)
    var room = bytes.mutableSpan
    RTPFrame.writeLength(UInt16(12 + payload.count), to: &room, at: 0)
    RTPHeader(sequenceNumber: UInt16(truncatingIfNeeded: n), timestamp: UInt32(n * 90), ssrc: 7).write(
      into: &room, at: 2)
    return bytes + payload
  }

  /// From before the sequence number's wrap to behind it: one datagram a millisecond from the epoch on.
  private static let numbers = 65_500..<65_600
  private static let capture = AirCapture(frames: numbers.flatMap { frame($0) })

  private func check(_ numbers: some Sequence<Int>, before: [UInt8] = [], shift: UInt64 = 0, counters: Int = 0)
    -> FeedCheck
  {
    FeedCheck(Self.capture, feed: before + numbers.flatMap { Self.payload($0, shift: shift, counters: counters) })
  }

  @Test func aCaptureIsNumberedOverTheWrap() {
    #expect(Self.capture.datagrams.map(\.n) == Self.numbers.map { Int64($0) })
    #expect(Self.capture.missing == 0)
    let holed = AirCapture(frames: Self.frame(1) + Self.frame(2) + Self.frame(5) + Self.frame(4) + [1])
    #expect((holed.datagrams.map(\.n), holed.missing, holed.repeated) == ([1, 2, 5], 2, 1))
  }

  @Test func everythingThereIsFoundWithItsTables() {
    let found = check(65_510..<65_600, before: Self.packet(0, 0, counter: 3) + Self.packet(0x1000, 0, counter: 5))
    #expect((found.datagrams, found.missing, found.strange, found.lead, found.tail) == (90, 0, 0, 376, 0))
  }

  @Test func missingDatagramsAreNamed() {
    let found = check(Self.numbers.filter { $0 != 65_530 && !(65_540..<65_590).contains($0) })
    #expect((found.datagrams, found.missing, found.strange) == (100, 51, 0))
    #expect(found.gaps.map(\.from) == [65_530, 4])
    #expect(found.gaps.map(\.count) == [1, 50])
  }

  @Test func whatComesTwiceOrChangedIsStrange() {
    let twice = check([65_500, 65_501, 65_502, 65_502, 65_503, 65_504])
    #expect((twice.datagrams, twice.missing, twice.strange) == (5, 0, 376))
    var feed = Self.numbers.flatMap { Self.payload($0) }
    feed[376 * 50 + 100] ^= 1
    let changed = FeedCheck(Self.capture, feed: feed)
    #expect((changed.missing, changed.strange) == (1, 376))
    let swapped = check([65_500, 65_501, 65_503, 65_502, 65_504, 65_505])
    #expect((swapped.missing, swapped.strange) == (1, 376))
  }

  @Test func clocksAndCountersMayMoveByConstants() {
    let moved = check(Self.numbers, shift: 300_000, counters: 9)
    #expect((moved.datagrams, moved.missing, moved.strange, moved.clockShift) == (100, 0, 0, 300_000))
    let feed =
      (65_500..<65_550).flatMap { Self.payload($0) } + (65_550..<65_600).flatMap { Self.payload($0, counters: 1) }
    #expect(FeedCheck(Self.capture, feed: feed).tail == 50 * 376)
  }

  @Test func delaysAreOfTheDatagramsThere() {
    let feed = [65_500, 65_501, 65_503].flatMap { Self.payload($0) }
    let times = [(376, 65_502), (752, 65_503), (1128, 65_573)].map { (bytes: $0.0, date: Int64($0.1) * 1_000_000) }
    let found = FeedCheck(Self.capture, feed: feed, times: times)
    #expect(found.delays == [2_000_000, 2_000_000, 70_000_000])
    #expect(found.missing == 1)
    let whole = (65_500...65_503).flatMap { Self.payload($0) }
    let soon = FeedCheck(Self.capture, feed: whole, times: [(bytes: 4 * 376, date: 65_503_000_000)])
    #expect(found.delays(beside: soon) == [-1_000_000, 0, 70_000_000])
  }

  @Test func nothingOfTheStationIsNothing() {
    let none = FeedCheck(Self.capture, feed: [UInt8](repeating: 0x47, count: 1000))
    #expect((none.datagrams, none.lead) == (0, 1000))
    #expect(FeedCheck(AirCapture(frames: []), feed: []).datagrams == 0)
  }
}
