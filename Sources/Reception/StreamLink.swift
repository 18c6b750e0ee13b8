import Glibc
import LinuxIO
import Wire

/// One stream connection to a server: a line that says what is wanted, a line in return, then frames, while lines go the
/// other way. It never waits, and when it ends it is made again, after a pause that grows. Its memory is taken at the
/// start; frames and lines allocate nothing.
package struct StreamLink: ~Copyable {
  package enum Event: Sendable {
    /// The server has answered; frames follow.
    case opened(StreamReply)
    /// It has ended, or did not come about; the server's words where it said any.
    case closed(ServerMessage.ErrorReply?)
  }

  private enum Stage {
    /// Until the next attempt: a steady date.
    case resting(Int64)
    /// Until the connection stands, or this steady date.
    case connecting(Int64)
    /// Until the answer has come, or this steady date.
    case opening(Int64)
    case open
    case ended
  }

  /// Nanoseconds: to connect, and for the answer, for which the server may have to look on its disk.
  private static let connectLimit: Int64 = 1_000_000_000
  private static let openLimit: Int64 = 5_000_000_000
  /// Bytes read in one go before others have their turn.
  private static let budget = 128 << 10

  package let server: StreamServer
  private var stage: Stage
  private var socket: StreamSocket?
  private var pause = ReconnectPause()
  private var refusal: ServerMessage.ErrorReply?
  private var input = [UInt8](repeating: 0, count: 256 << 10)
  /// The bytes of `input` that have come and were not looked at yet.
  private var waiting = 0..<0
  private var output = [UInt8](repeating: 0, count: 16 << 10)
  /// How much of `output` is to be sent.
  private var unsent = 0

  /// - Parameter now: steady nanoseconds; the first ``advance(now:opening:)`` connects.
  package init(_ server: StreamServer, now: Int64) {
    self.server = server
    stage = .resting(now)
  }

  package var isOpen: Bool { if case .open = stage { true } else { false } }

  var isWaitingForAnswer: Bool { if case .opening = stage { true } else { false } }

  /// When something must be done although nothing has come: a steady date.
  package var wake: Int64 {
    switch stage {
    case .resting(let date), .connecting(let date), .opening(let date): date
    case .open: .max
    case .ended: 0
    }
  }

  /// Has `poll` wait for it.
  package func watch(_ polls: inout PollSet, frames: Bool) {
    guard let number = descriptor else { return }
    switch stage {
    case .connecting: polls.add(number, toWrite: true)
    case .opening: polls.add(number)
    case .open:
      if frames { polls.add(number) }
      if unsent > 0 { polls.add(number, toWrite: true) }
    case .resting, .ended: break
    }
  }

  /// Goes on with what can be gone on with.
  ///
  /// - Parameters:
  ///   - now: steady nanoseconds.
  ///   - opening: what to say first, asked when the connection stands.
  package mutating func advance(now: Int64, opening: () -> StreamRequest) -> Event? {
    do throws(SystemError) {
      switch stage {
      case .resting(let date):
        if now >= date {
          socket = try StreamSocket(to: server.address, port: server.port)
          stage = .connecting(now + Self.connectLimit)
          return advance(now: now, opening: opening)
        }
      case .connecting(let limit):
        guard try isConnected() else { return now > limit ? end(now) : nil }
        stage = .opening(now + Self.openLimit)
        say(ClientMessage.stream(opening()).line ?? [])
        try flush()
      case .opening(let limit):
        try flush()
        _ = try fill()
        if let reply = try reply() {
          stage = .open
          pause.answer(now: now)
          return .opened(reply)
        }
        if now > limit || refusal != nil { return end(now) }
      case .open: try flush()
      case .ended: return end(now)
      }
    } catch {
      return end(now)
    }
    return nil
  }

  /// Hands over the RTP packets of all frames that have come, in order.
  ///
  /// - Parameters:
  ///   - wanted: whether there is room for one more; where not, they stay, and at last the server waits.
  ///   - body: gets each packet.
  package mutating func frames(while wanted: () -> Bool, _ body: (Span<UInt8>) -> Void) {
    guard isOpen else { return }
    var taken = 0
    do throws(SystemError) {
      repeat {
        while wanted(),
          let packet = RTPFrame.packet(in: input.span.extracting(0..<waiting.upperBound), at: waiting.lowerBound)
        {
          body(input.span.extracting(packet))
          waiting = packet.upperBound..<waiting.upperBound
        }
        guard taken < Self.budget, wanted() else { return }
        let count = try fill()
        guard count > 0 else { return }
        taken += count
      } while true
    } catch {
      stage = .ended
    }
  }

  /// Bytes of the longest line that is sent.
  static let longestLine = 4096

  /// Whether a line can be sent: the connection stands, and the server takes what it is told.
  var takesLines: Bool { isOpen && output.count - unsent >= Self.longestLine }

  /// Sends a line of at most ``longestLine`` bytes, its end included, if ``takesLines``.
  package mutating func send(_ line: Span<UInt8>) {
    guard isOpen, line.count <= output.count - unsent else { return }
    let start = unsent
    unsent += line.count
    var room = output.mutableSpan
    for index in 0..<line.count { room[start + index] = line[index] }
    do throws(SystemError) { try flush() } catch { stage = .ended }
  }

  private var descriptor: Int32? {
    switch socket {
    case .some(let socket): socket.descriptor
    case .none: nil
    }
  }

  private func isConnected() throws(SystemError) -> Bool {
    switch socket {
    case .some(let socket): try socket.isConnected()
    case .none: false
    }
  }

  private mutating func say(_ line: [UInt8]) {
    output.replaceSubrange(0..<line.count, with: line)
    unsent = line.count
  }

  private mutating func flush() throws(SystemError) {
    guard unsent > 0, socket != nil else { return }
    let count = try socket?.write(output.span.extracting(0..<unsent)) ?? 0
    guard count > 0 else { return }
    Self.move(&output, count..<unsent)
    unsent -= count
  }

  /// Reads more; returns how many bytes, 0 when there are none or there is no room.
  private mutating func fill() throws(SystemError) -> Int {
    if waiting.isEmpty {
      waiting = 0..<0
    } else if waiting.lowerBound > input.count / 2 {
      Self.move(&input, waiting)
      waiting = 0..<waiting.count
    }
    let count = try Self.read(socket, into: &input, from: waiting.upperBound)
    waiting = waiting.lowerBound..<waiting.upperBound + count
    return count
  }

  private static func read(
    _ socket: borrowing StreamSocket?, into bytes: inout [UInt8], from offset: Int
  ) throws(SystemError) -> Int {
    switch socket {
    case .some(let socket):
      var room = bytes.mutableSpan
      return try socket.read(into: &room, from: offset) ?? 0
    case .none: return 0
    }
  }

  /// Moves bytes to the beginning.
  private static func move(_ bytes: inout [UInt8], _ range: Range<Int>) {
    var room = bytes.mutableSpan
    for index in range { room[index - range.lowerBound] = room[index] }
  }

  /// The server's answer, when its line is there.
  private mutating func reply() throws(SystemError) -> StreamReply? {
    while let end = input[waiting].firstIndex(of: 0x0A) {
      let line = [UInt8](input[waiting.lowerBound..<end])
      waiting = end + 1..<waiting.upperBound
      switch try? ServerMessage(line: line) {
      case .stream(let reply): return reply
      case .error(let error):
        refusal = error
        return nil
      default: break
      }
    }
    guard waiting.count <= longestMessageLine else {
      throw SystemError(operation: "understand", subject: server.address, code: EMSGSIZE)
    }
    return nil
  }

  /// Ends the connection, or the rest after one that could not be had, and connects again at once: the network has come
  /// back, or nobody knows what the connection is good for. After a refusal the server has its rest.
  ///
  /// - Returns: whether it was open: that is over, and ``advance(now:opening:)`` says nothing of it.
  mutating func renew(now: Int64) -> Bool {
    var wasOpen = false
    switch stage {
    case .open, .ended: wasOpen = true
    case .resting where pause.isRefused: return false
    default: break
    }
    socket = nil
    waiting = 0..<0
    unsent = 0
    // By chance, so that not all receivers of a network that comes back come at the same moment.
    stage = .resting(now + Int64.random(in: 0...ReconnectPause.first))
    pause.begin()
    return wasOpen
  }

  /// Ends the connection because of what the server said: ``advance(now:opening:)`` tells that next, and makes it again after
  /// the pause whose turn it is.
  mutating func hangUp() { if isOpen { stage = .ended } }

  private mutating func end(_ now: Int64) -> Event {
    socket = nil
    waiting = 0..<0
    unsent = 0
    stage = .resting(now + pause.end(now: now, isRefused: refusal != nil))
    defer { refusal = nil }
    return .closed(refusal)
  }
}
