import Foundation
import SyntheticTape
import Tape
import Testing
import TransportStream

@testable import Playout

private let noon = Ticks.seconds(1_795_348_800)

@Suite struct EraTests {
  let studio: Studio

  init() throws { studio = try Studio() }

  @Test func aNewScheduleBeginsWhereAProgrammeEnds() throws {
    let (a, b, c) = (try studio.tape("a", 1_240), try studio.tape("b", 2_000), try studio.tape("c", 400))
    let first = try Era(.always([a]), tapes: [a])
    let second = try first.followed(by: [a, b], after: noon)
    let third = try second.followed(by: [c, a, b], after: noon + .seconds(30))
    let before = try studio.station([first])
    let station = try studio.station([first, second, third])

    #expect(second.record.start >= noon && second.record.start <= noon + .milliseconds(1_240))
    #expect(station.onAir(at: second.record.start - Ticks(1)).tape == a.path)
    #expect(station.onAir(at: second.record.start - Ticks(1)).nextTape == b.path)
    #expect(station.onAir(at: second.record.start).tape == b.path, "what the new schedule has after a")

    let sent = station.sent(from: noon - .seconds(5), to: noon + .seconds(60))
    #expect(faults(sent) == [])
    for (earlier, later) in zip(sent, sent.dropFirst()) { #expect(later.n == earlier.n + 1) }
    // Until then, nothing is different from the station that knows of no change.
    let same = before.sent(from: noon - .seconds(5), to: second.record.start)
    #expect(Array(sent.prefix(same.count)) == same)
    for datagram in sent.shuffled().prefix(300) {
      #expect(Sent(station.cursor(at: datagram.n)) == datagram)
      #expect(station.index(at: datagram.date) == datagram.n)
    }
  }

  @Test func anEraSurvivesItsFile() throws {
    let (a, b) = (try studio.tape("a", 1_240), try studio.tape("b", 2_000))
    let eras = [try Era(.always([a]), tapes: [a])]
    let both = eras + [try eras[0].followed(by: [b, a], after: noon)]
    let json = try JSONEncoder().encode(both.map(\.record))
    var open = OpenTapes()
    let again = try JSONDecoder().decode([EraRecord].self, from: json).map { try Era($0, from: &open) }
    let (one, other) = (try studio.station(both), try studio.station(again))
    let span = (noon - .seconds(3), noon + .seconds(20))
    #expect(one.sent(from: span.0, to: span.1) == other.sent(from: span.0, to: span.1))
  }

  @Test func aDifferentProgramMapHasADifferentVersion() throws {
    let (a, b) = (try studio.tape("a", 1_000), try studio.tape("b", 1_000))
    let german = try studio.tape("c", 1_000, language: "deu")
    let french = try studio.tape("d", 1_000, language: "fra")
    let first = try Era(.always([a, german, b]), tapes: [a, german, b])
    #expect(first.record.mapVersions == [0, 1, 0])
    let second = try first.followed(by: [french, german], after: noon)
    #expect(second.record.mapVersions == [2, 1])
    let sent = try studio.station([first, second]).sent(from: noon - .seconds(9), to: noon + .seconds(9))
    var checker = StreamChecker()
    for datagram in sent { checker.check(datagram.bytes.span, arrival: datagram.date) }
    #expect(checker.report().faults == [])
    #expect(checker.report().mapChanges > 10)
  }

  @Test func recordsThatCannotBeAreRefused() throws {
    let a = try studio.tape("a", 1_000)
    let good = EraRecord.always([a])
    func opens(_ change: (inout EraRecord) -> Void) -> Bool {
      var record = good
      change(&record)
      return (try? Era(record, tapes: [a])) != nil
    }
    #expect(opens { _ in })
    #expect(!opens { $0.anchor = Ticks(1) }, "not a whole 90 kHz count")
    #expect(!opens { $0.anchor = .seconds(1) }, "after its start")
    #expect(!opens { $0.base.datagrams = .max })
    #expect(!opens { $0.base.packets[3] = .min })
    #expect(!opens { $0.mapVersions = [] })
    #expect(!opens { $0.tapes = ["/nowhere.ts"] })
    #expect(throws: TapeError.self) { try Era(good, tapes: []) }
    #expect(Station(identity: Studio.identity, eras: []) == nil)
  }

  @Test func aTapeThatIsDamagedOnTheAirSpoilsNoDate() throws {
    let tape = try studio.tape("a", 2_000)
    let station = try studio.station([tape])
    // Zeros are what a reader gets of a file that was cut under it, and of a page that could not be read.
    let index = try FileHandle(forUpdating: URL(filePath: studio.directory.path("a.index")))
    try index.seek(toOffset: 64 + 16 * 50)
    try index.write(contentsOf: Data(count: 16 * 60))
    let packets = try FileHandle(forUpdating: URL(filePath: tape.path))
    try packets.write(contentsOf: Data(count: 188 * 7 * 10))

    var cursor = station.cursor(at: station.index(at: noon))
    var (last, empty, sent) = (cursor.date, 0, 0)
    while cursor.date < noon + .seconds(20) {
      if Sent(cursor).bytes.isEmpty { empty += 1 } else { sent += 1 }
      cursor.advance()
      #expect(cursor.date > last)
      last = cursor.date
    }
    #expect(empty > 50 && sent > 100)
  }
}
