import Testing
import TransportStream

@testable import Reception

/// Every figure expected here is worked out by hand from the formula that stands beside it.
@Suite struct ReceptionMeterTests {
  private static let epoch: Int64 = 1_795_359_872
  private static let packets = [UInt8](repeating: 0x47, count: 7 * 188).enumerated().map { $0 % 188 == 3 ? 0x10 : $1 }

  /// RTP's timestamp so many milliseconds after a moment: Unix time in 90 kHz modulo 2^32.
  private static func timestamp(_ milliseconds: Int64) -> UInt32 {
    UInt32(truncatingIfNeeded: epoch * 90_000 + milliseconds * 90)
  }

  private static func unix(_ milliseconds: Double) -> Int64 { epoch * 1_000_000_000 + Int64(milliseconds * 1e6) }

  /// Takes datagrams in: when each is dated and when it comes, in milliseconds.
  private static func take(_ meter: inout ReceptionMeter, _ datagrams: [(date: Int64, arrival: Double)]) {
    for (date, arrival) in datagrams {
      meter.multicast(
        timestamp: timestamp(date), packets: packets.span, arrival: unix(arrival), now: Int64(arrival * 1e6))
    }
  }

  /// RFC 3550, 6.4.1: J += (|D| - J) / 16. Transits of 1, 2.6, 1, 2.6 ms, so |D| is 1600 us three times:
  /// 0 + 1600/16 = 100; 100 + 1500/16 = 193.75; 193.75 + 1406.25/16 = 281.64.
  @Test(arguments: [(2, 100), (3, 193), (4, 281)])
  func jitter(datagrams: Int, microseconds: Int) {
    var meter = ReceptionMeter()
    let all: [(Int64, Double)] = [(0, 1), (10, 12.6), (20, 21), (30, 32.6)]
    Self.take(&meter, Array(all.prefix(datagrams)))
    #expect(meter.second(now: 1_000_000_000).jitter == microseconds)
  }

  /// Jitter is a running mean: a second without datagrams leaves it, and the next one goes on from there.
  @Test func jitterGoesOn() {
    var meter = ReceptionMeter()
    Self.take(&meter, [(0, 1), (10, 12.6)])
    #expect(meter.second(now: 20_000_000).jitter == 100)
    #expect(meter.second(now: 21_000_000).jitter == 100)
    Self.take(&meter, [(20, 21)])
    #expect(meter.second(now: 30_000_000).jitter == 193)
  }

  /// RFC 4445, 3.1. 1,316 bytes every 10 ms are drained at 131,600 byte/s, from the first arrival on. The buffer just
  /// before and after each datagram: 0, 1316 | 0, 1316 | -2632, -1316 | -1447.6, -131.6.
  /// DF = (1316 + 2632) / 131600 = 30 ms.
  @Test func delayFactor() {
    var meter = ReceptionMeter()
    Self.take(&meter, [(0, 5), (10, 15), (20, 45), (30, 46)])
    #expect(meter.second(now: 1_000_000_000).delayFactor == 30_000)
  }

  /// The best that can be: a buffer for one datagram. The next second begins anew.
  @Test func evenArrival() {
    var meter = ReceptionMeter()
    Self.take(&meter, [(0, 5), (10, 90), (20, 95)])
    _ = meter.second(now: 100_000_000)
    Self.take(&meter, [(100, 105), (110, 115), (120, 125)])
    #expect(meter.second(now: 200_000_000).delayFactor == 10_000)
  }

  /// RFC 4445, 3.2: two datagrams lost and one out of order, with seven transport packets each.
  @Test func mediaLossRate() {
    var meter = ReceptionMeter()
    Self.take(&meter, [(0, 1), (20, 21), (10, 22), (50, 51)])
    meter.missed(2)
    #expect(meter.second(now: 1_000_000_000).mediaLossRate == 21)
    #expect(meter.second(now: 2_000_000_000).mediaLossRate == 0)
    // Whatever a server's numbers make of it.
    for _ in 0..<3 { meter.missed(.max) }
    #expect(meter.second(now: 3_000_000_000).mediaLossRate > 1 << 32)
  }

  @Test func counts() {
    var meter = ReceptionMeter()
    Self.take(&meter, [(0, 0), (10, 10), (20, 20)])
    let second = meter.second(now: 500_000_000)
    #expect(second.datagrams == 3)
    // 3 * 1316 bytes in half a second.
    #expect(second.bitrate == 63_168)
  }

  /// The timestamp wraps between the datagrams: 2^32 counts of 90 kHz.
  @Test func delayOverTheWrap() {
    var meter = ReceptionMeter()
    // 2^32 * 41 counts are 1,956,596,189.19 s after the epoch.
    let wrap: Int64 = 4_294_967_296 * 41
    let nanoseconds = wrap / 9 * 100_000
    for (step, counts) in [Int64(-900), -450, 0, 450].enumerated() {
      let arrival = nanoseconds + counts * 100_000 / 9 + 12_500_000 + 55_555
      meter.multicast(
        timestamp: UInt32(truncatingIfNeeded: wrap + counts), packets: Self.packets.span, arrival: arrival,
        now: Int64(step))
    }
    let second = meter.second(now: 1_000_000_000)
    #expect(abs((second.delay ?? 0) - 12.5) < 0.1)
    #expect(second.delayFactor / 100 == 50)
  }

