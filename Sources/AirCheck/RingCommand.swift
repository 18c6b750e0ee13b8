import AirWatch
import ArgumentParser
import Foundation
import Tape
import TransportStream

/// Looks into a live station's ring.
struct RingCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ring",
    abstract: "Checks what a live station's ring holds, or follows it; and writes it out as a transport stream.",
    discussion: """
      aircheck ring /dev/shm/stationd-0/…/12345678-….ring -o ring.ts
      aircheck ring PATH --seconds 60 -o air.ts
      """)

  @Argument(help: "The ring's file.")
  var path: String

  @Option(name: .shortAndLong, help: "Also write the transport stream to this file.")
  var output: String?

  @Option(help: "Follow the ring for so many seconds; 0 takes what it holds now.")
  var seconds: Double = 0

  @Flag(help: "Begin at the ring's first random access point rather than at the oldest datagram it has.")
  var access = false

  @Flag(help: "Print one JSON object.")
  var json = false

  func run() throws {
    let ring = try Ring(path: path)
    var bytes = Data()
    var checker = StreamChecker()
    var buffer = [UInt8](repeating: 0, count: TSPacket.perDatagram * TSPacket.size)
    var next = ring.oldest
    if access {
      while next < ring.count, ring.entry(next)?.isRandomAccess != true { next += 1 }
    }
    var faults: [String] = []
    var last: Ticks?
    let end = Date().timeIntervalSince1970 + seconds
    repeat {
      while next < ring.count {
        var span = buffer.mutableSpan
        let count = ring.copy(next, into: &span)
        guard count > 0, let entry = ring.entry(next) else {
          faults.append("datagram \(next) is gone before it was read")
          next = max(next + 1, ring.oldest)
          continue
        }
        if let last, entry.date <= last { faults.append("datagram \(next) is dated before the one before") }
        last = entry.date
        let payload = buffer.span.extracting(first: count)
        checker.check(payload, arrival: entry.date)
        if output != nil { bytes.append(contentsOf: buffer[..<count]) }
        next += 1
      }
      if seconds > 0 { Thread.sleep(forTimeInterval: 0.02) }
    } while Date().timeIntervalSince1970 < end && !(ring.hasEnded && next >= ring.count)
    if let output { try bytes.write(to: URL(fileURLWithPath: output)) }
    let report = checker.report()
    faults += report.faults
    if json {
      print(try encoded(report))
    } else {
      print(
        "\(report.summary)\nwriter \(ring.writer), the ring's \(ring.generation). since it began; "
          + "\(next) datagrams: \(faults.isEmpty ? "clean" : faults.joined(separator: ", "))")
    }
    if !faults.isEmpty { throw ExitCode(1) }
  }
}
