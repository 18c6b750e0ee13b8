import NIOCore
import NIOEmbedded
import Testing
import Wire

@testable import StationServer

/// Who waits while a disk hangs.
@Suite struct OpeningQueueTests {
  private final class Member {}

  @Test func opensAFewOfAStationAtATimeInTurn() {
    var queue = OpeningQueue<Member>(most: 2)
    let members = (0..<6).map { _ in Member() }
    func enter(_ member: Member, of station: Int = 1) -> Bool { queue.enter(member, of: station) }
    func next() -> Member? { queue.next(of: 1) }
    #expect(members[..<5].map { enter($0) } == [true, true, false, false, false])
    #expect(enter(members[5], of: 2), "another station's")
    queue.leave(members[3], of: 1)
    queue.leave(members[0], of: 1)
    #expect(queue.count == 2)
    #expect(next() === members[2] && next() === members[4])
    #expect(next() == nil && next() == nil && queue.count == 0)
    #expect(members[..<3].map { enter($0) } == [true, true, false])
  }

  /// A room where two streams are being opened, and go on being.
  private func room() throws -> ControlRoom {
    let room = ControlRoom(
      registry: try StationLab([["a.mp4"]]).registry(), admission: Admission(total: 9, perAddress: 9))
    for _ in 0..<2 { #expect(begin(room)) }
    return room
  }

  private func begin(_ room: ControlRoom) -> Bool { room.streams.openings.enter(connection(room), of: 1) }

  private func connection(_ room: ControlRoom) -> StreamConnection {
    StreamConnection(.init(station: 1), room: room, address: "a", unread: ByteBuffer(string: "?"))
  }

  @Test func keepsNobodyWhoHasHungUp() throws {
    let room = try room()
    #expect(room.admission.enter("a"))
    let channel = EmbeddedChannel()
    try channel.pipeline.syncOperations.addHandler(connection(room))
    #expect(room.streams.openings.count == 1 && room.streams.desk.budget.figures.connections == 1)
    channel.pipeline.fireChannelInactive()
    #expect(room.streams.openings.count == 0 && room.streams.desk.budget.figures.connections == 0)
    #expect(room.admission.count == 0)
  }

  /// One after another, not one within another.
  @Test func passesOverAnyNumberThatHaveNothingToBeOpened() throws {
    let room = try room()
    for _ in 0..<60_000 { room.streams.open(connection(room)) }
    #expect(room.streams.openings.count == 60_000)
    room.streams.opened(1)
    #expect(room.streams.openings.count == 0)
    // Its place is free.
    #expect(begin(room) && !begin(room))
  }
}
