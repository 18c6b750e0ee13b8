/// Packet identifiers (13 bits, ISO/IEC 13818-1 §2.4.3.3).
///
/// The same on every tape and every station, so that a receiver can change station inside one player.
package enum PID {
  /// Program association table.
  package static let pat: UInt16 = 0x0000
  /// Service description table (EN 300 468 §5.1.3). On a tape, a packet with this PID is an SI slot.
  package static let sdt: UInt16 = 0x0011
  /// Time and date table (EN 300 468 §5.1.3).
  package static let tdt: UInt16 = 0x0014
  /// Program map table.
  package static let pmt: UInt16 = 0x1000
  package static let video: UInt16 = 0x0100
  /// The first audio track; the others follow in order. A radio station's audio starts here too.
  package static let firstAudio: UInt16 = 0x0101
  /// Null packets (§2.4.1).
  package static let null: UInt16 = 0x1FFF

  /// How many different places ``slot(_:)`` gives.
  package static let slotCount = 16

  /// The place of a house PID in a table of counters: PAT 0, PMT 1, video 2, audio 3 to 14, TDT 15; nil for
  /// every other PID: SI slots are counted apart.
  package static func slot(_ pid: UInt16) -> Int? {
    switch pid {
    case PID.pat: 0
    case PID.pmt: 1
    case PID.video..<PID.video + 13: Int(pid - PID.video) + 2
    case PID.tdt: 15
    default: nil
    }
  }
}
