import Testing

@testable import LibAV

struct PeerAddressTests {
  @Test func knowsWhatIsPublic() {
    func reach(_ bytes: UInt8...) -> PeerAddress.Reach { PeerAddress(bytes: bytes, port: 80).reach }
    #expect(reach(127, 0, 0, 1) == .local && reach(127, 255, 255, 255) == .local)
    #expect(reach(0, 0, 0, 0) == .local)
    #expect(reach(169, 254, 169, 254) == .local)
    #expect(reach(10, 1, 2, 3) == .private && reach(172, 16, 0, 1) == .private && reach(172, 31, 0, 1) == .private)
    #expect(reach(192, 168, 0, 1) == .private && reach(100, 64, 0, 1) == .private)
    #expect(reach(172, 32, 0, 1) == .public && reach(100, 128, 0, 1) == .public && reach(8, 8, 8, 8) == .public)
    #expect(reach(239, 1, 2, 3) == .none && reach(255, 255, 255, 255) == .none && reach(192, 0, 2, 1) == .none)
  }

  @Test func seesThroughWhatIsWrittenInIPv6() {
    func reach(_ head: [UInt8], _ tail: [UInt8]) -> PeerAddress.Reach {
      let zeros = [UInt8](repeating: 0, count: 16 - head.count - tail.count)
      return PeerAddress(bytes: head + zeros + tail, port: 80).reach
    }
    #expect(reach([], [1]) == .local && reach([], [0]) == .local)
    #expect(reach([0xFE, 0x80], [1]) == .local)
    #expect(reach([0xFC, 0x00], [1]) == .private && reach([0xFD, 0x12], [1]) == .private)
    #expect(reach([], [0xFF, 0xFF, 127, 0, 0, 1]) == .local)
    #expect(reach([], [0xFF, 0xFF, 10, 0, 0, 1]) == .private)
    #expect(reach([], [127, 0, 0, 1]) == .local)
    #expect(reach([0, 0x64, 0xFF, 0x9B], [169, 254, 169, 254]) == .local)
    #expect(reach([0x20, 0x02, 192, 168, 0, 1], []) == .private)
    #expect(reach([0x26, 0x06, 0x47, 0x00], [1]) == .public)
    #expect(reach([0xFF, 0x02], [1]) == .none)
  }

  @Test func leadsToItsOwnHostAndThePublicOnly() {
    let camera = PeerAddress(bytes: [192, 168, 1, 10], port: 554)
    let machine = PeerAddress(bytes: [127, 0, 0, 1], port: 8080)
    let far = PeerAddress(bytes: [8, 8, 8, 8], port: 443)
    func on(_ peer: PeerAddress, _ port: UInt16) -> PeerAddress { PeerAddress(bytes: peer.bytes, port: port) }

    let house = PeerRule(own: [camera], isLocal: false)
    #expect(house.allows(camera) && house.allows(on(camera, 443)) && house.allows(far))
    #expect(!house.allows(PeerAddress(bytes: [192, 168, 1, 11], port: 554)) && !house.allows(machine))

    let world = PeerRule(own: [far], isLocal: false)
    #expect(world.allows(far) && !world.allows(camera) && !world.allows(machine))

    let own = PeerRule(own: [machine], isLocal: true)
    #expect(own.allows(machine) && !own.allows(on(machine, 22)) && !own.allows(camera))
    // A name that someone else's server resolves to this machine does not make it the feed's own.
    #expect(!PeerRule(own: [machine], isLocal: false).allows(machine))
  }
}
