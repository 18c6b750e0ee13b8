import LinuxIO
import Playout
import TransportStream
import Wire

/// What the transmitter asks of a station; the tests have one of their own.
protocol AirSource: Sendable {
  associatedtype Cursor: AirCursor
  /// The number of the first datagram dated at or after `date`.
  func index(at date: Ticks) -> Int64
  func cursor(at n: Int64) -> Cursor
  /// When the programme on the air at `date` ends.
  func programmeEnd(at date: Ticks) -> Ticks
}

/// A place in a station's air that moves on datagram by datagram.
protocol AirCursor: Sendable {
  var n: Int64 { get }
  var date: Ticks { get }
  mutating func advance()
  /// Writes the transport packets of datagram `n`: their length in bytes, 0 when the tape is bad here.
  func write(into target: inout MutableSpan<UInt8>) -> Int
}

extension StationCursor: AirCursor {}

extension Station: AirSource {
  func programmeEnd(at date: Ticks) -> Ticks { onAir(at: date).end }
}

/// Where datagrams are collected before one system call sends them.
protocol DatagramBatch: ~Copyable {
  var count: Int { get }
  var capacity: Int { get }
  mutating func append(
    to destination: Destination, headerSize: Int,
    _ fill: (_ header: inout MutableSpan<UInt8>, _ payload: inout MutableSpan<UInt8>) -> Int
  ) -> Bool
}

extension MulticastSender: DatagramBatch {}

/// One station on the air: its place, where it goes, and how it fares.
struct AirSlot<Source: AirSource>: Sendable {
  let source: Source
  let destination: Destination
  /// RTP's synchronization source; nil for bare UDP.
  let ssrc: UInt32?
  let figures: StationFigures
  /// Which slot of the schedule before this one carried the same station.
  let predecessor: Int?
  /// A station that is new on the air begins here.
  let notBefore: Ticks
  var cursor: Source.Cursor
  /// Bad datagrams in a row.
  var failures = 0
  /// Bytes sent when the bitrate was last reckoned.
  var reckonedBytes = 0

  init(
    source: Source, destination: Destination, ssrc: UInt32?, figures: StationFigures, predecessor: Int?,
    notBefore: Ticks
  ) {
    self.source = source
    self.destination = destination
    self.ssrc = ssrc
    self.figures = figures
    self.predecessor = predecessor
    self.notBefore = notBefore
    cursor = source.cursor(at: source.index(at: notBefore))
    reckonedBytes = figures.bytes.load(ordering: .relaxed)
  }
}

/// The stations on the air and who is due when: date in, datagrams out. It has no clock and no socket, and once made it
/// allocates nothing.
struct AirRoster<Source: AirSource>: Sendable {
  /// Datagrams due this soon go out with those due now, so that a busy air needs fewer wake-ups.
  static var grain: Ticks { Ticks(Ticks.perSecond / 20_000) }  // 50 us
  /// Who is later than this is not sent any more.
  static var patience: Ticks { .seconds(1) }
  /// So many bad datagrams in a row, and the rest of the programme is given up.
  static var failureLimit: Int { 50 }

  private var slots: [AirSlot<Source>]
  private var heap: DateHeap
  /// Whose datagram is in which place of the batch.
  private var owners: [Int]

  /// - Parameter batchCapacity: the most datagrams that ``collect`` may put into one batch.
  init(_ slots: [AirSlot<Source>], batchCapacity: Int = Transmitter.batchCapacity) {
    self.slots = slots
    heap = DateHeap(capacity: slots.count)
    owners = Array(repeating: 0, count: batchCapacity)
  }

  /// Takes the air over from the roster before, which may be empty. A station that was on the air goes on with the
  /// same datagram if its new source has the same there; otherwise it begins with
  /// the first one not before its ``AirSlot/notBefore``.
  mutating func begin(after before: AirRoster) {
    for index in slots.indices {
      if let predecessor = slots[index].predecessor { slots[index].goOn(after: before.slots[predecessor]) }
      heap.insert(DateHeap.Entry(date: slots[index].cursor.date, slot: index))
    }
  }

