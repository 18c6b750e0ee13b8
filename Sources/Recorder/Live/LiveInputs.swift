import Tape

extension LiveSource {
  /// What delivers it.
  ///
  /// - Parameters:
  ///   - house: the station's format, which copied streams must fit.
  ///   - name: the station's.
  func input(house: HouseFormat, name: String, clock: LiveClock) throws(RecorderError) -> any LiveInput {
    switch self {
    case .testCard(let card): return TestCardInput(card: card, name: name, clock: clock)
    case .camera, .stream: throw RecorderError(.configuration, "this recorder knows no such sources")
    }
  }
}
