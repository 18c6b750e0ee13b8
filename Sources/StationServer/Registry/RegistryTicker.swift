import ServiceLifecycle

/// The registry's sense of time: four times a second it looks what has changed, and when a programme begins.
struct RegistryTicker: Service {
  let registry: StationRegistry

  /// What counts receivers and progress is told this often; clients that ask more often learn nothing new.
  static let period = Duration.milliseconds(250)
  /// Programmes that begin within so short a time are told of together.
  static let grain = Duration.milliseconds(20)

  func run() async throws {
    await cancelWhenGracefulShutdown {
      while !Task.isCancelled {
        let next = await registry.tick().map { max(Self.grain, Duration.nanoseconds($0)) }
        try? await Task.sleep(for: min(Self.period, next ?? Self.period))
      }
    }
  }
}
