import Foundation
import SyntheticTape
import Testing
import TransportStream

@testable import Tape

@Suite struct TapeTests {
  let directory: TemporaryDirectory
  let path: String

  init() throws {
    directory = try TemporaryDirectory()
    path = directory.path("a.ts")
  }

  /// Datagram `number` as it stands on the tape; empty where it is damaged.
  private func bytes(_ tape: Tape, _ number: Int) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: 1_316)
    var span = bytes.mutableSpan
    let count = tape.copy(number, to: &span)
    return Array(bytes.prefix(count))
  }

  @Test func whatIsWrittenIsRead() throws {
    let synthetic = SyntheticTape(milliseconds: 2_000)
    try synthetic.write(to: path)
    #expect(directory.files == ["a.index", "a.ts"])
    let tape = try Tape(path: path, verify: true)
    #expect(tape.info == synthetic.info)
    #expect(tape.datagramCount == 143, "1,000 packets in sevens")
    #expect(tape.slotCount == 21)
    #expect(tape.packetCounts.map(\.pid) == [PID.pat, PID.sdt, PID.tdt, PID.video, PID.firstAudio, PID.pmt])
    #expect(tape.packetCounts.map(\.count).reduce(0, +) == 1_000)

    let file = try Data(contentsOf: URL(filePath: path))
    #expect((0..<143).flatMap { bytes(tape, $0) } == Array(file), "the tape is itself a playable file")
    #expect(bytes(tape, 142).count == 6 * 188)
    #expect(bytes(tape, 143).isEmpty && bytes(tape, -1).isEmpty)
    #expect(tape.isCurrent)

    #expect(tape.date(of: 0) == .milliseconds(4), "that of the PCR it carries")
    #expect(tape.date(of: 143) == .seconds(2))
    #expect(tape.firstDatagram(notBefore: .zero) == 0)
    #expect(tape.firstDatagram(notBefore: tape.date(of: 77)) == 77)
    #expect(tape.firstDatagram(notBefore: tape.date(of: 77) + Ticks(1)) == 78)
    #expect(tape.firstDatagram(notBefore: .seconds(3)) == 143)
    #expect(tape.randomAccessPoint(atOrBefore: 100) == 0)
  }

  @Test func patchPointsStandWhereTheFieldsAre() throws {
    try SyntheticTape(milliseconds: 400).write(to: path)
    let tape = try Tape(path: path, verify: true)
    let reader = tape.reader
    let first = reader.patches(from: reader.entry(0), to: reader.entry(1)).compactMap { reader.patch($0) }
    #expect(
      first == [
        PatchPoint(kind: .association, offset: 0, ordinal: 0),
        PatchPoint(kind: .map, offset: 188, ordinal: 0),
        PatchPoint(kind: .clock, offset: 376 + 6, ordinal: 0),
        PatchPoint(kind: .timeStamp, offset: 376 + 12 + 9, ordinal: 0),
        PatchPoint(kind: .timeStamp, offset: 376 + 12 + 14, ordinal: 0),
        PatchPoint(kind: .slot, offset: 5 * 188, ordinal: 0),
        PatchPoint(kind: .time, offset: 6 * 188, ordinal: 0),
      ])
    let end = reader.entry(reader.datagramCount)
    #expect(reader.patches(from: end, to: end).isEmpty && reader.entry(reader.datagramCount + 1) == end)
  }

  @Test func sameSourceSameBytes() throws {
    let other = directory.path("b.ts")
    try SyntheticTape(milliseconds: 1_200).write(to: path)
    try SyntheticTape(milliseconds: 1_200).write(to: other)
    for pair in [("a.ts", "b.ts"), ("a.index", "b.index")] {
      #expect(FileManager.default.contentsEqual(atPath: directory.path(pair.0), andPath: directory.path(pair.1)))
    }
  }

  @Test func anUnfinishedTapeLeavesNothing() throws {
    do {
      var writer = try TapeWriter(path: path)
      let packet = [UInt8](repeating: 0, count: 188)
      #expect(throws: TapeError.self) { try writer.append(packet.span, date: .zero, isRandomAccess: true) }
      #expect(directory.files.isEmpty, "nothing that a killed recorder would leave behind")
    }
    #expect(directory.files.isEmpty)
  }

  /// Whoever reads of it knows the tape, not the names that its files have meanwhile.
  @Test func errorsNameTheTape() throws {
    let error = #expect(throws: TapeError.self) { _ = try TapeWriter(path: directory.path("none/a.ts")) }
    #expect(error?.description == "\(directory.path("none/a.ts")): create: No such file or directory")
    // A directory stands where the tape's file, or its index, is to be.
    for name in ["b.ts", "c.index"] {
      try FileManager.default.createDirectory(atPath: directory.path(name), withIntermediateDirectories: false)
      let tape = directory.path("\(name.prefix(1)).ts")
      let error = #expect(throws: TapeError.self) { try SyntheticTape(milliseconds: 400).write(to: tape) }
      #expect(error?.description == "\(tape): rename: Is a directory")
    }
  }

  @Test func theWriterRefusesWhatWouldBreakAStation() throws {
    let pat = try #require(
      ProgramAssociation.section(transportStreamID: 1, program: 1, mapPID: PID.pmt).packet(pid: PID.pat))
    func refuses(_ datagrams: [([UInt8], Int)]) -> Bool {
      do {
        var writer = try TapeWriter(path: path)
        for (bytes, date) in datagrams { try writer.append(bytes.span, date: Ticks(Int64(date)), isRandomAccess: true) }
        return false
      } catch { return true }
    }
    var second = pat
    second[3] = 0x11
    #expect(!refuses([(pat, 0), (second, 1)]))
    #expect(refuses([(pat, 0), (pat, 1)]), "a counter that stands still")
    #expect(refuses([(pat, 0), (second, 0)]), "a date that stands still")
    #expect(refuses([(pat, -1)]))
    #expect(refuses([(Array(pat.dropLast()), 0)]))
    #expect(refuses([([], 0)]))
    #expect(refuses([([UInt8](repeating: 0x47, count: 8 * 188), 0)]))
    #expect(!directory.files.contains("a.ts"))
  }

  @Test func damageIsFound() throws {
    try SyntheticTape(milliseconds: 2_000).write(to: path)
    let index = directory.path("a.index")
    let whole = try Data(contentsOf: URL(filePath: index))
    func opens(_ change: (inout Data) -> Void) throws -> Bool {
      var data = whole
      change(&data)
      try data.write(to: URL(filePath: index))
      return (try? Tape(path: path, verify: true)) != nil
    }
    #expect(try opens { _ in })
    var flipped = 0
    for at in stride(from: 0, to: whole.count, by: 61) where !(56..<64).contains(at) {
      flipped += 1
      #expect(try !opens { $0[at] ^= 0x10 }, "byte \(at)")
    }
    #expect(flipped > 50)
    for count in [0, 1, 63, 64, 100, whole.count - 1] {
      #expect(try !opens { $0 = $0.prefix(count) }, "cut to \(count)")
    }
    #expect(try !opens { $0.append(0) })

    _ = try opens { _ in }
    try FileHandle(forUpdating: URL(filePath: path)).truncate(atOffset: 188 * 999)
    #expect(throws: TapeError.self) { try Tape(path: path, verify: false) }
  }

  /// Dates are added to others on the air: none may be so far off that a sum overflows.
  @Test(arguments: [Int64.max, .min, -1]) func noDateIsTooFarToReckonWith(date: Int64) throws {
    try SyntheticTape(milliseconds: 800).write(to: path)
    let index = directory.path("a.index")
    var data = try Data(contentsOf: URL(filePath: index))
    for number in [0, 5] {
      for byte in 0..<8 { data[64 + 16 * number + byte] = UInt8(truncatingIfNeeded: date >> Int64(8 * byte)) }
    }
    try data.write(to: URL(filePath: index))
    let tape = try Tape(path: path, verify: false)
    for number in [0, 5] { #expect((.zero...Ticks(1 << 53)).contains(tape.date(of: number))) }
  }

  @Test func clocksAreMarkedInTheIndex() throws {
    try SyntheticTape(milliseconds: 800).write(to: path)
    let tape = try Tape(path: path, verify: true)
    var marked = 0
    for number in 0..<tape.datagramCount {
      let (entry, next) = (tape.reader.entry(number), tape.reader.entry(number + 1))
      let kinds = tape.reader.patches(from: entry, to: next).compactMap { tape.reader.patch($0)?.kind }
      #expect(entry.carriesClock == kinds.contains(.clock))
      if entry.carriesClock { marked += 1 }
    }
    #expect(marked > 0 && marked < tape.datagramCount)
    #expect(!tape.reader.entry(tape.datagramCount).carriesClock)
  }

  @Test func anyIndexAtAllIsReadWithoutATrap() throws {
    try SyntheticTape(milliseconds: 800).write(to: path)
    let index = directory.path("a.index")
    let whole = try Data(contentsOf: URL(filePath: index))
    var random = SystemRandomNumberGenerator()
    for _ in 0..<300 {
      var data = whole
      for _ in 0..<8 {
        data[Int.random(in: 64..<whole.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
      }
      try data.write(to: URL(filePath: index))
      guard let tape = try? Tape(path: path, verify: false) else { continue }
      for number in 0...tape.datagramCount {
        _ = bytes(tape, number)
        let (entry, next) = (tape.reader.entry(number), tape.reader.entry(number + 1))
        for patch in tape.reader.patches(from: entry, to: next) { _ = tape.reader.patch(patch) }
        _ = tape.randomAccessPoint(atOrBefore: number)
        _ = tape.firstDatagram(notBefore: tape.date(of: number))
      }
      var pieces = TapePieces(tape)
      _ = pieces.want(0..<tape.datagramCount)
      pieces.endRound()
      pieces.endRound()
    }
  }
}
