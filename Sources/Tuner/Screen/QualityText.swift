import Wire

/// How well a station is received, in words.
enum QualityText {
  /// What the live line says of it: what was done for the viewer, and what the network does.
  static func parts(_ quality: Quality) -> [String] {
    var parts: [String] = []
    if quality.path == .stream { parts.append("over TCP") }
    if quality.repaired > 0 { parts.append("\(quality.repaired) repaired") }
    if quality.late > 0 { parts.append("\(quality.late) late") }
    if quality.path == .multicast {
      parts.append("jitter \(milliseconds(quality.jitter))")
      parts.append("MDI \(index(quality))")
      if let delay = quality.delay { parts.append("delay \(rounded(delay)) ms") }
    }
    if let buffer = quality.buffer { parts.append("buffer \(buffer) ms") }
    return parts
  }

  /// What has become of datagrams.
  static func counts(_ quality: Quality) -> String {
    "\(quality.repaired) repaired, \(quality.late) late, \(quality.reordered) reordered, \(quality.duplicated) duplicated"
  }

  /// How they arrive by multicast; nil while none do.
  static func arrival(_ quality: Quality) -> String? {
    guard quality.path == .multicast else { return nil }
    let delay = quality.delay.map { ", delay \(rounded($0)) ms" } ?? ""
    return "jitter \(milliseconds(quality.jitter)), MDI \(index(quality)) (DF in ms:MLR), "
      + "clock jitter \(milliseconds(quality.clockJitter))\(delay)"
  }

  /// The path in words.
  static func path(_ path: ReceptionPath) -> String {
    switch path {
    case .waiting: ""
    case .multicast: " by multicast"
    case .stream: " over TCP"
    default: " by \(printable(path.rawValue))"
    }
  }

  /// A share in percent: "0 %", "0.12 %", "< 0.01 %".
  static func share(_ part: UInt64, of whole: UInt64) -> String {
    guard part > 0, whole > 0 else { return "0 %" }
    let hundredths = (Double(part) / Double(whole) * 10_000).rounded()
    return hundredths < 1 ? "< 0.01 %" : "\(hundredths / 100) %"
  }

  /// "0.31 ms", from microseconds.
  static func milliseconds(_ microseconds: Int) -> String { "\((Double(microseconds) / 10).rounded() / 100) ms" }

  /// The media delivery index as it is written (RFC 4445, section 3): delay factor in milliseconds, media loss rate.
  private static func index(_ quality: Quality) -> String {
    "\((Double(quality.delayFactor) / 100).rounded() / 10):\(quality.mediaLossRate)"
  }

  private static func rounded(_ milliseconds: Double) -> String { "\((milliseconds * 10).rounded() / 10)" }
}
