import LinuxIO
import Playout
import Synchronization
import Tape
import TransportStream

/// Sees to it that what is sent soon is in memory, so that no sending thread ever waits for a disk, and that what has been
/// sent is let go. As a station is a function of time, the date says what that is.
///
/// It runs on a thread that may wait. A tape that does not come in time costs the stations that play it: they are told so
/// by their ``Readiness``. Should this thread itself be held up by a disk, what it said last holds on.
final class ReadAhead: Sendable {
  struct Listener: Sendable {
    var station: Station
    var readiness: Readiness
  }

  /// From how long before now up to how long after it the air is kept in memory.
  static let window = (behind: Ticks.milliseconds(250), ahead: Ticks.seconds(2))
  /// How often it looks, and how often while something is missing: nanoseconds.
  private static let interval: Int64 = 500_000_000
  private static let shortInterval: Int64 = 20_000_000
  /// How long new stations wait for tapes that nobody has read lately: nanoseconds.
  private static let patience: Int64 = 100_000_000

  private struct Shelf: Sendable {
    var listeners: [Listener] = []
    var pieces: [ObjectIdentifier: TapePieces] = [:]
  }

  private let shelf = Mutex(Shelf())

  /// Reads ahead for these stations from now on, and for no others.
  ///
  /// - Parameter now: the air's time. What comes first is given a moment to arrive before this returns.
  func follow(_ listeners: [Listener], now: () -> Ticks) {
    shelf.withLock { $0.listeners = listeners }
    let end = SteadyClock.now + Self.patience
    while !look(now: now()), SteadyClock.now < end { SteadyClock.sleep(until: SteadyClock.now + 2_000_000) }
  }

  /// Looks again and again, for as long as the process lives.
  func run(now: () -> Ticks) {
    while true {
      let isAllHere = look(now: now())
      SteadyClock.sleep(until: SteadyClock.now + (isAllHere ? Self.interval : Self.shortInterval))
    }
  }

  /// Asks for what is sent soon and lets go of the rest; whether all of it is here.
  func look(now: Ticks) -> Bool {
    shelf.withLock { shelf in
      var isAllHere = true
      for listener in shelf.listeners {
        let missing = Self.missing(of: listener.station, now: now, &shelf.pieces)
        listener.readiness.end = missing ?? Ticks(.max)
        if missing != nil { isAllHere = false }
      }
      for tape in Array(shelf.pieces.keys) {
        shelf.pieces[tape]?.endRound()
        if shelf.pieces[tape]?.isEmpty == true { shelf.pieces[tape] = nil }
      }
      return isAllHere
    }
  }

  /// The date of the first datagram that is not in memory; nil when all are.
  private static func missing(
    of station: Station, now: Ticks, _ pieces: inout [ObjectIdentifier: TapePieces]
  ) -> Ticks? {
    var missing: Ticks?
    for stretch in station.stretches(from: now - window.behind, to: now + window.ahead) {
      let number = pieces[ObjectIdentifier(stretch.tape), default: TapePieces(stretch.tape)].want(stretch.datagrams)
      guard let number, missing == nil else { continue }
      // Its date stands in the index, which may be what is missing: that of the stretch will do then.
      let isFirst = number == stretch.datagrams.lowerBound
      missing = isFirst ? max(stretch.start, now - window.behind) : stretch.date(of: number)
    }
    return missing
  }
}
