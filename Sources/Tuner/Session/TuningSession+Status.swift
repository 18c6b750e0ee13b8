import LinuxIO
import Reception
import Wire

/// The session as others see it.
extension TuningSession {
  var output: Output { playback.output }

  /// The server that others are told of: the first that has the station.
  var lead: SessionServer {
    servers.first { $0.isJoined && $0.link.isConnected } ?? servers.first { $0.link.isConnected } ?? servers[0]
  }

  var interface: NetworkInterface? { tuning.sources.first?.interface }

  var name: String { "\(tuning.station.number) \(printable(tuning.station.name))" }

  var place: String {
    "\(printable(tuning.station.group)):\(tuning.station.port)" + (interface.map { " on \($0.name)" } ?? "")
  }

  var isPast: Bool { tuning.start != .live }

  var origin: String {
    switch tuning.start {
    case .live: "from \(place)"
    case .at(let date): "as of \(clock.text(date, now: wallSeconds))"
    case .ago(let seconds): "as of \(Figures.time(seconds: seconds)) ago"
    }
  }

  var wallSeconds: Double { Double(WallClock.now) / 1e9 }

  /// The server's clock, which the dates of datagrams and programmes are by.
  var airSeconds: Double { wallSeconds + clockOffset }

  var status: SessionStatus {
    let figures = receiver.figures
    let position = isPast ? figures.position.map { Double($0) / 90_000 } : nil
    return SessionStatus(
      pid: ThisProcess.pid, state: watch.state(figures), server: lead.link.server.description,
      isConnected: lead.link.isConnected,
      station: tuning.station, interface: interface?.name, output: output.description,
      playerPid: playback.player?.pid, seconds: watch.seconds(at: SteadyClock.now), bitrate: watch.bitrate,
      received: figures.received, lost: figures.lost, duplicates: figures.duplicates, foreign: figures.foreign,
      dropped: figures.dropped, quality: figures.quality, position: position, now: position.map { _ in airSeconds },
      past: position.flatMap { guide.programme(at: $0) }, servers: servers.standings)
  }
}
