/// The requests of one connection that are not answered, and what its answers have said: answers come in the order of the
/// requests, none goes on from another revision than was asked about, and none is older than the one before it.
struct Requests {
  private struct Request {
    /// When it was due: steady nanoseconds.
    let due: Int64
    let since: Int?
  }

  /// The oldest first.
  private var unanswered: [Request] = []
  /// Of the last right answer.
  private(set) var revision: Int?

  var count: Int { unanswered.count }

  mutating func ask(due: Int64, since: Int?) { unanswered.append(Request(due: due, since: since)) }

  /// Takes an answer, nil one that is wrong in itself, as that to the oldest request.
  ///
  /// - Returns: when that was due; nil when the answer is wrong.
  mutating func take(_ answer: Answers.Known?) -> Int64? {
    guard !unanswered.isEmpty else { return nil }
    let request = unanswered.removeFirst()
    guard let answer, answer.since == nil || answer.since == request.since else { return nil }
    if let revision {
      guard let newer = answer.revision, newer >= revision else { return nil }
    }
    revision = answer.revision
    return request.due
  }
}
