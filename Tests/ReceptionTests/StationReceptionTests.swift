import TSBytes
import Testing
import Wire

@testable import Reception

struct StationReceptionTests {
  private static func tuning(_ sources: Int = 1, encapsulation: Encapsulation = .rtp) -> Tuning {
    var tuning = TSBytes.tuning(encapsulation: encapsulation)
    tuning.sources[0].server = StreamServer(address: "10.0.0.1", port: 9966)
    for _ in 1..<sources { tuning.sources.append(tuning.sources[0]) }
    return tuning
  }

  @Test func catchUpComesAsFastAsThereIsRoomAndNoFaster() {
    var tuning = Self.tuning()
    tuning.start = .at(1_795_359_872 - 12)
    var air = SimulatedAir(tuning, seed: 1)
    (air.count, air.appetite) = (2000, 3)
    air.sources[0].framesPerMillisecond = 40
    air.run(until: 5000)
    let figures = air.reception.figures
    #expect(air.failure == nil && air.jumps == 0 && air.first.map { $0 + air.taken } == air.base + air.count)
    #expect(air.taken >= 8000 && figures.lost == 0 && figures.path == .stream)
  }

  @Test func aTwinThatPlaysSomethingElseIsLeftOut() {
    var air = SimulatedAir(Self.tuning(2), seed: 2)
    air.sources = [SimulatedAir.Source(), SimulatedAir.Source()]
    air.count = 500
    air.sources[0].loss = 0.05
    (air.sources[1].outOfStep, air.sources[1].delay) = (90, 3)
    air.run(until: 3000)
    let figures = air.reception.figures
    #expect(air.failure == nil && air.jumps == 0 && figures.lost == 0 && figures.foreign > 400)
    #expect(figures.outOfStep == 0b10)
  }

  /// Its stream carries until the other's multicast is seen to be another programme's.
  @Test func aTwinThatIsLeftOutDoesNotCarry() {
    var reception = StationReception(Self.tuning(2), now: 0)
    let packet = TSBytes.packet(0x100, counter: 0)
    let date = 1_795_359_872.0
    func datagram(_ number: Int, later ticks: Int = 0) -> [UInt8] {
      var datagram = TSBytes.rtp(UInt16(number), packet)
      let timestamp = Int64(date * 90_000) + Int64((number - 1000) * 270 + ticks)
      for index in 0..<4 { datagram[4 + index] = UInt8(truncatingIfNeeded: timestamp >> Int64(24 - 8 * index)) }
      return datagram
    }
    for source in 0..<2 {
      _ = reception.opening(for: source)
      reception.opened(
        StreamReply(station: 1, ssrc: 1, first: 1000, date: date, next: 1030, now: date, earliest: 0), by: source,
        now: 1)
    }
    for number in 1000..<1004 { reception.frame(datagram(number).span, by: 0, now: 2) }
    reception.frame(datagram(1002).span, by: 1, now: 2)
    for number in 1010..<1030 { reception.datagram(datagram(number).span, by: 1, arrival: 0, now: 3) }
    #expect(reception.mode == .stream && reception.carrier == 0 && reception.sources[1].agrees == true)
    for number in 1010..<1020 { reception.frame(datagram(number, later: 5).span, by: 0, now: 4) }
    #expect(reception.carrier == 1 && reception.carrying(0) == 1 && reception.carrying(1) == 1)
    func line(_ source: Int) -> String {
      var room = [UInt8](repeating: 0, count: 2304)
      var span = room.mutableSpan
      let length = reception.line(for: source, into: &span)
      return String(decoding: room[..<length], as: UTF8.self)
    }
    let lines = [line(0), line(1)]
    #expect(lines[0] == "{\"type\":\"pause\"}\n" && lines[1].hasPrefix("{\"type\":\"follow\""))
    // A connection that is made anew may be to a server that is in step again.
    reception.closed(by: 0, now: 5)
    _ = reception.opening(for: 0)
    reception.opened(
      StreamReply(station: 1, ssrc: 1, first: 1030, date: date, next: 1030, now: date, earliest: 0), by: 0, now: 6)
    #expect(reception.carrying(0) == 1 && reception.carrying(1) == 0)
  }

