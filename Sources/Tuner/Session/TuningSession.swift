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
    /// What was missed for up to so many seconds is made up for when reception comes back.
    var makeUp = 10
    /// Whether the twins that servers name are asked as well.
    var takesTwins = true
    /// Where reception of the station begins that was tuned to last.
    var start = Tuning.Start.live
  }

  /// A change of station that is under way.
  struct Pending {
    var request: TuneRequest
    var beginning = Beginning.live
    /// Who asked; nil when it was a key.
    var answer: Answer?
    /// Which of the servers is asked.
    var server: Int
    /// Steady nanoseconds.
    var limit: Int64
    /// The station that a key has asked for meanwhile. One is asked for at a time, so that what the server says is about that.
    var next: Int?
  }

  var choices: Choices
  let clock: LocalClock
  /// What was on when, of the station.
  var guide = ProgrammeGuide()
  /// Whether it was looked where reception from the past has begun.
  var hasBegun = false
  /// How far the server's clock is ahead of this machine's, in seconds, to within a quarter of one; 0 until it is known.
  var clockOffset = 0.0
  let receiver: Receiver
  var servers: [SessionServer]
  /// Has a link made and kept, whose events come as the servers' of that number.
  let keep: AsyncStream<(Int, ControlLink)>.Continuation
  var playback: Playback
  var tuning: Tuning
  var screen = StatusLine()
  private var keys: KeyMode?
  var remote = RemoteControl()
  var watch: ReceptionWatch
  var pending: Pending?
  var exitStatus: Int32?
  var terminating: Answer?

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
    playback = try Playback(choices.output, for: tuning)
    do throws(SystemError) {
      receiver = try Receiver(tuning, sink: playback.sink)
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
    if playback.isUnread { screen.say("Nobody reads \(output.description) yet: waiting for that.") }
    for await event in events {
      await handle(event)
      if exitStatus != nil { break }
    }
    receiver.stop()
    await playback.stop()
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
    case .signal(SIGTSTP):
      keys?.leave()
      Signals.stopHere()
      keys?.enter()
    case .signal(SIGCONT): keys?.enter()
    case .signal(SIGWINCH): break
    case .signal: exitStatus = 0
    case .tick:
      keys?.comeBack()
      await tick()
    }
  }

  /// Has ``run(_:)`` return.
  func end(_ ending: Playback.Ending) {
    switch ending {
    case .over(let line):
      screen.say(line)
      exitStatus = 0
    case .failed(let error):
      screen.say("tuner: \(error)")
      exitStatus = error.status.rawValue
    }
  }
}