  /// When the next datagram is due; nil when there is none, ever.
  var nextDate: Ticks? { heap.first?.date }

  /// Puts every datagram due now into the batch, until it is full. Nothing dated at or after `end` is sent.
  ///
  /// - Returns: whether all that is due is in the batch; if not, it was full.
  mutating func collect(now: Ticks, before end: Ticks, into batch: inout some DatagramBatch & ~Copyable) -> Bool {
    let horizon = now + Self.grain
    while let due = heap.first, due.date <= horizon, due.date < end {
      if now - due.date > Self.patience {
        slots[due.slot].skip(to: now)
      } else {
        guard batch.count < min(batch.capacity, owners.count) else { return false }
        let place = batch.count
        slots[due.slot].send(now: now, into: &batch)
        if batch.count > place { owners[place] = due.slot }
      }
      // Dates rise; should a tape that changes under our hands make one stand still, its station alone waits.
      let next = slots[due.slot].cursor.date
      heap.postponeFirst(to: next > due.date ? next : now + Self.patience)
    }
    return true
  }

  /// The network refused the datagram in this place of the batch collected last.
  func refused(_ place: Int, code: Int32) {
    slots[owners[place]].figures.countRefused(code: code)
  }

  /// Reckons bitrates; to be called about once a second.
  mutating func reckon(elapsed: Ticks) {
    guard elapsed.count > 0 else { return }
    for index in slots.indices {
      let bytes = slots[index].figures.bytes.load(ordering: .relaxed)
      let bits = Double(bytes - slots[index].reckonedBytes) * 8
      slots[index].figures.bitrate.store(Int(bits / elapsed.inSeconds), ordering: .relaxed)
      slots[index].figures.refusal.store(0, ordering: .relaxed)
      slots[index].reckonedBytes = bytes
    }
  }

  /// Begins a new minute of worst lateness.
  func beginMinute() {
    for slot in slots {
      let worst = slot.figures.worstLateness.exchange(0, ordering: .relaxed)
      slot.figures.worstLatenessBefore.store(worst, ordering: .relaxed)
    }
  }
}

extension AirSlot {
  fileprivate mutating func goOn(after before: AirSlot) {
    let same = source.cursor(at: before.cursor.n)
    if same.date == before.cursor.date { cursor = same }
    failures = before.failures
    reckonedBytes = before.reckonedBytes
  }

  fileprivate mutating func skip(to date: Ticks) {
    let n = cursor.n
    cursor = source.cursor(at: source.index(at: date))
    StationFigures.add(Int(cursor.n - n), to: figures.skipped)
  }

  fileprivate mutating func send(now: Ticks, into batch: inout some DatagramBatch & ~Copyable) {
    let length = append(to: &batch)
    if length > 0 {
      figures.countSent(bytes: length, lateness: (now - cursor.date).count)
      failures = 0
      figures.isUnreadable.store(false, ordering: .relaxed)
      cursor.advance()
    } else {
      StationFigures.add(1, to: figures.errors)
      failures += 1
      if failures < AirRoster<Source>.failureLimit {
        cursor.advance()
      } else {
        figures.isUnreadable.store(true, ordering: .relaxed)
        failures = 0
        skip(to: source.programmeEnd(at: cursor.date))
      }
    }
  }

  /// The datagram's length, RTP header included; 0 when its bytes are bad.
  private func append(to batch: inout some DatagramBatch & ~Copyable) -> Int {
    var length = 0
    _ = batch.append(to: destination, headerSize: ssrc == nil ? 0 : RTPHeader.size) { header, payload in
      let packets = cursor.write(into: &payload)
      guard packets > 0 else { return 0 }
      if let ssrc {
        RTPHeader(
          sequenceNumber: UInt16(truncatingIfNeeded: cursor.n),
          timestamp: UInt32(truncatingIfNeeded: cursor.date.timestamp), ssrc: ssrc
        ).write(into: &header)
      }
      length = header.count + packets
      return packets
    }
    return length
  }
}
