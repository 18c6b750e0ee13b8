import Desktop
import FoundationEssentials
import Glibc
import LinuxIO
import Reception
import Synchronization
import TSBytes
import Testing
import Wire

@testable import Tuner

/// The receiver and players that are shell scripts, on the loopback interface.
struct PlayerTests {
  /// As the program does: a player that goes away is an error of its pipe, not the end of us.
  init() { Signals.ignore([SIGPIPE]) }

  /// Waits up to five seconds until something is so.
  private func eventually(_ condition: () throws -> Bool) async rethrows -> Bool {
    for _ in 0..<500 {
      if try condition() { return true }
      try? await Task.sleep(for: .milliseconds(10))
    }
    return false
  }

  private func bytes(_ path: String) -> [UInt8] {
    (try? Data(contentsOf: URL(filePath: path))).map { [UInt8]($0) } ?? []
  }

  /// Sends a station that never ends, one datagram a millisecond, a random access point in every tenth.
  private final class TestStation: Sendable {
    private let stopped = Mutex(false)
    private let thread = Mutex<RealTimeThread?>(nil)

    init(_ tuning: Tuning) throws {
      let to = Destination(group: tuning.station.group, port: UInt16(tuning.station.port))
      guard let to, let interface = tuning.sources[0].interface else {
        throw SystemError(operation: "send to", subject: tuning.station.group, code: EINVAL)
      }
      let started = try RealTimeThread(name: "station", priority: nil) { [self] in
        guard var sender = try? MulticastSender(interface: interface, ttl: 0, dscp: 0, capacity: 1) else { return }
        var n = 0
        while !stopped.withLock(\.self) {
          var payload: [UInt8] = []
          if n % 10 == 0 {
            payload +=
              TSBytes.packet(0, counter: n / 10, unit: true) + TSBytes.packet(0x1000, counter: n / 10, unit: true)
          }
          payload += TSBytes.packet(
            0x100, counter: n, unit: true, access: n % 10 == 0, fill: UInt8(tuning.station.number))
          let datagram = TSBytes.rtp(UInt16(truncatingIfNeeded: n), payload, ssrc: tuning.ssrc)
          _ = sender.append(to: to) { room in
            for index in datagram.indices { room[index] = datagram[index] }
            return datagram.count
          }
          _ = sender.flush()
          n += 1
          SteadyClock.sleep(until: SteadyClock.now + 1_000_000)
        }
      }
      thread.withLock { $0 = started }
    }

    func stop() {
      stopped.withLock { $0 = true }
      thread.withLock { $0.take() }?.join()
    }
  }

  private func tuning(_ number: Int, codec: String = "h264") throws -> Tuning {
    // A group and port of this test process alone, so that runs side by side do not meet.
    let port = 20_000 + Int(ThisProcess.pid % 10_000) * 2
    return TSBytes.tuning(
      number, codec: codec, group: "239.255.77.\(number)", port: port, interface: try NetworkInterface("lo"))
  }

  @Test func aPlayerGetsAnUnbrokenStreamOverAChangeOfStation() async throws {
    let folder = try SessionTests.Folder()
    let stations = [try TestStation(try tuning(1)), try TestStation(try tuning(2))]
    defer { for station in stations { station.stop() } }
    let path = folder.path + "/played.ts"
    let player = try ChildProcess(["/bin/sh", "-c", "cat > '\(path)'"])
    let receiver = try Receiver(try tuning(1), sink: PlayerSink(player))
    #expect(await eventually { bytes(path).count > 20_000 })
    #expect(receiver.figures.received > 50 && receiver.figures.lost == 0 && receiver.figures.isPlaying)
    receiver.tune(try tuning(2))
    let before = bytes(path).count
    #expect(await eventually { bytes(path).count > before + 20_000 })
    receiver.stop()
    await player.stop()
    let stream = bytes(path)
    let played = TSBytes.summary(stream)
    #expect(played.first?.hasPrefix("0:") == true && played.dropFirst().first?.hasPrefix("4096:") == true)
    #expect(TSBytes.continuityErrors(stream) == [])
    // First the one station, then the other, never back.
    let fills = stride(from: 0, to: stream.count - 187, by: 188).map { stream[$0 + 187] }.filter { $0 > 0 }
    #expect(Set(fills) == [1, 2] && fills == fills.sorted())
  }

