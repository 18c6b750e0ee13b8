import NIOCore
import Wire

/// libFuzzer's way in: these bytes arrive on a control connection, from either side, as an RTP packet, and as what follows
/// on a stream connection: a line of the server's, then frames.
///
/// The first byte says in pieces of what size they arrive.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzWire(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let bytes = unsafe Span(_unsafeStart: start, count: count)
  readRTP(bytes)
  readFrames(bytes)
  guard count > 0 else { return 0 }
  let line = unsafe Array(UnsafeBufferPointer(start: start, count: count).dropFirst())
  readMessages(ClientMessage.self, line, piece: max(Int(bytes[0]), 1))
  readMessages(ServerMessage.self, line, piece: max(Int(bytes[0]), 1))
  readReply(line)
  return 0
}

private func readRTP(_ bytes: Span<UInt8>) {
  guard let (header, payload) = RTPHeader.parse(bytes) else { return }
  precondition(payload.lowerBound >= RTPHeader.size && payload.upperBound <= bytes.count)
  var written = [UInt8](repeating: 0, count: RTPHeader.size)
  var span = written.mutableSpan
  header.write(into: &span)
  precondition(RTPHeader.parse(written.span)?.header == header, "a header that was read is written the same")
}

/// Frames stand one behind the other, and take no byte that is not there.
private func readFrames(_ bytes: Span<UInt8>) {
  var offset = 0
  while let packet = RTPFrame.packet(in: bytes, at: offset) {
    precondition(packet.lowerBound == offset + RTPFrame.headerSize && packet.upperBound <= bytes.count)
    var length: [UInt8] = [0, 0]
    var span = length.mutableSpan
    RTPFrame.writeLength(UInt16(packet.count), to: &span, at: 0)
    precondition(length == [bytes[offset], bytes[offset + 1]], "a length that was read is written the same")
    readRTP(bytes.extracting(packet))
    offset = packet.upperBound
  }
}

/// The first line, as a receiver reads it; what the codec takes, and nothing else.
private func readReply(_ bytes: [UInt8]) {
  guard let end = bytes.firstIndex(of: 0x0A), bytes[..<end].contains(where: { !" \t\r".utf8.contains($0) }) else {
    return
  }
  let results: [Result<ServerMessage, MessageError>] = read(Array(bytes[...end]), piece: end + 1)
  let message = try? ServerMessage(line: Array(bytes[..<end]))
  precondition(results.first.map { try? $0.get() } == message, "a receiver takes what the codec takes")
}

private func readMessages<Message: Codable & Hashable & Sendable>(_: Message.Type, _ bytes: [UInt8], piece: Int) {
  let whole: [Result<Message, MessageError>] = read(bytes, piece: bytes.count)
  precondition(whole == read(bytes, piece: piece), "the pieces in which bytes arrive make no difference")
  for case .success(let message) in whole {
    var line = ByteBuffer()
    guard (try? MessageEncoder<Message>().encode(data: message, out: &line)) != nil else { continue }
    let again: [Result<Message, MessageError>] = read(Array(line.readableBytesView), piece: line.readableBytes)
    precondition(again == [.success(message)], "a message that was read is written the same")
  }
}

private func read<Message: Codable & Sendable>(_ bytes: [UInt8], piece: Int) -> [Result<Message, MessageError>] {
  var decoder = MessageDecoder<Message>()
  var buffer = ByteBuffer()
  var results: [Result<Message, MessageError>] = []
  var rest = bytes[...]
  while !rest.isEmpty {
    buffer.writeBytes(rest.prefix(piece))
    rest = rest.dropFirst(piece)
    while let result = try? decoder.decode(buffer: &buffer) { results.append(result) }
  }
  while let result = try? decoder.decodeLast(buffer: &buffer, seenEOF: true) { results.append(result) }
  return results
}
