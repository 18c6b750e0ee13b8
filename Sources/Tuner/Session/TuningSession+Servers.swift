import Reception
import Wire

/// What the servers say.
extension TuningSession {
  func connected(_ server: Int) {
    servers.connected(server, station: tuning.station.number)
  }

  func lost(_ server: Int) {
    let wasJoined = servers[server].isJoined
    servers[server].isJoined = false
    guard wasJoined, let other = servers.first(where: { $0.isJoined && $0.link.isConnected }) else { return }
    servers[server].isMissed = true
    screen.say("The server at \(servers[server].link.server) has gone away; \(other.link.server) goes on.")
  }

  func take(_ message: ServerMessage, from server: Int) async {
    if let beginning = pending?.beginning, pending?.server == server, let step = pending?.request.receive(message) {
      switch step {
      case .wait: break
      case .send(let message): servers[server].link.send(message)
      case .joined(let joined):
        if let next = pending?.next, next != joined.station.number { return ask(for: next, at: server) }
        servers[server].take(joined)
        var wanted = choices
        wanted.start = beginning.start(joined.station)
        let new = servers[server].tuning(joined, wanted)
        if let error = playback.refusal(of: new, after: tuning) {
          fail(error)
          servers[server].isJoined = false
          servers[server].join(tuning.station.number)
          return
        }
        choices = wanted
        await change(to: new)
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
      for link in servers.meet(welcome.twins ?? [], of: server, choices) { keep.yield(link) }
    case .joined(let joined) where joined.station.number == tuning.station.number: await rejoin(joined, server)
    case .joined:
      // The answer to a question that was given up. The server counts us there now: it is told where we are.
      servers[server].isJoined = false
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
}
