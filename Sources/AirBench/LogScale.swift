import Glibc

/// A logarithmic axis: values to places.
struct LogScale {
  /// Powers of ten or single steps of 1, 2, 5 that hold all values.
  let range: ClosedRange<Double>
  private let start: Double
  private let end: Double

  /// - Parameters:
  ///   - values: more than zero; what is not is left out.
  ///   - start: the place of the range's lower end; `end`: of its upper one.
  init(holding values: [Double], from start: Double, to end: Double) {
    let positive = values.filter { $0 > 0 && $0.isFinite }
    let (least, most) = (positive.min() ?? 1, positive.max() ?? 10)
    let lower = Self.steps.last { $0 <= least * 1.0001 } ?? least
    let upper = Self.steps.first { $0 >= most * 0.9999 } ?? most
    range = lower...(upper > lower ? upper : lower * 10)
    (self.start, self.end) = (start, end)
  }

  /// 1, 2 and 5 in every decade that anything here may lie in.
  private static let steps: [Double] = (-9...9).flatMap { power in [1, 2, 5].map { $0 * pow(10, Double(power)) } }

  func place(of value: Double) -> Double {
    let share = log10(value / range.lowerBound) / log10(range.upperBound / range.lowerBound)
    return start + (end - start) * min(max(share, 0), 1)
  }

  /// Where lines are drawn and labelled: 1, 2 and 5 in each decade, or only 1 where there are many.
  var ticks: [Double] {
    let all = Self.steps.filter { $0 >= range.lowerBound * 0.9999 && $0 <= range.upperBound * 1.0001 }
    guard all.count > 10 else { return all }
    return all.filter { abs(log10($0) - log10($0).rounded()) < 1e-6 }
  }

  /// A tick's label: "0.01", "1", "1,000".
  static func label(_ value: Double) -> String {
    if value >= 1000 {
      let whole = Int(value.rounded())
      return whole < 1_000_000
        ? "\(whole / 1000),\(String(String(1000 + whole % 1000).dropFirst()))" : "\(whole / 1_000_000)M"
    }
    var text = "\((value * 1e9).rounded() / 1e9)"
    if text.hasSuffix(".0") { text.removeLast(2) }
    return text
  }
}
