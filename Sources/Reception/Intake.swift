import LinuxIO
import Wire

/// All that comes in of one station: its sources' sockets, and the reception that puts what they bring in order. It belongs
/// to the receiver's thread.
final class Intake {
  /// As many sources can be told apart.
  static let mostSources = 6

  let tuning: Tuning
  private var reception: StationReception
  private var inlets: [Inlet] = []
  /// The first datagram that has not been shown.
  private var seen: Int64 = 0
  private var line = [UInt8](repeating: 0, count: 4096)

  /// - Parameter now: steady nanoseconds.
  init(_ tuning: Tuning, now: Int64) {
    self.tuning = tuning
    var distinct = tuning
    distinct.sources = []
    for source in tuning.sources.prefix(Self.mostSources) where !distinct.sources.contains(source) {
      distinct.sources.append(source)
    }
    reception = StationReception(distinct, now: now)
    for source in distinct.sources { add(source, now: now) }
  }

  /// Takes up sources that are new; those that were there go on.
  func take(_ sources: [Tuning.Source], now: Int64) {
    for source in sources where inlets.count < Self.mostSources {
      guard !inlets.contains(where: { $0.source == source }) else { continue }
      reception.add(hasServer: source.server != nil)
      add(source, now: now)
    }
  }

  private func add(_ source: Tuning.Source, now: Int64) {
    let isJoined = inlets.contains {
      ($0.source.group, $0.source.port, $0.source.interface) == (source.group, source.port, source.interface)
    }
    inlets.append(Inlet(source, joinsGroup: tuning.start == .live && !isJoined, now: now))
  }

  /// Takes in what has come, and says to the servers what there is to say.
  ///
  /// - Parameters:
  ///   - now: steady nanoseconds.
  ///   - spare: nanoseconds until the player needs the next datagram.
  func turn(now: Int64, spare: Int64) {
    for index in inlets.indices {
      let inlet = inlets[index]
      inlet.join(now: now)
      inlet.datagrams(now: now) { reception.datagram($0, by: index, arrival: $1, now: now) }
      switch inlet.advance(now: now, opening: { reception.opening(for: index) }) {
      case .opened(let reply):
        guard reception.opened(reply, by: index, now: now) else {
          inlet.hangUp()
          break
        }
        self.reply = self.reply ?? reply
        reception.compareClocks(inlet.isOwnServer || (reply.clockError != nil && WallClock.error != nil))
      case .closed(let refusal):
        self.refusal = refusal
        reception.closed(by: index, now: now, isRefused: refusal != nil)
      case nil: break
      }
      inlet.frames(
        while: { reception.wantsFrames(from: index) }, { reception.frame($0, by: index, now: now) })
    }
    reception.tick(now: now, spare: spare)
    if reception.takeRenewal() {
      for index in inlets.indices where inlets[index].renew(now: now) { reception.closed(by: index, now: now) }
    }
    for index in inlets.indices {
      while inlets[index].takesLines {
        var room = line.mutableSpan
        let count = reception.line(for: index, into: &room)
        guard count > 0 else { break }
        inlets[index].send(line.span.extracting(0..<count))
      }
    }
  }

  /// What a server said first: where reception began, and what was on.
  private(set) var reply: StreamReply?

  /// What a server said last when it refused a stream.
  private(set) var refusal: ServerMessage.ErrorReply?

  /// The datagram whose turn it is, if it is there: its number and its date (Unix time, 90 kHz).
  var head: (n: Int64, date: Int64)? { reception.head }

  /// Hands over the payload of ``head``, and goes on to the next.
  func take(_ body: (Span<UInt8>) -> Void) { reception.take(body) }

  /// Shows the payloads of all that can be taken one after the other now, and goes on from there the next time.
  func look(_ body: (Span<UInt8>) -> Void) {
    seen = max(seen, reception.window.next)
    while seen < reception.window.contiguous {
      reception.window.look(at: seen, body)
      seen += 1
    }
  }

  /// Has `poll` wait for all that may come.
  func watch(_ polls: inout PollSet) {
    for index in inlets.indices { inlets[index].watch(&polls, frames: reception.wantsFrames(from: index)) }
  }

  /// When ``turn(now:spare:)`` is due at the latest.
  var wake: Int64 {
    var date = reception.wake
    for inlet in inlets { date = min(date, inlet.wake) }
    return date
  }

  var figures: ReceptionFigures {
    var figures = reception.figures
    for inlet in inlets where figures.fault == nil { figures.fault = inlet.fault }
    return figures
  }
}
