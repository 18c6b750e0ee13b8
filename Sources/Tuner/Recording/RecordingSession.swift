import Glibc
import LinuxIO
import Reception
import Wire

/// A recording from its first packet to its last: holds the receiving thread and the control links together, and says how
/// it goes. Everything that happens comes as an event, one after the other.
final class RecordingSession {
  enum Event: Sendable {
    /// From one of the servers.
    case link(Int, ControlLink.Event)
    case signal(Int32)
    /// Four times a second.
    case tick
  }

  /// How long after the end nothing may come before the file is closed all the same, in nanoseconds.
  private static let patience: Int64 = 45_000_000_000

  private let choices: TuningSession.Choices
  private let clock: LocalClock
  private let file: String
  private let receiver: RecordingReceiver
  private var servers: [SessionServer]
  /// Has a link made and kept, whose events come as the servers' of that number.
  private let keep: AsyncStream<(Int, ControlLink)>.Continuation
  private var tuning: Tuning
  private var screen = StatusLine()
  private var watch: ReceptionWatch
  private var guide = ProgrammeGuide()
  private var lastGrowth: (length: Int64, date: Int64)
  private var hasBegun = false
  private var isFinishing = false
  /// Whether the file ends where nobody wanted it to.
  private var isCut = false
  private let hasEnd: Bool
  private var exitStatus: Int32?
  /// How far the server's clock is ahead of this machine's, in seconds, to within a quarter of one.
  private var clockOffset = 0.0

  /// Starts receiving.
  ///
  /// - Parameters:
  ///   - joined: what the `lead`th of the servers has answered.
  ///   - links: to all servers.
  ///   - keep: gets all links, with their numbers, and those of the twins that servers name.
  init(
    _ joined: ServerMessage.Joined, lead: Int, links: [ControlLink], keep: AsyncStream<(Int, ControlLink)>.Continuation,
    choices: TuningSession.Choices, to end: Recording.End, clock: LocalClock, sink: any Sink, name: String
  ) throws(TunerError) {
    self.choices = choices
    self.clock = clock
    file = name
    hasEnd = end != .never
    self.keep = keep
    servers = links.map { SessionServer(link: $0, interface: choices.interface) }
    servers[lead].take(joined)
    tuning = servers[lead].tuning(joined, choices)
    guide.take(joined.station)
    let now = SteadyClock.now
    watch = ReceptionWatch(now: now)
    lastGrowth = (0, now)
    do throws(SystemError) {
      receiver = try RecordingReceiver(tuning, until: end, sink: sink)
    } catch {
      throw TunerError(error)
    }
    for (index, link) in links.enumerated() { keep.yield((index, link)) }
    // Who it is was said before anybody listened for twins.
    servers[lead].link.send(.hello(.tuner))
  }

  /// Runs until the file is complete, or cannot be; returns the exit status.
  func run(_ events: AsyncStream<Event>) async -> Int32 {
    for await event in events {
      handle(event)
      if exitStatus != nil { break }
    }
    receiver.stop()
    screen.clear()
    return exitStatus ?? 0
  }

  private func handle(_ event: Event) {
    switch event {
    case .link(let server, .connected): servers.connected(server, station: tuning.station.number)
    case .link(let server, .message(.welcome(let welcome))):
      for link in servers.meet(welcome.twins ?? [], of: server, choices) { keep.yield(link) }
    case .link(let server, .lost): servers[server].isJoined = false
    case .link(let server, .message(.joined(let joined))) where joined.station.number == tuning.station.number:
      servers[server].take(joined)
      note(joined.station)
      let fresh = servers[server].tuning(joined, choices)
      let more = fresh.sends(tuning) ? fresh.sources.filter { !tuning.sources.contains($0) } : []
      tuning.sources += more
      if !more.isEmpty { receiver.add(more) }
    case .link(_, .message(.changed(let changed))) where changed.station.number == tuning.station.number:
      note(changed.station)
    case .link(let server, .message(.reporting(let reporting))): servers[server].report(every: reporting.every)
    case .link: break
    case .signal(SIGCONT): break
    case .signal: isFinishing ? giveUp() : finish()
    case .tick: tick()
    }
  }

  private func note(_ station: StationSummary) {
    tuning.station = station
    guide.take(station)
  }

  private func finish() {
    isFinishing = true
    receiver.finish()
  }

  /// Asked twice: what is there is what there is.
  private func giveUp() {
    isCut = true
    end(receiver.progress)
  }

  private func tick() {
    let now = SteadyClock.now
    let progress = receiver.progress
    for index in servers.indices { servers[index].tick(tuning.station.number, now: now) }
    if clockOffset == 0, let reply = progress.reply { clockOffset = reply.now - wallSeconds }
    if !hasBegun, let start = progress.start { begin(progress, at: Double(start) / 90_000) }
    if let fault = progress.fault { return fail(fault, progress) }
    if progress.isOver { return end(progress) }
    if let news = watch.update(progress.figures, now: now) { say(news) }
    if progress.length > lastGrowth.length { lastGrowth = (progress.length, now) }
    if let last = Self.end(progress), airSeconds > last, now - lastGrowth.date > Self.patience, !isFinishing {
      screen.say("Nothing more comes of \(name).")
      isCut = true
      finish()
    }
    report(progress.figures, now: now)
    screen.show(line(progress))
  }

