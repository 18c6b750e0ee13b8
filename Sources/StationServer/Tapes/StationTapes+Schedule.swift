import Tape
import Timetables

/// What a station plays when.
extension StationTapes {
  /// The tapes that a station plays in turn, as far as they are ready: its first list, shuffled as it is to be.
  ///
  /// Of a timetable, all tapes that are ready.
  func cycle(_ review: Review) -> [Tape] {
    guard let list = lists.first, lists.count == 1 else { return review.playable.map(\.tape) }
    let tapes = Dictionary(review.playable.map { ($0.programme, $0.tape) }, uniquingKeysWith: { first, _ in first })
    let order = rotations[0].shuffle.map { seed in Shuffle.order(list.map(name), seed: seed).map { list[$0] } } ?? list
    return order.compactMap { tapes[$0] }
  }

  /// What a timetable makes of the tapes that are ready.
  func guide(_ schedule: Schedule, _ review: Review, card: Tape?) -> TimetableGuide {
    let tapes = Dictionary(review.playable.map { ($0.programme, $0.tape) }, uniquingKeysWith: { first, _ in first })
    let clips = lists.map { list in
      list.map { Clip(id: $0, name: name($0), duration: tapes[$0]?.info.duration) }
    }
    return TimetableGuide(
      resolver: Resolver(schedule.timetable, programmes: Array(clips.dropLast()), fillers: clips.last ?? []),
      tapes: tapes, card: card)
  }

  /// What a programme is shuffled by: not by where its directory is, so that the order is the same on another machine.
  func name(_ programme: Int) -> String { Paths.lastComponent(of: programmes[programme].file) }

  /// What programme `index` is called.
  func title(_ index: Int, _ tape: Tape?) -> String {
    programmes[index].title ?? tape?.info.title ?? MediaFiles.title(of: programmes[index].file)
  }
}
