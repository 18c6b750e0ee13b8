import Tape
import TransportStream

/// What whoever begins in the middle of a station's air, or goes back in it, asks.
///
/// All of this reads the tapes' indices, and may have to wait for a disk.
extension Station {
  /// The last datagram at or before `n` at which decoding may begin: a picture that is complete and refers to nothing before it.
  ///
  /// - Returns: nil when none is there: it would have been before the station's beginning, or in a part of a ring that is gone.
  package func randomAccessPoint(atOrBefore n: Int64) -> Int64? {
    var n = n
    // A live era may have nothing yet; then the one before has.
    for index in stride(from: eraIndex(of: n), through: 0, by: -1) {
      let era = eras[index]
      let base = era.record.base.datagrams
      if let ring = era.ring {
        if let point = ring.randomAccessPoint(atOrBefore: n - base) { return base + point }
        // What is gone is not to be had from an earlier era either.
        guard ring.count == 0 else { return nil }
      } else {
        let place = place(of: n, era: index)
        guard era.number(of: place) >= firstNumber(ofEra: index) else { return nil }
        let point = showing(at: place, era: index).randomAccessPoint(atOrBefore: place.datagram)
        return era.number(of: Era.Place(cycle: place.cycle, programme: place.programme, datagram: point))
      }
      n = firstNumber(ofEra: index) - 1
    }
    return nil
  }

  /// The last datagram at which decoding may begin of those dated at or before `date`; nil when none is there.
  package func randomAccessPoint(notAfter date: Ticks) -> Int64? {
    let next = index(at: date + Ticks(1))
    return randomAccessPoint(atOrBefore: next - 1)
  }

  /// When datagram `n` is due; nil when it is not there: not yet, or not any more.
  package func date(of n: Int64) -> Ticks? {
    guard n >= firstNumber(ofEra: 0) else { return nil }
    let position = cursor(at: n).position
    return position.isPending || position.n != n ? nil : position.date
  }

  /// The first datagram from `date` on, or later, at which decoding may begin, and from which on all others are there.
  ///
  /// - Returns: nil when there is none yet.
  package func earliest(notBefore date: Ticks) -> AirPosition? {
    // A ring that has lost its beginning hides what was before it.
    var first = 0
    for index in eras.indices.reversed() {
      guard let ring = eras[index].ring, ring.oldest > 0 else { continue }
      first = index
      break
    }
    let n = index(at: max(date, eras[first].record.start))
    if let point = randomAccessPoint(atOrBefore: n) { return position(of: point) }
    return eras[first].ring?.firstRandomAccessPoint.flatMap { position(of: eras[first].record.base.datagrams + $0) }
  }

  private func position(of n: Int64) -> AirPosition? {
    let position = cursor(at: n).position
    return position.isPending ? nil : position
  }
}

extension Showing {
  /// The last random access point at or before datagram `number` that goes out whole: in front of a cut stand some whose
  /// pictures do not.
  func randomAccessPoint(atOrBefore number: Int) -> Int {
    var point = tape.randomAccessPoint(atOrBefore: min(number, tapeCount - 1))
    guard let cut else { return point }
    let dropped =
      PID.slot(tape.info.format.video == nil ? PID.firstAudio : PID.video).map { cut.firstDropped[$0] } ?? .max
    while point > 0, tape.reader.entry(point + 1).firstPacket > dropped {
      point = tape.randomAccessPoint(atOrBefore: point - 1)
    }
    return point
  }
}
