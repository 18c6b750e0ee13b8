import NIOCore
import Wire

/// One client: carries what its session decides to the socket, at once and on the connection's event loop.
///
/// It reads only as long as the client takes its answers: no more of them wait than the channel's high-water mark and one
/// answer, at most the whole list, whose bytes all connections share; however much the client asks for.
final class ControlConnection: ChannelDuplexHandler, RemovableChannelHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundIn = Never
  typealias OutboundOut = ByteBuffer

  private let room: ControlRoom
  private var context: ChannelHandlerContext?
  /// As the admission counted it; nil when it did not let the client in.
  private var address: String?
  private var session: ControlSession
  /// Among the room's connections.
  var place: Int?
  /// What the client receives.
  private(set) var station: Int? {
    didSet { if station != oldValue { report = nil } }
  }
  /// What it last said of that.
  private(set) var report: ReceiverReport?
  /// Seconds between two reports that it was told.
  private var reporting = 1
  /// The board's revision when it was told how the station is: older news it knows.
  private var knownRevision = Int.min

  private var decoder = MessageDecoder<ClientMessage>()
  /// What came and was not looked at yet.
  private(set) var unread = ByteBuffer()
  /// A line that is answered when the server has started.
  private var waiting: Result<ClientMessage, MessageError>?
  private var isServing = false
  private var wantsToRead = false
  private var hasAllInput = false
  private var isClosing = false
  /// News that the client was too slow to take: the last of them.
  private var held: ByteBuffer?
  /// Bytes written since the connection began.
  private var written = 0

  private var reader = ReaderWatch()
  /// Since when nothing is read of what the client may have to say: steady seconds.
  private var deafSince: Double?

  init(_ room: ControlRoom) {
    self.room = room
    session = room.newSession()
  }

  // MARK: The channel's life

  func handlerAdded(context: ChannelHandlerContext) { self.context = context }

  func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

  func channelActive(context: ChannelHandlerContext) {
    guard room.isOpen else { return context.close(promise: nil) }
    let address = ClientAddress.share(
      of: context.remoteAddress?.ipAddress ?? "?", at: context.localAddress?.ipAddress)
    guard room.admission.enter(address) else {
      send(.error(.init(code: .busy, message: "There are too many connections already.")))
      return close()
    }
    self.address = address
    place = room.enter(self)
  }

  func channelInactive(context: ChannelHandlerContext) {
    isClosing = true
    room.audience.move(from: station, to: nil)
    station = nil
    place.map(room.leave)
    place = nil
    address.map(room.admission.leave)
    address = nil
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

  // MARK: Lines

  func read(context: ChannelHandlerContext) {
    guard !isClosing else { return }  // nobody would look at it
    wantsToRead = !context.channel.isWritable || waiting != nil
    if wantsToRead { deafSince = deafSince ?? ControlRoom.now } else { context.read() }
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard !isClosing else { return }
    var bytes = unwrapInboundIn(data)
    if unread.readableBytes == 0 {
      unread = bytes
    } else {
      unread.discardReadBytes()
      unread.writeBuffer(&bytes)
    }
  }

  func channelReadComplete(context: ChannelHandlerContext) { serve(context) }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    guard context.channel.isWritable else { return }
    reader.relieve()
    listen(context)
  }

  /// The server has started.
  func goOn() {
    guard waiting != nil, let context, context.channel.isWritable else { return }
    listen(context)
  }

  private func listen(_ context: ChannelHandlerContext) {
    guard waiting == nil || !room.isStarting else { return }
    if let deafSince { perform(.heldBack(seconds: ControlRoom.now - deafSince)) }
    deafSince = nil
    serve(context)
    if wantsToRead, context.channel.isWritable { read(context: context) }
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    guard case ChannelEvent.inputClosed = event else { return context.fireUserInboundEventTriggered(event) }
    hasAllInput = true
    serve(context)
  }

  /// Answers all lines that are there, and sends the answers together; leaves the rest for when the client has taken some.
  private func serve(_ context: ChannelHandlerContext) {
    guard !isServing else { return }  // sending may tell at once that there is room again
    isServing = true
    defer { isServing = false }
    var isDone = false
    while !isDone, !isClosing, context.channel.isWritable {
      while !isClosing, context.channel.isWritable, !isDone {
        if let line = nextLine() { perform(.line(line)) } else { isDone = true }
      }
      guard self.context != nil else { return }  // another handler has the connection now
      if let held {
        self.held = nil
        write(held)
      }
      context.flush()
    }
    if unread.readableBytes == 0 { unread = ByteBuffer() }
    if isDone, hasAllInput, waiting == nil { close() }
    lookForReader(at: nil)
  }

  private func nextLine() -> Result<ClientMessage, MessageError>? {
    let line = waiting ?? line()
    waiting = nil
    guard room.isStarting, let line else { return line }
    if case .success(.eras) = line { return line }
    waiting = line
    return nil
  }

  private func line() -> Result<ClientMessage, MessageError>? {
    hasAllInput
      ? try? decoder.decodeLast(buffer: &unread, seenEOF: true) : try? decoder.decode(buffer: &unread)
  }

  // MARK: Actions

  private func perform(_ event: ControlSession.Event, at now: Double = ControlRoom.now) {
    for action in session.handle(event, at: now) {
      switch action {
      case .send(let message): send(message)
      case .list(let since): write(room.board.list(since: since))
      case .eras(let since): tellTwin(since)
      case .join(let number): perform(.joined(join(number)), at: now)
      case .leave: perform(.left(leave()), at: now)
      case .stream(let request): becomeStream(request)
      case .report(let report): take(report, at: now)
      case .receptions: write(room.receptions.answer())
      case .close: close()
      }
    }
  }

  private func tellTwin(_ since: Int?) {
    guard let answer = room.twins.answer(since: since) else {
      return send(
        .error(.init(code: .noTwin, message: "This server knows of no twin: name it under control.twin here as well.")))
    }
    for part in answer { write(part) }
  }

  private func join(_ number: Int) -> JoinReply {
    guard let (known, revision) = room.board.joining(number) else {
      return .refused(.init(code: .unknownStation, message: "There is no station \(number) here."))
    }
    var joined = known
    guard joined.station.state.isReceivable else { return .refused(.notOnAir(joined.station)) }
    joined.station.receivers = room.audience.move(from: station, to: number)
    (station, knownRevision) = (number, revision)
    held = nil  // of another station, or older than this answer
    return .joined(joined)
  }

  private func leave() -> Int? {
    room.audience.move(from: station, to: nil)
    defer { (station, held) = (nil, nil) }
    return station
  }

  /// Leaves the connection to one that carries datagrams.
  private func becomeStream(_ request: StreamRequest) {
    isClosing = true
    place.map(room.leave)
    place = nil
    guard let operations = context?.pipeline.syncOperations, let address else { return }
    let stream = StreamConnection(request, room: room, address: address, unread: unread, hasAllInput: hasAllInput)
    self.address = nil
    unread = ByteBuffer()
    do {
      try operations.addHandler(stream, position: .after(self))
    } catch {
      hangUp()
    }
    operations.removeHandler(self, promise: nil)
  }

  private func take(_ report: ClientMessage.Report, at now: Double) {
    guard report.station == station else { return }  // of the one before
    self.report = ReceiverReport(report, after: self.report, at: now, expected: Double(reporting))
    let pace = Receptions.interval(forReceivers: room.audience.total)
    // Not told again for each receiver that comes or goes.
    guard pace > reporting || pace * 2 <= reporting else { return }
    reporting = pace
    send(.reporting(.init(every: pace)))
  }

  /// How the client receives, for the operator; nil when it receives nothing.
  func receiver(at now: Double) -> ReceiverStatus? {
    station.map { ReceiverStatus(station: $0, address: peer, client: session.client, report: report, at: now) }
  }

  private var peer: String {
    guard let address = context?.remoteAddress, let host = address.ipAddress else { return address ?? "?" }
    return address.protocol == .inet6 ? "[\(host)]:\(address.port ?? 0)" : "\(host):\(address.port ?? 0)"
  }

  private func send(_ message: ServerMessage) { room.line(message).map(write) }

  private func write(_ line: ByteBuffer) {
    written += line.readableBytes
    context?.write(wrapOutboundOut(line), promise: nil)
  }

  /// Hangs up when all that was said has been sent.
  private func close() {
    isClosing = true
    unread = ByteBuffer()
    guard let context else { return }
    let channel = context.channel
    context.writeAndFlush(wrapOutboundOut(ByteBuffer())).whenComplete { _ in channel.close(promise: nil) }
    lookForReader(at: nil)
  }

  // MARK: What the room says

  /// Passes on what there is about its station, unless it joined it since.
  func hear(_ news: StationBoard.News) {
    guard let station, news.revision > knownRevision else { return }
    if news.gone.contains(station) {
      room.audience.move(from: station, to: nil)
      self.station = nil
      room.line(.left(.init(station: station))).map(push)
    } else if let line = news.lines[station] {
      push(line)
    }
  }

  /// Sends news, or keeps them until the client has read what was said before.
  func push(_ line: ByteBuffer) {
    guard let context, !isClosing else { return }
    guard context.channel.isWritable else {
      held = line
      return
    }
    write(line)
    context.flush()
    lookForReader(at: nil)
  }

  /// Time has passed.
  func tick(at now: Double) {
    guard reader.isWaiting else { return perform(.tick, at: now) }
    lookForReader(at: now)
    if reader.isTooSlow(at: now) { hangUp() }
  }

  /// The server stops.
  func stop() { perform(.stopping) }

  func hangUp() { context?.close(promise: nil) }

  /// Whether anything waits for the client to read, and whether it reads.
  private func lookForReader(at now: Double?) {
    let pending = (try? context?.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
    reader.look(pending: pending, written: written, at: now ?? ControlRoom.now)
  }
}