  /// The file has its first packets.
  private func begin(_ progress: RecordingReceiver.Progress, at start: Double) {
    hasBegun = true
    guide.take(progress.reply?.programmes ?? [])
    let until = Self.end(progress).map { ", until " + clock.text($0, now: wallSeconds) } ?? ""
    screen.say("Recording \(name) to \(file)\(until).")
    if let date = tuning.start.date(now: progress.reply?.now ?? wallSeconds), start > date + Beginning.tolerance {
      screen.say(
        "It begins at \(clock.text(start, now: wallSeconds)): the server has nothing older of this station.")
    }
  }

  private func say(_ news: ReceptionWatch.News) {
    switch news {
    case .silent: screen.say("Nothing arrives. Waiting for the server.")
    case .back: screen.say("\(name) arrives again.")
    case .stream where choices.start == .live: screen.say("\(name) comes over TCP: multicast does not reach.")
    case .multicast: screen.say("\(name) comes by multicast again.")
    case .stream, .paused: break
    case .outOfStep(let index):
      screen.say("What \(tuning.sender(index)) sends of \(name) is not in step with the others and is left out.")
    case .fault(let error): screen.say("\(TunerError(error)) Trying again.")
    }
  }

  private func report(_ figures: ReceptionFigures, now: Int64) {
    for index in servers.indices {
      servers[index].report(
        .init(
          station: tuning.station.number, received: figures.received, lost: figures.lost, bitrate: watch.bitrate,
          quality: figures.quality), now: now)
    }
  }

  private func fail(_ fault: SystemError, _ progress: RecordingReceiver.Progress) {
    screen.say(
      fault.code == EPIPE
        ? "The reader of \(file) has gone after \(Self.length(progress))."
        : "tuner: Cannot write to \(file): \(fault.reason). It has \(Self.length(progress)).")
    exitStatus = Self.exitStatus(hasEnd: hasEnd, isCut: true, fault: fault)
  }

  /// What programs are told that wait for the file.
  ///
  /// - Parameters:
  ///   - hasEnd: whether an end was asked for.
  ///   - isCut: whether the file ends before it for another reason than that somebody ended the recording well.
  ///   - fault: why it could not be written any more; a reader that has gone (EPIPE) has what it wanted, if no end was
  ///     asked for.
  static func exitStatus(hasEnd: Bool, isCut: Bool, fault: SystemError? = nil) -> Int32 {
    let isBroken = fault.map { $0.code != EPIPE } ?? false
    return isBroken || (hasEnd && isCut) ? TunerError.Status.inputOutput.rawValue : 0
  }

  private func end(_ progress: RecordingReceiver.Progress) {
    guard progress.start != nil else {
      let reason = progress.refusal.map { " The server says: \(printable($0.message))" } ?? ""
      screen.say("tuner: Nothing of \(name) has come.\(reason)")
      exitStatus = TunerError.Status.unavailable.rawValue
      return
    }
    let lost = progress.figures.lost
    screen.say(
      "Recorded \(Self.length(progress)) of \(name) to \(file) (\(Figures.size(bytes: progress.bytes))), "
        + (lost == 0 ? "nothing missing" : "\(Figures.count(lost, "packet")) missing")
        + (hasEnd && isCut ? "; it ends before it should." : "."))
    exitStatus = Self.exitStatus(hasEnd: hasEnd, isCut: isCut)
  }

  // MARK: As people see it

  /// When the file ends: seconds since the Unix epoch.
  private static func end(_ progress: RecordingReceiver.Progress) -> Double? {
    progress.end.map { Double($0) / 90_000 }
  }

  private static func length(_ progress: RecordingReceiver.Progress) -> String {
    Figures.time(seconds: Double(progress.length) / 90_000)
  }

  private func line(_ progress: RecordingReceiver.Progress) -> String {
    var parts = [name]
    let position = progress.start.map { Double($0 + progress.length) / 90_000 }
    if let title = position.flatMap({ guide.programme(at: $0)?.title }) { parts.append(printable(title)) }
    let whole = progress.start.flatMap { start in progress.end.map { Double($0 - start) / 90_000 } }
    parts.append(Self.length(progress) + (whole.map { " of " + Figures.time(seconds: $0) } ?? ""))
    parts.append(Figures.size(bytes: progress.bytes))
    if let position, airSeconds - position > 5 {
      parts.append(Figures.time(seconds: airSeconds - position) + " behind")
    }
    if progress.figures.repaired > 0 { parts.append("\(progress.figures.repaired) repaired") }
    parts.append("\(progress.figures.lost) lost")
    if watch.state(progress.figures) == .silent { parts.append("nothing arrives") }
    if isFinishing { parts.append("ending …") }
    return parts.joined(separator: " · ")
  }

  private var name: String { "\(tuning.station.number) \(printable(tuning.station.name))" }

  private var wallSeconds: Double { Double(WallClock.now) / 1e9 }

  /// The server's clock, which dates are by.
  private var airSeconds: Double { wallSeconds + clockOffset }
}
