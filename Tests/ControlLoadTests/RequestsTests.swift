import NIOCore
import Testing

@testable import ControlLoad

/// Answers that are right in themselves, and not to what was asked.
@Suite struct RequestsTests {
  private func answer(_ revision: Int?, since: Int? = nil) -> Answers.Known {
    Answers.Known(bytes: ByteBuffer(), revision: revision, since: since)
  }

  @Test func knowsWhenTheOldestWasDue() {
    var requests = Requests()
    requests.ask(due: 10, since: nil)
    requests.ask(due: 20, since: nil)
    #expect(requests.take(answer(5)) == 10)
    #expect(requests.revision == 5)
    #expect(requests.take(answer(5)) == 20)
    #expect(requests.take(answer(5)) == nil, "nothing was asked")
  }

  @Test func anAnswerGoesOnFromWhatWasAskedOrHasAll() {
    var requests = Requests()
    for since in [nil, 5, 5, 5, 6] { requests.ask(due: 1, since: since) }
    #expect(requests.take(answer(5, since: 4)) == nil, "only what has changed, and all was asked for")
    #expect(requests.take(answer(6, since: 5)) == 1)
    #expect(requests.take(answer(6)) == 1)
    #expect(requests.take(answer(7, since: 6)) == nil, "that to another request")
    #expect(requests.take(answer(7, since: 6)) == 1)
  }

  @Test func noAnswerIsOlderThanTheOneBefore() {
    var requests = Requests()
    for _ in 0..<5 { requests.ask(due: 1, since: nil) }
    #expect(requests.take(answer(7)) == 1)
    #expect(requests.take(answer(6)) == nil)
    #expect(requests.take(answer(nil)) == nil)
    #expect(requests.take(nil) == nil)
    #expect(requests.take(answer(7)) == 1)
  }
}
