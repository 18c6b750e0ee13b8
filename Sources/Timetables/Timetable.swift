import TransportStream

/// Programmes at wall-clock times, and what is between them. Which media they are made of is told to the ``Resolver``.
package struct Timetable: Hashable, Sendable {
  package var zone: TimeZoneRules
  package var entries: [Entry]
  /// The seed by which fillers are shuffled, every day anew; nil: in their order.
  package var fillerShuffle: Int?

  package init(zone: TimeZoneRules, entries: [Entry], fillerShuffle: Int? = nil) {
    self.zone = zone
    self.entries = entries
    self.fillerShuffle = fillerShuffle
  }

  /// One programme, or several in a row, at a time of certain days.
  package struct Entry: Hashable, Sendable {
    package var at: TimeOfDay
    package var days: Days
    package var start: Start
    /// The seed by which its programmes are shuffled, every day anew; nil: in their order.
    package var shuffle: Int?

    package init(at: TimeOfDay, days: Days = .daily, start: Start = .sharp, shuffle: Int? = nil) {
      self.at = at
      self.days = days
      self.start = start
      self.shuffle = shuffle
    }
  }

  /// How an entry begins.
  package enum Start: String, Hashable, Sendable {
    /// At its time: what is on then is cut.
    case sharp
    /// When the programme or filler is over that is on at its time.
    case afterwards
  }

  /// On which days an entry plays.
  package enum Days: Hashable, Sendable {
    case daily
    case weekdays(Set<Weekday>)
    /// Each year; February 29 in leap years only.
    case yearly(month: Int, day: Int)
    case date(LocalDate)

    func contains(_ date: LocalDate) -> Bool {
      switch self {
      case .daily: true
      case .weekdays(let days): days.contains(date.weekday)
      case .yearly(let month, let day): (date.civil.month, date.civil.day) == (month, day)
      case .date(let only): date == only
      }
    }

    /// Of two entries with the same time on the same day, the one that is meant more closely plays.
    var closeness: Int {
      switch self {
      case .daily: 0
      case .weekdays: 1
      case .yearly: 2
      case .date: 3
      }
    }
  }
}

/// An entry of a timetable on one day.
struct Occasion: Hashable, Sendable {
  /// Nil: nothing begins, but what is on is cut.
  let entry: Int?
  /// When it is due.
  let begin: Ticks
  let isSharp: Bool
  /// The day, from which its order follows when it is shuffled.
  let day: LocalDate
}

extension Timetable {
  /// When a day begins; see ``TimeZoneRules/start(of:)``.
  func start(of day: LocalDate) -> Ticks { .seconds(zone.start(of: day)) }

  func day(at date: Ticks) -> LocalDate { zone.day(at: date.count.flooredDivision(by: Ticks.perSecond).quotient) }

  /// All that is due on some days, in the order in which it is due.
  ///
  /// Of entries with the same time one is left, the one that is meant more closely, and of those the later in the list; 24:00
  /// is 00:00 of the day after. Entries that a change of the clocks brings together keep the order of their times.
  ///
  /// Where nothing begins sharp every week, something without an entry does when Monday begins.
  func occasions(on days: ClosedRange<LocalDate>) -> [Occasion] {
    struct Place: Hashable, Comparable {
      let day: LocalDate
      let at: Int

      static func < (left: Place, right: Place) -> Bool { (left.day, left.at) < (right.day, right.at) }
    }

    var winners: [Place: (entry: Int, day: LocalDate)] = [:]
    // The day before, for its 24:00.
    for number in days.lowerBound.dayNumber - 1...days.upperBound.dayNumber {
      let day = LocalDate(dayNumber: number)
      let isLeftOut = zone.start(of: day) == zone.start(of: day.advanced(by: 1))
      for (index, entry) in entries.enumerated() where !isLeftOut && entry.days.contains(day) {
        let isEnd = entry.at.seconds == 86_400
        let place = Place(day: isEnd ? day.advanced(by: 1) : day, at: isEnd ? 0 : entry.at.seconds)
        guard days.contains(place.day) else { continue }
        if let rival = winners[place], entries[rival.entry].days.closeness > entry.days.closeness { continue }
        winners[place] = (index, day)
      }
    }
    var occasions = winners.map { place, winner in
      (
        place,
        Occasion(
          entry: winner.entry, begin: .seconds(zone.moment(place.day, place.at)),
          isSharp: entries[winner.entry].start == .sharp, day: winner.day)
      )
    }
    if !isSharpWeekly {
      for day in (days.lowerBound.dayNumber...days.upperBound.dayNumber).map(LocalDate.init(dayNumber:))
      where day.weekday == .monday {
        let cut = Occasion(entry: nil, begin: start(of: day), isSharp: true, day: day)
        occasions.append((Place(day: day, at: -1), cut))
      }
    }
    return occasions.sorted { ($0.1.begin, $0.0) < ($1.1.begin, $1.0) }.map(\.1)
  }

  /// Whether something begins sharp every week, so that what is on then depends on nothing before.
  private var isSharpWeekly: Bool {
    entries.contains { entry in
      switch entry.days {
      case .daily, .weekdays: entry.start == .sharp
      case .yearly, .date: false
      }
    }
  }
}
