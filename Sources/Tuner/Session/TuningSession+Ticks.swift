import LinuxIO
import Reception
import Wire

/// What time brings: the player's end, news of the reception, reports to the servers.
extension TuningSession {
  func tick() async {
    let now = SteadyClock.now
    if let pending, now > pending.limit {
      fail(TunerError(.unavailable, "The server at \(servers[pending.server].link.server) gave no answer."))
    }
    for index in servers.indices { servers[index].tick(tuning.station.number, now: now) }
    if receiver.isFeeding { await playback.feeds(tuning, now: now) }
    if let ending = playback.ending(after: watch.seconds(at: SteadyClock.now)) { return end(ending) }
    if let fault = receiver.sinkFault { return end(playback.ending(fault)) }

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
    screen.show(StatusLine.text(status, now: airSeconds))
  }

  /// Reception has begun somewhere.
  private func begin(_ reply: StreamReply) {
    hasBegun = true
    guide.take(reply.programmes)
    clockOffset = reply.now - wallSeconds
    guard let date = tuning.start.date(now: reply.now), reply.date > date + Beginning.tolerance else { return }
    screen.say(
      "It begins at \(clock.text(reply.date, now: wallSeconds)): the server has nothing older of this station.")
  }

  private func describe(_ news: ReceptionWatch.News) -> String? {
    switch news {
    // What is past always comes over TCP, and as fast as the player takes it.
    case .stream where isPast: return nil
    case .silent where isPast: return lead.link.isConnected ? nil : "Nothing arrives. Waiting for the server."
    case .silent where receiver.figures.received > 0: return "Nothing arrives from \(place) any more."
    case .silent where receiver.figures.foreign > 0:
      return "What arrives from \(place) is not this station's. Does another sender use its group?"
    case .silent:
      let isSent = lead.link.isConnected && tuning.station.state.isReceivable
      let hint = isSent ? " Is it the right interface (--interface)?" : ""
      return "Nothing arrives from \(place).\(hint)"
    case .paused: return isPast ? "The player is paused: it goes on where it is." : "The player is paused."
    case .back: return "\(name) arrives again."
    case .stream: return "\(name) comes over TCP: multicast does not reach."
    case .multicast: return "\(name) comes by multicast again."
    case .outOfStep(let index):
      return "What \(tuning.sender(index)) sends of \(name) is not in step with the others and is left out."
    case .fault(let error): return "\(TunerError(error)) Trying again."
    }
  }
}
