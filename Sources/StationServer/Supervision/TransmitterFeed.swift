import FoundationEssentials
import Glibc
import LinuxIO
import Logging
import NIOPosix
import Tape

/// The conversation with one transmitter: every plan as it comes, and a question once a second how the air is.
struct TransmitterFeed {
  let registry: StationRegistry
  let clock: AirTime
  let logger: Logger
  /// The transmitter's socket.
  let socket: String
  /// A transmitter that has not answered for so long hangs.
  var patience = Duration.seconds(15)

  /// Until the task is cancelled, or the transmitter hangs.
  func run() async {
    defer { registry.airFigures.latest = nil }
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await plans() }
      group.addTask { await figures() }
      await group.next()
      group.cancelAll()
    }
  }

  private func plans() async {
    await sendUntilTaken()
    for await _ in registry.planWake.rings() { await sendUntilTaken() }
  }

  private func sendUntilTaken() async {
    while !Task.isCancelled, await !send() { try? await Task.sleep(for: .seconds(2)) }
  }

  /// Returns whether the plan was taken.
  private func send() async -> Bool {
    let plan = await registry.plan(clockOffset: clock.transmitterOffset)
    switch await ask(TransmitRequest(plan: plan), patience: .seconds(10)) {
    case .success(let reply):
      guard let ready = reply.ready else {
        let reason = reply.error ?? "the transmitter does not say why"
        logger.error("nothing can be sent: \(reason)")
        await registry.transmitting(
          faults: Self.faults(plan.stations.map { ($0.identity.number, AirFault(reason: reason)) }))
        return false
      }
      clock.transmitterOffset = ready.clockOffset
      await registry.transmitting(
        faults: Self.faults(ready.faults.map { ($0.number, AirFault($0.fault, goesOn: $0.goesOn)) }))
      await renew(Set(ready.faults.flatMap { $0.paths ?? [] }))
      return true
    case .failure(let error):
      if !Task.isCancelled { logger.error("the transmitter does not take its plan: \(error)") }
      return false
    }
  }

  private func figures() async {
    var losses = LossLog(interval: 10)
    var saidRealTime = false
    var answered = ContinuousClock.now
    while !Task.isCancelled {
      try? await Task.sleep(for: min(.seconds(1), patience / 3))
      let answer = await ask(TransmitRequest(figures: .init()), patience: .zero, timeout: patience / 3)
      guard case .success(let reply) = answer else {
        if ContinuousClock.now - answered > patience { return }
        continue
      }
      answered = .now
      registry.airFigures.latest = reply.figures
      guard let figures = reply.figures, !figures.stations.isEmpty else { continue }
      clock.transmitterOffset = figures.clockOffset
      await registry.transmitting(
        faults: Self.faults(figures.stations.map { ($0.number, AirFault($0.fault, goesOn: $0.goesOn)) }))
      await registry.transmitting(
        rates: Dictionary(
          figures.stations.map { (Int($0.number), $0.bitrate) }, uniquingKeysWith: { first, _ in first }))
      if let line = losses.line(figures.stations, at: Double(clock.steadyNow) / 1e9) { logger.warning("\(line)") }
      if !figures.process.realTime, !saidRealTime {
        saidRealTime = true
        logger.notice("the kernel grants the transmitter no real-time priority: datagrams may leave late under load")
      }
    }
  }

  /// Tapes that the transmitter cannot open: those that nobody can are made anew.
  private func renew(_ paths: Set<String>) async {
    for path in paths.sorted() {
      let isSound = try? await NIOThreadPool.singleton.runIfActive { (try? Tape(path: path, verify: false)) != nil }
      guard isSound == false else { continue }
      logger.warning("\(path) is gone or damaged: it is made anew")
      await registry.damaged(tape: path)
    }
  }

  private static func faults(_ faults: [(UInt16, AirFault?)]) -> [Int: AirFault] {
    Dictionary(
      faults.compactMap { number, fault in fault.map { (Int(number), $0) } }, uniquingKeysWith: { first, _ in first })
  }

  /// Asks the transmitter; within `patience` it is given time to begin to listen.
  private func ask(
    _ request: TransmitRequest, patience: Duration, timeout: Duration = .seconds(10)
  ) async -> Result<TransmitReply, any Error> {
    let end = ContinuousClock.now + patience
    let line: String
    do {
      line = String(decoding: try JSONEncoder().encode(request), as: UTF8.self)
    } catch {
      return .failure(error)
    }
    while true {
      do {
        // The question blocks: not on the threads that all tasks share.
        let answer = try await NIOThreadPool.singleton.runIfActive {
          try UnixSocket.ask(path: socket, line: line, timeoutMilliseconds: Int(timeout / .milliseconds(1)))
        }
        return .success(try JSONDecoder().decode(TransmitReply.self, from: Data(answer.utf8)))
      } catch {
        let code = (error as? SystemError)?.code
        let isDeaf = code == ENOENT || code == ECONNREFUSED
        guard isDeaf, ContinuousClock.now < end, !Task.isCancelled else { return .failure(error) }
        try? await Task.sleep(for: .milliseconds(2))
      }
    }
  }
}

extension AirFault {
  /// As a transmitter says it, if it says anything; one that does not say whether the station goes on does not send it.
  fileprivate init?(_ reason: String?, goesOn: Bool?) {
    guard let reason else { return nil }
    self.init(reason: reason, isSilent: !(goesOn ?? false))
  }
}
