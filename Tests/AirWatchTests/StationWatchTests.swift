import LinuxIO
import Testing

@testable import AirWatch

@Suite struct StationWatchTests {
  /// Sends three datagrams and takes them in as of a date.
  private func heard(group: String, until end: Int64) throws -> (received: Int, kept: Int) {
    let lo = try NetworkInterface("lo")
    let watch = try StationWatch(
      group: group, port: 5506, interface: lo, encapsulation: .udp, seconds: 1, receiveBuffer: 1 << 20)
    var sender = try MulticastSender(interface: lo, ttl: 1, dscp: 0, capacity: 4)
    let there = try #require(Destination(group: group, port: 5506))
    for _ in 0..<3 {
      let added = sender.append(to: there) { slot in
        slot[0] = 1
        return 1
      }
      #expect(added)
    }
    _ = sender.flush()
    var received = 0
    while received < 3 {
      let some = try watch.listen(timeoutMilliseconds: 1000, until: end)
      if some == 0 { break }
      received += some
    }
    return (received, watch.log.arrivals.count)
  }

  @Test func whatComesAfterTheEndDoesNotCount() throws {
    #expect(try heard(group: "239.255.77.31", until: .max) == (3, 3))
    #expect(try heard(group: "239.255.77.32", until: WallClock.now - 1_000_000_000) == (3, 0))
  }
}
