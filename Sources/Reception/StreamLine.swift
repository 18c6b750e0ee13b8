import Wire

/// Writes what the receiver says on a stream connection: the same lines as ``ClientMessage`` makes, digit by digit, with no
/// memory of its own.
enum StreamLine {
  /// Bytes of room that a line needs that is not a repair.
  static let least = 64
  /// Bytes of the longest pair of a repair with what surrounds it.
  private static let pair = 32

  static func pause(into room: inout MutableSpan<UInt8>) -> Int {
    append("{\"type\":\"pause\"}\n", to: &room, at: 0)
  }

  static func follow(from number: Int64, into room: inout MutableSpan<UInt8>) -> Int {
    var at = append("{\"type\":\"follow\",\"from\":", to: &room, at: 0)
    at = append(number, to: &room, at: at)
    return append("}\n", to: &room, at: at)
  }

  /// Asks for what is due and `isOurs`; 0 when that is nothing.
  static func repair(
    _ plan: inout RepairPlan, now: Int64, into room: inout MutableSpan<UInt8>, where isOurs: (_ tries: Int) -> Bool
  ) -> Int {
    var at = 0
    var pairs = 0
    // A closure cannot take the span along, so what is due is noted first: at most what one line may have.
    var due = InlineArray<64, (Int64, Int64)>(repeating: (0, 0))
    let most = min(RepairRequest.mostRanges, (room.count - least) / pair)
    plan.takeDue(now: now) { first, count, tries in
      guard isOurs(tries) else { return nil }
      let needed = (count - 1) / Int(RepairRequest.mostDatagrams) + 1
      guard pairs + needed <= most else { return false }
      var first = first
      var rest = Int64(count)
      while rest > 0 {
        let part = min(rest, RepairRequest.mostDatagrams)
        due[pairs] = (first, part)
        pairs += 1
        first += part
        rest -= part
      }
      return true
    }
    guard pairs > 0 else { return 0 }
    at = append("{\"type\":\"repair\",\"packets\":[", to: &room, at: at)
    for index in 0..<pairs {
      at = append(index == 0 ? "[" : ",[", to: &room, at: at)
      at = append(due[index].0, to: &room, at: at)
      at = append(",", to: &room, at: at)
      at = append(due[index].1, to: &room, at: at)
      at = append("]", to: &room, at: at)
    }
    return append("]}\n", to: &room, at: at)
  }

  private static func append(_ text: String, to room: inout MutableSpan<UInt8>, at offset: Int) -> Int {
    var at = offset
    for byte in text.utf8 {
      room[at] = byte
      at += 1
    }
    return at
  }

  private static func append(_ number: Int64, to room: inout MutableSpan<UInt8>, at offset: Int) -> Int {
    var at = offset
    if number < 0 {
      room[at] = UInt8(ascii: "-")
      at += 1
    }
    let magnitude = number.magnitude
    var digits = 1
    var bound = magnitude / 10
    while bound > 0 {
      digits += 1
      bound /= 10
    }
    var rest = magnitude
    for index in stride(from: at + digits - 1, through: at, by: -1) {
      room[index] = UInt8(ascii: "0") + UInt8(rest % 10)
      rest /= 10
    }
    return at + digits
  }
}
