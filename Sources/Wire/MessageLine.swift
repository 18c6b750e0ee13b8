import FoundationEssentials

extension ClientMessage {
  /// The message as a line, its end included; nil when JSON cannot carry it.
  package var line: [UInt8]? {
    let json = JSONEncoder()
    json.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return (try? json.encode(self)).map { [UInt8]($0) + [0x0A] }
  }
}

extension ServerMessage {
  /// The message that a line says, without its end. Throws why it is none.
  package init(line: [UInt8]) throws(MessageError) {
    guard line.count <= longestMessageLine else { throw .lineTooLong }
    do {
      self = try JSONDecoder().decode(ServerMessage.self, from: Data(line))
    } catch {
      throw MessageError(error)
    }
  }
}
