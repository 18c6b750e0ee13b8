import Tape
import TransportStream

/// Where a programme ends before its tape does: at an exact date, in the middle of whatever is sent then.
///
/// An access unit of which a decoder would not get all, or which it would show after the next programme has begun, is not
/// sent, nor is any of its stream after it: in the place of its packets stand null packets (ISO/IEC 13818-1 §2.4.1), or
/// packets with nothing but the PCR where they carry one. So every access unit that begins is complete, tables and clock go
/// on up to the last datagram, and not one datagram moves. Where the last PCR lies far in front of the cut, another one
/// is sent before the next programme's first.
package struct ProgrammeCut: Codable, Hashable, Sendable {
  /// What has gone out when the programme ends. Of the packets of each PID, only what a continuity counter sees: modulo 16.
  package var counts: AirCounts
  /// The packet of the tape, numbered from 0, from which on the packets of a stream are not sent, by ``PID/slot(_:)``.
  package var firstDropped: SIMD16<UInt32>
  /// The programme's last datagram, when it is not one of the tape's.
  package var clock: Clock?

  /// A datagram of one packet, with a PCR and nothing else.
  package struct Clock: Codable, Hashable, Sendable {
    /// From the programme's start.
    package var date: Ticks
    package var pid: UInt16
  }

  /// From the programme's start: whole 90 kHz counts.
  package var duration: Ticks { counts.duration }

  /// Presentation of every programme begins so long after its first packet is sent, and decoding so long: ticks.
  static let presentation = Ticks.milliseconds(900)
  static let decoding = Ticks.milliseconds(700)
  /// Between two PCRs lie 40 ms at the most (ETSI TR 101 290, 1.4), and the first one of a tape stands behind its tables,
  /// up to 15 ms after its beginning: so a PCR must not lie farther in front of a cut than this.
  static let latestClock = Ticks.milliseconds(25)
  /// So far in front of the cut stands one that is put in.
  static let clockLead = Ticks.milliseconds(10)
  /// Datagrams are a 90 kHz count apart at least.
  static let leastDistance = Ticks.ninetyKilohertz(1)
}

extension Tape {
  /// Cuts the programme off. Reads the tape around that place: whoever calls this may have to wait for a disk.
  ///
  /// - Parameter duration: how much of it is played: a positive number of whole 90 kHz counts.
  /// - Returns: nil when the tape has come to its end by then.
  /// - Throws: when not one datagram would be left of it, or the tape is damaged there.
  package func cut(at duration: Ticks) throws(TapeError) -> ProgrammeCut? {
    guard duration.count > 0, duration.count % 300 == 0 else {
      throw .unfit(path: path, why: "it cannot be cut after \(duration.count) ticks")
    }
    guard duration < info.duration else { return nil }
    let end = firstDatagram(notBefore: duration)
    guard end > 0 else { throw .unfit(path: path, why: "nothing is left of it after \(duration.inSeconds) s") }
    // Tables of the time come every ten seconds, and access units at least once a second: seldom is more to be read.
    for window in [Ticks.seconds(12), .seconds(60), duration] {
      let first = firstDatagram(notBefore: max(.zero, duration - window))
      var survey = CutSurvey(self, duration: duration, end: end)
      try survey.read(first)
      if first == 0 || survey.hasSeenAll { return survey.cut }
    }
    return nil
  }

  /// The date of the first random access point at or after `date`, rounded down to whole 90 kHz counts: where a programme
  /// can be cut and nothing of it is missed. Nil when none comes before the tape ends.
  package func randomAccess(notBefore date: Ticks) -> Ticks? {
    // Rounded up: rounded down later, it shall not lie before `date`.
    let whole = Ticks((date.count + 299) / 300 * 300)
    let first = firstDatagram(notBefore: whole)
    guard let point = randomAccessPoint(atOrAfter: first) else { return nil }
    let place = self.date(of: point)
    return Ticks(place.count - place.count % 300)
  }
}

/// What stands on a tape around the place of a cut.
private struct CutSurvey {
  /// An access unit, or a PES packet with several.
  private struct Unit {
    var first: UInt32
    var last: UInt32
    /// Of its first packet: how many with payload stand before, modulo 16.
    var counter: UInt8
    /// 90 kHz, modulo 2^33.
    var pts: UInt64
    var dts: UInt64
  }

  private let tape: Tape
  private let duration: Ticks
  /// The first datagram, and the first packet, after the cut.
  private let end: Int
  private let endPacket: UInt32
  /// By ``PID/slot(_:)``: the access units; the last packet with payload before the cut; whether the first one behind it
  /// has been seen.
  private var units = [[Unit]](repeating: [], count: PID.slotCount)
  private var counters = [UInt8?](repeating: nil, count: PID.slotCount)
  private var isClosed = [Bool](repeating: false, count: PID.slotCount)
  private var slots: Int64 = 0
  /// The last PCR before the cut: its datagram, and where it stands.
  private var clock: (datagram: Int, pid: UInt16)?

  init(_ tape: Tape, duration: Ticks, end: Int) {
    (self.tape, self.duration, self.end) = (tape, duration, end)
    endPacket = tape.reader.entry(end).firstPacket
  }

  /// The streams, without the tables.
  private static let streams = 2..<15

