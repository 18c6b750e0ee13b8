import TSBytes
import Testing
import TransportStream
import Wire

@testable import Reception

/// A station of two streams by hand: at every second a random access point, with PAT and PMT before it.
struct RecordingTests {
  static let pat: UInt16 = 0
  static let pmt: UInt16 = 0x1000
  static let video: UInt16 = 0x100
  static let audio: UInt16 = 0x101

  /// A packet that starts a PES packet with a PTS, and with a PCR where there is one (90 kHz both).
  static func start(_ pid: UInt16, counter: Int, pts: UInt64, pcr: UInt64? = nil, access: Bool = false) -> [UInt8] {
    var bytes: [UInt8] = [0x47, 0x40 | UInt8(pid >> 8), UInt8(pid & 0xFF), 0x30 | UInt8(counter & 15)]
    let flags: UInt8 = (access ? 0x40 : 0) | (pcr != nil ? 0x10 : 0)
    bytes += pcr == nil ? [1, flags] : [7, flags, 0, 0, 0, 0, 0, 0]
    bytes += [0, 0, 1, 0xE0, 0, 0, 0x80, 0x80, 5, 0x21, 0, 1, 0, 1]
    bytes += [UInt8](repeating: 0xAA, count: 188 - bytes.count)
    var span = bytes.mutableSpan
    if let pcr { ClockReference.write(pcr * 300 + 7, to: &span, at: 6) }
    TimeStamp.write(pts, to: &span, at: (pcr == nil ? 6 : 12) + 9)
    return bytes
  }

  /// The file that comes of datagrams with their dates.
  static func file(
    _ datagrams: [(date: Int64, bytes: [UInt8])], until end: Int64? = nil, ending: Recording.End? = nil,
    radio: Bool = false, finishAfter: Int? = nil
  ) -> (bytes: [UInt8], isOver: Bool, length: Int64) {
    var recording = Recording(TSBytes.tuning(radio: radio), until: ending ?? end.map { .at($0) } ?? .never)
    var file: [UInt8] = []
    for (index, datagram) in datagrams.enumerated() {
      recording.accept(datagram.bytes.span, date: datagram.date)
      recording.drain { (span: Span<UInt8>) throws(Never) in
        for index in 0..<span.count { file.append(span[index]) }
        return span.count
      }
      if index == finishAfter { recording.finish() }
    }
    return (file, recording.isOver, recording.length)
  }

  /// A station was edited while it was recorded, and its sound, or all of its pictures, are gone: the file ends all the same.
  @Test(arguments: [audio, video]) func itEndsAlsoWhereAStreamHasGone(missing: UInt16) {
    let date: Int64 = 1_795_359_872 * 90_000
    var datagrams = Self.station(from: date, seconds: 60)
    for index in datagrams.indices where datagrams[index].date >= date + 5 * 90_000 {
      let packets = stride(from: 0, to: datagrams[index].bytes.count, by: 188).map {
        Array(datagrams[index].bytes[$0..<$0 + 188])
      }
      datagrams[index].bytes = packets.filter { UInt16($0[1] & 0x1F) << 8 | UInt16($0[2]) != missing }.flatMap(\.self)
    }
    let file = Self.file(datagrams, until: date + 10 * 90_000)
    #expect(file.isOver)
    #expect(file.length >= 10 * 90_000 && file.length <= 31 * 90_000)
  }

  /// One datagram a second from a date on, each with a picture's start; a sound's PES packet goes over two of them.
  static func station(from date: Int64, seconds: Int) -> [(date: Int64, bytes: [UInt8])] {
    (0..<seconds).flatMap { second -> [(date: Int64, bytes: [UInt8])] in
      let now = date + Int64(second) * 90_000
      let count = UInt64(bitPattern: now) & (1 << 33 - 1)
      let pictures =
        TSBytes.packet(pat, counter: second, unit: true) + TSBytes.packet(pmt, counter: second, unit: true)
        + start(video, counter: 2 * second, pts: count + 45_000, pcr: count, access: true)
      let sound =
        TSBytes.packet(audio, counter: 2 * second, fill: 9)
        + start(audio, counter: 2 * second + 1, pts: count + 40_000)
        + TSBytes.packet(video, counter: 2 * second + 1, fill: 8)
      return [(now, pictures), (now + 45_000, sound)]
    }
  }

