import FoundationEssentials
import LinuxIO
import Playout
import Testing

@testable import StationServer

@Suite struct TapeClearanceTests {
  static let day: Int64 = 86_400 * 1_000_000_000
  static let now: Int64 = 20_000 * day
  let a = String(repeating: "a", count: 32)
  let b = "0123456789abcdef0123456789abcdef"

  private func unused(_ files: [(String, days: Double)], keeping kept: Set<String> = []) -> [String] {
    let files = files.map { name, days in
      TapeClearance.File(name: name, modified: Self.now - Int64(days * Double(Self.day)))
    }
    return TapeClearance(kept: kept).unused(among: files, now: Self.now)
  }

  @Test func aTapeGoesAfterSevenDaysItsIndexFirst() {
    #expect(
      unused([("\(a).ts", 7.1), ("\(a).index", 7.1), ("\(b).bad", 7.1)]) == ["\(b).bad", "\(a).index", "\(a).ts"])
    #expect(unused([("\(a).ts", 6.9), ("\(a).index", 6.9), ("\(b).bad", 6.9)]) == [])
  }

  @Test func itsIndexTellsOfItsLastUse() {
    #expect(
      unused([("\(a).ts", 90), ("\(a).index", 1), ("\(b).ts", 90), ("\(b).index", 8)]) == ["\(b).index", "\(b).ts"])
  }

  @Test func whatIsKeptStays() {
    #expect(unused([("\(a).ts", 90), ("\(a).index", 90), ("\(b).ts", 90)], keeping: [a]) == ["\(b).ts"])
  }

  @Test func nothingElseIsTouched() {
    let names = [
      "lock", "air", "holiday.ts", "\(a)", "\(a).mp4", "\(a).ts.12.part", "\(a)0.ts", "\(a.dropLast()).ts",
      "\(a.dropLast())g.ts", "\(a.uppercased()).ts", ".\(a).ts", "\(a.dropLast(2))ä.ts",
    ]
    #expect(unused(names.map { ($0, 90) }) == [])
  }

  @Test func aDateInTheFutureIsNoReason() {
    #expect(unused([("\(a).ts", -90)]) == [])
  }

  @Test func keysComeFromPathsToo() {
    #expect(TapeClearance.key(of: "/var/tapes/\(a).ts") == a)
    #expect(TapeClearance.key(of: "/var/\(a).ts/film.ts") == nil)
  }
}

/// The same on a disk, through the registry.
@Suite struct TapeClearanceOnDiskTests {
  private func age(_ path: String, days: Double, _ lab: StationLab) throws {
    let date = Date(timeIntervalSince1970: lab.now.inSeconds - days * 86_400)
    for path in [path, "\(path.dropLast(3)).index"] {
      try FileManager.default.setAttributes([.modificationDate: date], ofItemAtPath: path)
    }
  }

  /// A tape that no station wants, last in use so many days ago.
  private func stray(_ digit: Character, days: Double, _ lab: StationLab) throws -> String {
    let path = "\(lab.configuration.tapes)/\(String(repeating: digit, count: 32)).ts"
    try Scratch.write("", to: path)
    try Scratch.write("", to: "\(path.dropLast(3)).index")
    try age(path, days: days, lab)
    return path
  }

  @Test func aStartRemovesWhatNobodyWantsAndTouchesWhatIsInUse() async throws {
    let lab = try StationLab([["a.mp4", "b.mp4"]])
    let registry = lab.registry()
    await registry.begin()
    try await lab.recordAll(registry)
    let tapes = await registry.readyTapes().map(\.output)
    for tape in tapes { try age(tape, days: 30, lab) }
    let (old, new) = (try stray("0", days: 8, lab), try stray("1", days: 6, lab))
    await lab.registry().begin()
    #expect(!Scratch.exists(old) && Scratch.exists(new))
    for tape in tapes {
      #expect(Scratch.exists(tape))
      let modified = try FileStatus("\(tape.dropLast(3)).index").modified
      #expect(abs(modified - lab.now.nanoseconds) < 1_000_000_000)
    }
  }

  /// Whoever wants it again must not be told that it is there.
  @Test func aTapeThatWasRemovedIsNotReadyAnyMore() async throws {
    let lab = try StationLab([["a.mp4"]])
    let registry = lab.registry()
    await registry.begin()
    try await lab.recordAll(registry)
    let tape = try #require(await registry.readyTapes().first)
    try age(tape.output, days: 30, lab)
    var shelf = TapeShelf(directory: lab.configuration.tapes, cards: "\(lab.configuration.tapes)/cards", slots: 1)
    guard case .ready = shelf.status(of: tape.request) else {
      Issue.record("it is not there")
      return
    }
    #expect(shelf.clear(keeping: [], at: lab.now.nanoseconds) == 2)
    guard case .absent = shelf.status(of: tape.request) else {
      Issue.record("it is said to be there still")
      return
    }
  }

  @Test func aNewTapeIsAnOccasionToo() async throws {
    let lab = try StationLab([["a.mp4"]])
    let registry = lab.registry()
    await registry.begin()
    let old = try stray("0", days: 8, lab)
    try await lab.recordAll(registry)
    #expect(!Scratch.exists(old))
  }

  /// The first file was replaced: its former tape is on the air still, to the end of the programme.
  @Test func whatTheLastRunPlayedStaysUntilItIsOver() async throws {
    let lab = try StationLab([["a.mp4", "b.mp4"]])
    let registry = lab.registry()
    await registry.begin()
    try await lab.recordAll(registry)
    let tapes = await registry.readyTapes()
    for tape in tapes { try age(tape.output, days: 30, lab) }
    lab.pass(seconds: 3600)
    try Scratch.write("another", to: lab.directory.path("a.mp4"))
    let again = lab.registry()
    await again.begin()
    for tape in tapes { #expect(Scratch.exists(tape.output)) }
    // When the era that plays it is over for a minute it goes: at the next occasion, seven days after its last use.
    try await lab.recordAll(again)
    lab.pass(seconds: 8 * 86_400)
    await lab.registry().begin()
    for tape in tapes { #expect(Scratch.exists(tape.output) == (lab.name(tape) == "b.mp4")) }
  }

  /// An era that is over stays in the file; the tapes that it alone names may be gone.
  @Test func anEraThatIsOverNeedsItsTapesNoMore() async throws {
    let lab = try StationLab([["a.mp4", "b.mp4"]])
    let registry = lab.registry()
    await registry.begin()
    let first = await registry.startRecordings()
    try lab.record(first[0])
    await registry.finished(first[0].request, .done)
    try await lab.recordAll(registry)
    let eras = await registry.plan(clockOffset: nil).stations[0].eras
    #expect(eras.count == 2)
    lab.pass(seconds: 3600)
    // As if the first era had played a tape that went since.
    var gone = eras
    gone[0].tapes = ["\(lab.configuration.tapes)/\(String(repeating: "0", count: 32)).ts"]
    try EraStore(directory: "\(lab.configuration.tapes)/air").save(gone, StationEntry.ssrc(site: "Hafen", number: 1))
    let again = lab.registry()
    await again.begin()
    #expect(await again.plan(clockOffset: nil).stations[0].eras == [eras[1]])
  }
}
