import Dispatch
import NIOCore
import NIOPosix
import Playout
import SyntheticTape
import Tape
import Testing
import TransportStream
import Wire

@testable import StationServer

/// Stream connections over real TCP; the air's time stands still unless the test turns it.
@Suite struct StreamConnectionTests {
  /// Two stations on the air, each with two tapes of 4 s, 100 s after they began.
  private func withServer(
    _ limits: Configuration.StreamLimits = .init(),
    _ body: @escaping @Sendable (_ port: Int, StationLab, StationRegistry) async throws -> Void
  ) async throws {
    try await withDesk(limits) { port, lab, registry, _ in try await body(port, lab, registry) }
  }

  private func withDesk(
    _ limits: Configuration.StreamLimits = .init(),
    _ body: @escaping @Sendable (_ port: Int, StationLab, StationRegistry, StreamDesk) async throws -> Void
  ) async throws {
    let lab = try StationLab([["a.mp4", "b.mp4"], ["c.mp4"]])
    let registry = lab.registry()
    await registry.begin()
    try await lab.recordAll(registry)
    lab.pass(seconds: 100)
    let server = try await ControlServer.bind(
      .init(host: "127.0.0.1", port: 0), registry: registry, admission: Admission(total: 100, perAddress: 100),
      streams: limits)
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await server.run() }
      try await body(server.port, lab, registry, server.desk)
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

