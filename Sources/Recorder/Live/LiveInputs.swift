import Tape

extension LiveSource {
  /// What delivers it.
  ///
  /// - Parameters:
  ///   - house: the station's format, which copied streams must fit.
  ///   - bitrate: the station's, where it has one.
  ///   - name: the station's.
  func input(house: HouseFormat, bitrate: Int?, name: String, clock: LiveClock) throws(RecorderError) -> any LiveInput {
    switch self {
    case .testCard(let card): return TestCardInput(card: card, name: name, clock: clock)
    case .camera(let camera):
      // A bitrate is kept by encoding.
      return CameraInput(camera: camera, copiesH264: house.video?.codec == "h264" && bitrate == nil)
    case .stream(let feed): return try FeedInput(feed, house: house)
    }
  }
}
