/// Which sending thread carries which station: shares of like weight, and nobody on the air changes threads.
enum ThreadSpread {
  /// - Parameters:
  ///   - weights: what each station costs, in any unit.
  ///   - current: the thread of each station that is on the air; nil for a new one.
  /// - Returns: a thread for each station, from 0.
  static func assign(weights: [Double], current: [Int?], threads: Int) -> [Int] {
    var load = [Double](repeating: 0, count: max(1, threads))
    var assigned = current
    for (weight, thread) in zip(weights, current) {
      if let thread { load[thread] += weight }
    }
    // The heaviest first, each to the thread that has the least: no share is far from the mean.
    let new = weights.indices.filter { current[$0] == nil }.sorted { (weights[$1], $0) < (weights[$0], $1) }
    for index in new {
      let least = load.indices.min { (load[$0], $0) < (load[$1], $1) } ?? 0
      assigned[index] = least
      load[least] += weights[index]
    }
    return assigned.map { $0 ?? 0 }
  }
}
