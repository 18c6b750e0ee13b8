import NIOCore
import NIOEmbedded
import Testing
import Wire

@testable import StationServer

/// One connection on an event loop of the test's own: what it holds back, and what it drops.
@Suite struct ControlConnectionTests {
  /// A registry with two stations, one room, and a connection whose client reads when the test says so.
  private struct Bench {
    let channel = EmbeddedChannel()
    let room: ControlRoom
    let connection: ControlConnection
    let reads = Reads()

    init() async throws {
      let lab = try StationLab([["a.mp4"], ["b.mp4"]])
      let registry = lab.registry()
      await registry.begin()
      try await lab.recordAll(registry)
      room = ControlRoom(registry: registry, admission: Admission(total: 4, perAddress: 4))
      connection = ControlConnection(room)
      try channel.pipeline.syncOperations.addHandlers([reads, connection])
      channel.pipeline.fireChannelActive()
    }

    func say(_ text: String) {
      channel.pipeline.fireChannelRead(ByteBuffer(string: text))
      channel.pipeline.fireChannelReadComplete()
    }

    /// How many lines were written.
    func lines() throws -> Int {
      var count = 0
      while let buffer = try channel.readOutbound(as: ByteBuffer.self) {
        count += buffer.readableBytesView.count { $0 == 0x0A }
      }
      return count
    }
  }

