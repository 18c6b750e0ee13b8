import LinuxIO
import NIOCore
import Wire

/// A client that receives a station and reports how, as often as the server will have it. It does not receive: what it reports
/// is always the same, so that what the server makes of many reports can be foretold.
final class Reporter: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  /// What each report adds to the one before: of a hundred datagrams one is lost, and two are repaired.
  static let received: UInt64 = 99
  static let repaired: UInt64 = 2
  static let lost: UInt64 = 1
  /// Microseconds.
  static let jitter = 310

  private let station: Int
  private var context: ChannelHandlerContext?
  private var decoder = MessageDecoder<ServerMessage>()
  private var unread = ByteBuffer()
  private(set) var isJoined = false
  private(set) var reports: UInt64 = 0
  /// Seconds between two reports, as the server last said.
  private(set) var interval = 1
  /// Lines that it could not make anything of, and errors.
  private(set) var wrong = 0
  /// When the next one is due: steady nanoseconds.
  private var due = Int64.max

  init(station: Int) { self.station = station }

  func channelActive(context: ChannelHandlerContext) {
    self.context = context
    say(.hello(.init(version: protocolVersion, client: "controlload")))
    say(.join(.init(station: station)))
    context.flush()
  }

  func channelInactive(context: ChannelHandlerContext) { self.context = nil }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    var bytes = unwrapInboundIn(data)
    unread.writeBuffer(&bytes)
    while let line = try? decoder.decode(buffer: &unread) {
      switch line {
      case .success(.joined):
        isJoined = true
        due = SteadyClock.now + 1_000_000_000
      case .success(.reporting(let reporting)): interval = max(1, reporting.every)
      case .success(.error), .failure: wrong += 1
      default: break
      }
    }
    unread.discardReadBytes()
  }

  /// Reports, if that is due.
  func report(now: Int64) {
    guard now >= due, context?.channel.isWritable == true else { return }
    due = max(due, now - 1_000_000_000) + Int64(interval) * 1_000_000_000
    reports += 1
    say(
      .report(
        .init(
          station: station, received: reports * Self.received, lost: reports * Self.lost, bitrate: 4_000_000,
          quality: Quality(
            path: .multicast, repaired: reports * Self.repaired, jitter: Self.jitter, delayFactor: 4_000))))
    context?.flush()
  }

  private func say(_ message: ClientMessage) {
    guard let context else { return }
    var line = context.channel.allocator.buffer(capacity: 256)
    guard (try? MessageEncoder<ClientMessage>().encode(data: message, out: &line)) != nil else { return }
    context.write(wrapOutboundOut(line), promise: nil)
  }
}

/// Has all reporters report when they are to.
enum Reporters {
  private static let step = TimeAmount.milliseconds(50)

  /// Until the task that is returned is cancelled.
  static func run(_ channels: [any Channel], on loop: any EventLoop) async throws -> RepeatedTask {
    try await loop.submit {
      let reporters = NIOLoopBound(
        channels.compactMap { try? $0.pipeline.syncOperations.handler(type: Reporter.self) }, eventLoop: loop)
      return loop.scheduleRepeatedTask(initialDelay: step, delay: step) { _ in
        let now = SteadyClock.now
        for reporter in reporters.value { reporter.report(now: now) }
      }
    }.get()
  }

  static func figures(_ channels: [any Channel], on loop: any EventLoop) async throws -> LoadReport.Reporting {
    try await loop.submit {
      let reporters = channels.compactMap { try? $0.pipeline.syncOperations.handler(type: Reporter.self) }
      return LoadReport.Reporting(
        joined: reporters.count { $0.isJoined }, reports: reporters.reduce(0) { $0 + Int($1.reports) },
        fewest: Int(reporters.map(\.reports).min() ?? 0), shortestInterval: reporters.map(\.interval).min() ?? 0,
        longestInterval: reporters.map(\.interval).max() ?? 0, wrong: reporters.reduce(0) { $0 + $1.wrong })
    }.get()
  }
}
