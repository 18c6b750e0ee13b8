import LinuxIO
import TransportStream
import Wire

/// One station on the air: its place, where it goes, and how it fares.
struct AirSlot<Source: AirSource>: Sendable {
  /// So many bad datagrams in a row, and the rest of the programme is given up.
  static var failureLimit: Int { 50 }

  let source: Source
  let destination: Destination
  /// RTP's synchronization source; nil for bare UDP.
  let ssrc: UInt32?
  let figures: StationFigures
  /// Which slot of the roster before this one carried the same station.
  let predecessor: Int?
  /// A station that is new on the air begins here.
  let notBefore: Ticks
  var cursor: Source.Cursor
  /// Bad datagrams in a row.
  var failures = 0
  /// Bytes sent when the bitrate was last reckoned.
  var reckonedBytes = 0

  init(
    source: Source, destination: Destination, ssrc: UInt32?, figures: StationFigures, predecessor: Int?,
    notBefore: Ticks
  ) {
    self.source = source
    self.destination = destination
    self.ssrc = ssrc
    self.figures = figures
    self.predecessor = predecessor
    self.notBefore = notBefore
    cursor = source.cursor(at: source.index(at: notBefore))
    reckonedBytes = figures.bytes.load(ordering: .relaxed)
  }

  /// The station was on the air before: goes on with the same datagram, if this source has the same one there.
  mutating func goOn(after before: AirSlot) {
    let same = source.cursor(at: before.cursor.n)
    if same.date == before.cursor.date { cursor = same }
    failures = before.failures
    reckonedBytes = before.reckonedBytes
  }

  /// Leaves out what is dated before `date`, and counts it.
  mutating func skip(to date: Ticks) {
    let n = cursor.n
    cursor = source.cursor(at: source.index(at: date))
    StationFigures.add(Int(max(0, cursor.n - n)), to: figures.skipped)
  }

  /// Puts the datagram that the cursor stands on into the batch, if its bytes are good, and moves on.
  mutating func send(now: Ticks, into batch: inout some DatagramBatch & ~Copyable) {
    let length = append(to: &batch)
    if length > 0 {
      figures.countSent(bytes: length, lateness: (now - cursor.date).count)
      failures = 0
      figures.isUnreadable.store(false, ordering: .relaxed)
      cursor.advance()
    } else {
      StationFigures.add(1, to: figures.errors)
      failures += 1
      if failures < Self.failureLimit {
        cursor.advance()
      } else {
        figures.isUnreadable.store(true, ordering: .relaxed)
        failures = 0
        skip(to: source.programmeEnd(at: cursor.date))
      }
    }
  }

  /// The datagram's length, RTP header included; 0 when its bytes are bad.
  private func append(to batch: inout some DatagramBatch & ~Copyable) -> Int {
    var length = 0
    _ = batch.append(to: destination, headerSize: ssrc == nil ? 0 : RTPHeader.size) { header, payload in
      let packets = cursor.write(into: &payload)
      guard packets > 0 else { return 0 }
      if let ssrc {
        RTPHeader(
          sequenceNumber: UInt16(truncatingIfNeeded: cursor.n),
          timestamp: UInt32(truncatingIfNeeded: cursor.date.timestamp), ssrc: ssrc
        ).write(into: &header)
      }
      length = header.count + packets
      return packets
    }
    return length
  }
}
