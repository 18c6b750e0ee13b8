import NIOCore
import Synchronization
import Testing
import Wire

@testable import StationServer

/// What clients are told, and that it is encoded once for each change: counted, not timed.
@Suite struct StationBoardTests {
  private func station(_ number: Int, receivers: Int = 0, reason: String? = nil) -> ServerMessage.Joined {
    ServerMessage.Joined(
      station: StationSummary(
        number: number, name: "S\(number)", state: .onAir, reason: reason, group: "239.1.1.1", port: 5004,
        receivers: receivers), ssrc: UInt32(number), pmt: 0x1000, audio: [])
  }

  /// How often stations were encoded, by their numbers, and lists put together.
  private final class Counts: Sendable {
    let stations = Mutex<[Int: Int]>([:])
    let lists = Mutex(0)
  }

  private func counted() -> (board: StationBoard, counts: Counts) {
    let counts = Counts()
    let board = StationBoard(firstRevision: 1000) { summary in
      counts.stations.withLock { $0[summary.number, default: 0] += 1 }
      return try EncodedStation(summary)
    } compose: { stations, revision, since in
      counts.lists.withLock { $0 += 1 }
      return EncodedStation.list(stations, revision: revision, since: since)
    }
    return (board, counts)
  }

  private func page(_ answer: ByteBuffer) throws -> ServerMessage.Stations {
    var (answer, decoder) = (answer, MessageDecoder<ServerMessage>())
    guard case .success(.stations(let page)) = try decoder.decode(buffer: &answer), answer.readableBytes == 0 else {
      throw MessageError.notAnObject
    }
    return page
  }

  @Test func encodesAStationOnceForEachChangeAndAListOnceForEachRevision() throws {
    let (board, counts) = counted()
    board.publish((1...50).map { station($0) })
    #expect(counts.lists.withLock(\.self) == 0)
    for _ in 0..<1000 { #expect(board.list().readableBytes > 5000) }
    #expect(try page(board.list()).stations.count == 50)
    #expect(counts.stations.withLock(\.self) == Dictionary(uniqueKeysWithValues: (1...50).map { ($0, 1) }))
    #expect(counts.lists.withLock(\.self) == 1)

    board.publish([station(7, receivers: 1), station(8)])
    for _ in 0..<1000 { _ = (board.list(), board.list(since: 1001), board.list(since: 1002)) }
    #expect(counts.stations.withLock { $0.values.reduce(0, +) } == 51)
    #expect(counts.stations.withLock { $0[7] } == 2)
    #expect(counts.lists.withLock(\.self) == 4)
  }

  @Test func tellsWhatHasChangedSinceARevision() throws {
    let (board, _) = counted()
    board.publish([station(3), station(1), station(2)])
    let all = try page(board.list())
    #expect(all.stations.map(\.number) == [1, 2, 3])
    #expect(all.revision == 1001)
    #expect(all.since == nil)

    board.publish([station(2, receivers: 1)])
    board.publish([station(3, receivers: 1)])
    let two = try page(board.list(since: 1001))
    #expect(two.stations.map(\.number) == [2, 3])
    #expect((two.revision, two.since) == (1003, 1001))
    #expect(try page(board.list(since: 1002)).stations.map(\.number) == [3])
    let none = try page(board.list(since: 1003))
    #expect(none.stations.isEmpty)
    #expect((none.revision, none.since) == (1003, 1003))
  }

  /// Of another run of the server, or made up: the whole list.
  @Test(arguments: [1004, 999, 0, -1, .min, .max])
  func tellsAllToAClientWithARevisionThatItNeverGave(since: Int) throws {
    let (board, _) = counted()
    board.publish([station(1), station(2)])
    let answer = try page(board.list(since: since))
    #expect(answer.stations.count == 2)
    #expect(answer.since == nil)
  }

  @Test func manyOldRevisionsCostNeitherMemoryNorTime() throws {
    let (board, counts) = counted()
    for count in 0..<200 { board.publish([station(1, receivers: count)]) }
    for since in 1000...1199 {
      let answer = try page(board.list(since: since))
      #expect(answer.stations.count == 1)
      #expect(answer.since == (since < 1000 + StationBoard.mostAnswers ? since : nil))
    }
    #expect(board.keptAnswers == StationBoard.mostAnswers + 1)
    #expect(counts.lists.withLock(\.self) == StationBoard.mostAnswers + 1)
  }

  @Test func newsAreWhatAViewerActsOn() {
    let (board, _) = counted()
    let told = Mutex<[[Int: String]]>([])
    board.tellNews { news in told.withLock { $0.append(news.lines.mapValues { String(buffer: $0) }) } }
    board.publish([station(1), station(2)])
    board.publish([station(1, receivers: 4), station(2)])
    #expect(told.withLock(\.self).isEmpty)
    board.publish([station(1, receivers: 4), station(2, reason: "Rain.")])
    #expect(told.withLock(\.self).map(\.keys.first) == [2])
    #expect(told.withLock(\.self).first?[2]?.hasSuffix(#""type":"changed"}"# + "\n") == true)
  }

  @Test func aStationThatCannotBeEncodedStaysAsItWas() throws {
    let (board, _) = counted()
    board.publish([station(1), station(2)])
    let long = String(repeating: "x", count: 70_000)
    #expect(board.publish([station(1, reason: long), station(2, receivers: 1)]) == [1])
    #expect(try page(board.list()).stations == [station(1).station, station(2, receivers: 1).station])
  }
}
