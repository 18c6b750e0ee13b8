import FoundationEssentials
import Tape
import Testing
import TransportStream

@testable import StationServer

/// A directory with a few media files in it, that goes away with the test.
final class MediaDirectory {
  let path: String

  static let usual = ["one.mp4", "two.mkv", "radio/b.mp3", "radio/a.flac", "radio/.hidden.mp3", "radio/notes.txt"]

  init(_ files: [String] = usual) {
    path = FileManager.default.temporaryDirectory.path + "/stationd-test-\(UUID().uuidString)"
    for file in files {
      let url = URL(filePath: "\(path)/\(file)")
      try? FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try? Data("media".utf8).write(to: url)
    }
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func read(_ text: String) throws(ConfigurationError) -> Configuration {
    try ConfigurationReader.read(
      Array(text.utf8), path: "\(path)/stations.json",
      interfaces: KnownInterfaces(all: [("lo", "127.0.0.1"), ("eth0", "10.1.2.3")]))
  }

  /// The problems in a text, without the file's name.
  func problems(_ text: String) -> [String] {
    do {
      _ = try read(text)
      return []
    } catch {
      return error.problems.map(\.description)
    }
  }

  /// The problems of a file whose only station has these keys besides what it needs.
  func problems(station keys: String) -> [String] {
    problems(#"{"site":{"name":"S"},"stations":[{"number":1,"name":"One","source":{"files":["one.mp4"]},\#(keys)}]}"#)
  }
}

@Suite struct ConfigurationTests {
  let media = MediaDirectory()

  @Test func readsTwins() throws {
    let one = #"{"number":1,"name":"One","source":{"files":["one.mp4"]}}"#
    func twins(_ json: String) throws -> [String] {
      try media.read(#"{"site":{"name":"S"},"control":{"twin":\#(json)},"stations":[\#(one)]}"#).twins.map(
        \.description)
    }
    #expect(try twins(#""b.harbour.example:9966""#) == ["b.harbour.example:9966"])
    #expect(try twins(#"["10.1.2.3:9966","[fd00::2]:9967"]"#) == ["10.1.2.3:9966", "[fd00::2]:9967"])
    let remedy =
      "is not where another server answers: write its name or address and its port, such as \"b.example:9966\""
    for (json, shown) in [
      (#""b""#, "\"b\""), (#"":9966""#, "\":9966\""), (#""b:0""#, "\"b:0\""), (#""::1:9966""#, "\"::1:9966\""),
    ] {
      #expect(
        media.problems(#"{"site":{"name":"S"},"control":{"twin":\#(json)},"stations":[\#(one)]}"#)
          == ["control.twin: \(shown) \(remedy)"])
    }
    #expect(
      media.problems(#"{"site":{"name":"S"},"control":{"twin":["b:1",7]},"stations":[\#(one)]}"#)
        == ["control.twin[1]: 7 is not a server's address and port: write it as a string in double quotes"])
  }

  @Test func readsEveryKey() throws {
    let configuration = try media.read(
      #"""
      {
        "site": { "name": "Harbour Campus", "contact": "noc@harbour.example" },
        "control": { "listen": "[::1]:9000" },
        "multicast": { "interface": "10.1.2.3", "ttl": 4, "firstGroup": "239.1.2.250", "port": 6000, "dscp": 34 },
        "transmit": { "grain": "1.5ms", "threads": 1 },
        "tapes": "var/tapes",
        "stations": [
          { "number": 8, "name": "Radio Quay", "source": { "files": ["radio/"] }, "group": "239.255.66.20",
            "port": 5001, "encapsulation": "udp", "bitrate": "1.5M",
            "format": { "audio": [ { "codec": "mp2", "sampleRate": 44100, "channels": 1, "language": "nld" } ] } },
          { "number": 7, "name": "One", "source": { "files": ["one.mp4", { "file": "two.mkv", "title": "The Second" }] } }
        ]
      }
      """#)
    #expect(configuration.site == .init(name: "Harbour Campus", contact: "noc@harbour.example"))
    #expect(configuration.listen == .init(host: "::1", port: 9000))
    #expect(
      configuration.multicast
        == .init(interface: "10.1.2.3", ttl: 4, firstGroup: GroupAddress(bits: 0xEF01_02FA), port: 6000, dscp: 34))
    #expect(configuration.transmit == .init(grain: Ticks(40_500), threads: 1))
    #expect(configuration.tapes == "\(media.path)/var/tapes")
    #expect(
      configuration.stations == [
        StationConfiguration(
          number: 7, name: "One",
          source: .files(
            Rotation([
              ProgrammeSource(file: "\(media.path)/one.mp4"),
              ProgrammeSource(file: "\(media.path)/two.mkv", title: "The Second"),
            ])),
          group: GroupAddress(bits: 0xEF01_0300), port: 6000, encapsulation: .rtp),
        StationConfiguration(
          number: 8, name: "Radio Quay",
          source: .files(Rotation([.directory("\(media.path)/radio")])),
          group: GroupAddress(bits: 0xEFFF_4214), port: 5001, encapsulation: .udp, bitrate: 1_500_000,
          format: HouseFormat(
            video: nil,
            audio: [.init(codec: "mp2", profile: nil, sampleRate: 44100, channels: 1, language: "nld")])),
      ])
  }

  @Test func fillsInDefaults() throws {
    let configuration = try media.read(
      #"{"site":{"name":"S"},"stations":[{"number":3,"name":"One","source":{"files":["one.mp4"]}}]}"#)
    #expect(configuration.listen.description == "127.0.0.1:9966")
    #expect(configuration.multicast.interface == "lo")
    #expect(configuration.multicast.ttl == 1)
    #expect(configuration.multicast.dscp == 0)
    #expect(configuration.transmit == .init(grain: nil, threads: 1))
    #expect(configuration.stations[0].group.description == "239.255.66.3")
    #expect(configuration.stations[0].port == 5004)
    #expect(configuration.stations[0].encapsulation == .rtp)
    #expect(configuration.stations[0].bitrate == nil)
  }

  @Test(arguments: [
    (#""grain": "auto""#, nil), (#""grain": "50us""#, nil), (#""grain": "40ms""#, nil),
    (#""grain": "49us""#, "transmit.grain: \"49us\" is not between \"50us\" and \"40ms\""),
    (#""grain": "41ms""#, "transmit.grain: \"41ms\" is not between \"50us\" and \"40ms\""),
    (#""grain": "1s""#, "transmit.grain: \"1s\" is not \"auto\", nor a time such as \"50us\" or \"1ms\""),
    (#""grain": "nanms""#, "transmit.grain: \"nanms\" is not \"auto\""),
    (#""grain": 5"#, "transmit.grain: 5 is not a time such as \"1ms\": write it as a string in double quotes"),
    (#""threads": 0"#, "transmit.threads: 0 is not a whole number from 1 to "),
    (#""threads": 100000"#, "transmit.threads: 100000 is not a whole number from 1 to "),
    (#""thread": 1"#, "transmit.thread: is not a key of stationd: did you mean \"threads\"?"),
  ])
  func saysWhatIsWrongWithTransmit(key: String, problem: String?) {
    let station = #"{"number":1,"name":"One","source":{"files":["one.mp4"]}}"#
    let problems = media.problems(#"{"site":{"name":"S"},"transmit":{\#(key)},"stations":[\#(station)]}"#)
    #expect(problems.count == (problem == nil ? 0 : 1))
    if let problem { #expect(problems.first?.hasPrefix(problem) == true, "\(problems)") }
  }

  @Test(arguments: [
    (#""number": 0"#, "stations[0].number: 0 is not a whole number from 1 to 65535"),
    (#""number": 1.5"#, "stations[0].number: 1.5 is not a whole number from 1 to 65535"),
    (#""number": "1""#, "stations[0].number: \"1\" is not a whole number from 1 to 65535"),
    (#""name": """#, "stations[0].name: \"\" is empty: give a name of 1 to 60 bytes"),
    (#""name": 5"#, "stations[0].name: 5 is not a name: write it as a string in double quotes"),
    (#""name": "a\nb""#, "stations[0].name: \"a\nb\" has control characters in it: leave them out"),
    (#""source": {"camera": {}}"#, "stations[0].source.camera.device: is missing: a camera's path such as"),
    (#""source": {"camera": "/dev/video0"}"#, "stations[0].source.camera: \"/dev/video0\" is not an object"),
    (#""source": {"camera": {"device": ""}}"#, "stations[0].source.camera.device: \"\" is empty"),
    (
      #""source": {"camera": {"device": "a", "size": "720p"}}"#,
      "stations[0].source.camera.size: \"720p\" is not a size in pixels such as \"1280x720\""
    ),
    (
      #""source": {"camera": {"device": "a", "size": "641x480"}}"#,
      "stations[0].source.camera.size: \"641x480\" is odd: pictures have even sides"
    ),
    (#""source": {"camera": {"device": "a", "rate": 0}}"#, "stations[0].source.camera.rate: 0 is not a whole number"),
    (
      #""source": {"camera": {"device": "a", "format": "MJPEG"}}"#,
      "stations[0].source.camera.format: \"MJPEG\" has another name in V4L2: write \"MJPG\""
    ),
    (#""source": {"camera": {"device": "a", "format": "RGB"}}"#, "stations[0].source.camera.format: \"RGB\" is not a"),
    (#""source": {"camera": {"device": "a", "sice": 1}}"#, "stations[0].source.camera.sice: is not a key of stationd:"),
    (#""source": {"stream": ""}"#, "stations[0].source.stream: \"\" is not the address of a stream"),
    (#""source": {"stream": 5}"#, "stations[0].source.stream: 5 is not the address of a stream: write it as a string"),
    (#""source": {"stream": {}}"#, "stations[0].source.stream.url: is missing: the address of a stream"),
    (#""source": {"stream": {"url": "file:///etc/passwd"}}"#, "stations[0].source.stream.url: \"file://...\" "),
    (#""source": {"stream": "http:///live"}"#, "stations[0].source.stream: \"http://...\" names no host"),
    (
      #""source": {"stream": "user:secret@camera.example"}"#, "stations[0].source.stream: \"...\" is not the address of"
    ),
    (#""source": "rtsp://user:secret@camera.example/""#, "stations[0].source: \"rtsp://...\" is not an object"),
    (#""source": {"testCard": {"size": "8x8"}}"#, "stations[0].source.testCard.size: \"8x8\" is not between 16x16"),
    (#""source": {"testCard": true}"#, "stations[0].source.testCard: true is not an object"),
    (#""source": {}"#, "stations[0].source: says nothing to play: write \"files\": [\"one.mp4\"], or one of"),
    (#""source": ["one.mp4"]"#, "stations[0].source: a list is not an object"),
    (
      #""source": {"testCard": {}, "files": ["one.mp4"]}"#,
      "stations[0].source: has \"files\" and \"testCard\": a station plays one of them"
    ),
    (#""ring": 10"#, "stations[0].ring: is for live stations: what plays files has them all; leave it out"),
    (#""source": {"files": []}"#, "stations[0].source.files: should be a list of files, directories and playlists"),
    (#""source": {"files": ["x.mp4"]}"#, "stations[0].source.files[0]: \"x.mp4\" is not there (looked for as /"),
    (#""source": {"files": ["one.mp4/"]}"#, "stations[0].source.files[0]: \"one.mp4/\" is a file, not a directory"),
    (
      #""source": {"files": ["rtsp://user:secret@camera/"]}"#,
      "stations[0].source.files[0]: \"rtsp://...\" is the address of a stream, not a file"
    ),
    (#""source": {"files": [7]}"#, "stations[0].source.files[0]: 7 is not a file"),
    (#""source": {"files": [{"title": "A"}]}"#, "stations[0].source.files[0].file: is missing"),
    (#""source": {"files": [{"file": "one.mp4", "titel": "A"}]}"#, "stations[0].source.files[0].titel: is not a key"),
    (#""group": "10.0.0.1""#, "stations[0].group: \"10.0.0.1\" is not a multicast group"),
    (#""group": "239.1.1""#, "stations[0].group: \"239.1.1\" is not an IPv4 multicast group"),
    (#""group": "224.0.0.5""#, "stations[0].group: \"224.0.0.5\" belongs to routing protocols"),
    (#""port": 5005"#, "stations[0].port: 5005 is odd, and players take an odd RTP port for RTCP: take 5004"),
    (#""port": 70000"#, "stations[0].port: 70000 is not a whole number from 1 to 65535"),
    (#""encapsulation": "rtsp""#, "stations[0].encapsulation: \"rtsp\" is neither \"rtp\" nor \"udp\""),
    (#""bitrate": "fast""#, "stations[0].bitrate: \"fast\" is not a rate from 50k to 200M"),
    (#""bitrate": 10"#, "stations[0].bitrate: 10 is not a rate from 50k to 200M"),
    (#""bitrate": [1]"#, "stations[0].bitrate: a list is not a rate from 50k to 200M"),
    (#""format": 1"#, "stations[0].format: 1 is not an object"),
    (#""format": {"video": {"codec": "vp9"}}"#, "stations[0].format.video.codec: \"vp9\" is not a codec"),
    (#""format": {"audio": [{"codec": "aac", "channels": 9}]}"#, "stations[0].format.audio[0].channels: 9 is not"),
    (#""format": {"audio": [{"codec": "aac", "language": "en"}]}"#, "stations[0].format.audio[0].language: \"en\" is"),
    (#""encapsulatoin": 1"#, "stations[0].encapsulatoin: is not a key of stationd: did you mean \"encapsulation\"?"),
    (#""colour": "red""#, "stations[0].colour: is not a key of stationd: known here are number, name"),
  ])
  func refusesStation(key: String, message: String) throws {
    try FileManager.default.createDirectory(atPath: "\(media.path)/empty", withIntermediateDirectories: false)
    var keys = ["number": "1", "name": "\"One\"", "source": #"{"files": ["one.mp4"]}"#]
    let colon = try #require(key.firstIndex(of: ":"))
    let changed = key[..<colon].filter { $0 != "\"" }
    keys[changed] = String(key[key.index(after: colon)...])
    let station = keys.sorted { $0.key < $1.key }.map { "\"\($0.key)\": \($0.value)" }.joined(separator: ", ")
    let problems = media.problems(#"{"site": {"name": "S"}, "stations": [{\#(station)}]}"#)
    #expect(problems.count == 1)
    #expect(problems.first?.hasPrefix(message) == true, "\(problems)")
  }

  @Test func readsLiveSources() throws {
    let configuration = try media.read(
      #"""
      { "site": { "name": "S" }, "stations": [
        { "number": 1, "name": "Gate", "ring": 30, "bitrate": "3M",
          "source": { "camera": { "device": "/dev/video0", "size": "1280x720", "rate": 30, "format": "YUYV",
                                  "microphone": "hw:1,0" } } },
        { "number": 2, "name": "Any", "source": { "camera": { "device": "Integrated Camera" } } },
        { "number": 3, "name": "Relay", "source": { "stream": "rtsp://camera.example/live" } },
        { "number": 4, "name": "Far", "source": { "stream": { "url": "srt://10.1.2.3:9000?mode=caller" } },
          "format": { "audio": [ { "codec": "mp2" } ] } },
        { "number": 5, "name": "Bars", "source": { "testCard": {} } },
        { "number": 6, "name": "Small Bars", "source": { "testCard": { "size": "640x360", "rate": 50 } },
          "format": { "video": { "codec": "h264" }, "audio": [ { "codec": "mp2" } ] } }
      ] }
      """#)
    #expect(
      configuration.stations.map(\.source) == [
        .live(
          .camera(
            .init(
              device: "/dev/video0", width: 1280, height: 720, rate: 30, pixelFormat: "YUYV", microphone: "hw:1,0"))),
        .live(.camera(.init(device: "Integrated Camera"))),
        .live(.stream(.init(url: "rtsp://camera.example/live"))),
        .live(.stream(.init(url: "srt://10.1.2.3:9000?mode=caller"))),
        .live(.testCard(.init())),
        .live(.testCard(.init(width: 640, height: 360, rate: 50))),
      ])
    #expect(configuration.stations.map(\.ring) == [30, 10, 10, 10, 10, 10])
    #expect(configuration.stations[0].bitrate == 3_000_000)
  }

  @Test(arguments: [
    (#""ring": 1"#, "stations[0].ring: 1 is not a whole number from 2 to 120"),
    (
      #""format": {"video": {"codec": "hevc"}, "audio": [{"codec": "aac"}]}"#,
      "stations[0].format.video.codec: \"hevc\" cannot be made as it happens: write \"h264\""
    ),
    (#""format": {"audio": [{"codec": "aac"}]}"#, "stations[0].format: has no \"video\""),
    (#""format": {"video": {"codec": "h264"}}"#, "stations[0].format.audio: has 0 sound tracks"),
    (#""bitrate": "199k""#, "stations[0].bitrate: \"199k\" is not a rate from 200k to 60M, as live stations have it"),
    (#""bitrate": "61M""#, "stations[0].bitrate: \"61M\" is not a rate from 200k to 60M, as live stations have it"),
  ])
  func refusesWhatALiveStationCannotBe(key: String, message: String) {
    let problems = media.problems(
      #"{"site":{"name":"S"},"stations":[{"number":1,"name":"One","source":{"testCard":{}},\#(key)}]}"#)
    #expect(problems.count == 1)
    #expect(problems.first?.hasPrefix(message) == true, "\(problems)")
  }

  @Test(arguments: [
    (#""site": {}"#, "site.name: is missing"),
    (#""site": {"name": "S", "mail": "x"}"#, "site.mail: is not a key of stationd"),
    (#""site": {"name": "\#(String(repeating: "x", count: 61))"}"#, "site.name: \""),
    (#""control": {"listen": "localhost"}"#, "control.listen: \"localhost\" is not an address and port"),
    (#""control": {"listen": "127.0.0.1:0"}"#, "control.listen: \"127.0.0.1:0\" is not an address and port"),
    (#""control": {"listen": "::1:9966"}"#, "control.listen: \"::1:9966\" is not an address and port"),
    (#""control": 9966"#, "control: 9966 is not an object"),
    (#""multicast": {"interface": "eth9"}"#, "multicast.interface: \"eth9\" is not a network interface"),
    (#""multicast": {"ttl": 256}"#, "multicast.ttl: 256 is not a whole number from 0 to 255"),
    (#""multicast": {"dscp": 64}"#, "multicast.dscp: 64 is not a whole number from 0 to 63"),
    (#""multicast": {"port": 5005}"#, "multicast.port: 5005 is odd"),
    (#""multicast": {"firstGroup": "10.0.0.1"}"#, "multicast.firstGroup: \"10.0.0.1\" is not a multicast group"),
    (#""multicast": {"firstGroup": "239.255.255.255"}"#, "stations[0].group: is missing: counted on from"),
    (#""tapes": 5"#, "tapes: 5 is not the path of a directory"),
    (#""tape": "x""#, "tape: is not a key of stationd: did you mean \"tapes\"?"),
    (#""stations": []"#, "stations: is empty"),
    (#""stations": {}"#, "stations: an object is not a list"),
    (#""stations": [5]"#, "stations[0]: 5 is not an object"),
  ])
  func refusesFile(key: String, message: String) throws {
    var keys = [
      "site": #"{"name": "S"}"#, "stations": #"[{"number": 2, "name": "Two", "source": {"files": ["two.mkv"]}}]"#,
    ]
    let colon = try #require(key.firstIndex(of: ":"))
    keys[key[..<colon].filter { $0 != "\"" }] = String(key[key.index(after: colon)...])
    let text = keys.sorted { $0.key < $1.key }.map { "\"\($0.key)\": \($0.value)" }.joined(separator: ", ")
    let problems = media.problems("{\(text)}")
    #expect(problems.contains { $0.hasPrefix(message) }, "\(problems)")
  }

  @Test func refusesWhatIsTakenAlready() {
    let problems = media.problems(
      #"""
      {"site": {"name": "S"}, "stations": [
        {"number": 1, "name": "One", "source": {"files": ["one.mp4"]}},
        {"number": 1, "name": "Other", "source": {"files": ["one.mp4"]}, "group": "239.1.1.1"},
        {"number": 3, "name": "ONE", "source": {"files": ["one.mp4"]}, "group": "239.1.1.1"},
        {"number": 4, "name": "Four", "source": {"files": ["one.mp4"]}, "group": "239.1.1.1", "port": 5006}
      ]}
      """#)
    #expect(
      problems == [
        "stations[1].number: the number 1 is taken by stations[0].number: give each station its own",
        "stations[2].name: the name one is taken by stations[0].name: give each station its own",
        "stations[2].group: the group and port 239.1.1.1:5004 is taken by stations[1].group: "
          + "give one of them another group",
      ])
  }

  @Test func tellsEverythingAtOnce() {
    let problems = media.problems(
      #"{"sight": {}, "multicast": {"ttl": -1}, "stations": [{"name": "A", "source": {"files": ["no.mp4"]}}]}"#)
    #expect(problems.count == 5)
  }

  @Test func saysWhereJSONIsMalformed() {
    #expect(media.problems("{\n \"site\": }").first?.hasPrefix("line 2, column 10: ") == true)
  }

  @Test func namesTheInterfacesThatAreThere() {
    #expect(
      media.problems(#"{"multicast": {"interface": "eth9"}}"#)
        .contains { $0.hasSuffix("there are lo (127.0.0.1), eth0 (10.1.2.3)") })
  }

  /// The file that comes with the program, once its media are made.
  @Test func acceptsTheShippedFile() throws {
    let project = URL(filePath: #filePath).appending(path: "../../../..").standardized
    let text = try String(contentsOf: project.appending(path: "stations.json"), encoding: .utf8)
    let media = MediaDirectory(Self.files(in: try JSONText.parse(Array(text.utf8))))
    let configuration = try media.read(text)
    #expect(configuration.stations.count >= 3)
    #expect(configuration.multicast.interface == "lo", "nothing leaves the machine until an operator says so")
    #expect(configuration.listen.host == "127.0.0.1")
  }

  /// Every path under `files`; in a directory, a file.
  private static func files(in value: JSONValue, under key: String = "") -> [String] {
    switch value {
    case .string(let path) where key == "file" || key == "files": [path.hasSuffix("/") ? path + "a.mp3" : path]
    case .array(let elements): elements.flatMap { files(in: $0, under: key) }
    case .object(let members): members.flatMap { files(in: $1, under: $0) }
    default: []
    }
  }
}
