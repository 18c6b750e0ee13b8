import Testing
import Wire

@testable import Tuner

struct TextTests {
  private func station(
    _ number: Int, _ name: String, _ state: StationState = .onAir, reason: String? = nil, progress: Int? = nil,
    now: Programme? = nil, next: Programme? = nil, bitrate: Int = 4_480_000, radio: Bool = false
  ) -> StationSummary {
    StationSummary(
      number: number, name: name, state: state, reason: reason, progress: progress, now: now, next: next,
      group: "239.255.66.\(number)", port: 5004, bitrate: bitrate, receivers: number, radio: radio)
  }

  private var stations: [StationSummary] {
    [
      station(
        1, "Harbour One", now: Programme(title: "The First", start: 0, end: 165),
        next: Programme(title: "The Second", start: 165, end: 300)),
      station(2, "日本のテレビ", .preparing, progress: 43, bitrate: 0),
      station(3, "Harbour Two", .offAir, reason: "one.mp4 is no media file"),
      station(12, "Cafe\u{301} 🎷", now: Programme(title: "Nachts", start: 0, end: 9000), bitrate: 64_000),
    ]
  }

  @Test func tableIsAlignedByDisplayWidth() {
    #expect(
      StationTable.lines(stations, now: 100, columns: nil) == [
        "    Station       Now                                         Left  Next        Group                   Rate  Receivers",
        " 1  Harbour One   The First                                   1:05  The Second  239.255.66.1:5004   4.5 Mb/s          1",
        " 2  日本のテレビ  (being prepared, 43 %)                                        239.255.66.2:5004          –          2",
        " 3  Harbour Two   (off the air: one.mp4 is no media file)                       239.255.66.3:5004   4.5 Mb/s          3",
        "12  Cafe\u{301} 🎷       Nachts                                   2:28:20              239.255.66.12:5004   64 kb/s         12",
      ])
  }

  @Test func wideTableTellsWhatReceiversReport() {
    let receptions = [
      ReceptionSummary(
        station: 1, reports: 9, streams: 1, received: 9_990, repaired: 120, lost: 10, jitter: 314, worstJitter: 900,
        delay: 2.34),
      ReceptionSummary(station: 3, reports: 1, streams: 1, received: 100_000, lost: 1),
    ]
    let lines = StationTable.lines(stations, receptions, now: 100, columns: nil)
    #expect(lines[0].hasSuffix("Receivers  By TCP      Lost  Repaired   Jitter   Delay"))
    #expect(lines[1].hasSuffix("        1       1     0.1 %     1.2 %  0.31 ms  2.3 ms"))
    #expect(lines[2].hasSuffix("        2"))
    #expect(lines[3].hasSuffix("        3       1  < 0.01 %       0 %"))
  }

  @Test func tableSaysWhatShowsItsCardAndWhatIsLive() {
    let stations = [
      station(1, "One", .standby, reason: "one.mp4 is no media file"),
      station(2, "Two", .standby, progress: 40),
      station(3, "Three", now: Programme(title: "Live", start: 50, end: 50)),
    ]
    let cells = StationTable.lines(stations, now: 100, columns: nil).dropFirst().map { line in
      line.split(separator: "  ").map { $0.drop { $0 == " " } }
    }
    #expect(cells.map { $0[2] } == ["(back soon: one.mp4 is no media file)", "(being prepared, 40 %)", "Live"])
    #expect(cells[2][3].hasPrefix("239."), "nobody knows how long")
  }

  @Test func tableShrinksToTheTerminal() {
    for columns in [80, 90, 100, 118] {
      let widths = StationTable.lines(stations, now: 100, columns: columns).map { displayWidth($0) }
      #expect(widths.allSatisfy { $0 <= max(columns, 86) }, "\(columns): \(widths)")
    }
    #expect(StationTable.lines(stations, now: 100, columns: 90)[3].contains("…"))
    #expect(!StationTable.lines([], now: 100, columns: 20).isEmpty)
  }

  @Test func namesFromOutsideCannotMoveTheCursor() {
    let hostile = station(1, "A\u{1B}[2J\u{7}B", .offAir, reason: "x\r\ny\u{202E}z")
    let text = StationTable.lines([hostile], now: 0, columns: nil).joined()
    #expect(!text.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7F || $0.value == 0x202E })
    #expect(text.contains("A?[2J?B"))
  }

  @Test func displayWidths() {
    #expect(displayWidth("abc") == 3)
    #expect(displayWidth("日本") == 4)
    #expect(displayWidth("e\u{301}") == 1)
    #expect(displayWidth("👩‍👩‍👧") == 2)
    #expect(displayWidth("🇫🇷") == 2)
    #expect(displayWidth("") == 0)
    #expect(fitted("日本のテレビ", to: 5) == "日本…")
    #expect(fitted("abc", to: 3) == "abc" && fitted("abcd", to: 3) == "ab…" && fitted("abc", to: 0) == "")
    #expect(padded("é", to: 3) == "é  " && padded("7", to: 3, right: true) == "  7" && padded("long", to: 2) == "long")
  }

  @Test func figures() {
    #expect(Figures.time(seconds: -3) == "0:00")
    #expect(Figures.time(seconds: 6.2) == "0:07")
    #expect(Figures.time(seconds: 3599.5) == "1:00:00")
    #expect(Figures.time(seconds: .nan) == "–" && Figures.time(seconds: .infinity) == "–")
    #expect(Figures.rate(bitsPerSecond: 0) == "–")
    #expect(Figures.rate(bitsPerSecond: 63_600) == "64 kb/s")
    #expect(Figures.rate(bitsPerSecond: 12_340_000) == "12.3 Mb/s")
    #expect(Figures.rate(bitsPerSecond: 1_950_000) == "2.0 Mb/s")
    #expect(Figures.rate(bitsPerSecond: .max) == "9223372036854.8 Mb/s")
  }

  @Test func stationsAreFoundByNumberNameOrBeginning() throws {
    #expect(try StationName.find("12", in: stations).number == 12)
    #expect(try StationName.find("harbour ONE", in: stations).number == 1)
    #expect(try StationName.find("日", in: stations).number == 2)
    #expect(try StationName.find("caf\u{E9}", in: stations).number == 12)
    #expect(
      throws: TunerError(
        .noStation, "\"harb\" may be any of: 1 Harbour One, 3 Harbour Two. Say more of the name, or a number.")
    ) {
      try StationName.find("harb", in: stations)
    }
    #expect(throws: TunerError.self) { try StationName.find("4", in: stations) }
    #expect(throws: TunerError.self) { try StationName.find("", in: stations) }
    #expect(throws: TunerError(.noStation, "There is no station \"x\". The server has none.")) {
      try StationName.find("x", in: [])
    }
    // An exact name wins over longer ones, a number over a name.
    let more = stations + [station(20, "Harbour"), station(21, "12")]
    #expect(try StationName.find("harbour", in: more).number == 20)
    #expect(try StationName.find("12", in: more).number == 12)
  }

  @Test(
    arguments: [
      ("media.example", "media.example:9966"), ("media.example:70", "media.example:70"), ("10.0.0.1:1", "10.0.0.1:1"),
      ("[::1]:5", "[::1]:5"), ("::1", "[::1]:9966"), ("[fe80::1]", "[fe80::1]:9966"),
      ("", nil), (":5", nil), ("host:", nil), ("host:0", nil), ("host:65536", nil), ("host:x", nil), ("host:-1", nil),
      ("[::1", nil), ("[::1]5", nil), ("a b", nil), ("http://host", nil), ("[]:5", nil),
      ("[fe80::1%eth0]:7", "[fe80::1%eth0]:7"), ("b\u{FC}cher.example_1:7", "b\u{FC}cher.example_1:7"),
      ("\u{1B}]0;X\u{7}:1", nil), ("a\u{9B}31m", nil), ("a\u{202E}b", nil), ("a\u{7F}", nil), ("a;b", nil),
    ] as [(String, String?)])
  func serverAddresses(text: String, expected: String?) {
    #expect(ServerAddress(text)?.description == expected)
  }

  @Test func theLiveLineSaysWhatMatters() {
    var status = SessionTests.status
    #expect(StatusLine.text(status, now: 100) == "2 Radio Quay · Morning · 1:00 left · 64 kb/s · 3 lost")
    status.quality = SessionTests.quality
    #expect(
      StatusLine.text(status, now: 100)
        == "2 Radio Quay · Morning · 1:00 left · 64 kb/s · 3 lost · 12 repaired · 1 late"
        + " · jitter 0.31 ms · MDI 4.2:7 · delay 2.3 ms · buffer 310 ms")
    status.quality?.path = .stream
    #expect(
      StatusLine.text(status, now: 100)
        == "2 Radio Quay · Morning · 1:00 left · 64 kb/s · 3 lost · over TCP · 12 repaired · 1 late · buffer 310 ms")
    status.quality = nil
    (status.position, status.past) = (-502, Programme(title: "Tide", start: -600, end: -500))
    #expect(StatusLine.text(status, now: 100) == "2 Radio Quay · Tide · 0:02 left · 10:02 behind · 64 kb/s · 3 lost")
    // Whatever is on the air meanwhile.
    status.station.state = .standby
    #expect(StatusLine.text(status, now: 100).hasPrefix("2 Radio Quay · Tide · "))
    status.past = nil
    #expect(StatusLine.text(status, now: 100) == "2 Radio Quay · 10:02 behind · 64 kb/s · 3 lost")
    status.position = nil
    status.station.state = .onAir
    status.isConnected = false
    status.state = .silent
    #expect(
      StatusLine.text(status, now: 170) == "2 Radio Quay · Noon · 0:30 left · nothing arrives · 3 lost · server away")
    #expect(StatusLine.text(status, now: 300) == "2 Radio Quay · nothing arrives · 3 lost · server away")
    status.station.state = .offAir
    status.station.reason = "no tape"
    #expect(StatusLine.text(status, now: 100).hasPrefix("2 Radio Quay · off the air: no tape · "))
  }
}
