import NIOCore
import Playout
import TransportStream
import Wire

/// Tells a station's datagrams apart for those who receive it without RTP. A digest takes two microseconds of a processor; so
/// that many can be sent the same bytes, everyone has had marks up to the same dates.
enum MarkFill {
  /// Marks are told so long before their datagrams are due: whoever tells an edit of the schedule gives four times as much
  /// notice, and a segment of TCP may be lost meanwhile and sent again.
  static let ahead = Ticks.milliseconds(500)
  /// They are told together, up to a multiple of this.
  static let period = Ticks.milliseconds(125)
  /// A live source's are looked for so often, when they are not there yet.
  static let pause = Ticks.milliseconds(20)
  /// And so long before the first datagram of a stream they begin, for what multicast has brought already.
  static let before = Ticks.seconds(1)
  /// But no longer ago than this, whatever the stream begins with: they tell what multicast brings, and that is none of the past.
  static let reach = Ticks.seconds(20)

  /// Marks from `n` on, as far as they are to be told now, up to ``MarkFrame/most``; damaged datagrams have none.
  static func marks(_ air: AirBoard.Air, from n: Int64, now: Ticks) -> FrameFill.Frames {
    let n = max(n, air.station.firstNumber)
    let until = horizon(now)
    var row = MarkRow(air.ssrc)
    guard n < air.station.horizon(at: until) else {
      return .init(bytes: row.buffer, next: n, then: .edge(now + pause))
    }
    let readable = air.station.readable(from: n, atMost: MarkFrame.most)
    guard readable > 0 else { return .init(bytes: row.buffer, next: n, then: .disk) }
    var cursor = air.station.cursor(at: n)
    for left in (0..<readable).reversed() {
      let position = cursor.look(now: until)
      guard !position.isPending, position.date <= until else {
        let due = position.isPending ? now + pause : Self.due(position.date)
        return .init(bytes: row.buffer, next: position.n, then: .edge(due))
      }
      row.append(&cursor, movesOn: left > 0)
    }
    return .init(bytes: row.buffer, next: cursor.n + 1, then: .more)
  }

  /// Up to when marks are told at a date.
  static func horizon(_ now: Ticks) -> Ticks {
    Ticks((now + ahead).count.flooredDivision(by: period.count).quotient * period.count)
  }

  /// When the mark of a datagram with this date is told.
  static func due(_ date: Ticks) -> Ticks {
    Ticks(-(-date.count).flooredDivision(by: period.count).quotient * period.count) - ahead
  }
}

/// Marks one after the other, in as many frames as their numbers have stretches.
private struct MarkRow {
  private var bytes: [UInt8] = []
  private var marks: [MarkFrame.Mark] = []
  private var first: Int64 = 0
  private var datagram = [UInt8](repeating: 0, count: TSPacket.perDatagram * TSPacket.size)
  private let ssrc: UInt32

  init(_ ssrc: UInt32) { self.ssrc = ssrc }

  /// The frames' bytes.
  var buffer: ByteBuffer {
    mutating get {
      close()
      return bytes.isEmpty ? ByteBuffer() : ByteBuffer(bytes: bytes)
    }
  }

  /// Appends the datagram that the cursor stands on, and moves that on if it is to.
  mutating func append(_ cursor: inout StationCursor, movesOn: Bool) {
    let position = cursor.position
    if position.n != first + Int64(marks.count) { close() }
    if marks.isEmpty { first = position.n }
    var room = datagram.mutableSpan
    let length = movesOn ? cursor.take(into: &room).length : cursor.write(into: &room)
    guard length > 0 else { return }
    marks.append(
      .init(
        timestamp: UInt32(truncatingIfNeeded: position.date.timestamp),
        digest: MarkFrame.digest(datagram.span.extracting(0..<length))))
  }

  private mutating func close() {
    guard !marks.isEmpty else { return }
    bytes += MarkFrame.bytes(first: first, ssrc: ssrc, marks)
    marks.removeAll(keepingCapacity: true)
  }
}