  @Test func aPlayerThatStallsDoesNotStopTheReceiver() async throws {
    let station = try TestStation(try tuning(3))
    defer { station.stop() }
    let player = try ChildProcess(["sleep", "60"])
    let receiver = try Receiver(try tuning(3), sink: PlayerSink(player))
    // A pipe holds 64 KiB, about 300 of these datagrams.
    #expect(await eventually { receiver.figures.received > 800 })
    #expect(receiver.sinkFault == nil && receiver.figures.lost == 0)
    receiver.stop()
    await player.stop()
    #expect(player.poll() == .killed(signal: SIGTERM))
  }

  @Test func aPlayerThatIsClosedIsNoticed() async throws {
    let station = try TestStation(try tuning(4))
    defer { station.stop() }
    let player = try ChildProcess(["true"])
    let receiver = try Receiver(try tuning(4), sink: PlayerSink(player))
    #expect(await eventually { player.poll() == .exited(status: 0) })
    #expect(await eventually { receiver.sinkFault?.code == EPIPE })
    let second = try ChildProcess(["cat"])
    receiver.tune(try tuning(4), sink: PlayerSink(second))
    #expect(await eventually { receiver.figures.isPlaying })
    #expect(receiver.sinkFault == nil)
    receiver.stop()
    await second.stop()
  }

  @Test func aPlayerThatIgnoresSIGTERMIsKilled() async throws {
    let folder = try SessionTests.Folder()
    let ready = folder.path + "/ready"
    let player = try ChildProcess(["/bin/sh", "-c", "trap '' TERM; : > '\(ready)'; while :; do sleep 0.05; done"])
    #expect(await eventually { FileManager.default.fileExists(atPath: ready) })
    let start = SteadyClock.now
    await player.stop()
    #expect(player.poll() == .killed(signal: SIGKILL))
    #expect(SteadyClock.now - start < 10_000_000_000)
  }

  @Test func aMissingPlayerIsToldWithWhatToDo() throws {
    let name = "no-such-player-\(ThisProcess.pid)"
    #expect(throws: SystemError(operation: "start", subject: name, code: ENOENT)) { try ChildProcess([name]) }
  }

  @Test func commandLines() {
    let ffplay = Output.ffplay.arguments(for: TSBytes.tuning(name: "Harbour \u{1B} One"))
    #expect(ffplay.first == "ffplay" && ffplay.suffix(2) == ["-i", "pipe:0"])
    #expect(ffplay.contains("Harbour ? One") && !ffplay.contains("-showmode"))
    #expect(Output.ffplay.arguments(for: TSBytes.tuning(radio: true)).contains("-showmode"))
    var place = WindowPlace(left: -20, top: 40, width: 500, height: 300)
    let options = ["-left", "-20", "-top", "40", "-x", "500", "-y", "300"]
    #expect(Output.ffplay.arguments(for: TSBytes.tuning(), at: place).suffix(10) == options + ["-i", "pipe:0"])
    place.isFullScreen = true
    #expect(Output.ffplay.arguments(for: TSBytes.tuning(), at: place).suffix(11) == options + ["-fs", "-i", "pipe:0"])
    #expect(Output.player("mpv -").arguments(for: TSBytes.tuning(), at: place) == ["/bin/sh", "-c", "mpv -"])
    #expect(Output.player("mpv -").arguments(for: TSBytes.tuning()) == ["/bin/sh", "-c", "mpv -"])
  }
}
