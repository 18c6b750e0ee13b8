import TSBytes
import TransportStream
import Wire

@testable import Reception

/// A station made by hand, with clocks: 25 pictures a second, two packets each, sound in PES packets of 24 ms of known
/// length, a random access point every `group` pictures. Its lead (from PCR to DTS) is `lead` counts of 90 kHz.
struct FeedStation {
  var number = 1
  /// The first PCR's base, 90 kHz modulo 2^33.
  var clock: UInt64 = 1_000_000
  var lead: UInt64 = 45_000
  var group = 10
  var hasSound = true
  /// How long after decoding a picture is shown, and its datagram's sound heard: 90 kHz.
  var delay: UInt64 = 3600
  var soundDelay: UInt64 = 0

  var tuning: Tuning { TSBytes.tuning(number) }
  var start: Int64 { 1_700_000_000 * 90_000 }

  struct Datagram {
    var date: Int64
    var bytes: [UInt8]
  }

  /// The first so many pictures' datagrams; each ends with sound. The fill of every packet tells the picture.
  func datagrams(pictures: Int, from first: Int = 0) -> [Datagram] {
    (first..<first + pictures).map { index in
      let pcr = (clock + UInt64(index) * 3600) & 0x1_FFFF_FFFF
      let dts = (pcr + lead) & 0x1_FFFF_FFFF
      let fill = UInt8(truncatingIfNeeded: number * 100 + index)
      var bytes: [UInt8] = []
      if index % group == 0 {
        bytes += TSBytes.packet(0, counter: index / group, unit: true, fill: fill)
        bytes += TSBytes.packet(0x1000, counter: index / group, unit: true, fill: fill)
      }
      let pts = (dts + delay) & 0x1_FFFF_FFFF
      bytes += Self.picture(counter: index * 2, pcr: pcr, pts: pts, dts: dts, access: index % group == 0, fill: fill)
      bytes += TSBytes.packet(0x100, counter: index * 2 + 1, fill: fill)
      if hasSound { bytes += Self.sound(counter: index, pts: (dts + soundDelay) & 0x1_FFFF_FFFF, fill: fill) }
      return Datagram(date: start + Int64(index) * 3600, bytes: bytes)
    }
  }

  /// A packet of 188 bytes with a PCR, and a PES packet's start with PTS and DTS (H.222.0, 2.4.3.6).
  static func picture(counter: Int, pcr: UInt64, pts: UInt64, dts: UInt64, access: Bool, fill: UInt8) -> [UInt8] {
    var bytes: [UInt8] = [0x47, 0x41, 0x00, 0x30 | UInt8(counter & 15), 7, access ? 0x50 : 0x10]
    let field = pcr << 15 | 0x3F << 9
    bytes += (0..<6).map { UInt8(truncatingIfNeeded: field >> UInt64(40 - 8 * $0)) }
    bytes += [0, 0, 1, 0xE0, 0, 0, 0x80, 0xC0, 10] + stamp(3, pts) + stamp(1, dts)
    return bytes + [UInt8](repeating: fill, count: 188 - bytes.count)
  }

  static func sound(counter: Int, pts: UInt64, fill: UInt8) -> [UInt8] {
    var bytes: [UInt8] = [0x47, 0x41, 0x01, 0x10 | UInt8(counter & 15)]
    bytes += [0, 0, 1, 0xC0, 0, 178, 0x80, 0x80, 5] + stamp(2, pts)
    return bytes + [UInt8](repeating: fill, count: 188 - bytes.count)
  }

  private static func stamp(_ prefix: UInt8, _ value: UInt64) -> [UInt8] {
    let high = UInt8(value >> 30 & 7) << 1
    let middle = UInt64(value >> 15 & 0x7FFF) << 1 | 1
    let low = UInt64(value & 0x7FFF) << 1 | 1
    return [prefix << 4 | high | 1] + [middle >> 8, middle, low >> 8, low].map { UInt8(truncatingIfNeeded: $0) }
  }
}

/// What came out of a feed, read by other means than it was written.
struct FeedOutput {
  struct Unit: Equatable {
    var pid: Int
    var pts: Int64
    var dts: Int64
    var fill: Int
    var packets: Int
  }

  var bytes: [UInt8] = []

  mutating func take(_ feed: inout PlayerFeed) {
    var taken: [UInt8] = []
    feed.drain { (span: Span<UInt8>) throws(Never) in
      for index in 0..<span.count { taken.append(span[index]) }
      return span.count
    }
    bytes += taken
  }

  private func number(_ at: Int, _ count: Int) -> UInt64 {
    bytes[at..<at + count].reduce(0) { $0 << 8 | UInt64($1) }
  }

  private func time(_ at: Int) -> Int64 {
    let value = number(at, 5)
    let (high, middle, low) = (value >> 33 & 7, value >> 17 & 0x7FFF, value >> 1 & 0x7FFF)
    return Int64(high << 30 | middle << 15 | low)
  }

  /// The PES packets of a PID, with how many packets of it follow until the next.
  func units(_ pid: Int) -> [Unit] {
    var units: [Unit] = []
    for at in stride(from: 0, to: bytes.count, by: 188) where Int(bytes[at + 1] & 0x1F) << 8 | Int(bytes[at + 2]) == pid
    {
      guard bytes[at + 1] & 0x40 != 0 else {
        if !units.isEmpty { units[units.count - 1].packets += 1 }
        continue
      }
      let pes = at + (bytes[at + 3] & 0x20 != 0 ? 5 + Int(bytes[at + 4]) : 4)
      let pts = time(pes + 9)
      units.append(
        Unit(
          pid: pid, pts: pts, dts: bytes[pes + 7] & 0x40 != 0 ? time(pes + 14) : pts, fill: Int(bytes[at + 187]),
          packets: 1))
    }
    return units
  }

  /// Each PCR's base, and whether its discontinuity_indicator is set.
  var clocks: [(base: Int64, isDiscontinuous: Bool)] {
    stride(from: 0, to: bytes.count, by: 188).compactMap { at in
      guard bytes[at + 3] & 0x20 != 0, bytes[at + 4] >= 7, bytes[at + 5] & 0x10 != 0 else { return nil }
      return (Int64(number(at + 6, 6) >> 15), bytes[at + 5] & 0x80 != 0)
    }
  }
}
