import NIOCore
import Testing

@testable import Wire

/// What the decoder makes of bytes as a network or an attacker may bring them.
struct MessageCodecTests {
  private static let conversation =
    #"{"type":"hello","version":1}"# + "\r\n\n  \r\n" + #"{"type":"join","station":2}"# + "\n" + "{oops\n"
    + #"{"type":"list"}"# + "\n" + #"{"type":"leave"}"#
  private static let understood: [Result<ClientMessage, MessageError>] = [
    .success(.hello(.init(version: 1))), .success(.join(.init(station: 2))), .failure(.notAnObject), .success(.list()),
    .success(.leave),
  ]

  @Test func wholeConversation() throws {
    #expect(try decode(ClientMessage.self, from: Self.conversation) == Self.understood)
  }

  @Test func byteByByte() throws {
    let bytes = Self.conversation.utf8.map { [$0] }
    #expect(try decode(ClientMessage.self, chunks: bytes) == Self.understood)
  }

  @Test func inAnyPieces() throws {
    var random = SplitMix(state: 9966)
    for _ in 0..<200 {
      var rest = Self.conversation.utf8[...]
      var chunks: [[UInt8]] = []
      while !rest.isEmpty {
        chunks.append(Array(rest.prefix(Int.random(in: 1...40, using: &random))))
        rest = rest.dropFirst(chunks[chunks.count - 1].count)
      }
      #expect(try decode(ClientMessage.self, chunks: chunks) == Self.understood)
    }
  }

  @Test(
    arguments: [
      ("[]", .notAnObject), ("7", .notAnObject), ("\"list\"", .notAnObject), ("null", .notAnObject),
      ("{\"type\":\"list\"", .notAnObject), ("{\"type\":\"list\"} x", .notAnObject),
      ("{}", .missingType), ("{\"type\":5}", .missingType), ("{\"type\":null}", .missingType),
      ("{\"type\":\"join\"}", .badField("station")), ("{\"type\":\"join\",\"station\":\"2\"}", .badField("station")),
      ("{\"type\":\"join\",\"station\":2.5}", .notAnObject),
      ("{\"type\":\"join\",\"station\":99999999999999999999}", .notAnObject),
      ("{\"type\":\"report\",\"station\":1,\"received\":-1,\"lost\":0,\"bitrate\":0}", .notAnObject),
    ] as [(String, MessageError)])
  func hostileLine(text: String, expected: MessageError) throws {
    #expect(
      try decode(ClientMessage.self, from: text + "\n{\"type\":\"list\"}\n") == [.failure(expected), .success(.list())])
  }

  @Test func deepNestingAndBadUTF8AreOnlyBadLines() throws {
    let deep = [UInt8](repeating: 0x5B, count: 60_000) + [0x0A]
    let inside = Array("{\"type\":\"list\",\"x\":".utf8) + deep
    let notUTF8: [UInt8] = Array("{\"type\":\"".utf8) + [0xC3, 0x28, 0xFF] + Array("\"}\n".utf8)
    let zeros = [UInt8](repeating: 0, count: 300) + [0x0A]
    let results = try decode(
      ClientMessage.self, chunks: [deep, inside, notUTF8, zeros, Array("{\"type\":\"list\"}\n".utf8)])
    #expect(results.count == 5)
    for result in results.dropLast() {
      #expect(throws: MessageError.self) { try result.get() }
    }
    #expect(results.last == .success(.list()))
  }

  @Test func theLongestLineIsTakenAndOneByteMoreIsNot() throws {
    let start = #"{"type":"list","x":""#
    let fill = String(repeating: "x", count: longestMessageLine - start.utf8.count - 2)
    #expect(try decode(ClientMessage.self, from: start + fill + "\"}\n") == [.success(.list())])
    #expect(
      try decode(ClientMessage.self, from: start + fill + "x\"}\n{\"type\":\"leave\"}\n")
        == [.failure(.lineTooLong), .success(.leave)])
  }

  @Test func aDecoderMayBeContentWithShorterLines() throws {
    let start = #"{"type":"pause","x":""#
    let fill = String(repeating: "x", count: longestStreamLine - start.utf8.count - 2)
    var results: [Result<ClientMessage, MessageError>] = []
    let processor = NIOSingleStepByteToMessageProcessor(MessageDecoder<ClientMessage>(longest: longestStreamLine))
    let text = start + fill + "\"}\n" + start + fill + "x\"}\n{\"type\":\"leave\"}\n"
    try processor.process(buffer: ByteBuffer(string: text)) { results.append($0) }
    #expect(results == [.success(.pause), .failure(.lineTooLong), .success(.leave)])
  }

  @Test func aLineWithoutEndIsReportedOnceAndNeverHeld() throws {
    var results: [Result<ClientMessage, MessageError>] = []
    let processor = NIOSingleStepByteToMessageProcessor(MessageDecoder<ClientMessage>())
    let chunk = ByteBuffer(repeating: 0x78, count: 10_000)
    for _ in 0..<500 {
      try processor.process(buffer: chunk) { results.append($0) }
      #expect(processor.unprocessedBytes <= longestMessageLine)
    }
    #expect(results == [.failure(.lineTooLong)])
    try processor.process(buffer: ByteBuffer(string: "end\n{\"type\":\"list\"}\n")) { results.append($0) }
    #expect(results == [.failure(.lineTooLong), .success(.list())])
  }

  @Test func anyBytesAreSurvived() throws {
    var random = SplitMix(state: 4571)
    let words = [
      "{", "}", "\"type\"", ":", "\"join\"", "\"station\"", "1", ",", "\n", "\\u12", "[", "\u{7F}", "é", "-", "e9",
    ]
    for _ in 0..<500 {
      let text = (0..<Int.random(in: 1...60, using: &random)).map { _ in words.randomElement(using: &random) ?? "" }
      _ = try decode(ClientMessage.self, from: text.joined())
      _ = try decode(ServerMessage.self, from: text.joined())
    }
  }
}
