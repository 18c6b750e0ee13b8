import TransportStream

/// A timetable's air as it goes on from item to item: what is on, and what waits.
struct TimetableAir {
  private let timetable: Timetable
  private let programmes: [[Clip]]
  private let fillers: [Clip]
  private let missed: Set<Occasion>

  /// Where the next item begins.
  private(set) var now: Ticks
  /// The entry whose programmes are on, if any.
  private(set) var occasion: Occasion?
  /// Those of its programmes that are still to come.
  private var rest: ArraySlice<Clip> = []
  /// Entries that wait for the end of what is on.
  private var waiting: [Occasion] = []
  /// Entries that are not due yet, as far as they are known.
  private var coming: ArraySlice<Occasion> = []
  /// The last day whose entries are known, and when it is over.
  private var known: (day: LocalDate, end: Ticks)
  private var rotation: FillerRotation

  /// Begins at a date with nothing on and nothing waiting.
  ///
  /// - Parameter missed: entries whose programmes are left out on a day.
  init(
    _ timetable: Timetable, programmes: [[Clip]], fillers: [Clip], from date: Ticks, without missed: Set<Occasion>
  ) {
    self.timetable = timetable
    self.programmes = programmes
    self.fillers = fillers
    self.missed = missed
    now = date
    let today = timetable.day(at: date)
    coming = timetable.occasions(on: today...today).drop { $0.begin < date }
    known = (today, timetable.start(of: today.advanced(by: 1)))
    rotation = FillerRotation(fillers, of: today, in: timetable)
  }

  /// The next item; it begins where the last one ended.
  mutating func next() -> TimetableItem {
    takeWhatIsDue()
    if let item = nextProgramme() { return item }
    occasion = nil
    if now >= rotation.end { rotation = FillerRotation(fillers, of: timetable.day(at: now), in: timetable) }
    let cut = nextDue(before: rotation.end) { $0.isSharp } ?? rotation.end
    if cut - now >= Resolver.shortest, let (clip, duration) = rotation.next(at: now) {
      return advance(.filler(clip.id), for: duration, cut: cut)
    }
    // What waits for the end of what is on need not wait for that of the card, where there is nothing but the card.
    let end = rotation.isEmpty ? nextDue(before: cut) { _ in true } ?? cut : cut
    return advance(.card, for: end - now, cut: end)
  }

  /// Goes on at `date` with something new, where the last item would have been on beyond it.
  mutating func resume(at date: Ticks) {
    guard date < now else { return }
    now = date
    rotation.leave()
  }

  /// The next programme of an entry, if one is on or waits.
  private mutating func nextProgramme() -> TimetableItem? {
    repeat {
      while let clip = rest.popFirst() {
        guard let entry = occasion?.entry, let duration = clip.duration, duration > .zero else { continue }
        let cut = nextDue(before: now + max(duration, Resolver.shortest)) { $0.isSharp } ?? Ticks(.max)
        guard cut - now >= Resolver.shortest else { return nil }
        if !waiting.isEmpty { rest = [] }
        rotation.leave()
        return advance(.programme(clip.id, entry: entry), for: duration, cut: cut)
      }
    } while enterNextEntry()
    return nil
  }

  /// False when none waits.
  private mutating func enterNextEntry() -> Bool {
    guard !waiting.isEmpty else { return false }
    let next = waiting.removeFirst()
    occasion = next
    guard let entry = next.entry, !missed.contains(next) else { return true }
    let clips = programmes[entry]
    let order = timetable.entries[entry].shuffle.map { Shuffle.order(clips.map(\.name), seed: $0, day: next.day) }
    rest = (order ?? Array(clips.indices)).map { clips[$0] }[...]
    return true
  }

  private mutating func advance(_ content: TimetableItem.Content, for duration: Ticks, cut: Ticks) -> TimetableItem {
    let item = TimetableItem(
      content: content, start: now, end: min(now + duration, cut), isCut: cut < now + duration)
    now = item.end
    return item
  }

  /// What is due by now takes over, or waits.
  private mutating func takeWhatIsDue() {
    learn(through: now)
    while let due = coming.first, due.begin <= now {
      coming.removeFirst()
      if due.isSharp { waiting = [] }
      waiting.append(due)
      rest = []
    }
  }

  /// When the next entry is due, of those that fit and before a date.
  private mutating func nextDue(before date: Ticks, _ fits: (Occasion) -> Bool) -> Ticks? {
    learn(through: date)
    return coming.first { $0.begin > now && $0.begin < date && fits($0) }?.begin
  }

  private mutating func learn(through date: Ticks) {
    while known.end <= date {
      let day = known.day.advanced(by: 1)
      coming += timetable.occasions(on: day...day)
      known = (day, timetable.start(of: day.advanced(by: 1)))
    }
  }
}

/// The fillers of one day, one after the other from midnight on, for ever.
private struct FillerRotation {
  /// When the day is over.
  let end: Ticks
  private let start: Ticks
  private let clips: [(clip: Clip, duration: Ticks)]
  /// When each of them ends, from the beginning.
  private let ends: [Ticks]
  private var following: Int?

  init(_ fillers: [Clip], of day: LocalDate, in timetable: Timetable) {
    start = timetable.start(of: day)
    end = timetable.start(of: day.advanced(by: 1))
    let order = timetable.fillerShuffle.map { Shuffle.order(fillers.map(\.name), seed: $0, day: day) }
    clips = (order ?? Array(fillers.indices)).compactMap { index in
      fillers[index].duration.map { (fillers[index], $0) }
    }
    var sum = Ticks.zero
    ends = clips.map { clip in
      sum += clip.duration
      return sum
    }
  }

  var isEmpty: Bool { clips.isEmpty }

  /// The one that follows the last one, and after something else the one whose turn it is at a date of the day.
  mutating func next(at date: Ticks) -> (clip: Clip, duration: Ticks)? {
    guard let cycle = ends.last else { return nil }
    let place = Ticks((date - start).count.flooredDivision(by: cycle.count).remainder)
    let index = following ?? ends.firstIndex { $0 > place } ?? 0
    following = (index + 1) % clips.count
    return clips[index]
  }

  /// Something else comes between two fillers.
  mutating func leave() { following = nil }
}
