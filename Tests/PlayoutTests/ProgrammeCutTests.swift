import Foundation
import SyntheticTape
import Tape
import Testing
import TransportStream

@testable import Playout

private let noon = Ticks.seconds(1_795_348_800)

/// Programmes that end before their tapes do.
@Suite struct ProgrammeCutTests {
  let studio: Studio

  init() throws { studio = try Studio() }

  /// The media of a PID as they are sent between two dates: its payloads, and how many access units begin.
  private func media(_ pid: UInt16, _ sent: [Sent]) -> (bytes: [UInt8], units: Int) {
    var (bytes, units): ([UInt8], Int) = ([], 0)
    for datagram in sent {
      for at in stride(from: 0, to: datagram.bytes.count, by: TSPacket.size) {
        guard let packet = TSPacket(datagram.bytes, at: at), packet.pid == pid, packet.hasPayload else { continue }
        if packet.payloadUnitStart { units += 1 }
        // Without their time stamps, which move.
        bytes += datagram.bytes[at + max(packet.payloadOffset, packet.payloadUnitStart ? 31 : 0)..<at + TSPacket.size]
      }
    }
    return (bytes, units)
  }

  /// Milliseconds: before the first access unit, right at one's first packet and around it, at the seams of datagrams, at the
  /// tape's own last ones.
  @Test(arguments: [
    5, 13, 14, 15, 43, 44, 45, 199, 200, 201, 204, 205, 217, 500, 763, 999, 1_000, 1_001, 1_500, 1_999,
  ])
  func aCutAnywhereCannotBeHeard(milliseconds: Int64) throws {
    let (a, b) = (try studio.tape("a", 2_000), try studio.tape("b", 1_240))
    for count in [Int64(0), 1, 44, 89] {
      let duration = Ticks.milliseconds(milliseconds) + .ninetyKilohertz(count)
      let cut = try #require(try a.cut(at: duration))
      #expect(cut.duration == duration)
      let lineup = [Showing(a, cut: cut), Showing(b)]
      let station = try studio.station([Era(.always(lineup), tapes: [a, b])])
      let start = station.onAir(at: noon).tape == a.path ? station.onAir(at: noon).start : station.onAir(at: noon).end
      #expect(station.onAir(at: start).end == start + duration)

      let sent = station.sent(from: start, to: start + .seconds(12))
      #expect(faults(sent) == [])
      for (earlier, later) in zip(sent, sent.dropFirst()) { #expect(later.n == earlier.n + 1) }
      for datagram in sent.shuffled().prefix(40) {
        #expect(Sent(station.cursor(at: datagram.n)) == datagram)
        #expect(station.index(at: datagram.date) == datagram.n)
      }
      // What is sent of the pictures is a whole number of access units from the tape's beginning, and nothing else.
      let whole = try studio.station([a]).sent(from: noon, to: noon + .seconds(2))
      let part = sent.filter { $0.date < start + duration }
      #expect(part.count == Int(cut.counts.datagrams))
      let (all, some) = (media(PID.video, whole), media(PID.video, part))
      #expect(Array(all.bytes.prefix(some.bytes.count)) == some.bytes)
      // Those that are decoded before the next programme's first, 0.7 s after its beginning: here, from 0.9 s on.
      let shown = max(0, duration.count - Ticks.milliseconds(200).count)
      #expect(some.units == Int((shown + Ticks.milliseconds(40).count - 1) / Ticks.milliseconds(40).count))
      // Tables, clocks and SI slots stand where they did.
      for (datagram, original) in zip(part, whole) {
        for at in stride(from: 0, to: datagram.bytes.count, by: TSPacket.size) {
          let one = try #require(TSPacket(datagram.bytes, at: at))
          let other = try #require(TSPacket(original.bytes, at: at))
          #expect((one.pcr == nil) == (other.pcr == nil))
          if let pcr = one.pcr { #expect(pcr == datagram.date.pcr) }
          if other.pid < PID.video || other.pid == PID.pmt { #expect(one.pid == other.pid) }
        }
      }
    }
  }

  @Test func hoursOfCutsAndSwitches() throws {
    let tapes = [try studio.tape("a", 2_000), try studio.tape("b", 1_240), try studio.tape("r", 5_000)]
    var generator = SplitMix(state: 7)
    var eras = [try Era(.always(tapes), tapes: tapes)]
    var date = noon
    while eras.count < 400 {
      let lineup = try (0..<Int.random(in: 1...4, using: &generator)).map { _ in
        let tape = try #require(tapes.randomElement(using: &generator))
        let duration = Int64.random(in: 90_000...tape.info.duration.count / 300 * 11 / 10, using: &generator)
        return Showing(tape, cut: try tape.cut(at: .ninetyKilohertz(duration)))
      }
      let place = try #require([EraBoundary.Place.programmeEnd, .randomAccess, .date].randomElement(using: &generator))
      let boundary = try eras[eras.count - 1].boundary(after: date, at: place)
      #expect(boundary.date >= date || place == .programmeEnd)
      let first = Int.random(in: 0..<lineup.count, using: &generator)
      let era = try boundary.era(lineup, startingWith: first)
      #expect(era.record.start > eras[eras.count - 1].record.start)
      // As the transmitter gets it.
      let json = try JSONEncoder().encode(era.record)
      let again = try Era(JSONDecoder().decode(EraRecord.self, from: json), tapes: lineup.map(\.tape))
      #expect(again.record == era.record)
      eras.append(again)
      date = boundary.date + .seconds(Int64.random(in: 1...40, using: &generator))
    }
    let station = try studio.station(eras)
    let sent = station.sent(from: noon - .seconds(3), to: date + .seconds(20))
    #expect((sent[sent.count - 1].date - sent[0].date) > .seconds(3_600))
    #expect(faults(sent) == [])
    for (earlier, later) in zip(sent, sent.dropFirst()) {
      #expect(later.n == earlier.n + 1 && later.date > earlier.date)
    }
    for datagram in sent.shuffled().prefix(3_000) {
      #expect(Sent(station.cursor(at: datagram.n)) == datagram)
      #expect(station.index(at: datagram.date) == datagram.n)
      #expect(station.index(at: datagram.date - Ticks(1)) == datagram.n)
    }
    for (era, next) in zip(eras, eras.dropFirst()) {
      let onAir = station.onAir(at: next.record.start - Ticks(1))
      #expect(onAir.end == next.record.start, "\(era.record.start)")
    }
  }

  @Test func aSwitchAtARandomAccessPointMissesNothing() throws {
    let (a, b) = (try studio.tape("a", 2_000), try studio.tape("b", 1_240))
    let first = try Era(.always([a]), tapes: [a])
    // The only random access point of these tapes is their first datagram: the programme's end, or right now.
    let era = try first.followed(by: [b], after: noon + .milliseconds(300), at: .randomAccess)
    #expect(era.record.start == noon + .seconds(2) && era.record.interruption == nil)
    let now = try first.followed(by: [b], after: noon, at: .randomAccess)
    #expect(now.record.start == noon && now.record.interruption == nil)
    let sent = try studio.station([first, now]).sent(from: noon - .seconds(5), to: noon + .seconds(5))
    #expect(faults(sent) == [])
  }

  @Test func whatCannotBeCut() throws {
    let a = try studio.tape("a", 2_000)
    #expect(try a.cut(at: .seconds(2)) == nil)
    #expect(try a.cut(at: .seconds(7)) == nil)
    // Its first datagram is dated 4 ms.
    for duration in [Ticks(0), Ticks(-300), Ticks(299), .milliseconds(4), .seconds(1) + Ticks(1)] {
      #expect(throws: TapeError.self) { try a.cut(at: duration) }
    }
    let cut = try #require(try a.cut(at: .seconds(1)))
    let good = EraRecord.always([Showing(a, cut: cut)])
    func opens(_ change: (inout ProgrammeCut) -> Void) -> Bool {
      var (record, cut) = (good, cut)
      change(&cut)
      record.cuts = [cut]
      return (try? Era(record, tapes: [a])) != nil
    }
    #expect(opens { _ in })
    #expect(!opens { $0.counts.duration = .seconds(3) })
    #expect(!opens { $0.counts.duration = .zero })
    #expect(!opens { $0.counts.datagrams = 0 })
    #expect(!opens { $0.counts.datagrams += 1 })
    #expect(!opens { $0.counts.slots = -1 })
    #expect(!opens { $0.counts.packets[2] = .max })
    var record = good
    record.cuts = []
    #expect(throws: TapeError.self) { try Era(record, tapes: [a]) }
  }

  /// As stations kept them before programmes could be cut.
  @Test func recordsOfBeforeAreRead() throws {
    let a = try studio.tape("a", 2_000)
    let json = """
      {"start":0,"anchor":0,"base":{"duration":0,"datagrams":0,"slots":0,"packets":[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0]},
      "tapes":["\(a.path)"],"mapVersions":[0]}
      """
    #expect(try JSONDecoder().decode(EraRecord.self, from: Data(json.utf8)) == .always([a]))
    #expect(!String(decoding: try JSONEncoder().encode(EraRecord.always([a])), as: UTF8.self).contains("cuts"))
  }
}
