/// Looks after a membership that nothing comes by: the kernel drops it together with the interface and says nothing, and
/// switches forget who wanted a group. Pure.
struct GroupWatch {
  enum Duty: Equatable {
    /// To see whether the interface is still the one with this name.
    case look
    /// To leave the group and join it again.
    case rejoin
  }

  /// How often it is looked, and how often joined again, in nanoseconds of silence.
  static let lookPause: Int64 = 2_000_000_000
  static let joinPause: Int64 = 10_000_000_000

  private var looked: Int64
  private var joined: Int64

  /// - Parameter now: when the group was joined, in steady nanoseconds.
  init(now: Int64) { (looked, joined) = (now, now) }

  /// Something has come by multicast.
  mutating func arrived(now: Int64) { (looked, joined) = (now, now) }

  /// When ``duty(now:)`` has something to say, if nothing comes.
  var wake: Int64 { min(looked + Self.lookPause, joined + Self.joinPause) }

  /// What is due; nil where nothing is.
  mutating func duty(now: Int64) -> Duty? {
    guard now >= wake else { return nil }
    looked = now
    guard now - joined >= Self.joinPause else { return .look }
    joined = now
    return .rejoin
  }
}
