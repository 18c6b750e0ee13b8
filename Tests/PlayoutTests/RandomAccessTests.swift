import SyntheticTape
import Tape
import Testing
import TransportStream

@testable import Playout

/// Where decoding may begin, and how far back a station reaches.
@Suite struct RandomAccessTests {
  private static let noon = Ticks.seconds(1_795_348_800)
  let studio: Studio

  init() throws { studio = try Studio() }

  private func tape(_ name: String, _ milliseconds: Int, group: Int) throws -> Tape {
    let path = studio.directory.path("\(name).ts")
    try SyntheticTape(milliseconds: milliseconds, group: group).write(to: path)
    return try Tape(path: path, verify: true)
  }

  /// The random access points of a station, by the groups of the tapes that its programmes have.
  private func points(_ station: Station, _ programmes: [(Ticks, group: Int)]) -> Set<Int64> {
    var points: Set<Int64> = []
    for (number, (start, group)) in programmes.enumerated() {
      let end = number + 1 < programmes.count ? programmes[number + 1].0 : start
      for n in stride(from: station.index(at: start), to: station.index(at: end), by: group) { points.insert(n) }
    }
    return points
  }

  @Test func findsTheLastPointOverProgrammesAndRepeats() throws {
    let station = try studio.station([tape("a", 1_200, group: 25), tape("b", 2_000, group: 40)])
    // A cycle of 3.2 s since the epoch, of which noon is a multiple.
    var programmes: [(Ticks, group: Int)] = []
    for cycle in 0..<4 {
      let start = Self.noon + .milliseconds(3_200) * Int64(cycle)
      programmes += [(start, group: 25), (start + .milliseconds(1_200), group: 40)]
    }
    let points = points(station, programmes)
    #expect(points.count > 12)
    let range = station.index(at: Self.noon)..<station.index(at: programmes[7].0)
    for n in range {
      let expected = points.filter { $0 <= n }.max()
      #expect(station.randomAccessPoint(atOrBefore: n) == expected)
      let date = try #require(station.date(of: n))
      #expect(station.randomAccessPoint(notAfter: date) == expected)
      guard n > range.lowerBound else { continue }
      let before = points.filter { $0 < n }.max()
      #expect(station.randomAccessPoint(notAfter: date - Ticks(1)) == before)
    }
  }

  @Test func beginsWithItsFirstEra() throws {
    let first = try Era.first([Showing(tape("a", 2_000, group: 30))], from: Self.noon)
    let station = try studio.station([first])
    #expect(station.firstNumber == 0 && station.date(of: -1) == nil)
    #expect(station.randomAccessPoint(atOrBefore: 29) == 0)
    #expect(station.firstRandomAccessPoint == 0)
    #expect(station.earliest(notBefore: Self.noon - .seconds(5)) == Self.noon)
    #expect(station.earliest(notBefore: Self.noon + .seconds(1)) == Self.noon + .seconds(1))
  }

  /// In front of a cut stand pictures that do not go out whole: nobody should begin with one of those.
  @Test func passesOverPointsThatACutHasSilenced() throws {
    let tape = try tape("a", 4_000, group: 10)
    let cut = try #require(try tape.cut(at: .milliseconds(2_500)))
    let showing = Showing(tape, cut: cut)
    let dropped = cut.firstDropped[try #require(PID.slot(PID.video))]
    let last = showing.randomAccessPoint(atOrBefore: showing.datagramCount - 1)
    #expect(last % 10 == 0 && tape.reader.entry(last + 1).firstPacket <= dropped)
    #expect(tape.reader.entry(last + 11).firstPacket > dropped)
    #expect(last < tape.randomAccessPoint(atOrBefore: showing.tapeCount - 1))
  }

  @Test func goesByWhatARingStillHas() throws {
    let path = studio.directory.path("1.ring")
    let file = try RingFile(path: path)
    #expect(file.tryLock() == true)
    let source = SyntheticTape(milliseconds: 40)
    var writer = try RingWriter(
      file,
      .init(
        info: RingInfo(format: source.info.format, map: source.map(clockPID: PID.video)), base: .init(), datagrams: 256)
    )
    func write(_ numbers: Range<Int64>) throws {
      let packet: [UInt8] = [0x47, 0x1F, 0xFF, 0x10] + [UInt8](repeating: 0xFF, count: 184)
      for k in numbers {
        try writer.append(packet.span, date: Self.noon + .milliseconds(10 * k), isRandomAccess: k % 10 == 0)
      }
      writer.publish()
    }
    let ring = try Ring(path: path)
    let station = try studio.station([Era.first(ring, from: Self.noon)])
    #expect(station.randomAccessPoint(atOrBefore: 0) == nil && station.earliest(notBefore: Self.noon) == nil)
    try write(0..<100)
    #expect(station.randomAccessPoint(atOrBefore: 57) == 50)
    #expect(station.randomAccessPoint(notAfter: Self.noon + .milliseconds(599)) == 50)
    #expect(station.earliest(notBefore: Self.noon - .seconds(9)) == Self.noon && station.firstRandomAccessPoint == 0)
    #expect(station.earliest(notBefore: Self.noon + .milliseconds(333)) == Self.noon + .milliseconds(333))
    #expect(station.date(of: 99) == Self.noon + .milliseconds(990) && station.date(of: 100) == nil)
    try write(100..<1_000)
    let oldest = ring.oldest
    #expect(oldest > 700)
    #expect(station.randomAccessPoint(atOrBefore: 500) == nil)
    #expect(station.randomAccessPoint(atOrBefore: 995) == 990)
    let first = (oldest + 9) / 10 * 10
    #expect(station.firstRandomAccessPoint == first)
    #expect(station.earliest(notBefore: Self.noon) == Self.noon + .milliseconds(10 * first))
    #expect(station.date(of: 0) == nil)
  }
}
