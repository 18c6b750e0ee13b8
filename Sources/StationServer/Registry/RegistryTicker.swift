import ServiceLifecycle

/// The registry's sense of time: once a second it looks what has begun.
struct RegistryTicker: Service {
  let registry: StationRegistry

  func run() async throws {
    await cancelWhenGracefulShutdown {
      while !Task.isCancelled {
        await registry.tick()
        try? await Task.sleep(for: .seconds(1))
      }
    }
  }
}
