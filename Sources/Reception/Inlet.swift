import Glibc
import LinuxIO
import Wire

/// One source's two ways in: its multicast group, and a stream connection to its server.
final class Inlet {
  let source: Tuning.Source
  /// Why the group cannot be joined just now.
  private(set) var fault: SystemError?

  private let joinsGroup: Bool
  private var group: MulticastReceiver?
  private var membership: GroupWatch
  /// Where the group is joined: the source's interface, with the number that it has now.
  private var interface: NetworkInterface?
  private var link: StreamLink?
  /// When the group is to be joined again, in steady nanoseconds.
  private var nextJoin: Int64

  /// Bytes that the kernel should hold for us: two seconds at 16 Mb/s.
  private static let receiveBuffer = 4 << 20
  /// How long to wait before a group is joined again that could not be, in nanoseconds.
  private static let joinPause: Int64 = 1_000_000_000

  /// - Parameter joinsGroup: false where the group is not wanted, or another inlet has joined it already.
  init(_ source: Tuning.Source, joinsGroup: Bool, now: Int64) {
    self.source = source
    self.joinsGroup = joinsGroup
    nextJoin = now
    membership = GroupWatch(now: now)
    interface = source.interface
    if let server = source.server { link = StreamLink(server, now: now) }
  }

  /// Joins the group, again if that failed or its socket did, if nothing comes, or if the interface is another by now.
  func join(now: Int64) {
    guard joinsGroup else { return }
    if descriptor != nil, let duty = membership.duty(now: now) {
      let isOther = findInterface()
      // It leaves first: a membership that another one covers tells no router or switch anything.
      if isOther || duty == .rejoin { group = nil }
      nextJoin = now
    }
    guard descriptor == nil, now >= nextJoin else { return }
    do throws(SystemError) {
      if fault != nil { _ = findInterface() }
      guard let port = UInt16(exactly: source.port), port > 0 else {
        throw SystemError(operation: "join", subject: "\(source.group):\(source.port)", code: EINVAL)
      }
      group = try MulticastReceiver(
        group: source.group, port: port, interface: interface,
        receiveBuffer: Self.receiveBuffer)
      fault = nil
      membership = GroupWatch(now: now)
    } catch {
      fault = error
      nextJoin = now + Self.joinPause
    }
  }

  /// Whether the interface has another number than before: it went, and came back.
  private func findInterface() -> Bool {
    guard let name = interface?.name, let found = try? NetworkInterface(name), found.index != interface?.index else {
      return false
    }
    interface = found
    return true
  }

  /// Hands over all datagrams that have come by multicast, and when the kernel had them (Unix nanoseconds).
  func datagrams(now: Int64, _ body: (Span<UInt8>, Int64) -> Void) {
    do throws(SystemError) {
      // More than the kernel's buffer holds has come meanwhile: then the others have their turn.
      for _ in 0..<64 {
        guard let count = try group?.take(body) else { return }
        if count > 0 { membership.arrived(now: now) }
        guard count == MulticastReceiver.batch else { return }
      }
    } catch {
      group = nil
      fault = error
      nextJoin = now + Self.joinPause
    }
  }

  /// Goes on with the stream connection; see ``StreamLink/advance(now:opening:)``.
  func advance(now: Int64, opening: () -> StreamRequest) -> StreamLink.Event? {
    link?.advance(now: now, opening: opening) ?? nil
  }

  /// Whether the server has an address of this machine's: then there is one clock.
  var isOwnServer: Bool {
    guard let address = source.server?.address else { return false }
    return address == "::1" || address.hasPrefix("127.") || (try? NetworkInterface(address)) != nil
  }

  /// Ends the stream connection; see ``StreamLink/hangUp()``.
  func hangUp() { link?.hangUp() }

  /// Has the stream connection made anew; see ``StreamLink/renew(now:)``.
  func renew(now: Int64) -> Bool { link?.renew(now: now) ?? false }

  func frames(while wanted: () -> Bool, _ body: (Span<UInt8>) -> Void) { link?.frames(while: wanted, body) }

  /// Whether a line can be sent now.
  var takesLines: Bool { link?.takesLines ?? false }

  func send(_ line: Span<UInt8>) { link?.send(line) }

  /// Has `poll` wait for both.
  func watch(_ polls: inout PollSet, frames: Bool) {
    if let number = descriptor { polls.add(number) }
    link?.watch(&polls, frames: frames)
  }

  /// When something must be done although nothing has come.
  var wake: Int64 {
    let join = joinsGroup ? (descriptor == nil ? nextJoin : membership.wake) : .max
    return min(join, link?.wake ?? .max)
  }

  private var descriptor: Int32? {
    switch group {
    case .some(let group): group.descriptor
    case .none: nil
    }
  }
}
