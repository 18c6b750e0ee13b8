import LinuxIO
import Reception
import Wire

/// Many receivers at one multicast socket.
struct Crowd: ~Copyable {
  private var members: [CrowdMember] = []
  private var socket: MulticastReceiver
  private var heard = HeardAir()
  private var began = SteadyClock.now

  init(_ tuning: Tuning, server: StreamServer, receivers: Int, seed: UInt64) throws {
    guard let source = tuning.sources.first else { throw SystemError(operation: "find", subject: "a source", code: 2) }
    socket = try MulticastReceiver(
      group: source.group, port: UInt16(clamping: source.port), interface: source.interface, receiveBuffer: 32 << 20)
    var seeds = SplitMix(state: seed)
    let now = SteadyClock.now
    for _ in 0..<receivers {
      members.append(
        CrowdMember(
          reception: BareReception(tuning, server: server, now: now), generator: SplitMix(state: seeds.next())))
    }
  }

  /// Receives for so many seconds, every member with this loss in percent. New ones come five milliseconds after one
  /// another, so that they do not all connect at once.
  mutating func run(for seconds: Double, loss: Double) throws {
    let end = SteadyClock.now + Int64(seconds * 1e9)
    let threshold = CrowdMember.threshold(loss: loss)
    while SteadyClock.now < end {
      SteadyClock.sleep(until: SteadyClock.now + 3_000_000)
      while try hear(threshold) == 64 {}
      let now = SteadyClock.now
      let present = min(members.count, Int((now - began) / 5_000_000))
      for index in 0..<present {
        members[index].reception.advance(now: now)
        look(index)
      }
    }
  }

  private mutating func hear(_ threshold: UInt64) throws -> Int {
    let now = SteadyClock.now
    var batch: [([UInt8], Int64)] = []
    let count = try socket.receive(timeoutMilliseconds: 0) { bytes, arrival in
      batch.append((bytes.indices.map { bytes[$0] }, arrival))
    }
    for (bytes, arrival) in batch {
      guard let (header, payload) = RTPHeader.parse(bytes.span) else { continue }
      heard.keep(header.sequenceNumber, Array(bytes[payload]))
      for index in members.indices {
        if !members[index].drops(threshold) {
          members[index].reception.datagram(bytes.span, arrival: arrival, now: now)
        }
      }
    }
    return count
  }

  /// Looks at what has come out of one.
  private mutating func look(_ index: Int) {
    var member = members[index]
    member.reception.take { member.gave(out: $0, heard.verdict($0, $1)) }
    members[index] = member
  }

  func report() -> LoadReport {
    LoadReport(members, came: heard.count, kernelDrops: Int(socket.kernelDrops))
  }
}
