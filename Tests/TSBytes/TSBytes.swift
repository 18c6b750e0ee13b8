import LinuxIO
import Reception
import TransportStream
import Wire

/// Packets made by hand (ISO/IEC 13818-1, 2.4.3.2).
package enum TSBytes {
  /// One packet: `unit` is the payload_unit_start_indicator, `access` the random_access_indicator; `fill` its payload.
  package static func packet(
    _ pid: UInt16, counter: Int, unit: Bool = false, access: Bool = false, payload: Bool = true, fill: UInt8 = 0
  ) -> [UInt8] {
    var bytes: [UInt8] = [0x47, (unit ? 0x40 : 0) | UInt8(pid >> 8), UInt8(pid & 0xFF), UInt8(counter & 15)]
    if payload { bytes[3] |= 0x10 }
    if access || !payload {
      bytes[3] |= 0x20
      let length: UInt8 = payload ? 1 : 183
      bytes += [length, access ? 0x40 : 0x00]
    }
    return bytes + [UInt8](repeating: fill, count: 188 - bytes.count)
  }

  /// What a packet says, for comparison: PID, counter, and the first byte of its fill.
  package static func summary(_ stream: [UInt8]) -> [String] {
    stride(from: 0, to: stream.count - 187, by: 188).map { at in
      let pid = UInt16(stream[at + 1] & 0x1F) << 8 | UInt16(stream[at + 2])
      return "\(pid):\(stream[at + 3] & 15):\(stream[at + 187])"
    }
  }

  /// Every place where a continuity counter does not follow.
  package static func continuityErrors(_ stream: [UInt8]) -> [String] {
    var last: [UInt16: UInt8] = [:]
    var errors: [String] = []
    for at in stride(from: 0, to: stream.count - 187, by: 188) {
      let pid = UInt16(stream[at + 1] & 0x1F) << 8 | UInt16(stream[at + 2])
      let counter = stream[at + 3] & 15
      let step: UInt8 = stream[at + 3] & 0x10 == 0 ? 0 : 1
      if let before = last[pid], (before + step) & 15 != counter { errors.append("\(pid): \(before) then \(counter)") }
      last[pid] = counter
    }
    return errors
  }

  package static func tuning(
    _ number: Int = 1, name: String = "Harbour One", radio: Bool = false, encapsulation: Encapsulation = .rtp,
    codec: String = "h264", group: String = "239.255.66.1", port: Int = 5004, interface: NetworkInterface? = nil
  ) -> Tuning {
    let station = StationSummary(
      number: number, name: name, state: .onAir, group: group, port: port, encapsulation: encapsulation,
      bitrate: 1_000_000, radio: radio)
    return Tuning(
      .init(
        station: station, ssrc: UInt32(number), pmt: 0x1000,
        video: radio ? nil : ElementaryStream(pid: 0x100, codec: codec),
        audio: [ElementaryStream(pid: 0x101, codec: "aac", language: "eng")]), interface: interface)
  }

  /// An RTP packet of a station.
  package static func rtp(_ sequence: UInt16, _ payload: [UInt8], ssrc: UInt32 = 1) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: 12)
    var span = bytes.mutableSpan
    RTPHeader(sequenceNumber: sequence, timestamp: 0, ssrc: ssrc).write(into: &span)
    return bytes + payload
  }
}

/// A small seeded generator (SplitMix64), so that a failure can be had again.
package struct SplitMix: RandomNumberGenerator {
  package var state: UInt64

  package init(state: UInt64) { self.state = state }

  package mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
