import AirWatch
import ArgumentParser
import Foundation
import TransportStream

/// Holds what came out of a tuner against what was on the air.
struct CompareCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare",
    abstract: "Says which datagrams of a capture are missing in what a tuner gave its player, and how late they were.",
    discussion: """
      aircheck compare air.rtp feed.ts --json

      Delays (with FILE.times, as aircheck tap writes it) are in milliseconds after the datagram's own date; with --beside
      also those after the same datagram in what another tuner wrote at the same time.
      """)

  @Argument(help: "What was on the air: written by aircheck capture.")
  var capture: String

  @Argument(help: "What the tuner wrote.")
  var feed: String

  @Option(help: "What another tuner wrote meanwhile.")
  var beside: String?

  @Option(help: "Leave out the delays of the first seconds, in which a tuner fills its player.")
  var settle: Double = 0

  @Flag(help: "Print one JSON object.")
  var json = false

  func run() throws {
    let air = AirCapture(frames: try read(capture))
    let check = FeedCheck(air, feed: try read(feed), times: times(of: feed))
    let other = try beside.map { FeedCheck(air, feed: try read($0), times: times(of: $0)) }
    let report = FeedReport(air, check, beside: other, settle: settle)
    print(json ? try encoded(report) : report.text)
    if report.isFaulty { throw ExitCode(1) }
  }

  private func read(_ path: String) throws -> [UInt8] {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw ValidationError("Cannot read \(path).")
    }
    return [UInt8](data)
  }

  /// Lines that are cut off, as by the end of the tap, count for nothing.
  private func times(of feed: String) -> [(bytes: Int, date: Int64)] {
    guard let data = FileManager.default.contents(atPath: feed + ".times") else { return [] }
    return data.split(separator: 0x0A).compactMap { line in
      let fields = line.split(separator: 0x20)
      guard fields.count == 2, let bytes = Int(String(decoding: fields[0], as: UTF8.self)),
        let date = Int64(String(decoding: fields[1], as: UTF8.self))
      else { return nil }
      return (bytes, date)
    }
  }
}

/// What a comparison found. Delays in milliseconds.
struct FeedReport: Codable {
  /// Datagrams in the capture, and numbers missing in it: then the capture itself is no measure.
  let captured: Int
  let captureMissing: Int64
  /// Datagrams from the first in the feed to the last, and how many of them are not in it.
  let datagrams: Int
  let missing: Int
  let gaps: [FeedCheck.Gap]
  /// Bytes that are no datagram of the station in its turn; before the first one, and after the last.
  let strange: Int
  let lead: Int
  let tail: Int
  /// Seconds added to the clock.
  let clockShift: Double
  let leastDelay: Double?
  let delay: Spread?
  /// After the other tuner.
  let added: Spread?

  init(_ air: AirCapture, _ check: FeedCheck, beside other: FeedCheck?, settle: Double) {
    (captured, captureMissing) = (air.datagrams.count, air.missing)
    (datagrams, missing, gaps) = (check.datagrams, check.missing, check.gaps)
    (strange, lead, tail) = (check.strange, check.lead, check.tail)
    clockShift = Ticks(Int64(check.clockShift)).inSeconds
    let span = air.datagrams.last.flatMap { last in air.datagrams.first.map { last.timestamp - $0.timestamp } } ?? 0
    let perSecond = span > 0 ? Double(air.datagrams.count) * 90_000 / Double(span) : 0
    let settled = check.delays.dropFirst(Int(settle * perSecond))
    leastDelay = settled.min().map { Double($0) / 1e6 }
    delay = Spread(Array(settled))
    added = other.flatMap { Spread(Array(check.delays(beside: $0).dropFirst(Int(settle * perSecond)))) }
  }

  /// A player's own end cuts what it was given: a tail of less than a second at 4 Mb/s is none.
  var isFaulty: Bool { captureMissing > 0 || datagrams == 0 || missing > 0 || strange > 0 || tail > 500_000 }

  var text: String {
    let late = delay.map { ", delay ms: p50 \(fixed($0.p50, 1)), p99 \(fixed($0.p99, 1)), most \(fixed($0.max, 1))" }
    let places = gaps.map { "\($0.count) from \($0.from)" }.joined(separator: ", ")
    return
      "\(datagrams) datagrams, \(missing) missing\(places.isEmpty ? "" : " (\(places))"), \(strange) bytes strange, "
      + "\(lead) before, \(tail) after\(late ?? ""); captured \(captured), \(captureMissing) missing there"
  }
}
