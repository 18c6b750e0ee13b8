import LinuxIO
import Synchronization
import TSBytes
import Testing
import Wire

@testable import Reception

/// The stream connection against a server of a few lines, on the loopback interface.
struct StreamLinkTests {
  private static let reply =
    #"{"type":"stream","station":2,"ssrc":7,"first":100,"date":1.5,"next":120,"now":2.0,"earliest":0.5,"programmes":[]}"#

  /// RFC 4571, section 2: two bytes of length, then the packet.
  private static func frame(_ packet: [UInt8]) -> [UInt8] {
    [UInt8(packet.count >> 8), UInt8(packet.count & 0xFF)] + packet
  }

  /// What came of a link until `done` or five seconds have passed.
  private struct Seen {
    var replies: [StreamReply] = []
    var refusals: [ServerMessage.ErrorReply?] = []
    var packets: [[UInt8]] = []
    var asked = 0
  }

  private func run(
    _ link: inout StreamLink, wanted: (Seen) -> Bool = { _ in true }, until done: (Seen) -> Bool
  ) -> Seen {
    var seen = Seen()
    var polls = PollSet(capacity: 4)
    let limit = SteadyClock.now + 5_000_000_000
    while !done(seen), SteadyClock.now < limit {
      switch link.advance(
        now: SteadyClock.now,
        opening: {
          seen.asked += 1
          return StreamRequest(station: 2, back: 0.5)
        })
      {
      case .opened(let reply): seen.replies.append(reply)
      case .closed(let refusal): seen.refusals.append(refusal)
      case nil: break
      }
      link.frames(while: { wanted(seen) }, { packet in seen.packets.append((0..<packet.count).map { packet[$0] }) })
      polls.removeAll()
      link.watch(&polls, frames: wanted(seen))
      polls.wait(until: min(link.wake, SteadyClock.now + 5_000_000))
    }
    return seen
  }

  @Test func aLineIsAnsweredAndFramesFollow() throws {
    let heard = Mutex<[String]>([])
    let packets: [[UInt8]] = (0..<300).map { index in [UInt8](repeating: UInt8(index & 0xFF), count: 1 + index * 5) }
    let server = try TestServer { caller in
      guard let line = caller.line() else { return }
      heard.withLock { $0.append(line) }
      // The answer comes in pieces, the last one with the first frames.
      let bytes = Array(Self.reply.utf8)
      caller.send(Array(bytes[..<20]))
      SteadyClock.sleep(until: SteadyClock.now + 20_000_000)
      caller.send(Array(bytes[20...]) + [0x0A] + packets.flatMap(Self.frame))
      while let line = caller.line() { heard.withLock { $0.append(line) } }
    }
    defer { server.stop() }
    var link = StreamLink(StreamServer(address: "127.0.0.1", port: server.port), now: SteadyClock.now)
    let seen = run(&link) { $0.packets.count >= packets.count }
    #expect(seen.replies.map(\.first) == [100] && seen.replies.map(\.ssrc) == [7])
    #expect(seen.packets == packets)
    #expect(link.isOpen && seen.asked == 1)
    link.send(Array("{\"type\":\"pause\"}\n".utf8).span)
    let limit = SteadyClock.now + 5_000_000_000
    while heard.withLock(\.count) < 2, SteadyClock.now < limit { SteadyClock.sleep(until: SteadyClock.now + 1_000_000) }
    #expect(heard.withLock(\.self) == [#"{"back":0.5,"station":2,"type":"stream"}"#, #"{"type":"pause"}"#])
  }

  @Test func framesThatAreNotWantedStay() throws {
    let server = try TestServer { caller in
      _ = caller.line()
      caller.send(Array((Self.reply + "\n").utf8) + (0..<10).flatMap { Self.frame([UInt8($0)]) })
      _ = caller.line()
    }
    defer { server.stop() }
    var link = StreamLink(StreamServer(address: "127.0.0.1", port: server.port), now: SteadyClock.now)
    let some = run(&link, wanted: { $0.packets.count < 3 }, until: { $0.packets.count >= 3 })
    #expect(some.packets == [[0], [1], [2]])
    let rest = run(&link) { $0.packets.count >= 7 }
    #expect(rest.packets == (3..<10).map { [UInt8($0)] })
  }

  @Test func aLinkThatEndsIsMadeAgain() throws {
    let count = Mutex(0)
    let server = try TestServer { caller in
      _ = caller.line()
      count.withLock { $0 += 1 }
      caller.send(Array((Self.reply + "\n").utf8) + Self.frame([1]))
      if count.withLock(\.self) >= 3 { _ = caller.line() }
    }
    defer { server.stop() }
    var link = StreamLink(StreamServer(address: "127.0.0.1", port: server.port), now: SteadyClock.now)
    let start = SteadyClock.now
    let seen = run(&link) { $0.replies.count == 3 && $0.packets.count == 3 }
    #expect(seen.refusals == [nil, nil] && seen.packets.count == 3)
    // Two pauses: at least three quarters of 100 and of 200 ms.
    #expect(SteadyClock.now - start >= 225_000_000)
  }

