import Testing
import Wire

@testable import Reception

struct MarkBoardTests {
  /// Marks with these digests, from datagram 100 on.
  private static func board(_ digests: [UInt64], capacity: Int = 64) -> MarkBoard {
    var board = MarkBoard(capacity: capacity)
    for (index, digest) in digests.enumerated() {
      _ = board.put(100 + Int64(index), .init(timestamp: UInt32(index), digest: digest), isTrusted: true)
    }
    return board
  }

  @Test func theNearestOfThoseThatLookTheSameAndHaveNotCome() {
    var board = Self.board([1, 7, 2, 7, 7, 3])
    func find(_ digest: UInt64, near next: Int64) -> Int64? { board.number(of: digest, near: next, by: 0, behind: 10) }
    #expect(find(7, near: 103) == 103)
    board.see(103, by: 0)
    #expect(find(7, near: 104) == 104)
    board.see(104, by: 0)
    // Out of order.
    #expect(find(7, near: 105) == 101)
    board.see(101, by: 0)
    // Once more.
    #expect(find(7, near: 105) == 104)
    // Of another source, none has come.
    #expect(board.number(of: 7, near: 105, by: 1, behind: 10) == 104)
    #expect(find(9, near: 105) == nil && find(1, near: 105) == 100)
    #expect(board.number(of: 1, near: 105, by: 0, behind: 3) == nil)
    // Wherever it was expected.
    #expect(find(3, near: -5) == 105 && find(2, near: 4000) == 102)
  }

  @Test func onlyWhatIsThereOnceSaysWhereItStands() {
    let board = Self.board([1, 7, 2, 7])
    #expect(board.onlyNumber(of: 2) == 102 && board.onlyNumber(of: 7) == nil && board.onlyNumber(of: 8) == nil)
  }

  @Test func whatWasSaidBeforeHolds() {
    var board = Self.board([1, 2, 3])
    #expect(board.put(101, .init(timestamp: 1, digest: 2), isTrusted: false) == .same)
    #expect(board.put(101, .init(timestamp: 1, digest: 9), isTrusted: false) == .differs)
    #expect(board.put(101, .init(timestamp: 2, digest: 2), isTrusted: false) == .differs)
    #expect(board.mark(of: 101) == .init(timestamp: 1, digest: 2))
    #expect(board.put(101, .init(timestamp: 1, digest: 9), isTrusted: true) == .new)
    #expect(board.mark(of: 101) == .init(timestamp: 1, digest: 9))
  }

  @Test func marksHaveHolesAndAreForgotten() {
    var board = Self.board([1, 2, 3])
    _ = board.put(98, .init(timestamp: 98, digest: 98), isTrusted: true)
    _ = board.put(105, .init(timestamp: 5, digest: 5), isTrusted: true)
    #expect(board.first == 98 && board.end == 106 && board.mark(of: 99) == nil && board.mark(of: 104) == nil)
    #expect(board.mark(of: 98)?.digest == 98 && board.mark(of: 102)?.digest == 3)
    for number in Int64(106)..<164 { _ = board.put(number, .init(timestamp: 0, digest: 4), isTrusted: true) }
    #expect(board.first == 100 && board.mark(of: 99) == nil && board.mark(of: 100)?.digest == 1)
    // Far away all begins anew; backwards only if the one who says so knows it.
    #expect(board.put(10, .init(timestamp: 0, digest: 6), isTrusted: false) == .differs && board.end == 164)
    #expect(board.put(10_000, .init(timestamp: 0, digest: 6), isTrusted: false) == .new && board.first == 10_000)
    #expect(board.put(10, .init(timestamp: 0, digest: 6), isTrusted: true) == .new && board.end == 11)
  }
}
