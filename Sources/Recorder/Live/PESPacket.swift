import TransportStream

/// An access unit, or some audio frames, to be sent now: times of the air, 90 kHz since the Unix epoch, not wrapped.
struct PESPacket: Sendable {
  let pid: UInt16
  /// 0xE0 pictures, 0xC0 MPEG sound, 0xBD the other kinds (ISO/IEC 13818-1 table 2-22).
  let streamID: UInt8
  let pts: Int64
  let dts: Int64
  /// Decoding can begin here.
  let isKey: Bool
  let bytes: [UInt8]

  init(pid: UInt16, streamID: UInt8, pts: Int64, dts: Int64, isKey: Bool, bytes: [UInt8]) {
    self.pid = pid
    self.streamID = streamID
    self.pts = pts
    self.dts = dts
    self.isKey = isKey
    self.bytes = bytes
  }

  /// The header (§2.4.3.6):
  ///
  ///     00 00 01 stream_id | packet length(16), 0 for pictures | 10 00 0100 (aligned) | PTS_DTS flags … |
  ///     header length(8) | PTS(40) | DTS(40), where it differs
  var header: [UInt8] {
    let hasDTS = dts != pts
    let fields = hasDTS ? 10 : 5
    let length = 3 + fields + bytes.count
    let isBounded = streamID & 0xF0 != 0xE0 && length <= 0xFFFF
    var header: [UInt8] = [0, 0, 1, streamID]
    header += isBounded ? [UInt8(length >> 8), UInt8(length & 0xFF)] : [0, 0]
    header += [0x84, hasDTS ? 0xC0 : 0x80, UInt8(fields)]
    header += [UInt8](repeating: 0, count: fields)
    header[9] = hasDTS ? 0x30 : 0x20
    if hasDTS { header[14] = 0x10 }
    var span = header.mutableSpan
    TimeStamp.write(UInt64(bitPattern: pts), to: &span, at: 9)
    if hasDTS { TimeStamp.write(UInt64(bitPattern: dts), to: &span, at: 14) }
    return header
  }

  /// The transport packets that carry it, to be appended to `packets`; its first one has room for a clock reference where
  /// `withClock`, still zero.
  ///
  /// - Parameter counter: the continuity counter of the first one; moved on past the last.
  func packetize(withClock: Bool, counter: inout UInt8, into packets: inout [UInt8]) {
    let header = header
    let total = header.count + bytes.count
    var done = 0
    while done < total {
      // Before the payload: the fields of the first packet, and what fills up the last.
      var adaptation: [UInt8] = []
      if done == 0, withClock || isKey {
        adaptation = [(isKey ? 0x40 : 0) | (withClock ? 0x10 : 0)] + (withClock ? [UInt8](repeating: 0, count: 6) : [])
      }
      let room = TSPacket.size - 4 - (adaptation.isEmpty ? 0 : 1 + adaptation.count)
      let count = min(room, total - done)
      let stuffing = room - count
      packets.append(TSPacket.syncByte)
      packets.append((done == 0 ? 0x40 : 0) | UInt8(pid >> 8))
      packets.append(UInt8(pid & 0xFF))
      let hasAdaptation = !adaptation.isEmpty || stuffing > 0
      packets.append((hasAdaptation ? 0x30 : 0x10) | counter & 0x0F)
      if hasAdaptation {
        let isNew = adaptation.isEmpty
        // One byte of stuffing is a field of no length; more has flags first (§2.4.3.5).
        if isNew, stuffing > 1 { adaptation = [0] }
        let length = adaptation.count + (isNew ? max(0, stuffing - 2) : stuffing)
        packets.append(UInt8(length))
        packets += adaptation
        packets.append(contentsOf: repeatElement(0xFF, count: length - adaptation.count))
      }
      let fromHeader = max(0, min(count, header.count - done))
      if fromHeader > 0 { packets += header[done..<done + fromHeader] }
      let start = max(0, done - header.count)
      packets += bytes[start..<start + count - fromHeader]
      counter &+= 1
      done += count
    }
  }
}
