import Foundation
import LinuxIO
import Synchronization
import Tape
import Testing
import TransportStream

@testable import Recorder

/// Sleeps 5 ms at a time, and knows by how much it was woken late at the worst: how well this machine keeps time just now.
private final class Sleeper: Sendable {
  private let late = Atomic<Int64>(0)
  private let isOver = Atomic<Bool>(false)

  init() {
    _ = try? RealTimeThread.detach(name: "sleeper") {
      while !self.isOver.load(ordering: .relaxed) {
        let date = SteadyClock.now + 5_000_000
        SteadyClock.sleep(until: date)
        self.late.max(SteadyClock.now - date, ordering: .relaxed)
      }
    }
  }

  /// Nanoseconds.
  var longest: Int64 { late.load(ordering: .relaxed) }

  func stop() { isOver.store(true, ordering: .relaxed) }
}

/// Real recorders, killed.
@Suite(.serialized) struct LiveTakeOverTests {
  /// The program that was built with the tests.
  private static let program = Bundle.main.executablePath.map {
    URL(fileURLWithPath: $0).deletingLastPathComponent().appendingPathComponent("stationd-recorder").path
  }

  private func recorder(_ ring: String, from: Ticks, offset: Int64) throws -> (process: Process, input: Pipe) {
    let program =
      ["stationd-recorder", ".build/debug/stationd-recorder"]
      .first { FileManager.default.isExecutableFile(atPath: $0) } ?? Self.program ?? ""
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = [
      "live", "--source", #"{"testCard":{"_0":{"width":320,"height":180,"rate":25}}}"#, "--ring", ring, "--name",
      "Quay",
      "--from", "\(from.count)", "--clock-offset", "\(offset)", "--seconds", "30", "--supervised",
    ]
    let input = Pipe()
    process.standardInput = input
    process.standardOutput = FileHandle.nullDevice
    try process.run()
    return (process, input)
  }

  @Test(.timeLimit(.minutes(2))) func tenKillsLeaveNoTrace() throws {
    let clips = try Clips()
    let sleeper = Sleeper()
    defer { sleeper.stop() }
    let path = clips.directory.path("a.ring")
    let offset = WallClock.now - SteadyClock.now
    let from = Ticks.ninetyKilohertz(Ticks(nanoseconds: WallClock.now + 300_000_000).count / 300)
    var crew = try [recorder(path, from: from, offset: offset), recorder(path, from: from, offset: offset)]
    defer { for one in crew { one.process.terminate() } }
    var ring: Ring?
    var generation: Int64 = 0
    for _ in 0..<100 where ring == nil {
      ring = try? Ring(path: path)
      usleep(50_000)
    }
    let found = try #require(ring)
    for kill in 0..<10 {
      // The one that stands by has had its time to get ready, wherever the other is in its picture.
      usleep(UInt32.random(in: 900_000...1_300_000))
      #expect(found.generation > generation)
      generation = found.generation
      let index = try #require(crew.firstIndex { $0.process.processIdentifier == found.writer })
      #expect(ThisProcess.signal(found.writer, SIGKILL))
      crew[index].process.waitUntilExit()
      crew.remove(at: index)
      if kill < 9 { crew.append(try recorder(path, from: from, offset: offset)) }
    }
    usleep(1_000_000)
    #expect(found.generation == 11)

    var (checker, bytes, buffer) = (StreamChecker(), Data(), [UInt8](repeating: 0, count: 1_316))
    var hasBegun = false
    for k in found.oldest..<found.count {
      guard let entry = found.entry(k), hasBegun || entry.isRandomAccess else { continue }
      hasBegun = true
      var span = buffer.mutableSpan
      let count = found.copy(k, into: &span)
      checker.check(buffer.span.extracting(first: count), arrival: entry.date)
      bytes.append(contentsOf: buffer[..<count])
    }
    let report = checker.report()
    // A take-over may keep clocks and tables waiting for a moment, however long: that is judged below. (A clock that goes
    // back, or otherwise than its datagram's date, is a fault by another name.)
    let faults = report.faults.filter {
      !$0.contains("Interval") && !$0.contains("not seen for") && !$0.hasPrefix("clockJump")
    }
    let margins = report.lines.map { "\($0.pid): \($0.leastMargin ?? 0) ms" }
    #expect(faults == [], "least margins \(margins), longest clock \(report.clock.longestInterval)")
    // However busy the machine is; and less says something of the recorder only where it keeps time while it is watched.
    #expect(report.clock.longestInterval < 1_000)
    if sleeper.longest < 10_000_000 {
      #expect(report.clock.longestInterval < 100)
      #expect((report.tables["PAT"]?.longestInterval ?? 9_999) < 150)
    }
    #expect((report.lines.first { $0.pid == PID.video }?.longestStep ?? 9_999) <= 1_000)
    let file = clips.directory.path("air.ts")
    try bytes.write(to: URL(fileURLWithPath: file))
    #expect(try Clips.complaints(file) == "")
  }
}