  @Test func aRefusalIsToldAndHeeded() throws {
    let server = try TestServer { caller in
      _ = caller.line()
      caller.send(line: #"{"type":"error","code":"busy","message":"Later."}"#)
    }
    defer { server.stop() }
    var link = StreamLink(StreamServer(address: "127.0.0.1", port: server.port), now: SteadyClock.now)
    let seen = run(&link) { !$0.refusals.isEmpty }
    #expect(seen.refusals == [.init(code: .busy, message: "Later.")])
    #expect(link.wake - SteadyClock.now > 500_000_000)
  }

  @Test func nobodyThereAndNoAddressAreTriedAgain() throws {
    let server = try TestServer { _ in }
    server.stop()
    for server in [StreamServer(address: "127.0.0.1", port: server.port), StreamServer(address: "nowhere", port: 1)] {
      var link = StreamLink(server, now: SteadyClock.now)
      let seen = run(&link) { $0.refusals.count >= 2 }
      #expect(seen.refusals.count == 2 && seen.asked == 0 && !link.isOpen)
    }
  }

  @Test func aServerThatSaysNothingIsGivenUp() throws {
    let server = try TestServer { caller in while caller.line() != nil {} }
    defer { server.stop() }
    var link = StreamLink(StreamServer(address: "127.0.0.1", port: server.port), now: 0)
    // Time as it is told, not as it passes.
    var now: Int64 = 0
    var closed: Int64?
    for _ in 0..<2000 where closed == nil {
      if case .closed = link.advance(now: now, opening: { StreamRequest(station: 1) }) { closed = now }
      now += link.isWaitingForAnswer ? 10_000_000 : 0
      SteadyClock.sleep(until: SteadyClock.now + 100_000)
    }
    #expect(closed.map { (5_000_000_000...5_100_000_000).contains($0) } == true)
  }

  /// Connections in a row that could not be had are no reason to rest when the network is back; a refusal is one.
  @Test func oneThatIsWantedAgainDoesNotRest() throws {
    let server = try TestServer { _ in }
    server.stop()
    var link = StreamLink(StreamServer(address: "127.0.0.1", port: server.port), now: 0)
    var now: Int64 = 0
    for _ in 0..<8 {
      while link.advance(now: now, opening: { StreamRequest(station: 1) }) == nil {
        SteadyClock.sleep(until: SteadyClock.now + 100_000)
        now += link.wake > now ? 1_000_000 : 0
      }
      now = link.wake
    }
    #expect(link.advance(now: now, opening: { StreamRequest(station: 1) }) == nil || link.wake > now + 1_000_000_000)
    #expect(!link.renew(now: now) && link.wake <= now + 100_000_000)
  }

  /// A server that restarts now and then is asked again as soon as one that had never been away.
  @Test(arguments: [Int64(1), 3]) func oneThatWasGoodIsMadeAgainSoon(seconds: Int64) throws {
    let count = Mutex(0)
    let isOver = Mutex(false)
    let server = try TestServer { caller in
      _ = caller.line()
      let isAnswered = count.withLock { count in
        count += 1
        return count > 6
      }
      guard isAnswered else { return }
      caller.send(line: Self.reply)
      while !isOver.withLock(\.self) { SteadyClock.sleep(until: SteadyClock.now + 1_000_000) }
    }
    defer { server.stop() }
    var link = StreamLink(StreamServer(address: "127.0.0.1", port: server.port), now: 0)
    // Time as it is told, not as it passes.
    var now: Int64 = 0
    func advance() -> StreamLink.Event? {
      SteadyClock.sleep(until: SteadyClock.now + 100_000)
      return link.advance(now: now, opening: { StreamRequest(station: 2) })
    }
    while !link.isOpen { if case .closed = advance() { now = link.wake } }
    now += seconds * 1_000_000_000
    isOver.withLock { $0 = true }
    while link.isOpen { link.frames(while: { true }, { _ in }) }
    var isClosed = false
    if case .closed = link.advance(now: now, opening: { StreamRequest(station: 2) }) { isClosed = true }
    #expect(isClosed && (link.wake <= now + 100_000_000) == (seconds > 2))
  }

  @Test func anOpenOneIsMadeAnewWithoutAWord() throws {
    let server = try TestServer { caller in
      _ = caller.line()
      caller.send(Array((Self.reply + "\n").utf8) + Self.frame([1]))
      _ = caller.line()
    }
    defer { server.stop() }
    var link = StreamLink(StreamServer(address: "127.0.0.1", port: server.port), now: SteadyClock.now)
    #expect(run(&link) { $0.packets.count == 1 }.replies.count == 1)
    #expect(link.renew(now: SteadyClock.now) && !link.isOpen)
    let seen = run(&link) { $0.packets.count == 1 }
    #expect(seen.replies.count == 1 && seen.refusals.isEmpty)
  }
}
