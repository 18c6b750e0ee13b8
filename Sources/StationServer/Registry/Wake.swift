/// A bell: rung any number of times before someone listens, it is heard once.
struct Wake: Sendable {
  private let continuation: AsyncStream<Void>.Continuation

  static func make() -> (AsyncStream<Void>, Wake) {
    let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    return (stream, Wake(continuation: continuation))
  }

  func callAsFunction() { continuation.yield() }
}
