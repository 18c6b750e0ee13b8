import LinuxIO
import NIOCore
import ServiceLifecycle
import Wire

/// One client: carries what its session decides to the socket and the registry.
actor ControlConnection {
  typealias Inbound = Result<ClientMessage, MessageError>

  private struct Closed: Error {}
  private struct Unread: Error {}

  private let registry: StationRegistry
  private let id: Audience.Connection
  private let outbound: NIOAsyncChannelOutboundWriter<ServerMessage>
  private var session: ControlSession
  /// Since when a message has been waiting for the client to read, in steady seconds.
  private var waitingSince: Double?

  /// A client that leaves a message unread for so many seconds is dropped.
  static let patience = 10.0

  private init(
    _ registry: StationRegistry, _ id: Audience.Connection, _ session: ControlSession,
    _ outbound: NIOAsyncChannelOutboundWriter<ServerMessage>
  ) {
    self.registry = registry
    self.id = id
    self.session = session
    self.outbound = outbound
  }

  private static var now: Double { Double(SteadyClock.now) / 1e9 }

  /// Serves a client until either side has had enough; what goes wrong ends this connection only.
  static func serve(
    _ channel: NIOAsyncChannel<Inbound, ServerMessage>, registry: StationRegistry, stations: Int
  ) async {
    let session = ControlSession(site: registry.site, stations: stations, now: now)
    let (id, pushes) = await registry.connect()
    try? await channel.executeThenClose { inbound, outbound in
      let connection = ControlConnection(registry, id, session, outbound)
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
          for try await line in inbound { try await connection.handle(.line(line)) }
          throw Closed()
        }
        group.addTask {
          for await station in pushes { try await connection.handle(.changed(station)) }
        }
        group.addTask {
          while true {
            try await Task.sleep(for: .seconds(1))
            try await connection.tick()
          }
        }
        group.addTask {
          try await gracefulShutdown()
          // As far as it can be said without waiting for a client that does not read.
          try await withThrowingTaskGroup(of: Void.self) { farewell in
            farewell.addTask { try await connection.handle(.stopping) }
            farewell.addTask { try await Task.sleep(for: .milliseconds(200)) }
            try await farewell.next()
            farewell.cancelAll()
          }
          throw Closed()
        }
        // Whichever ends first, by an error always, ends the others.
        defer { group.cancelAll() }
        for try await _ in group {}
      }
    }
    await registry.disconnect(id)
  }

  private func handle(_ event: ControlSession.Event) async throws {
    for action in session.handle(event, at: Self.now) {
      switch action {
      case .send(let message): try await send(message)
      case .list: try await handle(.listed(registry.list()))
      case .join(let number): try await handle(.joined(registry.join(number, id)))
      case .leave: try await handle(.left(registry.leave(id)))
      case .close: throw Closed()
      }
    }
  }

  private func send(_ message: ServerMessage) async throws {
    let isFirst = waitingSince == nil
    if isFirst { waitingSince = Self.now }
    defer { if isFirst { waitingSince = nil } }
    try await outbound.write(message)
  }

  private func tick() async throws {
    if let waitingSince, Self.now - waitingSince > Self.patience { throw Unread() }
    if waitingSince == nil { try await handle(.tick) }
  }
}
