import Testing
import Wire

@testable import Tuner

struct WatchTests {
  static func station(_ number: Int, _ name: String, _ title: String = "Tide") -> StationSummary {
    StationSummary(
      number: number, name: name, state: .onAir, now: Programme(title: title, start: 0, end: 160),
      next: Programme(title: "Next", start: 160, end: 200), group: "239.255.66.1", port: 5004, bitrate: 1_000_000)
  }

  static let stations = [station(1, "Harbour One"), station(2, "Radio Quay"), station(7, "東京テレビ", "夜のニュース")]

  static func status(_ number: Int, lost: UInt64 = 0, bitrate: Int = 1_500_000) -> SessionStatus {
    var status = SessionTests.status
    status.station = stations.first { $0.number == number } ?? status.station
    status.lost = lost
    status.bitrate = bitrate
    return status
  }

  // MARK: Keys

  static func keys(_ text: String) -> [Key] {
    var decoder = KeyDecoder()
    var keys = text.utf8.compactMap { decoder.take($0) }
    if let last = decoder.pause() { keys.append(last) }
    return keys
  }

  @Test func keysAreDecoded() {
    #expect(Self.keys("2\rq") == [.character("2"), .enter, .character("q")])
    #expect(Self.keys("\u{1B}[A\u{1B}OB\u{1B}[5~\u{1B}[6;5~\u{1B}[1;2A") == [.up, .down, .pageUp, .pageDown, .up])
    #expect(Self.keys("\u{1B}") == [.escape])
    #expect(Self.keys("\u{1B}\u{1B}") == [.escape, .escape])
    // Unknown sequences and letters of other alphabets are no keys, and eat up none.
    #expect(Self.keys("\u{1B}[99~\u{1B}[200~é\u{1B}[?1;2cq") == [.character("q")])
  }

  // MARK: The model

  @Test func aNumberIsDialled() {
    var model = WatchModel(server: "s")
    model.take(Self.stations)
    #expect(model.take(.character("7"), now: 0) == nil)
    #expect(model.typed == "7")
    #expect(model.tick(now: WatchModel.patience - 1) == nil)
    #expect(model.tick(now: WatchModel.patience) == .tune(7))
    #expect(model.typed == "")
    _ = model.take(.character("2"), now: 0)
    #expect(model.take(.enter, now: 1) == .tune(2))
    _ = model.take(.character("9"), now: 0)
    #expect(model.take(.enter, now: 1) == nil)
    #expect(model.news == "There is no station 9.")
    _ = model.take(.character("9"), now: 0)
    #expect(model.take(.escape, now: 1) == nil)
    #expect(model.take(.escape, now: 1) == .quit)
  }

  @Test func theCursorMovesAndStationsAreZapped() {
    var model = WatchModel(server: "s")
    #expect(model.take(.down, now: 0) == nil)
    #expect(model.take(.enter, now: 0) == nil)
    model.take(Self.stations)
    #expect(model.selected == 1)
    _ = model.take(.down, now: 0)
    _ = model.take(.down, now: 0)
    _ = model.take(.down, now: 0)
    #expect(model.selected == 7)
    #expect(model.take(.enter, now: 0) == .tune(7))
    model.take(Self.status(7), now: 0)
    // Around the end; and on from what is wanted while it is not there yet.
    #expect(model.take(.character("+"), now: 0) == .tune(1))
    #expect(model.take(.character("+"), now: 0) == .tune(2))
    #expect(model.take(.character("-"), now: 0) == .tune(1))
  }

  @Test func theCursorKeepsItsStation() {
    var model = WatchModel(server: "s")
    model.take(Self.stations)
    _ = model.take(.end, now: 0)
    model.take([Self.station(1, "One"), Self.station(3, "Three"), Self.station(7, "Seven")])
    #expect(model.selected == 7)
    model.take([Self.station(1, "One"), Self.station(3, "Three")])
    #expect(model.selected == 3)
    model.take([])
    #expect(model.selected == nil)
  }

  @Test func historyCountsLossBySecond() {
    var history = History()
    let second: Int64 = 1_000_000_000
    history.take(Self.status(1, lost: 5), now: 10 * second)
    history.take(Self.status(1, lost: 8), now: 10 * second + second / 2)
    history.take(Self.status(1, lost: 9), now: 11 * second)
    history.take(Self.status(1, lost: 9), now: 14 * second)
    history.take(Self.status(2, lost: 2), now: 15 * second)
    #expect(history.lost == [4, 0, 0, 0, 2])
    #expect(history.bitrate == [1_500_000, 0, 0, 1_500_000, 1_500_000])
  }

  @Test func answersAreMergedIntoTheList() {
    var list = StationList()
    #expect(list.request == .list())
    #expect(list.receive(.init(stations: [Self.stations[0]], more: true, revision: 5)) == false)
    #expect(list.receive(.init(stations: [Self.stations[2]], revision: 5)) == true)
    #expect(list.request == .list(since: 5))
    #expect(list.receive(.init(stations: [], revision: 5, since: 5)) == false)
    #expect(list.receive(.init(stations: [Self.station(1, "New"), Self.stations[1]], revision: 6, since: 5)) == true)
    #expect(list.stations.map(\.name) == ["New", "Radio Quay", "東京テレビ"])
    #expect(list.receive(.init(stations: [Self.stations[1]], revision: 9)) == true)
    #expect(list.stations.map(\.number) == [2])
    list.restart()
    #expect(list.request == .list())
  }

  // MARK: The screen

