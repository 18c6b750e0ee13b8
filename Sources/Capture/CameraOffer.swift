/// A picture's size in picture elements.
package struct PictureSize: Hashable, Sendable, CustomStringConvertible {
  package var width: Int
  package var height: Int

  package init(_ width: Int, _ height: Int) {
    self.width = width
    self.height = height
  }

  package var description: String { "\(width)x\(height)" }

  /// Picture elements too many or too few in either direction.
  func distance(to other: PictureSize) -> Int { abs(width - other.width) + abs(height - other.height) }
}

/// Pictures a second, as a fraction: V4L2 counts the time between two pictures.
package struct PictureRate: Hashable, Sendable, CustomStringConvertible {
  package var pictures: UInt32
  package var seconds: UInt32

  package init(_ pictures: UInt32, per seconds: UInt32 = 1) {
    self.pictures = pictures
    self.seconds = seconds
  }

  /// Pictures a second; 0 of a fraction without a denominator.
  package var value: Double { seconds == 0 ? 0 : Double(pictures) / Double(seconds) }

  /// With up to two digits after the point: "29.97".
  package var description: String {
    let hundredths = Int((value * 100).rounded())
    if hundredths % 100 == 0 { return "\(hundredths / 100)" }
    let digits = hundredths % 100
    return "\(hundredths / 100).\(digits % 10 == 0 ? "\(digits / 10)" : digits < 10 ? "0\(digits)" : "\(digits)")"
  }
}

/// The sizes that a camera has in one pixel format.
package enum SizeRange: Hashable, Sendable {
  /// These and no others.
  case each([PictureSize])
  /// All from the least to the greatest in steps; a continuous range has steps of one.
  case from(PictureSize, to: PictureSize, stepWidth: Int, stepHeight: Int)

  /// Sizes that people ask for: what a range is listed and searched by.
  static let usual = [
    PictureSize(320, 180), PictureSize(320, 240), PictureSize(640, 360), PictureSize(640, 480), PictureSize(800, 600),
    PictureSize(960, 540), PictureSize(1280, 720), PictureSize(1920, 1080), PictureSize(2560, 1440),
    PictureSize(3840, 2160),
  ]

  /// The sizes to choose from: all of them, or those of a range that are usual or next to the one asked for.
  package func candidates(near wish: PictureSize?) -> [PictureSize] {
    switch self {
    case .each(let sizes): return sizes
    case .from(let least, let most, _, _):
      let wished = (wish.map { [$0] } ?? []) + [least, most] + Self.usual.filter { contains($0) }
      var found: [PictureSize] = []
      for size in wished.map({ snapped($0) }) where !found.contains(size) { found.append(size) }
      return found
    }
  }

  /// The candidates next to a size; more than one where they are as far away.
  package func nearest(to wish: PictureSize) -> [PictureSize] {
    let candidates = candidates(near: wish)
    let least = candidates.map { $0.distance(to: wish) }.min()
    return candidates.filter { $0.distance(to: wish) == least }
  }

  private func contains(_ size: PictureSize) -> Bool { snapped(size) == size }

  private func snapped(_ size: PictureSize) -> PictureSize {
    guard case .from(let least, let most, let stepWidth, let stepHeight) = self else { return size }
    func snap(_ wanted: Int, _ least: Int, _ most: Int, _ step: Int) -> Int {
      let inside = min(max(wanted, least), most)
      let steps = (inside - least + max(1, step) / 2) / max(1, step)
      return min(least + steps * max(1, step), most)
    }
    return PictureSize(
      snap(size.width, least.width, most.width, stepWidth), snap(size.height, least.height, most.height, stepHeight))
  }
}

/// The rates that a camera has at one size.
package enum RateRange: Hashable, Sendable {
  case each([PictureRate])
  /// All from the least to the greatest.
  case from(PictureRate, to: PictureRate)

  /// The rate next to `wish` in proportion; of two as near, the higher. Nil where the camera says nothing.
  package func nearest(to wish: Double) -> PictureRate? {
    switch self {
    case .each(let rates):
      return rates.filter { $0.value > 0 }.min {
        let (a, b) = (Self.distance($0, wish), Self.distance($1, wish))
        return a == b ? $0.value > $1.value : a < b
      }
    case .from(let least, let most):
      if wish <= least.value { return least }
      if wish >= most.value { return most }
      return PictureRate(UInt32((wish * 1_000).rounded()), per: 1_000)
    }
  }

  /// The highest rate up to `limit`; where all are above it, the lowest.
  package func highest(upTo limit: Double) -> PictureRate? {
    guard case .each(let rates) = self else { return nearest(to: limit) }
    let usable = rates.filter { $0.value > 0 }
    // 30 as a camera rounds it may be a little more.
    return usable.filter { $0.value <= limit * 1.001 }.max { $0.value < $1.value }
      ?? usable.min { $0.value < $1.value }
  }

  static func distance(_ rate: PictureRate, _ wish: Double) -> Double {
    max(rate.value, wish) / max(0.001, min(rate.value, wish)) - 1
  }
}

/// What a camera offers in one pixel format.
package struct FormatOffer: Hashable, Sendable {
  package var pixelFormat: PixelFormat
  /// The driver's words: "Motion-JPEG".
  package var name: String
  /// libv4l2 makes it out of another format, at the processor's expense.
  package var isEmulated: Bool
  package var sizes: SizeRange
  /// The rates at each of the sizes to choose from; a range without any where the driver says nothing.
  package var rates: [PictureSize: RateRange]

  package init(
    _ pixelFormat: PixelFormat, name: String = "", isEmulated: Bool = false, sizes: SizeRange,
    rates: [PictureSize: RateRange] = [:]
  ) {
    self.pixelFormat = pixelFormat
    self.name = name
    self.isEmulated = isEmulated
    self.sizes = sizes
    self.rates = rates
  }
}