  @Test func twinsMendEachOther() {
    var tuning = Self.tuning(2)
    for index in 0..<2 { tuning.sources[index].server = nil }
    var air = SimulatedAir(tuning, seed: 3)
    air.sources = [SimulatedAir.Source(), SimulatedAir.Source()]
    air.count = 2000
    for index in 0..<2 { air.sources[index].hasServer = false }
    // The two lose others, and one of them dies.
    air.sources[0].burst = (every: 100, length: 20)
    air.sources[1].multicast = 10..<3000
    air.sources[0].multicast = 0..<2000
    air.run(until: 5000)
    #expect(air.failure == nil && air.jumps == 0 && air.reception.figures.lost == 0)
    #expect(air.first.map { $0 + air.taken } == air.base + 1500)
  }

  @Test func whoBeginsWithoutAServerGoesOnWithItsNumbers() {
    var air = SimulatedAir(Self.tuning(), seed: 4)
    (air.count, air.base) = (2000, 5 * 65536 - 700)
    air.sources[0].loss = 0.05
    // No connection holds until 1.6 s are over.
    air.sources[0].cuts = Array(stride(from: 1, to: 1600, by: 2))
    (air.sources[0].reconnect, air.sources[0].delay) = (1, 2)
    air.run(until: 6000)
    let figures = air.reception.figures
    #expect(air.failure == nil && air.reception.isAnchored == true && figures.repaired > 50)
    #expect(air.first.map { $0 + air.taken } == (air.base + air.count) % 65536 || air.taken > 1500)
  }

  @Test func bareDatagramsWithoutAServerGoStraightThrough() {
    var reception = StationReception(TSBytes.tuning(encapsulation: .udp), now: 0)
    var taken: [UInt8] = []
    for (index, fill) in [UInt8(1), 2, 3, 5, 5, 6].enumerated() {
      let packet = TSBytes.packet(0x100, counter: Int(fill), fill: fill)
      reception.datagram(packet.span, by: 0, arrival: 0, now: Int64(index))
      while reception.head != nil { reception.take { taken.append($0[187]) } }
    }
    #expect(taken == [1, 2, 3, 5, 6])
    let figures = reception.figures
    // The counters tell that something is missing behind the third, not how much.
    #expect(figures.received == 5 && figures.duplicates == 1 && figures.lost == 1 && figures.isPlaying)
  }

  @Test func foreignDatagramsAreCountedAndLeftOut() {
    var reception = StationReception(TSBytes.tuning(), now: 0)
    let start = TSBytes.packet(0x100, counter: 0)
    let datagrams: [[UInt8]] = [
      [], [0x80], TSBytes.rtp(1, start, ssrc: 2), start, TSBytes.rtp(1, []),
      TSBytes.rtp(1, [UInt8](repeating: 0x47, count: 187)), TSBytes.rtp(1, [UInt8](repeating: 0x00, count: 188)),
      TSBytes.rtp(1, [UInt8](repeating: 0x47, count: 8 * 188)),
    ]
    for datagram in datagrams { reception.datagram(datagram.span, by: 0, arrival: 0, now: 5) }
    let figures = reception.figures
    #expect(figures.foreign == 8 && figures.received == 0 && figures.lastArrival == nil)
  }

  /// 16 bits name the same number again after 65,536 datagrams: only the date tells that it is another one's.
  @Test func datesTellWhichOfManyANumberBelongsTo() {
    var reception = StationReception(Self.tuning(), now: 0)
    _ = reception.opening(for: 0)
    let date = 1_795_359_872.0
    let start = UInt32(truncatingIfNeeded: Int64(date * 90_000))
    reception.opened(
      StreamReply(station: 1, ssrc: 1, first: 70_000, date: date, next: 70_000, now: date, earliest: 0), by: 0, now: 1)
    let packet = TSBytes.packet(0x100, counter: 0)
    // Two minutes later, so that it may have been sent.
    func arrive(_ number: Int, _ timestamp: UInt32) {
      var datagram = TSBytes.rtp(UInt16(number & 0xFFFF), packet)
      for index in 0..<4 { datagram[4 + index] = UInt8(truncatingIfNeeded: timestamp >> UInt32(24 - 8 * index)) }
      reception.datagram(datagram.span, by: 0, arrival: 0, now: 120_000_000_000)
    }
    let reach = UInt32(reception.reach)
    arrive(71_000, start &+ reach &+ 1)
    var figures = reception.figures
    #expect(figures.received == 0)
    arrive(71_000, start &+ reach)
    figures = reception.figures
    #expect(figures.foreign == 1 && figures.received == 1)
  }

