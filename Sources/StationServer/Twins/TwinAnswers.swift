import NIOCore
import Wire

/// Bytes from a twin in, its answers to `eras` out: a line, and the account that stands behind it.
struct TwinAnswers: NIOSingleStepByteToMessageDecoder {
  /// An answer: the account, or nil when it is that which the asker has.
  struct InboundOut: Sendable {
    let revision: Int
    let account: ByteBuffer?
    /// Which datagram is due next of its live stations, by their numbers.
    var next: [Int: Int64] = [:]
  }

  /// Why a twin cannot be followed.
  struct Refusal: Error, CustomStringConvertible {
    let description: String
  }

  private var lines = MessageDecoder<ServerMessage>()
  private var pending: ServerMessage.Eras?

  /// Throws ``Refusal`` when it says anything else.
  mutating func decode(buffer: inout ByteBuffer) throws -> InboundOut? {
    if pending == nil {
      // One line and no more: what follows it is none.
      guard let end = buffer.readableBytesView.firstIndex(of: 0x0A) else {
        guard buffer.readableBytes <= longestMessageLine else { throw Refusal(description: "it says no lines") }
        return nil
      }
      guard var line = buffer.readSlice(length: end - buffer.readerIndex + 1),
        let result = try lines.decode(buffer: &line)
      else { return nil }
      switch try result.get() {
      case .eras(let eras): pending = eras
      case .error(let error): throw Refusal(description: error.message)
      default: return nil
      }
    }
    guard let eras = pending else { return nil }
    guard (0...ServerMessage.Eras.most).contains(eras.bytes) else {
      throw Refusal(description: "its account is \(eras.bytes) bytes long")
    }
    guard buffer.readableBytes >= eras.bytes else { return nil }
    pending = nil
    let account = eras.bytes == 0 ? nil : buffer.readSlice(length: eras.bytes)
    return InboundOut(revision: eras.revision, account: account, next: Self.numbers(eras.next ?? [:]))
  }

  /// Those that can be a station's.
  private static func numbers(_ said: [String: Int64]) -> [Int: Int64] {
    Dictionary(
      said.compactMap { name, next in Int(name).flatMap { (0..<1 << 60).contains(next) ? ($0, next) : nil } },
      uniquingKeysWith: { first, _ in first })
  }

  mutating func decodeLast(buffer: inout ByteBuffer, seenEOF: Bool) throws -> InboundOut? {
    try decode(buffer: &buffer)
  }
}
