import Glibc
import LinuxIO
import Wire

/// `tuner watch` at work: the screen, the server's list, and the tuner that runs, or that it starts. Everything that happens
/// comes as an event, one after the other.
final class WatchSession {
  enum Event: Sendable {
    case link(ControlLink.Event)
    case key(Key)
    case signal(Int32)
    /// What the running tuner says of itself; nil when none runs.
    case status(SessionStatus?)
    /// What came of asking the running tuner to change station; nil when none runs.
    case tuned(Int, SessionReply?)
    /// A line that the tuner said which was started here.
    case said(String)
    /// Four times a second.
    case tick
  }

  private let link: ControlLink
  private let place: SessionPlace
  /// How a tuner is started: the program and all its arguments but the station.
  private let launch: [String]
  private let terminal: Int32
  private let zone: LocalClock
  private let feed: AsyncStream<Event>.Continuation
  private let appearance: Appearance
  private var screen: FullScreen
  private var canvas = Canvas()
  private var model: WatchModel
  private var list = StationList()
  private var lastList: Int64 = 0
  private var own: ChildProcess?
  /// A station that was chosen while the tuner that was started here was not there to be asked yet.
  private var waiting: Int?
  private var isOver = false

  /// What the terminal can show.
  struct Appearance: Sendable {
    var hasColour: Bool
    var grain: Graph.Grain

    /// By the environment: NO_COLOR, the locale's character set, and the kernel's console, whose font has no dots.
    init(environment: [String: String]) {
      hasColour = environment["NO_COLOR"]?.isEmpty != false
      let locale = ["LC_ALL", "LC_CTYPE", "LANG"].lazy.compactMap { environment[$0] }.first { !$0.isEmpty } ?? ""
      let isOtherCharset = locale.contains(".") && !["utf-8", "utf8"].contains { locale.lowercased().hasSuffix($0) }
      grain = isOtherCharset || environment["TERM"] == "linux" ? .ascii : .braille
    }
  }

  /// Takes over the terminal.
  init(
    terminal: Int32, link: ControlLink, place: SessionPlace, launch: [String], appearance: Appearance,
    clock: LocalClock,
    feed: AsyncStream<Event>.Continuation
  ) throws(SystemError) {
    self.terminal = terminal
    self.link = link
    self.place = place
    self.launch = launch
    self.appearance = appearance
    self.zone = clock
    self.feed = feed
    model = WatchModel(server: link.server.description)
    screen = try FullScreen(terminal)
  }

  /// Runs until the viewer has enough; the terminal is as it was then, and a tuner that was started here has ended.
  ///
  /// - Parameter station: the number of one to tune to at once.
  func run(_ events: AsyncStream<Event>, station: Int?) async {
    if link.isConnected { ask() }
    if let station { carryOut(.tune(station)) }
    draw()
    for await event in events {
      handle(event)
      if isOver { break }
      draw()
    }
    screen.leave()
    // It has a player to end, for which it takes half a second or a little more.
    if let own { await own.stop(within: .seconds(4)) }
  }

  private func handle(_ event: Event) {
    let now = SteadyClock.now
    switch event {
    case .link(.connected):
      list.restart()
      ask()
    case .link(.lost): model.isConnected = false
    case .link(.message(.welcome(let welcome))): model.site = welcome.site.name
    case .link(.message(.stations(let page))):
      model.isConnected = true
      if list.receive(page) { model.take(list.stations) }
    case .link: break
    case .key(.character("\u{0C}")): canvas.forget()
    case .key(let key): model.take(key, now: now).map(carryOut)
    case .signal(SIGTSTP):
      screen.leave()
      Signals.stopHere()
      resume()
    case .signal(SIGCONT): resume()
    case .signal(SIGWINCH): canvas.forget()
    case .signal: isOver = true
    case .status(let status):
      model.take(status, now: now)
      if status != nil, let number = waiting {
        waiting = nil
        carryOut(.tune(number))
      }
    case .tuned(let number, let reply): tuned(number, reply)
    case .said(let line): model.news = line
    case .tick:
      // Shells say nothing (SIGCONT) to a program that comes to the foreground and was not stopped.
      if screen.canComeBack { resume() }
      model.tick(now: now).map(carryOut)
      if own?.poll() != nil {
        own = nil
        waiting = nil
        model.wanted = nil
      }
      if now - lastList > 1_000_000_000, link.isConnected { ask() }
    }
  }

  private func ask() {
    if list.revision == nil { link.send(.hello(.tuner)) }
    link.send(list.request)
    lastList = SteadyClock.now
  }

  private func resume() {
    screen.enter()
    canvas.forget()
  }

  private func carryOut(_ action: WatchModel.Action) {
    switch action {
    case .quit: isOver = true
    case .tune(let number):
      let (place, feed) = (place, feed)
      try? RealTimeThread.detach(name: "ask") {
        let request = SessionRequest(type: .tune, station: "\(number)")
        do throws(TunerError) {
          feed.yield(.tuned(number, try place.ask(request, timeoutMilliseconds: 8000)))
        } catch {
          feed.yield(
            .tuned(number, SessionReply(message: error.description, exitStatus: error.status.rawValue)))
        }
      }
    }
  }

  private func tuned(_ number: Int, _ reply: SessionReply?) {
    guard let reply else { return start(number) }
    model.news = reply.message
    if reply.exitStatus != 0 { model.wanted = nil }
  }

  /// No tuner runs: starts one of our own, which ends when we do, however that is.
  private func start(_ number: Int) {
    guard own == nil else {
      waiting = number
      return
    }
    do throws(SystemError) {
      let pipe = try LinePipe()
      own = try pipe.start(launch + ["\(number)"])
      let feed = feed
      try RealTimeThread.detach(name: "said") { pipe.readLines { feed.yield(.said($0)) } }
    } catch {
      model.wanted = nil
      model.news = TunerError(error).description
    }
  }

  private func draw() {
    guard let size = Terminal.size(terminal) else { return }
    let view = WatchScreen(rows: size.rows, columns: size.columns, grain: appearance.grain)
    let now = Double(WallClock.now) / 1e9
    let lines = view.lines(model, now: now, clock: zone.timeOfDay(now)).map {
      $0.rendered(hasColour: appearance.hasColour)
    }
    let bytes = canvas.frame(lines, rows: size.rows, columns: size.columns)
    if !bytes.isEmpty, !screen.draw(bytes) { canvas.forget() }
  }
}