  /// Where nothing keeps one of the clocks, what they differ by is no delay.
  @Test(arguments: [true, false]) func clocksThatNothingKeeps(areKept: Bool) {
    var meter = ReceptionMeter(comparesClocks: areKept)
    Self.take(&meter, [(0, 1), (10, 12.6), (20, 21)])
    let second = meter.second(now: 1_000_000_000)
    #expect((second.delay != nil) == areKept)
    #expect(second.delayFactor > 0)
  }

  /// A receiver whose clock is an hour off cannot tell the delay, but all that differences tell.
  @Test func wrongClock() {
    var meter = ReceptionMeter()
    let hour = 3_600_000.0
    Self.take(&meter, [(0, hour + 1), (10, hour + 12.6), (20, hour + 21)])
    let second = meter.second(now: 1_000_000_000)
    #expect(second.delay == nil)
    #expect(second.jitter == 193)
    #expect(second.delayFactor == 11_600)
  }

  /// A clock that is set while the station plays is no jitter.
  @Test func clockIsSet() {
    var meter = ReceptionMeter()
    Self.take(&meter, [(0, 1), (10, 11), (20, 60_021), (30, 60_031), (40, 60_041)])
    let second = meter.second(now: 1_000_000_000)
    #expect(second.jitter == 0)
    #expect(second.delayFactor == 10_000)
  }

  /// Without dates of the kernel's there is no delay, and the steady time tells the rest.
  @Test func withoutKernelDates() {
    var meter = ReceptionMeter()
    for (date, now) in [(Int64(0), 1.0), (10, 12.6), (20, 21), (30, 32.6)] {
      meter.multicast(
        timestamp: Self.timestamp(date), packets: Self.packets.span, arrival: 0, now: 77_000_000_000 + Int64(now * 1e6))
    }
    let second = meter.second(now: 78_000_000_000)
    #expect(second.delay == nil)
    #expect(second.jitter == 281)
  }

  /// The packets with a clock reference in the third: an adaptation field of 7 bytes with the PCR flag.
  private static func packets(clock ticks: Int64) -> [UInt8] {
    var bytes = packets
    bytes.replaceSubrange(376 + 3..<376 + 6, with: [0x30, 7, 0x10])
    let pcr = UInt64(ticks % (8_589_934_592 * 300))
    let field = (pcr / 300) << 15 | 0x7E00 | pcr % 300
    for index in 0..<6 { bytes[376 + 6 + index] = UInt8(truncatingIfNeeded: field >> UInt64(40 - 8 * index)) }
    return bytes
  }

  /// Another sender's clock references leap by half of what they count to, over and over.
  @Test(arguments: [true, false])
  func clockReferencesThatLeapAreLeftOut(isRTP: Bool) {
    var meter = ReceptionMeter()
    for index in Int64(0)..<2_000 {
      let bytes = Self.packets(clock: (Self.epoch + index * 47_720) * 27_000_000)
      meter.multicast(
        timestamp: isRTP ? Self.timestamp(index) : nil, packets: bytes.span, arrival: Self.unix(Double(index)),
        now: index * 1_000_000)
    }
    let leapt = meter.second(now: 2_000_000_000)
    #expect(leapt.datagrams == 2_000 && leapt.delayFactor <= 1_000)
    // Then the station's are what they were.
    for (date, transit) in [(Int64(5000), 2.0), (5020, 2), (5040, 3), (5060, 4), (5080, 4)] {
      let bytes = Self.packets(clock: Self.epoch * 27_000_000 + date * 27_000)
      meter.multicast(
        timestamp: isRTP ? Self.timestamp(date) : nil, packets: bytes.span, arrival: Self.unix(Double(date) + transit),
        now: date * 1_000_000)
    }
    let second = meter.second(now: 6_000_000_000)
    #expect(second.delay.map { $0 >= 2 && $0 <= 4 } == true && second.clockJitter <= 2000)
  }

  /// Clock references that are 2, 3, 4 and 7 ms on the way: 4 ms in the mean, the last one is 3 ms off. They tell a station
  /// without RTP all the rest as well.
  @Test(arguments: [true, false])
  func clockReferences(isRTP: Bool) {
    var meter = ReceptionMeter()
    for (date, transit) in [(Int64(0), 2.0), (20, 3), (40, 4), (60, 7)] {
      let bytes = Self.packets(clock: Self.epoch * 27_000_000 + date * 27_000)
      meter.multicast(
        timestamp: isRTP ? Self.timestamp(date) : nil, packets: bytes.span, arrival: Self.unix(Double(date) + transit),
        now: date * 1_000_000)
      // One without a clock reference between any two, where there is RTP sent ahead of its date.
      let next = Self.unix(Double(date) + (isRTP ? transit : 12))
      meter.multicast(
        timestamp: isRTP ? Self.timestamp(date + 8) : nil, packets: Self.packets.span, arrival: next,
        now: date * 1_000_000)
    }
    let second = meter.second(now: 1_000_000_000)
    #expect(second.clockJitter == 3_000)
    #expect(second.delay == 4)
    if isRTP {
      // Transits of -6 to 7 ms, and 68 ms for seven steps.
      #expect(second.delayFactor == 22_714)
    } else {
      // Transits of 2 to 7 ms, and 60 ms for six steps. |D| is 1000, 1000, 3000 us: 62.5; 121.09; 301.03.
      #expect(second.delayFactor == 15_000)
      #expect(second.jitter == 301)
    }
  }
}
