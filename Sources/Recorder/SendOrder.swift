/// The order in which PES packets go on the air: that of their DTS, pictures first among equals.
enum SendOrder {
  static func merge(_ streams: [[ElementaryPacket]]) -> [ElementaryPacket] {
    var merged: [ElementaryPacket] = []
    merged.reserveCapacity(streams.reduce(0) { $0 + $1.count })
    var heads = streams.map { _ in 0 }
    while true {
      var best: Int?
      for index in streams.indices where heads[index] < streams[index].count {
        let dts = streams[index][heads[index]].dts
        if let chosen = best, streams[chosen][heads[chosen]].dts <= dts { continue }
        best = index
      }
      guard let best else { return merged }
      merged.append(streams[best][heads[best]])
      heads[best] += 1
    }
  }
}
