import Playout
import Tape
import Timetables
import TransportStream

/// What a timetable puts on the air: its items as tapes, and parts of tapes.
struct TimetableGuide {
  /// A tape, or its beginning, on the air.
  struct Part: Equatable {
    let tape: Tape
    let start: Ticks
    let end: Ticks

    static func == (left: Part, right: Part) -> Bool {
      (left.tape.path, left.start, left.end) == (right.tape.path, right.start, right.end)
    }
  }

  let resolver: Resolver
  /// Those that can be played, by the numbers of the resolver's clips.
  let tapes: [Int: Tape]
  /// The station's card; nil while it is being made.
  let card: Tape?

  /// So far ahead goes one era, unless it has too many parts: 12 h.
  static let reach = Ticks.seconds(12 * 3_600)
  /// An era's tapes are told to the transmitter and kept on disk one by one: so many are enough.
  static let mostParts = 300

  /// What is on at a date, and what follows. The first part has begun before as a rule.
  func parts(at date: Ticks) -> [Part] {
    var items = resolver.items(from: date, to: date + Ticks(300))
    guard var first = items.first else { return [] }
    // A card goes on for as long as it likes: it need not be followed back to its beginning.
    if first.clip == nil { first.start = max(first.start, Ticks(date.count - date.count % 300)) }
    items = [first] + resolver.items(after: first.end) { isEnough($0, from: date) }
    return parts(of: items, from: date)
  }

  /// What follows something else that was on until `date`: one era.
  func parts(after date: Ticks) -> [Part] {
    parts(of: resolver.items(after: date) { isEnough($0, from: date) }, from: date)
  }

  private func isEnough(_ items: [TimetableItem], from date: Ticks) -> Bool {
    items.count >= Self.mostParts || (items.last?.end ?? date) >= date + Self.reach
  }

  private func parts(of items: [TimetableItem], from date: Ticks) -> [Part] {
    var parts: [Part] = []
    for item in items {
      if let clip = item.clip {
        guard let tape = tapes[clip] else { break }
        parts.append(Part(tape: tape, start: item.start, end: item.end))
      } else {
        guard let card else { break }
        repeatCard(card, from: item.start, to: item.end, &parts)
      }
      if parts.count >= Self.mostParts { break }
    }
    return Array(parts.prefix(Self.mostParts))
  }

  /// The card over and over. Where its last showing would be a blink, that and the one before are of one length.
  private func repeatCard(_ card: Tape, from start: Ticks, to end: Ticks, _ parts: inout [Part]) {
    var now = start
    while now < end, parts.count < Self.mostParts {
      let rest = end - now
      let (whole, half) = (card.info.duration, Ticks(rest.count / 600 * 300))
      let isBlinkLeft = whole < rest && rest - whole < Resolver.shortest
      let next = now + (isBlinkLeft ? half : min(whole, rest))
      parts.append(Part(tape: card, start: now, end: next))
      now = next
    }
  }
}
