import NIOCore
import Testing

@testable import Wire

/// Lines as they stand on the wire, written by hand.
struct MessageTests {
  private func line(_ message: ServerMessage) throws -> String {
    var out = ByteBuffer()
    try MessageEncoder<ServerMessage>().encode(data: message, out: &out)
    return String(buffer: out)
  }

  private func line(_ message: ClientMessage) throws -> String {
    var out = ByteBuffer()
    try MessageEncoder<ClientMessage>().encode(data: message, out: &out)
    return String(buffer: out)
  }

  private let harbour = StationSummary(
    number: 1, name: "Harbour One", state: .onAir, now: Programme(title: "The First", start: 100, end: 160.5),
    next: Programme(title: "The Second", start: 160.5, end: 200), group: "239.255.66.1", port: 5004,
    bitrate: 4_500_000, receivers: 2)

  @Test func clientLines() throws {
    #expect(try line(.hello(.init(client: "tuner"))) == #"{"client":"tuner","type":"hello","version":1}"# + "\n")
    #expect(try line(.list()) == #"{"type":"list"}"# + "\n")
    #expect(try line(.list(since: 1_795_356_000_017)) == #"{"since":1795356000017,"type":"list"}"# + "\n")
    #expect(try line(.join(.init(station: 7))) == #"{"station":7,"type":"join"}"# + "\n")
    #expect(try line(.eras()) == #"{"type":"eras"}"# + "\n")
    #expect(try line(.eras(since: 9)) == #"{"since":9,"type":"eras"}"# + "\n")
    #expect(
      try line(.stream(.init(station: 2, back: 0.5, marks: true)))
        == #"{"back":0.5,"marks":true,"station":2,"type":"stream"}"# + "\n")
    #expect(try line(.stream(.init(station: 2, from: 9))) == #"{"from":9,"station":2,"type":"stream"}"# + "\n")
    #expect(try line(.leave) == #"{"type":"leave"}"# + "\n")
    #expect(try line(.receptions) == #"{"type":"receptions"}"# + "\n")
    #expect(
      try line(.report(.init(station: 7, received: 900, lost: 1, bitrate: 64_000)))
        == #"{"bitrate":64000,"lost":1,"received":900,"station":7,"type":"report"}"# + "\n")
  }

  @Test func joinedLine() throws {
    let joined = ServerMessage.Joined(
      station: harbour, ssrc: 0xFFFF_FFFF, pmt: 0x1000, video: ElementaryStream(pid: 256, codec: "h264"),
      audio: [ElementaryStream(pid: 257, codec: "aac", language: "eng")])
    let expected =
      #"{"audio":[{"codec":"aac","language":"eng","pid":257}],"pmt":4096,"ssrc":4294967295,"station":{"#
      + #""bitrate":4500000,"encapsulation":"rtp","group":"239.255.66.1","name":"Harbour One","#
      + #""next":{"end":200,"start":160.5,"title":"The Second"},"#
      + #""now":{"end":160.5,"start":100,"title":"The First"},"number":1,"port":5004,"radio":false,"#
      + #""receivers":2,"state":"onAir"},"type":"joined","video":{"codec":"h264","pid":256}}"# + "\n"
    #expect(try line(.joined(joined)) == expected)
  }

  @Test func otherServerLines() throws {
    #expect(try line(.left(.init(station: 3))) == #"{"station":3,"type":"left"}"# + "\n")
    #expect(try line(.reporting(.init(every: 10))) == #"{"every":10,"type":"reporting"}"# + "\n")
    let reception = ReceptionSummary(
      station: 2, reports: 9, streams: 1, received: 3_600, repaired: 40, lost: 2, jitter: 310, worstJitter: 900,
      delay: 2.25)
    #expect(
      try line(.receptions(.init(stations: [reception], more: true)))
        == #"{"more":true,"stations":[{"delay":2.25,"jitter":310,"lost":2,"received":3600,"repaired":40,"reports":9,"#
        + #""station":2,"streams":1,"worstJitter":900}],"type":"receptions"}"# + "\n")
    #expect(
      try line(.error(.init(code: .unknownStation, message: "There is no station 9.")))
        == #"{"code":"unknownStation","message":"There is no station 9.","type":"error"}"# + "\n")
    #expect(
      try line(.welcome(.init(server: "stationd", site: .init(name: "Quay", contact: nil), stations: 3)))
        == #"{"server":"stationd","site":{"name":"Quay"},"stations":3,"type":"welcome","version":1}"# + "\n")
    #expect(
      try line(.welcome(.init(site: .init(name: "Quay"), stations: 3, twins: ["b.quay:9966"])))
        == #"{"site":{"name":"Quay"},"stations":3,"twins":["b.quay:9966"],"type":"welcome","version":1}"# + "\n")
    #expect(
      try line(.eras(.init(revision: 12, bytes: 345))) == #"{"bytes":345,"revision":12,"type":"eras"}"# + "\n")
  }

