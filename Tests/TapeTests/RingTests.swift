import Glibc
import SyntheticTape
import Testing
import TransportStream

@testable import Tape

/// A ring being written with packets that count as they must.
private struct Script: ~Copyable {
  var writer: RingWriter
  private var number: Int64

  static let info = RingInfo(
    format: HouseFormat(
      video: .init(codec: "h264"), audio: [.init(codec: "aac", sampleRate: 48_000, channels: 2)]),
    map: Section(tableID: 2, identifier: 1, version: 0, body: [0xE1, 0x00, 0xF0, 0x00, 0x1B, 0xE1, 0x00, 0xF0, 0x00]))
  static let start = Ticks.seconds(1_800_000_000)

  static var base: RingCounts {
    var packets = SIMD16<Int64>(repeating: 0)
    packets[0] = 5
    packets[2] = 1_000_003
    return RingCounts(slots: 7, packets: packets)
  }

  init(_ path: String) throws {
    let file = try RingFile(path: path)
    #expect(file.tryLock() == true)
    writer = try RingWriter(file, .init(info: Script.info, base: Script.base, datagrams: 200))
    number = writer.counts.datagrams
  }

  static func date(of k: Int64) -> Ticks { start + .milliseconds(10) * k }

  /// Table, slot and a picture's first packet every fourth time; else a packet of pictures.
  mutating func append() throws {
    let counts = writer.counts
    let date = Script.date(of: number)
    let isAccess = number % 4 == 0
    var datagram: [UInt8] = []
    if isAccess {
      datagram += packet(PID.pat, 5 + counts.packets[0])
      datagram += packet(PID.sdt, 7 + counts.slots)
    }
    datagram += packet(PID.video, 1_000_003 + counts.packets[2], pts: isAccess ? date.count / 300 + 9_000 : nil)
    try writer.append(datagram.span, date: date, isRandomAccess: isAccess)
    number += 1
  }

  private func packet(_ pid: UInt16, _ counter: Int64, pts: Int64? = nil) -> [UInt8] {
    let start: UInt8 = pts == nil ? 0 : 0x40
    var bytes: [UInt8] = [0x47, start | UInt8(pid >> 8), UInt8(pid & 0xFF), 0x10 | UInt8(counter & 15)]
    if let pts {
      bytes += [0, 0, 1, 0xE0, 0, 0, 0x80, 0x80, 5, 0x21, 0, 1, 0, 1]
      var span = bytes.mutableSpan
      TimeStamp.write(UInt64(pts) % (1 << 33), to: &span, at: 13)
    }
    return bytes + [UInt8](repeating: UInt8(number & 0x7F), count: 188 - bytes.count)
  }
}

@Test func aRingIsReadAsItWasWritten() throws {
  let directory = try TemporaryDirectory()
  let path = directory.path + "/a.ring"
  var script = try Script(path)
  let ring = try Ring(path: path)
  #expect(ring.info == Script.info)
  #expect(ring.base == Script.base)
  #expect(ring.count == 0 && ring.counts == RingCounts() && ring.entry(0) == nil)
  for _ in 0..<10 { try script.append() }
  #expect(ring.count == 0)
  script.writer.publish()
  #expect(ring.count == 10)

  let first = try #require(ring.entry(4))
  #expect(first.date == Script.date(of: 4) && first.length == 3 * 188 && first.isRandomAccess)
  #expect(first.tables.association == 0b001 && first.tables.slot == 0b010 && first.tables.map == 0)
  let plain = try #require(ring.entry(5))
  #expect(plain.length == 188 && !plain.isRandomAccess && plain.tables.isEmpty)
  var buffer = [UInt8](repeating: 0, count: 1_316)
  var span = buffer.mutableSpan
  #expect(ring.copy(5, into: &span) == 188)
  #expect(buffer[0] == 0x47 && buffer[100] == 5)
  #expect(ring.randomAccessPoint(atOrBefore: 7) == 4)
  #expect(ring.randomAccessPoint(atOrBefore: 3) == 0)
  #expect(ring.firstDatagram(notBefore: Script.date(of: 6) - Ticks(1)) == 6)
  #expect(ring.firstDatagram(notBefore: Script.date(of: 99)) == 10)
  #expect(ring.counts.datagrams == 10 && ring.counts.slots == 3)
  #expect(ring.counts.packets[0] == 3 && ring.counts.packets[2] == 10)
  #expect(!ring.hasEnded)
  script.writer.end()
  #expect(ring.hasEnded)
}

