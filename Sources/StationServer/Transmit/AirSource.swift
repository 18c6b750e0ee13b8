import LinuxIO
import Playout
import TransportStream

/// What the transmitter asks of a station; the tests have one of their own.
protocol AirSource: Sendable {
  associatedtype Cursor: AirCursor
  /// The number of the first datagram dated at or after `date`.
  func index(at date: Ticks) -> Int64
  func cursor(at n: Int64) -> Cursor
  /// When the programme on the air at `date` ends.
  func programmeEnd(at date: Ticks) -> Ticks
}

/// A place in a station's air that moves on datagram by datagram.
protocol AirCursor: Sendable {
  var position: AirPosition { get }
  /// Writes the transport packets of the datagram that it stands on, and moves on to the next one.
  ///
  /// - Returns: their length in bytes, 0 when the tape is bad here; and where it stands now.
  mutating func take(into target: inout MutableSpan<UInt8>) -> (length: Int, next: AirPosition)
  /// Where it stands on a datagram that is not there yet: looks again, and returns where it stands now.
  mutating func look(now: Ticks) -> AirPosition
}

extension StationCursor: AirCursor {}

extension Station: AirSource {
  func programmeEnd(at date: Ticks) -> Ticks { onAir(at: date).end }
}

/// Where datagrams are collected before one system call sends them.
protocol DatagramBatch: ~Copyable {
  var count: Int { get }
  var capacity: Int { get }
  mutating func append(
    to destination: Destination, headerSize: Int,
    _ fill: (_ header: inout MutableSpan<UInt8>, _ payload: inout MutableSpan<UInt8>) -> Int
  ) -> Bool
}

extension MulticastSender: DatagramBatch {}
