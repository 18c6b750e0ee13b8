import TransportStream

/// Tells whether there is enough of a station for a player to change to it and go on without a pause: so many pictures
/// from a random access point on that a decoder gives away the first, and sound to follow what it has of the former one.
/// Pure; it only looks, and times are 90 kHz modulo 2^33.
struct FeedPrelude: Sendable {
  /// Pictures that must have begun. Each is whole when the next one begins; a decoder that puts three of them in their order
  /// gives the first away with the third or fourth, and a parser in front of it wants the beginning of one more.
  private static let pictures = 6
  /// The sound that must be there from the first picture on.
  private static let sound: Int64 = 90 * 100

  private let access: UInt16
  private let sounds: [UInt16]
  private let isRadio: Bool
  private var begun = 0
  private var hasSound: Bool
  /// When the first picture is shown.
  private var first: UInt64?

  /// Whether all of that has come.
  var isComplete: Bool { first != nil && hasSound && (isRadio || begun >= Self.pictures) }

  init(_ tuning: Tuning) {
    access = tuning.accessPID
    isRadio = tuning.video == nil
    sounds = tuning.audio.map(\.pid)
    hasSound = tuning.audio.isEmpty
  }

  /// Takes the next datagram's packets.
  mutating func look(at payload: Span<UInt8>) {
    var offset = 0
    while offset + TSPacket.size <= payload.count {
      defer { offset += TSPacket.size }
      guard let packet = TSPacket(payload, at: offset), packet.payloadUnitStart, packet.hasPayload else { continue }
      let isAccess = packet.pid == access
      guard isAccess || sounds.contains(packet.pid) else { continue }
      let header = PESHeader(payload, at: offset + packet.payloadOffset, end: offset + TSPacket.size)
      if isAccess, first == nil, isRadio || packet.randomAccess { first = header?.pts }
      guard let first else { continue }
      if isAccess { begun += 1 }
      if sounds.contains(packet.pid), let pts = header?.pts {
        let ahead = Int64((pts &- first) & (1 << 33 - 1))
        if ahead >= Self.sound, ahead < TimeStamp.modulus / 2 { hasSound = true }
      }
    }
  }
}
