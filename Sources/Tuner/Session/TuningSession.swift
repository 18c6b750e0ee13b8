import Glibc
import LinuxIO
import Reception
import Wire

/// A viewer in front of a station: holds receiver, player and control link together until one thing ends it. Everything
/// that happens comes as an event, one after the other.
final class TuningSession {
  enum Event: Sendable {
    case link(ControlLink.Event)
    case request(SessionRequest, Answer)
    case key(UInt8)
    case signal(Int32)
    /// Four times a second.
    case tick
  }

  /// A change of station that is under way.
  private struct Pending {
    var request: TuneRequest
    var answer: Answer
    /// Steady nanoseconds.
    var limit: Int64
  }

  private let link: ControlLink
  private let server: ServerAddress
  private let output: Output
  private let receiver: Receiver
  private var sink: any Sink
  private var tuning: Tuning
  private var screen = StatusLine()
  private var keys: KeyMode?
  private var watch: ReceptionWatch
  private var pending: Pending?
  private var isJoined = true
  private var lastJoin = SteadyClock.now
  private var lastReport = SteadyClock.now
  private var exitStatus: Int32?
  private var terminating: Answer?

  /// Starts player and receiver.
  init(_ tuning: Tuning, link: ControlLink, server: ServerAddress, output: Output) throws(TunerError) {
    self.link = link
    self.server = server
    self.output = output
    self.tuning = tuning
    sink = try output.open(for: tuning)
    do throws(SystemError) {
      receiver = try Receiver(tuning, sink: sink)
    } catch {
      throw TunerError(error)
    }
    watch = ReceptionWatch(now: SteadyClock.now)
  }

  /// Runs until the viewer, the player, the output or another tuner ends it; everything it started is gone then.
  ///
  /// - Returns: the exit status.
  func run(_ events: AsyncStream<Event>) async -> Int32 {
    keys = Terminal.isTerminal(STDERR_FILENO) ? KeyMode(STDIN_FILENO) : nil
    let quit = keys == nil ? "" : ", q ends it"
    screen.say("\(name) from \(place), \(output.isPlayer ? "played by" : "written to") \(output.description)\(quit).")
    for await event in events {
      await handle(event)
      if exitStatus != nil { break }
    }
    receiver.stop()
    if let player = sink as? ChildProcess { await player.stop() }
    screen.clear()
    keys = nil
    terminating?.give(SessionReply(message: "Stopped \(name).", status: status))
    pending?.answer.give(SessionReply(message: "The tuner was stopped.", exitStatus: 75))
    return exitStatus ?? 0
  }

  /// Whether somebody still reads the last answer.
  var wasTerminated: Bool { terminating != nil }

  private func handle(_ event: Event) async {
    switch event {
    case .link(.connected):
      link.send(.hello(.tuner))
      join()
    case .link(.lost):
      isJoined = false
      fail(TunerError(.unavailable, "The server at \(server) has gone away."))
    case .link(.message(let message)): await take(message)
    case .request(let request, let answer): take(request, answer)
    case .key(let key):
      if key == UInt8(ascii: "q") || key == UInt8(ascii: "Q") || key == 0x04 { exitStatus = 0 }
    case .signal(SIGCONT): keys?.enter()
    case .signal: exitStatus = 0
    case .tick: tick()
    }
  }

  // MARK: The server's side

  private func take(_ message: ServerMessage) async {
    if let step = pending?.request.receive(message) {
      switch step {
      case .wait: break
      case .send(let message): link.send(message)
      case .joined(let joined):
        await change(to: Tuning(joined, interface: interface))
        return
      case .failed(let error):
        fail(error)
        return
      }
    }
    switch message {
    case .joined(let joined) where joined.station.number == tuning.station.number:
      isJoined = true
      let fresh = Tuning(joined, interface: interface)
      if fresh.isReceivedAs(tuning) && fresh.continues(tuning) { tuning = fresh } else { await change(to: fresh) }
    case .changed(let changed) where changed.station.number == tuning.station.number:
      note(changed.station)
    case .left(let left) where left.station == tuning.station.number:
      isJoined = false
      screen.say("The server has no station \(name) any more.")
    default: break
    }
  }

  private func note(_ station: StationSummary) {
    let before = tuning.station
    tuning.station = station
    if let state = StationTable.state(of: station), station.state != before.state {
      screen.say("\(name) is \(state).")
    } else if station.state == .onAir && before.state != .onAir {
      screen.say("\(name) is on the air again.")
    }
    let isElsewhere = (station.group, station.port) != (before.group, before.port)
    if isElsewhere || station.encapsulation != before.encapsulation { join() }
  }

  private func join() {
    lastJoin = SteadyClock.now
    link.send(.join(.init(station: tuning.station.number)))
  }

  // MARK: Other tuners of this user

