import NIOCore
import NIOPosix
import Playout
import Testing
import TransportStream
import Wire

@testable import StationServer

/// Servers that start at the same moment.
@Suite struct TwinMeetingTests {
  private static let a = Configuration.TwinAddress(host: "a", port: 1)
  private static let b = Configuration.TwinAddress(host: "b", port: 1)

  private func account(_ id: Int64, began: Int64 = 5, latest: Int64 = 0, met: [Int64] = []) -> AirAccount {
    AirAccount(id: id, began: began, starting: .init(latest: latest, met: met), stations: [])
  }

  @Test func waitsForAnAnswerAndBeginsWhenNobodyIsThere() {
    var meeting = TwinMeeting(account(1), twins: [Self.b])
    #expect(!meeting.mayBegin)
    meeting.lost(Self.b)
    #expect(meeting.mayBegin)
    meeting.heard(AirAccount(id: 2, began: 1, stations: []), from: Self.b)
    #expect(meeting.mayBegin, "one that is on the air is followed")
  }

  @Test func oneOfItsOwnAddressesIsNoTwin() {
    var meeting = TwinMeeting(account(1), twins: [Self.a, Self.b])
    meeting.heard(account(1), from: Self.a)
    #expect(!meeting.mayBegin)
    meeting.lost(Self.b)
    #expect(meeting.mayBegin)
    #expect(meeting.own.starting?.met == [])
  }

  /// The later change first, then the earlier start, then the smaller number.
  @Test(arguments: [
    (2, 9, 7, true), (2, 1, 7, true), (2, 9, 5, true), (2, 6, 5, true), (2, 5, 5, true), (0, 5, 5, false),
    (2, 4, 5, false), (2, 1, 3, false),
  ])
  func knowsWhoGoesFirst(id: Int64, began: Int64, latest: Int64, isFirst: Bool) {
    // The other one: number `id`, began at `began`, remembers 5. This one: number 1, began at 5, remembers `latest`.
    var meeting = TwinMeeting(account(1, latest: latest), twins: [Self.b])
    meeting.heard(account(id, began: began, latest: 5, met: [1]), from: Self.b)
    #expect(meeting.mayBegin == isFirst)
    #expect(meeting.own.starting?.met == [id])
  }

  @Test func theFirstWaitsUntilTheOtherKnowsOfIt() {
    var meeting = TwinMeeting(account(1), twins: [Self.b])
    meeting.heard(account(2), from: Self.b)
    #expect(!meeting.mayBegin)
    meeting.heard(account(2, met: [1]), from: Self.b)
    #expect(meeting.mayBegin)
  }

  /// Two that start within a moment, and ask each other at any moments: never do both begin without a word.
  @Test func neverDoBothBeginByThemselves() {
    var random = SystemRandomNumberGenerator()
    for _ in 0..<2_000 {
      var meetings = [
        TwinMeeting(account(1, latest: .random(in: 0...1)), twins: [Self.b]),
        TwinMeeting(account(2, latest: .random(in: 0...1)), twins: [Self.a]),
      ]
      var isUp = [false, false]
      var begun: [Int] = []
      var heardOfOther = [false, false]
      for step in 0..<1_000 where begun.count < 2 {
        let server = Int.random(in: 0...1, using: &random)
        guard !begun.contains(server) else { continue }
        // Its door is open before it asks.
        guard isUp[server] else {
          isUp[server] = true
          continue
        }
        let (other, address) = (1 - server, server == 0 ? Self.b : Self.a)
        if !isUp[other] {
          meetings[server].lost(address)
        } else if begun.contains(other) {
          meetings[server].heard(AirAccount(id: Int64(other + 1), began: 5, stations: []), from: address)
          heardOfOther[server] = true
        } else {
          meetings[server].heard(meetings[other].own, from: address)
        }
        if meetings[server].mayBegin { begun.append(server) }
        #expect(step < 999)
      }
      #expect(begun.count == 2)
      if let last = begun.last { #expect(heardOfOther[last]) }
    }
  }

  private struct Server {
    let lab: StationLab
    let registry: StationRegistry
    let control: ControlServer
  }

  /// Real servers with different memories, started together: the one that has forgotten what was on takes it from the other.
  @Test(arguments: [0, 1]) func startTogether(first: Int) async throws {
    let ports = try await Self.freePorts()
    let lab = try StationLab([["a.mp4", "b.mp4"]]) { configuration, _ in
      configuration.twins = ports.map { .init(host: "127.0.0.1", port: $0) }
    }
    let other = try StationLab([["a.mp4", "b.mp4"]]) { configuration, _ in
      configuration.twins = ports.map { .init(host: "127.0.0.1", port: $0) }
    }
    // One has a history; the other has the same tapes, and would have been on with both since the epoch.
    let before = lab.registry()
    await before.begin()
    let waiting = try await lab.makeCards(before)
    try lab.record(waiting[0])
    await before.finished(waiting[0].request, .done)
    lab.pass(seconds: 100)
    try await lab.recordAll(before)
    let fresh = other.registry()
    await fresh.begin()
    other.pass(seconds: 100)
    try await other.recordAll(fresh)
    for lab in [lab, other] { lab.pass(seconds: 1000) }
    Scratch.remove(other.configuration.tapes + "/air")

    var servers: [Server] = []
    for (lab, port) in zip(first == 0 ? [lab, other] : [other, lab], ports) {
      let registry = lab.registry()
      await registry.twinBoard.publish(registry.introduction)
      let control = try await ControlServer.bind(
        .init(host: "127.0.0.1", port: port), registry: registry, admission: Admission(total: 10, perAddress: 10))
      servers.append(Server(lab: lab, registry: registry, control: control))
    }
    try await withThrowingTaskGroup(of: Void.self) { group in
      for server in servers {
        group.addTask {
          try await server.control.letTwinsIn()
          await TwinRendezvous(
            registry: server.registry, twins: server.lab.configuration.twins, patience: .seconds(20),
            period: .milliseconds(5)
          ).run()
          await server.registry.begin()
        }
      }
      try await group.waitForAll()
    }
    let eras = [await servers[0].registry.plan(clockOffset: nil), await servers[1].registry.plan(clockOffset: nil)]
      .map { plan in plan.stations.map { $0.eras.map { ($0.start, $0.base) } } }
    #expect(eras[0].count == 1 && eras[1].count == 1)
    #expect(eras[0][0].count == 1 && eras[0][0].map(\.0) == eras[1][0].map(\.0))
    #expect(eras[0][0][0].0 != .zero, "it goes on with what was on")
    await withThrowingTaskGroup(of: Void.self) { group in
      for server in servers { group.addTask { try await server.control.run() } }
      group.cancelAll()
    }
  }

  private static func freePorts() async throws -> [Int] {
    var listeners: [any Channel] = []
    for _ in 0..<2 {
      listeners.append(
        try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup).bind(host: "127.0.0.1", port: 0).get())
    }
    let ports = listeners.compactMap { $0.localAddress?.port }
    for listener in listeners { try await listener.close().get() }
    return ports
  }
}
