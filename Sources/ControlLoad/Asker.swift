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
  private var requests = Requests()

  private static let plain = ByteBuffer(string: #"{"type":"list"}"# + "\n")

  init(_ state: LoadState, conditional: Bool) {
    self.state = state
    self.conditional = conditional
  }

  func channelActive(context: ChannelHandlerContext) { self.context = context }

  func channelInactive(context: ChannelHandlerContext) { self.context = nil }

  /// Sends a request that is due now.
  func ask(due date: Int64) {
    guard requests.count < 8, let context else {
      state.tally.skipped += 1
      return
    }
    let since = conditional ? requests.revision : nil
    requests.ask(due: date, since: since)
    let request = since.map { ByteBuffer(string: "{\"type\":\"list\",\"since\":\($0)}\n") } ?? Self.plain
    context.writeAndFlush(wrapOutboundOut(request), promise: nil)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    var bytes = unwrapInboundIn(data)
    state.tally.bytes += bytes.readableBytes
    reader.take(&bytes, &state.answers) { answer in
      guard let due = requests.take(try? answer.get()) else {
        state.tally.wrong += 1
        return
      }
      let now = SteadyClock.now
      state.tally.answers += 1
      state.tally.latencies.append(Int32(clamping: (now - due) / 1_000))
      state.tally.firstAnswer = state.tally.firstAnswer ?? now
      state.tally.lastAnswer = now
    }
    state.tally.parsed = state.answers.parsed
  }
}
