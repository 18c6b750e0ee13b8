import TransportStream

@testable import Reception

/// A player as ffplay is one, in simulated time: a loudspeaker asks for 2048 samples of 48 kHz at a time and waits where there
/// are none; the clock is that of the sound, which is heard two such buffers after it was asked for. A picture is shown when
/// the clock comes to it, but decoded only when two more have been, each of which is known to be whole when the next begins.
struct SimulatedPlayer {
  /// 90 kHz.
  static let buffer: Int64 = 3840
  static let soundLength: Int64 = 3600

  struct Shown: Equatable {
    var station: Int
    /// Steady nanoseconds.
    var date: Int64
  }

  private var output = FeedOutput()
  private var sounds: [Int64] = []
  private var pictures: [(pts: Int64, station: Int)] = []
  private var soundUnits = 0
  private var pictureUnits = 0
  private var nextCall: Int64?
  private var played: Int64 = 0
  private var told: (clock: Int64, date: Int64)?
  private(set) var shown: [Shown] = []
  /// How long the loudspeaker had nothing to play at the most, in nanoseconds.
  private(set) var longestPause: Int64 = 0

  /// The clock at `now`, in 90 kHz; nil before anything plays.
  func clock(now: Int64) -> Int64? { told.map { $0.clock + (now - $0.date) * 9 / 100_000 } }

  mutating func take(_ feed: inout PlayerFeed) { output.take(&feed) }

  /// Time has come to `now`.
  mutating func pass(to now: Int64) {
    let sound = output.units(0x101)
    for unit in sound.dropFirst(soundUnits) { sounds.append(unit.pts) }
    soundUnits = sound.count
    let units = output.units(0x100).dropLast(3)
    for unit in units.dropFirst(pictureUnits) { pictures.append((unit.pts, unit.fill / 100)) }
    pictureUnits = max(pictureUnits, units.count)
    let due = nextCall ?? now
    if now >= due, sounds.count * Int(Self.soundLength) - Int(played) >= Self.buffer {
      if nextCall != nil { longestPause = max(longestPause, now - due) }
      played += Self.buffer
      while played >= Self.soundLength, sounds.count > 1 {
        played -= Self.soundLength
        sounds.removeFirst()
      }
      told = ((sounds.first ?? 0) + played - 2 * Self.buffer, now)
      nextCall = max(due, now - 1_000_000) + Self.buffer * 100_000 / 9
    }
    guard let clock = clock(now: now) else { return }
    while let next = pictures.first, next.pts <= clock {
      pictures.removeFirst()
      shown.append(Shown(station: next.station, date: now))
    }
  }
}
