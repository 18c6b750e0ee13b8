import LinuxIO
import SyntheticTape
import Tape
import Testing
import TransportStream

@testable import StationServer

@Suite struct ConfigurationEditTests {
  private let said: Configuration
  private let directory: TemporaryDirectory

  init() throws {
    directory = try TemporaryDirectory()
    said = try Scratch.configuration(directory, [["a.mp4"], ["b.mp4"], ["c.mp4"]])
  }

  private func edit(_ change: (inout Configuration) -> Void) -> ConfigurationEdit {
    var says = said
    change(&says)
    return ConfigurationEdit(said: said, says: says, running: said)
  }

  @Test func nothingIsNothing() {
    let edit = edit { _ in }
    #expect(edit.isNothing)
    #expect(edit.deferred.isEmpty)
    #expect(edit.running == said)
  }

  @Test func tellsAddedRemovedAndChangedApart() {
    let edit = edit { file in
      file.stations[0].name = "Another"
      file.stations[0].port = 6000
      var fourth = file.stations.remove(at: 1)
      fourth.number = 4
      file.stations.append(fourth)
    }
    #expect(edit.changed == [.init(before: said.stations[0], after: edit.running.stations[0])])
    #expect(edit.changed.first?.keys == ["name", "port"])
    #expect(edit.removed.map(\.number) == [2], "a station whose number is another now is another station")
    #expect(edit.added.map(\.number) == [4])
    #expect(edit.summary == "1 station added, 1 changed, 1 taken out")
    #expect(!edit.isNothing)
  }

  @Test func namesTheKey() {
    let changes: [(String, (inout StationConfiguration) -> Void)] = [
      ("name", { $0.name = "X" }), ("source", { $0.source = .live(.testCard(.init())) }),
      ("group", { $0.group = GroupAddress(bits: 0xEF00_0009) }), ("port", { $0.port = 6000 }),
      ("encapsulation", { $0.encapsulation = .udp }), ("bitrate", { $0.bitrate = 1_000_000 }),
      ("format", { $0.format = HouseFormat(video: .init(codec: "h264"), audio: []) }), ("ring", { $0.ring = 20 }),
    ]
    for (key, change) in changes {
      let edit = edit { change(&$0.stations[1]) }
      #expect(edit.changed.map(\.keys) == [[key]])
      #expect(edit.changed.map(\.after.number) == [2])
    }
  }

  @Test func takesUpTheWayAtOnce() {
    let changes: [(inout Configuration) -> Void] = [
      { $0.multicast.interface = "eth0" }, { $0.multicast.ttl = 3 }, { $0.multicast.dscp = 34 },
      { $0.transmit.grain = .milliseconds(1) },
    ]
    for change in changes {
      let edit = edit(change)
      #expect(edit.changesWay)
      #expect(edit.summary == "all leave another way")
      #expect(edit.deferred.isEmpty)
    }
  }

  @Test func leavesToTheNextStartWhatOtherThingsHangOn() {
    let edit = edit { file in
      file.site.name = "Else"
      file.site.contact = "noc@example"
      file.listen.port = 9000
      file.connections.total = 7
      file.connections.perAddress = 3
      file.transmit.threads = 2
      file.tapes = "/elsewhere"
    }
    #expect(edit.isNothing)
    #expect(edit.running == said)
    #expect(
      edit.deferred == [
        "site.name is \"Hafen\" until stationd is started again, and \"Else\" then",
        "site.contact is none until stationd is started again, and \"noc@example\" then",
        "control.listen is 127.0.0.1:9966 until stationd is started again, and 127.0.0.1:9000 then",
        "control.connections is 16384 until stationd is started again, and 7 then",
        "control.connectionsPerAddress is 1024 until stationd is started again, and 3 then",
        "transmit.threads is 1 until stationd is started again, and 2 then",
        "tapes is \(said.tapes) until stationd is started again, and /elsewhere then",
      ])
  }

  /// The three ways: what is put off is said when the file says it, not at every edit after that, nor when it is taken back.
  @Test func saysOnceWhatIsPutOff() {
    var says = said
    says.listen.port = 9000
    let first = ConfigurationEdit(said: said, says: says, running: said)
    #expect(first.deferred.count == 1)
    var later = says
    later.stations.removeLast()
    let second = ConfigurationEdit(said: says, says: later, running: first.running)
    #expect(second.deferred.isEmpty)
    #expect(second.removed.map(\.number) == [3])
    let third = ConfigurationEdit(said: later, says: said, running: second.running)
    #expect(third.deferred.isEmpty)
    #expect(third.added.map(\.number) == [3])
    #expect(third.running == said)
  }
}

