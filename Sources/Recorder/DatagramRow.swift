import TransportStream

/// Dated packets in, dated datagrams out: at most seven packets, one clock and 40 ms in each, tables at the front.
struct DatagramRow: Sendable {
  /// A datagram on its way to the tape.
  struct Datagram: Sendable {
    var bytes: [UInt8] = []
    /// That of the PCR it carries, else that of its first packet.
    var date = Ticks.zero
    var isRandomAccess = false
  }

  /// The latest and the earliest packet of a datagram lie no further apart than this.
  static let longest = Ticks.milliseconds(40)

  private var ready: [Datagram] = []
  private var datagram = Datagram()
  private var firstDate = Ticks.zero
  private var hasClock = false

  /// Takes the next packet, which leaves at `date`; its PCR, if it has one, is made to say so.
  ///
  /// - Parameter begins: decoding may begin with this packet, which is a PAT.
  mutating func append(_ header: TSPacket, _ bytes: Span<UInt8>, at offset: Int, _ date: Ticks, begins: Bool = false) {
    let isFull = datagram.bytes.count >= TSPacket.perDatagram * TSPacket.size
    let isLong = date - firstDate > DatagramRow.longest
    // A PAT begins a datagram: whoever tunes in has all tables before anything else of it.
    if header.pid == PID.pat || isFull || isLong || (header.pcr != nil && hasClock) { close() }
    if datagram.bytes.isEmpty {
      datagram.bytes.reserveCapacity(TSPacket.perDatagram * TSPacket.size)
      (datagram.date, firstDate) = (date, date)
      datagram.isRandomAccess = begins
    }
    let start = datagram.bytes.count
    for index in offset..<offset + TSPacket.size { datagram.bytes.append(bytes[index]) }
    // The muxer's own clock runs alike, but does not begin at 0.
    if let field = header.pcrOffset {
      var span = datagram.bytes.mutableSpan
      ClockReference.write(date.pcr, to: &span, at: start + field)
      (datagram.date, hasClock) = (date, true)
    }
  }

  /// Completes the datagram that is under way.
  mutating func close() {
    if !datagram.bytes.isEmpty { ready.append(datagram) }
    datagram = Datagram()
    hasClock = false
  }

  /// Gives away the datagrams that are complete.
  mutating func take() -> [Datagram] {
    defer { ready.removeAll(keepingCapacity: true) }
    return ready
  }
}
