import FoundationEssentials
import LinuxIO
import Synchronization
import TSBytes
import Wire

@testable import Reception

/// A station of one datagram a millisecond, on the loopback interface: its multicast, with what is lost of it, and the
/// server that has all of it. Every datagram has a picture of one packet, whose last byte counts; every twentieth begins
/// with tables and a random access point.
final class TestBroadcast: Sendable {
  let tuning: Tuning
  private let epoch = SteadyClock.now - 100_000_000_000
  private let isSending = Mutex(true)
  private let isOver = Mutex(false)
  private let sender = Mutex<RealTimeThread?>(nil)
  private let server = Mutex<TestServer?>(nil)

  /// - Parameter lost: what multicast does not bring.
  init(_ number: Int, hasServer: Bool = true, lost: @escaping @Sendable (Int64) -> Bool = { _ in false }) throws {
    var tuning = TSBytes.tuning(
      number, group: "239.255.78.\(number)", port: 20_000 + Int(ThisProcess.pid % 10_000) * 2,
      interface: try NetworkInterface("lo"))
    // As slow as this machine may be just now.
    tuning.latency = 3000
    tuning.sources[0].server = StreamServer(address: "127.0.0.1", port: 1)
    self.tuning = tuning
    if hasServer { try startServer() }
    let started = try RealTimeThread(name: "broadcast", priority: nil) { [self] in send(lost) }
    sender.withLock { $0 = started }
  }

  /// As the receiver needs it, with the server's port as it is now.
  var reachable: Tuning {
    var result = tuning
    if let port = server.withLock({ $0?.port }) { result.sources[0].server?.port = port }
    return result
  }

  func multicast(_ isOn: Bool) { isSending.withLock { $0 = isOn } }

  func startServer() throws {
    let port = server.withLock { $0?.port } ?? 0
    let started = try TestServer(port: port) { [self] in serve($0) }
    server.withLock { $0 = started }
  }

  func stopServer() { server.withLock { $0?.stop() } }

  func stop() {
    isOver.withLock { $0 = true }
    sender.withLock { $0.take() }?.join()
    stopServer()
  }

  /// The number of the datagram that is due next.
  private var next: Int64 { (SteadyClock.now - epoch) / 1_000_000 }

  private func packet(_ n: Int64) -> [UInt8] {
    var payload: [UInt8] = []
    let isAccess = n % 20 == 0
    if isAccess {
      payload += TSBytes.packet(0, counter: Int(n / 20 & 15), unit: true)
      payload += TSBytes.packet(0x1000, counter: Int(n / 20 & 15), unit: true)
    }
    payload += TSBytes.packet(
      0x100, counter: Int(n & 15), unit: true, access: isAccess, fill: UInt8(truncatingIfNeeded: n))
    var bytes = [UInt8](repeating: 0, count: 12)
    var span = bytes.mutableSpan
    RTPHeader(
      sequenceNumber: UInt16(truncatingIfNeeded: n), timestamp: UInt32(truncatingIfNeeded: n * 90), ssrc: tuning.ssrc
    ).write(into: &span)
    return bytes + payload
  }

  private func frame(_ n: Int64) -> [UInt8] {
    let packet = packet(n)
    return [UInt8(packet.count >> 8), UInt8(packet.count & 0xFF)] + packet
  }

  private func send(_ lost: (Int64) -> Bool) {
    guard let to = Destination(group: tuning.station.group, port: UInt16(tuning.station.port)),
      let interface = tuning.sources[0].interface,
      var sender = try? MulticastSender(interface: interface, ttl: 0, dscp: 0, capacity: 1)
    else { return }
    var n = next
    while !isOver.withLock(\.self) {
      if isSending.withLock(\.self), !lost(n) {
        let datagram = packet(n)
        _ = sender.append(to: to) { room in
          for index in datagram.indices { room[index] = datagram[index] }
          return datagram.count
        }
        _ = sender.flush()
      }
      n += 1
      SteadyClock.sleep(until: epoch + n * 1_000_000)
    }
  }

  private func serve(_ caller: TestServer.Caller) {
    guard case .stream(let request) = message(caller.line()) else { return }
    let due = next
    let first = request.from ?? request.back.map { (due - Int64($0 * 1000)) / 20 * 20 }
    let begin = first ?? due
    caller.send(
      line: #"{"type":"stream","station":\#(tuning.station.number),"ssrc":\#(tuning.ssrc),"first":\#(begin),"#
        + #""date":\#(Double(begin) / 1000),"next":\#(due),"now":\#(Double(due) / 1000),"earliest":0,"programmes":[]}"#)
    let position = Mutex(first)
    let isOver = Mutex(false)
    let follower = try? RealTimeThread(name: "follow", priority: nil) { [self] in
      while !isOver.withLock(\.self) {
        let frames = position.withLock { place -> [UInt8] in
          guard let from = place else { return [] }
          let end = min(next, from + 50)
          place = max(from, end)
          return from < end ? (from..<end).flatMap(frame) : []
        }
        if frames.isEmpty {
          SteadyClock.sleep(until: SteadyClock.now + 1_000_000)
        } else if !caller.send(frames) {
          return
        }
      }
    }
    while let line = caller.line() {
      switch message(line) {
      case .pause: position.withLock { $0 = nil }
      case .follow(let follow): position.withLock { $0 = follow.from }
      case .repair(let repair):
        for pair in repair.packets where pair.count == 2 {
          caller.send((pair[0]..<pair[0] + pair[1]).filter { $0 < next }.flatMap(frame))
        }
      default: break
      }
    }
    isOver.withLock { $0 = true }
    follower?.join()
  }

  private func message(_ line: String?) -> ClientMessage? {
    line.flatMap { try? JSONDecoder().decode(ClientMessage.self, from: Data($0.utf8)) }
  }
}
