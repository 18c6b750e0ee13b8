/// What an edit of the configuration file comes to, by what the file said before, what it says, and what is running.
struct ConfigurationEdit: Equatable, Sendable {
  struct Change: Equatable, Sendable {
    var before: StationConfiguration
    var after: StationConfiguration
  }

  /// Each in the order of their numbers; a station whose number is another now is another station.
  private(set) var added: [StationConfiguration] = []
  private(set) var removed: [StationConfiguration] = []
  private(set) var changed: [Change] = []
  /// Whether datagrams leave another way from now on: interface, ttl, dscp, grain.
  private(set) var changesWay = false
  /// What the file says anew and only the next start takes up: a line for each key.
  private(set) var deferred: [String] = []
  /// What is running when all this is done.
  private(set) var running: Configuration

  /// - Parameters:
  ///   - said: the file as it was last taken up.
  ///   - says: the file as it is.
  ///   - running: ``said``, less what it says for the next start.
  init(said: Configuration, says: Configuration, running: Configuration) {
    self.running = says
    // These are what other things hang on: sockets, locks, every station's synchronization source.
    self.running.site = running.site
    self.running.listen = running.listen
    self.running.connections = running.connections
    self.running.twins = running.twins
    self.running.streams = running.streams
    self.running.tapes = running.tapes
    self.running.transmit.threads = running.transmit.threads
    let (now, after) = (running.multicast, says.multicast)
    changesWay =
      (now.interface, now.ttl, now.dscp) != (after.interface, after.ttl, after.dscp)
      || running.transmit.grain != says.transmit.grain

    func put(off key: String, _ value: (Configuration) -> String) {
      guard value(says) != value(said), value(says) != value(running) else { return }
      deferred.append("\(key) is \(value(running)) until stationd is started again, and \(value(says)) then")
    }
    put(off: "site.name") { "\"\($0.site.name)\"" }
    put(off: "site.contact") { $0.site.contact.map { "\"\($0)\"" } ?? "none" }
    put(off: "control.listen") { $0.listen.description }
    put(off: "control.connections") { "\($0.connections.total)" }
    put(off: "control.connectionsPerAddress") { "\($0.connections.perAddress)" }
    put(off: "control.twin") { $0.twins.isEmpty ? "none" : $0.twins.map(\.description).joined(separator: ", ") }
    put(off: "streams.connections") { "\($0.streams.connections)" }
    put(off: "streams.bitrate") { "\($0.streams.bitrate)" }
    put(off: "transmit.threads") { "\($0.transmit.threads)" }
    put(off: "tapes") { $0.tapes }

    let before = Dictionary(running.stations.map { ($0.number, $0) }, uniquingKeysWith: { first, _ in first })
    for station in says.stations {
      guard let same = before[station.number] else {
        added.append(station)
        continue
      }
      if same != station { changed.append(Change(before: same, after: station)) }
    }
    let kept = Set(says.stations.map(\.number))
    removed = running.stations.filter { !kept.contains($0.number) }
  }

  /// Whether nothing on the air is to be another.
  var isNothing: Bool { added.isEmpty && removed.isEmpty && changed.isEmpty && !changesWay }

  /// "1 station added, 2 changed"; for the log.
  var summary: String {
    let counts = [(added.count, "added"), (changed.count, "changed"), (removed.count, "taken out")]
    let stations = counts.filter { $0.0 > 0 }.enumerated().map { index, count in
      "\(count.0)\(index > 0 ? "" : count.0 == 1 ? " station" : " stations") \(count.1)"
    }
    return (stations + (changesWay ? ["all leave another way"] : [])).joined(separator: ", ")
  }
}

extension ConfigurationEdit.Change {
  /// The keys whose values are others now, as the file has them.
  var keys: [String] {
    [
      ("name", before.name != after.name), ("source", before.source != after.source),
      ("group", before.group != after.group), ("port", before.port != after.port),
      ("encapsulation", before.encapsulation != after.encapsulation), ("bitrate", before.bitrate != after.bitrate),
      ("format", before.format != after.format), ("ring", before.ring != after.ring),
    ].filter(\.1).map(\.0)
  }
}
