import TransportStream

/// Makes dated datagrams out of a constant-rate multiplex: null packets go, all others keep their exact date.
///
/// Packet i of the multiplex leaves when its eleventh byte does, (i * 188 + 11) * 8 / rate seconds after the start,
/// and that is what a PCR in it must say (ISO/IEC 13818-1 §2.4.2.2). A datagram is dated by the PCR it carries, else by
/// its first packet.
struct Conditioner: ~Copyable {
  /// A datagram on its way to the tape.
  struct Datagram {
    var bytes: [UInt8] = []
    var date = Ticks.zero
    var isRandomAccess = false
  }

  /// The latest and the earliest packet of a datagram lie no further apart than this.
  static let longestDatagram = Ticks.milliseconds(40)

  let rate: Int
  let duration: Ticks
  /// Null packets stay: the stream has the same rate at every moment.
  let keepsNulls: Bool
  /// The stream whose access units make random access points: pictures if there are any, else the first sound.
  let accessPID: UInt16

  /// Complete datagrams, in order, for `take` to give away.
  private var ready: [Datagram] = []

  private var packetCount: Int64 = 0
  private var held: [Held] = []
  private var isOpening = true
  private var datagram = Datagram()
  private var firstDate = Ticks.zero
  private var hasClock = false

  /// A packet that waits for what follows: whether its PAT begins a random access point.
  private struct Held {
    let header: TSPacket
    var date: Ticks
    let bytes: [UInt8]

    init(_ header: TSPacket, _ packets: Span<UInt8>, at offset: Int, _ date: Ticks) {
      self.header = header
      self.date = date
      var bytes: [UInt8] = []
      bytes.reserveCapacity(TSPacket.size)
      for index in offset..<offset + TSPacket.size { bytes.append(packets[index]) }
      self.bytes = bytes
    }
  }

  init(rate: Int, duration: Ticks, keepsNulls: Bool, accessPID: UInt16) {
    self.accessPID = accessPID
    self.rate = rate
    self.duration = duration
    self.keepsNulls = keepsNulls
  }

  /// When packet `index` of a multiplex of `rate` bit/s leaves, from the start, rounded to the nearest tick.
  static func date(of index: Int64, rate: Int) -> Ticks {
    let bits = (index * 188 + 11) * 8
    let (seconds, rest) = bits.quotientAndRemainder(dividingBy: Int64(rate))
    return Ticks(seconds * Ticks.perSecond + (rest * Ticks.perSecond + Int64(rate) / 2) / Int64(rate))
  }

  /// The date of the next packet that comes in.
  var now: Ticks { Conditioner.date(of: packetCount, rate: rate) }

  /// Takes the multiplex's next packets; the datagrams that are complete are there for `take` then.
  mutating func append(_ packets: Span<UInt8>) throws(RecorderError) {
    for offset in stride(from: 0, to: packets.count - packets.count % TSPacket.size, by: TSPacket.size) {
      let date = now
      packetCount += 1
      guard date < duration else { return }
      guard let header = TSPacket(packets, at: offset) else {
        throw RecorderError(.internal, "the muxer wrote a packet without a valid header")
      }
      if header.pid == PID.null, !keepsNulls { continue }
      take(header, packets, at: offset, date)
    }
  }

  /// Completes the last datagram.
  mutating func finish() {
    release(isRandomAccess: false)
    close()
  }

  /// Gives away the datagrams that are complete.
  mutating func take() -> [Datagram] {
    defer { ready.removeAll(keepingCapacity: true) }
    return ready
  }

  // MARK: Random access points

  /// A PAT and a PMT begin a random access point if nothing but tables and clocks stands between them and the start of
  /// an access unit that decoding can begin with.
  private mutating func take(_ header: TSPacket, _ bytes: Span<UInt8>, at offset: Int, _ date: Ticks) {
    let pid = header.pid
    if isOpening {
      // The tape begins with the PAT: the muxer's first packet, an SDT, changes places with the tables behind it.
      held.append(Held(header, bytes, at: offset, date))
      if pid == PID.pmt {
        isOpening = false
        let dates = held.map(\.date)
        held.sort { Conditioner.rank($0) < Conditioner.rank($1) }
        for index in held.indices { held[index].date = dates[index] }
      }
    } else if pid == PID.pat {
      release(isRandomAccess: false)
      held.append(Held(header, bytes, at: offset, date))
    } else if held.isEmpty {
      group(header, bytes, at: offset, date, begins: false)
    } else {
      held.append(Held(header, bytes, at: offset, date))
      let isTable = pid == PID.pmt || pid == PID.sdt || pid == PID.null || !header.hasPayload
      if !isTable {
        let begins = pid == accessPID && header.payloadUnitStart && header.randomAccess
        release(isRandomAccess: begins && held.contains { $0.header.pid == PID.pmt })
      }
    }
  }

  private static func rank(_ packet: Held) -> Int {
    switch packet.header.pid {
    case PID.pat: 0
    case PID.pmt: 1
    default: 2
    }
  }

  private mutating func release(isRandomAccess: Bool) {
    for (index, packet) in held.enumerated() {
      group(packet.header, packet.bytes.span, at: 0, packet.date, begins: isRandomAccess && index == 0)
    }
    held.removeAll(keepingCapacity: true)
  }

  // MARK: Datagrams

  private mutating func group(
    _ header: TSPacket, _ bytes: Span<UInt8>, at offset: Int, _ date: Ticks, begins: Bool
  ) {
    let isFull = datagram.bytes.count >= TSPacket.perDatagram * TSPacket.size
    let isLong = date - firstDate > Conditioner.longestDatagram
    // Tables keep their own date, which their period counts by, unless a clock follows close behind.
    let isTable = header.pid == PID.pat
    if isTable || isFull || isLong || (header.pcr != nil && hasClock) { close() }
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

  private mutating func close() {
    if !datagram.bytes.isEmpty { ready.append(datagram) }
    datagram = Datagram()
    hasClock = false
  }
}