  /// Counts what the connection lets through of the requests to read; holds back what it sends if asked to.
  private final class Reads: ChannelOutboundHandler {
    typealias OutboundIn = ByteBuffer
    private(set) var count = 0
    private(set) var isClosed = false
    var holdsBack = false
    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
      isClosed = true
      context.close(mode: mode, promise: promise)
    }
    func flush(context: ChannelHandlerContext) {
      if !holdsBack { context.flush() }
    }
    func read(context: ChannelHandlerContext) {
      count += 1
      context.read()
    }
  }

  /// A report from a receiver of station 1; counts since its join.
  private static func report(
    _ received: Int, lost: Int = 0, repaired: Int = 0, jitter: Int = 0, station: Int = 1
  ) -> String {
    let quality =
      #"{"path":"multicast","repaired":\#(repaired),"late":0,"reordered":0,"duplicated":0,"jitter":\#(jitter),"#
      + #""delayFactor":4200,"mediaLossRate":7,"clockJitter":90,"delay":2.5}"#
    return #"{"type":"report","station":\#(station),"received":\#(received),"lost":\#(lost),"bitrate":4000000,"#
      + #""quality":\#(quality)}"# + "\n"
  }

  @Test func tellsHowItsClientReceives() async throws {
    let bench = try await Bench()
    bench.say(#"{"type":"join","station":1}"# + "\n")
    bench.say(Self.report(400, lost: 1, repaired: 4, jitter: 300))
    bench.say(Self.report(1_400, lost: 3, repaired: 24, jitter: 500))
    bench.say(Self.report(7_000, station: 2))  // on its way while it joined
    #expect(try bench.lines() == 1)  // joined; reports have no answer
    bench.room.tick()
    let expected = ReceptionSummary(
      station: 1, reports: 1, received: 1_000, repaired: 20, lost: 2, jitter: 500, worstJitter: 500, delay: 2.5)
    #expect(bench.room.receptions.summaries == [expected])
    let receiver = try #require(bench.room.receivers.first)
    #expect((receiver.station, receiver.received, receiver.lost) == (1, 1_400, 3))
    #expect((receiver.recentlyLost, receiver.recentlyRepaired) == (0.2, 2))
    #expect(receiver.quality?.delayFactor == 4_200)
    // Forgotten five seconds after the last report, and when it receives something else.
    bench.room.tick(at: ControlRoom.now + 4)
    #expect(bench.room.receptions.summaries == [expected])
    bench.room.tick(at: ControlRoom.now + 5.5)
    #expect(bench.room.receptions.summaries == [])
    bench.room.tick()
    #expect(bench.room.receptions.summaries == [expected])
    bench.say(#"{"type":"join","station":2}"# + "\n")
    bench.room.tick()
    #expect(bench.room.receptions.summaries == [])
  }

  @Test func tellsItsClientToReportLessOftenWhereThereAreMany() async throws {
    let bench = try await Bench()
    bench.say(#"{"type":"join","station":1}"# + "\n")
    _ = try bench.lines()
    for _ in 0..<3_499 { bench.room.audience.move(from: nil, to: 2) }
    bench.say(Self.report(400))
    let answer = try #require(try bench.channel.readOutbound(as: ByteBuffer.self))
    #expect(String(buffer: answer) == #"{"every":4,"type":"reporting"}"# + "\n")
    // Once: not again for each that comes or goes.
    for _ in 0..<1_200 { bench.room.audience.move(from: 2, to: nil) }
    bench.say(Self.report(800))
    #expect(try bench.lines() == 0)
    for _ in 0..<2_000 { bench.room.audience.move(from: 2, to: nil) }
    bench.say(Self.report(1_200))
    let later = try #require(try bench.channel.readOutbound(as: ByteBuffer.self))
    #expect(String(buffer: later) == #"{"every":1,"type":"reporting"}"# + "\n")
  }

  /// However many twins wait for it: an account may have 64 MB.
  @Test func sendsAllTwinsTheSameBytes() async throws {
    let bench = try await Bench()
    bench.room.twins.publish(AirAccount(id: 1, began: 2, starting: nil, stations: []))
    func place() throws -> UInt {
      bench.say(#"{"type":"eras"}"# + "\n")
      let line = try #require(try bench.channel.readOutbound(as: ByteBuffer.self))
      #expect(String(buffer: line).hasSuffix("}\n"))
      let account = try #require(try bench.channel.readOutbound(as: ByteBuffer.self))
      return unsafe account.withUnsafeReadableBytes { UInt(bitPattern: $0.baseAddress) }
    }
    #expect(try place() == place())
  }

  private static let list = "{\"type\":\"list\"}\n"

  @Test func answersAllThatCameInOneGo() async throws {
    let bench = try await Bench()
    bench.say(String(repeating: Self.list, count: 20))
    #expect(try bench.lines() == 20)
    bench.say("{\"type\":")
    #expect(try bench.lines() == 0)
    bench.say("\"leave\"}\n")
    #expect(try bench.lines() == 1)
  }

  @Test func answersNothingMoreWhileItsClientDoesNotRead() async throws {
    let bench = try await Bench()
    bench.channel.isWritable = false
    bench.say(String(repeating: Self.list, count: 20))
    #expect(try bench.lines() == 0)
    let before = bench.reads.count
    bench.channel.pipeline.read()
    #expect(bench.reads.count == before)

    bench.channel.isWritable = true
    bench.channel.pipeline.fireChannelWritabilityChanged()
    #expect(try bench.lines() == 20)
    #expect(bench.reads.count == before + 1)
  }

  @Test func readsNothingMoreOnceItHangsUp() async throws {
    let bench = try await Bench()
    bench.reads.holdsBack = true  // the farewell waits for the client
    bench.say(String(repeating: "?\n", count: 3) + Self.list)
    #expect(bench.connection.unread.readableBytes == 0)
    let before = bench.reads.count
    for _ in 0..<100 {
      bench.channel.pipeline.read()
      bench.say(Self.list)
    }
    #expect(bench.reads.count == before)
    #expect(bench.connection.unread.readableBytes == 0)
  }

  @Test func keepsOnlyTheLatestNewsForASlowClient() async throws {
    let bench = try await Bench()
    bench.channel.isWritable = false
    for line in ["one\n", "two\n", "three\n"] { bench.connection.push(ByteBuffer(string: line)) }
    #expect(try bench.lines() == 0)
    bench.channel.isWritable = true
    bench.channel.pipeline.fireChannelWritabilityChanged()
    #expect(try bench.channel.readOutbound(as: ByteBuffer.self) == ByteBuffer(string: "three\n"))
    #expect(try bench.lines() == 0)
  }

  @Test func sendsNoNewsOfAStationThatItHasLeft() async throws {
    for request in ["{\"type\":\"join\",\"station\":2}\n", "{\"type\":\"leave\"}\n"] {
      let bench = try await Bench()
      bench.say("{\"type\":\"join\",\"station\":1}\n")
      #expect(try bench.lines() == 1)
      bench.channel.isWritable = false
      bench.room.tell(.init(revision: .max, lines: [1: ByteBuffer(string: "news\n")]))
      bench.say(request)
      bench.channel.isWritable = true
      bench.channel.pipeline.fireChannelWritabilityChanged()
      #expect(try bench.lines() == 1, "the answer alone")
    }
  }

  @Test func sendsNoNewsThatAreOlderThanTheAnswerToItsJoin() async throws {
    let bench = try await Bench()
    let revision = try #require(bench.room.board.joining(1)?.revision)
    bench.say("{\"type\":\"join\",\"station\":1}\n")
    #expect(try bench.lines() == 1)
    bench.room.tell(.init(revision: revision, lines: [1: ByteBuffer(string: "old\n")]))
    #expect(try bench.lines() == 0)
    bench.room.tell(.init(revision: revision + 1, lines: [1: ByteBuffer(string: "new\n")]))
    #expect(try bench.lines() == 1)
  }

  @Test func dropsAClientThatTakesNothing() async throws {
    let bench = try await Bench()
    bench.reads.holdsBack = true
    bench.say(Self.list)
    let now = ControlRoom.now
    bench.connection.tick(at: now + 9)
    #expect(!bench.reads.isClosed)
    bench.connection.tick(at: now + 11)
    #expect(bench.reads.isClosed)
  }

  @Test func leavesItsPlaceToTheLastOfTheRoom() async throws {
    let bench = try await Bench()
    let other = EmbeddedChannel()
    let neighbour = ControlConnection(bench.room)
    try other.pipeline.syncOperations.addHandler(neighbour)
    other.pipeline.fireChannelActive()
    #expect((bench.connection.place, neighbour.place) == (0, 1))
    bench.say("{\"type\":\"join\",\"station\":1}\n")
    #expect(bench.room.audience.count(1) == 1)
    bench.channel.pipeline.fireChannelInactive()
    #expect(bench.room.audience.count(1) == 0)
    #expect((bench.connection.place, neighbour.place) == (nil, 0))
    #expect(bench.room.admission.count == 1)
    other.pipeline.fireChannelInactive()
    #expect(bench.room.admission.count == 0)
  }
}
