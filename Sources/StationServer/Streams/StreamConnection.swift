import NIOCore
import Playout
import TransportStream
import Wire

/// One client that takes a station's datagrams over TCP: a line says where to begin, and from the answer on it is sent nothing
/// but frames.
///
/// Frames are made on a thread that may wait for a disk, a few at a time, and the next ones when the client has taken most of
/// those: no more of them wait than the channel's high-water mark and one portion.
final class StreamConnection: ChannelDuplexHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundIn = Never
  typealias OutboundOut = ByteBuffer

  /// A client that takes nothing for so long is too slow: seconds.
  static let patience = 60.0

  private let room: ControlRoom
  private let request: StreamRequest
  private let address: String?
  private var context: ChannelHandlerContext?
  private var unread: ByteBuffer
  private var decoder = MessageDecoder<ClientMessage>()
  /// nil until the stream has been opened.
  private var session: StreamSession?
  /// Whether frames are being made.
  private var isWorking = false
  /// Whether all that is due has been sent.
  private(set) var isAtEdge = false
  private var hasAllInput: Bool
  private var isClosing = false
  private var written = 0
  private var reader = ReaderWatch(patience: StreamConnection.patience, utmostPatience: .infinity)
  /// Among the room's streams.
  var place: Int?

  /// - Parameters:
  ///   - address: as the admission counted it.
  ///   - unread: what the client has said after its first line.
  ///   - hasAllInput: it will say no more.
  init(_ request: StreamRequest, room: ControlRoom, address: String?, unread: ByteBuffer, hasAllInput: Bool = false) {
    (self.request, self.room, self.address) = (request, room, address)
    (self.unread, self.hasAllInput) = (unread, hasAllInput)
  }

  // MARK: The channel's life

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    place = room.streams.enter(self)
    open()
  }

  func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

  func channelInactive(context: ChannelHandlerContext) {
    isClosing = true
    place.map(room.streams.leave)
    place = nil
    address.map(room.admission.leave)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

  // MARK: The beginning

  private func open() {
    guard let context, let air = room.streams.desk.airs.air(request.station) else { return refuse() }
    let (request, desk, this) = (request, room.streams.desk, NIOLoopBound(self, eventLoop: context.eventLoop))
    desk.work(on: context.eventLoop) {
      StreamOpening(request, air, now: desk.now).map { ($0, air.station.datagramRate) }
    } then: {
      this.value.begin($0)
    }
  }

  private func begin(_ opening: (StreamOpening, datagramRate: Double)?) {
    guard !isClosing else { return }
    guard let (opening, rate) = opening else { return refuse() }
    room.line(.stream(opening.reply)).map(write)
    session = StreamSession(first: opening.first, datagramRate: rate, now: ControlRoom.now)
    listen()
    serve()
    context?.flush()
  }

  /// Says why there is no stream, and hangs up.
  private func refuse() {
    let number = request.station
    let error =
      room.board.station(number).map { ServerMessage.ErrorReply.notOnAir($0.station) }
      ?? .init(code: .unknownStation, message: "There is no station \(number) here.")
    room.line(.error(error)).map(write)
    close()
  }

  // MARK: Lines

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

  func channelReadComplete(context: ChannelHandlerContext) {
    listen()
    serve()
  }

  func read(context: ChannelHandlerContext) {
    // Until it is open, the first lines wait where they are.
    if !isClosing, unread.readableBytes < longestMessageLine * 2 { context.read() }
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    guard case ChannelEvent.inputClosed = event else { return context.fireUserInboundEventTriggered(event) }
    hasAllInput = true
    listen()
    serve()
  }

  private func listen() {
    guard session != nil else { return }
    while !isClosing, let line = nextLine() {
      if session?.take(line, at: ControlRoom.now) == false { return hangUp() }
    }
    if unread.readableBytes == 0 { unread = ByteBuffer() }
  }

  private func nextLine() -> Result<ClientMessage, MessageError>? {
    hasAllInput
      ? try? decoder.decodeLast(buffer: &unread, seenEOF: true) : try? decoder.decode(buffer: &unread)
  }

  // MARK: Frames

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    guard context.channel.isWritable else { return }
    reader.relieve()
    serve()
  }

  /// Has the next frames made, if the client takes them.
  func serve() {
    guard !isWorking, !isClosing, let context, context.channel.isWritable, session != nil else { return }
    guard let job = session?.nextJob() else {
      if hasAllInput { close() }
      return
    }
    guard let air = room.streams.desk.airs.air(request.station) else { return hangUp() }
    isWorking = true
    let (desk, this) = (room.streams.desk, NIOLoopBound(self, eventLoop: context.eventLoop))
    desk.work(on: context.eventLoop) {
      switch job {
      case .repair(let numbers): FrameFill.Frames(bytes: FrameFill.repair(air, numbers, now: desk.now), next: 0)
      case .follow(let from, _): FrameFill.follow(air, from: from, now: desk.now)
      }
    } then: {
      this.value.send($0, for: job)
    }
  }

  private func send(_ frames: FrameFill.Frames, for job: StreamSession.Job) {
    isWorking = false
    guard !isClosing else { return }
    isAtEdge = false
    if case .follow(_, let turn) = job {
      guard session?.followed(turn: turn, next: frames.next) == true else { return serve() }
      isAtEdge = frames.isAtEdge
    }
    if frames.bytes.readableBytes > 0 {
      write(frames.bytes)
      context?.flush()
      lookForReader(at: nil)
    }
    if !isAtEdge || session?.hasRepairs == true { serve() }
  }

  private func write(_ bytes: ByteBuffer) {
    written += bytes.readableBytes
    context?.write(wrapOutboundOut(bytes), promise: nil)
  }

  // MARK: What the room says

  /// A second has passed.
  func tick(at now: Double) {
    if let session, session.isIdle(at: now) { return hangUp() }
    lookForReader(at: now)
    if reader.isTooSlow(at: now) { hangUp() }
  }

  func hangUp() {
    isClosing = true
    context?.close(promise: nil)
  }

  private func close() {
    isClosing = true
    guard let context else { return }
    let channel = context.channel
    context.writeAndFlush(wrapOutboundOut(ByteBuffer())).whenComplete { _ in channel.close(promise: nil) }
    lookForReader(at: nil)
  }

  private func lookForReader(at now: Double?) {
    let pending = (try? context?.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
    reader.look(pending: pending, written: written, at: now ?? ControlRoom.now)
  }
}
