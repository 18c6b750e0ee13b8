import LinuxIO
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
  var streams: StreamRoom { room.streams }
  let request: StreamRequest
  private let address: String
  private(set) var context: ChannelHandlerContext?
  private var unread: ByteBuffer
  private var decoder = MessageDecoder<ClientMessage>(longest: longestStreamLine)
  /// nil until the stream has been opened.
  private var session: StreamSession?
  /// Which station of this number it is, and its rate in bit/s.
  private(set) var air: (born: Int, rate: Double)?
  /// Where its marks stand; nil when it wants none.
  var marks: MarkPlace?
  /// Whether the budget counts it, and what it reserves there.
  private var isCounted = false
  private var reserved: Double?
  /// Whether frames are being made.
  private var isWorking = false
  /// What there is of what follows.
  private var then = FrameFill.Frames.Then.more
  private var hasAllInput: Bool
  /// Whether the client has said so much before its stream was open that no more is taken in until it is.
  private var isFull = false
  private(set) var isClosing = false
  private var written = 0
  private var reader = ReaderWatch(patience: StreamConnection.patience, utmostPatience: .infinity)
  /// Among the room's streams.
  var index: Int?

  /// - Parameters:
  ///   - address: as the admission counted it: it is told when the connection is over.
  ///   - unread: what the client has said after its first line.
  ///   - hasAllInput: it will say no more.
  init(_ request: StreamRequest, room: ControlRoom, address: String, unread: ByteBuffer, hasAllInput: Bool = false) {
    (self.request, self.room, self.address) = (request, room, address)
    (self.unread, self.hasAllInput) = (unread, hasAllInput)
  }

  // MARK: The channel's life

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    index = streams.enter(self, on: context.eventLoop)
    hasten(context.channel)
    isCounted = streams.desk.budget.enter(address)
    guard isCounted else { return refuse(.init(code: .busy, message: "There are too many streams already.")) }
    streams.open(self)
  }

  /// Has the kernel send a lost answer again soon. Where it cannot, nothing else is different.
  private func hasten(_ channel: any Channel) {
    let option = NIOBSDSocket.Option(rawValue: StreamSocket.leastTimeoutOption)
    try? channel.syncOptions?.setOption(.tcpOption(option), value: Int(StreamSocket.leastTimeout))
  }

  func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

  func channelInactive(context: ChannelHandlerContext) {
    isClosing = true
    index.map(streams.leave)
    index = nil
    streams.abandon(self)
    unread = ByteBuffer()
    release()
    if isCounted { streams.desk.budget.leave(address) }
    isCounted = false
    room.admission.leave(address)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

  // MARK: The beginning

  /// It is its turn; false when there is nothing to be opened.
  func open() -> Bool {
    guard !isClosing, let context, let air = streams.desk.airs.air(request.station) else {
      refuse(nil)
      return false
    }
    let (request, desk, this) = (request, streams.desk, NIOLoopBound(self, eventLoop: context.eventLoop))
    desk.work(on: context.eventLoop, mayWait: true) {
      StreamOpening(request, air, now: desk.now, clockError: desk.clockError)
    } then: {
      this.value.begin($0)
    }
    return true
  }

  private func begin(_ opening: StreamOpening?) {
    streams.opened(request.station)
    guard !isClosing else { return }
    guard let opening else { return refuse(nil) }
    air = (opening.born, opening.rate)
    marks = opening.marks.map { MarkPlace(next: $0) }
    session = StreamSession(first: opening.first, datagramRate: opening.datagramRate, now: ControlRoom.now)
    guard reserve() else {
      return refuse(.init(code: .busy, message: "There are too many who take whole stations from here already."))
    }
    room.line(.stream(opening.reply)).map(write)
    listen()
    serve()
    context?.flush()
  }

  /// Reserves a share for as long as it follows; false when there is none.
  private func reserve() -> Bool {
    if session?.following == nil {
      release()
    } else if reserved == nil, let rate = air?.rate {
      guard streams.desk.budget.reserve(rate, for: address) else { return false }
      reserved = rate
    }
    return true
  }

  private func release() {
    if let reserved { streams.desk.budget.release(reserved, for: address) }
    reserved = nil
  }

  /// Says why there is no stream, and hangs up.
  private func refuse(_ reason: ServerMessage.ErrorReply?) {
    guard !isClosing else { return }
    let number = request.station
    let error =
      reason ?? room.board.station(number).map { .notOnAir($0.station) }
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
    guard !isClosing else { return }
    // Until it is open, the first lines wait where they are.
    isFull = unread.readableBytes >= longestMessageLine * 2
    if !isFull { context.read() }
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
      let turn = session?.turn
      // There is no more saying anything, but in frames.
      guard session?.take(line, at: ControlRoom.now) == true, reserve() else { return hangUp() }
      if session?.turn != turn { then = .more }
    }
    if unread.readableBytes == 0 { unread = ByteBuffer() }
    guard isFull, !isClosing, let context else { return }
    // Whoever asked for more was told to wait, and does not ask again.
    isFull = false
    context.read()
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

  /// Has the next frames made, if the client takes them and there is room for them in the budget.
  ///
  /// What is not due or not in memory the room looks after: ``edge(at:)``, ``coldPlace``.
  func serve() {
    serveMarks()
    guard !isWorking, !isClosing, session != nil, let context, context.channel.isWritable else { return }
    let (desk, this) = (streams.desk, NIOLoopBound(self, eventLoop: context.eventLoop))
    let wantsFollowing = session?.following != nil && then == .more
    guard wantsFollowing || session?.hasRepairs == true else {
      if hasAllInput, session?.following == nil { close() }
      return
    }
    guard desk.budget.hasRoom(at: ControlRoom.now) else { return }
    guard let air = desk.airs.air(request.station), air.born == self.air?.born else { return hangUp() }
    if let numbers = session?.nextRepair() {
      isWorking = true
      desk.work(on: context.eventLoop) {
        FrameFill.repair(air, numbers, now: desk.now)
      } then: {
        this.value.send($0)
      }
    } else if let next = session?.following {
      let turn = take()
      desk.work(on: context.eventLoop) {
        FrameFill.follow(air, from: next, now: desk.now)
      } then: {
        this.value.send($0, turn: turn)
      }
    }
  }

  /// Where it stands, if it waits there for what is due by now, and can take it.
  func edge(at now: Ticks) -> StreamRoom.Place? {
    if case .edge(let due) = then, due <= now { place } else { nil }
  }

  /// Where it stands, if it waits there for a disk.
  var coldPlace: StreamRoom.Place? { then == .disk ? place : nil }

  /// Where it stands, if it can take what is there.
  private var place: StreamRoom.Place? {
    guard !isWorking, !isClosing, context?.channel.isWritable == true, let session, !session.hasRepairs,
      let next = session.following, let air
    else { return nil }
    return StreamRoom.Place(station: request.station, born: air.born, next: next)
  }

  /// Frames of what follows are being made for it: its turn, for ``send(_:turn:)``.
  func take() -> Int {
    isWorking = true
    return session?.turn ?? 0
  }

  /// Sends what follows, if the client still wants that.
  func send(_ frames: FrameFill.Frames, turn: Int) {
    isWorking = false
    guard !isClosing else { return }
    if session?.followed(turn: turn, next: frames.next) == true {
      if frames.then == .beyond { return hangUp() }
      then = frames.then
      send(frames.bytes, isRepair: false)
    }
    serve()
  }

  /// Sends a repair.
  private func send(_ frames: ByteBuffer) {
    isWorking = false
    guard !isClosing else { return }
    send(frames, isRepair: true)
    serve()
  }

  func send(_ frames: ByteBuffer, isRepair: Bool) {
    guard frames.readableBytes > 0 else { return }
    streams.desk.budget.take(frames.readableBytes, isRepair: isRepair, at: ControlRoom.now)
    write(frames)
    context?.flush()
    lookForReader(at: nil)
  }

  private func write(_ bytes: ByteBuffer) {
    written += bytes.readableBytes
    context?.write(wrapOutboundOut(bytes), promise: nil)
  }

  // MARK: What the room says

  /// A second has passed.
  func tick(at now: Double) {
    if let session, session.isIdle(at: now) { return hangUp() }
    // Its station is there no more, or another one has its number.
    if let air, streams.desk.airs.air(request.station)?.born != air.born { return hangUp() }
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
