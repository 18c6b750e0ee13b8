/// Packet identifiers (13 bits, ISO/IEC 13818-1 §2.4.3.3).
///
/// The same on every tape and every station, so that a receiver can change station inside one player.
public enum PID {
  /// Program association table.
  public static var pat: UInt16 { 0x0000 }
  /// Service description table (EN 300 468 §5.1.3). On a tape, a packet with this PID is an SI slot.
  public static var sdt: UInt16 { 0x0011 }
  /// Time and date table (EN 300 468 §5.1.3).
  public static var tdt: UInt16 { 0x0014 }
  /// Program map table.
  public static var pmt: UInt16 { 0x1000 }
  public static var video: UInt16 { 0x0100 }
  /// The first audio track; the others follow in order. A radio station's audio starts here too.
  public static var firstAudio: UInt16 { 0x0101 }
  /// Null packets (§2.4.1).
  public static var null: UInt16 { 0x1FFF }

  /// How many different places ``slot(_:)`` gives.
  public static var slotCount: Int { 16 }

  /// The place of a house PID in a table of counters: PAT 0, PMT 1, video 2, audio 3 to 14, TDT 15; nil for
  /// every other PID: SI slots are counted apart.
  public static func slot(_ pid: UInt16) -> Int? {
    switch pid {
    case PID.pat: 0
    case PID.pmt: 1
    case PID.video..<PID.video + 13: Int(pid - PID.video) + 2
    case PID.tdt: 15
    default: nil
    }
  }
}
