import FoundationEssentials
import NIOCore

/// A station as it stands in a line, encoded once: lines about it are put together from these bytes, which all that hold
/// them share.
package struct EncodedStation: Sendable {
  private let json: ByteBuffer

  /// Room for what stands around the stations of a line.
  private static let frame = 256

  /// Throws ``MessageError/notEncodable``, or ``MessageError/lineTooLong`` when no line could hold it.
  package init(_ station: StationSummary) throws(MessageError) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard let data = try? encoder.encode(station) else { throw .notEncodable }
    guard data.count <= longestMessageLine - Self.frame else { throw .lineTooLong }
    json = ByteBuffer(bytes: data)
  }

  /// The line `changed` about this station, its LF included.
  package var changed: ByteBuffer {
    var line = ByteBuffer()
    line.reserveCapacity(json.readableBytes + Self.frame)
    line.writeString(#"{"station":"#)
    line.writeImmutableBuffer(json)
    line.writeString(#","type":"changed"}"# + "\n")
    return line
  }

  /// The answer to `list`: one `stations` line for each line's worth of stations, all but the last marked with `more`.
  ///
  /// - Parameters:
  ///   - revision: of this list.
  ///   - since: the revision after which these stations have changed; nil when these are all.
  package static func list(_ stations: [EncodedStation], revision: Int, since: Int? = nil) -> ByteBuffer {
    var pages: [ArraySlice<EncodedStation>] = []
    var (start, room) = (0, longestMessageLine - frame)
    for (index, station) in stations.enumerated() {
      let size = station.json.readableBytes + 1
      if size > room, index > start {
        pages.append(stations[start..<index])
        (start, room) = (index, longestMessageLine - frame)
      }
      room -= size
    }
    pages.append(stations[start...])

    var lines = ByteBuffer()
    lines.reserveCapacity(stations.reduce(0) { $0 + $1.json.readableBytes + 1 } + pages.count * frame)
    for (index, page) in pages.enumerated() {
      lines.writeString(index < pages.count - 1 ? #"{"more":true,"# : "{")
      lines.writeString("\"revision\":\(revision),")
      if let since { lines.writeString("\"since\":\(since),") }
      lines.writeString(#""stations":["#)
      for (index, station) in page.enumerated() {
        if index > 0 { lines.writeInteger(UInt8(ascii: ",")) }
        lines.writeImmutableBuffer(station.json)
      }
      lines.writeString(#"],"type":"stations"}"# + "\n")
    }
    return lines
  }
}
