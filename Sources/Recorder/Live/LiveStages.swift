import FoundationEssentials
import LinuxIO

/// How long a picture is on its way from the camera to the ring, stage by stage: for whoever wants to know where the time
/// goes. One thread's own.
final class LiveStages {
  /// Milliseconds: what half of the pictures stayed below, since the last line.
  private struct Line: Encodable {
    let pictures: Int
    /// From the capture, as the driver dates it, to the fetch.
    let capture: Double
    /// From there to the desk's queue: copied, or decoded.
    let convert: Double
    /// In that queue.
    let wait: Double
    /// In the encoder, what fits the picture to it included.
    let encode: Double
    /// From there to the date of its last datagram, when it is sent.
    let multiplex: Double
    /// All of these but the first and the encoder.
    let own: Double
  }

  private static let period: Int64 = 1_000_000_000

  private var taken: [[Int64]] = []
  private var toldAt: Int64

  init(now: Int64) { toldAt = now }

  /// A picture's dates, steady nanoseconds.
  func note(captured: Int64, source: LiveTimings, begun: Int64, encoding: Int64, sent: Int64) {
    let wait = begun - captured - source.capture - source.convert
    let multiplex = sent - begun - encoding
    taken.append([
      source.capture, source.convert, max(0, wait), encoding, multiplex, source.convert + max(0, wait) + multiplex,
    ])
    guard begun - toldAt >= LiveStages.period else { return }
    toldAt = begun
    tell()
    taken.removeAll(keepingCapacity: true)
  }

  /// A line of JSON on standard error.
  private func tell() {
    func middle(_ stage: Int) -> Double {
      let sorted = taken.map { $0[stage] }.sorted()
      return (Double(sorted[sorted.count / 2]) / 1e4).rounded() / 100
    }
    let line = Line(
      pictures: taken.count, capture: middle(0), convert: middle(1), wait: middle(2), encode: middle(3),
      multiplex: middle(4), own: middle(5))
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    if let json = try? encoder.encode(line) { DescriptorIO.log(String(decoding: json, as: UTF8.self)) }
  }
}
