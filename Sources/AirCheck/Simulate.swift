import AirWatch
import ArgumentParser
import Foundation
import Playout
import Tape
import TransportStream

/// Plays a station out of tapes as fast as the machine can, and checks every datagram as a receiver would.
struct Simulate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract:
      "Plays tapes as a station in simulated time and checks every datagram; or writes what would be on the air.",
    discussion: """
      aircheck simulate --tape a.ts --tape b.ts --days 30
      aircheck simulate --tape a.ts --tape b.ts --seconds 60 --output air.ts
      """)

  @Option(help: "A tape, in the schedule's order. May be given often.")
  var tape: [String] = []

  @Option(help: "How many days of air.")
  var days: Double = 0

  @Option(help: "How many seconds of air, beside the days.")
  var seconds: Double = 0

  @Option(help: "A date, in seconds since 1970; it begins with the programme on then. The present by default.")
  var from: Int64?

  @Option(help: "Also write the transport stream to this file; - is standard output.")
  var output: String?

  @Flag(help: "Print one JSON object.")
  var json = false

  func validate() throws {
    guard !tape.isEmpty else { throw ValidationError("Give at least one --tape.") }
    guard days >= 0, seconds >= 0, days + seconds > 0, days <= 3_660 else {
      throw ValidationError("Give --seconds or --days, up to ten years.")
    }
  }

  func run() throws {
    let tapes = try tape.map { try Tape(path: $0, verify: true) }
    let identity = StationIdentity(number: 1, name: "Simulation", provider: "aircheck", transportStreamID: 1)
    guard let station = Station(identity: identity, eras: [try Era(.always(tapes), tapes: tapes)]) else { return }
    // Whole programmes, so that a decoder finds nothing missing at either end.
    let start = station.onAir(at: .seconds(from ?? Int64(Date().timeIntervalSince1970))).start
    let span = Ticks(Int64((days * 86_400 + seconds) * Double(Ticks.perSecond)))
    let end = station.onAir(at: start + span - Ticks(1)).end
    let file = try output.map(OutputStream.init)

    var checker = StreamChecker()
    var datagrams: Int64 = 0
    var misnumbered = 0
    var bad = 0
    var buffer = [UInt8](repeating: 0, count: TSPacket.perDatagram * TSPacket.size)
    var cursor = station.cursor(at: station.index(at: start))
    let first = cursor.n
    while cursor.date < end {
      var span = buffer.mutableSpan
      let count = cursor.write(into: &span)
      let bytes = buffer.span.extracting(first: count)
      if count == 0 { bad += 1 }
      if cursor.n != first + datagrams { misnumbered += 1 }
      checker.check(bytes, arrival: cursor.date)
      try file?.write(bytes)
      datagrams += 1
      cursor.advance()
    }

    let report = checker.report()
    var faults = report.faults
    if bad > 0 { faults.append("\(bad) datagrams that are damaged on their tape") }
    if misnumbered > 0 { faults.append("\(misnumbered) datagrams out of their number") }
    if json {
      print(try encoded(report))
    } else if output != "-" {
      let verdict = faults.isEmpty ? "clean" : faults.joined(separator: ", ")
      print("\(report.summary)\n\(datagrams) datagrams in \((end - start).inSeconds) seconds of air: \(verdict)")
    }
    if !faults.isEmpty { throw ExitCode(1) }
  }
}

/// The file, or standard output, that takes the stream.
private final class OutputStream {
  private let file: FileHandle

  init(_ path: String) throws {
    if path == "-" {
      file = .standardOutput
    } else {
      guard FileManager.default.createFile(atPath: path, contents: nil), let file = FileHandle(forWritingAtPath: path)
      else {
        throw ValidationError("--output \(path): cannot be written; give a path in a directory that exists.")
      }
      self.file = file
    }
  }

  func write(_ bytes: Span<UInt8>) throws {
    try file.write(contentsOf: Data(bytes.indices.map { bytes[$0] }))
  }
}
