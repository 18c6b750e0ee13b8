/// Numbers as people read them.
enum Figures {
  /// "0:07", "12:30", "1:02:03"; negative counts as none.
  static func time(seconds: Double) -> String {
    guard seconds.isFinite, seconds < 1e9 else { return "–" }
    let total = Int(max(0, seconds).rounded(.up))
    let (hours, minutes, rest) = (total / 3600, total / 60 % 60, total % 60)
    let two: (Int) -> String = { $0 < 10 ? "0\($0)" : "\($0)" }
    return hours > 0 ? "\(hours):\(two(minutes)):\(two(rest))" : "\(minutes):\(two(rest))"
  }

  /// "4.5 Mb/s", "64 kb/s"; "–" where it is not known.
  static func rate(bitsPerSecond: Int) -> String {
    switch bitsPerSecond {
    case ..<1: return "–"
    case ..<1_000_000: return "\((bitsPerSecond + 500) / 1000) kb/s"
    default:
      let tenths = bitsPerSecond / 100_000 + (bitsPerSecond % 100_000 >= 50_000 ? 1 : 0)
      return "\(tenths / 10).\(tenths % 10) Mb/s"
    }
  }

  /// "812 kB", "45.2 MB", "1.2 GB".
  static func size(bytes: UInt64) -> String {
    guard bytes >= 1_000_000 else { return "\((bytes + 500) / 1000) kB" }
    let (unit, name): (UInt64, String) = bytes < 1_000_000_000 ? (1_000_000, "MB") : (1_000_000_000, "GB")
    let tenths = bytes / (unit / 10)
    return "\(tenths / 10).\(tenths % 10) \(name)"
  }

  /// "1 packet", "2 packets".
  static func count(_ number: UInt64, _ noun: String) -> String {
    "\(number) \(noun)\(number == 1 ? "" : "s")"
  }
}
