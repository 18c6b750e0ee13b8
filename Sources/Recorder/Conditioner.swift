import TransportStream

/// Makes dated datagrams out of a constant-rate multiplex: the muxer's media keep their place, its null packets, tables
/// and clocks go, and tables and clocks of the house stand where a receiver that tunes in needs them.
///
/// Packet i of what comes out leaves when its eleventh byte does, (i * 188 + 11) * 8 / rate seconds after the start,
/// and that is what a PCR in it must say (ISO/IEC 13818-1 §2.4.2.2). What is put in between moves the packets behind it
/// back, until as many packets that carry nothing have been left out.
///
/// A receiver knows what the streams are when it has seen PAT and PMT, and when to show them once it has seen a PCR: so
/// PAT, PMT and SI slot always stand in a row, and no packet of media without a PCR follows before one with. Access units
/// that begin between a receiver's first PMT and its first PCR have no date for it: GStreamer's tsdemux, whatever the
/// sender, then says "Not enough information to calculate proper timestamp". That the PCR comes 20 ms later is not enough:
/// with tables and clocks each at their own pace, three to four tune-ins of a hundred met it.
struct Conditioner: ~Copyable {
  /// Tables come at least this often while there is a picture: 100 ms are allowed (ETSI TR 101 290, 1.3 and 1.5).
  static let tablePeriod = Ticks.milliseconds(70)
  /// On the radio each PES packet brings some, after 80 ms at most: these are for pauses.
  static let radioTablePeriod = Ticks.milliseconds(85)
  /// Access units that come closer together than this are not each made a way in.
  static let accessPeriod = Ticks.milliseconds(30)
  /// Three of these are longer than a PES packet of sound, so that two clocks and its own are enough for the radio.
  static let clockPeriod = Ticks.milliseconds(28)
  /// The muxer's clocks are left out that come sooner after another: each costs a sender that is precise about it a wake-up,
  /// and the next one comes early enough, 10 ms later, in a packet that is there anyway.
  static let leastClockPeriod = Ticks.milliseconds(20)
  /// A clock goes before tables rather than after them when it would be this late: 40 ms are allowed (1.4 there).
  static let latestClock = Ticks.milliseconds(37)
  /// 30 s are allowed (EN 300 468 §5.1.4, ETSI TR 101 211 §4.4).
  static let timePeriod = Ticks.seconds(10)

  let rate: Int
  let duration: Ticks
  /// Null packets stay: the stream has the same rate at every moment.
  let keepsNulls: Bool
  /// The stream whose access units make random access points: pictures if there are any, else the first sound. It
  /// carries the clock.
  let accessPID: UInt16

  private var tables: TapeTables
  private var row = DatagramRow()
  /// Of the packet that leaves next, from 0.
  private var slot: Int64 = 0
  /// Packets that were put in and not yet made up for by leaving out others.
  private var owed = 0
  private var hasBegun = false
  private var lastTables = Ticks.zero
  private var lastAccess: Ticks?
  private var lastClock = Ticks.zero
  private var lastTime: Ticks?

  init(rate: Int, duration: Ticks, keepsNulls: Bool, accessPID: UInt16) {
    self.accessPID = accessPID
    self.rate = rate
    self.duration = duration
    self.keepsNulls = keepsNulls
    tables = TapeTables(clockPID: accessPID)
  }

  /// When packet `index` of a multiplex of `rate` bit/s leaves, from the start, rounded to the nearest tick.
  static func date(of index: Int64, rate: Int) -> Ticks {
    let bits = (index * 188 + 11) * 8
    let (seconds, rest) = bits.quotientAndRemainder(dividingBy: Int64(rate))
    return Ticks(seconds * Ticks.perSecond + (rest * Ticks.perSecond + Int64(rate) / 2) / Int64(rate))
  }

  /// The date of the next packet that leaves.
  var now: Ticks { Conditioner.date(of: slot, rate: rate) }

