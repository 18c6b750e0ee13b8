import ArgumentParser
import FoundationEssentials
import Glibc
import LinuxIO
import Reception
import Wire

/// `receiverload`: many receivers of one station in one process, each with losses and a stream connection of its own, and
/// whether each got every datagram.
@main
struct ReceiverLoad: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "receiverload",
    abstract: "Receives a station many times at once, with losses of each one's own, and checks every datagram.",
    discussion: """
      All receivers share one multicast socket, and drop what a seeded generator says before they look at it. What comes \
      out of each is compared with what the socket brought, byte by byte. It ends by itself, and prints one JSON object; \
      its exit status is 1 when anything was missing anywhere.

        receiverload --server 10.77.0.1:9966 --station 1 --interface vrx --receivers 200 --loss 2 --seconds 20
      """)

  @Option(help: "The server's address and port.") var server: String
  @Option(help: "The station's number.") var station = 1
  @Option(help: "The interface to receive on, by name or address.") var interface = "lo"
  @Option(help: "How many receivers.") var receivers = 200
  @Option(help: "What each of them loses, in percent.") var loss = 2.0
  @Option(help: "How long they lose it.") var seconds = 20.0
  @Option(help: "The generator's seed.") var seed: UInt64 = 1

  func validate() throws {
    guard 1...10_000 ~= receivers, 0...100 ~= loss, 0.1...3600 ~= seconds else {
      throw ValidationError("Give a count, a loss and a time within reason.")
    }
  }

  func run() throws {
    _ = FileLimit.raise()
    guard let colon = server.lastIndex(of: ":"), let port = Int(server[server.index(after: colon)...]) else {
      throw ValidationError("--server \(server): an address and a port are wanted, as in 10.77.0.1:9966.")
    }
    let place = StreamServer(address: String(server[..<colon]), port: port)
    let joined = try Joining.join(station, at: place)
    let interface = try NetworkInterface(interface)
    let tuning = Tuning(joined, interface: interface, server: place)
    var crowd = try Crowd(tuning, server: place, receivers: receivers, seed: seed)
    try crowd.run(for: 3, loss: 0)
    try crowd.run(for: seconds, loss: loss)
    // What was lost last is still to be repaired.
    try crowd.run(for: 2, loss: 0)
    let report = crowd.report()
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    print(String(decoding: try encoder.encode(report), as: UTF8.self))
    if !report.isFlawless { throw ExitCode(1) }
  }
}

/// Asks a control server what a receiver must know of a station.
enum Joining {
  static func join(_ station: Int, at place: StreamServer) throws -> ServerMessage.Joined {
    let socket = try StreamSocket(to: place.address, port: place.port)
    let limit = SteadyClock.now + 5_000_000_000
    while try !socket.isConnected(), SteadyClock.now < limit {}
    _ = try socket.write(Array((#"{"type":"join","station":\#(station)}"# + "\n").utf8).span)
    var bytes = [UInt8](repeating: 0, count: longestMessageLine + 1)
    var count = 0
    while SteadyClock.now < limit {
      _ = try DescriptorIO.wait(socket.descriptor, toWrite: false, timeoutMilliseconds: 100)
      var room = bytes.mutableSpan
      count += try socket.read(into: &room, from: count) ?? 0
      guard let end = bytes[..<count].firstIndex(of: 0x0A) else { continue }
      switch try ServerMessage(line: [UInt8](bytes[..<end])) {
      case .joined(let joined): return joined
      case .error(let error): throw ValidationError("The server says: \(error.message)")
      default:
        bytes.replaceSubrange(0..<count - end - 1, with: Array(bytes[end + 1..<count]))
        count -= end + 1
      }
    }
    throw ValidationError("The server at \(place.address):\(place.port) gave no answer.")
  }
}
