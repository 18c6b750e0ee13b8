import NIOCore
import Playout
import TransportStream
import Wire

/// Puts a station's datagrams into frames, as a stream connection carries them. It may have to wait for a disk.
enum FrameFill {
  /// The most datagrams that are put into frames at a time: 64 KB.
  static let most = 48
  /// What multicast may bring before its date, can be asked for before its date as well.
  static let early = Ticks.milliseconds(50)

  struct Frames: Sendable {
    var bytes: ByteBuffer
    /// The first datagram that is not among them, and not passed over.
    var next: Int64
    /// Whether all that is due is among them.
    var isAtEdge = false
  }

  /// Datagrams from `n` on, as far as they are due, up to ``most``; those that are gone or damaged are passed over.
  static func follow(_ air: AirBoard.Air, from n: Int64, now: Ticks) -> Frames {
    var isAtEdge = false
    var cursor = air.station.cursor(at: n)
    var row = FrameRow(air.ssrc)
    while row.count < most {
      let position = cursor.look(now: now)
      isAtEdge = position.isPending || position.date > now
      if isAtEdge { break }
      row.append(&cursor)
    }
    return Frames(bytes: row.buffer, next: cursor.n, isAtEdge: isAtEdge)
  }

  /// Those of these datagrams that are there.
  static func repair(_ air: AirBoard.Air, _ numbers: Range<Int64>, now: Ticks) -> ByteBuffer {
    var cursor = air.station.cursor(at: numbers.lowerBound)
    var row = FrameRow(air.ssrc, capacity: numbers.count)
    while numbers.contains(cursor.n), row.count < most {
      let position = cursor.look(now: now)
      guard numbers.contains(position.n), !position.isPending, position.date <= now + early else { break }
      row.append(&cursor)
    }
    return row.buffer
  }
}

/// Frames one after the other.
private struct FrameRow {
  private(set) var buffer = ByteBuffer()
  private var head = [UInt8](repeating: 0, count: RTPFrame.headerSize + RTPHeader.size)
  private var datagram = [UInt8](repeating: 0, count: TSPacket.perDatagram * TSPacket.size)
  private let ssrc: UInt32
  /// Datagrams, damaged ones included.
  private(set) var count = 0

  init(_ ssrc: UInt32, capacity: Int = FrameFill.most) {
    self.ssrc = ssrc
    buffer.reserveCapacity(min(capacity, FrameFill.most) * RTPFrame.longest)
  }

  /// Appends the datagram that the cursor stands on, and moves that on.
  mutating func append(_ cursor: inout StationCursor) {
    count += 1
    let position = cursor.position
    let length = Self.take(&cursor, into: &datagram)
    guard length > 0 else { return }
    let header = RTPHeader(
      sequenceNumber: UInt16(truncatingIfNeeded: position.n),
      timestamp: UInt32(truncatingIfNeeded: position.date.timestamp), ssrc: ssrc)
    Self.write(header, payload: length, into: &head)
    buffer.writeBytes(head)
    buffer.writeBytes(datagram[..<length])
  }

  private static func take(_ cursor: inout StationCursor, into datagram: inout [UInt8]) -> Int {
    var payload = datagram.mutableSpan
    return cursor.take(into: &payload).length
  }

  private static func write(_ header: RTPHeader, payload length: Int, into head: inout [UInt8]) {
    var bytes = head.mutableSpan
    RTPFrame.writeLength(UInt16(RTPHeader.size + length), to: &bytes, at: 0)
    header.write(into: &bytes, at: RTPFrame.headerSize)
  }
}
