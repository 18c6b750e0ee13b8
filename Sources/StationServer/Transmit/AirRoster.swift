import TransportStream

/// The stations on the air and who is due when: date in, datagrams out. It has no clock and no socket, and once made it
/// allocates nothing.
struct AirRoster<Source: AirSource>: Sendable {
  /// Of so many datagrams without clock references, or a train more, consists a batch where others are precise.
  private static var companyLimit: Int { 8 }

  private var slots: [AirSlot<Source>]
  /// Who goes out on its date and not before, for a clock reference or because it has to wait.
  private var punctual: DateHeap
  /// Who may go along before, and when it goes out at the latest.
  private var company: DateHeap
  /// Whose datagram is in which place of the batch.
  private var owners: [Int]
  private let grain: Grain

  /// - Parameter batchCapacity: the most datagrams that ``collect`` may put into one batch.
  init(
    _ slots: [AirSlot<Source>], grain: Grain, batchCapacity: Int = Transmitter.batchCapacity
  ) {
    self.slots = slots
    self.grain = grain
    for index in slots.indices { self.slots[index].phase = grain.phase(ofSlot: index, of: slots.count) }
    punctual = DateHeap(capacity: slots.count)
    company = DateHeap(capacity: slots.count)
    owners = Array(repeating: 0, count: batchCapacity)
  }

  /// Takes the air over from the roster before, which may be empty. A station that was on the air goes on with the
  /// same datagram if its new source has the same one there; any other begins at its ``AirSlot/notBefore``.
  mutating func begin(after before: AirRoster) {
    for index in slots.indices {
      let predecessor = slots[index].predecessor.map { before.slots[$0] }
      let entry = DateHeap.Entry(date: slots[index].begin(after: predecessor, grain: grain), slot: index)
      if slots[index].isPunctual { punctual.insert(entry) } else { company.insert(entry) }
    }
  }

  /// When the next datagram goes out; nil when there is none, ever.
  var nextDate: Ticks? {
    guard let first = punctual.first?.date, let other = company.first?.date else {
      return punctual.first?.date ?? company.first?.date
    }
    return min(first, other)
  }

  /// Puts every datagram due now into the batch, clock references first, then those that may go along, until it is full or,
  /// where clock references are precise, the next of them should not have to wait for more; those of a station in a row.
  /// Nothing dated at or after `end` is sent.
  ///
  /// - Returns: false when the batch is to be sent, and this called again at once.
  mutating func collect(now: Ticks, before end: Ticks, into batch: inout some DatagramBatch & ~Copyable) -> Bool {
    let due = min(now.count + 1, end.count)
    guard nextDate.map({ $0.count < due }) ?? false else { return true }
    let room = min(batch.capacity, owners.count)
    while let first = punctual.first, first.date.count < due {
      guard batch.count < room else { return false }
      let next = play(first.slot, now: now, before: end, room: room, into: &batch)
      if slots[first.slot].isPunctual {
        punctual.postponeFirst(to: next)
      } else {
        punctual.removeFirst()
        company.insert(DateHeap.Entry(date: next, slot: first.slot))
      }
    }
    // The next clock reference should not have to wait for long.
    let companyRoom = grain.isPrecise ? min(room, batch.count + Self.companyLimit) : room
    let reached = min(now.count + 1 + grain.reach.count, end.count)
    while let first = company.first, first.date.count < reached {
      guard batch.count < companyRoom else { return false }
      let next = play(first.slot, now: now, before: end, room: room, into: &batch)
      if slots[first.slot].isPunctual {
        company.removeFirst()
        punctual.insert(DateHeap.Entry(date: next, slot: first.slot))
      } else {
        company.postponeFirst(to: next)
      }
    }
    return true
  }

  /// Has a slot send what it may, and returns when it is due again.
  private mutating func play(
    _ slot: Int, now: Ticks, before end: Ticks, room: Int, into batch: inout some DatagramBatch & ~Copyable
  ) -> Ticks {
    let before = batch.count
    let next = slots[slot].play(now: now, before: end, grain: grain, room: room - before, into: &batch)
    for place in before..<batch.count { owners[place] = slot }
    return next
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
    for index in slots.indices {
      let worst = slots[index].figures.worstLateness.exchange(0, ordering: .relaxed)
      slots[index].figures.worstLatenessBefore.store(worst, ordering: .relaxed)
    }
  }
}
