import SyntheticTape
import Tape
import TransportStream

@testable import Playout

/// Stations out of synthetic tapes, and what they send.
struct Studio {
  let directory: TemporaryDirectory
  static let identity = StationIdentity(number: 7, name: "Kai", provider: "Hafen", transportStreamID: 0x0102)

  init() throws { directory = try TemporaryDirectory() }

  func tape(_ name: String, _ milliseconds: Int, isRadio: Bool = false, language: String = "eng") throws -> Tape {
    let path = directory.path("\(name).ts")
    try SyntheticTape(milliseconds: milliseconds, isRadio: isRadio, language: language).write(to: path)
    return try Tape(path: path, verify: true)
  }

  /// A station that has always played these tapes.
  func station(_ tapes: [Tape]) throws -> Station {
    try station([Era(.always(tapes), tapes: tapes)])
  }

  func station(_ eras: [Era]) throws -> Station {
    guard let station = Station(identity: Studio.identity, eras: eras) else {
      throw TapeError.unfit(path: "", why: "no station out of these eras")
    }
    return station
  }
}

/// One datagram as it goes out.
struct Sent: Hashable {
  var n: Int64
  var date: Ticks
  var bytes: [UInt8]

  init(_ cursor: StationCursor) {
    n = cursor.n
    date = cursor.date
    bytes = [UInt8](repeating: 0xEE, count: 1_316)
    var span = bytes.mutableSpan
    let count = cursor.write(into: &span)
    bytes.removeLast(1_316 - count)
  }
}

extension Station {
  /// Everything dated from `start` on, before `end`.
  func sent(from start: Ticks, to end: Ticks) -> [Sent] {
    var cursor = cursor(at: index(at: start))
    var sent: [Sent] = []
    while cursor.date < end {
      sent.append(Sent(cursor))
      cursor.advance()
    }
    return sent
  }
}

/// What a receiver finds wrong with it, arrivals being the dates themselves.
func faults(_ sent: [Sent]) -> [String] {
  var checker = StreamChecker()
  for datagram in sent { checker.check(datagram.bytes.span, arrival: datagram.date) }
  return checker.report().faults
}

extension TSPacket {
  init?(_ bytes: [UInt8], at offset: Int = 0) { self.init(bytes.span, at: offset) }
}
