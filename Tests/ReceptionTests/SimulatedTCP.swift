import TSBytes

/// One way of a TCP connection in simulated milliseconds: segments that are lost come again when something behind them was
/// seen to have come (RFC 8985), or when nothing has been acknowledged for too long (RFC 6298); what came waits for what is
/// before it.
struct SimulatedTCP<Message> {
  private struct Segment {
    var message: Message
    /// When it was sent last, and when one of its copies is there.
    var sent: Int
    var arrival: Int?
    var isAcknowledged = false
  }

  /// Milliseconds that a segment and its acknowledgement take, and chance of each to be lost.
  var delay = 1
  var loss = 0.0
  /// Milliseconds until a lost segment is sent again that nothing came behind.
  var patience = 200
  var lateness = SimulatedAir.Lateness.none

  /// What was sent and is not known to be there, or stands behind such, from the `base`th on.
  private var segments: [Segment] = []
  private var base = 0
  /// How many of all have been handed over.
  private var delivered = 0
  /// When acknowledgements come in.
  private var acknowledgements: [Int] = []
  private var lastArrival = 0
  private var lastSent = 0
  private var lastProgress = 0
  private var timeouts = 0
  private var isProbed = true

  /// Whether all that was sent is there.
  var isIdle: Bool { delivered - base == segments.count }

  mutating func send(_ message: Message, at time: Int, _ random: inout SplitMix) {
    segments.append(Segment(message: message, sent: time))
    if segments.count == 1 { lastProgress = time }
    isProbed = false
    transmit(segments.count - 1, time, &random)
  }

  private mutating func transmit(_ index: Int, _ time: Int, _ random: inout SplitMix) {
    segments[index].sent = time
    lastSent = time
    guard loss == 0 || Double.random(in: 0..<1, using: &random) >= loss else { return }
    lastArrival = max(lastArrival, time + delay + lateness.pick(&random))
    segments[index].arrival = segments[index].arrival ?? lastArrival
  }

  /// Lets a millisecond pass.
  ///
  /// - Returns: what comes out at the other end, in order.
  mutating func advance(to time: Int, _ random: inout SplitMix) -> [Message] {
    var messages: [Message] = []
    for segment in segments where segment.arrival == time {
      if loss == 0 || Double.random(in: 0..<1, using: &random) >= loss { acknowledgements.append(time + delay) }
    }
    while delivered - base < segments.count, let arrival = segments[delivered - base].arrival, arrival <= time {
      messages.append(segments[delivered - base].message)
      delivered += 1
    }
    if acknowledgements.contains(where: { $0 <= time }) {
      acknowledgements.removeAll { $0 <= time }
      acknowledge(time, &random)
    }
    while base < delivered, segments[0].isAcknowledged {
      segments.removeFirst()
      base += 1
    }
    let unknown = segments.indices.filter { !segments[$0].isAcknowledged }
    guard let first = unknown.first, let last = unknown.last else { return messages }
    if time - max(lastProgress, segments[first].sent) >= patience << timeouts {
      timeouts += 1
      transmit(first, time, &random)
    } else if first != last, !isProbed, time - lastSent >= 4 * delay + 10 {
      isProbed = true
      transmit(last, time, &random)
    }
    return messages
  }

  private mutating func acknowledge(_ time: Int, _ random: inout SplitMix) {
    var latest = Int.min
    for index in segments.indices {
      guard let arrival = segments[index].arrival, arrival <= time - delay else { continue }
      latest = max(latest, segments[index].sent)
      guard !segments[index].isAcknowledged else { continue }
      segments[index].isAcknowledged = true
      (lastProgress, timeouts) = (time, 0)
    }
    for index in segments.indices where !segments[index].isAcknowledged && segments[index].sent < latest {
      transmit(index, time, &random)
    }
  }
}
