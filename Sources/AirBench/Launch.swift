import LinuxIO

/// Watches the receiver's end of the cable until every station has been seen there.
struct Launch: ~Copyable {
  private var tap: PacketTap
  private let stations: Int

  /// To be made before the senders are started.
  init(stations: Int, _ lab: borrowing Lab) throws {
    tap = try lab.onReceiver { try PacketTap(interface: try NetworkInterface(Lab.receiver)) }
    self.stations = stations
  }

  /// Waits for each station's first datagram.
  ///
  /// - Parameters:
  ///   - start: when the first sender was started, Unix nanoseconds.
  ///   - air: asked now and then whether anything has gone wrong.
  /// - Returns: seconds from then to the first datagram of the last station, by the kernel's receive dates.
  consuming func wait(from start: Int64, seconds: Double, _ air: some Air, _ stop: Stop) throws -> Double {
    let end = SteadyClock.now + Int64(seconds * 1e9)
    var asked = SteadyClock.now
    var seen = [Bool](repeating: false, count: stations)
    var (missing, last): (Int, Int64) = (stations, start)
    while missing > 0 {
      _ = try tap.receive(timeoutMilliseconds: 20) { group, arrival in
        let station = Int(group) - Int(Lab.firstGroup)
        guard seen.indices.contains(station), !seen[station] else { return }
        seen[station] = true
        missing -= 1
        last = max(last, arrival)
      }
      guard SteadyClock.now - asked > 100_000_000 else { continue }
      asked = SteadyClock.now
      try stop.check()
      guard asked < end else {
        throw ToolError(
          description: "\(missing) of \(stations) stations were not on the air within \(Int(seconds)) s"
            + (air.fault.map { ": \($0)" } ?? ""))
      }
    }
    return Double(last - start) / 1e9
  }
}