  private func take(_ request: SessionRequest, _ answer: Answer) {
    switch request.type {
    case .status: answer.give(SessionReply(message: StatusLine.text(status, now: wallSeconds), status: status))
    case .terminate:
      terminating = answer
      exitStatus = 0
    case .tune:
      let talk = TuneRequest(request.station ?? "")
      if pending != nil {
        answer.give(SessionReply(message: "The running tuner is changing station already.", exitStatus: 75))
      } else if link.send(talk.opening) {
        pending = Pending(request: talk, answer: answer, limit: SteadyClock.now + 5_000_000_000)
      } else {
        answer.give(
          SessionReply(
            message: "The server at \(server) is away, so the running tuner stays on \(name).", exitStatus: 69))
      }
    }
  }

  private func fail(_ error: TunerError) {
    pending?.answer.give(SessionReply(message: error.description, exitStatus: error.status.rawValue))
    pending = nil
  }

  /// Changes station; the player goes on where it can play the new one.
  private func change(to new: Tuning) async {
    let old = tuning
    tuning = new
    isJoined = true
    watch = ReceptionWatch(now: SteadyClock.now)
    if output.isPlayer && !new.continues(old) {
      do throws(TunerError) {
        if let player = sink as? ChildProcess { await player.stop() }
        sink = try output.open(for: new)
        receiver.tune(new, sink: sink)
      } catch {
        fail(error)
        end(error)
        return
      }
    } else {
      receiver.tune(new)
    }
    let was =
      old.station.number == new.station.number ? "" : ", was \(old.station.number) \(printable(old.station.name))"
    screen.say("\(name) from \(place)\(was).")
    pending?.answer.give(SessionReply(message: "Changed to \(name)\(was).", status: status))
    pending = nil
  }

  // MARK: Time passes

  private func tick() {
    let now = SteadyClock.now
    if let limit = pending?.limit, now > limit {
      fail(TunerError(.unavailable, "The server at \(server) gave no answer."))
    }
    if !isJoined, link.isConnected, now - lastJoin > 5_000_000_000 { join() }
    if let player = sink as? ChildProcess, let ending = player.poll() { return playerEnded(ending) }
    if let fault = receiver.sinkFault { return sinkFailed(fault) }

    let figures = receiver.figures
    if let news = watch.update(figures, now: now) { screen.say(describe(news)) }
    if now - lastReport > 5_000_000_000, isJoined {
      lastReport = now
      link.send(
        .report(
          .init(
            station: tuning.station.number, received: figures.received, lost: figures.lost, bitrate: watch.bitrate)))
    }
    screen.show(StatusLine.text(status, now: wallSeconds))
  }

  private func describe(_ news: ReceptionWatch.News) -> String {
    switch news {
    case .silent where receiver.figures.foreign > 0:
      return "What arrives from \(place) is not this station's. Does another sender use its group?"
    case .silent:
      let isSent = link.isConnected && tuning.station.state.isReceivable
      let hint = isSent ? " Is it the right interface (--interface)?" : ""
      return "Nothing arrives from \(place).\(hint)"
    case .back: return "\(name) arrives again."
    case .fault(let error): return "\(TunerError(error)) Trying again."
    }
  }

  private func playerEnded(_ ending: ChildProcess.Ending) {
    switch ending {
    case .exited(0): end(nil, "The player was closed.")
    case .exited(127) where output != .ffplay:
      end(TunerError(.unavailable, "The player \"\(output.description)\" could not be started."))
    case .exited(let status) where watch.seconds(at: SteadyClock.now) < 3:
      end(TunerError(.unavailable, "The player (\(output.description)) ended at once, with status \(status)."))
    case .exited(let status): end(nil, "The player ended with status \(status).")
    case .killed(let signal): end(nil, "The player was ended by signal \(signal).")
    }
  }

  private func sinkFailed(_ fault: SystemError) {
    if fault.code != EPIPE {
      end(TunerError(.inputOutput, "Cannot write to \(output.description): \(fault.reason)."))
    } else {
      end(nil, output.isPlayer ? "The player was closed." : "The reader of \(output.description) has gone.")
    }
  }

  private func end(_ error: TunerError?, _ line: String = "") {
    screen.say(error.map { "tuner: \($0)" } ?? line)
    exitStatus = error?.status.rawValue ?? 0
  }

  // MARK: As others see it

  private var interface: NetworkInterface? { tuning.sources.first?.interface }

  private var name: String { "\(tuning.station.number) \(printable(tuning.station.name))" }

  private var place: String {
    "\(printable(tuning.station.group)):\(tuning.station.port)" + (interface.map { " on \($0.name)" } ?? "")
  }

  private var wallSeconds: Double { Double(WallClock.now) / 1e9 }

  private var status: SessionStatus {
    let figures = receiver.figures
    return SessionStatus(
      pid: ThisProcess.pid, state: watch.state(figures), server: server.description, isConnected: link.isConnected,
      station: tuning.station, interface: interface?.name, output: output.description,
      playerPid: (sink as? ChildProcess)?.pid, seconds: watch.seconds(at: SteadyClock.now), bitrate: watch.bitrate,
      received: figures.received, lost: figures.lost, duplicates: figures.duplicates, foreign: figures.foreign,
      dropped: figures.dropped)
  }
}
