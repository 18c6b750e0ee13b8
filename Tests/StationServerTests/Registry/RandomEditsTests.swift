import SyntheticTape
import Testing
import TransportStream

@testable import StationServer

/// Numbers that look random and are the same every time (SplitMix64).
struct SeededNumbers: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

/// Edits as people make them, at random: of a file of about twenty stations.
struct RandomEdits {
  let directory: TemporaryDirectory
  var numbers: SeededNumbers
  static let clips = ["a.mp4", "b.mp4", "c.mp4", "d.mp4", "e.mp4"]

  /// One to three of the clips.
  mutating func files() throws -> StationSource {
    .files(
      Rotation(
        try Self.clips.shuffled(using: &numbers).prefix(Int.random(in: 1...3, using: &numbers)).map { name in
          let path = directory.path(name)
          if !Scratch.exists(path) { try Scratch.write(name, to: path) }
          return ProgrammeSource(file: path)
        }))
  }

  mutating func station(_ number: Int, besides file: Configuration) throws -> StationConfiguration {
    StationConfiguration(
      number: number, name: "Station \(number)", source: try files(), group: group(besides: file), port: 5004,
      encapsulation: Bool.random(using: &numbers) ? .rtp : .udp)
  }

  /// One that no station has.
  mutating func group(besides file: Configuration) -> GroupAddress {
    let taken = Set(file.stations.map(\.group))
    while true {
      let group = GroupAddress(bits: 0xEF02_0000 + UInt32.random(in: 1...500, using: &numbers))
      if !taken.contains(group) { return group }
    }
  }

  mutating func edit(_ file: inout Configuration) throws {
    let place = Int.random(in: file.stations.indices, using: &numbers)
    switch Int.random(in: 0..<10, using: &numbers) {
    case 0 where file.stations.count < 24:
      let taken = Set(file.stations.map(\.number))
      let free = (1...40).filter { !taken.contains($0) }
      let number = try #require(free.randomElement(using: &numbers))
      file.stations.append(try station(number, besides: file))
      file.stations.sort { $0.number < $1.number }
    case 1 where file.stations.count > 16: file.stations.remove(at: place)
    case 2: file.stations[place].name = "Name \(numbers.next() % 1_000_000)"
    case 3: file.stations[place].group = group(besides: file)
    case 4:
      let other = Int.random(in: file.stations.indices, using: &numbers)
      let group = file.stations[place].group
      file.stations[place].group = file.stations[other].group
      file.stations[other].group = group
    case 5: file.stations[place].port = 5000 + 2 * Int.random(in: 0...50, using: &numbers)
    case 6: file.stations[place].encapsulation = file.stations[place].encapsulation == .rtp ? .udp : .rtp
    case 7: file.stations[place].bitrate = [nil, 900_000, 1_000_000][Int.random(in: 0...2, using: &numbers)]
    default: file.stations[place].source = try files()
    }
  }
}

@Suite struct RandomEditsTests {
  /// After each, the air is what the file says, and stations not touched lost nothing; nor did those that were.
  @Test func aThousandEditsOfAFileOfTwentyStations() async throws {
    let lab = try StationLab((0..<20).map { [RandomEdits.clips[$0 % 5], RandomEdits.clips[($0 + 1) % 5]] })
    let air = EditedAir(lab)
    try await air.begin()
    var edits = RandomEdits(directory: lab.directory, numbers: SeededNumbers(state: 4))
    await air.pass(milliseconds: 500)
    for round in 1...1000 {
      let before = await air.plans()
      var file = air.file
      let touched: Set<Int>
      if Int.random(in: 0..<20, using: &edits.numbers) == 0 {
        try await air.saveNonsense()
        touched = []
      } else {
        try edits.edit(&file)
        touched = try await air.save(file)
      }
      let after = await air.plans()
      for (number, plan) in before where !touched.contains(number) { #expect(after[number] == plan) }
      try await expectTheAirIsWhatTheFileSays(air, after)
      if round % 3 > 0 { try await air.record(atMost: Int.random(in: 0...4, using: &edits.numbers)) }
      await air.pass(milliseconds: Int.random(in: 1...120, using: &edits.numbers))
      try #require(air.faults.isEmpty, "after edit \(round): \(air.faults)")
      if round % 10 == 0 { try await expectTheProgrammesAreThoseOfTheFile(air, patience: round % 100 == 0 ? 6_000 : 0) }
    }
    #expect(air.datagrams > 50_000)
  }

  private func expectTheAirIsWhatTheFileSays(_ air: EditedAir, _ plans: [Int: StationPlan]) async throws {
    let list = await air.registry.list()
    #expect(list.map(\.number) == air.file.stations.map(\.number))
    #expect(list.map(\.name) == air.file.stations.map(\.name))
    #expect(list.map(\.group) == air.file.stations.map(\.group.description))
    for station in air.file.stations {
      let told = air.registry.board.station(station.number)
      #expect(told?.station.name == station.name)
      #expect(told?.station.group == station.group.description)
      // One that is new may have no tape yet.
      guard let plan = plans[station.number] else { continue }
      #expect(plan.identity.name == station.name)
      #expect(plan.group == station.group.description)
      #expect(Int(plan.port) == station.port)
      #expect(plan.encapsulation.rawValue == station.encapsulation.rawValue)
    }
    #expect(air.registry.board.count == air.file.stations.count)
    #expect(Set(plans.keys).isSubset(of: Set(air.file.stations.map(\.number))))
  }

  /// When recorders have made all there is to make; after so many milliseconds of patience, what was on has ended.
  private func expectTheProgrammesAreThoseOfTheFile(_ air: EditedAir, patience: Int) async throws {
    try await air.record()
    await air.pass(milliseconds: patience)
    let plans = await air.plans()
    for station in air.file.stations {
      let era = try #require(plans[station.number]?.eras.last)
      #expect(patience == 0 || era.start <= air.lab.now)
      let files = station.source.rotations[0].items.map { if case .file(let source) = $0 { source.file } else { "" } }
      #expect(era.tapes.map { air.sources[$0] } == files)
    }
  }
}
