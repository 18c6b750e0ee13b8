import Glibc
import LinuxIO
import Reception
import Wire

/// A viewer in front of a station: holds receiver, player and control link together until one thing ends it. Everything
/// that happens comes as an event, one after the other.
final class TuningSession {
  enum Event: Sendable {
    /// From one of the servers.
    case link(Int, ControlLink.Event)
    case request(SessionRequest, Answer)
    case key(UInt8)
    case signal(Int32)
    /// Four times a second.
    case tick
  }

  /// What the viewer has chosen for the whole session.
  struct Choices: Sendable {
    var output: Output
    /// Where the group is joined; nil for the interface that leads to the server.
    var interface: NetworkInterface?
    /// How long a missing datagram may hold up the player at the most, in milliseconds.
    var latency = 200
    /// Where reception of the station begins that was tuned to last.
    var start = Tuning.Start.live
  }

  /// A change of station that is under way.
  private struct Pending {
    var request: TuneRequest
    var beginning = Beginning.live
    /// Who asked; nil when it was a key.
    var answer: Answer?
    /// Which of the servers is asked.
    var server: Int
    /// Steady nanoseconds.
    var limit: Int64
  }

  private var choices: Choices
  private let clock: LocalClock
  /// What was on when, of the station.
  private var guide = ProgrammeGuide()
  /// Whether it was looked where reception from the past has begun.
  private var hasBegun = false
  private let receiver: Receiver
  private var servers: [SessionServer]
  /// Has a link made and kept, whose events come as the servers' of that number.
  private let keep: AsyncStream<(Int, ControlLink)>.Continuation
  private var sink: any Sink
  /// Players that go on until the next one is fed.
  private var formers: [ChildProcess] = []
  private var tuning: Tuning
  private var screen = StatusLine()
  private var keys: KeyMode?
  private var remote = RemoteControl()
  private var watch: ReceptionWatch
  private var pending: Pending?
  private var exitStatus: Int32?
  private var terminating: Answer?

  /// Starts player and receiver.
  ///
  /// - Parameters:
  ///   - joined: what the `lead`th of the servers has answered.
  ///   - links: to all servers.
  ///   - keep: gets all links, with their numbers, and those of the twins that servers name.
  init(
    _ joined: ServerMessage.Joined, lead: Int, links: [ControlLink], keep: AsyncStream<(Int, ControlLink)>.Continuation,
    choices: Choices, clock: LocalClock
  ) throws(TunerError) {
    self.choices = choices
    self.clock = clock
    self.keep = keep
    servers = links.map { SessionServer(link: $0, interface: choices.interface) }
    servers[lead].take(joined)
    tuning = servers[lead].tuning(joined, choices)
    guide.take(joined.station)
    sink = try choices.output.open(for: tuning)
    do throws(SystemError) {
      receiver = try Receiver(tuning, sink: sink)
    } catch {
      throw TunerError(error)
    }
    watch = ReceptionWatch(now: SteadyClock.now)
    for (index, link) in links.enumerated() { keep.yield((index, link)) }
    // Who it is was said before anybody listened for twins.
    servers[lead].link.send(.hello(.tuner))
  }

  /// Runs until the viewer, the player, the output or another tuner ends it; everything it started is gone then.
  ///
  /// - Returns: the exit status.
  func run(_ events: AsyncStream<Event>) async -> Int32 {
    keys = Terminal.isTerminal(STDERR_FILENO) ? KeyMode(STDIN_FILENO) : nil
    let quit = keys == nil ? "" : "; digits, up and down change station, q ends it"
    screen.say("\(name) \(origin), \(output.isPlayer ? "played by" : "written to") \(output.description)\(quit).")
    for await event in events {
      await handle(event)
      if exitStatus != nil { break }
    }
    receiver.stop()
    for former in formers { await former.stop() }
    await player?.stop()
    screen.clear()
    keys = nil
    terminating?.give(SessionReply(message: "Stopped \(name).", status: status))
    pending?.answer?.give(SessionReply(message: "The tuner was stopped.", exitStatus: 75))
    return exitStatus ?? 0
  }

  /// Whether somebody still reads the last answer.
  var wasTerminated: Bool { terminating != nil }

  private func handle(_ event: Event) async {
    switch event {
    case .link(let server, .connected): connected(server)
    case .link(let server, .lost):
      lost(server)
      guard pending?.server == server else { return }
      fail(TunerError(.unavailable, "The server at \(servers[server].link.server) has gone away."))
    case .link(let server, .message(let message)): await take(message, from: server)
    case .request(let request, let answer): take(request, answer)
    case .key(let key): wish(remote.press(key, now: SteadyClock.now))
    case .signal(SIGCONT): keys?.enter()
    case .signal: exitStatus = 0
    case .tick: await tick()
    }
  }

  // MARK: The server's side

  private func connected(_ server: Int) {
    servers.connected(server, station: tuning.station.number)
  }

