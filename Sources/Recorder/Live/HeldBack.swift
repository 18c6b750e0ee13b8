import TransportStream

/// Deliveries whose time has not come, by their times.
struct HeldBack: Sendable {
  private var items: [(due: Ticks, event: LiveSink.Event)] = []
  private var bytes = 0

  /// How far ahead a source may deliver, in deliveries and in bytes.
  private static let most = 20_000
  private static let mostBytes = 64 << 20

  var isEmpty: Bool { items.isEmpty }

  /// There is no room for another.
  var isFull: Bool { items.count >= HeldBack.most || bytes >= HeldBack.mostBytes }

  mutating func put(_ event: LiveSink.Event, due: Ticks) {
    bytes += event.size
    var place = items.count
    while place > 0, items[place - 1].due > due { place -= 1 }
    items.insert((due, event), at: place)
  }

  /// Takes the first out, if its time is not after `horizon`.
  mutating func next(until horizon: Ticks) -> (due: Ticks, event: LiveSink.Event)? {
    guard let first = items.first, first.due <= horizon else { return nil }
    items.removeFirst()
    bytes -= first.event.size
    return first
  }
}
