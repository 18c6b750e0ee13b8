import LinuxIO
import Reception
import Wire

/// What the viewer wants: other tuners of this user, and the keys.
extension TuningSession {
  func take(_ request: SessionRequest, _ answer: Answer) {
    switch request.type {
    case .status: answer.give(SessionReply(message: StatusLine.text(status, now: airSeconds), status: status))
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
  func wish(_ wish: RemoteControl.Wish?) {
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
      if pending != nil { pending?.next = number } else { ask(for: number, at: server) }
    }
  }

  /// Asks a server for the station that a key wants.
  func ask(for number: Int, at server: Int) {
    let talk = TuneRequest("\(number)")
    guard servers[server].link.send(talk.opening) else { return }
    pending = Pending(request: talk, answer: nil, server: server, limit: SteadyClock.now + 5_000_000_000)
  }

  func fail(_ error: TunerError) {
    guard let pending else { return }
    if let answer = pending.answer {
      answer.give(SessionReply(message: error.description, exitStatus: error.status.rawValue))
    } else {
      screen.say(error.description)
    }
    self.pending = nil
    if let next = pending.next { wish(.station(next)) }
  }

  /// Changes station. The player goes on where it can play the new one; else another one is started, and the former ends
  /// when that is fed.
  func change(to new: Tuning) async {
    // The station itself may have other codecs now.
    if let error = playback.refusal(of: new, after: tuning) {
      fail(error)
      return end(.failed(error))
    }
    let old = tuning
    tuning = new
    guide = ProgrammeGuide()
    guide.take(new.station)
    hasBegun = false
    watch = ReceptionWatch(now: SteadyClock.now)
    do throws(TunerError) {
      receiver.tune(new, sink: try playback.change(from: old, to: new))
    } catch {
      fail(error)
      end(.failed(error))
      return
    }
    let was =
      old.station.number == new.station.number ? "" : ", was \(old.station.number) \(printable(old.station.name))"
    screen.say("\(name) \(origin)\(was).")
    pending?.answer?.give(
      SessionReply(message: "Changed to \(name)\(isPast ? " \(origin)" : "")\(was).", status: status))
    pending = nil
  }
}
