import LinuxIO

/// Listens to what a player writes to standard error: what it plays just now, and messages, which are passed on. It ends
/// with the player.
struct PlayerGauge: ~Copyable {
  private let pipe: PipeEnds

  init() throws(SystemError) { pipe = try PipeEnds() }

  /// Where the player is to write.
  var output: Int32 { pipe.writing.number }

  /// Listens from now on, on a thread of its own; to be called when the player has been started.
  ///
  /// - Parameter tell: gets the player's clock, in seconds of the stream's own time.
  consuming func listen(_ tell: @escaping @Sendable (Double) -> Void) throws(SystemError) {
    let reading = pipe.reader().release()
    try RealTimeThread.detach(name: "gauge") {
      let descriptor = Descriptor(owning: reading)
      var text = GaugeText()
      var bytes = [UInt8](repeating: 0, count: 4096)
      while let count = try? DescriptorIO.read(descriptor.number, into: &bytes), count > 0 {
        for index in 0..<count {
          switch text.take(bytes[index]) {
          case .clock(let clock): tell(clock)
          case .message(let message): DescriptorIO.log(printable(message))
          case nil: break
          }
        }
      }
    }
  }
}
