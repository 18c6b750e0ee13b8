import FoundationEssentials
import NIOCore

/// Bytes in, messages out: one JSON object a line, ended by LF (a CR before it does no harm), blank lines ignored.
///
/// A line that is no message comes out as the error that says why; the lines after it are not affected. At most one
/// line of `longest` bytes is ever held.
package struct MessageDecoder<Message: Decodable & Sendable>: NIOSingleStepByteToMessageDecoder {
  package typealias InboundOut = Result<Message, MessageError>

  /// The longest line taken, in bytes, its LF not counted.
  private let longest: Int
  private let json = JSONDecoder()
  /// How many of the buffer's bytes are known to hold no LF, so that a peer that sends byte by byte costs no more.
  private var scanned = 0
  /// Inside the rest of a line that was too long.
  private var discarding = false

  /// - Parameter longest: line taken, in bytes, its LF not counted.
  package init(longest: Int = longestMessageLine) { self.longest = longest }

  package mutating func decode(buffer: inout ByteBuffer) throws -> InboundOut? {
    while buffer.readableBytes > 0 {
      let view = buffer.readableBytesView
      guard let end = view[view.index(view.startIndex, offsetBy: scanned)...].firstIndex(of: 0x0A) else {
        return needMore(&buffer)
      }
      let length = view.distance(from: view.startIndex, to: end)
      scanned = 0
      let line = buffer.readSlice(length: length)
      buffer.moveReaderIndex(forwardBy: 1)
      if discarding {
        discarding = false
      } else if let line, let result = parse(line) {
        return result
      }
    }
    return nil
  }

  /// No LF yet: waits for it, unless the line is already too long.
  private mutating func needMore(_ buffer: inout ByteBuffer) -> InboundOut? {
    if buffer.readableBytes <= longest && !discarding {
      scanned = buffer.readableBytes
      return nil
    }
    buffer.clear()
    scanned = 0
    defer { discarding = true }
    return discarding ? nil : .failure(.lineTooLong)
  }

  /// A last line without its LF is taken as it is.
  package mutating func decodeLast(buffer: inout ByteBuffer, seenEOF: Bool) throws -> InboundOut? {
    if let result = try decode(buffer: &buffer) { return result }
    guard seenEOF, !discarding, let line = buffer.readSlice(length: buffer.readableBytes) else { return nil }
    scanned = 0
    return parse(line)
  }

  /// nil for a blank line.
  private func parse(_ line: ByteBuffer) -> InboundOut? {
    guard line.readableBytes <= longest else { return .failure(.lineTooLong) }
    let bytes = line.readableBytesView
    guard bytes.contains(where: { $0 != 0x20 && $0 != 0x0D && $0 != 0x09 }) else { return nil }
    do {
      return .success(try json.decode(Message.self, from: Data(bytes)))
    } catch {
      return .failure(MessageError(error))
    }
  }
}

/// Messages in, lines out.
package struct MessageEncoder<Message: Encodable & Sendable>: MessageToByteEncoder {
  package typealias OutboundIn = Message

  private let json: JSONEncoder

  package init() {
    json = JSONEncoder()
    json.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
  }

  /// Appends the message's line to `out`, its LF included.
  ///
  /// Throws ``MessageError/notEncodable``, or ``MessageError/lineTooLong`` when the other side would not take it.
  package func encode(data: Message, out: inout ByteBuffer) throws {
    let line: Data
    do {
      line = try json.encode(data)
    } catch {
      throw MessageError.notEncodable
    }
    guard line.count <= longestMessageLine else { throw MessageError.lineTooLong }
    out.writeBytes(line)
    out.writeInteger(UInt8(0x0A))
  }
}

/// The longest line that either side takes, in bytes, its LF not counted.
package let longestMessageLine = 65536

/// The longest line that a server takes on a stream connection once that is open, in bytes, its LF not counted. No
/// request has more in it; each is looked at before anybody counts what it asks for.
package let longestStreamLine = 4096
