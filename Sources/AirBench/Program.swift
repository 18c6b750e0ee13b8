import AirWatch
import ArgumentParser
import FoundationEssentials
import Glibc
import LinuxIO

/// Measures stationd beside others, and what a station costs.
@main
struct AirBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "airbench",
    abstract: "Measures stationd beside ffmpeg, multicat and a bare sendmmsg loop, in network namespaces of its own.",
    discussion: "Wants root, ffmpeg, multicat and iproute2: scripts/bench sees to them. "
      + "Ends with status 1 when something that must hold does not.")

  @Option(help: "How often all of it is measured; figures are the medians.")
  var runs = 1

  @Flag(help: "Two counts of stations, a few seconds each: to see that it works.")
  var quick = false

  @Flag(help: "Also measure stationd at grains from 0.05 to 20 ms.")
  var grain = false

  @Option(help: "How many stations that is measured with.")
  var grainStations = 200

  @Option(help: "How long each is measured, in seconds; 8, or 3 when quick.")
  var seconds: Double?

  @Option(help: "A film to send instead of the bench's own clips, about 4 Mb/s. May be given often.")
  var clip: [String] = []

  @Option(help: "Where clips and tapes are kept.")
  var cache = "/var/tmp/stationd-bench"

  @Option(help: "Where the document and its pictures are written: performance.md and others.")
  var output = "var/bench"

  @Option(help: "Where all figures of all runs are written, as JSON.")
  var json = "var/bench/performance.json"

  @Option(help: "The commit that is measured, for the document.")
  var commit = "unknown"

  func validate() throws {
    guard (1...20).contains(runs) else { throw ValidationError("--runs: from 1 to 20.") }
    guard (1...30).contains(seconds ?? 8) else { throw ValidationError("--seconds: from 1 to 30.") }
    guard (1...1000).contains(grainStations) else { throw ValidationError("--grain-stations: from 1 to 1000.") }
  }

  func run() throws {
    do {
      try measure()
    } catch let stopped as Stopped {
      throw ExitCode(128 + stopped.signal)
    }
  }

  private func measure() throws {
    let stop = try Stop()
    let files = FileManager.default
    try files.createDirectory(atPath: cache, withIntermediateDirectories: true)
    let directory = try FileStatus.realPath(cache)
    let lock = HeldLock(try LockFile(path: "\(directory)/lock"))
    defer { withExtendedLifetime(lock) {} }
    let films = try clip.map { try FileStatus.realPath($0) }
    let own = try FileStatus.realPath("/proc/self/exe")
    let programs = String(own[..<(own.lastIndex(of: "/") ?? own.startIndex)])
    for place in [URL(filePath: output), URL(filePath: json).deletingLastPathComponent()] {
      try files.createDirectory(at: place, withIntermediateDirectories: true)
    }

    say("== Clips and tapes in \(directory)")
    let clips = try Clips(in: "\(directory)/clips", given: films, stop)
    let machine = try Machine(commit: commit, stop)
    let lab = try Lab(stop)
    let trial = Trial(
      lab: lab, stop: stop, clips: clips, programs: programs, directory: directory,
      seconds: seconds ?? (quick ? 3 : 8))
    var bench = Bench(machine: machine, seconds: trial.seconds, isQuick: quick, clips: clips.films)
    let session = Session(trial: trial, plan: quick ? .quick : .full)
    try session.makeTapes()
    for number in 1...runs {
      say("== Run \(number) of \(runs)")
      bench.runs.append(try session.run())
    }
    if grain {
      say("== Grains")
      bench.grains = try session.grains(quick ? ["0.2ms", "4ms"] : Session.grains, stations: grainStations)
    }
    try write(bench)
    guard bench.verdicts.allSatisfy(\.isMet) else { throw ExitCode.failure }
  }

  private func write(_ bench: Bench) throws {
    try Data(try encoded(bench).utf8).write(to: URL(filePath: json))
    try Data(bench.document.utf8).write(to: URL(filePath: "\(output)/performance.md"))
    try Data("\(bench.curves)".utf8).write(to: URL(filePath: "\(output)/performance.svg"))
    if !bench.grains.isEmpty {
      try Data("\(bench.grainCurves)".utf8).write(to: URL(filePath: "\(output)/performance-grain.svg"))
    }
    say("\n\(MarkdownTable.trials(bench.medians))\n\n\(MarkdownTable.loops(bench.loopMedians))")
    say("\n\(MarkdownTable.verdicts(bench.verdicts))")
    say("\n== Written: \(output)/performance.md and .svg, \(json)")
  }
}

/// Prints a line at once, whatever standard output is.
func say(_ line: String) {
  try? DescriptorIO.writeAll(Array("\(line)\n".utf8).span, to: STDOUT_FILENO)
}
