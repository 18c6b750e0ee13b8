import TransportStream

/// One elementary stream on its way to the player: how far it has got, and its last PES packet as long as that is not whole.
struct FeedStream: Sendable {
  /// A PES packet whose end has not come.
  struct Unfinished {
    /// The piece of the queue it begins in, and where in it, in bytes.
    var piece: Int64
    var offset: Int
    /// The stream's continuity counter before it; nil when it is the first.
    var counter: UInt8?
    var times: FeedTimeline.Times?
    /// Bytes still to come; nil when the header does not say, as with pictures.
    var remaining: Int?
    /// When it began, in steady nanoseconds.
    var since: Int64
  }

  let pid: UInt16
  var unfinished: Unfinished?
  /// The latest presentation among whole PES packets, and the latest decoding, in 90 kHz of the player's timeline.
  private(set) var lastPresentation: Int64?
  private(set) var lastDecoding: Int64?
  /// From one PES packet to the next, 90 kHz: until two have come, a picture's 1/25 s.
  private(set) var step: Int64 = 3600
  /// What presentation is behind decoding at the least since the splice: pictures that are still to come are shown no
  /// sooner than this after the last decoding.
  private var delay: Int64?

  init(pid: UInt16) { self.pid = pid }

  /// Where the next PES packet would be shown at the earliest, were it the next in this stream; nil before the first.
  var end: Int64? { lastPresentation.map { $0 + step } }
  var decodingEnd: Int64? { lastDecoding.map { $0 + step } }

  /// Until when the player can show this stream with what it has or may have, in 90 kHz of its timeline; nil before it may
  /// have anything since the splice.
  private(set) var front: Int64?
  /// The piece of the queue before which all stands that is whole.
  private var wholeBefore: Int64 = 0
  /// The same, and the front, before the last PES packet became whole that ended in another piece than the one before it.
  private var previous: (wholeBefore: Int64, front: Int64?) = (0, nil)

  /// Pieces of the queue before `limit` may leave. What is whole may have to wait for another stream's packets even so.
  mutating func release(upTo limit: Int64) {
    if wholeBefore <= limit {
      front = wholeFront ?? front
    } else if previous.wholeBefore <= limit {
      front = previous.front ?? front
    }
  }

  /// Until when the player can show this stream with what is whole.
  private var wholeFront: Int64? {
    if let times = unfinished?.times { return times.decoding + min(delay ?? 0, times.presentation - times.decoding) }
    return lastDecoding.map { $0 + step + (delay ?? 0) }
  }

  /// The last PES packet is whole, and the queue ends with the piece before `tail`.
  mutating func finish(before tail: Int64) {
    guard let times = unfinished?.times else {
      unfinished = nil
      return
    }
    if tail > wholeBefore { previous = (wholeBefore, wholeFront) }
    unfinished = nil
    // The first after a splice says nothing of how far its successor is: what was left out lies before it.
    if delay != nil, let last = lastDecoding, times.decoding > last { step = min(times.decoding - last, 45_000) }
    lastPresentation = max(lastPresentation ?? times.presentation, times.presentation)
    lastDecoding = times.decoding
    wholeBefore = tail
    delay = min(delay ?? .max, max(0, times.presentation - times.decoding))
  }

  /// Another station's packets come next; `keepsTimes` when they go on where these end.
  mutating func splice(keepsTimes: Bool) {
    unfinished = nil
    delay = nil
    front = nil
    previous.front = nil
    if !keepsTimes { (lastPresentation, lastDecoding, step) = (nil, nil, 3600) }
  }
}
