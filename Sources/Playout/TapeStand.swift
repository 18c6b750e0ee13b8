import Tape
import TransportStream

/// Where a cursor stands on a tape: a datagram of one showing of a programme.
struct TapeStand: Sendable {
  private(set) var place: Era.Place
  private let programme: ProgrammeOnAir
  private let tape: TapeReader
  /// Where on the tape the datagram begins, and where the next one does.
  private var entry: TapeEntry
  private var end: TapeEntry

  init(_ station: Station, era: Int, place: Era.Place) {
    self.place = place
    programme = ProgrammeOnAir(place, of: station, era: era)
    tape = programme.showing.tape.reader
    entry = tape.entry(place.datagram)
    end = tape.entry(place.datagram + 1)
  }

  /// When the programme begins.
  var start: Ticks { programme.start }

  var position: AirPosition {
    let isOfTape = place.datagram < programme.tapeCount
    return AirPosition(
      n: programme.firstNumber + Int64(place.datagram),
      date: programme.start + (isOfTape ? entry.date : programme.showing.date(of: place.datagram)),
      carriesClock: !isOfTape || entry.carriesClock)
  }

  /// Moves `position` on to the programme's next datagram; whether there is one.
  mutating func advance(_ position: inout AirPosition) -> Bool {
    let next = place.datagram + 1
    let isOfTape = next < programme.tapeCount
    let nextDate = isOfTape ? programme.start + end.date : programme.clockDate
    // Dates that do not rise are a damaged index: the rest of the programme is given up, the next one is on time.
    guard next < programme.datagramCount, position.date < nextDate, nextDate < programme.end else { return false }
    place.datagram = next
    entry = end
    end = tape.entry(next + 1)
    position = AirPosition(n: position.n + 1, date: nextDate, carriesClock: !isOfTape || entry.carriesClock)
    return true
  }

  /// Writes the datagram, due at `date`, to the start of `target`; its length, 0 when the tape is damaged here.
  // Changes nothing; what is said to do so is called in place, not with a copy of all this.
  mutating func fill(_ target: inout MutableSpan<UInt8>, _ date: Ticks, _ tables: borrowing StationTables) -> Int {
    guard place.datagram < programme.tapeCount else { return programme.writeClock(into: &target) }
    let length = tape.copy(from: entry, to: end, into: &target)
    guard length > 0, Restamp.advanceCounters(in: &target, count: length, by: programme.counterShifts) else { return 0 }
    for number in tape.patches(from: entry, to: end) {
      guard let patch = tape.patch(number), Int(patch.offset) + patch.kind.length <= length else { return 0 }
      let offset = Int(patch.offset)
      switch patch.kind {
      case .clock: ClockReference.add(programme.startClock, to: &target, at: offset)
      case .timeStamp: TimeStamp.add(programme.startStamp, to: &target, at: offset)
      case .association: tables.writeAssociation(counter: target[offset + 3], to: &target, at: offset)
      case .map: StationTables.write(programme.map, counter: target[offset + 3], to: &target, at: offset)
      case .slot: tables.writeSlot(programme.firstSlot + Int64(patch.ordinal), to: &target, at: offset)
      case .time:
        tables.writeTime(date, counter: target[offset + 3], to: &target, at: offset)
      }
    }
    if end.firstPacket > programme.firstDropped.first {
      Restamp.silence(
        in: &target, count: length, firstPacket: entry.firstPacket, from: programme.firstDropped.bySlot,
        counters: programme.lastCounters)
    }
    return length
  }
}

/// What one showing of a programme adds to its tape.
private struct ProgrammeOnAir: Sendable {
  let start: Ticks
  let end: Ticks
  /// ``start`` as PCRs and as time stamps have it.
  let startClock: UInt64
  let startStamp: UInt64
  let firstNumber: Int64
  let firstSlot: Int64
  /// What goes out of it.
  let showing: Showing
  /// Datagrams, and those of the tape among them; when the one of a clock alone is due that may come after these.
  let datagramCount: Int
  let tapeCount: Int
  let clockDate: Ticks
  let counterShifts: SIMD16<UInt8>
  /// Which packets of the tape are not sent before a cut, and the last continuity counters that are.
  let firstDropped: (bySlot: SIMD16<UInt32>, first: UInt32)
  let lastCounters: SIMD16<UInt8>
  /// The program map's packet.
  let map: PacketBytes

  init(_ place: Era.Place, of station: Station, era index: Int) {
    let era = station.eras[index]
    start = era.startDate(cycle: place.cycle, programme: place.programme)
    end = station.end(ofProgrammeAt: place, era: index)
    (startClock, startStamp) = (start.pcr, start.timestamp)
    let counts = era.counts(cycle: place.cycle, programme: place.programme)
    firstNumber = counts.datagrams
    firstSlot = counts.slots
    counterShifts = counts.counterShifts
    showing = station.showing(at: place, era: index)
    (datagramCount, tapeCount) = (showing.datagramCount, showing.tapeCount)
    clockDate = start + (showing.cut?.clock?.date ?? showing.duration)
    let dropped = showing.cut?.firstDropped ?? SIMD16(repeating: .max)
    firstDropped = (dropped, dropped.min())
    lastCounters = (counts + (showing.cut?.counts ?? AirCounts())).counterShifts &- 1
    map = station.maps[index][place.programme]
  }

  /// Writes the PCR that comes after the last datagram of the tape; returns its length.
  func writeClock(into target: inout MutableSpan<UInt8>) -> Int {
    guard let clock = showing.cut?.clock, let slot = PID.slot(clock.pid), target.count >= TSPacket.size else {
      return 0
    }
    Restamp.writeClock(clockDate.pcr, pid: clock.pid, counter: lastCounters[slot], to: &target)
    return TSPacket.size
  }
}

extension PatchPoint.Kind {
  /// Bytes that the patch writes.
  fileprivate var length: Int {
    switch self {
    case .clock: 6
    case .timeStamp: 5
    case .association, .map, .slot, .time: TSPacket.size
    }
  }
}