  /// Takes in the tape from a datagram on until every stream has begun another access unit behind the cut.
  mutating func read(_ first: Int) throws(TapeError) {
    var bytes = [UInt8](repeating: 0, count: TSPacket.perDatagram * TSPacket.size)
    let present = tape.packetCounts.compactMap { $0.count > 0 ? PID.slot($0.pid) : nil }
    let streams = present.filter(Self.streams.contains)
    let last = tape.firstDatagram(notBefore: duration + .seconds(2))
    for number in first..<last {
      if number >= end, streams.allSatisfy({ isClosed[$0] }) { break }
      let entry = tape.reader.entry(number)
      var span = bytes.mutableSpan
      let count = tape.copy(number, to: &span)
      guard count > 0 else { throw .damaged(path: tape.path, why: "its datagram \(number) cannot be read") }
      for offset in stride(from: 0, to: count, by: TSPacket.size) {
        guard let packet = TSPacket(bytes.span, at: offset) else {
          throw .damaged(path: tape.path, why: "a packet of its datagram \(number) has no valid header")
        }
        if number < end, packet.pcr != nil { clock = (number, packet.pid) }
        take(packet, entry.firstPacket + UInt32(offset / TSPacket.size), bytes.span, at: offset)
      }
      guard number < end else { continue }
      for patch in tape.reader.patches(from: entry, to: tape.reader.entry(number + 1)) {
        if let patch = tape.reader.patch(patch), patch.kind == .slot { slots = Int64(patch.ordinal) + 1 }
      }
    }
  }

  private mutating func take(_ packet: TSPacket, _ number: UInt32, _ bytes: Span<UInt8>, at offset: Int) {
    guard packet.hasPayload, let slot = PID.slot(packet.pid) else { return }
    if number < endPacket { counters[slot] = packet.continuityCounter }
    guard Self.streams.contains(slot), !isClosed[slot] else { return }
    let header =
      packet.payloadUnitStart
      ? PESHeader(bytes, at: offset + packet.payloadOffset, end: offset + TSPacket.size) : nil
    if let header, let pts = header.pts {
      units[slot].append(
        Unit(first: number, last: number, counter: packet.continuityCounter, pts: pts, dts: header.dts ?? pts))
      isClosed[slot] = number >= endPacket
    } else if !units[slot].isEmpty {
      units[slot][units[slot].count - 1].last = number
    }
  }

  /// Whether nothing that stands further in front can matter.
  var hasSeenAll: Bool {
    tape.packetCounts.allSatisfy { packets in
      guard packets.count > 0, let slot = PID.slot(packets.pid) else { return true }
      return counters[slot] != nil
        && (!Self.streams.contains(slot) || units[slot].first.map { $0.first < endPacket } ?? false)
    } && (slots > 0 || tape.slotCount == 0)
  }

  var cut: ProgrammeCut {
    var counts = AirCounts()
    counts.duration = duration
    counts.datagrams = Int64(end)
    counts.slots = slots
    var firstDropped = SIMD16<UInt32>(repeating: .max)
    let pictures = PID.slot(PID.video).flatMap(firstUnsentPicture)
    for slot in 0..<PID.slotCount {
      let isPicture = slot == PID.slot(PID.video)
      if Self.streams.contains(slot), let dropped = isPicture ? pictures : firstUnsentSound(of: slot, after: pictures) {
        firstDropped[slot] = dropped.first
        counts.packets[slot] = Int64(dropped.counter)
      } else {
        counts.packets[slot] = counters[slot].map { Int64(($0 + 1) & 0x0F) } ?? 0
      }
    }
    let last = lastClock
    if last != nil { counts.datagrams += 1 }
    return ProgrammeCut(counts: counts, firstDropped: firstDropped, clock: last)
  }

  /// The PCR that is put in, if one has to be.
  private var lastClock: ProgrammeCut.Clock? {
    guard let clock, duration - tape.date(of: clock.datagram) > ProgrammeCut.latestClock else { return nil }
    let date = max(duration - ProgrammeCut.clockLead, tape.date(of: end - 1) + ProgrammeCut.leastDistance)
    return date < duration ? ProgrammeCut.Clock(date: date, pid: clock.pid) : nil
  }

  /// The first picture that is not sent: for it is not complete at the cut, or would be decoded or shown when the next
  /// programme's first one already is.
  private func firstUnsentPicture(of slot: Int) -> Unit? {
    let decoding = (duration + ProgrammeCut.decoding).timestamp
    let presentation = (duration + ProgrammeCut.presentation).timestamp
    return units[slot].first { unit in
      unit.last >= endPacket || !Self.isBefore(unit.dts, decoding) || !Self.isBefore(unit.pts, presentation)
    }
  }

  /// The first sound that is not sent: for it is not complete at the cut, or reaches into the next programme's. Nor does it
  /// outlast the pictures, of which `picture` is the first that is not sent: a player that follows the pictures' time would
  /// hear the next programme's sound begin too early.
  private func firstUnsentSound(of slot: Int, after picture: Unit?) -> Unit? {
    let end = (duration + ProgrammeCut.presentation).timestamp
    let reorder = (ProgrammeCut.presentation - ProgrammeCut.decoding).timestamp
    let pictureEnd = picture.map { ($0.dts + reorder) % UInt64(TimeStamp.modulus) } ?? end
    let limit = Self.isBefore(pictureEnd, end) ? pictureEnd : end
    let units = units[slot]
    return units.indices.lazy.first { index in
      if units[index].last >= endPacket { return true }
      let next =
        index + 1 < units.count
        ? units[index + 1].pts : (tape.info.duration + ProgrammeCut.presentation).timestamp
      return Self.isBefore(limit, next)
    }.map { units[$0] }
  }

  private static func isBefore(_ stamp: UInt64, _ limit: UInt64) -> Bool {
    TimeStamp.distance(from: stamp, to: limit) > .zero
  }
}
