/// Bitrate and loss of the last minutes, a value for each second, as they follow from what a session says of itself.
struct History: Sendable {
  /// How much is remembered, in seconds: more than the widest terminal shows.
  static let capacity = 1200

  /// bit/s of transport stream.
  private(set) var bitrate: [Double] = []
  /// Datagrams lost in each second.
  private(set) var lost: [Double] = []

  private var second: Int64?
  private var lostBefore: UInt64 = 0
  private var station: Int?

  /// Takes what a session says; nil when there is none.
  ///
  /// - Parameter now: steady nanoseconds.
  mutating func take(_ status: SessionStatus?, now: Int64) {
    let this = now / 1_000_000_000
    guard let last = second else {
      note(status)
      second = this
      return
    }
    guard this > last else { return }
    // Seconds in which nobody answered are gaps.
    for _ in 0..<min(this - last - 1, Int64(Self.capacity)) { append(0, 0) }
    second = this
    guard let status else { return append(0, 0) }
    // Counts begin anew with another station, or another session.
    let isSame = status.station.number == station && status.lost >= lostBefore
    append(Double(status.bitrate), Double(status.lost - (isSame ? lostBefore : 0)))
    note(status)
  }

  private mutating func note(_ status: SessionStatus?) {
    station = status?.station.number
    lostBefore = status?.lost ?? 0
  }

  private mutating func append(_ bits: Double, _ losses: Double) {
    bitrate.append(bits)
    lost.append(losses)
    if bitrate.count > Self.capacity {
      bitrate.removeFirst()
      lost.removeFirst()
    }
  }
}
