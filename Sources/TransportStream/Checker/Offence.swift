/// Something that a transport stream must not do, and where it did it.
package struct Offence: Codable, Hashable, Sendable, CustomStringConvertible {
  package enum Kind: String, Codable, CaseIterable, Sendable {
    /// A packet that does not begin with 0x47, or a datagram that is no whole number of packets.
    case sync
    /// A header that contradicts itself: adaptation field control 00, or an adaptation field longer than its packet.
    case header
    /// transport_error_indicator set (ISO/IEC 13818-1 §2.4.3.3).
    case transportError
    /// A packet lost, repeated more than once, or counted wrongly (§2.4.3.3).
    case continuity
    /// A packet repeated once, which the standard allows and a clean station never does.
    case duplicate
    /// A PCR at or before the one in front of it.
    case clockBack
    /// A PCR more than half a second after the one in front of it.
    case clockJump
    /// A PCR that moved 100 ms more or less than its packets' arrival.
    case clockDrift
    /// More than 40 ms between PCRs (TR 101 290 §5.2.2, 2.3a).
    case clockInterval
    /// A DTS (a PTS where no DTS is sent) at or before the one in front of it on its PID.
    case timestampBack
    /// A DTS more than a second after the one in front of it on its PID.
    case timestampJump
    /// An access unit not yet complete when its DTS comes.
    case timestampLate
    /// A PTS before its own DTS.
    case presentationBeforeDecoding
    /// More than 100 ms between PATs, or between PMTs; more than 2 s between SDTs.
    case associationInterval, mapInterval, descriptionInterval
    /// A section whose CRC is wrong.
    case sectionChecksum
    /// A PMT that changed without changing its version number (§2.4.4.9).
    case mapUnversioned
  }

  package let kind: Kind
  /// The packet's place in the stream, counted from 0.
  package let packet: Int64
  package let pid: UInt16
  /// How much: ticks for the clock, time stamps and intervals; the counter found, for continuity.
  package let amount: Int64

  package var description: String {
    let place = "packet \(packet), PID \(pid)"
    switch kind {
    case .sync, .header, .transportError, .duplicate, .sectionChecksum, .mapUnversioned: return "\(kind): \(place)"
    case .continuity: return "\(kind): \(place), counter \(amount)"
    default: return "\(kind): \(place), \(Ticks(amount).milliseconds) ms"
    }
  }
}

/// Counts offences by kind and keeps the first few; allocates nothing after its creation.
struct OffenceLog: Sendable {
  /// How many are kept.
  private static let kept = 20

  private(set) var counts = [Int](repeating: 0, count: Offence.Kind.allCases.count)
  private(set) var first: [Offence] = []

  init() { first.reserveCapacity(OffenceLog.kept) }

  mutating func note(_ kind: Offence.Kind, packet: Int64, pid: UInt16, amount: Int64 = 0) {
    counts[kind.ordinal] += 1
    if first.count < OffenceLog.kept {
      first.append(Offence(kind: kind, packet: packet, pid: pid, amount: amount))
    }
  }

  /// Every kind by its name, those that never happened too.
  var byName: [String: Int] {
    Dictionary(uniqueKeysWithValues: Offence.Kind.allCases.map { ($0.rawValue, counts[$0.ordinal]) })
  }
}

extension Offence.Kind {
  fileprivate var ordinal: Int { Offence.Kind.ordinals[self] ?? 0 }

  private static let ordinals = Dictionary(uniqueKeysWithValues: zip(allCases, 0...))
}

extension Ticks {
  /// In milliseconds, to the microsecond: for reports.
  package var milliseconds: Double { Double(nanoseconds / 1_000) / 1_000 }
}
