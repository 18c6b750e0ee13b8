import FoundationEssentials
import NIOCore
import NIOPosix
import Synchronization
import Testing
import Wire

@testable import StationServer

extension TwinLink {
  /// Asks once: nil when there is no answer within a second or so.
  func first() async -> AirAccount? {
    var account: AirAccount?
    var link = self
    link.patience = .seconds(1)
    try? await link.ask {
      account = $0
      return false
    }
    return account
  }
}

/// Servers that ask each other over real TCP.
@Suite struct TwinLinkTests {
  private func withServer(
    _ twins: [Configuration.TwinAddress],
    _ body: @escaping @Sendable (TwinLink, StationLab, StationRegistry) async throws -> Void
  ) async throws {
    let lab = try StationLab([["a.mp4"], ["b.mp4"]]) { configuration, _ in configuration.twins = twins }
    let registry = lab.registry()
    await registry.begin()
    try await lab.recordAll(registry)
    await registry.tick()
    let server = try await ControlServer.bind(
      .init(host: "127.0.0.1", port: 0), registry: registry, admission: Admission(total: 10, perAddress: 10))
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await server.run() }
      var link = TwinLink(address: .init(host: "127.0.0.1", port: server.port))
      link.period = .milliseconds(5)
      try await body(link, lab, registry)
      group.cancelAll()
    }
  }

  /// Whoever begins after it has to be able to count on from there.
  @Test(arguments: [-1, 1 << 62, Int64.max])
  func understandsNoRunOfAnImpossibleDate(began: Int64) throws {
    let bytes = ByteBuffer(bytes: try JSONEncoder().encode(AirAccount(id: 1, began: began, stations: [])))
    #expect(throws: TwinLink.Unreadable.self) { try TwinLink.read(bytes) }
  }

  @Test func tellsWhatHasChanged() async throws {
    try await withServer([.init(host: "other", port: 1)]) { link, lab, registry in
      let first = try #require(await link.first())
      #expect(first.stations.map(\.number) == [1, 2])
      #expect(first.stations[0].eras.map(\.tapes.count) == [1])
      var heard: [Int?] = []
      try await link.ask { account in
        heard.append(account?.stations.count)
        if heard.count == 3 {
          let edit = ConfigurationEdit(
            said: lab.configuration, says: Self.withoutTheSecond(lab.configuration), running: lab.configuration)
          await registry.apply(edit)
        }
        return heard.last != 1
      }
      #expect(heard.first == 2 && heard.last == 1 && heard.dropFirst().dropLast().allSatisfy { $0 == nil })
    }
  }

  private static func withoutTheSecond(_ configuration: Configuration) -> Configuration {
    var edited = configuration
    edited.stations.removeLast()
    return edited
  }

  @Test func aServerWithoutATwinSaysSo() async throws {
    try await withServer([]) { link, _, _ in
      await #expect(throws: TwinAnswers.Refusal.self) { try await link.ask { _ in true } }
      #expect(await link.first() == nil)
    }
  }

  /// One that takes the connection and says nothing is given up.
  @Test func silenceIsNoTwin() async throws {
    let listener = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
      .bind(host: "127.0.0.1", port: 0).get()
    var link = TwinLink(address: .init(host: "127.0.0.1", port: listener.localAddress?.port ?? 0))
    link.patience = .milliseconds(50)
    let heard = Mutex(0)
    try? await link.ask { _ in
      heard.withLock { $0 += 1 }
      return true
    }
    #expect(heard.withLock(\.self) == 0)
    try await listener.close().get()
    await #expect(throws: (any Error).self) { try await link.ask { _ in true } }
  }

  /// However the bytes are cut, and with the account's LFs in them.
  @Test func answersInPieces() throws {
    let bytes = Array(
      "{\"type\":\"eras\",\"revision\":3,\"bytes\":4}\n{\n}\n{\"type\":\"eras\",\"revision\":3,\"bytes\":0}\n".utf8)
    for step in [1, 2, 7, bytes.count] {
      var answers = TwinAnswers()
      var buffer = ByteBuffer()
      var found: [TwinAnswers.InboundOut] = []
      for start in stride(from: 0, to: bytes.count, by: step) {
        buffer.writeBytes(bytes[start..<min(start + step, bytes.count)])
        while let answer = try answers.decode(buffer: &buffer) { found.append(answer) }
      }
      #expect(found.map(\.revision) == [3, 3])
      #expect(found.map { $0.account.map { String(buffer: $0) } } == ["{\n}\n", nil])
    }
  }

  @Test(arguments: [
    "{\"type\":\"eras\",\"revision\":3,\"bytes\":-1}\n", "{\"type\":\"eras\",\"revision\":3,\"bytes\":99999999999}\n",
    "nonsense\n",
  ])
  func nonsenseIsRefused(_ line: String) {
    var answers = TwinAnswers()
    var buffer = ByteBuffer(string: line)
    #expect(throws: (any Error).self) { try answers.decode(buffer: &buffer) }
  }
}
