/// What is asked of a camera.
package struct CaptureWish: Hashable, Sendable {
  /// Nil: as near as there is to 1280 by 720.
  package var size: PictureSize?
  /// Pictures a second; nil: the highest there is, up to 30.
  package var rate: Double?
  /// Nil: whichever serves size and rate best.
  package var pixelFormat: PixelFormat?
  /// Whether H.264 out of the camera can go on the air as it is. It is then preferred to all else; without, it is
  /// not chosen unless asked for by name.
  package var wantsH264: Bool

  package init(
    size: PictureSize? = nil, rate: Double? = nil, pixelFormat: PixelFormat? = nil, wantsH264: Bool = false
  ) {
    self.size = size
    self.rate = rate
    self.pixelFormat = pixelFormat
    self.wantsH264 = wantsH264
  }

  static let usualSize = PictureSize(1280, 720)
  static let usualRate = 30.0
}

/// How a camera captures: one choice out of what it offers.
package struct CaptureMode: Hashable, Sendable, CustomStringConvertible {
  package var pixelFormat: PixelFormat
  package var size: PictureSize
  /// Nil where the driver does not say.
  package var rate: PictureRate?

  package init(_ pixelFormat: PixelFormat, _ size: PictureSize, _ rate: PictureRate?) {
    self.pixelFormat = pixelFormat
    self.size = size
    self.rate = rate
  }

  package var description: String {
    "\(size) \(pixelFormat)" + (rate.map { " at \($0) pictures a second" } ?? "")
  }

  /// The best of what is offered: the size first, then the rate, then the format that takes the least work. Formats
  /// that libv4l2 makes are taken only where nothing else can be read. Nil where nothing can.
  package static func choose(_ wish: CaptureWish, from offers: [FormatOffer]) -> CaptureMode? {
    let usable = offers.filter { offer in
      if let wanted = wish.pixelFormat {
        return offer.pixelFormat == wanted || (offer.pixelFormat.isJPEG && wanted.isJPEG)
      }
      return offer.pixelFormat.preference != nil && (offer.pixelFormat != .h264 || wish.wantsH264)
    }
    var best: (rank: Rank, mode: CaptureMode)?
    for offer in usable where offer.pixelFormat.preference != nil {
      for size in offer.sizes.candidates(near: wish.size ?? CaptureWish.usualSize) {
        let rates = offer.rates[size]
        let rate = wish.rate.map { rates?.nearest(to: $0) } ?? rates?.highest(upTo: CaptureWish.usualRate)
        let rank = Rank(offer, size, rate, wish)
        if best.map({ rank < $0.rank }) ?? true { best = (rank, CaptureMode(offer.pixelFormat, size, rate)) }
      }
    }
    return best?.mode
  }

  /// What is compared, in this order: the less, the better.
  private struct Rank: Comparable {
    let emulation: Int
    /// Picture elements too many or too few in either direction.
    let size: Int
    /// In steps of 3 %: 29.97 is 30.
    let rate: Int
    let format: Int

    init(_ offer: FormatOffer, _ size: PictureSize, _ rate: PictureRate?, _ wish: CaptureWish) {
      let wished = wish.size ?? CaptureWish.usualSize
      emulation = offer.isEmulated ? 1 : 0
      self.size = size.distance(to: wished)
      // A camera that does not say its rates is taken for one that has what everyone has.
      let distance = RateRange.distance(rate ?? PictureRate(30), wish.rate ?? CaptureWish.usualRate)
      self.rate = Int((distance / 0.03).rounded(.down))
      format = wish.wantsH264 && offer.pixelFormat == .h264 ? -1 : offer.pixelFormat.preference ?? .max
    }

    static func < (a: Rank, b: Rank) -> Bool {
      (a.emulation, a.size, a.rate, a.format) < (b.emulation, b.size, b.rate, b.format)
    }
  }
}
