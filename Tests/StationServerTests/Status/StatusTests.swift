import FoundationEssentials
import NIOCore
import NIOPosix
import SyntheticTape
import Testing
import Wire

@testable import StationServer

@Suite struct StatusTests {
  /// A real server, a client that reports, and the operator's socket.
  @Test func tellsTheOperatorHowStationsLeaveAndArrive() async throws {
    let lab = try StationLab([["a.mp4"], ["b.mp4"]])
    let registry = lab.registry()
    await registry.begin()
    try await lab.recordAll(registry)
    let server = try await ControlServer.bind(
      .init(host: "127.0.0.1", port: 0), registry: registry, admission: Admission(total: 10, perAddress: 10))
    let directory = try TemporaryDirectory()
    let configuration = try Scratch.configuration(directory, [["a.mp4"], ["b.mp4"]])
    let desk = StatusDesk(registry: registry, control: server, configuration: configuration, file: directory.path("a"))
    let door = try desk.open(in: directory.path(""))
    defer { door.close() }
    registry.airFigures.latest = TransmitFigures(
      clockOffset: 0,
      process: .init(residentBytes: 9 << 20, realTime: true, calls: 10, trains: 20, datagrams: 40),
      stations: [
        .init(number: 2, sent: 40, late: 3, skipped: 2, errors: 1, bitrate: 4_000_000, worstLateness: 900, fault: "F")
      ])
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await server.run() }
      let client = try await Talk.connect(server.port)
      try await client.say(
        #"{"type":"hello","version":1,"client":"nc"}"# + "\n" + #"{"type":"join","station":2}"# + "\n"
          + #"{"type":"report","station":2,"received":40,"lost":2,"bitrate":3900000}"# + "\n")
      let status = try await Talk.status(directory.path("")) { $0.receivers.first?.age != nil }
      #expect(status.site == "Hafen")
      #expect(status.transmitter?.residentBytes == 9 << 20)
      #expect(status.stations.map(\.number) == [1, 2])
      #expect(status.stations.map(\.receivers) == [0, 1])
      #expect(status.stations[0].air == nil)
      #expect(status.stations[1].air?.late == 3)
      let receiver = try #require(status.receivers.first)
      #expect(receiver.address.hasPrefix("127.0.0.1:"))
      #expect((receiver.client, receiver.station, receiver.received, receiver.lost) == ("nc", 2, 40, 2))
      let text = StatusText.lines(status, receivers: 20)
      #expect(text.contains("station 2: F"))
      #expect(text.contains { $0.hasPrefix("127.0.0.1:") && $0.contains("4.76 %") })
      client.close()
      group.cancelAll()
    }
  }

  @Test func streamsTellWhatTheyHaveSentInTheLastSecond() {
    let budget = StreamBudget(.init())
    #expect(budget.enter("a") && budget.reserve(1_000_000, for: "a"))
    for step in 0..<25 { budget.take(1_000, isRepair: step % 5 == 0, at: 7 + Double(step) / 10) }
    #expect(budget.figures(at: 9.45).bitrate == 80_000)
    let figures = StreamFigures(connections: 1, following: 1, bytes: 25_000, repairBytes: 5_000, bitrate: 40_000)
    #expect(budget.figures(at: 10.1) == figures)
    #expect(budget.figures(at: 12).bitrate == 0)
  }

  /// What a transmitter of another version says, all in one row.
  @Test func figuresAreAsTheyHaveAlwaysBeen() throws {
    let text = #"{"clockOffset":7,"residentBytes":1024,"realTime":true,"stations":[]}"#
    let figures = try JSONDecoder().decode(TransmitFigures.self, from: Data(text.utf8))
    #expect(figures.clockOffset == 7 && figures.process == .init(residentBytes: 1024, realTime: true))
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    #expect(
      String(decoding: try encoder.encode(figures), as: UTF8.self)
        == #"{"clockOffset":7,"realTime":true,"residentBytes":1024,"stations":[]}"#)
  }

  @Test func answersNothingElse() throws {
    let directory = try TemporaryDirectory()
    #expect(try StatusQuestion.ask(in: directory.path("")) == nil)
  }

  @Test func listsTheWorstFirst() throws {
    func receiver(_ address: String, lost: UInt64, jitter: Int = 0) -> ReceiverStatus {
      let report = ReceiverReport(
        .init(
          station: 1, received: 100, lost: lost, bitrate: 0, quality: Quality(path: .multicast, jitter: jitter)),
        after: nil, at: 0, expected: 1)
      return ReceiverStatus(station: 1, address: address, client: nil, report: report, at: 1)
    }
    let receivers = [
      receiver("a", lost: 0, jitter: 5), receiver("b", lost: 9), receiver("c", lost: 0, jitter: 500),
      receiver("d", lost: 2),
    ]
    #expect(receivers.sorted { $0.isWorse(than: $1) }.map(\.address) == ["b", "d", "c", "a"])
    let status = StationdStatus(
      version: "0", site: "S", configuration: "f", pid: 1, seconds: 90_061, control: "c", connections: 4,
      connectionLimit: 9,
      streams: .init(connections: 2, following: 1, bytes: 9_000_000, repairBytes: 1_200_400, bitrate: 4_040_000),
      transmitter: nil, stations: [], receiverCount: 4,
      receivers: receivers.sorted { $0.isWorse(than: $1) })
    let lines = StatusText.lines(status, receivers: 2)
    #expect(lines[1] == "process 1 since 1 d 1 h; control at c, 4 of 9 connections")
    #expect(lines[2] == "streams: 2 connections, 1 following, 4.0 Mb/s, 1200 kB of repairs so far")
    #expect(lines[3] == "the transmitter does not answer")
    #expect(lines.contains("4 receivers, the 2 worst:"))
    #expect(lines.last?.hasPrefix("d ") == true)
  }
}

/// A client over real TCP that only says things, and the operator.
private struct Talk: Sendable {
  let channel: any Channel

  static func connect(_ port: Int) async throws -> Talk {
    let bootstrap = ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
    return Talk(channel: try await bootstrap.connect(host: "127.0.0.1", port: port).get())
  }

  func say(_ text: String) async throws { try await channel.writeAndFlush(ByteBuffer(string: text)) }

  func close() { channel.close(promise: nil) }

  /// Asks until the status is so, for two seconds.
  static func status(
    _ directory: String, until isSo: (StationdStatus) -> Bool
  ) async throws -> StationdStatus {
    for _ in 0..<100 {
      let answer = try await Task.detached { try StatusQuestion.ask(in: directory) }.value
      if let answer, isSo(answer) { return answer }
      try await Task.sleep(for: .milliseconds(20))
    }
    struct NeverSo: Error {}
    throw NeverSo()
  }
}
