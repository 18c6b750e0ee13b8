import FoundationEssentials
import LinuxIO

/// Two hosts on this machine and a cable between them: network namespaces without names and a veth pair. The bench and
/// what it starts are on the sending one; nothing that either sends can leave it but by the cable, and they are gone when the
/// bench is.
struct Lab: ~Copyable {
  static let sender = "vtx"
  static let receiver = "vrx"
  static let senderAddress = "10.77.0.1"
  static let firstGroup: UInt32 = 0xEFFF_4201  // 239.255.66.1
  static let port: UInt16 = 5004

  private let sending: NetworkNamespace
  private let receiving: NetworkNamespace
  /// Has the kernel date packets all along: it begins only some time after it is asked, and would miss the first ones.
  private let dating: MulticastReceiver

  /// Makes the hosts and moves this thread to the sending one. Wants root.
  init(_ stop: Stop) throws {
    let receiving = try NetworkNamespace.enterNew()
    let sending = try NetworkNamespace.enterNew()
    let cable = ["link", "add", Self.sender, "type", "veth", "peer", "name", Self.receiver, "netns", receiving.path]
    try Tool.run(["ip"] + cable, stop)
    try Self.configure(Self.sender, Self.senderAddress, stop)
    try receiving.enter()
    try Self.configure(Self.receiver, "10.77.0.2", stop)
    let dating = try MulticastReceiver(
      group: "239.255.0.1", port: 9, interface: try NetworkInterface(Self.receiver), receiveBuffer: 4096)
    try sending.enter()
    self.sending = sending
    self.receiving = receiving
    self.dating = dating
  }

  private static func configure(_ interface: String, _ address: String, _ stop: Stop) throws {
    for command in [
      "link set lo up", "addr add \(address)/24 dev \(interface)", "link set \(interface) up",
      "route add 224.0.0.0/4 dev \(interface)",
    ] {
      try Tool.run(["ip"] + command.split(separator: " ").map(String.init), stop)
    }
  }

  /// Does something on the receiving host. Sockets opened there stay there.
  func onReceiver<Result: ~Copyable>(_ body: () throws -> Result) throws -> Result {
    try receiving.enter()
    do {
      let result = try body()
      try sending.enter()
      return result
    } catch {
      try sending.enter()
      throw error
    }
  }

  /// A station's group; stations are counted from 0.
  static func group(_ station: Int) -> String { IPv4.dotted(firstGroup + UInt32(station)) }
}
