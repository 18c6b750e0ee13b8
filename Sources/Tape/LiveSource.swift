/// What a live station shows: said by the configuration, done by its recorder.
package enum LiveSource: Codable, Hashable, Sendable {
  case camera(Camera)
  case stream(Feed)
  case testCard(TestCard)

  /// A camera by Video4Linux2, perhaps with a microphone beside it.
  package struct Camera: Codable, Hashable, Sendable {
    /// A device's path ("/dev/video0", "/dev/v4l/by-id/…"), or its name as `stationd cameras` lists it.
    package var device: String
    /// Pixels; nil takes what the device offers nearest to 1280 by 720.
    package var width: Int?
    package var height: Int?
    /// Pictures a second; nil takes the highest the device offers at that size, up to 30.
    package var rate: Int?
    /// Four characters as V4L2 names them ("YUYV", "NV12", "MJPG", "H264"); nil chooses.
    package var pixelFormat: String?
    /// An ALSA capture device ("hw:1,0"); nil: no microphone, and silence.
    package var microphone: String?

    package init(
      device: String, width: Int? = nil, height: Int? = nil, rate: Int? = nil, pixelFormat: String? = nil,
      microphone: String? = nil
    ) {
      self.device = device
      self.width = width
      self.height = height
      self.rate = rate
      self.pixelFormat = pixelFormat
      self.microphone = microphone
    }
  }

  /// A stream out of the network.
  package struct Feed: Codable, Hashable, Sendable {
    /// rtsp:, rtsps:, http:, https: (also HLS), srt:, rtp: or udp:.
    package var url: String

    package init(url: String) { self.url = url }
  }

  /// Colour bars with the station's name, a clock, a frame counter and a tone.
  package struct TestCard: Codable, Hashable, Sendable {
    /// Pixels, even.
    package var width: Int
    package var height: Int
    /// Pictures a second.
    package var rate: Int

    package init(width: Int = 1280, height: Int = 720, rate: Int = 25) {
      self.width = width
      self.height = height
      self.rate = rate
    }
  }
}

/// One line of a live recorder's standard output, as JSON: how it is, whenever that changes.
package struct LiveReport: Codable, Hashable, Sendable {
  /// Whether it writes the ring; false while it stands by for the one that does.
  package var isOnDuty: Bool
  /// Whether the source is on the air, rather than the station's card.
  package var showsSource: Bool
  /// Why the card is shown, in one sentence; nil while the source is.
  package var reason: String?
  /// Its part of the air is complete, as it was told (``LiveOrder/leave``): the ring's header has the counts.
  package var hasLeft: Bool

  package init(isOnDuty: Bool, showsSource: Bool, reason: String? = nil, hasLeft: Bool = false) {
    self.isOnDuty = isOnDuty
    self.showsSource = showsSource
    self.reason = reason
    self.hasLeft = hasLeft
  }
}

/// One line of a live recorder's standard input, as JSON.
package struct LiveOrder: Codable, Hashable, Sendable {
  /// What to show, where the command line does not say it: the first order, before anything is touched. A feed's URL may
  /// have a password in it, and command lines are everybody's to read.
  package var source: LiveSource?
  /// UTC minus the machine's steady clock in nanoseconds, as the air has it.
  package var clockOffset: Int64?
  /// Write nothing dated at or after this (ticks since the Unix epoch), fill up with tables and clocks to there, at once, and end.
  package var leave: Int64?
  /// Give the ring to whoever stands by, at the end of the picture in work, and end.
  package var yield: Bool?

  package init(
    source: LiveSource? = nil, clockOffset: Int64? = nil, leave: Int64? = nil, yield: Bool? = nil
  ) {
    self.source = source
    self.clockOffset = clockOffset
    self.leave = leave
    self.yield = yield
  }
}
