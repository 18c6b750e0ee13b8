import TransportStream

/// A medium that a timetable's entry, or its fillers, are made of.
package struct Clip: Hashable, Sendable {
  /// Whatever its owner tells it by.
  package var id: Int
  /// What it is shuffled by.
  package var name: String
  /// How long it is: whole 90 kHz counts. Nil: it cannot be played, or not yet.
  package var duration: Ticks?

  package init(id: Int, name: String, duration: Ticks?) {
    self.id = id
    self.name = name
    self.duration = duration
  }
}

/// Something that a station plays, from one date to another.
package struct TimetableItem: Hashable, Sendable {
  package enum Content: Hashable, Sendable {
    /// A clip of the timetable's entry `entry`.
    case programme(Int, entry: Int)
    case filler(Int)
    /// The station's card: there is nothing to play, or no room for it.
    case card
  }

  package var content: Content
  package var start: Ticks
  /// Always behind ``start``.
  package var end: Ticks
  /// Whether it ends before its clip does.
  package var isCut: Bool

  /// The clip; nil for the card.
  package var clip: Int? {
    switch content {
    case .programme(let id, _), .filler(let id): id
    case .card: nil
    }
  }
}

/// Works out what a timetable plays: a pure function of the timetable, the clips and the time asked for. Whoever asks, and
/// whenever, gets the same.
///
/// - An entry that begins ``Timetable/Start/sharp`` cuts what is on, and whatever was waiting is left out. One that begins
///   afterwards waits for the end of what is on, and several in the order of their times; an entry of several programmes
///   gives way after the one that is on.
/// - Fillers run in a rotation that begins anew at each midnight and goes on underneath the programmes, as if nobody
///   listened: what comes between two programmes begins with the one whose turn it is then. So it depends on the time only.
/// - Nothing is begun less than ``shortest`` before it would be cut: the card stands there.
/// - In a timetable without an entry that begins sharp every week, what is on when Monday begins is cut, too. So what is on
///   never depends on what was on long before.
package struct Resolver: Sendable {
  package let timetable: Timetable
  private let programmes: [[Clip]]
  private let fillers: [Clip]

  package static let shortest = Ticks.seconds(2)
  /// How far it looks back at the most for something that begins sharp, in days.
  private static let memory = 60

  /// - Parameters:
  ///   - programmes: what each entry is made of, in the order of the timetable's entries.
  ///   - fillers: in their order.
  package init(_ timetable: Timetable, programmes: [[Clip]], fillers: [Clip]) {
    self.timetable = timetable
    self.programmes = programmes
    self.fillers = fillers.filter { ($0.duration?.count ?? 0) > 0 }
  }

  /// What is on from one date to another: the first item may begin before, the last may end later.
  package func items(from first: Ticks, to last: Ticks) -> [TimetableItem] {
    var air = air(before: first, without: [])
    var items: [TimetableItem] = []
    while air.now < last {
      let item = air.next()
      if item.end > first { items.append(item) }
    }
    return items
  }

  /// What comes after something else that was on until `date`: as ``items(from:to:)`` has it, from there on.
  ///
  /// Where that has something in its middle at `date`, a filler begins there instead; a programme whose beginning was
  /// missed is left out, and its entry goes on with the next one if it has more.
  ///
  /// - Parameter isEnough: told the items so far, whether no more of them are needed.
  package func items(after date: Ticks, until isEnough: ([TimetableItem]) -> Bool) -> [TimetableItem] {
    var missed: Set<Occasion> = []
    var air = air(before: date, without: missed)
    while true {
      var item: TimetableItem?
      while air.now < date { item = air.next() }
      guard air.now > date, case .programme(_, let entry) = item?.content, programmes[entry].count == 1,
        let occasion = air.occasion, missed.insert(occasion).inserted
      else { break }
      air = self.air(before: date, without: missed)
    }
    air.resume(at: date)
    var items: [TimetableItem] = []
    while !isEnough(items) { items.append(air.next()) }
    return items
  }

  /// When the next entry begins sharp, behind one date and before another.
  package func nextSharp(after first: Ticks, before last: Ticks) -> Ticks? {
    guard first < last else { return nil }
    return timetable.occasions(on: timetable.day(at: first)...timetable.day(at: last))
      .first { $0.isSharp && $0.entry != nil && first < $0.begin && $0.begin < last }?.begin
  }

  /// The air at a date not behind `date` before which nothing mattered.
  private func air(before date: Ticks, without missed: Set<Occasion>) -> TimetableAir {
    var day = timetable.day(at: date)
    for _ in 0..<Resolver.memory {
      let sharp = timetable.occasions(on: day...day).last { $0.isSharp && $0.begin <= date }
      if let sharp { return air(from: sharp.begin, without: missed) }
      day = day.advanced(by: -1)
    }
    return air(from: timetable.start(of: day), without: missed)
  }

  private func air(from date: Ticks, without missed: Set<Occasion>) -> TimetableAir {
    TimetableAir(timetable, programmes: programmes, fillers: fillers, from: date, without: missed)
  }
}