  @Test func theGraphIsMadeOfDots() {
    // Heights of 4, 2, 0 and 1 quarter: dots from the bottom up.
    #expect(Graph.lines([4, 2, 0, 1], ceiling: 4, columns: 2, rows: 1) == ["\u{28E7}\u{2880}"])
    // What there is no room for goes at the left; what is missing is empty.
    #expect(Graph.lines([9, 9, 8], ceiling: 8, columns: 1, rows: 1) == ["\u{28FF}"])
    #expect(Graph.lines([8], ceiling: 8, columns: 2, rows: 2) == [" \u{28B8}", " \u{28B8}"])
    // A little still shows, and too much stays inside.
    #expect(Graph.lines([0.001, 99], ceiling: 8, columns: 1, rows: 1) == ["\u{28F8}"])
    #expect(Graph.lines([8, 2], ceiling: 8, columns: 2, rows: 1, grain: .ascii) == [" #"])
  }

  @Test func ceilingsAreRound() {
    #expect(Graph.ceiling(for: 0, least: 10) == 10)
    #expect(Graph.ceiling(for: 11, least: 10) == 20)
    #expect(Graph.ceiling(for: 21, least: 10) == 50)
    #expect(Graph.ceiling(for: 1_500_000, least: 100_000) == 2_000_000)
  }

  @Test func theScreenShowsWhatIsOn() {
    var model = WatchModel(server: "127.0.0.1:9966")
    model.site = "Harbour Campus"
    model.isConnected = true
    model.take(Self.stations)
    model.take(Self.status(2), now: 0)
    for second in 1...10 { model.take(Self.status(2, lost: 3), now: Int64(second) * 1_000_000_000) }
    let lines = WatchScreen(rows: 24, columns: 80).lines(model, now: 100, clock: "20:15:00").map(\.text)
    #expect(lines.count == 24)
    #expect(lines[0].hasPrefix(" Harbour Campus ") && lines[0].hasSuffix("127.0.0.1:9966  20:15:00 "))
    #expect(lines[2] == "   1  Harbour One  Tide                         1:00  Next")
    #expect(lines[3].hasPrefix(" ▶ 2  Radio Quay   Tide "))
    #expect(lines[4].hasPrefix("   7  東京テレビ   夜のニュース "))
    #expect(lines.contains { $0.hasPrefix(" 1.5 Mb/s · 100 packets · 3 lost · ffplay") })
    #expect(lines.contains { $0.hasPrefix("    2.0 Mb/s │") })
    #expect(lines[23].hasPrefix(" q quit "))
  }

  /// Nothing is ever wider than the terminal, or longer, however small it is and whatever names there are.
  @Test func theScreenFitsEveryTerminal() {
    var model = WatchModel(server: "a-rather-long-name.harbour.example:9966")
    model.isConnected = true
    model.take(
      Self.stations
        + (10..<40).map {
          Self.station($0, "A station whose name is longer 👩‍👩‍👧‍👦 than it should be", "タイトル e\u{301}\u{1B}[2J")
        })
    model.take(Self.status(2), now: 0)
    _ = model.take(.end, now: 0)
    for rows in [1, 2, 3, 4, 5, 6, 7, 8, 10, 14, 18, 24, 60] {
      for columns in [1, 2, 10, 16, 17, 20, 31, 40, 60, 79, 80, 200] {
        for grain in [Graph.Grain.braille, .ascii] {
          let lines = WatchScreen(rows: rows, columns: columns, grain: grain).lines(model, now: 100, clock: "20:15:00")
          #expect(lines.count <= rows)
          #expect(lines.allSatisfy { $0.width <= columns })
          #expect(!lines.contains { $0.text.contains("\u{1B}") })
          if rows >= 4, columns >= 20 { #expect(lines.contains { $0.text.contains(" 39 ") }) }
        }
      }
    }
  }

  @Test func withoutColourNoColourIsSent() {
    var line = StyledLine("lost", .coloured(.red))
    line.add(" much", .bold)
    #expect(line.rendered(hasColour: true) == "\u{1B}[31mlost\u{1B}[m\u{1B}[1m much\u{1B}[m")
    #expect(line.rendered(hasColour: false) == "lost\u{1B}[1m much\u{1B}[m")
    #expect(WatchSession.Appearance(environment: ["NO_COLOR": "1"]).hasColour == false)
    #expect(WatchSession.Appearance(environment: ["NO_COLOR": ""]).hasColour)
    #expect(WatchSession.Appearance(environment: ["LANG": "de_DE.ISO-8859-1"]).grain == .ascii)
    #expect(WatchSession.Appearance(environment: ["LANG": "de_DE.UTF-8", "LC_ALL": ""]).grain == .braille)
    #expect(WatchSession.Appearance(environment: ["TERM": "linux"]).grain == .ascii)
  }

  @Test func onlyWhatHasChangedIsDrawn() {
    var canvas = Canvas()
    let first = String(decoding: canvas.frame(["a", "b"], rows: 3, columns: 8), as: UTF8.self)
    #expect(first == "\u{1B}[m\u{1B}[2J\u{1B}[1;1Ha\u{1B}[K\u{1B}[2;1Hb\u{1B}[K")
    #expect(canvas.frame(["a", "b"], rows: 3, columns: 8) == [])
    let second = String(decoding: canvas.frame(["a"], rows: 3, columns: 8), as: UTF8.self)
    #expect(second == "\u{1B}[2;1H\u{1B}[K")
    #expect(canvas.frame(["a"], rows: 3, columns: 9) != [])
  }
}
