import NIOCore
import Playout
import Testing
import TransportStream
import Wire

@testable import StationServer

/// Marks, over real TCP and by themselves; the air's time stands still unless the test turns it.
@Suite struct MarkTests {
  /// The marks of all frames up to, not with, datagram `end`, and whatever other frames came.
  private static func marks(
    from first: Int64, to end: Int64, _ client: inout StreamClient
  ) async throws -> (marks: [MarkFrame.Mark], others: [[UInt8]]) {
    var (marks, others): ([MarkFrame.Mark], [[UInt8]]) = ([], [])
    while first + Int64(marks.count) < end, let frame = try await client.frame() {
      let payload = frame.span.extracting(14..<frame.count)
      guard frame[3] == 96, let row = MarkFrame.row(payload) else {
        others.append(frame)
        continue
      }
      #expect(row.first == first + Int64(marks.count))
      #expect(UInt16(frame[4]) << 8 | UInt16(frame[5]) == UInt16(truncatingIfNeeded: row.first))
      for index in 0..<row.count { marks.append(MarkFrame.mark(payload, at: index)) }
    }
    return (marks, others)
  }

  /// What has to be told of datagrams.
  private static func marks(_ numbers: Range<Int64>, of air: AirBoard.Air) -> [MarkFrame.Mark] {
    numbers.map { n in
      let frame = air.frame(n)
      return .init(
        timestamp: UInt32(truncatingIfNeeded: air.station.cursor(at: n).date.count / 300),
        digest: MarkFrame.digest(frame.span.extracting(14..<frame.count)))
    }
  }

  @Test func tellsWhatWasSentAndWhatIsToCome() async throws {
    let lab = try StationLab([["a.mp4", "b.mp4"]])
    let registry = lab.registry()
    await registry.begin()
    try await lab.recordAll(registry)
    lab.pass(seconds: 100)
    let server = try await ControlServer.bind(
      .init(host: "127.0.0.1", port: 0), registry: registry, admission: Admission(total: 100, perAddress: 100))
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await server.run() }
      let air = try #require(registry.airs.air(1))
      try await StreamClient.talk(server.port, #"{"type":"stream","station":1,"marks":true}"#) { client in
        let reply = try await client.reply()
        // From a second before the first to half a second behind it, but for the last eighth.
        let first = air.station.index(at: air.station.cursor(at: reply.first).date - .seconds(1))
        var end = air.station.index(at: MarkFill.horizon(lab.now) + Ticks(1))
        #expect(end > reply.next + 10)
        #expect(try await Self.marks(from: first, to: end, &client).marks == Self.marks(first..<end, of: air))
        // Then as time goes on; repairs come as well.
        lab.pass(seconds: 5)
        try await client.say(#"{"type":"repair","packets":[[\#(reply.next - 9),2]]}"#)
        let next = end
        end = air.station.index(at: MarkFill.horizon(lab.now) + Ticks(1))
        var (marks, others) = try await Self.marks(from: next, to: end, &client)
        #expect(marks == Self.marks(next..<end, of: air))
        if others.count < 2 { others += try await client.frames(2 - others.count) }
        #expect(others == [air.frame(reply.next - 9), air.frame(reply.next - 8)])
      }
      group.cancelAll()
    }
  }

  /// Whatever the stream begins with: a day's digests are a minute of a processor.
  @Test func tellsNothingOfThePast() async throws {
    let lab = try StationLab([["a.mp4"]])
    let registry = lab.registry()
    await registry.begin()
    try await lab.recordAll(registry)
    lab.pass(seconds: 3_600)
    let air = try #require(registry.airs.air(1))
    let earliest = air.station.index(at: lab.now - .seconds(20))
    func marks(_ request: StreamRequest) throws -> Int64? {
      try #require(StreamOpening(request, air, now: lab.now, clockError: nil)).marks
    }
    let hour = air.station.index(at: lab.now - .seconds(3_500))
    #expect(try marks(.init(station: 1, from: hour, marks: true)) == earliest)
    #expect(try marks(.init(station: 1, at: lab.now.inSeconds - 3_500, marks: true)) == earliest)
    #expect(try marks(.init(station: 1, back: 60, marks: true)) == earliest)
    // A window's worth is told.
    let first = air.station.index(at: lab.now - .seconds(16))
    let date = air.station.cursor(at: first).date
    #expect(try marks(.init(station: 1, from: first, marks: true)) == air.station.index(at: date - .seconds(1)))
  }

  @Test func everyoneIsToldUpToTheSameDates() throws {
    for now in [0, 1, 124_999, 125_000, 125_001, 1_795_359_872_333_333].map({ Ticks(nanoseconds: $0 * 1_000) }) {
      let horizon = MarkFill.horizon(now)
      #expect(horizon.count % MarkFill.period.count == 0)
      #expect(horizon <= now + .milliseconds(500) && horizon > now + .milliseconds(375))
      // What is told now is due by now, and what is told next is not.
      #expect(MarkFill.due(horizon) <= now && MarkFill.due(horizon + Ticks(1)) > now)
    }
  }
}
