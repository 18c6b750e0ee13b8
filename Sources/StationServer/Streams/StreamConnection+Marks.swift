import NIOCore
import TransportStream

/// Where a stream's marks stand.
struct MarkPlace {
  /// The next datagram to tell of.
  var next: Int64
  /// What there is of it.
  var then = FrameFill.Frames.Then.more
  /// Whether frames are being made.
  var isWorking = false
}

/// Marks go their own way, beside what follows and repairs.
extension StreamConnection {
  /// Has the next marks made, if the client takes them and there is room for them in the budget.
  ///
  /// What is not to be told yet or not in memory the room looks after: ``markEdge(at:)``, ``coldMarks``.
  func serveMarks() {
    guard let marks, marks.then == .more, !marks.isWorking, !isClosing, let context, context.channel.isWritable,
      streams.desk.budget.hasRoom(at: ControlRoom.now),
      let air = streams.desk.airs.air(request.station), air.born == self.air?.born
    else { return }
    takeMarks()
    let (desk, this) = (streams.desk, NIOLoopBound(self, eventLoop: context.eventLoop))
    desk.work(on: context.eventLoop) {
      MarkFill.marks(air, from: marks.next, now: desk.now)
    } then: {
      this.value.sendMarks($0)
    }
  }

  /// Where its marks stand, if they wait there for what is to be told by now, and the client can take it.
  func markEdge(at now: Ticks) -> StreamRoom.Place? {
    if case .edge(let due) = marks?.then, due <= now { markPlace } else { nil }
  }

  /// Where its marks stand, if they wait there for a disk.
  var coldMarks: StreamRoom.Place? { marks?.then == .disk ? markPlace : nil }

  /// Where its marks stand, if it can take what is there.
  private var markPlace: StreamRoom.Place? {
    guard let marks, !marks.isWorking, !isClosing, context?.channel.isWritable == true, let air else { return nil }
    return StreamRoom.Place(station: request.station, born: air.born, next: marks.next, isMarks: true)
  }

  /// Marks are being made for it.
  func takeMarks() { marks?.isWorking = true }

  func sendMarks(_ frames: FrameFill.Frames) {
    guard !isClosing else { return }
    marks = MarkPlace(next: frames.next, then: frames.then)
    send(frames.bytes, isRepair: false)
    serveMarks()
  }
}