  /// Of two sources only one has brought anything, with a number above what the server calls it.
  @Test func whoHasBroughtNothingIsNotRenumbered() {
    var reception = StationReception(Self.tuning(2), now: 0)
    let packet = TSBytes.packet(0x100, counter: 0)
    for number in [60_000, 60_001] {
      reception.datagram(TSBytes.rtp(UInt16(number), packet).span, by: 0, arrival: 0, now: 1_500_000_000)
    }
    #expect(reception.mode == .multicast && reception.isAnchored == false)
    _ = reception.opening(for: 0)
    reception.opened(
      StreamReply(station: 1, ssrc: 1, first: 40, date: 1000, next: 40, now: 1000, earliest: 0), by: 0,
      now: 1_600_000_000)
    #expect(reception.isAnchored == true && reception.sources[1].newest == .min)
  }

  @Test func aServerThatLeapsToAndFroLosesNoMoreThanCanBeCounted() {
    var reception = StationReception(Self.tuning(), now: 0)
    for count in Int64(0)..<40 {
      _ = reception.opening(for: 0)
      let first = count % 2 * (1 << 60)
      reception.opened(
        StreamReply(station: 1, ssrc: 1, first: first, date: 1000, next: first, now: 1000, earliest: 0), by: 0,
        now: count)
      reception.closed(by: 0, now: count)
    }
    let figures = reception.figures
    #expect(figures.lost == 1 << 60)
  }

  /// RTP's timestamps alone tell half of 13.25 hours apart.
  @Test(arguments: [1, 7.5, 20, 100]) func datesAreRightAfterALeap(hours: Double) {
    var reception = StationReception(Self.tuning(), now: 0)
    let packet = TSBytes.packet(0x100, counter: 0)
    var (number, date) = (Int64(1000), 1_795_359_872.0)
    for now in [Int64(1), 60_000_000_000] {
      _ = reception.opening(for: 0)
      reception.opened(
        StreamReply(station: 1, ssrc: 1, first: number, date: date, next: number, now: date, earliest: 0), by: 0,
        now: now)
      var datagram = TSBytes.rtp(UInt16(truncatingIfNeeded: number), packet)
      let timestamp = Int64(date * 90_000)
      for index in 0..<4 { datagram[4 + index] = UInt8(truncatingIfNeeded: timestamp >> Int64(24 - 8 * index)) }
      reception.frame(datagram.span, by: 0, now: now)
      let head = reception.head
      #expect(head?.n == number && head?.date == timestamp)
      reception.take { _ in }
      reception.closed(by: 0, now: now)
      (number, date) = (number + Int64(hours * 1_000_000), date + hours * 3600)
    }
  }

  @Test func repliesThatCannotBeAreNotTaken() {
    var reception = StationReception(Self.tuning(), now: 0)
    #expect(reception.opening(for: 0) == StreamRequest(station: 1, back: 0.4))
    for reply in [
      StreamReply(station: 1, ssrc: 1, first: .max, date: 0, next: 0, now: 0, earliest: 0),
      StreamReply(station: 1, ssrc: 1, first: 0, date: .nan, next: 0, now: 0, earliest: 0),
      StreamReply(station: 1, ssrc: 1, first: 0, date: 0, next: -1, now: 1e300, earliest: 0),
    ] {
      let isTaken = reception.opened(reply, by: 0, now: 1)
      #expect(!isTaken && reception.mode == .waiting)
    }
  }
}
