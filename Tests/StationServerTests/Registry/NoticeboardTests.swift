import Synchronization
import Testing

@testable import StationServer

@Suite struct NoticeboardTests {
  /// Looks, when it goes, whether the board can be read.
  private final class Notice: Sendable {
    let whenItGoes: @Sendable () -> Void

    init(_ whenItGoes: @escaping @Sendable () -> Void) { self.whenItGoes = whenItGoes }
    deinit { whenItGoes() }
  }

  private final class Board: Sendable {
    let notices = Noticeboard<Notice>()
  }

  /// It may be a day's tapes: unmapping them takes time, and every stream of every station waits for the board.
  @Test(.timeLimit(.minutes(1))) func whatIsReplacedIsLetGoWhenTheBoardIsFree() {
    let board = Board()
    let seen = Mutex<[Bool]>([])
    board.notices.change(1) { _ in Notice { seen.withLock { $0.append(board.notices[1] != nil) } } }
    board.notices.change(1) { former in
      #expect(former != nil)
      return Notice { seen.withLock { $0.append(board.notices[1] != nil) } }
    }
    #expect(seen.withLock(\.self) == [true])
    board.notices.change(1) { _ in nil }
    #expect(seen.withLock(\.self) == [true, false] && board.notices[1] == nil)
  }
}