@Test func whatARingHasOverwrittenIsGone() throws {
  let directory = try TemporaryDirectory()
  let path = directory.path + "/a.ring"
  var script = try Script(path)
  let ring = try Ring(path: path)
  for _ in 0..<1_000 {
    try script.append()
    script.writer.publish()
  }
  #expect(ring.oldest == 1_000 - 224)
  #expect(ring.entry(743) == nil)
  #expect(ring.entry(744)?.date == Script.date(of: 744))
  #expect(ring.firstDatagram(notBefore: .zero) == ring.oldest)
  #expect(ring.firstDatagram(notBefore: Script.date(of: 800)) == 800)
  #expect(ring.randomAccessPoint(atOrBefore: 300) == nil)
  var buffer = [UInt8](repeating: 0, count: 1_316)
  var span = buffer.mutableSpan
  #expect(ring.copy(1, into: &span) == 0)
}

@Test func theNextWriterGoesOnFromWhatWasPublished() throws {
  let directory = try TemporaryDirectory()
  let path = directory.path + "/a.ring"
  for generation in 1...5 {
    var script = try Script(path)
    #expect(script.writer.generation == generation)
    for _ in 0..<300 {
      try script.append()
      script.writer.publish()
    }
    // An access unit that was under way when it died: written over slots of old, never published.
    let published = script.writer.counts
    for _ in 0..<40 { try script.append() }
    let stamps = script.writer.stamps(of: PID.video)
    #expect(stamps?.dts ?? 0 >= Script.date(of: published.datagrams).count / 300)
    let ring = try Ring(path: path)
    #expect(ring.counts == published)
    #expect(ring.generation == generation)
  }
  let script = try Script(path)
  #expect(script.writer.counts.datagrams == 1_500)
  #expect(script.writer.lastDate == Script.date(of: 1_499))
  // Later than anything that was written, whether it was seen or not: nothing ever goes back.
  #expect(script.writer.stamps(of: PID.video)?.dts == Script.date(of: 1_536).count / 300 + 9_000)
}

@Test func aRingThatNobodyCompletedIsMadeAgain() throws {
  let directory = try TemporaryDirectory()
  let path = directory.path + "/a.ring"
  _ = try RingFile(path: path)
  #expect(throws: TapeError.self) { try Ring(path: path) }
  let file = unsafe open(path, O_RDWR)
  #expect(ftruncate(file, 100_000) == 0)
  close(file)
  #expect(throws: TapeError.self) { try Ring(path: path) }
  var script = try Script(path)
  try script.append()
  script.writer.publish()
  #expect(try Ring(path: path).count == 1)
}

@Test func oneProcessWritesAndAnotherMayAskForIt() throws {
  let directory = try TemporaryDirectory()
  let path = directory.path + "/a.ring"
  do {
    let script = try Script(path)
    let next = try RingFile(path: path)
    #expect(next.tryLock() == false)
    #expect(script.writer.hasHeir == false)
    next.announceHeir()
    #expect(script.writer.hasHeir == true)
    script.writer.forgetHeirs()
    #expect(script.writer.hasHeir == false)
    #expect(script.writer.isCurrent == true)
    #expect(unsafe unlink(path) == 0)
    #expect(script.writer.isCurrent == false)
  }
}

@Test func whatNoStationMayCarryIsRefused() throws {
  let directory = try TemporaryDirectory()
  var script = try Script(directory.path + "/a.ring")
  try script.append()
  var packet: [UInt8] = [0x47, 0x01, 0x00, 0x10 | UInt8(1_000_004 & 15)]
  packet += [UInt8](repeating: 0, count: 184)
  let later = Script.date(of: 1)
  func refused(_ bytes: [UInt8], _ date: Ticks, _ script: inout Script) -> Bool {
    do {
      try script.writer.append(bytes.span, date: date, isRandomAccess: false)
      return false
    } catch {
      return true
    }
  }
  #expect(refused(packet, Script.date(of: 0) + Ticks(299), &script))
  #expect(refused(Array(packet.dropLast()), later, &script))
  var jumped = packet
  jumped[3] ^= 1
  #expect(refused(jumped, later, &script))
  var stray = packet
  stray[1] = 0x1A
  #expect(refused(stray, later, &script))
  #expect(!refused(packet, later, &script))
}

@Test func aDamagedRingMakesNoReaderFail() throws {
  let directory = try TemporaryDirectory()
  let path = directory.path + "/a.ring"
  var script = try Script(path)
  for _ in 0..<20 { try script.append() }
  script.writer.publish()
  let ring = try Ring(path: path)
  let file = unsafe open(path, O_RDWR)
  defer { close(file) }
  var seed: UInt64 = 1
  var buffer = [UInt8](repeating: 0, count: 1_316)
  for _ in 0..<2_000 {
    seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    var junk = seed >> 7
    let place = Int(seed >> 33) % (4_096 + 20 * 1_536 - 8)
    unsafe pwrite(file, &junk, 8, place)
    for k in -1..<22 as Range<Int64> {
      var span = buffer.mutableSpan
      _ = ring.copy(k, into: &span)
      _ = ring.randomAccessPoint(atOrBefore: k)
    }
    _ = ring.firstDatagram(notBefore: Script.date(of: 10))
    _ = ring.counts
    _ = try? Ring(path: path)
  }
}