@Suite struct ConfigurationReadingTests {
  private let directory: TemporaryDirectory
  private let said: Configuration

  init() throws {
    directory = try TemporaryDirectory()
    said = try Scratch.configuration(directory, [["a.mp4"], ["b.mp4"]])
  }

  @Test func aFileWithErrorsChangesNothingAndSaysWhyOnce() {
    var reading = ConfigurationReading(file: "s.json", said: said, running: said)
    let bad = Result<Configuration, Launch.Failure>.failure(.init(message: "s.json: one\ns.json: two", status: 78))
    let first = reading.take(bad, wasAsked: false)
    #expect(first.edit == nil)
    #expect(first.lines.map(\.text).dropLast() == ["s.json: one", "s.json: two"])
    #expect(first.lines.allSatisfy { $0.level == .error })
    #expect(reading.take(bad, wasAsked: false).lines.isEmpty, "it was said")
    #expect(reading.take(bad, wasAsked: true).lines.count == 3, "somebody wants to know")
    let back = reading.take(.success(said), wasAsked: false)
    #expect(back.edit == nil)
    #expect(back.lines.map(\.text) == ["s.json: put right, nothing changed"])
    #expect(reading.take(bad, wasAsked: false).lines.count == 3)
    #expect(reading.running == said)
  }

  @Test func saysThatNothingChangedToWhoeverAsks() {
    var reading = ConfigurationReading(file: "s.json", said: said, running: said)
    #expect(reading.take(.success(said), wasAsked: false).lines.isEmpty)
    #expect(reading.take(.success(said), wasAsked: true).lines.map(\.text) == ["s.json: nothing changed"])
  }

  @Test func anEditIsTakenUpOnce() {
    var reading = ConfigurationReading(file: "s.json", said: said, running: said)
    var says = said
    says.stations.removeLast()
    let first = reading.take(.success(says), wasAsked: true)
    #expect(first.edit?.removed.map(\.number) == [2])
    #expect(first.lines.map(\.text) == ["s.json: 1 station taken out"])
    #expect(reading.take(.success(says), wasAsked: false).edit == nil)
  }
}

@Suite struct FileSightingTests {
  private let directory: TemporaryDirectory
  private let path: String

  init() throws {
    directory = try TemporaryDirectory()
    path = directory.path("file")
    try Scratch.write("first", to: path)
  }

  private var found: FileStatus? { try? FileStatus(path) }

  @Test func tellsOfAnEditWhenItIsComplete() throws {
    var sighting = FileSighting(found)
    #expect(sighting.look(found) == nil)
    try Scratch.write("fir", to: path)
    #expect(sighting.look(found) == nil, "it may still be being written")
    try Scratch.write("first, and more", to: path)
    #expect(sighting.look(found) == nil, "it was")
    #expect(sighting.look(found) == .changed)
    #expect(sighting.look(found) == nil, "once")
  }

  @Test func tellsOfAFileThatIsReplacedByOneOfTheSameSize() throws {
    var sighting = FileSighting(found)
    try Scratch.replace(path, by: "other")
    #expect(sighting.look(found) == nil)
    #expect(sighting.look(found) == .changed)
  }

  @Test func aFileMayBeAwayForAMoment() throws {
    let before = found
    var sighting = FileSighting(before)
    #expect(sighting.look(nil) == nil)
    #expect(sighting.look(before) == nil, "it is the same as it was")
    #expect(sighting.look(nil) == nil)
    #expect(sighting.look(nil) == nil)
    #expect(sighting.look(nil) == .missing)
    #expect(sighting.look(nil) == nil, "once")
    try Scratch.write("again", to: path)
    #expect(sighting.look(found) == nil)
    #expect(sighting.look(found) == .changed)
  }
}