  @Test func aFileGoesFromOneRandomAccessPointToTheNextAfterTheEnd() {
    // The 33 bits wrap in it.
    let date: Int64 = 1 << 33 * 18 - 90_000
    let stream = Array(Self.station(from: date, seconds: 6).dropFirst())
    let (file, isOver, length) = Self.file(stream, until: date + 90_000 * 2 + 1)
    #expect(isOver)
    // From the second random access point (tables are sent before it) to the fourth; the sound that was under way then
    // goes on to its PES packet's end.
    let pids = TSBytes.summary(file).map { $0.split(separator: ":").prefix(2).joined(separator: ":") }
    #expect(
      pids == [
        "0:1", "4096:1", "256:2", "257:3", "256:3", "0:2", "4096:2", "256:4", "257:4", "257:5", "256:5", "0:3",
        "4096:3", "257:6",
      ])
    #expect(length == 2 * 90_000 + 45_000)
    #expect(TSBytes.continuityErrors(file).isEmpty)
  }

  /// "-10m" is a date only when the server has said what time it is.
  @Test func aLengthCountsFromWhatTheServerSaysThatWasAskedFor() {
    let date: Int64 = 90_000 * 1000
    var recording = Recording(TSBytes.tuning(), until: .after(90_000 * 4, from: date + 90_000 * 900))
    recording.count(from: date + 90_000)
    for datagram in Self.station(from: date, seconds: 2) {
      recording.accept(datagram.bytes.span, date: datagram.date)
    }
    #expect(recording.start == date && recording.end == date + 90_000 * 5)
    recording.count(from: date + 90_000 * 100)
    #expect(recording.end == date + 90_000 * 5)
  }

  @Test func aLengthCountsFromWhatWasAskedForOrFromWhatThereIs() {
    let date: Int64 = 90_000 * 1000
    let stream = Self.station(from: date, seconds: 12)
    // The file begins with what was asked for: four seconds of it, though it begins a second before.
    let whole = Self.file(stream, ending: .after(90_000 * 4, from: date + 90_000))
    #expect(whole.isOver)
    #expect(whole.length == 90_000 * 5 + 45_000)
    // Ten minutes of what was asked for are gone: four seconds of what is there.
    let late = Self.file(stream, ending: .after(90_000 * 4, from: date - 90_000 * 600))
    #expect(late.isOver)
    #expect(late.length == 90_000 * 4 + 45_000)
  }

  @Test func itsClocksStartNearZero() throws {
    let date: Int64 = 1 << 33 * 18 - 90_000
    let (file, _, _) = Self.file(Self.station(from: date, seconds: 3), until: nil)
    let packet = TSPacket(file.span, at: 2 * 188)
    let first = try #require(packet)
    #expect(first.pcr == UInt64(Recording.origin) * 300 + 7)
    let header = PESHeader(file.span, at: 2 * 188 + first.payloadOffset, end: 3 * 188)
    #expect(header?.pts == UInt64(Recording.origin) + 45_000)
    let pcrs = stride(from: 0, to: file.count, by: 188).compactMap { TSPacket(file.span, at: $0)?.pcr }
    let expected: [UInt64] = [0, 90_000, 180_000].map { (UInt64(Recording.origin) + $0) * 300 + 7 }
    #expect(pcrs == expected)
  }

  /// Where multicast is joined in between, and no tables have come yet.
  @Test func nothingComesBeforeARandomAccessPointWithItsTables() {
    let picture = Self.start(Self.video, counter: 0, pts: 0, access: true)
    let sound = Self.start(Self.audio, counter: 0, pts: 0)
    let (file, isOver, length) = Self.file([(0, picture), (90_000, sound)], until: nil)
    #expect(file.isEmpty && !isOver && length == 0)
  }

  @Test func aRecordingThatIsFinishedEndsWithWholePESPackets() {
    let (file, isOver, _) = Self.file(Self.station(from: 0, seconds: 5), until: nil, finishAfter: 3)
    #expect(isOver)
    let pids = TSBytes.summary(file).map { $0.split(separator: ":").prefix(2).joined(separator: ":") }
    // The second picture and the sound's packet that began with it are there to their ends, and no third picture.
    #expect(pids.suffix(5) == ["257:3", "256:3", "0:2", "4096:2", "257:4"])
  }

  @Test func radioBeginsAndEndsWithSound() {
    let stream = (0..<6).map { index -> (date: Int64, bytes: [UInt8]) in
      let tables =
        TSBytes.packet(Self.pat, counter: index, unit: true) + TSBytes.packet(Self.pmt, counter: index, unit: true)
      return (Int64(index) * 9000, tables + Self.start(Self.audio, counter: index, pts: UInt64(index) * 9000))
    }
    let (file, isOver, length) = Self.file(stream, until: 18_000, radio: true)
    #expect(isOver && length == 18_000)
    #expect(TSBytes.summary(file).filter { $0.hasPrefix("257:") }.count == 2)
  }

  @Test func whatIsNoTransportStreamDoesNoHarm() {
    var stream = Self.station(from: 0, seconds: 3)
    stream.insert((50_000, [UInt8](repeating: 0x47, count: 188 * 2)), at: 2)
    stream.insert((50_000, [1, 2, 3]), at: 2)
    stream.insert((50_000, []), at: 2)
    let (file, _, _) = Self.file(stream, until: nil)
    #expect(file.count % 188 == 0)
    #expect(TSBytes.summary(file).filter { $0.hasPrefix("256:") }.count == 6)
  }
}
