import Tape
import TransportStream

/// Makes small tapes without a codec, so that tests of what plays them need neither ffmpeg nor time.
///
/// A packet every 2 ms: PAT and PMT every 80 ms, an SI slot every 90, a TDT every 1,000, a PCR every 20, an access unit every 40.
package struct SyntheticTape {
  /// Milliseconds; whole access units, so a multiple of 40.
  package var milliseconds: Int
  package var isRadio = false
  /// The language that the map gives the audio.
  package var language = "eng"
  /// Every so many datagrams is a random access point; nil: the first one alone.
  package var group: Int?

  package init(milliseconds: Int, isRadio: Bool = false, language: String = "eng", group: Int? = nil) {
    self.milliseconds = milliseconds
    self.isRadio = isRadio
    self.language = language
    self.group = group
  }

  private static let step = Ticks.milliseconds(2)
  /// The first access unit is presented so long after the tape's start.
  package static let leadIn = Ticks.milliseconds(900)

  package var info: TapeInfo {
    TapeInfo(
      duration: .milliseconds(Int64(milliseconds)),
      format: HouseFormat(
        video: isRadio ? nil : .init(codec: "h264"),
        audio: [.init(codec: "aac", profile: "LC", sampleRate: 48_000, channels: 2, language: language)]),
      title: nil, muxRate: 752_000)
  }

  /// Writes the tape to `path` (`….ts`).
  package func write(to path: String) throws {
    var writer = try TapeWriter(path: path)
    var counters: [UInt16: UInt8] = [:]
    var datagram: [UInt8] = []
    var date: Ticks?
    var first = 0
    var number = 0
    let last = milliseconds / 2 - 1
    for index in 0...last {
      let packet = packet(index, counters: &counters)
      if let pcr = TSPacket(packet.span)?.pcr { date = Ticks(Int64(pcr)) }
      datagram += packet
      if datagram.count == TSPacket.perDatagram * TSPacket.size || index == last {
        try writer.append(
          datagram.span, date: date ?? SyntheticTape.step * Int64(first), isRandomAccess: number % (group ?? .max) == 0)
        (datagram, date, first) = ([], nil, index + 1)
        number += 1
      }
    }
    try writer.finish(info)
  }

  private func packet(_ index: Int, counters: inout [UInt16: UInt8]) -> [UInt8] {
    let media = isRadio ? PID.firstAudio : PID.video
    switch index {
    case _ where index % 40 == 0:
      let section = ProgramAssociation.section(transportStreamID: 1, program: 1, mapPID: PID.pmt)
      return table(section, PID.pat, &counters)
    case _ where index % 40 == 1:
      return table(map(clockPID: media), PID.pmt, &counters)
    case _ where index % 45 == 5:
      let section = ServiceDescription.section(
        transportStreamID: 1, service: 1, kind: .television, provider: "", name: "")
      return table(section, PID.sdt, &counters)
    case _ where index % 500 == 6:
      var packet = TimeAndDate.packet()
      count(&packet, PID.tdt, &counters)
      return packet
    case _ where index % 10 == 2:
      let unit = index / 20
      return self.media(media, date: SyntheticTape.step * Int64(index), unit: index % 20 == 2 ? unit : nil, &counters)
    default:
      return self.media(isRadio || index % 3 == 0 ? PID.firstAudio : media, date: nil, unit: nil, &counters)
    }
  }

  package func map(clockPID: UInt16) -> Section {
    func pid(_ value: UInt16) -> [UInt8] { [0xE0 | UInt8(value >> 8), UInt8(value & 0xFF)] }
    let video = isRadio ? [] : [0x1B] + pid(PID.video) + [0xF0, 0x00]
    let audio = [0x0F] + pid(PID.firstAudio) + [0xF0, 0x06, 0x0A, 0x04] + Array(language.utf8.prefix(3)) + [0x00]
    return Section(tableID: 2, identifier: 1, version: 0, body: pid(clockPID) + [0xF0, 0x00] + video + audio)
  }

  private func table(_ section: Section, _ pid: UInt16, _ counters: inout [UInt16: UInt8]) -> [UInt8] {
    var packet = section.packet(pid: pid) ?? []
    count(&packet, pid, &counters)
    return packet
  }

  /// A packet of media: with a PCR where there is a `date`, with a PES header where an access `unit` begins.
  private func media(
    _ pid: UInt16, date: Ticks?, unit: Int?, _ counters: inout [UInt16: UInt8]
  ) -> [UInt8] {
    var packet: [UInt8] = [TSPacket.syncByte, UInt8(pid >> 8) | (unit == nil ? 0 : 0x40), UInt8(pid & 0xFF)]
    if let date {
      packet += [0x30, 0x07, unit == 0 ? 0x50 : 0x10, 0, 0, 0, 0, 0, 0]
      var span = packet.mutableSpan
      ClockReference.write(date.pcr, to: &span, at: 6)
    } else {
      packet += [0x10]
    }
    if let unit {
      let dts = SyntheticTape.leadIn + .milliseconds(40 * Int64(unit))
      packet += [0, 0, 1, isRadio ? 0xC0 : 0xE0, 0, 0, 0x80, 0xC0, 0x0A, 0x30, 0, 0, 0, 0, 0x10, 0, 0, 0, 0]
      let at = packet.count
      var span = packet.mutableSpan
      TimeStamp.write((dts + .milliseconds(80)).timestamp, to: &span, at: at - 10)
      TimeStamp.write(dts.timestamp, to: &span, at: at - 5)
    }
    packet += (packet.count..<TSPacket.size).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ (unit ?? 3)) }
    count(&packet, pid, &counters)
    return packet
  }

  private func count(_ packet: inout [UInt8], _ pid: UInt16, _ counters: inout [UInt16: UInt8]) {
    var span = packet.mutableSpan
    TSPacket.setContinuityCounter(counters[pid, default: 0], in: &span, at: 0)
    counters[pid, default: 0] += 1
    counters[pid]? &= 0x0F
  }
}
