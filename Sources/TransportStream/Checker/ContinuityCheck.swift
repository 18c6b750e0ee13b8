/// The continuity counter of one PID (ISO/IEC 13818-1 §2.4.3.3): up by one, modulo 16, with every packet that has
/// payload, unchanged with those that have none; a packet may be sent twice; discontinuity_indicator permits a jump.
struct ContinuityCheck: Sendable {
  enum Finding {
    case right, duplicate, announced, wrong
  }

  private var last: UInt8?
  private var wasDuplicate = false

  mutating func check(_ packet: TSPacket) -> Finding {
    let counter = packet.continuityCounter
    guard let previous = last else {
      last = counter
      return .right
    }
    last = counter
    let expected = packet.hasPayload ? (previous + 1) & 0x0F : previous
    if counter == expected {
      wasDuplicate = false
      return .right
    }
    if packet.discontinuity { return .announced }
    if counter == previous, !wasDuplicate {
      wasDuplicate = true
      return .duplicate
    }
    wasDuplicate = false
    return .wrong
  }
}
