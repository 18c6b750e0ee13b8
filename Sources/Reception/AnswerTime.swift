/// How long a server takes to answer, as far as answers tell.
///
/// A connection loses nothing and keeps the order, so the first answer is the first question's, however often it was
/// repeated. Now and then an answer takes far longer, because a segment was lost: that says nothing of the next one.
struct AnswerTime: Sendable, Equatable {
  /// Three of four answers come within so many nanoseconds.
  private(set) var usual: Int64 = 20_000_000

  /// What an answer may take besides, in nanoseconds.
  private static let allowance: Int64 = 4_000_000

  /// What takes longer is worth another question, in nanoseconds.
  var limit: Int64 { usual + usual / 4 + Self.allowance }

  /// An answer has come so many nanoseconds after it was asked for first.
  mutating func note(_ taken: Int64) {
    // Where one step up meets three down, a quarter is above.
    let step = usual / 16 + 100_000
    usual += taken > usual ? min(3 * step, taken - usual) : max(-step, taken - usual)
  }
}
