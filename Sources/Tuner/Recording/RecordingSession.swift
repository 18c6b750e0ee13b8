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
  /// How much later than asked for the past may begin without a word: a random access point's distance, in seconds.
  private static let tolerance = 10.0

  private let choices: TuningSession.Choices
  private let clock: LocalClock
  private let file: String
  private let receiver: RecordingReceiver
  /// What was asked for: seconds since the Unix epoch.
  private let wanted: (start: Double, end: Double?)
  private var servers: [SessionServer]
  private var tuning: Tuning
  private var screen = StatusLine()
  private var watch: ReceptionWatch
  private var guide = ProgrammeGuide()
  private var lastGrowth: (length: Int64, date: Int64)
  private var hasBegun = false
  private var isFinishing = false
  private var exitStatus: Int32?

  /// Starts receiving.
  ///
  /// - Parameters:
  ///   - joined: what the `lead`th of the servers has answered.
  ///   - links: to all servers.
  ///   - first: what was asked for, seconds since the Unix epoch; `last` nil: until somebody ends it.
  init(
    _ joined: ServerMessage.Joined, lead: Int, links: [ControlLink], choices: TuningSession.Choices, from first: Double,
    to last: Double?, clock: LocalClock, sink: any Sink, name: String
  ) throws(TunerError) {
    self.choices = choices
    self.clock = clock
    file = name
    wanted = (first, last)
    servers = links.map { SessionServer(link: $0, interface: choices.interface) }
    servers[lead].take(joined)
    tuning = servers[lead].tuning(joined, choices)
    guide.take(joined.station)
    let now = SteadyClock.now
    watch = ReceptionWatch(now: now)
    lastGrowth = (0, now)
    do throws(SystemError) {
      receiver = try RecordingReceiver(tuning, until: last.map { Int64(($0 * 90_000).rounded()) }, sink: sink)
    } catch {
      throw TunerError(error)
    }
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
    case .link(let server, .connected):
      servers[server].connected(tuning.station.number)
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
  private func giveUp() { end(receiver.progress) }

  private func tick() {
    let now = SteadyClock.now
    let progress = receiver.progress
    for index in servers.indices { servers[index].tick(tuning.station.number, now: now) }
    if !hasBegun, let reply = progress.reply { begin(reply) }
    if let fault = progress.fault { return fail(fault, progress) }
    if progress.isOver { return end(progress) }
    if let news = watch.update(progress.figures, now: now) { say(news) }
    if progress.length > lastGrowth.length { lastGrowth = (progress.length, now) }
    if let last = wanted.end, wallSeconds > last, now - lastGrowth.date > Self.patience, !isFinishing {
      screen.say("Nothing more comes of \(name).")
      finish()
    }
    report(progress.figures, now: now)
    screen.show(line(progress))
  }

  private func begin(_ reply: StreamReply) {
    hasBegun = true
    guide.take(reply.programmes)
    screen.say("Recording \(name) to \(file)\(wanted.end.map { ", until " + clock.text($0, now: wallSeconds) } ?? "").")
    if case .at(let date) = tuning.start, reply.date > date + Self.tolerance {
      screen.say(
        "It begins at \(clock.text(reply.date, now: wallSeconds)): the server has nothing older of this station.")
    }
  }

  private func say(_ news: ReceptionWatch.News) {
    switch news {
    case .silent: screen.say("Nothing arrives. Waiting for the server.")
    case .back: screen.say("\(name) arrives again.")
    case .stream where choices.start == .live: screen.say("\(name) comes over TCP: multicast does not reach.")
    case .multicast: screen.say("\(name) comes by multicast again.")
    case .stream: break
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
    exitStatus = fault.code == EPIPE ? 0 : TunerError.Status.inputOutput.rawValue
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
        + (lost == 0 ? "nothing missing." : "\(Figures.count(lost, "packet")) missing."))
    exitStatus = 0
  }

  // MARK: As people see it

  private static func length(_ progress: RecordingReceiver.Progress) -> String {
    Figures.time(seconds: Double(progress.length) / 90_000)
  }

  private func line(_ progress: RecordingReceiver.Progress) -> String {
    var parts = [name]
    let position = progress.start.map { Double($0 + progress.length) / 90_000 }
    if let title = position.flatMap({ guide.programme(at: $0)?.title }) { parts.append(printable(title)) }
    parts.append(
      Self.length(progress) + (wanted.end.map { " of " + Figures.time(seconds: $0 - wanted.start) } ?? ""))
    parts.append(Figures.size(bytes: progress.bytes))
    if let position, wallSeconds - position > 5 {
      parts.append(Figures.time(seconds: wallSeconds - position) + " behind")
    }
    if progress.figures.repaired > 0 { parts.append("\(progress.figures.repaired) repaired") }
    parts.append("\(progress.figures.lost) lost")
    if watch.state(progress.figures) == .silent { parts.append("nothing arrives") }
    if isFinishing { parts.append("ending …") }
    return parts.joined(separator: " · ")
  }

  private var name: String { "\(tuning.station.number) \(printable(tuning.station.name))" }

  private var wallSeconds: Double { Double(WallClock.now) / 1e9 }
}
