import FoundationEssentials
import Playout
import Tape
import TransportStream

/// What a live station's recorders are to do: which source becomes which ring.
struct LiveDuty: Hashable, Sendable {
  /// The station's number, and what its messages begin with.
  var station: Int
  var label: String
  /// Stands on its card.
  var name: String
  var source: LiveSource
  /// The ring's path: another one is another part of the station's air, with a beginning and perhaps an end of its own.
  var ring: String
  var format: HouseFormat
  /// Bit/s of the picture's encoder; nil: as size and rate have it.
  var bitrate: Int?
  /// What the station has sent when the ring begins.
  var base: AirCounts
  /// When the ring begins: nothing in it is dated earlier.
  var from: Ticks
  /// A tape was on the air before, whose access units go on into the ring's first 0.9 s.
  var isAfterTape: Bool
  /// Seconds that the ring keeps.
  var seconds: Int

  /// A recorder's command line, without the program, and without the source: ``LiveRecorder`` tells that in private.
  ///
  /// - Parameters:
  ///   - clockOffset: UTC minus steady time as the air has it, nanoseconds.
  ///   - hold: seconds for which the source is not touched.
  func arguments(clockOffset: Int64, hold: Double) -> [String] {
    var arguments = [
      "live", "--ring", ring, "--name", name, "--format", Self.json(format),
      "--base", Self.json(base), "--from", "\(from.count)", "--clock-offset", "\(clockOffset)",
      "--seconds", "\(seconds)", "--supervised",
    ]
    if let bitrate { arguments += ["--bitrate", "\(bitrate)"] }
    if isAfterTape { arguments.append("--after-tape") }
    if hold > 0 { arguments += ["--hold", "\(hold)"] }
    return arguments
  }

  private static func json(_ value: some Encodable) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return (try? encoder.encode(value)).map { String(decoding: $0, as: UTF8.self) } ?? ""
  }
}
