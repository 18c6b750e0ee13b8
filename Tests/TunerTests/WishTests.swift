import LinuxIO
import Reception
import TSBytes
import Testing
import Wire

@testable import Tuner

/// What a session makes of keys that are pressed faster than a server answers.
struct WishTests {
  private typealias TestServer = ControlTests.TestServer

  /// A session that writes station 1 to /dev/null, and the server that it talks to.
  private struct Desk {
    let server = TestServer { _ in [] }
    let session: TuningSession
    private let kept: AsyncStream<(Int, ControlLink)>

    init() async throws {
      let connection = try await ControlConnection(try await server.start())
      let link = ControlLink(connection.server, first: connection)
      let (kept, keep) = AsyncStream.makeStream(of: (Int, ControlLink).self)
      self.kept = kept
      let choices = TuningSession.Choices(
        output: .file("/dev/null", replaces: true), interface: try NetworkInterface("lo"))
      session = try TuningSession(
        Self.joined(1), lead: 0, links: [link], keep: keep, choices: choices, clock: LocalClock(environment: [:]))
    }

    static func joined(_ number: Int) -> ServerMessage.Joined {
      var station = TSBytes.tuning(number).station
      station.port = 5100
      return .init(
        station: station, ssrc: UInt32(number), pmt: 0x1000, audio: [ElementaryStream(pid: 0x101, codec: "aac")])
    }

    /// The stations that the server was asked for, and that it was asked for the list (0), as soon as there are so many.
    func asked(_ count: Int) async throws -> [Int] {
      var asked: [Int] = []
      for _ in 0..<200 {
        asked = server.heard.withLock { heard in
          heard.compactMap {
            switch $0 {
            case .join(let join): join.station
            case .list: 0
            default: nil
            }
          }
        }
        if asked.count >= count { break }
        try await Task.sleep(for: .milliseconds(10))
      }
      return asked
    }

    func end() async throws {
      session.receiver.stop()
      session.servers[0].link.end()
      try await server.stop()
    }
  }

  /// What the server says of 3 is not taken for what it says of 4.
  @Test func oneStationIsAskedForAtATime() async throws {
    let desk = try await Desk()
    let session = desk.session
    session.wish(.station(3))
    session.wish(.station(5))
    session.wish(.station(4))
    #expect(try await desk.asked(1) == [3])
    await session.take(.error(.init(code: .notOnAir, message: "not yet")), from: 0)
    #expect(try await desk.asked(2) == [3, 0])
    var missing = Desk.joined(3).station
    missing.state = .preparing
    await session.take(.stations(.init(stations: [missing])), from: 0)
    #expect(try await desk.asked(3) == [3, 0, 4])
    await session.take(.joined(Desk.joined(4)), from: 0)
    #expect(session.tuning.station.number == 4 && session.pending == nil)
    try await desk.end()
  }

  /// Stations that were passed by on the way are not tuned to.
  @Test func theLastWishCounts() async throws {
    let desk = try await Desk()
    let session = desk.session
    session.wish(.station(3))
    session.wish(.station(4))
    await session.take(.joined(Desk.joined(3)), from: 0)
    #expect(session.tuning.station.number == 1)
    #expect(try await desk.asked(2) == [3, 4])
    await session.take(.joined(Desk.joined(4)), from: 0)
    #expect(session.tuning.station.number == 4)
    try await desk.end()
  }

  /// An answer that comes too late leaves the server with another station than the viewer has.
  @Test func aServerThatCountsUsElsewhereIsToldWhereWeAre() async throws {
    let desk = try await Desk()
    let session = desk.session
    await session.take(.joined(Desk.joined(3)), from: 0)
    #expect(session.tuning.station.number == 1)
    session.servers[0].tick(1, now: SteadyClock.now + 6_000_000_000)
    #expect(try await desk.asked(1) == [1])
    try await desk.end()
  }
}
