import TransportStream

extension StationEntry {
  /// What it is doing, for the log: it changes only when there is something to tell.
  func standing(at now: Ticks) -> String {
    switch state(at: now) {
    case .onAir where liveOnAir(at: now) != nil: return "shows its source"
    case .onAir:
      let waiting = review.wanted.count
      let count = review.playable.count
      let programmes = "\(count) programme\(count == 1 ? "" : "s")"
      let faults = review.faults.isEmpty ? "" : ", without \(review.faults.joined(separator: "; "))"
      return "is on the air with \(programmes)" + (waiting == 0 ? "" : ", \(waiting) more being made") + faults
        + (airFault.map { "; \($0.reason)" } ?? "")
    case .preparing:
      if case .held(let reason) = twin { return "is silent: \(reason)" }
      return "is being prepared"
    case .standby where liveOnAir(at: now) != nil: return "shows its card: \(reason(at: now) ?? "")"
    case .standby:
      return "shows its card: \(reason(at: now) ?? "its first tape is being made")"
    default: return "is off the air: \(reason(at: now) ?? "")"
    }
  }
}
