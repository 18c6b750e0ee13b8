import LinuxIO
import TransportStream
import Wire

/// How a station's packets are wrapped.
package enum Encapsulation: String, Codable, CaseIterable, Sendable {
  case rtp, udp
}

/// One group listened to: everything known of it.
package final class StationWatch {
  let group: String
  let port: UInt16
  let encapsulation: Encapsulation
  private var receiver: MulticastReceiver
  private var stream = StreamChecker()
  private var sequence = SequenceCheck()
  package private(set) var log: ArrivalLog

  /// Joins the group.
  ///
  /// - Parameters:
  ///   - seconds: how long it is going to be listened to, so that room is made.
  ///   - receiveBuffer: bytes the kernel should hold for us between two calls of `listen`.
  /// - Throws: when the kernel refuses.
  package init(
    group: String, port: UInt16, interface: NetworkInterface?, encapsulation: Encapsulation, seconds: Double,
    receiveBuffer: Int = 8 << 20
  ) throws(SystemError) {
    (self.group, self.port, self.encapsulation) = (group, port, encapsulation)
    // About 20 Mb/s, and a megabyte at most for a start.
    log = ArrivalLog(expecting: min(Int(seconds * 2_000), 131_072))
    receiver = try MulticastReceiver(group: group, port: port, interface: interface, receiveBuffer: receiveBuffer)
  }

  /// Takes in what has come; waits at most so long for it.
  ///
  /// - Parameter end: Unix nanoseconds; what arrived later is left out.
  /// - Returns: how many datagrams, with those left out.
  package func listen(timeoutMilliseconds: Int, until end: Int64 = .max) throws(SystemError) -> Int {
    try receiver.receive(timeoutMilliseconds: timeoutMilliseconds) { datagram, arrival in
      if arrival <= end { take(datagram, arrival: arrival) }
    }
  }

  private func take(_ datagram: Span<UInt8>, arrival: Int64) {
    guard encapsulation == .rtp else {
      log.take(arrival: arrival, pcr: stream.check(datagram, arrival: Ticks(nanoseconds: arrival)))
      return
    }
    guard let (header, payload) = RTPHeader.parse(datagram) else {
      sequence.takeMalformed()
      return
    }
    let pcr = stream.check(datagram.extracting(payload), arrival: Ticks(nanoseconds: arrival))
    sequence.take(header, pcr: pcr, at: Double(arrival) / 1e9)
    log.take(arrival: arrival, pcr: pcr)
  }

  /// - Parameter end: when listening ended, Unix nanoseconds: a silence may last until then.
  package func report(until end: Int64) -> StationReport {
    let silence = log.longestSilence(until: end)
    let rtp = encapsulation == .rtp ? RTPReport(sequence) : nil
    let stream = stream.report()
    let drops = receiver.kernelDrops
    return StationReport(
      group: group, port: port, datagrams: log.arrivals.count, kernelDrops: drops,
      firstArrival: log.arrivals.first.map { Double($0) / 1e9 },
      lastArrival: log.arrivals.last.map { Double($0) / 1e9 },
      rtp: rtp, pace: Pace(log.lateness), bursts: Bursts(log.arrivals),
      longestSilence: silence.map { Double($0.length) / 1e6 },
      longestSilenceAfter: silence.map { Double($0.after) / 1e9 },
      stream: stream,
      faults: (drops > 0 ? ["\(drops) dropped by this machine's kernel"] : []) + (rtp?.faults ?? []) + stream.faults)
  }
}
