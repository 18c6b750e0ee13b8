import LibAV
import Tape
import TransportStream

/// The second pass: muxes the spooled programme at a constant rate, conditions it and writes the tape.
struct TapeMaker {
  let path: String
  let info: TapeInfo
  let packets: [ElementaryPacket]
  /// Whether stream 0 is a picture.
  let hasVideo: Bool
  /// Bit/s that the operator asks for; nil finds the smallest that serves, and drops the null packets.
  let bitrate: Int?

  /// Writes the tape; returns the multiplex's rate in bit/s.
  func make(
    _ spool: borrowing Spool, streams: [StreamParameters], progress: Progress
  ) throws(RecorderError) -> Int {
    let duration = info.duration.count / 300
    let found = MuxRate.search(packets, duration: duration)
    if let bitrate {
      if let fault = try attempt(bitrate, spool, streams, progress) {
        throw RecorderError(
          .badMedia,
          "\(bitrate) bit/s is too little (\(fault)); ask for about \((found ?? bitrate) / 10_000 * 10_500)")
      }
      return bitrate
    }
    guard var rate = found else {
      throw RecorderError(.badMedia, "it needs more than \(MuxRate.highest) bit/s")
    }
    // The model leaves out little: a few steps of three percent are enough, or something else is wrong.
    var fault: String?
    for _ in 0..<24 {
      fault = try attempt(rate, spool, streams, progress)
      guard fault != nil else { return rate }
      rate += rate / 32
    }
    throw RecorderError(.internal, "\(path): at \(rate) bit/s \(fault ?? "")")
  }

  /// Muxes once; returns what is wrong with the result, and keeps it only when that is nothing.
  private func attempt(
    _ rate: Int, _ spool: borrowing Spool, _ streams: [StreamParameters], _ progress: Progress
  ) throws(RecorderError) -> String? {
    do {
      return try mux(rate, spool, streams, progress)
    } catch {
      throw RecorderError(wrapping: error)
    }
  }

  private func mux(
    _ rate: Int, _ spool: borrowing Spool, _ streams: [StreamParameters], _ progress: Progress
  ) throws -> String? {
    // The muxer's clock begins at the first DTS, not at 0; it sends a packet when that clock is `leadIn` from its DTS.
    let leadIn = HouseTime.lead - (packets.first?.dts ?? 0)
    // The PCRs that the muxer puts into packets of media cost nothing, and the conditioner takes those that it likes; where
    // there are none, it has its own.
    var muxer = try TSMuxer(
      TSMuxer.Settings(
        rate: rate, leadIn: Int(max(0, leadIn) * 100 / 9), pcrPeriod: 10, pmtPID: PID.pmt))
    for (index, stream) in streams.enumerated() {
      let pid = hasVideo ? PID.video + UInt16(index) : PID.firstAudio + UInt16(index)
      try muxer.add(stream.codec, pid: pid, language: stream.language)
    }
    try muxer.start()

    var conditioner = Conditioner(
      rate: rate, duration: info.duration, keepsNulls: bitrate != nil,
      accessPID: hasVideo ? PID.video : PID.firstAudio)
    var check = TapeCheck(duration: info.duration)
    var writer = try TapeWriter(path: path)
    var bytes: [UInt8] = []
    for (index, packet) in packets.enumerated() {
      try spool.read(packet.payloads, into: &bytes)
      try muxer.write(
        bytes.span, stream: packet.stream, pts: packet.pts, dts: packet.dts, isKey: packet.isKey)
      try muxer.drain { (written: Span<UInt8>) throws(RecorderError) in try conditioner.append(written) }
      try keep(conditioner.take(), &check, &writer)
      if index % 512 == 0 { progress.muxed(Double(index) / Double(packets.count)) }
    }
    guard conditioner.now < info.duration else { return "the last access unit leaves after the programme's end" }
    // One packet that is due after the end makes the muxer fill up to there, with room for clocks and tables.
    let after = info.duration.count / 300 + HouseTime.lead + HouseTime.audioPacket
    let filler: [UInt8] = [0xFF, 0xF1, 0, 0, 0, 0, 0, 0]
    try muxer.write(filler.span, stream: streams.count - 1, pts: after, dts: after, isKey: false)
    try muxer.drain { (written: Span<UInt8>) throws(RecorderError) in try conditioner.append(written) }
    conditioner.finish()
    try keep(conditioner.take(), &check, &writer)
    if let fault = check.fault() { return fault }
    progress.complete()
    var info = info
    info.muxRate = rate
    try writer.finish(info)
    return nil
  }

  private func keep(
    _ datagrams: [DatagramRow.Datagram], _ check: inout TapeCheck, _ writer: inout TapeWriter
  ) throws {
    for datagram in datagrams {
      check.note(datagram.bytes.span, date: datagram.date)
      try writer.append(datagram.bytes.span, date: datagram.date, isRandomAccess: datagram.isRandomAccess)
    }
  }
}