  private func lost(_ server: Int) {
    let wasJoined = servers[server].isJoined
    servers[server].isJoined = false
    guard wasJoined, let other = servers.first(where: { $0.isJoined && $0.link.isConnected }) else { return }
    servers[server].isMissed = true
    screen.say("The server at \(servers[server].link.server) has gone away; \(other.link.server) goes on.")
  }

  private func take(_ message: ServerMessage, from server: Int) async {
    if let beginning = pending?.beginning, pending?.server == server, let step = pending?.request.receive(message) {
      switch step {
      case .wait: break
      case .send(let message): servers[server].link.send(message)
      case .joined(let joined):
        servers[server].take(joined)
        choices.start = beginning.start(joined.station)
        await change(to: servers[server].tuning(joined, choices))
        for other in servers.indices where other != server && servers[other].isOwn {
          servers[other].isJoined = false
          servers[other].join(joined.station.number)
        }
        return
      case .failed(let error):
        fail(error)
        return
      }
    }
    switch message {
    case .welcome(let welcome):
      for link in servers.meet(welcome.twins ?? [], interface: choices.interface) { keep.yield(link) }
    case .joined(let joined) where joined.station.number == tuning.station.number: await rejoin(joined, server)
    case .changed(let changed) where changed.station.number == tuning.station.number:
      note(changed.station, from: server)
    case .stations(let page):
      if let number = remote.receive(page, current: tuning.station.number) { wish(.station(number)) }
    case .reporting(let reporting): servers[server].report(every: reporting.every)
    case .left(let left) where left.station == tuning.station.number:
      servers[server].isJoined = false
      if !servers.contains(where: \.isJoined) { screen.say("The server has no station \(name) any more.") }
    default: break
    }
  }

  /// A server that was away, or another one, has the station.
  private func rejoin(_ joined: ServerMessage.Joined, _ server: Int) async {
    let isAlone = !servers.indices.contains { $0 != server && servers[$0].isJoined }
    servers[server].take(joined)
    if servers[server].isMissed, !isAlone { screen.say("The server at \(servers[server].link.server) is back.") }
    servers[server].isMissed = false
    let fresh = servers[server].tuning(joined, choices)
    if fresh.sends(tuning) {
      tuning.station = fresh.station
      guide.take(fresh.station)
      let more = fresh.sources.filter { !tuning.sources.contains($0) }
      guard !more.isEmpty else { return }
      if isAlone && servers.count == 1 { return await change(to: fresh) }
      tuning.sources += more
      receiver.add(more)
    } else if isAlone {
      await change(to: fresh)
    } else {
      servers[server].isJoined = false
      servers[server].link.send(.leave)
      screen.say("The station \(name) of the server at \(servers[server].link.server) is not the same.")
    }
  }

