import TransportStream

/// One transport packet as a plain value, to be put in the place of a tape's own: no reference is counted when it is kept,
/// copied or read.
package struct PacketBytes: Sendable {
  private let bytes: InlineArray<188, UInt8>

  /// The packet; a null packet when these are not 188 bytes.
  package init(_ packet: [UInt8]) {
    var bytes = InlineArray<188, UInt8>(repeating: 0xFF)
    if packet.count == TSPacket.size {
      for index in packet.indices { bytes[index] = packet[index] }
    } else {
      var span = bytes.mutableSpan
      TSPacket.writeNull(to: &span, at: 0)
    }
    self.bytes = bytes
  }

  /// Writes it to `offset` and after; nowhere, if it does not fit in there.
  package func write(to target: inout MutableSpan<UInt8>, at offset: Int) {
    guard offset >= 0, offset <= target.count - TSPacket.size else { return }
    // At once: byte by byte, the compiler checks each, and this stands on the way of some forty packets a second of each station.
    unsafe target.withUnsafeMutableBytes { target in
      let place = unsafe UnsafeMutableRawBufferPointer(rebasing: target[offset..<offset + TSPacket.size])
      unsafe bytes.span.withUnsafeBytes { unsafe place.copyMemory(from: $0) }
    }
  }
}
