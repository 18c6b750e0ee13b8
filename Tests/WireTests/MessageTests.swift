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
    #expect(try line(.list) == #"{"type":"list"}"# + "\n")
    #expect(try line(.join(.init(station: 7))) == #"{"station":7,"type":"join"}"# + "\n")
    #expect(try line(.leave) == #"{"type":"leave"}"# + "\n")
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
    #expect(
      try line(.error(.init(code: .unknownStation, message: "There is no station 9.")))
        == #"{"code":"unknownStation","message":"There is no station 9.","type":"error"}"# + "\n")
    #expect(
      try line(.welcome(.init(server: "stationd", site: .init(name: "Quay", contact: nil), stations: 3)))
        == #"{"server":"stationd","site":{"name":"Quay"},"stations":3,"type":"welcome","version":1}"# + "\n")
  }

  @Test func everyMessageComesBackAsItWent() throws {
    let server: [ServerMessage] = [
      .welcome(.init(site: .init(name: "A \"quoted\"\nname", contact: "noc@example"), stations: 0)),
      .stations(.init(stations: [harbour, harbour], more: true)), .stations(.init(stations: [])),
      .joined(.init(station: harbour, ssrc: 1, pmt: 4096, audio: [])), .left(.init(station: nil)),
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
    let messages = try ServerMessage.list(stations)
    #expect(messages.count > 3 && messages.count < 40)
    for (index, message) in messages.enumerated() {
      let line = try line(message)
      #expect(line.utf8.count <= longestMessageLine + 1)
      guard case .success(.stations(let page)) = try decode(ServerMessage.self, from: line).first else {
        Issue.record("no station list")
        return
      }
      #expect(page.more == (index == messages.count - 1 ? nil : true))
      received += page.stations
    }
    #expect(received == stations)
    #expect(try ServerMessage.list([]) == [.stations(.init(stations: []))])
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
