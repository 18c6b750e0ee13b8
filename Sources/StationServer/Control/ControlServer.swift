import Glibc
import LinuxIO
import NIOCore
import NIOPosix
import ServiceLifecycle
import Wire

/// The control server: accepts clients and answers them on a few event loops, none of which ever waits for anything.
struct ControlServer: Service {
  private let listener: any Channel
  private let rooms: [NIOLoopBound<ControlRoom>]
  private let admission: Admission
  /// How many there are, and may be.
  var connections: (count: Int, total: Int) { (admission.count, admission.total) }
  /// What stream connections share.
  let desk: StreamDesk

  /// Half of the machine's processors serve clients at the most: the air needs the others.
  static func useFewThreads(of processors: Int) {
    NIOSingletons.groupLoopCountSuggestion = max(1, processors / 2)
    // These wait for disks, mostly.
    NIOSingletons.blockingPoolThreadCountSuggestion = 16
  }

  /// Binds the address. Clients that connect from now on wait, with the kernel, for ``run()`` to let them in: what there is
  /// to tell them may not be known yet.
  ///
  /// Throws what the kernel says: the address is in use, or not this machine's.
  static func bind(
    _ address: Configuration.ListenAddress, registry: StationRegistry, admission: Admission,
    streams limits: Configuration.StreamLimits = .init(),
    group: MultiThreadedEventLoopGroup = .singleton
  ) async throws -> ControlServer {
    let streams = StreamDesk(airs: registry.airs, clock: registry.clock, limits: limits)
    var rooms: [NIOLoopBound<ControlRoom>] = []
    for loop in group.makeIterator() {
      rooms.append(
        try await loop.submit {
          ProcessLimits.yieldThread()
          let room = ControlRoom(registry: registry, admission: admission, streams: streams)
          room.begin(on: loop)
          return NIOLoopBound(room, eventLoop: loop)
        }.get())
    }
    let doors = rooms
    let listener = try await ServerBootstrap(group: group)
      .serverChannelOption(.backlog, value: 4096)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .serverChannelOption(.autoRead, value: false)
      // A client whose network was cut says nothing any more: the kernel asks after 30 s whether it is still there.
      .childChannelOption(.socketOption(.so_keepalive), value: 1)
      .childChannelOption(.tcpOption(.init(rawValue: TCP_KEEPIDLE)), value: 30)
      .childChannelOption(.tcpOption(.init(rawValue: TCP_KEEPINTVL)), value: 10)
      .childChannelOption(.tcpOption(.init(rawValue: TCP_KEEPCNT)), value: 3)
      .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
      // So that the kernel, too, keeps little for a client that does not read.
      .childChannelOption(.tcpOption(.init(rawValue: TCP_NOTSENT_LOWAT)), value: 131_072)
      .childChannelOption(.writeBufferWaterMark, value: .init(low: 16_384, high: 65_536))
      // Requests are short, and an idle connection keeps its buffer.
      .childChannelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 512))
      // A client may say all it has to say, close its side, and still read the answers.
      .childChannelOption(.allowRemoteHalfClosure, value: true)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          guard let room = doors.first(where: { $0.eventLoop === channel.eventLoop }) else { return }
          try channel.pipeline.syncOperations.addHandler(ControlConnection(room.value))
        }
      }
      .bind(host: address.host, port: address.port).get()
    registry.board.tellNews { news in
      for room in doors { room.eventLoop.execute { room.value.tell(news) } }
    }
    return ControlServer(listener: listener, rooms: rooms, admission: admission, desk: streams)
  }

  /// The port it listens on.
  var port: Int { listener.localAddress?.port ?? 0 }

  /// How everybody receives. Waits for the event loops: not to be called on one of them.
  func receivers() -> [ReceiverStatus] {
    rooms.flatMap { room in (try? room.eventLoop.submit { room.value.receivers }.wait()) ?? [] }
  }

  /// Lets clients in before ``run()``, and answers twins; all others wait.
  func letTwinsIn() async throws {
    for room in rooms { try await room.eventLoop.submit { room.value.letTwinsIn() }.get() }
    try await listener.setOption(.autoRead, value: true).get()
  }

  /// Answers clients until a graceful shutdown: then nobody new is taken, and those who are there are told, as far as that can be done
  /// without waiting for a client that does not read.
  func run() async throws {
    for room in rooms { room.eventLoop.execute { room.value.letAllIn() } }
    try await listener.setOption(.autoRead, value: true).get()
    try? await gracefulShutdown()
    listener.close(promise: nil)
    for room in rooms { room.eventLoop.execute { room.value.stop() } }
    for _ in 0..<20 where admission.count > 0 { try? await Task.sleep(for: .milliseconds(10)) }
    for room in rooms { room.eventLoop.execute { room.value.close() } }
  }
}
