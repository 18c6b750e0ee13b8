import Tape
import TransportStream

/// What whoever begins in the middle of a station's air, or goes back in it, asks.
///
/// Most of this reads the tapes' indices, and may have to wait for a disk.
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

  /// The earliest date, `date` at the least, from which on all of its air is there; nil when there is nothing yet. It waits for
  /// no disk.
  package func earliest(notBefore date: Ticks) -> Ticks? {
    let era = eras[firstWhole]
    guard let ring = era.ring else { return max(date, era.record.start) }
    return ring.firstRandomAccessPoint.flatMap(ring.entry).map { max(date, $0.date) }
  }

  /// The first datagram at which decoding may begin, of all that are there; nil when there is none yet.
  package var firstRandomAccessPoint: Int64? {
    let era = eras[firstWhole]
    guard let ring = era.ring else { return firstNumber(ofEra: firstWhole) }
    return ring.firstRandomAccessPoint.map { era.record.base.datagrams + $0 }
  }

  /// The first era that nothing is missing behind: a ring that has lost its beginning hides what was before it.
  private var firstWhole: Int {
    eras.lastIndex { era in era.ring.map { $0.oldest > 0 } ?? false } ?? 0
  }

  /// A number that no datagram reaches that is due by `date`: whoever asks for one behind it may mean anything. It reads no
  /// tape.
  package func horizon(at date: Ticks) -> Int64 {
    let era = eras[eraIndex(at: date)]
    if let ring = era.ring { return era.record.base.datagrams + ring.count + 1 }
    return era.number(of: era.nextProgramme(after: era.programme(at: date)))
  }

  /// The number of its first datagram: what was before is not there.
  package var firstNumber: Int64 { firstNumber(ofEra: 0) }

  /// How many datagrams from `n` on, `most` at the most and of one programme, can be read without a wait for a disk; 0 when
  /// the first of them cannot, and then the kernel has been asked for them.
  package func readable(from n: Int64, atMost most: Int) -> Int {
    let index = eraIndex(of: n)
    guard eras[index].ring == nil else { return most }
    let place = place(of: n, era: index)
    let showing = showing(at: place, era: index)
    let end = min(place.datagram + most, showing.datagramCount)
    let ofTape = min(place.datagram, showing.tapeCount)..<min(end, showing.tapeCount)
    return ofTape.isEmpty || showing.tape.isReadable(ofTape) ? max(1, end - place.datagram) : 0
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
