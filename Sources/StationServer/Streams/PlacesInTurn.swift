/// Who waits at which place: those at the same one are looked after together, and the places in turn.
struct PlacesInTurn<Place: Hashable, Member> {
  /// In the order in which they were named first.
  private var places: [(place: Place, members: [Member])] = []
  private var indices: [Place: Int] = [:]

  var isEmpty: Bool { places.isEmpty }

  mutating func add(_ member: Member, at place: Place) {
    if let index = indices[place] {
      places[index].members.append(member)
    } else {
      indices[place] = places.count
      places.append((place, [member]))
    }
  }

  /// The places whose turn it is, as long as they are named in the same order each time.
  ///
  /// - Parameters:
  ///   - count: so many at the most.
  ///   - turn: how many have had theirs; counts on.
  func next(_ count: Int, after turn: inout Int) -> [(place: Place, members: [Member])] {
    guard !places.isEmpty else { return [] }
    let first = turn % places.count
    let count = min(count, places.count)
    turn = (first + count) % places.count
    return (first..<first + count).map { places[$0 % places.count] }
  }
}
