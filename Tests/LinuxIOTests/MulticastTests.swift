import Glibc
import Testing

@testable import LinuxIO

@Suite(.serialized) struct MulticastTests {
  let lo: NetworkInterface

  init() throws { lo = try NetworkInterface("lo") }

  /// Receives until `count` datagrams have come or a second has passed.
  func receive(_ count: Int, from receiver: inout MulticastReceiver) throws -> [(bytes: [UInt8], arrival: Int64)] {
    var got: [(bytes: [UInt8], arrival: Int64)] = []
    while got.count < count {
      let some = try receiver.receive(timeoutMilliseconds: 1000) { bytes, arrival in
        var copy: [UInt8] = []
        for index in bytes.indices { copy.append(bytes[index]) }
        got.append((copy, arrival))
      }
      if some == 0 { break }
    }
    return got
  }

  @Test func datagramsArriveWholeInOrderAndDated() throws {
    var receiver = try MulticastReceiver(group: "239.255.77.1", port: 5504, interface: lo, receiveBuffer: 1 << 20)
    var sender = try MulticastSender(interface: lo, ttl: 1, dscp: 34, capacity: 8)
    let there = try #require(Destination(group: "239.255.77.1", port: 5504))
    let elsewhere = try #require(Destination(group: "239.255.77.2", port: 5504))
    let before = WallClock.now
    for number in UInt8(1)...3 {
      let added = sender.append(to: there) { slot in
        for index in 0..<1328 { slot[index] = number }
        return 1328
      }
      #expect(added)
      let other = sender.append(to: elsewhere) { slot in
        slot[0] = 99
        return 1
      }
      #expect(other)
    }
    #expect(sender.count == 6)
    let outcome = sender.flush()
    #expect(outcome.sent == 6 && outcome.failed == 0 && outcome.lastError == 0)
    #expect(sender.count == 0)
    let got = try receive(3, from: &receiver)
    #expect(got.map(\.bytes) == (UInt8(1)...3).map { [UInt8](repeating: $0, count: 1328) })
    for datagram in got { #expect((before...WallClock.now).contains(datagram.arrival)) }
    #expect(receiver.kernelDrops == 0)
    #expect(try receive(1, from: &receiver).isEmpty)
  }

  @Test func aBatchHoldsNoMoreThanItsCapacity() throws {
    var sender = try MulticastSender(interface: lo, ttl: 1, dscp: 0, capacity: 2)
    let there = try #require(Destination(group: "239.255.77.3", port: 5504))
    #expect(!sender.append(to: there) { _ in 0 })
    #expect(!sender.append(to: there) { slot in slot.count + 1 })
    #expect(sender.append(to: there) { _ in 1 })
    #expect(sender.append(to: there) { _ in 1 })
    #expect(!sender.append(to: there) { _ in 1 })
    #expect(sender.flush().sent == 2)
  }

  @Test func aRefusedDatagramCostsOnlyItself() throws {
    var receiver = try MulticastReceiver(group: "239.255.77.4", port: 5504, interface: lo, receiveBuffer: 1 << 20)
    var sender = try MulticastSender(interface: lo, ttl: 1, dscp: 0, capacity: 4)
    let there = try #require(Destination(group: "239.255.77.4", port: 5504))
    let nowhere = try #require(Destination(group: "239.255.77.4", port: 0))  // the kernel: EINVAL
    for (place, destination) in [there, nowhere, nowhere, there].enumerated() {
      let added = sender.append(to: destination) { slot in
        slot[0] = UInt8(place)
        return 1
      }
      #expect(added)
    }
    var failures: [Int] = []
    let outcome = sender.flush { slot, code in
      failures.append(slot)
      #expect(code == EINVAL)
    }
    #expect(failures == [1, 2])
    #expect(outcome.sent == 2)
    #expect(outcome.otherErrors == 2 && outcome.failed == 2 && outcome.lastError == EINVAL)
    #expect(try receive(2, from: &receiver).map(\.bytes) == [[0], [3]])
  }

  /// Adds a datagram of `length` bytes, all of the value `mark`.
  private func add(_ sender: inout MulticastSender, _ destination: Destination, _ mark: UInt8, _ length: Int) -> Bool {
    sender.append(to: destination) { slot in
      for index in 0..<length { slot[index] = mark }
      return length
    }
  }

  @Test func aTrainArrivesAsDatagrams() throws {
    var receiver = try MulticastReceiver(group: "239.255.77.7", port: 5504, interface: lo, receiveBuffer: 1 << 20)
    var other = try MulticastReceiver(group: "239.255.77.8", port: 5504, interface: lo, receiveBuffer: 1 << 20)
    var sender = try MulticastSender(interface: lo, ttl: 1, dscp: 0, capacity: 64)
    let (here, there) = (
      try #require(Destination(group: "239.255.77.7", port: 5504)),
      try #require(Destination(group: "239.255.77.8", port: 5504))
    )
    // A short one ends a train, a longer one begins another; a train has its limit, and goes one way only.
    let lengths = [1328, 1328, 700, 700, 1328, 12] + [Int](repeating: 1328, count: 2 * MulticastSender.trainLimit)
    for (index, length) in lengths.enumerated() { #expect(add(&sender, here, UInt8(index), length)) }
    for mark in UInt8(100)..<103 { #expect(add(&sender, there, mark, 188)) }
    #expect(add(&sender, here, 99, 188))
    let outcome = sender.flush()
    // By length: 1328 1328 700 | 700 | 1328 12 | 16 of 1328 | 16 of 1328; then three for there, one for here.
    #expect(outcome.sent == lengths.count + 4 && outcome.failed == 0 && outcome.uncut == 0)
    #expect(outcome.calls == 1 && outcome.trains == 7)
    let cutsTrains = sender.cutsTrains
    #expect(cutsTrains)
    let got = try receive(lengths.count + 1, from: &receiver).map(\.bytes)
    let expected = zip(lengths.indices, lengths).map { [UInt8](repeating: UInt8($0), count: $1) }
    #expect(got == expected + [[UInt8](repeating: 99, count: 188)])
    #expect(try receive(3, from: &other).map(\.bytes.first) == [100, 101, 102])
  }

  @Test func whatTheKernelDoesNotCutIsSentSingly() throws {
    var receiver = try MulticastReceiver(group: "239.255.77.9", port: 5504, interface: lo, receiveBuffer: 1 << 20)
    var sender = try MulticastSender(interface: lo, ttl: 1, dscp: 0, capacity: 8)
    // Without checksums there is no cutting (the kernel: EINVAL), as on a card that computes none (EIO).
    try Socket.set(sender.socket.number, SOL_SOCKET, SO_NO_CHECK, Int32(1), "SO_NO_CHECK")
    let there = try #require(Destination(group: "239.255.77.9", port: 5504))
    let lengths = [1328, 1328, 1328, 700]
    for (index, length) in lengths.enumerated() { #expect(add(&sender, there, UInt8(index), length)) }
    let outcome = sender.flush()
    #expect(outcome.sent == 4 && outcome.failed == 0 && outcome.uncut == 1)
    let cutsTrains = sender.cutsTrains
    #expect(!cutsTrains)
    for (index, length) in lengths.enumerated() { #expect(add(&sender, there, UInt8(index + 4), length)) }
    let second = sender.flush()
    #expect(second.sent == 4 && second.failed == 0 && second.uncut == 0 && second.trains == 4, "found out once")
    let got = try receive(8, from: &receiver).map(\.bytes)
    #expect(got.map(\.count) == lengths + lengths)
    #expect(got.map(\.first) == (0..<8).map { UInt8($0) })
  }

  /// The sent IP header as a raw socket of this machine sees it (root only).
  @Test(.enabled(if: geteuid() == 0)) func headerCarriesTTLAndCodePoint() throws {
    let raw = socket(AF_INET, Int32(SOCK_RAW.rawValue), Int32(IPPROTO_UDP))
    try #require(raw >= 0)
    defer { close(raw) }
    // A raw socket gets multicast only for groups joined on this machine.
    var receiver = try MulticastReceiver(group: "239.255.77.5", port: 5504, interface: lo, receiveBuffer: 1 << 16)
    var sender = try MulticastSender(interface: lo, ttl: 7, dscp: 34, capacity: 1, sourcePort: 9965)
    let there = try #require(Destination(group: "239.255.77.5", port: 5504))
    #expect(sender.append(to: there) { _ in 5 })
    #expect(sender.flush().sent == 1)
    #expect(try receive(1, from: &receiver).count == 1)
    var header = [UInt8](repeating: 0, count: 2048)
    for _ in 0..<1000 {
      guard try DescriptorIO.wait(raw, toWrite: false, timeoutMilliseconds: 1000) else { break }
      let count = unsafe recv(raw, &header, header.count, 0)
      if count >= 28, Array(header[16..<20]) == [239, 255, 77, 5] { break }
    }
    try #require(Array(header[16..<20]) == [239, 255, 77, 5])
    #expect(header[8] == 7)  // TTL
    #expect(header[1] == 34 << 2)  // DSCP AF41, ECN 0
    #expect(Int(header[20]) << 8 | Int(header[21]) == 9965)  // source port
    #expect(Array(header[12..<16]) == [127, 0, 0, 1])
  }

  @Test func countsWhatTheKernelDropped() throws {
    var receiver = try MulticastReceiver(group: "239.255.77.6", port: 5504, interface: lo, receiveBuffer: 4096)
    var sender = try MulticastSender(interface: lo, ttl: 1, dscp: 0, capacity: 64)
    let there = try #require(Destination(group: "239.255.77.6", port: 5504))
    for _ in 0..<64 { _ = sender.append(to: there) { _ in 1316 } }
    #expect(sender.flush().sent == 64)
    let got = try receive(1, from: &receiver).count
    // The count comes with the next datagram queued after the loss.
    #expect(sender.append(to: there) { _ in 1 })
    _ = sender.flush()
    #expect(try receive(1, from: &receiver).count >= 1)
    #expect(got < 64)
    #expect(receiver.kernelDrops > 0)
  }

  @Test func refusesWhatIsNoGroup() {
    #expect(Destination(group: "192.0.2.1", port: 5004) == nil)
    #expect(Destination(group: "240.0.0.1", port: 5004) == nil)
    #expect(Destination(group: "224.0.0.1", port: 5004) != nil)
    #expect(throws: SystemError.self) {
      _ = try MulticastReceiver(group: "10.0.0.1", port: 1, interface: nil, receiveBuffer: 1)
    }
  }
}

@Suite struct NetworkInterfaceTests {
  @Test func isFoundByNameAndByAddress() throws {
    let byName = try NetworkInterface("lo")
    #expect(byName.address == "127.0.0.1")
    #expect(byName.index > 0)
    #expect(try NetworkInterface("127.0.0.1") == byName)
    #expect(HostName.addresses("127.0.0.1") == ["127.0.0.1"] && HostName.addresses("no such name").isEmpty)
    // Where this machine has IPv6 at all.
    if let loopback = try? NetworkInterface("::1") { #expect(loopback == byName) }
    #expect(throws: SystemError.self) { try NetworkInterface("2001:db8::77") }
    #expect(try NetworkInterface.all().contains(byName))
  }

  @Test func theErrorNamesThoseThereAre() {
    let error = #expect(throws: SystemError.self) { try NetworkInterface("nosuch0") }
    #expect(error?.description.hasPrefix("cannot find nosuch0 among this machine's interfaces (") == true)
    #expect(error?.description.contains("lo 127.0.0.1") == true)
  }

  @Test(arguments: ["", "1.2.3", "1.2.3.4.5", "256.1.1.1", "1..2.3", "a.b.c.d", "+1.2.3.4", "1.2.3.4 "])
  func noAddress(text: String) { #expect(IPv4.parse(text) == nil) }

  @Test func addresses() {
    #expect(IPv4.parse("239.255.66.1") == 0xEFFF_4201)
    #expect(IPv4.dotted(0xEFFF_4201) == "239.255.66.1")
  }
}
