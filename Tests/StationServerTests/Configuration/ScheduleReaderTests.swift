import FoundationEssentials
import Testing
import Timetables

@testable import StationServer

@Suite struct ScheduleReaderTests {
  let media = MediaDirectory(MediaDirectory.usual + ["night.m3u"])

  func configuration(_ source: String) -> String {
    #"{"site":{"name":"S"},"stations":[{"number":1,"name":"One","source":\#(source)}]}"#
  }

  func schedule(_ keys: String) throws -> Schedule {
    let text = configuration(#"{ "schedule": { "timeZone": "Europe/Berlin", \#(keys) } }"#)
    guard case .schedule(let schedule) = try media.read(text).stations[0].source else {
      throw Wrong()
    }
    return schedule
  }

  struct Wrong: Error {}

  @Test func readsEveryKey() throws {
    let schedule = try schedule(
      #"""
      "programmes": [
        { "at": "20:15", "file": "one.mp4" },
        { "at": "06:00:30", "days": "mon-fri", "file": "two.mkv", "title": "Breakfast", "start": "sharp" },
        { "at": "22:00", "days": ["sat", "Sunday"], "files": ["one.mp4", { "file": "two.mkv", "title": "Late" }],
          "start": "afterwards", "shuffle": 3 },
        { "at": "24:00", "date": "2026-12-24", "file": "radio/" },
        { "at": "00:00", "date": "02-29", "file": "night.m3u" },
        { "at": "01:00", "days": ["fri-mon", "tue", "wed", "thu"], "file": "one.mp4" }
      ],
      "fillers": { "files": ["radio", "one.mp4"], "shuffle": 7 }
      """#)
    let entries = schedule.timetable.entries
    #expect(schedule.timetable.zone.name == "Europe/Berlin")
    #expect(schedule.timetable.fillerShuffle == 7)
    #expect(entries.map(\.at.description) == ["20:15:00", "06:00:30", "22:00:00", "24:00:00", "00:00:00", "01:00:00"])
    #expect(entries.map(\.start) == [.sharp, .sharp, .afterwards, .sharp, .sharp, .sharp])
    #expect(entries.map(\.shuffle) == [nil, nil, 3, nil, nil, nil])
    #expect(
      entries.map(\.days) == [
        .daily, .weekdays([.monday, .tuesday, .wednesday, .thursday, .friday]), .weekdays([.saturday, .sunday]),
        .date(try #require(LocalDate("2026-12-24"))), .yearly(month: 2, day: 29), .daily,
      ])
    let (one, two) = ("\(media.path)/one.mp4", "\(media.path)/two.mkv")
    #expect(
      schedule.programmes == [
        Rotation([ProgrammeSource(file: one)]), Rotation([ProgrammeSource(file: two, title: "Breakfast")]),
        Rotation([.file(.init(file: one)), .file(.init(file: two, title: "Late"))], shuffle: 3),
        Rotation([.directory("\(media.path)/radio")]), Rotation([.playlist("\(media.path)/night.m3u")]),
        Rotation([ProgrammeSource(file: one)]),
      ])
    #expect(
      schedule.fillers == Rotation([.directory("\(media.path)/radio"), .file(.init(file: one))], shuffle: 7))
    #expect(
      try self.schedule(#""programmes": [{ "at": "20:15", "file": "one.mp4" }]"#).fillers
        == Rotation([ProgrammeSource]()))
  }

  @Test(arguments: [
    (#"{"schedule": {}}"#, "schedule.timeZone: is missing: it is the one whose clocks"),
    (#"{"schedule": {}}"#, "schedule.programmes: should be a list of programmes"),
    (#"{"schedule": 5}"#, "schedule: 5 is not an object"),
    (#"{"schedule": {"timeZone": "Europe/Berln"}}"#, "\"Europe/Berln\" is not a time zone of this machine"),
    (#"{"schedule": {"timeZone": "../../etc/passwd"}}"#, "is not a time zone's name such as \"Europe/Berlin\""),
    (#"{"schedule": {"timeZone": "zone.tab"}}"#, "is not a time zone's name"),
    (#"{"schedule": {"programmes": [{"file": "one.mp4"}]}}"#, "programmes[0].at: is missing: give the time"),
    (#"{"schedule": {"programmes": [{"at": "24:30"}]}}"#, "programmes[0].at: \"24:30\" is not a time from"),
    (#"{"schedule": {"programmes": [{"at": "8:30"}]}}"#, "programmes[0].at: \"8:30\" is not a time from"),
    (#"{"schedule": {"programmes": [{"at": "08:30"}]}}"#, "programmes[0].file: is missing: name a media file"),
    (#"{"schedule": {"programmes": [{"file": "one.mp4", "files": ["one.mp4"]}]}}"#, "files: stands beside \"file\""),
    (#"{"schedule": {"programmes": [{"file": "no.mp4"}]}}"#, "programmes[0].file: \"no.mp4\" is not there"),
    (#"{"schedule": {"programmes": [{"days": "mo-fr"}]}}"#, "days: \"mo-fr\" does not name days of the week"),
    (#"{"schedule": {"programmes": [{"days": ["mon", 2]}]}}"#, "days: a list does not name days of the week"),
    (#"{"schedule": {"programmes": [{"date": "2027-02-29"}]}}"#, "date: \"2027-02-29\" is not a day such as"),
    (#"{"schedule": {"programmes": [{"date": "02-30"}]}}"#, "date: \"02-30\" is not a day such as"),
    (#"{"schedule": {"programmes": [{"date": "12-24", "days": "mon"}]}}"#, "days: stands beside \"date\""),
    (#"{"schedule": {"programmes": [{"start": "soft"}]}}"#, "start: \"soft\" is neither \"sharp\""),
    (#"{"schedule": {"programmes": [{"cut": true}]}}"#, "programmes[0].cut: is not a key of stationd"),
    (#"{"schedule": {"filler": []}}"#, "schedule.filler: is not a key of stationd: did you mean \"fillers\"?"),
    (#"{"schedule": {"fillers": ["no/"]}}"#, "schedule.fillers[0]: \"no/\" is not there"),
    (#"{"schedule": {"fillers": {"files": []}}}"#, "schedule.fillers.files: should be a list of files"),
    (#"{"files": ["one.mp4"], "shuffle": -1}"#, "source.shuffle: -1 is not a whole number from 0"),
    (#"{"files": ["one.mp4"], "schedule": {}}"#, "source: has \"files\" and \"schedule\""),
    (#"{"files": [{"file": "night.m3u", "title": "N"}]}"#, "\"night.m3u\" is a playlist, whose files have titles"),
  ])
  func saysWhatIsWrong(source: String, problem: String) {
    let problems = media.problems(configuration(source))
    #expect(problems.contains { $0.contains(problem) }, "\(problems)")
  }

  @Test func playlistsAndDirectoriesAreRotations() throws {
    try Data("one.mp4\nrtsp://camera/\n".utf8).write(to: URL(filePath: "\(media.path)/night.m3u"))
    #expect(
      media.problems(configuration(#"{"files": ["night.m3u"]}"#)) == [
        "stations[0].source.files[0]: \"night.m3u\", line 2: \"rtsp://camera/\" is not a file: a playlist names files; "
          + "give a stream a station of its own"
      ])
    try Data("#EXTINF:1,First\none.mp4\ngone.mp4\n".utf8).write(to: URL(filePath: "\(media.path)/night.m3u"))
    let text = configuration(#"{"files": ["night.m3u", "radio/"], "shuffle": 1}"#)
    let station = try media.read(text).stations[0]
    #expect(
      station.source
        == .files(Rotation([.playlist("\(media.path)/night.m3u"), .directory("\(media.path)/radio")], shuffle: 1)))
    let listing = MediaListing(station.source.rotations[0])
    #expect(listing.programmes.map(\.title) == ["First", nil, nil, nil])
    #expect(listing.programmes.map { Paths.lastComponent(of: $0.file) } == ["one.mp4", "gone.mp4", "a.flac", "b.mp3"])
    // Nothing in it yet is no fault: the station shows its card until there is.
    try Scratch.makeDirectory("\(media.path)/empty")
    #expect(media.problems(configuration(#"{"files": ["empty"]}"#)) == [])
  }
}
