import LinuxIO
import NIOCore

/// What all busy connections have in common; belongs to the event loop.
final class LoadState {
  struct Tally {
    var answers = 0
    var wrong = 0
    var bytes = 0
    var parsed = 0
    /// Requests that were due while eight of their connection's were not answered yet.
    var skipped = 0
    /// Microseconds.
    var latencies: [Int32] = []
    var firstAnswer: Int64?
    var lastAnswer: Int64 = 0
  }

  var answers: Answers
  var tally = Tally()

  init(stations: Int) { answers = Answers(stations: stations) }
}

/// One busy connection: asks when it is told to, and checks what comes.
final class Asker: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private let state: LoadState
  private let conditional: Bool
  private var context: ChannelHandlerContext?
  private var reader = AnswerReader()
  /// When the requests that are not answered were due: steady nanoseconds, the oldest first.
  private var due: [Int64] = []
  private var revision: Int?

  private static let plain = ByteBuffer(string: #"{"type":"list"}"# + "\n")

  init(_ state: LoadState, conditional: Bool) {
    self.state = state
    self.conditional = conditional
  }

  func channelActive(context: ChannelHandlerContext) { self.context = context }

  func channelInactive(context: ChannelHandlerContext) { self.context = nil }

  /// Sends a request that is due now.
  func ask(due date: Int64) {
    guard due.count < 8, let context else {
      state.tally.skipped += 1
      return
    }
    due.append(date)
    var request = Self.plain
    if conditional, let revision { request = ByteBuffer(string: "{\"type\":\"list\",\"since\":\(revision)}\n") }
    context.writeAndFlush(wrapOutboundOut(request), promise: nil)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    var bytes = unwrapInboundIn(data)
    state.tally.bytes += bytes.readableBytes
    reader.take(&bytes, &state.answers) { answer in
      switch answer {
      case .success(let known) where !due.isEmpty:
        let now = SteadyClock.now
        revision = known.revision
        state.tally.answers += 1
        state.tally.latencies.append(Int32(clamping: (now - due.removeFirst()) / 1_000))
        state.tally.firstAnswer = state.tally.firstAnswer ?? now
        state.tally.lastAnswer = now
      default:
        if !due.isEmpty { due.removeFirst() }
        state.tally.wrong += 1
      }
    }
    state.tally.parsed = state.answers.parsed
  }
}
