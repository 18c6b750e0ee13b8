import FoundationEssentials
import LinuxIO

/// How the air was meanwhile: the transmitter's own counts, of all its stations.
struct AirFigures: Codable {
  /// Datagrams sent, and those of them that left more than a millisecond after their date.
  var sent = 0
  var late = 0
  /// Datagrams left out as too late, and those that the network refused.
  var skipped = 0
  var errors = 0
  /// Milliseconds; of this minute and the one before it.
  var worstLateness = 0.0

  /// What the transmitter answers.
  private struct Reply: Codable {
    struct Figures: Codable { var stations: [Station] }
    struct Station: Codable {
      var sent: Int
      var late: Int
      var skipped: Int
      var errors: Int
      /// Nanoseconds.
      var worstLateness: Int64
    }
    var figures: Figures
  }

  /// Asks the transmitter at a Unix socket.
  init(socket: String) throws {
    let answer = try UnixSocket.ask(path: socket, line: #"{"figures":{}}"#, timeoutMilliseconds: 5_000)
    for station in try JSONDecoder().decode(Reply.self, from: Data(answer.utf8)).figures.stations {
      sent += station.sent
      late += station.late
      skipped += station.skipped
      errors += station.errors
      worstLateness = max(worstLateness, Double(station.worstLateness) / 1e6)
    }
  }

  /// What has come since `before`.
  func since(_ before: AirFigures) -> AirFigures {
    var difference = self
    difference.sent -= before.sent
    difference.late -= before.late
    difference.skipped -= before.skipped
    difference.errors -= before.errors
    return difference
  }
}
