import FoundationEssentials
import LinuxIO

/// What the bare loop takes: nothing but sendmmsg.
struct LoopResult: Codable {
  /// Datagrams in a call, and of them in a train.
  let batch: Int
  let train: Int
  /// Datagrams a second asked for; nil: flat out.
  let rate: Double?
  var datagramsPerSecond: Double
  /// Microseconds of processor time for each datagram.
  var user: Double
  var system: Double
  /// Whether batch and train are those of stationd's transmitter in the same run: then it is measured twice in it.
  var isMatched = false

  var perDatagram: Double { user + system }
}

/// The bare loop of `Sources/BareLoop`, on the sending host, to a thousand groups.
struct BareLoop {
  let program: String
  let stop: Stop

  private struct Output: Decodable {
    var datagrams: Int
    var refused: Int
    var seconds: Double
    var cpu: Double
    var user: Double
    var system: Double
  }

  /// - Parameter rate: datagrams a second; nil: flat out.
  func run(batch: Int, train: Int, seconds: Double, rate: Double? = nil) throws -> LoopResult {
    let shape = ["\(min(batch, 1024))", "\(min(train, 48))", "\(seconds)", "\(Int(rate ?? 0))"]
    let text = try Tool.run([program, Lab.sender, "1000"] + shape, seconds: seconds + 10, stop)
    let output = try JSONDecoder().decode(Output.self, from: Data(text.utf8))
    guard output.datagrams > 0, output.refused == 0 else {
      throw ToolError(description: "the bare loop: the kernel refused \(output.refused) calls")
    }
    // The whole by the scheduler's clock, divided as the kernel divides it.
    let each = output.cpu / Double(output.datagrams) * 1e6
    let userShare = output.user / max(output.user + output.system, 1e-9)
    return LoopResult(
      batch: batch, train: train, rate: rate, datagramsPerSecond: Double(output.datagrams) / output.seconds,
      user: each * userShare, system: each * (1 - userShare))
  }
}
