import FoundationEssentials
import LinuxIO
import Synchronization
import TSBytes
import Testing
import Wire

@testable import Reception

/// The receiver's thread with real sockets, on the loopback interface.
@Suite(.serialized) struct ReceiverTests {
  /// Keeps all that is written to it.
  private final class Memory: Sink {
    let pacing = Pacing.none
    private let bytes = Mutex<[UInt8]>([])

    func write(_ more: Span<UInt8>) -> Int {
      bytes.withLock { for index in 0..<more.count { $0.append(more[index]) } }
      return more.count
    }

    var stream: [UInt8] { bytes.withLock(\.self) }

    /// The counts of the pictures, in order.
    var pictures: [UInt8] {
      let stream = stream
      return stride(from: 0, to: stream.count - 187, by: 188)
        .filter { stream[$0 + 1] & 0x1F == 1 && stream[$0 + 2] == 0 }.map { stream[$0 + 187] }
    }

    /// Whether every picture is the next after the one before, and the first a random access point.
    var isUnbroken: Bool {
      let pictures = pictures
      return TSBytes.continuityErrors(stream) == []
        && zip(pictures, pictures.dropFirst()).allSatisfy { $1 == $0 &+ 1 }
    }
  }

  /// Waits up to ten seconds until something is so.
  private func eventually(_ condition: () -> Bool) async -> Bool {
    for _ in 0..<1000 {
      if condition() { return true }
      try? await Task.sleep(for: .milliseconds(10))
    }
    return false
  }

  @Test func itBeginsAtOnceAndMendsWhatMulticastLoses() async throws {
    // Every nineteenth, and sixty in a row of each two thousand.
    let broadcast = try TestBroadcast(1) { $0 % 19 == 0 || $0 % 2000 < 60 }
    defer { broadcast.stop() }
    let memory = Memory()
    let receiver = try Receiver(broadcast.reachable, sink: memory)
    // 400 ms of the past are there before the next 400 ms are.
    #expect(await eventually { memory.pictures.count > 300 })
    #expect(await eventually { memory.pictures.count > 4000 })
    let figures = receiver.figures
    receiver.stop()
    #expect(figures.path == .multicast && figures.repaired > 100 && figures.lost == 0)
    #expect(memory.isUnbroken)
    #expect(memory.stream.prefix(3) == [0x47, 0x40, 0x00])
  }

  /// A date that no clock has is not counted with, and the server is asked again.
  @Test func aReplyThatCannotBeIsNotKept() async throws {
    let calls = Mutex(0)
    let server = try TestServer { caller in
      _ = caller.line()
      let isFirst = calls.withLock { count in
        count += 1
        return count == 1
      }
      caller.send(
        line: #"{"type":"stream","station":1,"ssrc":7,"first":100,"date":1.5,"next":120,"now":\#(isFirst ? 1e300 : 2),"#
          + #""earliest":0.5,"programmes":[]}"#)
      _ = caller.line()
    }
    defer { server.stop() }
    var tuning = TSBytes.tuning(interface: try NetworkInterface("lo"))
    tuning.start = .ago(1)
    tuning.sources[0].server = StreamServer(address: "127.0.0.1", port: server.port)
    let receiver = try RecordingReceiver(tuning, until: .after(90_000, from: 0), sink: Memory())
    #expect(await eventually { receiver.progress.reply != nil })
    let reply = receiver.progress.reply
    receiver.stop()
    #expect(reply?.now == 2 && calls.withLock(\.self) == 2)
  }

  @Test func whereMulticastDoesNotReachAllComesOverTheStream() async throws {
    let broadcast = try TestBroadcast(2)
    defer { broadcast.stop() }
    broadcast.multicast(false)
    let memory = Memory()
    let receiver = try Receiver(broadcast.reachable, sink: memory)
    #expect(await eventually { receiver.figures.path == .stream })
    broadcast.multicast(true)
    #expect(await eventually { receiver.figures.path == .multicast })
    broadcast.multicast(false)
    #expect(await eventually { receiver.figures.path == .stream })
    let figures = receiver.figures
    receiver.stop()
    #expect(figures.lost == 0 && memory.pictures.count > 1500 && memory.isUnbroken)
  }

  @Test func aServerMayDieAndComeBack() async throws {
    let broadcast = try TestBroadcast(3)
    defer { broadcast.stop() }
    let memory = Memory()
    let receiver = try Receiver(broadcast.reachable, sink: memory)
    #expect(await eventually { receiver.figures.path == .multicast })
    broadcast.stopServer()
    let before = memory.pictures.count
    #expect(await eventually { memory.pictures.count > before + 500 })
    try broadcast.startServer()
    // Multicast stops: only the server that came back has what follows.
    broadcast.multicast(false)
    let then = memory.pictures.count
    #expect(await eventually { memory.pictures.count > then + 1000 })
    let lost = receiver.figures.lost
    receiver.stop()
    #expect(lost == 0 && memory.isUnbroken)
  }

  @Test func afterALongHoleItBeginsWithAWholePicture() async throws {
    let broadcast = try TestBroadcast(6)
    defer { broadcast.stop() }
    let memory = Memory()
    let receiver = try Receiver(broadcast.reachable, sink: memory)
    #expect(await eventually { receiver.figures.path == .multicast })
    broadcast.stopServer()
    broadcast.multicast(false)
    try? await Task.sleep(for: .milliseconds(4500))
    let before = memory.stream.count
    broadcast.multicast(true)
    #expect(await eventually { memory.stream.count > before + 100 * 188 })
    let lost = receiver.figures.lost
    receiver.stop()
    let stream = memory.stream
    #expect(lost > 1000 && TSBytes.continuityErrors(stream) == [])
    // Tables, and then the picture with the random_access_indicator. What the last datagram before the hole began with may
    // have been tables as well: then they come twice.
    let packets = stride(from: before, to: stream.count - 187, by: 188).map { Array(stream[$0..<$0 + 188]) }
    let tables = packets.prefix { $0[1] & 0x1F != 1 }.map { $0[1] & 0x1F }
    #expect(tables == [0, 0x10] || tables == [0, 0x10, 0, 0x10])
    #expect(packets.count > tables.count && packets[tables.count][5] & 0x40 != 0)
  }

  @Test func theFormerStationGoesOnUntilTheNextIsThere() async throws {
    let (first, second) = (try TestBroadcast(4), try TestBroadcast(5, hasServer: false))
    defer { for broadcast in [first, second] { broadcast.stop() } }
    second.multicast(false)
    let memory = Memory()
    let receiver = try Receiver(first.reachable, sink: memory)
    #expect(await eventually { receiver.figures.path == .multicast && receiver.isFeeding })
    receiver.tune(second.tuning)
    let before = memory.pictures.count
    #expect(await eventually { memory.pictures.count > before + 300 })
    #expect(!receiver.isFeeding && !receiver.figures.isPlaying)
    second.multicast(true)
    #expect(await eventually { receiver.isFeeding && receiver.figures.isPlaying })
    let then = memory.pictures.count
    #expect(await eventually { memory.pictures.count > then + 300 })
    receiver.stop()
    #expect(TSBytes.continuityErrors(memory.stream) == [])
  }
}
