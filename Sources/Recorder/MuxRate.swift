/// The choice of the constant rate at which a tape is muxed before its null packets are deleted.
///
/// A packet leaves at the earliest `HouseTime.lead` before its DTS and must have left `HouseTime.margin` before it, and
/// all must have left before the programme's end. The faster the multiplex, the easier that is; the slowest one that
/// does it makes the smoothest stream. This is a model: what the muxer really wrote is checked afterwards.
enum MuxRate {
  /// Below this rate tables and clocks in a row keep the next PCR waiting for longer than 40 ms. Bit/s.
  static let lowest = 500_000
  static let highest = 400_000_000
  /// PAT, PMT, SDT, and packets with nothing but a PCR, per second.
  private static let tablePackets = 90.0

  /// The smallest rate that serves, in bit/s; nil when none does.
  ///
  /// - Parameters:
  ///   - packets: in the order of sending, which is that of DTS.
  ///   - duration: of the programme, 90 kHz.
  static func search(_ packets: [ElementaryPacket], duration: Int64, from: Int = lowest) -> Int? {
    guard serves(highest, packets, duration) else { return nil }
    var (low, high) = (from, highest)
    if serves(low, packets, duration) { return low }
    while high - low > max(1_000, low / 500) {
      let middle = low + (high - low) / 2
      if serves(middle, packets, duration) { high = middle } else { low = middle }
    }
    return high
  }

  static func serves(_ rate: Int, _ packets: [ElementaryPacket], _ duration: Int64) -> Bool {
    let net = Double(rate) - tablePackets * 188 * 8
    guard net > 0 else { return false }
    let ticksPerPacket = 188 * 8 * Double(HouseTime.perSecond) / net
    var now = 0.0
    for packet in packets {
      now = max(now, Double(packet.dts - HouseTime.lead))
      now += Double(transportPackets(of: packet)) * ticksPerPacket
      if now > Double(min(packet.dts - HouseTime.margin, duration)) { return false }
    }
    return true
  }

  /// 184 bytes a packet, the PES header's 19 and a delimiter's 6 and a PCR's 8 at the front.
  private static func transportPackets(of packet: ElementaryPacket) -> Int { (packet.size + 33 + 183) / 184 }
}