  private func note(_ station: StationSummary, from server: Int) {
    let before = tuning.station
    tuning.station = station
    guide.take(station)
    if let state = StationTable.state(of: station), station.state != before.state {
      screen.say("\(name) is \(state).")
    } else if station.state == .onAir && before.state != .onAir {
      screen.say("\(name) is on the air again.")
    }
    let isElsewhere = (station.group, station.port) != (before.group, before.port)
    if isElsewhere || station.encapsulation != before.encapsulation {
      servers[server].join(station.number)
    }
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
      // One that has this station may well have others.
      let server =
        servers.firstIndex { $0.isJoined && $0.link.isConnected } ?? servers.firstIndex { $0.link.isConnected }
      if pending != nil {
        answer.give(SessionReply(message: "The running tuner is changing station already.", exitStatus: 75))
      } else if let server, servers[server].link.send(talk.opening) {
        pending = Pending(
          request: talk, beginning: request.beginning, answer: answer, server: server,
          limit: SteadyClock.now + 5_000_000_000)
      } else {
        answer.give(
          SessionReply(
            message: "The server at \(lead.link.server) is away, so the running tuner stays on \(name).", exitStatus: 69
          ))
      }
    }
  }

  /// What a key of the remote control asks for.
  private func wish(_ wish: RemoteControl.Wish?) {
    let server = servers.firstIndex { $0.link.isConnected }
    switch wish {
    case nil: break
    case .quit: exitStatus = 0
    case .typing(let number): if number.isEmpty { screen.clear() } else { screen.show("Station \(number) …") }
    case .list where server == nil, .station where server == nil:
      screen.say("The server at \(lead.link.server) is away, so \(name) stays on.")
    case .list: if let server { servers[server].link.send(.list()) }
    case .station(let number):
      // Another tuner's wish goes first; of those of the keys the last one counts.
      // The station's own number leads from its past to the present.
      let isElsewhere = number != tuning.station.number || choices.start != .live
      guard let server, pending?.answer == nil, isElsewhere || pending != nil else { return }
      let talk = TuneRequest("\(number)")
      guard servers[server].link.send(talk.opening) else { return }
      pending = Pending(request: talk, answer: nil, server: server, limit: SteadyClock.now + 5_000_000_000)
    }
  }

  private func fail(_ error: TunerError) {
    guard let pending else { return }
    if let answer = pending.answer {
      answer.give(SessionReply(message: error.description, exitStatus: error.status.rawValue))
    } else {
      screen.say(error.description)
    }
    self.pending = nil
  }

  /// Changes station. The player goes on where it can play the new one; else another one is started, and the former ends
  /// when that is fed.
  private func change(to new: Tuning) async {
    let old = tuning
    tuning = new
    guide = ProgrammeGuide()
    guide.take(new.station)
    hasBegun = false
    watch = ReceptionWatch(now: SteadyClock.now)
    if choices.output.isPlayer && !new.continues(old) {
      do throws(TunerError) {
        let fresh = try choices.output.open(for: new)
        if let player { formers.append(player) }
        sink = fresh
        receiver.tune(new, sink: fresh)
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
    screen.say("\(name) \(origin)\(was).")
    pending?.answer?.give(
      SessionReply(message: "Changed to \(name)\(isPast ? " \(origin)" : "")\(was).", status: status))
    pending = nil
  }

  // MARK: Time passes

  private func tick() async {
    let now = SteadyClock.now
    if let pending, now > pending.limit {
      fail(TunerError(.unavailable, "The server at \(servers[pending.server].link.server) gave no answer."))
    }
    for index in servers.indices { servers[index].tick(tuning.station.number, now: now) }
    if !formers.isEmpty, receiver.isFeeding {
      let over = formers
      formers = []
      for former in over { await former.stop() }
    }
    if let player, let ending = player.poll() { return playerEnded(ending) }
    if let fault = receiver.sinkFault { return sinkFailed(fault) }

    let figures = receiver.figures
    if !hasBegun, let reply = receiver.reply { begin(reply) }
    if let news = watch.update(figures, now: now), let line = describe(news) { screen.say(line) }
    for index in servers.indices {
      servers[index].report(
        .init(
          station: tuning.station.number, received: figures.received, lost: figures.lost, bitrate: watch.bitrate,
          quality: figures.quality), now: now)
    }
    wish(remote.tick(now: now))
    guard remote.number.isEmpty else { return }
    screen.show(StatusLine.text(status, now: wallSeconds))
  }

  /// Reception has begun somewhere.
  private func begin(_ reply: StreamReply) {
    hasBegun = true
    guide.take(reply.programmes)
    guard case .at(let date) = tuning.start, reply.date > date + Beginning.tolerance else { return }
    screen.say(
      "It begins at \(clock.text(reply.date, now: wallSeconds)): the server has nothing older of this station.")
  }

  private func describe(_ news: ReceptionWatch.News) -> String? {
    switch news {
    // What is past always comes over TCP, and as fast as the player takes it.
    case .stream where isPast: return nil
    case .silent where isPast: return lead.link.isConnected ? nil : "Nothing arrives. Waiting for the server."
    case .silent where receiver.figures.foreign > 0:
      return "What arrives from \(place) is not this station's. Does another sender use its group?"
    case .silent:
      let isSent = lead.link.isConnected && tuning.station.state.isReceivable
      let hint = isSent ? " Is it the right interface (--interface)?" : ""
      return "Nothing arrives from \(place).\(hint)"
    case .back: return "\(name) arrives again."
    case .stream: return "\(name) comes over TCP: multicast does not reach."
    case .multicast: return "\(name) comes by multicast again."
    case .outOfStep(let index):
      return "What \(tuning.sender(index)) sends of \(name) is not in step with the others and is left out."
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

  private var output: Output { choices.output }

  private var player: ChildProcess? { (sink as? PlayerSink)?.player }

  /// The server that others are told of: the first that has the station.
  private var lead: SessionServer {
    servers.first { $0.isJoined && $0.link.isConnected } ?? servers.first { $0.link.isConnected } ?? servers[0]
  }

  private var interface: NetworkInterface? { tuning.sources.first?.interface }

  private var name: String { "\(tuning.station.number) \(printable(tuning.station.name))" }

  private var place: String {
    "\(printable(tuning.station.group)):\(tuning.station.port)" + (interface.map { " on \($0.name)" } ?? "")
  }

  private var isPast: Bool { tuning.start != .live }

  private var origin: String {
    guard case .at(let date) = tuning.start else { return "from \(place)" }
    return "as of \(clock.text(date, now: wallSeconds))"
  }

  private var wallSeconds: Double { Double(WallClock.now) / 1e9 }

  private var status: SessionStatus {
    let figures = receiver.figures
    let position = isPast ? figures.position.map { Double($0) / 90_000 } : nil
    return SessionStatus(
      pid: ThisProcess.pid, state: watch.state(figures), server: lead.link.server.description,
      isConnected: lead.link.isConnected,
      station: tuning.station, interface: interface?.name, output: output.description,
      playerPid: player?.pid, seconds: watch.seconds(at: SteadyClock.now), bitrate: watch.bitrate,
      received: figures.received, lost: figures.lost, duplicates: figures.duplicates, foreign: figures.foreign,
      dropped: figures.dropped, quality: figures.quality, position: position,
      past: position.flatMap { guide.programme(at: $0) }, servers: servers.count > 1 ? servers.map(\.standing) : nil)
  }
}
