import Testing

@testable import StationServer

@Suite struct PlacesInTurnTests {
  /// 500 clients that wait for a cold disk: no more is looked at one beat, and nobody waits for ever.
  @Test func eachPlaceHasItsTurnAndNoBeatMoreThanItsShare() {
    var (turn, looks) = (0, [Int](repeating: 0, count: 500))
    for _ in 0..<125 {
      var waiting = PlacesInTurn<Int, Int>()
      for client in 0..<500 { waiting.add(client, at: client) }
      let due = waiting.next(StreamRoom.mostLooks, after: &turn)
      #expect(due.count == 16)
      for (place, members) in due {
        #expect(members == [place])
        looks[place] += 1
      }
    }
    #expect(looks.allSatisfy { $0 == 4 })
  }

  @Test func thoseAtTheSamePlaceAreOneLook() {
    var turn = 7
    var waiting = PlacesInTurn<String, Int>()
    for client in 0..<500 { waiting.add(client, at: client % 2 == 0 ? "here" : "there") }
    let due = waiting.next(StreamRoom.mostLooks, after: &turn)
    #expect(due.map(\.place).sorted() == ["here", "there"] && due.allSatisfy { $0.members.count == 250 })
    #expect(PlacesInTurn<Int, Int>().next(16, after: &turn).isEmpty)
  }
}
