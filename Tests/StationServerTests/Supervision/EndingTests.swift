import FoundationEssentials
import Glibc
import LinuxIO
import SyntheticTape
import Testing

@testable import StationServer

/// A real stationd that is ended as soon as it has begun.
@Suite(.serialized, .timeLimit(.minutes(2)))
struct EndingTests {
  @Test(arguments: [0, 5, 20, 60, 150])
  func whateverTheMomentNothingIsLeftOnTheAir(milliseconds: Int64) throws {
    let directory = try TemporaryDirectory()
    let base = directory.path("run")
    try PrivateDirectory.make(base)
    let file = directory.path("stations.json")
    try Scratch.write("film", to: directory.path("film.mp4"))
    try Scratch.write(
      #"""
      { "site": { "name": "Hafen" }, "control": { "listen": "127.0.0.1:39971" }, "tapes": "tapes",
        "multicast": { "interface": "lo", "firstGroup": "239.255.78.70", "port": 5512 },
        "stations": [{ "number": 1, "name": "One", "source": { "files": ["film.mp4"] } }] }
      """#, to: file)
    let run = try RunDirectory.path(configuration: file, base: base)
    try PrivateDirectory.make(run)
    let built = CommandLine.arguments[0].split(separator: "/", omittingEmptySubsequences: false).dropLast()
    let stationd = built.joined(separator: "/") + "/stationd"

    // As a stationd leaves it that was killed.
    let elder = try ChildProcess([stationd, "transmit", "--directory", run])
    let socket = Handover.socketPath(directory: run, pid: elder.pid)
    try wait { UnixServer.isAlive(socket) }
    let process = try ChildProcess(["/usr/bin/env", "RUNTIME_DIRECTORY=\(base)", stationd, "--config", file])
    try wait { catches(SIGINT, process.pid) }
    SteadyClock.sleep(until: SteadyClock.now + milliseconds * 1_000_000)
    process.signal(SIGINT)
    try wait { process.poll() != nil }
    #expect(process.poll() == .exited(status: 0))
    try wait { elder.poll() != nil }
    let left = try FileManager.default.contentsOfDirectory(atPath: run).filter { $0.hasSuffix(".sock") }
    #expect(left.isEmpty)
  }

  private func wait(_ isSo: () -> Bool) throws {
    for _ in 0..<2_000 where !isSo() { SteadyClock.sleep(until: SteadyClock.now + 5_000_000) }
    try #require(isSo())
  }

  /// Whether a process has a handler for a signal.
  private func catches(_ signal: Int32, _ process: Int32) -> Bool {
    let status = (try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)) ?? ""
    let line = status.split(separator: "\n").first { $0.hasPrefix("SigCgt:") }
    let mask = line.flatMap { $0.split(whereSeparator: \.isWhitespace).last }.flatMap { UInt64($0, radix: 16) } ?? 0
    return mask & (1 << UInt64(signal - 1)) != 0
  }
}
