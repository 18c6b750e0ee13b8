import NIOCore
import Playout
import TransportStream
import Wire

/// Puts a station's datagrams into frames, as a stream connection carries them. It waits for no disk: what is not in memory
/// yet, the kernel is asked for.
enum FrameFill {
  /// The most datagrams that are put into frames at a time: 64 KB.
  static let most = 48
  /// What multicast may bring before its date, can be asked for before its date as well.
  static let early = Ticks.milliseconds(50)
  /// What is due later than this may be anything: nobody waits for it, and has a rate reserved meanwhile.
  static let ahead = Ticks.seconds(2)

  struct Frames: Sendable {
    var bytes: ByteBuffer
    /// The first datagram that is not among them, and not passed over.
    var next: Int64
    /// What there is of it.
    var then: Then

    enum Then: Equatable, Sendable {
      /// It can be had.
      case more
      /// It is due then, or to be looked for then.
      case edge(Ticks)
      /// A disk has it.
      case disk
      /// It is not due for long.
      case beyond
    }
  }

  /// Datagrams from `n` on, as far as they are due, up to ``most``; those that are gone or damaged are passed over.
  static func follow(_ air: AirBoard.Air, from n: Int64, now: Ticks) -> Frames {
    let n = max(n, air.station.firstNumber)
    var row = FrameRow(air.ssrc)
    let horizon = air.station.horizon(at: now)
    guard n < horizon else {
      guard n < air.station.horizon(at: now + ahead) || n == air.station.firstNumber else {
        return Frames(bytes: row.buffer, next: n, then: .beyond)
      }
      // It is not looked at all the time.
      let wait = min((Double(n) - Double(horizon)) / max(1, air.station.datagramRate) / 2, 0.5)
      return Frames(bytes: row.buffer, next: n, then: .edge(now + Ticks(Int64(wait * Double(Ticks.perSecond)))))
    }
    let readable = air.station.readable(from: n, atMost: most)
    guard readable > 0 else { return Frames(bytes: row.buffer, next: n, then: .disk) }
    var cursor = air.station.cursor(at: n)
    for left in (0..<readable).reversed() {
      let position = cursor.look(now: now)
      if position.isPending || position.date > now {
        let then = position.isPending ? .edge(now) : waiting(air, for: position.n, due: position.date, now: now)
        return Frames(bytes: row.buffer, next: position.n, then: then)
      }
      row.append(&cursor, movesOn: left > 0)
    }
    return Frames(bytes: row.buffer, next: cursor.n + 1, then: .more)
  }

  /// What there is of a datagram that is not due: it is waited for if that is not for long, or it is the next one.
  private static func waiting(_ air: AirBoard.Air, for n: Int64, due: Ticks, now: Ticks) -> Frames.Then {
    guard due > now + ahead, n > air.station.firstNumber else { return .edge(due) }
    guard air.station.readable(from: n - 1, atMost: 1) > 0 else { return .disk }
    return air.station.cursor(at: n - 1).date > now ? .beyond : .edge(due)
  }

  /// Those of these datagrams that are there.
  static func repair(_ air: AirBoard.Air, _ numbers: Range<Int64>, now: Ticks) -> ByteBuffer {
    var n = max(numbers.lowerBound, air.station.firstNumber)
    var row = FrameRow(air.ssrc)
    let end = min(numbers.upperBound, air.station.horizon(at: now + early))
    while n < end, row.count < most {
      let readable = air.station.readable(from: n, atMost: min(Int(end - n), most - row.count))
      guard readable > 0 else { break }
      var cursor = air.station.cursor(at: n)
      for left in (0..<readable).reversed() {
        let position = cursor.look(now: now)
        guard position.n < end, !position.isPending, position.date <= now + early else {
          return row.buffer
        }
        row.append(&cursor, movesOn: left > 0)
        n = position.n + 1
      }
    }
    return row.buffer
  }
}

/// Frames one after the other.
private struct FrameRow {
  private var bytes: [UInt8] = []
  private var head = [UInt8](repeating: 0, count: RTPFrame.headerSize + RTPHeader.size)
  private var datagram = [UInt8](repeating: 0, count: TSPacket.perDatagram * TSPacket.size)
  private let ssrc: UInt32
  /// Datagrams, damaged ones included.
  private(set) var count = 0

  init(_ ssrc: UInt32) { self.ssrc = ssrc }

  /// With no more memory than they need, for they may wait for long.
  var buffer: ByteBuffer { bytes.isEmpty ? ByteBuffer() : ByteBuffer(bytes: bytes) }

  /// Appends the datagram that the cursor stands on, and moves that on if it is to.
  mutating func append(_ cursor: inout StationCursor, movesOn: Bool) {
    count += 1
    let position = cursor.position
    let length = Self.take(&cursor, movesOn: movesOn, into: &datagram)
    guard length > 0 else { return }
    let header = RTPHeader(
      sequenceNumber: UInt16(truncatingIfNeeded: position.n),
      timestamp: UInt32(truncatingIfNeeded: position.date.timestamp), ssrc: ssrc)
    Self.write(header, payload: length, into: &head)
    bytes += head
    bytes += datagram[..<length]
  }

  private static func take(_ cursor: inout StationCursor, movesOn: Bool, into datagram: inout [UInt8]) -> Int {
    var payload = datagram.mutableSpan
    return movesOn ? cursor.take(into: &payload).length : cursor.write(into: &payload)
  }

  private static func write(_ header: RTPHeader, payload length: Int, into head: inout [UInt8]) {
    var bytes = head.mutableSpan
    RTPFrame.writeLength(UInt16(RTPHeader.size + length), to: &bytes, at: 0)
    header.write(into: &bytes, at: RTPFrame.headerSize)
  }
}