  @Test func everyMessageComesBackAsItWent() throws {
    let server: [ServerMessage] = [
      .welcome(.init(site: .init(name: "A \"quoted\"\nname", contact: "noc@example"), stations: 0)),
      .stations(.init(stations: [harbour, harbour], more: true)), .stations(.init(stations: [])),
      .eras(.init(revision: 1, bytes: 0)), .joined(.init(station: harbour, ssrc: 1, pmt: 4096, audio: [])),
      .left(.init(station: nil)),
      .changed(.init(station: harbour)), .error(.init(code: .busy, message: "…")), .unknown(type: "later"),
    ]
    for message in server {
      #expect(try decode(ServerMessage.self, from: line(message)) == [.success(message)])
    }
  }

  @Test func whatIsNewIsIgnored() throws {
    #expect(
      try decode(ClientMessage.self, from: #"{"type":"rewind","by":5}"# + "\n") == [.success(.unknown(type: "rewind"))])
    #expect(
      try decode(ClientMessage.self, from: #"{"type":"join","station":2,"burst":true}"# + "\n")
        == [.success(.join(.init(station: 2)))])
    let line = #"{"type":"error","code":"onFire","message":"Run.","where":{"floor":[1,2]}}"# + "\n"
    #expect(
      try decode(ServerMessage.self, from: line)
        == [.success(.error(.init(code: ErrorCode(rawValue: "onFire"), message: "Run.")))])
  }

  @Test func aDateThatIsNoNumberIsNotSent() {
    var bad = harbour
    bad.now?.start = .nan
    #expect(throws: MessageError.notEncodable) { try line(.changed(.init(station: bad))) }
  }

  @Test func aLongListIsSentInSeveralLines() throws {
    var stations: [StationSummary] = []
    for number in 1...1000 {
      var station = harbour
      station.number = number
      station.reason = String(repeating: "\u{1}", count: number % 400)
      stations.append(station)
    }
    var received: [StationSummary] = []
    let answer = EncodedStation.list(try stations.map { try EncodedStation($0) }, revision: 7)
    let lines = String(buffer: answer).split(separator: "\n")
    #expect(lines.count > 3 && lines.count < 40)
    for (index, line) in lines.enumerated() {
      #expect(line.utf8.count <= longestMessageLine)
      guard case .success(.stations(let page)) = try decode(ServerMessage.self, from: line + "\n").first else {
        Issue.record("no station list")
        return
      }
      #expect(page.more == (index == lines.count - 1 ? nil : true))
      #expect(page.revision == 7)
      received += page.stations
    }
    #expect(received == stations)
  }

  @Test func linesOfEncodedStations() throws {
    let station = try EncodedStation(harbour)
    let list = ServerMessage.Stations(stations: [harbour, harbour], revision: 19)
    #expect(String(buffer: EncodedStation.list([station, station], revision: 19)) == (try line(.stations(list))))
    let news = ServerMessage.Stations(stations: [], revision: 19, since: 18)
    #expect(String(buffer: EncodedStation.list([], revision: 19, since: 18)) == (try line(.stations(news))))
    #expect(
      String(buffer: EncodedStation.list([], revision: 19, since: 18))
        == #"{"revision":19,"since":18,"stations":[],"type":"stations"}"# + "\n")
    #expect(String(buffer: station.changed) == (try line(.changed(.init(station: harbour)))))
  }

  @Test func aStationThatNoLineCouldHoldIsRefused() {
    var long = harbour
    long.reason = String(repeating: "x", count: longestMessageLine)
    #expect(throws: MessageError.lineTooLong) { try EncodedStation(long) }
    var bad = harbour
    bad.now?.end = .infinity
    #expect(throws: MessageError.notEncodable) { try EncodedStation(bad) }
  }

  @Test(arguments: ["\"17\"", "1.5", "[]", "99999999999999999999"])
  func aRevisionIsAWholeNumber(since: String) throws {
    let answers = try decode(ClientMessage.self, from: "{\"type\":\"list\",\"since\":\(since)}\n")
    guard case .failure = answers.first else {
      Issue.record("\(answers)")
      return
    }
    #expect(try decode(ClientMessage.self, from: "{\"type\":\"list\",\"since\":-4}\n") == [.success(.list(since: -4))])
    #expect(try decode(ClientMessage.self, from: "{\"type\":\"list\",\"since\":null}\n") == [.success(.list())])
  }
}

/// All that the decoder makes of `text`, fed at once.
func decode<Message: Decodable & Sendable>(
  _: Message.Type, from text: String
) throws -> [Result<Message, MessageError>] {
  try decode(Message.self, chunks: [Array(text.utf8)])
}

/// All that the decoder makes of `chunks`, fed one after the other and ended.
func decode<Message: Decodable & Sendable>(
  _: Message.Type, chunks: some Sequence<[UInt8]>
) throws -> [Result<Message, MessageError>] {
  var results: [Result<Message, MessageError>] = []
  let processor = NIOSingleStepByteToMessageProcessor(MessageDecoder<Message>())
  for chunk in chunks {
    try processor.process(buffer: ByteBuffer(bytes: chunk)) { results.append($0) }
  }
  try processor.finishProcessing(seenEOF: true) { results.append($0) }
  return results
}
