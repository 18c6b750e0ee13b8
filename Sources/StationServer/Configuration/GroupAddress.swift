/// An IPv4 address, in host byte order, that a station may use as its group.
struct GroupAddress: Hashable, Comparable, Sendable, CustomStringConvertible {
  let bits: UInt32

  init(bits: UInt32) { self.bits = bits }

  /// Four decimal numbers with dots between them, without leading zeros (which some programs take for octal).
  init?(_ text: String) {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 4 else { return nil }
    var bits: UInt32 = 0
    for part in parts {
      guard let byte = UInt8(part), String(byte) == part else { return nil }
      bits = bits << 8 | UInt32(byte)
    }
    self.bits = bits
  }

  /// The group `offset` further on; nil past the end of all addresses.
  func advanced(by offset: Int) -> GroupAddress? {
    UInt32(exactly: Int(bits) + offset).map(GroupAddress.init(bits:))
  }

  var description: String {
    "\(bits >> 24).\(bits >> 16 & 0xFF).\(bits >> 8 & 0xFF).\(bits & 0xFF)"
  }

  static func < (a: GroupAddress, b: GroupAddress) -> Bool { a.bits < b.bits }

  /// Why a station cannot send to this address; nil if it can.
  var refusal: String? {
    if bits >> 28 != 0xE {
      return "is not a multicast group: groups lie between 224.0.0.0 and 239.255.255.255, private ones at 239.x.x.x"
    }
    if bits >> 8 == 0xE00000 {
      return "belongs to routing protocols, and no switch or router holds it back: take one from 239.x.x.x"
    }
    return nil
  }
}
