import SyntheticTape
import Tape
import Testing
import TransportStream

@testable import Playout

/// 2026-11-22 12:00:00 UTC.
private let noon = Ticks.seconds(1_795_348_800)

@Suite struct StationTests {
  let studio: Studio

  init() throws { studio = try Studio() }

  @Test func aStationIsAFunctionOfTime() throws {
    let station = try studio.station([studio.tape("a", 1_200), studio.tape("b", 2_000)])
    let again = try studio.station([studio.tape("a", 1_200), studio.tape("b", 2_000)])
    let sent = station.sent(from: noon, to: noon + .seconds(10))
    #expect(sent.count > 700)
    for (earlier, later) in zip(sent, sent.dropFirst()) {
      #expect(later.n == earlier.n + 1 && later.date > earlier.date)
    }
    // Whoever comes later, anywhere, sends the same.
    for datagram in sent.shuffled().prefix(200) {
      #expect(Sent(again.cursor(at: datagram.n)) == datagram)
      #expect(again.index(at: datagram.date) == datagram.n)
      #expect(again.index(at: datagram.date - Ticks(1)) == datagram.n)
      #expect(again.index(at: datagram.date + Ticks(1)) == datagram.n + 1)
    }
  }

  @Test func joinsCannotBeHeard() throws {
    let tapes = [try studio.tape("a", 1_240), try studio.tape("b", 2_000), try studio.tape("c", 400)]
    let sent = try studio.station(tapes).sent(from: noon, to: noon + .seconds(80))
    #expect(faults(sent) == [])
    let radio = try studio.station([try studio.tape("r", 3_000, isRadio: true)])
    #expect(faults(radio.sent(from: noon, to: noon + .seconds(80))) == [])
  }

  @Test func theJudgeHearsABadJoin() throws {
    var sent = try studio.station([try studio.tape("a", 1_240)]).sent(from: noon, to: noon + .seconds(5))
    sent.remove(at: 100)
    #expect(faults(sent) != [])
  }

  @Test func theClockOfTheStreamIsTheClockOnTheWall() throws {
    let sent = try studio.station([try studio.tape("a", 2_000)]).sent(from: noon, to: noon + .seconds(6))
    var clocks = 0
    for datagram in sent {
      for at in stride(from: 0, to: datagram.bytes.count, by: TSPacket.size) {
        let packet = try #require(TSPacket(datagram.bytes, at: at))
        guard let pcr = packet.pcr else { continue }
        #expect(pcr == datagram.date.pcr)
        clocks += 1
      }
    }
    #expect(clocks > 200)
    // 1,795,348,800 s are 22.… wraps of 2^33 / 90,000 s; the programme repeats every 2 s since the epoch.
    #expect(sent[0].date == noon + .milliseconds(4))
  }

  @Test func itsTablesTellWhoItIs() throws {
    let sent = try studio.station([try studio.tape("a", 2_000)]).sent(from: noon, to: noon + .seconds(4))
    var (programs, names, times) = (Set<UInt16>(), Set<String>(), [UInt8]())
    for datagram in sent {
      for at in stride(from: 0, to: datagram.bytes.count, by: TSPacket.size) {
        let packet = Array(datagram.bytes[at..<at + TSPacket.size])
        let pid = TSPacket(packet)?.pid
        if pid == PID.tdt { times.append(packet[12]) }
        guard let section = Section(packet: packet.span) else { continue }
        if pid == PID.pat { programs.formUnion(ProgramAssociation.programs(in: section).map(\.program)) }
        if pid == PID.pmt { programs.insert(section.identifier) }
        if pid == PID.sdt, let service = ServiceDescription.service(in: section) {
          names.insert("\(service.provider)/\(service.name)/\(section.identifier)")
        }
      }
    }
    #expect(programs == [7])
    #expect(names == ["Hafen/Kai/258"])
    #expect(times.count >= 3 && times.allSatisfy { $0 <= 0x04 }, "seconds after noon")
  }

  @Test(arguments: [1, 2, 3])
  func bothClocksWrapUnheard(wrap: Int64) throws {
    let period = Ticks(ClockReference.modulus)
    let tapes = [try studio.tape("a", 1_240), try studio.tape("b", 2_000)]
    let station = try studio.station(tapes)
    // The stamps run ahead of the clock by the lead-in, so they wrap a little earlier.
    let date = period * (noon.count / period.count + wrap)
    let sent = station.sent(from: date - .seconds(8), to: date + .seconds(8))
    var checker = StreamChecker()
    for datagram in sent { checker.check(datagram.bytes.span, arrival: datagram.date) }
    let report = checker.report()
    #expect(report.faults == [])
    #expect(report.clock.wraps == 1)
    #expect(report.lines.first { $0.pid == PID.video }?.wraps == 1)
  }

  @Test func aMonthPassesInSeconds() throws {
    let tapes = [try studio.tape("a", 1_240), try studio.tape("b", 2_000)]
    let station = try studio.station(tapes)
    // Every hour of thirty days, five seconds each: what lies between follows from the numbers alone.
    var last: (n: Int64, date: Ticks)?
    for hour in 0..<720 {
      let start = noon + .seconds(Int64(hour) * 3_600)
      let sent = station.sent(from: start, to: start + .seconds(5))
      #expect(faults(sent) == [])
      if let last {
        let rate = Double(sent[0].n - last.n) / (sent[0].date - last.date).inSeconds
        #expect(abs(rate - 500.0 / 7) < 0.2)
      }
      last = (sent[0].n, sent[0].date)
    }
  }

  @Test func whatIsOnIsWhatIsSent() throws {
    let (a, b) = (try studio.tape("a", 1_000), try studio.tape("b", 3_000))
    let station = try studio.station([a, b])
    let start = Ticks.seconds(1_795_348_800)  // a multiple of the four seconds of a cycle
    #expect(
      station.onAir(at: start + .milliseconds(999))
        == OnAir(tape: a.path, start: start, end: start + .seconds(1), nextTape: b.path))
    #expect(
      station.onAir(at: start + .milliseconds(1_000))
        == OnAir(tape: b.path, start: start + .seconds(1), end: start + .seconds(4), nextTape: a.path))
  }
}
