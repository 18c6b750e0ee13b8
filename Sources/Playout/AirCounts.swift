import Tape
import TransportStream

/// What goes out between two dates: the numbers from which sequence numbers, continuity counters and SI slots follow.
///
/// They add and multiply as durations do, so that those of a million repeats of a schedule need no loop.
package struct AirCounts: Codable, Hashable, Sendable {
  package var duration: Ticks = .zero
  package var datagrams: Int64 = 0
  /// SI slots.
  package var slots: Int64 = 0
  /// Packets with payload, by ``PID/slot(_:)``.
  package var packets = SIMD16<Int64>(repeating: 0)

  package init() {}

  package init(_ tape: Tape) {
    duration = tape.info.duration
    datagrams = Int64(tape.datagramCount)
    slots = Int64(tape.slotCount)
    for packet in tape.packetCounts {
      if let slot = PID.slot(packet.pid) { packets[slot] = packet.count }
    }
  }

  /// How far the continuity counters have moved, modulo 16.
  var counterShifts: SIMD16<UInt8> { SIMD16(truncatingIfNeeded: packets & 0x0F) }

  package static func + (left: AirCounts, right: AirCounts) -> AirCounts { left.adding(right, times: 1) }
  package static func - (left: AirCounts, right: AirCounts) -> AirCounts { left.adding(right, times: -1) }
  package static func * (counts: AirCounts, factor: Int64) -> AirCounts { AirCounts().adding(counts, times: factor) }

  private func adding(_ other: AirCounts, times factor: Int64) -> AirCounts {
    var sum = self
    sum.duration += other.duration * factor
    sum.datagrams += other.datagrams * factor
    sum.slots += other.slots * factor
    sum.packets &+= other.packets &* factor
    return sum
  }

  /// Whether sums with these counts stay far from the ends of 64 bits.
  var isSane: Bool {
    let limit: Int64 = 1 << 60
    return [duration.count, datagrams, slots, packets.min(), packets.max()].allSatisfy { -limit < $0 && $0 < limit }
  }
}
