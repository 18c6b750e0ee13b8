/// What a run of many receivers found; counts of datagrams.
struct LoadReport: Codable {
  let receivers: Int
  /// Those whose stream connection stood at the end.
  let connected: Int
  /// What multicast brought to the socket that all share, and what this machine's kernel dropped there: then nothing else counts.
  let came: Int
  let kernelDrops: Int
  /// Over all receivers: dropped by the generator, and put back by repairs; given out, and that before multicast came.
  let dropped: Int
  let repaired: Int
  let delivered: Int
  let unseen: Int
  /// Numbers that receivers went on without; given up by them; and what was not what was on the air.
  let missing: Int
  let lost: Int
  let wrong: Int
  /// Receivers that have everything, from their first datagram to the last but a second's.
  let whole: Int

  init(_ members: [CrowdMember], came: Int, kernelDrops: Int) {
    (receivers, self.came, self.kernelDrops) = (members.count, came, kernelDrops)
    connected = members.count { $0.reception.isOpen }
    dropped = members.reduce(0) { $0 + $1.dropped }
    repaired = members.reduce(0) { $0 + Int($1.reception.figures.repaired) }
    delivered = members.reduce(0) { $0 + $1.delivered }
    unseen = members.reduce(0) { $0 + $1.unseen }
    missing = members.reduce(0) { $0 + $1.missing }
    lost = members.reduce(0) { $0 + Int($1.reception.figures.lost) }
    wrong = members.reduce(0) { $0 + $1.wrong }
    let newest = members.compactMap(\.last).max() ?? 0
    whole = members.count { member in
      member.missing == 0 && member.wrong == 0 && member.last.map { newest - $0 < 400 } == true
    }
  }

  var isFlawless: Bool { kernelDrops == 0 && came > 0 && whole == receivers && connected == receivers }
}