  /// Takes the multiplex's next packets; the datagrams that are complete are there for `take` then.
  mutating func append(_ packets: Span<UInt8>) throws(RecorderError) {
    for offset in stride(from: 0, to: packets.count - packets.count % TSPacket.size, by: TSPacket.size) {
      guard let header = TSPacket(packets, at: offset) else {
        throw RecorderError(.internal, "the muxer wrote a packet without a valid header")
      }
      tables.note(header.pid, packets, at: offset)
      let isMedia = header.hasPayload && header.pid != PID.null && !TapeTables.isTable(header.pid)
      // The muxer's first packets are its tables: the tape's own take their place.
      guard hasBegun || isMedia else {
        owed -= 1
        continue
      }
      hasBegun = true
      let needsClock = try putInFront(of: header)
      if isMedia {
        // A random access point has one (§2.4.3.5).
        if !needsClock, !header.randomAccess, now - lastClock < Conditioner.leastClockPeriod {
          try sendWithoutClock(header, packets, at: offset)
        } else {
          send(header, packets, at: offset)
        }
        if header.pid == accessPID { tables.counter = header.continuityCounter }
      } else if owed > 0 {
        owed -= 1
      } else if keepsNulls {
        sendNull()
      } else {
        slot += 1
      }
    }
  }

  /// Completes the last datagram.
  mutating func finish() { row.close() }

  /// Gives away the datagrams that are complete.
  mutating func take() -> [DatagramRow.Datagram] { row.take() }

  // MARK: Tables and clocks

  /// Puts in what has to stand before a packet of the multiplex; returns whether the packet's own clock, if it has one, has to
  /// stay.
  private mutating func putInFront(of header: TSPacket) throws(RecorderError) -> Bool {
    let isAccess = header.pid == accessPID && header.payloadUnitStart && header.randomAccess
    let begins = isAccess && lastAccess.map { now - $0 >= Conditioner.accessPeriod } ?? true
    let period = accessPID == PID.video ? Conditioner.tablePeriod : Conditioner.radioTablePeriod
    let needsTables = begins || slot == 0 || now - lastTables >= period
    if needsTables {
      let end = Conditioner.date(of: slot + 4, rate: rate)
      if end - lastClock > Conditioner.latestClock { try putClock() }
      try putTables(begins: begins)
    }
    if header.pcr == nil || !header.hasPayload, needsTables || now - lastClock >= Conditioner.clockPeriod {
      try putClock()
      return false
    }
    return needsTables
  }

  private mutating func putTables(begins: Bool) throws(RecorderError) {
    lastTables = now
    if begins { lastAccess = now }
    let withTime = lastTime.map { now - $0 >= Conditioner.timePeriod } ?? true
    if withTime { lastTime = now }
    for (index, table) in try tables.next(withTime: withTime).enumerated() {
      try put(table, begins: begins && index == 0)
    }
  }

  private mutating func putClock() throws(RecorderError) { try put(tables.clock()) }

  private mutating func put(_ packet: [UInt8], begins: Bool = false) throws(RecorderError) {
    guard let header = TSPacket(packet.span) else {
      throw RecorderError(.internal, "a packet of the tape's own has no valid header")
    }
    owed += 1
    send(header, packet.span, at: 0, begins: begins)
  }

  // MARK: Packets

  private mutating func send(_ header: TSPacket, _ bytes: Span<UInt8>, at offset: Int, begins: Bool = false) {
    // What would leave after the programme's end is dropped.
    guard now < duration else { return }
    if header.pcr != nil { lastClock = now }
    row.append(header, bytes, at: offset, now, begins: begins)
    slot += 1
  }

  /// Sends a packet with stuffing in place of its PCR, if it has one and nothing else to lose (§2.4.3.5).
  private mutating func sendWithoutClock(
    _ header: TSPacket, _ bytes: Span<UInt8>, at offset: Int
  ) throws(RecorderError) {
    let clockFlag: UInt8 = 0x10
    let furtherFields: UInt8 = 0x0F
    guard let clock = header.pcrOffset, bytes[offset + 5] & furtherFields == 0 else {
      return send(header, bytes, at: offset)
    }
    var plain = (0..<TSPacket.size).map { bytes[offset + $0] }
    plain[5] &= ~clockFlag
    for index in clock..<clock + 6 { plain[index] = 0xFF }
    guard let header = TSPacket(plain.span) else {
      throw RecorderError(.internal, "a packet without its PCR has no valid header")
    }
    send(header, plain.span, at: 0)
  }

  private mutating func sendNull() {
    var packet = [UInt8](repeating: 0, count: TSPacket.size)
    var span = packet.mutableSpan
    TSPacket.writeNull(to: &span, at: 0)
    if let header = TSPacket(packet.span) { send(header, packet.span, at: 0) }
  }
}
