import TransportStream

/// The packets of one datagram while they are made the player's, seven at the most.
struct PacketRow: Sendable {
  /// Bytes of the packets that are to stay.
  private(set) var count = 0
  private var bytes = [UInt8](repeating: 0, count: FeedQueue.slotSize)

  var isFull: Bool { count == bytes.count }

  mutating func clear() { count = 0 }

  /// Puts the packet at `offset` of a datagram behind those that are to stay.
  mutating func put(_ datagram: Span<UInt8>, at offset: Int) {
    let end = count
    var room = bytes.mutableSpan
    for index in 0..<TSPacket.size { room[end + index] = datagram[offset + index] }
  }

  /// The packet that was put last stays.
  mutating func keep() { count += TSPacket.size }

  /// Moves the clocks of the packet that was put last.
  mutating func restamp(
    _ packet: TSPacket, isStream: Bool, on timeline: inout FeedTimeline
  ) -> FeedTimeline.Times? {
    let end = count
    var room = bytes.mutableSpan
    return timeline.restamp(packet, isStream: isStream, in: &room, at: end)
  }

  /// Stamps the continuity counter of the packet that was put last.
  mutating func stamp(with stamp: inout ContinuityStamp) {
    let end = count
    var room = bytes.mutableSpan
    stamp.stamp(&room, at: end)
  }

  /// How many bytes the PES packet has that begins in the packet that was put last, header and all (PES_packet_length,
  /// 2.4.3.7); nil when it does not say.
  func pesLength(_ packet: TSPacket) -> Int? {
    let offset = count + packet.payloadOffset
    guard offset + 6 <= count + TSPacket.size, bytes[offset] == 0, bytes[offset + 1] == 0, bytes[offset + 2] == 1 else {
      return nil
    }
    let length = Int(bytes[offset + 4]) << 8 | Int(bytes[offset + 5])
    return length > 0 ? length + 6 : nil
  }

  /// Has the packets that are to stay wait for the player.
  func append(to queue: inout FeedQueue, isAccess: Bool) {
    queue.append(bytes.span.extracting(0..<count), isAccess: isAccess)
  }
}
