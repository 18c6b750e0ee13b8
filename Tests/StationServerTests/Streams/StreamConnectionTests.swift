import NIOCore
import Playout
import Testing
import TransportStream
import Wire

@testable import StationServer

/// Stream connections over real TCP; the air's time stands still unless the test turns it.
@Suite struct StreamConnectionTests {
  /// Two stations on the air, each with two tapes of 4 s, 100 s after they began.
  private func withServer(
    _ body: @escaping @Sendable (_ port: Int, StationLab, StationRegistry) async throws -> Void
  ) async throws {
    let lab = try StationLab([["a.mp4", "b.mp4"], ["c.mp4"]])
    let registry = lab.registry()
    await registry.begin()
    try await lab.recordAll(registry)
    lab.pass(seconds: 100)
    let server = try await ControlServer.bind(
      .init(host: "127.0.0.1", port: 0), registry: registry, admission: Admission(total: 100, perAddress: 100))
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await server.run() }
      try await body(server.port, lab, registry)
      group.cancelAll()
    }
  }

  @Test func burstsFromTheLastRandomAccessPoint() async throws {
    try await withServer { port, lab, registry in
      let air = try #require(registry.airs.air(1))
      try await StreamClient.talk(port, #"{"type":"stream","station":1,"back":0.5}"#) { client in
        let reply = try await client.reply()
        #expect(reply.ssrc == air.ssrc && reply.station == 1)
        #expect(reply.next == air.station.index(at: lab.now + Ticks(1)))
        #expect(air.station.randomAccessPoint(atOrBefore: reply.first) == reply.first)
        #expect(reply.date <= lab.now.inSeconds - 0.5 && reply.date > lab.now.inSeconds - 4.6)
        #expect(reply.now == lab.now.inSeconds)
        #expect(reply.programmes.first.map { $0.start <= reply.date && reply.date < $0.end } == true)
        #expect(Set(reply.programmes.map(\.title)).isSubset(of: ["a", "b"]))
        let count = Int(reply.next - reply.first)
        let frames = try await client.frames(count)
        #expect(frames == (reply.first..<reply.next).map(air.frame))
        // As they are due.
        lab.pass(seconds: 1)
        let next = air.station.index(at: lab.now + Ticks(1))
        #expect(next > reply.next + 50)
        #expect(try await client.frames(Int(next - reply.next)) == (reply.next..<next).map(air.frame))
      }
    }
  }

  @Test func repairsWhatWasAskedForAndNothingElse() async throws {
    try await withServer { port, _, registry in
      let air = try #require(registry.airs.air(2))
      try await StreamClient.talk(port, #"{"type":"stream","station":2}"#) { client in
        let reply = try await client.reply()
        #expect(reply.first == reply.next)
        let n = reply.next - 500
        // Of what is not due nothing comes; then one that shows that nothing more came before.
        try await client.say(#"{"type":"repair","packets":[[\#(n),3],[\#(n + 90),60],[\#(reply.next + 50),5]]}"#)
        try await client.say(#"{"type":"repair","packets":[[\#(n + 7),1]]}"#)
        let wanted = Array(n..<n + 3) + Array(n + 90..<n + 150) + [n + 7]
        #expect(try await client.frames(wanted.count) == wanted.map(air.frame))
      }
    }
  }

  @Test func followsAndPauses() async throws {
    try await withServer { port, _, registry in
      let air = try #require(registry.airs.air(1))
      try await StreamClient.talk(port, #"{"type":"stream","station":1}"#) { client in
        let reply = try await client.reply()
        try await client.say(#"{"type":"follow","from":\#(reply.next - 1000)}"#)
        #expect(try await client.frames(1000) == (reply.next - 1000..<reply.next).map(air.frame))
        try await client.say(#"{"type":"pause"}"#)
        try await client.say(#"{"type":"repair","packets":[[5,1]]}"#)
        #expect(try await client.frame() == air.frame(5))
        try await client.say(#"{"type":"follow","from":\#(reply.next - 3)}"#)
        #expect(try await client.frames(3) == (reply.next - 3..<reply.next).map(air.frame))
      }
    }
  }

  @Test func beginsExactlyWhereItIsToldTo() async throws {
    try await withServer { port, lab, registry in
      let air = try #require(registry.airs.air(1))
      let n = air.station.index(at: lab.now - .seconds(3_600)) + 5
      try await StreamClient.talk(port, #"{"type":"stream","station":1,"from":\#(n)}"#) { client in
        let reply = try await client.reply()
        #expect(reply.first == n)
        #expect(try await client.frames(2_000) == (n..<n + 2_000).map(air.frame))
      }
      let at = lab.now.inSeconds - 7_200
      try await StreamClient.talk(port, #"{"type":"stream","station":1,"at":\#(at)}"#) { client in
        let reply = try await client.reply()
        #expect(reply.date <= at && reply.date > at - 4.1)
        #expect(try await client.frames(100) == (reply.first..<reply.first + 100).map(air.frame))
      }
    }
  }

  @Test func refusesStationsThatAreNotThere() async throws {
    try await withServer { port, _, _ in
      try await StreamClient.talk(port, #"{"type":"stream","station":7,"back":0}"#) { client in
        guard case .error(let error) = try await client.line() else {
          Issue.record("no error")
          return
        }
        #expect(error.code == .unknownStation)
        #expect(try await client.line() == nil)
      }
    }
  }
}
