/// From a station's datagrams, in order, to what a player reads: begins and ends it where whole pictures do.
struct PlainFeed: ~Copyable {
  private var stamp = ContinuityStamp()
  private var queue = DatagramQueue()
  private var splice = Splice(pmt: 0, access: 0, isRadio: true)

  /// What comes next is another station, or the first.
  mutating func begin(_ tuning: Tuning, now: Int64) {
    splice = Splice(pmt: tuning.pmt, access: tuning.accessPID, isRadio: tuning.video == nil)
    stamp.splice()
  }

  func mayTake(date: Int64, now: Int64) -> Bool { true }

  mutating func accept(_ payload: Span<UInt8>, date: Int64, now: Int64) {
    splice.accept(payload, stamp: &stamp, into: &queue)
  }

  mutating func drain<Failure: Error>(_ write: (Span<UInt8>) throws(Failure) -> Int) throws(Failure) {
    try queue.drain(write)
  }

  var isOpen: Bool { splice.isOpen }
  var dropped: UInt64 { queue.dropped }
  var spare: Int64 { 0 }
  var wake: Int64 { .max }
}