  /// What no client has to say is not even looked at, and at the third time it is enough.
  @Test func aLineOfAnAbsurdLengthIsNone() async throws {
    try await withServer { port, _, registry in
      let air = try #require(registry.airs.air(2))
      try await StreamClient.talk(port, #"{"type":"stream","station":2}"#) { client in
        let n = try await client.reply().next - 500
        let pairs = Array(repeating: "[\(n),1]", count: 600).joined(separator: ",")
        try await client.say(#"{"type":"repair","packets":[\#(pairs)]}"#)
        try await client.say(#"{"type":"repair","packets":[[\#(n + 7),1]]}"#)
        #expect(try await client.frames(1) == [air.frame(n + 7)])
        for _ in 0..<2 { try await client.say(#"{"type":"repair","packets":[\#(pairs)]}"#) }
        // Hung up on, with or without what it has said being read.
        #expect((try? await client.frame()) == nil)
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

  /// More than it would ever say, while the stream is being opened: it is heard all the same.
  @Test(.timeLimit(.minutes(1))) func hearsWhatIsSaidBeforeItIsOpen() async throws {
    try await withDesk { port, _, registry, desk in
      let air = try #require(registry.airs.air(1))
      // All threads that open streams wait for a disk.
      let disk = DispatchSemaphore(value: 0)
      for _ in 0..<12 {
        desk.work(on: MultiThreadedEventLoopGroup.singleton.next(), mayWait: true) {
          disk.wait()
        } then: { _ in
        }
      }
      try await StreamClient.talk(port, #"{"type":"stream","station":1}"#) { client in
        let long = String(repeating: "x", count: 4_000)
        for _ in 0..<60 { try await client.say(#"{"type":"pause","reason":"\#(long)"}"#) }
        try await client.say(#"{"type":"repair","packets":[[5,1]]}"#)
        try await Task.sleep(for: .milliseconds(400))
        for _ in 0..<12 { disk.signal() }
        _ = try await client.reply()
        #expect(try await client.frame() == air.frame(5))
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

  @Test func bearsNumbersAndDatesThatMeanNothing() async throws {
    try await withServer { port, lab, registry in
      let air = try #require(registry.airs.air(1))
      let next = air.station.index(at: lab.now + Ticks(1))
      let ends = [
        "\"from\":\(Int64.max)", "\"from\":\(Int64.min)", "\"from\":-1", "\"at\":1e308", "\"at\":-1e308",
        "\"back\":1e308",
        "\"back\":-1e308",
      ]
      for end in ends {
        let first = try await StreamClient.talk(port, "{\"type\":\"stream\",\"station\":1,\(end)}") { client in
          try await client.reply().first
        }
        #expect(first <= next && first > next - 10_000_000)
      }
      try await StreamClient.talk(port, #"{"type":"stream","station":1}"#) { client in
        _ = try await client.reply()
        for n in [Int64.max, .min, 1 << 59, 1 << 50, next + 100_000_000] {
          try await client.say(#"{"type":"repair","packets":[[\#(n),500]]}"#)
          try await Task.sleep(for: .milliseconds(20))
        }
        try await client.say(#"{"type":"follow","from":\#(Int64.min)}"#)
        try await client.say(#"{"type":"follow","from":\#(next - 1)}"#)
        // Following from a number below zero is following from the first.
        var frame = try await client.frame()
        while let some = frame, some != air.frame(next - 1) { frame = try await client.frame() }
        #expect(frame != nil)
      }
    }
  }

  /// Nothing would come, and a station's rate be reserved.
  @Test(.timeLimit(.minutes(1))) func hangsUpOnThoseWhoFollowTheFuture() async throws {
    try await withDesk { port, lab, registry, desk in
      let air = try #require(registry.airs.air(1))
      let next = air.station.index(at: lab.now + Ticks(1))
      for n in [Int64.max, 1 << 50, next + 100_000_000, air.station.index(at: lab.now + .seconds(3))] {
        try await StreamClient.talk(port, #"{"type":"stream","station":1}"#) { client in
          _ = try await client.reply()
          try await client.say(#"{"type":"follow","from":\#(n)}"#)
          #expect(try await client.frame() == nil, "\(n)")
        }
      }
      for _ in 0..<200 where desk.budget.figures.following > 0 { try await Task.sleep(for: .milliseconds(5)) }
      #expect(desk.budget.figures.following == 0)
      // A little ahead is a datagram that multicast has brought early.
      try await StreamClient.talk(port, #"{"type":"stream","station":1}"#) { client in
        _ = try await client.reply()
        let n = air.station.index(at: lab.now + .milliseconds(500))
        try await client.say(#"{"type":"follow","from":\#(n)}"#)
        try await Task.sleep(for: .milliseconds(50))
        lab.pass(seconds: 1)
        #expect(try await client.frame() == air.frame(n))
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

  private func error(_ port: Int, _ line: String) async throws -> ErrorCode? {
    try await StreamClient.talk(port, line) { client in
      guard case .error(let error) = try await client.line() else { return nil }
      return try await client.line() == nil ? error.code : nil
    }
  }

  @Test func hasRoomForSoManyStreams() async throws {
    try await withServer(.init(connections: 1)) { port, _, _ in
      try await StreamClient.talk(port, #"{"type":"stream","station":1}"#) { client in
        _ = try await client.reply()
        #expect(try await error(port, #"{"type":"stream","station":1}"#) == .busy)
      }
      for _ in 0..<100 {
        if try await error(port, #"{"type":"stream","station":1}"#) == nil { return }
        try await Task.sleep(for: .milliseconds(10))
      }
      Issue.record("its place was not given to another one")
    }
  }

  @Test func hasRoomForSoManyWholeStations() async throws {
    try await withDesk(.init(bitrate: 1_000_000)) { port, _, registry, desk in
      let air = try #require(registry.airs.air(1))
      try await StreamClient.talk(port, #"{"type":"stream","station":1,"back":0}"#) { client in
        let reply = try await client.reply()
        #expect(desk.budget.figures.following == 1)
        #expect(try await error(port, #"{"type":"stream","station":1,"back":0}"#) == .busy)
        // Repairs share what is left.
        try await StreamClient.talk(port, #"{"type":"stream","station":1}"#) { other in
          _ = try await other.reply()
          try await other.say(#"{"type":"repair","packets":[[9,1]]}"#)
          #expect(try await other.frame() == air.frame(9))
        }
        _ = try await client.frames(Int(reply.next - reply.first))
        try await client.say(#"{"type":"pause"}"#)
        for _ in 0..<200 where desk.budget.figures.following > 0 { try await Task.sleep(for: .milliseconds(5)) }
        #expect(try await error(port, #"{"type":"stream","station":1,"back":0}"#) == nil)
      }
    }
  }

  @Test func sendsThoseAtTheEdgeTheSame() async throws {
    try await withServer { port, lab, registry in
      let air = try #require(registry.airs.air(2))
      let start = air.station.index(at: lab.now + Ticks(1))
      try await withThrowingTaskGroup(of: Bool.self) { group in
        for _ in 0..<8 {
          group.addTask {
            try await StreamClient.talk(port, #"{"type":"stream","station":2,"from":\#(start - 10)}"#) { client in
              guard try await client.reply().first == start - 10 else { return false }
              return try await client.frames(210) == (start - 10..<start + 200).map(air.frame)
            }
          }
        }
        for _ in 0..<300 {
          try await Task.sleep(for: .milliseconds(10))
          lab.pass(seconds: 0.02)
        }
        for try await isRight in group { #expect(isRight) }
      }
    }
  }

  @Test func hangsUpWhenItsStationIsTakenOut() async throws {
    try await withServer { port, lab, registry in
      try await StreamClient.talk(port, #"{"type":"stream","station":2}"#) { client in
        _ = try await client.reply()
        var next = lab.configuration
        next.stations.removeLast()
        await registry.apply(ConfigurationEdit(said: lab.configuration, says: next, running: lab.configuration))
        // And comes back, with whatever numbers.
        await registry.apply(ConfigurationEdit(said: next, says: lab.configuration, running: next))
        #expect(registry.airs.air(2) != nil)
        #expect(try await client.frame() == nil)
      }
    }
  }

  @Test func sendsNothingOfAnotherStationWithItsNumber() async throws {
    try await withServer { port, lab, registry in
      let entry = try #require(await registry.entries[2])
      try await StreamClient.talk(port, #"{"type":"stream","station":2,"back":0}"#) { client in
        let reply = try await client.reply()
        _ = try await client.frames(Int(reply.next - reply.first))
        // Until it stands at the edge.
        try await Task.sleep(for: .milliseconds(50))
        registry.airs.remove([2])
        registry.airs.put(entry)
        lab.pass(seconds: 1)
        #expect(try await client.frame() == nil)
      }
    }
  }

  @Test func hangsUpOnAFlood() async throws {
    try await withServer { port, _, _ in
      try await StreamClient.talk(port, #"{"type":"stream","station":1}"#) { client in
        _ = try await client.reply()
        try await client.say(String(repeating: "{\"type\":\"pause\"}\n", count: 600))
        // With lines unread, the kernel ends it by a reset.
        #expect((try? await client.frame()) == nil)
      }
    }
  }

  /// Whoever does not read has the server make no more than the kernel takes, and holds up nobody.
  @Test func aClientThatDoesNotReadCostsNobodyAnything() async throws {
    try await withDesk { port, lab, registry, desk in
      let air = try #require(registry.airs.air(1))
      let n = air.station.index(at: lab.now - .seconds(80_000))
      let channel = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
        .channelOption(.autoRead, value: false).channelOption(.socketOption(.so_rcvbuf), value: 65_536)
        .connect(host: "127.0.0.1", port: port).get()
      try await channel.writeAndFlush(ByteBuffer(string: #"{"type":"stream","station":1,"from":\#(n)}"# + "\n"))
      var (bytes, still) = (0, 0)
      for _ in 0..<500 where still < 20 {
        try await Task.sleep(for: .milliseconds(10))
        let now = desk.budget.figures.bytes
        still = now > 0 && now == bytes ? still + 1 : 0
        bytes = now
      }
      #expect(still == 20 && bytes < 16_000_000)
      try await StreamClient.talk(port, #"{"type":"stream","station":1,"back":0}"#) { client in
        let reply = try await client.reply()
        #expect(try await client.frame() == air.frame(reply.first))
      }
      try await channel.close()
    }
  }

  @Test func answersAClientThatHasSaidAllThatItHasToSay() async throws {
    try await withServer { port, _, registry in
      let air = try #require(registry.airs.air(1))
      let channel = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
        .channelOption(.allowRemoteHalfClosure, value: true)
        .connect(host: "127.0.0.1", port: port) { channel in
          channel.eventLoop.makeCompletedFuture {
            try StreamClient.Bytes(
              wrappingChannelSynchronously: channel, configuration: .init(isOutboundHalfClosureEnabled: true))
          }
        }
      let bytes = try await channel.executeThenClose { inbound, outbound in
        let lines = #"{"type":"stream","station":1}"# + "\n" + #"{"type":"repair","packets":[[3,2]]}"#
        try await outbound.write(ByteBuffer(string: lines))
        outbound.finish()
        var bytes = ByteBuffer()
        for try await var more in inbound { bytes.writeBuffer(&more) }
        return Array(bytes.readableBytesView)
      }
      let end = try #require(bytes.firstIndex(of: 0x0A))
      #expect(Array(bytes[(end + 1)...]) == air.frame(3) + air.frame(4))
    }
  }
}

/// What goes into frames of a live station's ring.
@Suite struct RingStreamTests {
  @Test func goesOnWithWhatIsThereWhenARingHasOvertakenIt() throws {
    let directory = try TemporaryDirectory()
    let lab = try StationLab([["a.mp4"]])
    let file = try RingFile(path: directory.path("1.ring"))
    #expect(file.tryLock() == true)
    let source = SyntheticTape(milliseconds: 40)
    let info = RingInfo(format: source.info.format, map: source.map(clockPID: PID.video))
    var writer = try RingWriter(file, .init(info: info, base: .init(), datagrams: 256))
    func write(_ numbers: Range<Int64>) throws {
      let packet: [UInt8] = [0x47, 0x1F, 0xFF, 0x10] + [UInt8](repeating: 0xFF, count: 184)
      for k in numbers {
        try writer.append(packet.span, date: lab.now + .milliseconds(10 * k), isRandomAccess: k % 10 == 0)
      }
      writer.publish()
    }
    try write(0..<100)
    let ring = try Ring(path: directory.path("1.ring"))
    let identity = StationIdentity(number: 1, name: "Live", provider: "Hafen", transportStreamID: 1)
    let station = try #require(Station(identity: identity, eras: [.first(ring, from: lab.now)]))
    let air = AirBoard.Air(
      station: station, ssrc: 7, born: 1, titles: [ring.path: "Live"], cards: "",
      configuration: lab.configuration.stations[0])
    func bytes(_ numbers: Range<Int64>) -> ByteBuffer { ByteBuffer(bytes: numbers.flatMap(air.frame)) }

    let now = lab.now + .milliseconds(995)
    var frames = FrameFill.follow(air, from: 0, now: now)
    #expect(frames.bytes == bytes(0..<48) && frames.next == 48 && frames.then == .more)
    frames = FrameFill.follow(air, from: 90, now: now)
    #expect(frames.bytes == bytes(90..<100) && frames.next == 100)
    guard case .edge = frames.then else {
      Issue.record("\(frames.then)")
      return
    }
    // Nobody waits for what comes in a thousand years.
    for n in [102, 1 << 40, Int64.max] { #expect(FrameFill.follow(air, from: n, now: now).then == .beyond) }
    // Not due, and early by no more than multicast may be.
    #expect(FrameFill.repair(air, 10..<20, now: lab.now + .milliseconds(60)) == bytes(10..<12))

    try write(100..<1_000)
    let later = lab.now + .seconds(10)
    frames = FrameFill.follow(air, from: 48, now: later)
    #expect(frames.bytes == bytes(ring.oldest..<ring.oldest + 48) && frames.next == ring.oldest + 48)
    #expect(FrameFill.repair(air, 48..<52, now: later).readableBytes == 0)
    let opening = try #require(
      StreamOpening(.init(station: 1, back: 0.305), air, now: later, clockError: nil))
    #expect(opening.first == 960 && opening.reply.next == 1_000)
    #expect(opening.reply.programmes.map(\.title) == ["Live"])
    let reach = try #require(StreamOpening(.init(station: 1, at: 0), air, now: later, clockError: nil))
    #expect(reach.first == (ring.oldest + 9) / 10 * 10)
  }
}
