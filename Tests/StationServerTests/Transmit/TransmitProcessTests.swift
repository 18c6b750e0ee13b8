import FoundationEssentials
import Glibc
import LinuxIO
import Playout
import Synchronization
import SyntheticTape
import Tape
import Testing
import TransportStream
import Wire

@testable import StationServer

/// Real transmitter processes on the loopback interface.
@Suite(.serialized, .timeLimit(.minutes(1)))
struct TransmitProcessTests {
  let directory: TemporaryDirectory
  let stations: [Station]
  let plan: TransmitPlan

  init() throws {
    directory = try TemporaryDirectory()
    var plan = TransmitPlan(interface: "lo", ttl: 1, dscp: 34, clockOffset: nil, stations: [])
    var stations: [Station] = []
    for number in UInt16(1)...2 {
      let path = directory.path("tape\(number).ts")
      try SyntheticTape(milliseconds: 1200 * Int(number), isRadio: number == 2).write(to: path)
      let tape = try Tape(path: path, verify: true)
      let identity = StationIdentity(number: number, name: "S\(number)", provider: "P", transportStreamID: 9)
      let era = EraRecord.always([tape])
      stations.append(try #require(Station(identity: identity, eras: [Era(era, tapes: [tape])])))
      plan.stations.append(
        StationPlan(
          identity: identity, group: "239.255.78.\(number)", port: 5510, encapsulation: .rtp, ssrc: UInt32(number),
          eras: [era]))
    }
    (self.stations, self.plan) = (stations, plan)
  }

  /// A transmitter that has been started, and what became of its first plan.
  private func start(_ plan: TransmitPlan) throws -> (process: ChildProcess, ready: TransmitReply.Ready) {
    let process = try launch()
    let reply = try ask(process, TransmitRequest(plan: plan))
    return (process, try #require(reply.ready, "\(reply.error ?? "")"))
  }

  private func launch() throws -> ChildProcess {
    // Built beside the tests.
    let built = CommandLine.arguments[0].split(separator: "/", omittingEmptySubsequences: false).dropLast()
    let process = try ChildProcess([
      built.joined(separator: "/") + "/stationd", "transmit", "--directory", directory.path,
    ])
    let socket = Handover.socketPath(directory: directory.path, pid: process.pid)
    for _ in 0..<10_000 {
      if UnixServer.isAlive(socket) { break }
      sleep(milliseconds: 1)
    }
    return process
  }

  private func ask(_ process: ChildProcess, _ request: TransmitRequest) throws -> TransmitReply {
    let line = String(decoding: try JSONEncoder().encode(request), as: UTF8.self)
    let answer = try UnixSocket.ask(
      path: Handover.socketPath(directory: directory.path, pid: process.pid), line: line, timeoutMilliseconds: 5000)
    return try JSONDecoder().decode(TransmitReply.self, from: Data(answer.utf8))
  }

  private func ending(of process: ChildProcess) -> ChildProcess.Ending? {
    for _ in 0..<3000 {
      if let ending = process.poll() { return ending }
      SteadyClock.sleep(until: SteadyClock.now + 1_000_000)
    }
    return nil
  }

  private func sleep(milliseconds: Int64) { SteadyClock.sleep(until: SteadyClock.now + milliseconds * 1_000_000) }

  @Test func heirTakesOverWithoutALossOrARepeat() throws {
    let receivers = try plan.stations.map { try Ear(group: $0.group, port: $0.port) }
    let elder = try start(plan)
    #expect(elder.ready.faults.isEmpty)
    sleep(milliseconds: 300)
    let heir = try start(plan)
    #expect(abs(heir.ready.clockOffset - elder.ready.clockOffset) < 100_000)  // slewed meanwhile
    #expect(ending(of: elder.process) == .exited(status: 0))
    // Once more the same plan: nobody notices.
    #expect(try ask(heir.process, TransmitRequest(plan: plan)).ready != nil)
    sleep(milliseconds: 300)
    let figures = try #require(try ask(heir.process, TransmitRequest(figures: .init())).figures)
    #expect(figures.stations.map(\.number) == [1, 2])
    for station in figures.stations {
      #expect(station.sent > 10 && station.errors == 0 && station.skipped == 0 && station.fault == nil)
    }
    heir.process.signal(SIGTERM)
    #expect(ending(of: heir.process) == .exited(status: 0))
    #expect(!directory.files.contains { $0.hasSuffix(".sock") })

    for (station, receiver) in zip(stations, receivers) {
      let heard = receiver.stop()
      let first = try #require(heard.first)
      // The datagram's number from its sequence number, near the date at which the elder went on the air.
      let near = station.index(at: elder.ready.from)
      var cursor = station.cursor(at: near + Int64(Int16(truncatingIfNeeded: Int64(first.sequence) - near)))
      #expect(cursor.date >= elder.ready.from)
      #expect(station.cursor(at: cursor.n - 1).date < elder.ready.from)
      for datagram in heard {
        var bytes = [UInt8](repeating: 0, count: 1316)
        var span = bytes.mutableSpan
        bytes.removeLast(1316 - cursor.write(into: &span))
        #expect(datagram.sequence == UInt16(truncatingIfNeeded: cursor.n))
        #expect(datagram.payload == bytes)
        cursor.advance()
      }
      #expect(cursor.date > heir.ready.from + .milliseconds(200))
    }
  }

  @Test func aBadStationCostsOnlyItself() throws {
    let receiver = try Ear(group: plan.stations[0].group, port: 5510)
    var plan = plan
    plan.stations[1].eras[0].tapes = [directory.path("nosuch.ts")]
    let first = try start(plan)
    #expect(first.ready.faults.map(\.number) == [2])
    sleep(milliseconds: 100)
    // Its tape is cut short while it plays: no crash, and the other one goes on.
    let healed = try #require(try ask(first.process, TransmitRequest(plan: self.plan)).ready)
    #expect(healed.faults.isEmpty)
    #expect(unsafe truncate(directory.path("tape2.ts"), 0) == 0)
    sleep(milliseconds: 500)
    let figures = try #require(try ask(first.process, TransmitRequest(figures: .init())).figures)
    #expect(figures.stations[0].fault == nil && figures.stations[0].sent > 20 && figures.stations[0].errors == 0)
    #expect(figures.stations[1].errors > 0)
    first.process.signal(SIGHUP)
    first.process.signal(SIGINT)
    sleep(milliseconds: 50)
    #expect(first.process.poll() == nil)
    #expect(try ask(first.process, TransmitRequest(leave: .init(at: nil))).left != nil)
    #expect(ending(of: first.process) == .exited(status: 0))
    let sequences = receiver.stop().map(\.sequence)
    let expected = sequences.first.map { first in sequences.indices.map { first &+ UInt16($0) } }
    #expect(sequences == expected)
  }

  @Test func isOnTheAirQuickly() throws {
    let receiver = try Ear(group: plan.stations[0].group, port: 5510)
    let before = WallClock.now
    let started = try start(plan)
    sleep(milliseconds: 100)
    started.process.signal(SIGTERM)
    #expect(ending(of: started.process) == .exited(status: 0))
    sleep(milliseconds: 20)
    let first = receiver.stop().first?.arrival ?? .max
    print("from start to the first datagram: \((first - before) / 1000) us")
    #expect(first - before < 1_000_000_000)
  }
}

/// A receiver on a thread of its own.
private final class Ear: Sendable {
  struct Heard: Sendable {
    var sequence: UInt16
    var payload: [UInt8]
    var arrival: Int64
  }

  private let heard = Mutex<[Heard]>([])
  private let isStopped = Atomic<Bool>(false)
  private let thread: Mutex<RealTimeThread?>

  init(group: String, port: UInt16) throws {
    thread = Mutex(nil)
    let lo = try NetworkInterface("lo")
    let box = Box(try MulticastReceiver(group: group, port: port, interface: lo, receiveBuffer: 4 << 20))
    let started = try RealTimeThread(name: "ear", priority: nil) { [self] in
      guard var receiver = box.content.withLock({ $0.take() }) else { return }
      while !isStopped.load(ordering: .relaxed) {
        _ = try? receiver.receive(timeoutMilliseconds: 10) { bytes, arrival in
          guard let (header, payload) = RTPHeader.parse(bytes) else { return }
          let copy = payload.map { bytes[$0] }
          heard.withLock { $0.append(Heard(sequence: header.sequenceNumber, payload: copy, arrival: arrival)) }
        }
      }
    }
    thread.withLock { $0 = started }
  }

  func stop() -> [Heard] {
    isStopped.store(true, ordering: .relaxed)
    thread.withLock { $0.take() }?.join()
    return heard.withLock { $0 }
  }
}

private final class Box: Sendable {
  let content: Mutex<MulticastReceiver?>

  init(_ receiver: consuming MulticastReceiver) { content = Mutex(receiver) }
}
