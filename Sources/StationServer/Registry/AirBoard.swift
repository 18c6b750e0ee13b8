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
    /// Which station of this number it is: one that was taken out and came back is another one.
    let born: Int
    /// What is called how: titles by the paths of tapes and rings.
    let titles: [String: String]
    /// The directory of its cards.
    let cards: String
    /// What the titles were made from.
    let configuration: StationConfiguration
  }

  private let airs = Noticeboard<Air>()
  private let births = Atomic<Int>(0)

  /// The air of the station with this number; nil while nothing of it is on the air.
  func air(_ number: Int) -> Air? { airs[number] }

  /// Takes up how a station is now.
  func put(_ entry: StationEntry) {
    let number = entry.configuration.number
    guard let station = entry.schedule.archive, !entry.twin.isHeld else { return remove([number]) }
    if let known = air(number), known.station === station, known.configuration == entry.configuration { return }
    var titles = Dictionary(
      entry.review.playable.map { ($0.tape.path, entry.tapes.title($0.programme, $0.tape)) },
      uniquingKeysWith: { first, _ in first })
    for tape in station.eras.lazy.flatMap(\.tapes) where titles[tape.path] == nil {
      titles[tape.path] = tape.info.title ?? entry.configuration.name
    }
    if let live = entry.live { titles[live.duty.ring] = live.title }
    airs.change(number) { known in
      Air(
        station: station, ssrc: entry.ssrc, born: known?.born ?? births.add(1, ordering: .relaxed).newValue,
        titles: titles, cards: entry.schedule.cards, configuration: entry.configuration)
    }
  }

  /// Takes off what is not on the air any more.
  func remove(_ numbers: some Collection<Int>) {
    for number in numbers { airs.change(number) { _ in nil } }
  }
}
