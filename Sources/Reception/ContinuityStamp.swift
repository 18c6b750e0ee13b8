import TransportStream

/// Continuity counters (ISO/IEC 13818-1, 2.4.3.3) that go on over a change of station: after a splice each PID's counters
/// are moved by what makes its first packet follow the last one before. Within a station they keep their distances, so
/// that a lost packet still shows.
struct ContinuityStamp: Sendable {
  private static let none: UInt8 = 0xFF

  /// The last counter that went out, by PID.
  private var last = [UInt8](repeating: none, count: 8192)
  /// What is added to a PID's counters since its first packet after the splice.
  private var shifts = [UInt8](repeating: 0, count: 8192)
  /// The splice after which a PID's shift was found.
  private var epochs = [UInt16](repeating: 0, count: 8192)
  private var epoch: UInt16 = 0

  /// The next packets are another station's.
  mutating func splice() { epoch &+= 1 }

  /// The last counter of a PID that went out; nil when there was none.
  func last(_ pid: UInt16) -> UInt8? { last[Int(pid)] == Self.none ? nil : last[Int(pid)] }

  /// What went out of a PID after this counter has been taken back.
  mutating func rewind(_ pid: UInt16, to counter: UInt8?) { last[Int(pid)] = counter ?? Self.none }

  /// Stamps the packet at `offset`.
  mutating func stamp(_ bytes: inout MutableSpan<UInt8>, at offset: Int) {
    let pid = Int(bytes[offset + 1] & 0x1F) << 8 | Int(bytes[offset + 2])
    guard pid != PID.null else { return }
    let counter = bytes[offset + 3] & 0x0F
    if epochs[pid] != epoch {
      epochs[pid] = epoch
      let step: UInt8 = bytes[offset + 3] & 0x10 == 0 ? 0 : 1
      shifts[pid] = last[pid] == Self.none ? 0 : (last[pid] &+ step &- counter) & 0x0F
    }
    last[pid] = (counter &+ shifts[pid]) & 0x0F
    TSPacket.setContinuityCounter(last[pid], in: &bytes, at: offset)
  }
}
