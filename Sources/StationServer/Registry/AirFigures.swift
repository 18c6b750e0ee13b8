import Synchronization

/// What the transmitter last said of itself, for whoever asks.
final class AirFigures: Sendable {
  private let known = Mutex<TransmitFigures?>(nil)

  /// nil while none answers.
  var latest: TransmitFigures? {
    get { known.withLock(\.self) }
    set { known.withLock { $0 = newValue } }
  }
}
