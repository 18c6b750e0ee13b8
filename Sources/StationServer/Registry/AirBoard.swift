import Playout
import Synchronization

/// What is on the air, for those who send it to single receivers: the registry writes it at each change, and every stream
/// connection reads it where it stands, without waiting for anybody.
final class AirBoard: Sendable {
  /// One station's air.
  struct Air: Sendable {
    /// With what it has sent before, as far back as that is kept.
    let station: Station
    let ssrc: UInt32
    /// What is called how: titles by the paths of tapes and rings.
    let titles: [String: String]
    /// What the titles were made from.
    fileprivate let configuration: StationConfiguration
  }

  private let airs = Mutex<[Int: Air]>([:])

  /// The air of the station with this number; nil while nothing of it is on the air.
  func air(_ number: Int) -> Air? { airs.withLock { $0[number] } }

  /// Takes up how a station is now.
  func put(_ entry: StationEntry) {
    let number = entry.configuration.number
    guard let station = entry.schedule.station, !entry.twin.isHeld else { return remove([number]) }
    if let known = air(number), known.station === station, known.configuration == entry.configuration { return }
    var titles = Dictionary(
      entry.review.playable.map { ($0.tape.path, entry.tapes.title($0.programme, $0.tape)) },
      uniquingKeysWith: { first, _ in first })
    for tape in station.eras.lazy.flatMap(\.tapes) where titles[tape.path] == nil {
      titles[tape.path] = tape.info.title ?? entry.configuration.name
    }
    if let live = entry.live { titles[live.duty.ring] = live.title }
    let air = Air(station: station, ssrc: entry.ssrc, titles: titles, configuration: entry.configuration)
    airs.withLock { $0[number] = air }
  }

  /// Takes off what is not on the air any more.
  func remove(_ numbers: some Collection<Int>) {
    airs.withLock { airs in
      for number in numbers { airs[number] = nil }
    }
  }
}
